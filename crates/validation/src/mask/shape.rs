//! Matches shapes of literals and runs, without trying twice.

use std::ops::Range;

use super::place;
use super::recogniser::Part;

/// Looks whether the shape stands here, whose first literal begins at `at`: the whole, and what follows the literal.
///
/// A shape that is not there costs no more than its longest run that another part follows; that is what keeps a text
/// of nothing but beginnings linear.
pub(super) fn find(
    bytes: &[u8],
    at: usize,
    parts: &[Part],
) -> Option<(Range<usize>, Range<usize>)> {
    let (start, first, rest) = match parts {
        [Part::Run(alphabet, least, most), rest @ ..] => {
            // What is before a longer run has to be the end of an escape.
            let length = alphabet.run_back(bytes, at, usize::from(*most));
            let start = at - length;
            let escape = place::escape(bytes, start).min(length - usize::from(*least).min(length));
            (length >= usize::from(*least)).then_some((start + escape, *alphabet, rest))?
        }
        [Part::Lit(_), Part::Run(alphabet, ..), ..] => (at, *alphabet, parts),
        _ => return None,
    };
    let [Part::Lit(literal), rest @ ..] = rest else { return None };
    // An address may stand in the middle of a longer one.
    if !literal.contains('/') && !place::begins(bytes, start, first) {
        return None;
    }
    let behind = at + literal.len();
    let mut end = behind;
    for (number, part) in rest.iter().enumerate() {
        match part {
            Part::Lit(literal) => {
                bytes.get(end..)?.starts_with(literal.as_bytes()).then_some(())?;
                end += literal.len();
            }
            Part::Run(alphabet, least, most) => {
                let (least, most) = (usize::from(*least), usize::from(*most));
                let is_last = number + 1 == rest.len();
                let length = alphabet.run(bytes, end, most.saturating_add(1));
                // What has a fixed length is not the beginning of something longer; of what has none, all is masked.
                if length < least || is_last && least == most && length > most {
                    return None;
                }
                end += if is_last && least < most {
                    alphabet.run(bytes, end, usize::MAX)
                } else {
                    length.min(most)
                };
            }
        }
    }
    Some((start..end, behind..end))
}

//! Changes of the writing direction.

use super::rules::{CONTROL, OVERRIDE, RULES, UNCLOSED};
use crate::detect::hits::Hits;

/// Looks at the controls of each line.
pub(super) fn detect(text: &str, hits: &mut Hits<'_>) {
    let mut line = Line::default();
    let mut right_to_left = None;
    for (at, character) in text.char_indices() {
        let kind = match character {
            '\u{202d}' | '\u{202e}' => {
                hits.hit(&RULES[OVERRIDE], at..at + character.len_utf8());
                &mut line.embeddings
            }
            '\u{202a}' | '\u{202b}' => &mut line.embeddings,
            '\u{2066}'..='\u{2068}' => &mut line.isolates,
            '\u{202c}' => {
                line.embeddings = line.embeddings.saturating_sub(1);
                continue;
            }
            '\u{2069}' => {
                line.isolates = line.isolates.saturating_sub(1);
                continue;
            }
            '\n' => {
                line.end(at, hits);
                continue;
            }
            _ => continue,
        };
        *kind += 1;
        line.first.get_or_insert(at);
        let needs_none = !*right_to_left.get_or_insert_with(|| text.chars().any(is_right_to_left));
        if needs_none {
            hits.hit(&RULES[CONTROL], at..at + character.len_utf8());
        }
    }
    line.end(text.len(), hits);
}

/// Opens or closes a change of the writing direction. The marks of Hebrew and Arabic do neither.
pub(super) const fn is_control(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a line has opened and not closed.
#[derive(Default)]
struct Line {
    embeddings: usize,
    isolates: usize,
    first: Option<usize>,
}

impl Line {
    fn end(&mut self, at: usize, hits: &mut Hits<'_>) {
        if let Some(first) = self.first
            && self.embeddings + self.isolates > 0
        {
            hits.hit(&RULES[UNCLOSED], first..at);
        }
        *self = Self::default();
    }
}

const fn is_right_to_left(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{1_0800}'..='\u{1_0fff}'
        | '\u{1_e800}'..='\u{1_efff}'
    )
}

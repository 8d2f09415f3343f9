//! Character references of HTML: `&lt;`, `&#60;`, `&#x3c`.

use super::reading::Draft;

/// Decodes every reference, with or without its semicolon, as browsers do.
pub(super) fn decode(source: &str, draft: &mut Draft<'_>) {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'&', bytes.get(at..).unwrap_or_default()) {
        let start = at + found;
        let read = match bytes.get(start + 1) {
            Some(b'#') => numeric(bytes, start + 2),
            Some(byte) if byte.is_ascii_alphabetic() => named(bytes, start + 1),
            _ => None,
        };
        let Some((character, end)) = read else {
            at = start + 1;
            continue;
        };
        draft.replace_char(start..end, character);
        at = end;
    }
}

fn numeric(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let (radix, from) = match bytes.get(at)? {
        b'x' | b'X' => (16, at + 1),
        _ => (10, at),
    };
    let mut end = from;
    let mut code = 0_u32;
    while let Some(digit) = bytes.get(end).and_then(|byte| char::from(*byte).to_digit(radix)) {
        code = code.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if end == from {
        return None;
    }
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character, skip_semicolon(bytes, end)))
}

fn named(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let name = bytes[at..].iter().take(LONGEST_NAME + 1);
    let end = at + name.take_while(|byte| byte.is_ascii_alphabetic()).count();
    let name = &bytes[at..end];
    let (_, character) = NAMES.iter().find(|(known, _)| known.as_bytes() == name)?;
    let is_closed = bytes.get(end) == Some(&b';');
    // Only the oldest names work without their semicolon; any other may be a parameter of a URL.
    if !is_closed && !BARE.iter().any(|bare| bare.as_bytes() == name) {
        return None;
    }
    Some((*character, skip_semicolon(bytes, end)))
}

fn skip_semicolon(bytes: &[u8], at: usize) -> usize {
    at + usize::from(bytes.get(at) == Some(&b';'))
}

/// That of `DiacriticalGrave`.
const LONGEST_NAME: usize = 16;

const BARE: [&str; 9] = ["lt", "LT", "gt", "GT", "amp", "AMP", "quot", "QUOT", "nbsp"];

/// What is plain ASCII has a name for those who hide it.
const NAMES: [(&str, char); 51] = [
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("amp", '&'),
    ("AMP", '&'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("shy", '\u{ad}'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("grave", '`'),
    ("DiacriticalGrave", '`'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("verbar", '|'),
    ("vert", '|'),
    ("VerticalLine", '|'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("zwnj", '\u{200c}'),
];

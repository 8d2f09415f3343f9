//! Characters and names that are not what they look like.

/// Whether a character is a control character, of which terminals and parsers make something.
pub(crate) const fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

/// Whether a character changes how others are shown, or is not shown itself. The joiners U+200C and U+200D are not
/// among them: Persian, the scripts of India and emoji need them.
pub(crate) const fn deceives(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Whether Windows takes a file name for a device, whatever its extension and the directory.
pub(super) fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end_matches(' ');
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    // COM and LPT with one digit; the superscripts of Latin-1 are digits to Windows.
    let (Some(head), Some(tail)) = (stem.get(..3), stem.get(3..)) else { return false };
    let mut tail = tail.chars();
    (head.eq_ignore_ascii_case("com") || head.eq_ignore_ascii_case("lpt"))
        && matches!(tail.next(), Some('0'..='9' | '\u{b9}' | '\u{b2}' | '\u{b3}'))
        && tail.next().is_none()
}

const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_known_with_extensions_and_spaces() {
        for name in
            ["con", "CON.txt", "Aux .log", "nul", "com1", "LPT9.tar.gz", "COM\u{b9}", "nul:x"]
        {
            assert!(is_device(name), "{name}");
        }
        for name in
            ["console", "com", "com10", "comet", "lpt", "auxiliary", "a.con", "\u{e9}\u{e9}", ""]
        {
            assert!(!is_device(name), "{name}");
        }
    }
}

//! Values as the page shows them.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use wardkit_core::Timestamp;

/// A value as HTML text or as a quoted attribute: no markup, and nothing that hides or reorders what is read.
pub(crate) struct Escaped<T>(pub(crate) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, letter) in text.char_indices() {
            let Some(replacement) = replacement(letter) else { continue };
            self.0.write_str(&text[plain..at])?;
            self.0.write_str(replacement)?;
            plain = at + letter.len_utf8();
        }
        self.0.write_str(&text[plain..])
    }
}

fn replacement(letter: char) -> Option<&'static str> {
    match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        '\n' | '\t' => None,
        // Characters that show nothing, or turn the direction of what follows.
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => Some("\u{fffd}"),
        letter if letter.is_control() => Some("\u{fffd}"),
        _ => None,
    }
}

/// A duration in its two largest units: `3 days 4 h`.
pub(super) struct Span(Duration);

impl Span {
    pub(super) fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, _) => write!(f, "{minutes} min {} s", seconds % 60),
            (0, _, _) => write!(f, "{hours} h {minutes} min"),
            (1, _, _) => write!(f, "1 day {hours} h"),
            _ => write!(f, "{days} days {hours} h"),
        }
    }
}

/// How long before the second point in time the first one is.
pub(crate) struct Ago(pub(crate) Timestamp, pub(crate) Timestamp);

impl Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1.duration_since(self.0) {
            Some(age) if age >= Duration::from_secs(1) => write!(f, "{} ago", Span(age)),
            Some(_) => f.write_str("now"),
            // Within the second that the page leaves out, or after the host's clock was set back.
            None => match self.0.duration_since(self.1) {
                Some(ahead) if ahead >= Duration::from_secs(2) => write!(f, "in {}", Span(ahead)),
                _ => f.write_str("now"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_invisible_characters_are_made_visible() {
        for (text, shown) in [
            ("a plain text, umlaut ä, 漢字", "a plain text, umlaut ä, 漢字"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onmouseover='x'", "&quot; onmouseover=&#39;x&#39;"),
            ("a & b &amp; c", "a &amp; b &amp;amp; c"),
            ("line\nbreak\ttab", "line\nbreak\ttab"),
            (
                "nul\0 esc\u{1b}[31m del\u{7f} c1\u{9b}",
                "nul\u{fffd} esc\u{fffd}[31m del\u{fffd} c1\u{fffd}",
            ),
            ("abc\u{202e}txt.exe", "abc\u{fffd}txt.exe"),
            (
                "zero\u{200b}width \u{feff}bom \u{e0041}tag",
                "zero\u{fffd}width \u{fffd}bom \u{fffd}tag",
            ),
        ] {
            assert_eq!(Escaped(text).to_string(), shown);
        }
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, shown) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3_599, "59 min 59 s"),
            (3_600, "1 h 0 min"),
            (86_399, "23 h 59 min"),
            (86_400, "1 day 0 h"),
            (200_000, "2 days 7 h"),
        ] {
            assert_eq!(Span::seconds(seconds).to_string(), shown);
        }
    }

    #[test]
    fn a_time_ahead_of_the_clock_says_so() {
        let at = Timestamp::from_unix_seconds;
        assert_eq!(Ago(at(10), at(40)).to_string(), "30 s ago");
        assert_eq!(Ago(at(10), at(10)).to_string(), "now");
        assert_eq!(Ago(at(11), at(10)).to_string(), "now");
        assert_eq!(Ago(at(70), at(10)).to_string(), "in 1 min 0 s");
    }
}

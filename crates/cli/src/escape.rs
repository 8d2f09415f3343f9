//! Text from outside, on its way to a terminal.

use std::fmt::Write as _;

use serde::Serialize;

/// Returns a text in which everything that a terminal would obey, and what would hide or reorder the rest, is shown
/// escaped: line breaks too.
///
/// ```
/// assert_eq!(wardkit_cli::escaped("it's\u{1b}[2J\u{202e}\n"), "it's\\u{1b}[2J\\u{202e}\\n");
/// ```
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\'' | '"' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    shown
}

/// Returns a value as JSON on one line, which means the same and holds nothing that a terminal would obey.
///
/// # Errors
///
/// When the value cannot be written as JSON.
pub fn escaped_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        // Beyond ASCII a letter stands inside of a string, where an escape means the same.
        if letter == '\u{7f}' || (!letter.is_ascii() && letter.escape_debug().len() > 1) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_steers_no_terminal() {
        let text = "\u{9b}2J ä 日 \u{7f} \u{202e} \u{e0001} \" \\ \u{1b} \n";
        let json = escaped_json(&text).unwrap();
        assert_eq!(json, r#""\u009b2J ä 日 \u007f \u202e \udb40\udc01 \" \\ \u001b \n""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}

//! The words of a setting, as systemd splits and quotes them.

/// Splits a value into its words, without their quotes and escapes.
pub(super) fn split(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', _) => word.get_or_insert_default().extend(letters.next()),
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if open == letter => quote = None,
            (' ' | '\t', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Returns a word as systemd reads it back: `%` begins a specifier.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:@+,".contains(letter);
    if word.chars().all(is_plain) {
        return word.to_owned();
    }
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_they_are_quoted() {
        assert_eq!(split(r#"a  "b c" 'd"e' f\ g "" h"#), ["a", "b c", "d\"e", "f g", "", "h"]);
        for word in ["/a", "/a b", "/\"x\"\\", "/100%", "/'"] {
            assert_eq!(split(&quoted(word)).join("|").replace("%%", "%"), word);
        }
    }
}

//! Lines of logs.

use std::borrow::Cow;

use proptest::prelude::*;
use wardkit_validation::{LogEscape, LogLine, Sanitizer, Untrusted};

#[test]
fn what_is_no_part_of_a_line_becomes_visible() {
    let check = |text: &str, expected: &str| {
        assert_eq!(LogLine::new(text).as_str(), expected, "{text:?}");
    };
    check("a\nb", r"a\nb");
    check("a\r\nINFO all is well", r"a\r\nINFO all is well");
    check("\u{1b}[2J\u{1b}]0;title\u{7}", r"\u{1b}[2J\u{1b}]0;title\u{7}");
    check("\u{9b}31m", r"\u{9b}31m");
    check("a\tb\0c\u{8}\u{7f}", r"a\tb\u{0}c\u{8}\u{7f}");
    check("a\u{2028}b\u{2029}c\u{85}d", r"a\u{2028}b\u{2029}c\u{85}d");
    check("\u{202e}cod.exe\u{2066}", r"\u{202e}cod.exe\u{2066}");
    check("in\u{200b}visible\u{feff}\u{e0041}", r"in\u{200b}visible\u{feff}\u{e0041}");
    check(r"a\nb", r"a\nb");
}

#[test]
fn ordinary_texts_are_borrowed() {
    for text in
        ["", "GET / 200", "Grüße", "нет", "日本語", "فا\u{200c}رسی", "👩\u{200d}🚀", "क्षि", "a\\b"]
    {
        assert!(matches!(LogEscape.sanitize(text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn a_long_text_is_shown_to_its_beginning() {
    assert_eq!(LogLine::beginning("abcdef", 3).as_str(), "abc.. (3 bytes more)");
    assert_eq!(LogLine::beginning("aé\n", 2).as_str(), "a.. (3 bytes more)");
    assert_eq!(LogLine::beginning("abc", 3).as_str(), "abc");
    let long = "\n".repeat(1 << 20);
    assert_eq!(LogLine::beginning(&long, 4).as_str(), r"\n\n\n\n.. (1048572 bytes more)");
}

#[test]
fn what_was_changed_is_told_with_its_place() {
    let mut edits = Vec::new();
    let text = "é\n\u{202e}x";
    let _ = LogEscape.sanitize_with(text, &mut |edit| edits.push(edit));
    let spans: Vec<_> = edits.iter().map(|edit| edit.span.clone()).collect();
    assert_eq!(spans, [2..3, 3..6]);
}

#[test]
fn a_value_from_outside_shows_itself_as_a_line_only() {
    let text = Untrusted::new("x\ny".to_owned());
    assert_eq!(format!("{:>6}|", LogLine::from(&text)), r"  x\ny|");
    assert_eq!(text.validate_for(&LogEscape).unwrap().as_str(), r"x\ny");
}

proptest! {
    #[test]
    fn lines_are_one_line_and_stay_as_they_are(text in "\\PC*|[\\s\\S]{0,40}|[\\x00-\\x1f\\u{80}-\\u{9f}\\u{2028}-\\u{202e}a]{0,9}") {
        let line = LogEscape.sanitize(&text);
        prop_assert!(!line.chars().any(char::is_control));
        prop_assert_eq!(line.lines().count(), usize::from(!text.is_empty()));
        prop_assert!(matches!(LogEscape.sanitize(&line), Cow::Borrowed(_)));
        prop_assert_eq!(matches!(line, Cow::Borrowed(_)), *line == *text);
    }
}

//! Headers.

use std::borrow::Cow;

use proptest::prelude::*;
use wardkit_validation::{
    Accept, BeyondAscii, Error, HeaderError, HeaderName, HeaderRules, HeaderSafe, Sanitizer,
    Untrusted,
};

fn reason<T>(result: Result<T, Error>) -> HeaderError {
    match result {
        Err(Error::Header(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was allowed"),
    }
}

#[test]
fn ordinary_values_are_taken_as_they_are() {
    for value in [
        "",
        "text/html; charset=utf-8",
        "a\tb",
        "attachment; filename=\"a b.txt\"",
        "%0d%0a",
        "~!@#",
    ] {
        assert_eq!(HeaderSafe::new(value).unwrap().as_str(), value);
    }
}

#[test]
fn other_values_are_refused_with_their_reason() {
    let check = |value: &str, expected| {
        assert_eq!(
            reason(Untrusted::new(value).validate_for(&HeaderRules::default())),
            expected,
            "{value:?}"
        );
    };
    check("a\0", HeaderError::Character);
    check("a\u{1b}b", HeaderError::Character);
    check("a\u{7f}b", HeaderError::Character);
    check("é", HeaderError::Character);
    check(" a", HeaderError::Blank);
    check("a\t", HeaderError::Blank);
    check(" ", HeaderError::Blank);
    check("a\r\n b", HeaderError::Line);
    check(&"a".repeat(4097), HeaderError::TooLong);
}

#[test]
fn characters_beyond_ascii_pass_on_request() {
    let mut rules = HeaderRules::default();
    rules.beyond_ascii = BeyondAscii::Utf8;
    assert_eq!(rules.accept("Grüße, 日本").unwrap().as_str(), "Grüße, 日本");
    for value in ["a\u{85}b", "a\u{9b}", "a\u{2028}b", "\u{2029}"] {
        assert_eq!(reason(rules.accept(value)), HeaderError::Character);
    }
}

#[test]
fn a_value_may_be_made_of_what_is_no_value() {
    let sanitize =
        |value: &str| HeaderRules::default().sanitized(&Untrusted::new(value)).unwrap().to_string();
    assert_eq!(sanitize("Re: hi\r\nBcc: x@example.org"), "Re: hi  Bcc: x@example.org");
    assert_eq!(sanitize("\r\n \u{2028}é\0"), "?");
    let mut edits = Vec::new();
    let _ = HeaderRules::default().sanitize_with(" a\nb ", &mut |edit| edits.push(edit.span));
    assert_eq!(edits, [0..1, 2..3, 4..5]);
}

#[test]
fn names_are_tokens_that_frame_nothing() {
    assert_eq!(HeaderName::new("X-Request-Id").unwrap().as_str(), "x-request-id");
    for name in ["", "a b", "a:", "a\r\n", "a\0", "é", "a(b)", "a/b", " a", "a="] {
        assert_eq!(reason(HeaderName::new(name)), HeaderError::Name, "{name:?}");
    }
    let framing = "Host content-length Transfer-Encoding connection Proxy-Authorization TE Proxy \
        X-Forwarded-Port True-Client-IP Content_Length x_forwarded-for transfer_encoding X_Real_IP";
    for name in framing.split_ascii_whitespace() {
        assert_eq!(
            reason(HeaderName::try_from(&Untrusted::new(name))),
            HeaderError::Framing,
            "{name}"
        );
    }
    assert_eq!(reason(HeaderName::new(&"a".repeat(129))), HeaderError::TooLong);
}

proptest! {
    #[test]
    fn values_stay_as_they_are_and_are_taken(text in "[\\s\\S]{0,40}|[ \\t\\r\\n\\x00a\\u{85}\\u{a0}\\u{2028}]{0,9}", utf8: bool) {
        let mut rules = HeaderRules::default();
        rules.beyond_ascii = if utf8 { BeyondAscii::Utf8 } else { BeyondAscii::Refused };
        let value = rules.sanitize(&text);
        prop_assert!(rules.accept(&value).is_ok(), "{:?}", value);
        prop_assert!(matches!(rules.sanitize(&value), Cow::Borrowed(_)));
        prop_assert_eq!(rules.accept(&text).is_ok(), *value == *text);
        prop_assert!(matches!(value, Cow::Borrowed(_)) || *value != *text);
    }
}

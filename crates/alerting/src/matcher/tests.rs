use wardkit_core::Labels;

use super::{MatchOp, Matcher, Matchers};

fn reads(text: &str, shown: &str) {
    let matchers: Matchers = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(matchers.to_string(), shown, "{text:?}");
    assert_eq!(shown.parse::<Matchers>().unwrap(), matchers, "{text:?} again");
}

#[test]
fn matchers_are_read_as_alertmanager_reads_them() {
    reads(r#"foo="bar""#, r#"{foo="bar"}"#);
    reads("foo=bar", r#"{foo="bar"}"#);
    reads(r#"{ foo = "bar" , b!=c,}"#, r#"{b!="c",foo="bar"}"#);
    reads(r#"{foo=~"a|b",bar!~"x.*"}"#, r#"{bar!~"x.*",foo=~"a|b"}"#);
    reads("", "{}");
    reads("{}", "{}");
    reads("foo=", r#"{foo=""}"#);
    reads(r#"foo="a,b""#, r#"{foo="a,b"}"#);
    reads(r#"foo="a\"b\\c\nd\e""#, r#"{foo="a\"b\\c\nd\\e"}"#);
    reads("foo=a b ", r#"{foo="a b"}"#);
    reads("a:b=ü→", r#"{a:b="ü→"}"#);
    reads("foo==bar", r#"{foo="=bar"}"#);
    reads("foo=!bar", r#"{foo="!bar"}"#);
}

#[test]
fn what_is_no_matcher_is_refused_with_the_reason() {
    for (text, reason) in [
        ("foo", "none of =, !=, =~ and !~ follows the name"),
        ("=bar", "it has no name of a label"),
        ("1foo=bar", "it has no name of a label"),
        (r#"foo="bar"#, "a double quote in the value has no backslash"),
        (r#"foo=bar""#, "a double quote in the value has no backslash"),
        (r#"foo="b"ar""#, "a double quote in the value has no backslash"),
        ("a=b,,c=d", "it has no name of a label"),
        ("foo!bar", "none of =, !=, =~ and !~ follows the name"),
        ("foo=~(", "its regular expression is none: unclosed group"),
        ("foo=~a**", "its regular expression repeats a repetition"),
    ] {
        assert_eq!(text.parse::<Matchers>().unwrap_err().reason, reason, "{text}");
    }
}

#[test]
fn a_label_that_is_missing_is_empty() {
    let labels = Labels::from_pairs([("a", "1")]).unwrap();
    for (text, expected) in [
        ("a=1", true),
        ("a=2", false),
        ("b=", true),
        ("b!=", false),
        ("b!=x", true),
        ("b=~.*", true),
        ("b=~.+", false),
        ("b!~.+", true),
        ("a=~1|2", true),
        ("a=~11|2", false),
        ("a!~1|2", false),
        ("a=1,b=x", false),
    ] {
        assert_eq!(text.parse::<Matchers>().unwrap().matches(&labels), expected, "{text}");
    }
}

#[test]
fn regular_expressions_are_those_of_go() {
    for (pattern, value, expected) in [
        (r"\d+", "12", true),
        // ASCII alone.
        (r"\d+", "٣", false),
        (r"\w", "ü", false),
        (r"a{,2}", "a{,2}", true),
        (r"a{2}", "aa", true),
        (r"{a}", "{a}", true),
        (r"\Qa.b\E+", "a.bb", true),
        (r"[[]", "[", true),
        (r"[]a]+", "]a", true),
        (r"[a&&b]", "&", true),
        (r"[[:alpha:]-]+", "a-b", true),
        (r"[\d-x]+", "1-x", true),
        (r"(?i)prod", "PROD", true),
        (r"a.c", "a\nc", false),
        (r"(?s)a.c", "a\nc", true),
        (r"\x41\x{42}\101", "ABA", true),
        (r"prod|staging", "production", false),
        (r"[^a]", "ü", true),
        (r"\pL+", "äß", true),
        (r"\<a", "<a", true),
    ] {
        let matcher = Matcher::new("a", MatchOp::Regex, pattern).unwrap();
        assert_eq!(matcher.matches_value(value), expected, "{pattern} {value}");
    }
    for pattern in [r"(?=a)", r"\1", r"(?x)a", r"\Z", "[b-a]", "a{1001}", "(", "[a", r"a\", "*"] {
        assert!(Matcher::new("a", MatchOp::Regex, pattern).is_err(), "{pattern}");
    }
}

#[test]
fn hostile_patterns_are_refused_at_once() {
    for pattern in
        ["((a{1000}){1000}){1000}", r"\pL{1000}", &"(".repeat(10_000), &"a".repeat(20_000)]
    {
        assert!(Matcher::new("a", MatchOp::Regex, pattern).is_err());
    }
}

#[test]
fn json_is_that_of_alertmanager() {
    let json = r#"[{"name":"a","value":"b.*","isRegex":true,"isEqual":false}]"#;
    let matchers: Matchers = serde_json::from_str(json).unwrap();
    assert_eq!(matchers.to_string(), r#"{a!~"b.*"}"#);
    assert_eq!(serde_json::to_string(&matchers).unwrap(), json);
    let old = r#"[{"name":"a","value":"b","isRegex":false}]"#;
    assert_eq!(serde_json::from_str::<Matchers>(old).unwrap().to_string(), r#"{a="b"}"#);
}

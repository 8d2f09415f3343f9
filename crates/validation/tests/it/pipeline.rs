//! From a text to a verdict.

use std::collections::BTreeSet;

use wardkit_validation::{Error, Layer, Level, Policy, Rule, Sink, Strictness, rule, rules};

fn policy(sink: Option<Sink>, strictness: u8) -> Policy {
    let mut policy = Policy::default();
    policy.sink = sink;
    policy.strictness = Strictness::new(strictness).unwrap();
    policy
}

fn finds(rule: &Rule, sink: Option<Sink>, strictness: u8) -> bool {
    let verdict = policy(sink, strictness).check(rule.example).unwrap();
    verdict.findings().iter().any(|finding| finding.rule.id == rule.id)
}

/// Rules whose gate or example is not settled.
const UNSETTLED: &[&str] = &[
    "path.system-file",
    "path.network-share",
    "prompt_indirect.addressed-to-models",
    "shell.command-line",
    "shell.plain-command",
    "code.computed-call",
    "code.module-call",
    "code.php-directive",
    "code.script-upload",
    "code.endless-code",
    "html.utf-7",
    "sql.added-condition",
    "sql.rare-function",
    "xml.foreign-namespace",
];

#[test]
fn every_rule_finds_its_example_where_it_says() {
    let mut silent = Vec::new();
    for rule in rules().filter(|rule| !rule.example.is_empty()) {
        for sink in Sink::ALL.iter().copied().filter(|sink| rule.speaks_for(*sink)) {
            if !finds(rule, Some(sink), rule.strictness) {
                silent.push(format!("{} for {sink}", rule.id));
            }
            if rule.strictness > 1 && finds(rule, Some(sink), rule.strictness - 1) {
                silent.push(format!("{} for {sink} too early", rule.id));
            }
        }
        if rule.message != 0 && !finds(rule, None, rule.message) {
            silent.push(format!("{} in a message", rule.id));
        }
    }
    silent.retain(|entry| !entry.split(' ').next().is_some_and(|id| UNSETTLED.contains(&id)));
    assert_eq!(silent, [] as [String; 0]);
}

#[test]
fn rules_are_named_after_their_class_and_explain_themselves() {
    let mut ids = BTreeSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        let (class, name) = rule.id.split_once('.').unwrap();
        assert_eq!(class, rule.class.as_str(), "{}", rule.id);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(is_plain), "{}", rule.id);
        assert!(matches!(rule.strictness, 1..=4) && rule.message <= 4, "{}", rule.id);
        assert!(matches!(rule.confidence, 1..=100), "{}", rule.id);
        assert!(rule.reason.len() > 10 && !rule.reason.ends_with('.'), "{}", rule.id);
        assert!(rule.about.len() > 60 && rule.about.ends_with('.'), "{}", rule.id);
    }
    assert_eq!(rule("header.line").unwrap().class.as_str(), "header");
    assert_eq!(rule("header.nothing"), None);
}

#[test]
fn places_are_those_of_the_text_as_given() {
    let text = "höflich%2525\u{0}%250d%250aSet-Cookie: a=b";
    let verdict = Policy::for_sink(Sink::Header).check(text).unwrap();
    let finding = &verdict.findings()[0];
    assert_eq!(finding.rule.id, "header.encoded-line");
    assert_eq!(finding.layer, Layer::UrlDecoded);
    assert_eq!(&text[finding.span.clone()], "%250d%250a");
}

#[test]
fn places_are_between_characters_for_any_text() {
    for text in
        ["é\u{1b}é", "\u{1b}[é", "\u{9b}1é", "é\u{202e}", "%E5%98%8A%E5%98%8Déx:y", "ﬃ\u{1b}ﬃ"]
    {
        for sink in Sink::ALL {
            let verdict = policy(Some(*sink), 4).check(text).unwrap();
            for finding in verdict.findings() {
                assert!(text.get(finding.span.clone()).is_some(), "{text:?} {finding}");
            }
        }
    }
}

#[test]
fn a_text_over_the_cap_is_refused_and_not_cut() {
    let mut policy = Policy::for_sink(Sink::Terminal);
    policy.cap = 8;
    assert_eq!(policy.check("12345678").unwrap().level(), Level::Clean);
    assert!(matches!(policy.check("123456789").unwrap_err(), Error::TooLarge { len: 9, cap: 8 }));
    let error = policy.check_bytes(&[0xff; 9]).unwrap_err();
    assert_eq!(error.to_string(), "the text has 9 bytes, and the policy takes 8");
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    for (bytes, place) in
        [(b"ab\xffc" as &[u8], 2), (b"\xc0\xaf", 0), (b"\xed\xa0\x80", 0), (b"ok \xe2\x82", 3)]
    {
        let error = Policy::default().check_bytes(bytes).unwrap_err();
        assert!(matches!(error, Error::NotUtf8 { at } if at == place), "{error}");
    }
    assert_eq!(Policy::default().check_bytes(b"plain").unwrap().level(), Level::Clean);
}

#[test]
fn verdicts_never_show_the_text() {
    let text = "zebra%0d%0aSet-Cookie: zebra=1 \u{202e}zebra";
    let verdict = Policy::for_sink(Sink::Header).check(text).unwrap();
    assert_eq!(verdict.level(), Level::Reject);
    for shown in [verdict.to_string(), format!("{verdict:?}"), verdict.explain()] {
        assert!(!shown.contains("zebra"), "{shown}");
    }
    assert!(verdict.to_string().starts_with("reject\nheader.encoded-line at 5..11 (raw): "));
}

#[test]
fn findings_are_bounded_and_the_worst_comes_first() {
    let text = "\u{1b}[1m\u{8}\u{0}".repeat(5000);
    let verdict = policy(Some(Sink::Terminal), 4).check(&text).unwrap();
    assert!(verdict.findings().len() <= 64);
    let confidences: Vec<u8> =
        verdict.findings().iter().map(|finding| finding.rule.confidence).collect();
    assert!(confidences.is_sorted_by(|left, right| left >= right), "{confidences:?}");
}

#[test]
fn what_was_found_is_blotted_out() {
    let policy = policy(Some(Sink::Terminal), 1);
    let text = "a\u{1b}[2Jé";
    let verdict = policy.check(text).unwrap();
    assert_eq!(verdict.mask(text), "a\u{2588}\u{2588}\u{2588}\u{2588}é");
    let clean = policy.check("plain").unwrap();
    assert!(matches!(clean.mask("plain"), std::borrow::Cow::Borrowed("plain")));
}

#[test]
fn encoding_over_and_over_is_suspicious_itself() {
    let verdict = Policy::for_sink(Sink::Html).check("%2525252527").unwrap();
    assert_eq!(verdict.level(), Level::Suspicious);
    assert_eq!(verdict.findings()[0].rule.id, "input.nested-encoding");
}

#[test]
fn an_attack_is_found_anywhere_in_a_long_message() {
    let prose = "We met at the station, had tea and talked about the weather. ".repeat(200);
    for at in [0, 1, 1000, prose.len() / 2, prose.len()] {
        let text = format!("{}{}{}", &prose[..at], "a%0d%0aSet-Cookie: a=b", &prose[at..]);
        let verdict = Policy::default().check(&text).unwrap();
        let finding = &verdict.findings()[0];
        assert_eq!(finding.rule.id, "header.encoded-line", "at {at}");
        assert_eq!(finding.span, at + 1..at + 7);
    }
}

//! Sequences that steer a terminal.

use wardkit_validation::{Policy, Sink};

fn found(sink: Option<Sink>, text: &str) -> Vec<&'static str> {
    let mut policy = Policy::default();
    policy.sink = sink;
    policy.check(text).unwrap().findings().iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn sequences_are_found_in_messages_and_for_terminals() {
    for text in [
        "\u{1b}[31mred",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]52;c;cm0gLXJm\u{7}",
        "\u{1b}P+q544e\u{1b}\\",
        "\u{1b}c",
        "\u{1b}#8",
        "\u{9b}2J",
        "\u{9b}?25l",
        "\u{9d}0;title\u{9c}",
        "yes\u{8}\u{8}\u{8}no",
        "\u{7}\u{7}\u{7}",
        "trailing \u{1b}",
    ] {
        for sink in [None, Some(Sink::Terminal)] {
            let found = found(sink, text);
            let is_found = found
                .iter()
                .any(|id| matches!(*id, "terminal.escape-sequence" | "terminal.overwrite"));
            assert!(is_found, "{text:?} {found:?}");
        }
    }
}

#[test]
fn what_only_a_decoder_makes_a_sequence_counts_for_terminals() {
    for text in ["\\x1b[2J", "\\033[31m", "\\u001b]0;x\\u0007", "\\e[1m", "%1b[2J", "&#27;[2J"] {
        assert!(
            found(Some(Sink::Terminal), text).contains(&"terminal.written-sequence"),
            "{text:?}"
        );
        assert_eq!(found(None, text), [] as [&str; 0], "{text:?}");
    }
}

#[test]
fn control_characters_count_for_terminals() {
    for (text, rule) in [
        ("a\u{0}b", "terminal.control-character"),
        ("a\u{e}b", "terminal.control-character"),
        ("a\u{7f}b", "terminal.control-character"),
        ("a\u{85}b", "terminal.control-character"),
        ("denied\rgranted", "terminal.return"),
    ] {
        assert_eq!(found(Some(Sink::Terminal), text), [rule], "{text:?}");
    }
}

#[test]
fn ordinary_lines_pass() {
    for text in
        ["one\r\ntwo\n\tthree\r\n", "[31m is no colour", "a ^[ b", "50 % [2J]", "naïve café"]
    {
        assert_eq!(found(Some(Sink::Terminal), text), [] as [&str; 0], "{text:?}");
    }
}

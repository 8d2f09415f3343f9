//! Words that must not stand in the repository.
//!
//! The words are written in two parts here, so that this file passes its own rule.

use super::{Finding, Tree, is_rust};

/// Files in which a word is looked for.
#[derive(Clone, Copy)]
enum Within {
    All,
    Rust,
    /// Integration tests; in unit tests clippy sees to it.
    Tests,
}

struct Word {
    text: &'static str,
    within: Within,
    why: &'static str,
}

const UNFINISHED: &str =
    "marks something unfinished: finish it, or write it down where plans are kept";
const MACHINE: &str = "is a path of one machine";
const REGISTRY: &str = "names a registry's host: say \"the registry\"";
const WAITING: &str = "waits for time to pass: wait for a condition";

const WORDS: [Word; 15] = [
    Word { text: concat!("TO", "DO"), within: Within::All, why: UNFINISHED },
    Word { text: concat!("FIX", "ME"), within: Within::All, why: UNFINISHED },
    Word { text: concat!("X", "XX"), within: Within::All, why: UNFINISHED },
    Word { text: concat!("to", "do!"), within: Within::Rust, why: UNFINISHED },
    Word { text: concat!("unimple", "mented!"), within: Within::Rust, why: UNFINISHED },
    Word { text: concat!("/ro", "ot/"), within: Within::All, why: MACHINE },
    Word { text: concat!("/wo", "rk/"), within: Within::All, why: MACHINE },
    Word { text: concat!("/Us", "ers/"), within: Within::All, why: MACHINE },
    Word { text: concat!("/ho", "me/"), within: Within::All, why: MACHINE },
    Word { text: concat!("crates", ".io"), within: Within::All, why: REGISTRY },
    Word { text: concat!("pypi", ".org"), within: Within::All, why: REGISTRY },
    Word { text: concat!("npmjs", ".org"), within: Within::All, why: REGISTRY },
    Word {
        text: concat!("#[ig", "nore"),
        within: Within::Rust,
        why: "skips a test: assert what is true today",
    },
    Word { text: concat!("thread::", "sleep("), within: Within::Tests, why: WAITING },
    Word {
        text: concat!("missing", "_docs"),
        within: Within::Rust,
        why: "is a lint for the manifest, and nothing hides from it",
    },
];

/// Finds attacks on every machine's paths, and has to spell them.
const SPELLS_PATHS: &str = "crates/validation/";

/// The home that examples show; nobody's own.
const EXAMPLE_HOME: &str = concat!("/ho", "me/bot");

/// The files that may hold this keyword, each named by a design decision: system calls that no safe crate has.
const MAY_BE_UNSAFE: [&str; 4] = [
    "crates/integrity/src/watch/fanotify/sys.rs",
    "crates/process/src/sys.rs",
    "crates/sandbox-wasm/src/engine/compiled/native.rs",
    "crates/sandbox/src/native/sys.rs",
];

/// How the keyword is followed where it is one.
const UNSAFE: [&str; 5] = [
    concat!("un", "safe {"),
    concat!("un", "safe fn"),
    concat!("un", "safe impl"),
    concat!("un", "safe trait"),
    concat!("un", "safe extern"),
];

pub(super) fn forbidden(tree: &Tree) -> Vec<Finding> {
    let is_checked =
        |(path, _): &(&str, &str)| !path.ends_with("Cargo.lock") && !path.starts_with("LICENSE");
    tree.iter().filter(is_checked).flat_map(|(path, text)| in_file(path, text)).collect()
}

fn in_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let shown = line.replace(EXAMPLE_HOME, "~");
        for word in
            WORDS.iter().filter(|word| looks_into(word, path) && stands_in(word.text, &shown))
        {
            findings.push(Finding::at(path, number, format!("`{}` {}", word.text, word.why)));
        }
        if !is_rust(path) {
            continue;
        }
        if UNSAFE.iter().any(|form| stands_in(form, line)) && !MAY_BE_UNSAFE.contains(&path) {
            findings.push(Finding::at(
                path,
                number,
                concat!("un", "safe code has its few named files"),
            ));
        }
        if let Some(lint) = silenced_without_reason(text, line) {
            findings.push(Finding::at(path, number, format!("`{lint}` gives no reason")));
        }
    }
    findings
}

fn looks_into(word: &Word, path: &str) -> bool {
    if word.why == MACHINE && path.starts_with(SPELLS_PATHS) {
        return false;
    }
    match word.within {
        Within::All => true,
        Within::Rust => is_rust(path),
        Within::Tests => is_rust(path) && path.contains("/tests/"),
    }
}

/// Tells whether the word stands in the line by itself, not within a longer one.
fn stands_in(word: &str, line: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, _)| {
        let joined_before = word.starts_with(is_part) && line[..start].ends_with(is_part);
        let joined_after =
            word.ends_with(is_part) && line[start + word.len()..].starts_with(is_part);
        !joined_before && !joined_after
    })
}

/// Returns the attribute that opens on this line, silences a lint and says nowhere why.
fn silenced_without_reason<'a>(text: &'a str, line: &'a str) -> Option<&'a str> {
    let attribute = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
    let start = attribute.iter().find(|start| line.trim_start().starts_with(**start))?;
    // `line` is a part of `text`, and the attribute may go on after it.
    let offset = line.as_ptr().addr() - text.as_ptr().addr();
    let rest = &text[offset..];
    let whole = &rest[..rest.find(")]").unwrap_or(rest.len())];
    (!whole.contains("reason")).then(|| start.trim_end_matches('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        forbidden(&Tree::of(&[(path, text)]))
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    #[test]
    fn every_word_is_found_where_it_is_looked_for() {
        for word in &WORDS {
            let line = format!("fine\nbefore {} after\n", word.text);
            for (path, found) in [
                ("crates/x/tests/it/a.rs", true),
                ("crates/x/src/a.rs", !matches!(word.within, Within::Tests)),
                ("docs/a.md", matches!(word.within, Within::All)),
                ("Cargo.lock", false),
                ("LICENSE-MIT", false),
            ] {
                let expected: Vec<String> = found
                    .then(|| format!("{path}:2: `{}` {}", word.text, word.why))
                    .into_iter()
                    .collect();
                assert_eq!(findings(path, &line), expected, "{path}");
            }
        }
    }

    #[test]
    fn a_word_within_a_longer_one_is_not_meant() {
        let marker = concat!("TO", "DO");
        for line in [
            format!("{marker}S"),
            format!("my_{marker}"),
            concat!("mktemp a.XX", "XXXX").to_owned(),
        ] {
            assert_eq!(findings("a.md", &line), Vec::<String>::new(), "{line}");
        }
        assert_eq!(findings("a.md", &format!("({marker}: more)")).len(), 1);
        assert_eq!(
            findings("a.md", &format!("data {EXAMPLE_HOME}/.local/state")),
            Vec::<String>::new()
        );
        assert_eq!(findings("a.rs", concat!("let x = un", "safe_code;")), Vec::<String>::new());
    }

    #[test]
    fn each_form_of_the_keyword_is_found_in_code() {
        for form in UNSAFE {
            assert_eq!(
                findings("crates/x/src/a.rs", form),
                ["crates/x/src/a.rs:1: unsafe code has its few named files"]
            );
            assert_eq!(findings("docs/a.md", form), Vec::<String>::new());
        }
    }

    #[test]
    fn a_silenced_lint_gives_its_reason() {
        let open = "#[expect(";
        for (text, expected) in [
            (format!("{open}clippy::a, reason = \"b\")]"), None),
            (format!("    {open}\n        clippy::a,\n        reason = \"b\"\n    )]"), None),
            (
                format!("{open}clippy::a)]\nfn reason() {{}}"),
                Some("a.rs:1: `#[expect` gives no reason"),
            ),
            ("#![allow(unused)]".to_owned(), Some("a.rs:1: `#![allow` gives no reason")),
        ] {
            assert_eq!(findings("a.rs", &text), expected.into_iter().collect::<Vec<_>>(), "{text}");
        }
    }
}

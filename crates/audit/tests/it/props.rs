//! Fingerprints and hostile bytes.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wardkit_audit::{Facts, Report, Settings, render};

use crate::{audit, clock, tree};

fn prints(text: &str) -> BTreeSet<String> {
    let folder = tree(&[("bot.py", text)]);
    let report = audit(&clock()).of_tree(folder.path()).unwrap();
    let prints: BTreeSet<String> =
        report.findings.iter().map(|one| one.fingerprint.clone()).collect();
    assert_eq!(prints.len(), report.findings.len());
    prints
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lines_around_and_indentation_change_no_fingerprint(
        calls in prop::collection::vec(0_u8..4, 1..8),
        blanks in prop::collection::vec(0_usize..4, 8),
        indent in 1_usize..8,
    ) {
        let (mut plain, mut moved) = (String::new(), String::new());
        for (call, blank) in calls.iter().zip(&blanks) {
            plain += &["  bad(", &call.to_string(), ")\n"].concat();
            moved.push_str(&"# word\n".repeat(*blank));
            moved += &[" ".repeat(indent).as_str(), "bad(", &call.to_string(), ")\n"].concat();
        }
        let first = prints(&format!("def f():\n{plain}"));
        prop_assert_eq!(&first, &prints(&format!("\n\ndef f():\n{moved}")));
        // Another function is another place.
        let elsewhere = prints(&format!("def g():\n{plain}"));
        prop_assert!(first.is_disjoint(&elsewhere));
    }

    #[test]
    fn no_text_breaks_a_reader(text in "\\PC{0,200}") {
        let _ = Settings::parse(&text);
        let _ = Facts::parse(&text);
        let _ = Report::from_json(&text);
        let suppression = format!("bad # audit: allow({text}");
        let folder = tree(&[("bot.py", &suppression)]);
        let report = audit(&clock()).of_tree(folder.path()).unwrap();
        for renders in [render::text, render::github, render::html, render::markdown] {
            let shown = renders(&report);
            let steers = shown.contains(['\u{1b}', '\u{202e}']);
            prop_assert!(!steers);
        }
    }
}

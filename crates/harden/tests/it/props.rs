//! What holds for any input.

use proptest::prelude::*;
use wardkit_harden::{
    Access, Needs, Place, Subject, Trace, Unit, apparmor, exposure, seccomp, selinux,
};

fn path() -> impl Strategy<Value = String> {
    "(/[ -~é]{1,12}){1,4}/?"
}

fn needs() -> impl Strategy<Value = Needs> {
    proptest::collection::vec((path(), any::<[bool; 5]>()), 0..6).prop_map(|files| {
        let mut needs = Needs::default();
        for (path, [read, list, write, execute, map]) in files {
            let mut access = Access::NOTHING;
            (access.read, access.list, access.write, access.execute, access.map) =
                (read, list, write, execute, map);
            needs.use_file(Place::new(&path).unwrap(), access);
        }
        needs
    })
}

/// Reads a rule of AppArmor back: the path without its escapes, and the letters.
fn rule(line: &str) -> Option<(String, String)> {
    let mut letters = line.trim_start().strip_prefix('"')?.chars();
    let mut path = String::new();
    loop {
        match letters.next()? {
            '\\' => path.push(letters.next()?),
            '"' => break,
            // A pattern: all below.
            '*' => path.push('\u{1}'),
            letter => path.push(letter),
        }
    }
    Some((path, letters.as_str().trim().trim_end_matches(',').to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn profiles_of_apparmor_read_back_as_the_needs(needs in needs()) {
        let profile = apparmor(&Subject::new("/subject").unwrap(), &needs);
        let rules: Vec<_> = profile.lines().filter_map(rule).collect();
        for (place, access) in &needs.files {
            let end = if place.is_tree() { "/\u{1}\u{1}" } else { "" };
            let path = format!("{}{end}", place.path().trim_end_matches('/'));
            let is_covered = |wanted: Access| needs.files.iter().any(|(other, has)| {
                other != place && other.is_tree() && other.covers(place) && has.includes(wanted)
            });
            let found = rules.iter().find(|(rule, _)| *rule == path).map(|(_, letters)| letters.clone());
            let letters = found.unwrap_or_default();
            if !is_covered(*access) && place.path() != "/" {
                prop_assert_eq!(letters.contains('w'), access.write, "{} in {}", path, profile);
                prop_assert_eq!(letters.contains("ix"), access.execute, "{} in {}", path, profile);
            }
        }
        // Nothing but rules of the needs, each on a line of its own.
        let paths = profile.lines().filter(|line| line.trim_start().starts_with('"')).count();
        prop_assert!(paths <= 2 * needs.files.len() + 1, "{}", profile);
    }

    #[test]
    fn file_contexts_have_two_words_a_line(needs in needs()) {
        let module = selinux(&Subject::new("/subject").unwrap(), &needs);
        for line in module.file_contexts.lines() {
            prop_assert_eq!(line.split_ascii_whitespace().count(), 2, "{}", line);
        }
        prop_assert!(module.rules.lines().all(|line| !line.contains('"')));
    }

    #[test]
    fn hardening_a_unit_twice_is_hardening_it_once(needs in needs(), lines in proptest::collection::vec("[A-Za-z#;\\[]{1,20}=?[ -~]{0,20}", 0..8)) {
        let text = format!("[Service]\nExecStart=/bin/true\n{}\n", lines.join("\n"));
        let unit = Unit::parse(&text).unwrap();
        let once = unit.hardened(&needs).text;
        let again = Unit::parse(&once).unwrap();
        prop_assert_eq!(&again.hardened(&needs).text, &once);
        prop_assert!(exposure(&again).tenths <= exposure(&unit).tenths);
        let kept: String = once.lines().take(text.lines().count()).collect();
        prop_assert!(once.len() == text.len() || !kept.is_empty());
    }

    #[test]
    fn any_bytes_are_a_trace_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400), lines in "([0-9]{0,3} ?[a-z_]{1,9}\\(([\"<>{}\\[\\]\\\\,a-z0-9/ ]{0,20})\\)? ?= ?[0-9?-]{0,3}\n){0,5}") {
        for text in [bytes.as_slice(), lines.as_bytes()] {
            if let Ok(trace) = Trace::read(text) {
                let subject = Subject::new("/subject").unwrap();
                let is_whole = apparmor(&subject, &trace.needs).ends_with("}\n");
                prop_assert!(is_whole);
                prop_assert!(serde_json::from_str::<serde_json::Value>(&seccomp(&trace.needs)).is_ok());
            }
        }
    }
}

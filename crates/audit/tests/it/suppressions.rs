//! What is not to be told.

use wardkit_audit::{Audit, Baseline, Changes, Report, Settings, SuppressedBy};

use crate::{Words, clock, counted, tree};

fn report(text: &str, settings: &str) -> Report {
    let folder = tree(&[("bot.py", text)]);
    let clock = clock();
    let settings = Settings::parse(settings).unwrap();
    Audit::new(&clock).with_engine(Words).with_settings(settings).of_tree(folder.path()).unwrap()
}

#[test]
fn comments_count_when_they_say_why_and_until_their_day() {
    let check = |text: &str, expected: &[(&str, usize)]| {
        let report = report(text, "");
        assert_eq!(counted(&report).into_iter().collect::<Vec<_>>(), expected, "{text}");
    };
    check("bad", &[("word-bad", 1)]);
    check("bad # audit: allow(word-bad) reason=\"ours\"", &[]);
    check("# audit: allow(word-bad) reason=\"ours\"\nbad\nbad", &[("word-bad", 1)]);
    check("bad # audit: allow(word-bad) reason=\"ours\" until=2023-11-14", &[]);
    check(
        "bad # audit: allow(word-bad) reason=\"ours\" until=2023-11-13",
        &[("suppression-expired", 1), ("word-bad", 1)],
    );
    check("bad # audit: allow(word-bad)", &[("suppression-invalid", 1), ("word-bad", 1)]);
    check("bad # audit: allow(*) reason=\"x\"", &[("suppression-invalid", 1), ("word-bad", 1)]);
    check("good # audit: allow(word-bad) reason=\"x\"", &[("suppression-unused", 1)]);
    // Another engine's checks are not judged by an audit without it.
    check("good # audit: allow(cmd-injection) reason=\"x\"", &[]);
    // The engine is of configurations: bandit's comments are about sources.
    check("bad # nosec", &[("word-bad", 1)]);
}

#[test]
fn settings_allow_by_path_with_a_reason() {
    let allow = |more: &str| format!("[[allow]]\nchecks = [\"word-bad\"]\n{more}");
    let told = |settings: &str| {
        counted(&report("bad", settings)).into_keys().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told(&allow("paths = [\"*.py\"]\nreason = \"ours\"")), Vec::<String>::new());
    assert_eq!(
        told(&allow("paths = [\"*.py\"]\nreason = \"ours\"\nuntil = 2023-11-14")),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&allow("paths = [\"*.py\"]\nreason = \"ours\"\nuntil = \"2023-11-13\"")),
        ["suppression-expired", "word-bad"]
    );
    assert_eq!(
        told(&allow("paths = [\"x/*\"]\nreason = \"ours\"")),
        ["suppression-unused", "word-bad"]
    );
    for bad in [
        allow("paths = [\"*\"]\nreason = \" \""),
        allow("paths = []\nreason = \"x\""),
        allow("paths = [\"[\"]\nreason = \"x\""),
        allow("paths = [\"*\"]\nreason = \"x\"\nuntil = \"2023-02-30\""),
        "[[allow]]\nchecks = [\"*\"]\npaths = [\"*\"]\nreason = \"x\"".to_owned(),
        "unknown = 1".to_owned(),
        "exclude = [\"{\"]".to_owned(),
    ] {
        assert!(Settings::parse(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_baseline_hides_what_was_there_and_only_shrinks() {
    let before = report("def f():\n  bad(1)\n  bad(2)\n", "");
    let baseline = Baseline::of(&before);
    let baseline = Baseline::parse(&baseline.to_json()).unwrap();
    let mut now = report("# new\n\ndef f():\n    bad(2)\n    bad(3)\n", "");
    let diff = baseline.diff(&now);
    assert_eq!((diff.new.len(), diff.gone.len()), (1, 1));
    baseline.apply(&mut now);
    assert_eq!(now.findings.len(), 1);
    assert!(now.findings[0].current.contains("bad(3)"));
    assert_eq!(now.suppressed[0].by, SuppressedBy::Baseline);
    // What was applied is compared all the same.
    assert_eq!(baseline.diff(&now), diff);
    let pruned = baseline.pruned(&now);
    assert_eq!(pruned.diff(&now).gone.len(), 0);
    assert_eq!(pruned.diff(&now).new.len(), 1);
    assert!(
        Baseline::parse("{}").is_err()
            && Baseline::parse("{\"schema_version\":9,\"findings\":{}}").is_err()
    );
}

#[test]
fn only_changed_lines_are_told_when_asked() {
    let now = "bad(1)\nbad(2)\n";
    let folder = tree(&[("bot.py", now), ("new.py", now), ("old.py", now)]);
    let mut changes = Changes::default();
    changes.add_changed("bot.py", "bad(1)\n", now);
    changes.add_unchanged("old.py");
    let clock = clock();
    let audit = Audit::new(&clock).with_engine(Words).only_changes(changes);
    let report = audit.of_tree(folder.path()).unwrap();
    let told: Vec<_> = report.findings.iter().map(|one| one.files[0].shown()).collect();
    assert_eq!(told, ["bot.py:2", "new.py:1", "new.py:2"]);
    assert!(report.suppressed.iter().all(|one| one.by == SuppressedBy::Unchanged));
}

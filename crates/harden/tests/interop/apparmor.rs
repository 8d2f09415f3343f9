//! `apparmor_parser` compiles the profiles; nothing is loaded into the kernel.

use std::fs;

use wardkit_harden::{Needs, Place, Subject, apparmor};

use crate::{all_kinds, assert_ok, run};

#[test]
fn the_parser_takes_profiles_of_every_need() {
    let (subject, needs) = all_kinds();
    let names = ["/srv/bot/bot", "/srv/b o\"t/all{ow,*}", "/srv/profile"];
    let unknown = Needs::default();
    let rows = names.map(|name| (Subject::new(name).unwrap(), &unknown));
    for (subject, needs) in rows.into_iter().chain([(subject, &needs)]) {
        parsed(&apparmor(&subject, needs));
    }
}

#[test]
fn the_parser_reads_each_letter_as_itself() {
    // The parser shows what it made of a path, with its own escapes.
    let rows = [
        ("/q/a*b", r"/q/a\*b"),
        ("/q/a?b", "/q/a?b"),
        ("/q/a{x,y}", "/q/a{x,y}"),
        ("/q/a[x]", r"/q/a\[x\]"),
        ("/q/a\"b", "/q/a\"b"),
        (r"/q/a\b", r"/q/a\b"),
        ("/q/@{HOME}", "/q/@{HOME}"),
        ("/q/a b#c", r"/q/a\ b#c"),
    ];
    for (path, expected) in rows {
        let mut needs = Needs::default();
        needs.use_file(Place::new(path).unwrap(), wardkit_harden::Access::READ);
        let directory = tempfile::tempdir().unwrap();
        let text = apparmor(&Subject::new("/srv/bot").unwrap(), &needs);
        fs::write(directory.path().join("profile"), &text).unwrap();
        let output =
            run(directory.path(), "apparmor_parser", &["-Q", "-K", "-D", "rule-exprs", "profile"]);
        assert_ok(&output, &text);
        let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let rule = shown.lines().find(|line| line.starts_with("rule:") && line.contains("/q/"));
        let rule = rule.unwrap_or_else(|| panic!("{shown}"));
        assert!(rule.contains(&format!("->  {expected} (")), "{path}: {rule}");
    }
}

#[test]
fn the_parser_refuses_what_is_wrong() {
    let (subject, needs) = all_kinds();
    let wrong = apparmor(&subject, &needs).replace(" mrix,", " zzz,");
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("profile"), wrong).unwrap();
    assert!(!run(directory.path(), "apparmor_parser", &["-Q", "-K", "profile"]).status.success());
}

fn parsed(text: &str) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("profile"), text).unwrap();
    assert_ok(&run(directory.path(), "apparmor_parser", &["-Q", "-K", "profile"]), text);
}

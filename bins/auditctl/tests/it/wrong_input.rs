//! Files that the audit is given besides the tree: each that is wrong ends with 2 and one line that names it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::auditctl;

/// A folder with a tree, and with files that are none of what they are taken for.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    fs::create_dir(folder.path().join("bot")).unwrap();
    write("bot/main.py", b"x = 1\n");
    write("cut", b"{\"a\": [1,");
    write("list", b"[]");
    write("deep", "[".repeat(200_000).as_bytes());
    write("binary", b"PK\x03\x04\xff\xfe\0\0");
    write("empty", b"");
    folder
}

#[test]
fn what_is_read_besides_the_tree_is_what_it_should_be() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let bot = place("bot");
    for option in ["--import", "--vex", "--index", "--baseline", "--facts", "--db", "--rules"] {
        for name in ["a\u{1b}[2Jb", "cut", "deep", "binary"] {
            let file = place(name);
            // Facts of a host are read where hosts are judged.
            let args = ["check", &bot, "--profile", "full", "--no-cache", option, &file];
            let ended = auditctl(&args);
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}: {ended:?}");
            let shown = name.replace('\u{1b}', "\\u{1b}");
            assert!(ended.stderr.starts_with("error: "), "{args:?}: {ended:?}");
            assert!(ended.stderr.contains(&shown), "{args:?}: {ended:?}");
            assert!(!ended.stderr.contains('\u{1b}'), "{args:?}: {ended:?}");
            assert!(ended.stderr.lines().count() <= 3, "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn what_advisories_are_taken_from_is_an_export() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    for name in ["missing", "cut", "list", "deep", "binary", "empty", "bot"] {
        let ended = auditctl(&["db", "import", &place(name), "--db", &place("index")]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{name}: {ended:?}");
        assert!(ended.stderr.contains(name), "{name}: {ended:?}");
        assert!(!Path::new(&place("index")).exists(), "{name}");
    }
}

#[test]
fn reports_bills_and_rules_name_what_is_wrong() {
    let folder = folder();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (bot, file, missing) = (place("bot"), place("bot/main.py"), place("missing"));
    let out = place("missing/out");
    for (args, expected) in [
        (&["report", "security", &missing][..], "missing cannot be audited"),
        (&["report", "security", &file], "Not a directory"),
        (&["report", "taxes", &bot], "invalid value 'taxes'"),
        (&["report", "security", &bot, "--format", "oscal"], "OSCAL is a form of `compliance`"),
        (&["report", "security", &bot, "--facts", &missing], "missing: No such file"),
        (&["report", "security", &bot, "-o", &out], "missing/out: No such file"),
        (&["check", &bot, "-o", &out], "missing/out: No such file"),
        (&["sbom", &missing], "missing"),
        (&["sbom", &bot, "--format", "csv"], "invalid value 'csv'"),
        (&["rules", "new", "../up"], "small letters, digits and -"),
        (&["explain", "no-such-check"], "no-such-check"),
        (&["check", &bot, "--secret-rules", &place("cut")], "cut"),
    ] {
        let ended = auditctl(args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?}: {ended:?}");
        assert!(ended.stderr.contains(expected), "{args:?}: {ended:?}");
    }
}

#[test]
fn settings_name_file_key_and_reason() {
    let folder = folder();
    let check = |text: &str, expected: &[&str]| {
        let mut file = fs::File::create(folder.path().join("bot/.auditctl.toml")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let ended = auditctl(&["check", folder.path().join("bot").to_str().unwrap()]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{text}: {ended:?}");
        for part in expected.iter().chain(&[".auditctl.toml"]) {
            assert!(ended.stderr.contains(part), "{text}: {part}: {ended:?}");
        }
    };
    check("exclude = 'x'", &["expected a sequence"]);
    check("exclud = ['x']", &["unknown field `exclud`"]);
    check("exclude = ['[']", &["exclude: "]);
    check("[severity]\nx = 'Grave'", &["unknown variant `Grave`"]);
    check("[[allow]]\nchecks = ['a']\npaths = ['b']\nreason = ''", &["allow[0]: has no reason"]);
    check("\0", &["settings"]);
}

#[test]
fn evidence_is_told_in_full_to_programs_and_in_short_to_people() {
    let folder = folder();
    let bot = folder.path().join("bot").display().to_string();
    let run = |format: &str| auditctl(&["report", "compliance", &bot, "--format", format]).stdout;
    let json: Value = serde_json::from_str(&run("json")).unwrap();
    let controls = json["frameworks"][0]["controls"].as_array().unwrap();
    let longest = controls.iter().map(|one| one["evidence-for"].as_array().unwrap().len()).max();
    assert!(longest.unwrap() > 10, "{longest:?}");
    let text = run("md");
    let widest = text.lines().map(str::len).max().unwrap();
    assert!(widest < 900 && text.contains(" more |"), "{widest}");
    assert!(text.contains("## Overview\n") && !text.to_lowercase().contains("compliant"));
}

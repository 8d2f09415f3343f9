//! The index.

use std::fs;

use serde_json::json;
use wardkit_audit_deps::{AdvisoryKind, Database, Ecosystem, Error, Import};

use crate::{advisory, index};

const UNMAINTAINED: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2026-1\"\npackage = \"left\"\ndate = \"2026-11-21\"\n\
    informational = \"unmaintained\"\n[versions]\npatched = []\n```\n\n# Nobody is left\n";

#[test]
fn what_is_written_is_found_by_any_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let many: Vec<_> = (0..3000)
        .map(|n| advisory(&format!("CVE-{n}"), "PyPI", &format!("Package_{n}"), "2.0"))
        .collect();
    let database = index(folder.path(), &many);
    let has = &database.about().ecosystems["PyPI"];
    assert_eq!((has.packages, has.advisories, has.date.as_str()), (3000, 3000, "2026-11-20"));
    let found = database.look_up(&[
        (Ecosystem::PyPi, "package-2999"),
        (Ecosystem::PyPi, "PACKAGE.7"),
        (Ecosystem::Npm, "package-7"),
        (Ecosystem::PyPi, "absent"),
    ]);
    let found = found.unwrap();
    let ids: Vec<Vec<&str>> =
        found.iter().map(|all| all.iter().map(|one| one.id.as_str()).collect()).collect();
    assert_eq!(ids, [vec!["CVE-2999"], vec!["CVE-7"], vec![], vec![]]);
    assert_eq!(found[0][0].concerns(Ecosystem::PyPi, "1.9"), Some(true));
}

#[test]
fn rustsec_is_read_from_its_checkout_and_tools_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let crates = folder.path().join("crates/left");
    fs::create_dir_all(&crates).unwrap();
    fs::write(crates.join("RUSTSEC-2026-1.md"), UNMAINTAINED).unwrap();
    fs::write(folder.path().join("README.md"), "# Advisories\n").unwrap();
    let tools = folder.path().join("rust/cargo");
    fs::create_dir_all(&tools).unwrap();
    fs::write(tools.join("CVE-1.md"), UNMAINTAINED.replace("left", "cargo")).unwrap();
    let index = folder.path().join("x.index");
    let imported = Import::new().from(folder.path()).unwrap().write(&index).unwrap();
    assert_eq!((imported.packages, imported.advisories), (1, 1));
    let database = Database::open(&index).unwrap();
    let found = database.look_up(&[(Ecosystem::Cargo, "left")]).unwrap();
    assert_eq!(
        (found[0][0].kind, found[0][0].summary.as_str()),
        (AdvisoryKind::Unmaintained, "Nobody is left")
    );
    assert_eq!(database.about().ecosystems[&Ecosystem::Cargo.osv_name()].date, "2026-11-21");
}

#[test]
fn an_import_replaces_its_ecosystems_and_keeps_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let before = index(
        folder.path(),
        &[
            advisory("A", "PyPI", "a", "1"),
            advisory("B", "npm", "b", "1.0.0"),
            advisory("C", "npm", "c", "1.0.0"),
        ],
    );
    let new = folder.path().join("new.json");
    fs::write(&new, advisory("D", "npm", "d", "1.0.0").to_string()).unwrap();
    let path = folder.path().join("osv.index");
    let import = Import::new().of_day("2026-11-22").unwrap().from(&new).unwrap();
    import.keeping(&before).unwrap().write(&path).unwrap();
    let after = Database::open(&path).unwrap();
    let asked = [(Ecosystem::PyPi, "a"), (Ecosystem::Npm, "b"), (Ecosystem::Npm, "d")];
    let counts = |database: &Database| -> Vec<usize> {
        database.look_up(&asked).unwrap().iter().map(Vec::len).collect()
    };
    assert_eq!(counts(&after), [1, 0, 1]);
    let date = |name: &str| after.about().ecosystems[name].date.clone();
    assert_eq!((date("PyPI"), date("npm")), ("2026-11-20".to_owned(), "2026-11-22".to_owned()));
    // Who had opened the old one still reads it.
    assert_eq!(counts(&before), [1, 1, 0]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn two_imports_of_the_same_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..50)
        .map(|n| advisory(&format!("CVE-{n}"), "npm", &format!("p{}", n % 7), "2.0.0"))
        .collect();
    index(folder.path(), &all);
    let first = fs::read(folder.path().join("osv.index")).unwrap();
    let other = tempfile::tempdir().unwrap();
    let reversed: Vec<_> = all.into_iter().rev().collect();
    index(other.path(), &reversed);
    assert_eq!(fs::read(other.path().join("osv.index")).unwrap(), first);
}

#[test]
fn an_index_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    index(folder.path(), &[advisory("A", "PyPI", "a", "1")]);
    let path = folder.path().join("osv.index");
    let whole = fs::read(&path).unwrap();
    let ask = || Database::open(&path)?.look_up(&[(Ecosystem::PyPi, "a")]);
    assert_eq!(ask().unwrap()[0].len(), 1);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        fs::write(&path, &changed).unwrap();
        assert!(matches!(ask(), Err(Error::Index { .. } | Error::Version { .. })), "{at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert!(ask().is_err(), "cut at {at}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(ask(), Err(Error::File { .. })));
}

#[test]
fn what_is_no_advisory_ends_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.json");
    for text in ["{", "[]", "{\"modified\": \"2026-01-01\"}", &json!({"id": 1}).to_string()] {
        fs::write(&file, text).unwrap();
        assert!(matches!(Import::new().from(folder.path()), Err(Error::Advisory { .. })), "{text}");
    }
    fs::write(
        folder.path().join("a.json"),
        "{\"id\": \"A\", \"aliases\": null, \"affected\": null}",
    )
    .unwrap();
    assert!(Import::new().from(folder.path()).is_ok());
    fs::remove_file(&file).unwrap();
    assert!(matches!(Import::new().from(folder.path()), Err(Error::Empty { .. })));
    assert!(matches!(Import::new().from(&file), Err(Error::File { .. })));
    assert!(matches!(Import::new().of_day("2026-13-01"), Err(Error::Day { .. })));
}

//! What `rpm` says, by a program in its place that prints what these tests write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use wardkit_integrity::{
    Actor, Algorithm, Cause, ChangeKind, Claim, Confidence, Error, Inventory, Rpm, Ruling,
    Standing, TrustSource as _,
};

use super::host::{Host, me, told};

const DATABASE: &str = "var/lib/rpm/rpmdb.sqlite";

fn source(root: &Path) -> Rpm {
    Rpm::new(root).with_owners([me()]).with_program(root.join("rpm"))
}

fn host() -> Host {
    let host = Host::new(|root| vec![Box::new(source(root))]);
    let script = format!("#!/bin/sh\nexec /bin/cat {}/var/lib/rpm/printed\n", host.root.display());
    host.write("rpm", &script);
    fs::set_permissions(host.root.join("rpm"), Permissions::from_mode(0o755)).unwrap();
    host
}

fn sha256(content: &str) -> String {
    Algorithm::Sha256.digest(content.as_bytes()).to_string()
}

/// Has the program print a package, and the database look as if it was written.
fn record(host: &Host, version: &str, lines: &[String]) {
    let head = format!("P 'greeting' '{version}' '1' 'noarch' 0 1700000000 {version} 1\n");
    let root = "F 8 0 0  '/usr/lib'\nF 8 64 0  '/usr/lib/cache'\nF 8 0 0  '/usr/lib/link'\n";
    host.write("var/lib/rpm/printed", &format!("{head}{root}{}", lines.concat()));
    host.write(DATABASE, version);
}

fn line(path: &str, content: &str) -> String {
    format!("F 8 0 0 {} '{path}'\n", sha256(content))
}

fn upgraded() -> Host {
    let mut host = host();
    for (path, content) in [("usr/lib/a", "one"), ("usr/lib/b", "one"), ("usr/lib/cache", "x")] {
        host.write(path, content);
    }
    record(&host, "1.2", &[line("/usr/lib/a", "one"), line("/usr/lib/b", "one")]);
    host.begin();
    for (path, content) in [("usr/lib/a", "two"), ("usr/lib/it's", "new")] {
        host.write(path, content);
    }
    fs::remove_file(host.root.join("usr/lib/b")).unwrap();
    symlink("a", host.root.join("usr/lib/link")).unwrap();
    record(&host, "1.3", &[line("/usr/lib/a", "two"), line("/usr/lib/it'\\''s", "new")]);
    host
}

#[test]
fn upgrade_by_rpm_is_one_report_for_the_record() {
    let mut host = upgraded();
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, []);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    assert_eq!(packages[0].to_string(), "greeting 1.2-1.noarch -> 1.3-1.noarch");
    assert_eq!(host.reports(), []);
}

#[test]
fn file_that_rpm_does_not_vouch_for_is_told_by_itself() {
    let mut host = upgraded();
    host.write("usr/lib/a", "evil");
    host.write("usr/lib/cache", "y");
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    let changed = |path: &str, ruling| (path.to_owned(), ChangeKind::Modified, ruling);
    assert_eq!(
        findings,
        [changed("usr/lib/a", Ruling::Differs), changed("usr/lib/cache", Ruling::ContentUnknown)]
    );
    assert_eq!(groups.len(), 1);
}

#[test]
fn system_without_a_database_has_no_packages_and_needs_no_program() {
    let dir = tempfile::tempdir().unwrap();
    let source = Rpm::new(dir.path()).with_program("/nowhere/rpm");
    assert_eq!(source.inventory(&Inventory::default()).unwrap(), Inventory::default());
    fs::create_dir_all(dir.path().join("var/lib/rpm")).unwrap();
    assert_eq!(source.inventory(&Inventory::default()).unwrap(), Inventory::default());
    fs::write(dir.path().join(DATABASE), "").unwrap();
    let error = source.inventory(&Inventory::default()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[test]
fn program_or_database_that_others_may_write_vouches_for_nothing() {
    let host = host();
    record(&host, "1.2", &[]);
    let source = source(&host.root);
    let standing =
        || source.inventory(&Inventory::default()).unwrap().packages["greeting"].standing;
    assert_eq!(standing(), Standing::Guarded);
    fs::set_permissions(host.root.join(DATABASE), Permissions::from_mode(0o666)).unwrap();
    assert_eq!(standing(), Standing::Exposed);
    record(&host, "1.3", &[]);
    fs::set_permissions(host.root.join("rpm"), Permissions::from_mode(0o777)).unwrap();
    let error = source.inventory(&Inventory::default()).unwrap_err();
    assert!(error.to_string().contains("others may write"), "{error}");
}

#[test]
fn names_cannot_pass_for_lines_and_other_output_is_refused() {
    let host = host();
    let source = source(&host.root);
    let inner = format!("/x\nF 8 0 0 {} ", sha256("evil"));
    record(&host, "1.2", &[format!("F 1 0 0 {} '{inner}'\n", "ab".repeat(16))]);
    let packages = source.inventory(&Inventory::default()).unwrap().packages;
    let claims = source.claims("greeting", &packages["greeting"]).unwrap();
    let path = host.root.join(inner.trim_start_matches('/'));
    assert_eq!(claims.get(&path), Some(&Claim::Md5([0xab; 16])));
    // Paths of the other architecture's package, and such as lead out, are not its own.
    let lines = ["F 8 0 4  '/usr/other'\n".to_owned(), "F 8 0 0  '/usr/../../etc'\n".to_owned()];
    record(&host, "1.3", &lines);
    assert_eq!(source.claims("greeting", &packages["greeting"]).unwrap().len(), 4);
    for wrong in ["x\n", "F 8 0 0  'unended\n", "F 8 0\n", "P 'a' 'b'\n", "F 8 no 0  '/x'\n"] {
        record(&host, wrong.trim(), &[wrong.to_owned()]);
        let error = source.inventory(&Inventory::default()).unwrap_err();
        assert!(error.to_string().contains("no list of packages"), "{wrong:?}: {error}");
    }
}

#[test]
fn package_managers_count_only_where_root_runs_them() {
    let source = Rpm::new("/");
    let is_manager = |program: &str, uid| {
        let mut actor = Actor::new(7);
        actor.exe = Some(program.into());
        actor.uid = uid;
        actor.confidence = Confidence::Exact;
        source.is_manager(&actor)
    };
    for program in ["/usr/bin/rpm", "/usr/bin/dnf5 (deleted)", "/usr/libexec/platform-python3.6"] {
        assert!(is_manager(program, Some(0)), "{program}");
        assert!(!is_manager(program, Some(1000)) && !is_manager(program, None), "{program}");
    }
    assert!(!is_manager("/tmp/rpm", Some(0)) && !is_manager("/usr/bin/rpmx", Some(0)));
    assert_eq!(source.draft_of(Path::new("/a/b;5f3a8c21")), Some("/a/b".into()));
    assert_eq!(source.draft_of(Path::new("/a/b;5f3a8c2")), None);
}

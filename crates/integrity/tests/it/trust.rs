//! What package databases vouch for, and what they do not.

mod host;
mod npm;
mod rpm;

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wardkit_core::Severity;
use wardkit_integrity::{
    Actor, Cause, Change, ChangeKind, ChecksumList, Confidence, Dpkg, Error, Inventory, Ledger,
    Package, Pip, Report, Ruling, Standing, TrustSource,
};

use self::host::{Host, me, told};

/// Writes a package's files and its record, as `dpkg` would.
fn install(host: &Host, version: &str, files: &[(&str, &str)]) {
    let (mut list, mut sums) = ("/.\n/usr\n/usr/lib\n".to_owned(), String::new());
    for (path, content) in files {
        host.write(path, content);
        let _ = writeln!(list, "/{path}");
        let _ = writeln!(sums, "{}  {path}", md5(content));
    }
    host.write("var/lib/dpkg/info/greeting.list", &list);
    host.write("var/lib/dpkg/info/greeting.md5sums", &sums);
    status(host, version, "installed");
}

fn status(host: &Host, version: &str, state: &str) {
    let text = format!(
        "Package: greeting\nStatus: install ok {state}\nArchitecture: all\nVersion: {version}\n"
    );
    host.write("var/lib/dpkg/status", &text);
}

/// The digests of what these tests write, from `md5sum`.
fn md5(content: &str) -> &'static str {
    match content {
        "one" => "f97c5d29941bfb1b2fdab0874906ab82",
        "two" => "b8a9f715dbb64fd5c56e7783c6820a61",
        "three" => "35d6d33467aae9a2e3dccb4b6b027878",
        other => panic!("{other}"),
    }
}

fn before() -> Host {
    let mut host = Host::with_dpkg();
    install(&host, "1.2", &[("usr/lib/a", "one"), ("usr/lib/b", "one"), ("usr/lib/gone", "one")]);
    host.begin();
    host
}

fn upgrade(host: &Host) {
    fs::remove_file(host.root.join("usr/lib/gone")).unwrap();
    install(host, "1.3", &[("usr/lib/a", "two"), ("usr/lib/b", "one"), ("usr/lib/new", "three")]);
}

fn actor(programs: &[&str]) -> Actor {
    let mut actor = Actor::new(7);
    actor.uid = Some(0);
    actor.exe = programs.first().map(PathBuf::from);
    actor.ancestors = programs.iter().skip(1).map(PathBuf::from).collect();
    actor.confidence = Confidence::Exact;
    actor
}

#[test]
fn upgrade_is_one_report_for_the_record() {
    let mut host = before();
    upgrade(&host);
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, []);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    assert_eq!(group.severity, Severity::Info);
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
    assert_eq!(packages, ["greeting 1.2 -> 1.3"]);
    // Nothing more is told of it.
    assert_eq!(host.reports(), []);
}

#[test]
fn tampered_file_of_an_upgrade_is_told_by_itself() {
    let mut host = before();
    upgrade(&host);
    host.write("usr/lib/b", "evil");
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, [("usr/lib/b".to_owned(), ChangeKind::Modified, Ruling::Differs)]);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].severity, Severity::Info);
}

#[test]
fn change_without_a_transaction_is_told_and_names_the_package() {
    let mut host = before();
    host.write("usr/lib/a", "evil");
    let Report::Finding(finding) = &host.reports()[0] else { panic!() };
    assert_eq!((finding.severity, finding.ruling), (Severity::Error, Ruling::RecordUnchanged));
    assert_eq!(finding.package.as_ref().map(ToString::to_string).unwrap(), "greeting 1.2");
    assert_eq!(
        host.ledger.package_of(&host.root.join("usr/lib/a")),
        Some(Package {
            source: "dpkg".to_owned(),
            name: "greeting".to_owned(),
            version: "1.2".to_owned()
        })
    );
}

#[test]
fn file_that_is_put_back_without_a_transaction_is_told() {
    let mut host = before();
    // The record agrees, and did not change: somebody else wrote it.
    host.write("usr/lib/a", "one");
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    assert!(findings.contains(&(
        "usr/lib/a".to_owned(),
        ChangeKind::Modified,
        Ruling::RecordUnchanged
    )));
}

#[test]
fn set_user_id_is_told_though_the_content_matches() {
    let mut host = before();
    upgrade(&host);
    for (path, mode) in [("usr/lib/a", 0o4755), ("usr/lib/new", 0o4755)] {
        fs::set_permissions(host.root.join(path), Permissions::from_mode(mode)).unwrap();
    }
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    assert_eq!(
        findings,
        [
            ("usr/lib/a".to_owned(), ChangeKind::Modified, Ruling::BeyondRecord),
            ("usr/lib/new".to_owned(), ChangeKind::Added, Ruling::BeyondRecord)
        ]
    );
}

#[test]
fn writer_who_is_not_the_package_manager_is_told() {
    let mut host = before();
    upgrade(&host);
    host.touch("usr/lib/a", actor(&["/usr/bin/dpkg", "/usr/bin/apt-get"]));
    host.touch("usr/lib/new", actor(&["/usr/bin/dash", "/usr/bin/dpkg (deleted)"]));
    host.touch("usr/lib/gone", actor(&["/usr/bin/python3"]));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, [("usr/lib/gone".to_owned(), ChangeKind::Removed, Ruling::ForeignWriter)]);
    assert_eq!(groups.len(), 1);
}

#[test]
fn package_manager_that_an_ordinary_user_runs_is_a_foreign_writer() {
    let mut host = before();
    upgrade(&host);
    let mut user = actor(&["/usr/bin/dash", "/usr/bin/dpkg"]);
    for uid in [Some(54_321), None] {
        user.uid = uid;
        host.touch("usr/lib/a", user.clone());
    }
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    assert_eq!(findings, [("usr/lib/a".to_owned(), ChangeKind::Modified, Ruling::ForeignWriter)]);
}

#[test]
fn cache_that_an_upgrade_makes_anew_is_told_only_where_it_differs() {
    let mut host = Host::with_dpkg();
    install(&host, "1.2", &[("usr/lib/a", "one")]);
    host.write("etc/cache", "one");
    host.write("etc/other", "one");
    host.begin();
    install(&host, "1.3", &[("usr/lib/a", "two")]);
    host.write("etc/cache", "one");
    host.write("etc/other", "two");
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, [("etc/other".to_owned(), ChangeKind::Modified, Ruling::Unlisted)]);
    assert_eq!(groups.len(), 1);
}

#[test]
fn cache_of_the_linker_is_part_of_an_upgrade_and_of_nothing_else() {
    let cache = "etc/ld.so.cache";
    let changed = |upgrades: bool, writer: &[&str], mode: u32| {
        let mut host = before();
        host.write(cache, "one");
        host.begin();
        if upgrades {
            upgrade(&host);
        }
        host.write(cache, "two");
        fs::set_permissions(host.root.join(cache), Permissions::from_mode(mode)).unwrap();
        if !writer.is_empty() {
            host.touch(cache, actor(writer));
        }
        let reports = host.reports();
        let mut findings = told(&host, &reports).1;
        findings.retain(|(path, ..)| path == cache);
        findings
    };
    let told = |ruling| [(cache.to_owned(), ChangeKind::Modified, ruling)];
    let ldconfig = ["/usr/sbin/ldconfig", "/usr/bin/dpkg"];
    assert_eq!(changed(true, &ldconfig, 0o644), []);
    assert_eq!(changed(true, &[], 0o644), []);
    assert_eq!(changed(true, &["/usr/bin/vim"], 0o644), told(Ruling::ForeignWriter));
    assert_eq!(changed(true, &ldconfig, 0o666), told(Ruling::BeyondRecord));
    assert_eq!(changed(false, &ldconfig, 0o644), told(Ruling::Unlisted));
}

#[test]
fn bytecode_is_part_of_an_upgrade_where_its_writer_is_known() {
    let path = "usr/lib/__pycache__/a.pyc";
    let added = |upgrades: bool, path: &str, writer: &[&str]| {
        let mut host = before();
        if upgrades {
            upgrade(&host);
        }
        host.write(path, "bytes");
        for path in [path, "usr/lib/__pycache__"] {
            if !writer.is_empty() {
                host.touch(path, actor(writer));
            }
        }
        let reports = host.reports();
        told(&host, &reports).1.into_iter().map(|(path, ..)| path).collect::<Vec<_>>()
    };
    let python = ["/usr/bin/python3.11", "/usr/bin/dash", "/usr/bin/dpkg"];
    assert_eq!(added(true, path, &python), Vec::<String>::new());
    assert_eq!(added(true, path, &[]), ["usr/lib/__pycache__", path]);
    assert_eq!(added(true, path, &["/usr/bin/python3.11"]), ["usr/lib/__pycache__", path]);
    assert_eq!(added(false, path, &python), ["usr/lib", "usr/lib/__pycache__", path]);
    let other = "usr/lib/__pycache__/a.so";
    assert_eq!(added(true, other, &python), [other]);
}

#[test]
fn what_no_package_has_is_told() {
    let mut host = before();
    upgrade(&host);
    host.write("usr/lib/stowaway", "two");
    symlink("stowaway", host.root.join("usr/lib/link")).unwrap();
    host.write("var/lib/dpkg/info/other.postinst", "evil");
    host.write("var/lib/dpkg/diversions", "");
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    let paths: Vec<&str> = findings.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "usr/lib/link",
            "usr/lib/stowaway",
            "var/lib/dpkg/diversions",
            "var/lib/dpkg/info/other.postinst"
        ]
    );
    assert!(findings.iter().all(|(.., ruling)| *ruling == Ruling::Unlisted));
}

#[test]
fn link_of_a_package_may_lead_to_what_the_package_has_and_nowhere_else() {
    for (target, expected) in [("a", 0), ("../lib/./a", 0), ("/etc/passwd", 1), ("../../../..", 1)]
    {
        let mut host = before();
        upgrade(&host);
        let list = host.root.join("var/lib/dpkg/info/greeting.list");
        let text = fs::read_to_string(&list).unwrap() + "/usr/lib/link\n";
        host.write("var/lib/dpkg/info/greeting.list", &text);
        symlink(target, host.root.join("usr/lib/link")).unwrap();
        let reports = host.reports();
        let (_, findings) = told(&host, &reports);
        assert_eq!(findings.len(), expected, "{target}: {findings:?}");
    }
}

#[test]
fn transaction_that_goes_on_is_waited_for() {
    let mut host = before();
    // The file is in place, the record is not.
    status(&host, "1.2", "half-installed");
    host.write("usr/lib/a", "two");
    let path = host.root.join("usr/lib/a");
    let change = Change::new(&path, ChangeKind::Modified, Vec::new());
    let entry = host.scan().into_iter().find(|entry| entry.path == path);
    assert_eq!(host.judge(change.clone(), entry.clone()), Ruling::Pending);
    upgrade(&host);
    status(&host, "1.3", "unpacked");
    let entry = host.scan().into_iter().find(|entry| entry.path == path);
    assert_eq!(host.judge(change.clone(), entry.clone()), Ruling::Vouched);
    status(&host, "1.3", "installed");
    assert_eq!(host.judge(change.clone(), entry.clone()), Ruling::Vouched);
    // At rest: what comes now is of no transaction.
    assert_eq!(host.judge(change, entry), Ruling::RecordUnchanged);
}

#[test]
fn upgrade_while_nobody_watched_is_seen_by_the_time_of_its_record() {
    let mut host = before();
    let began = host.scan().iter().map(|entry| entry.ctime).max().unwrap();
    upgrade(&host);
    host.ledger = Ledger::new(
        vec![Box::new(Dpkg::new(&host.root).with_owners([me()]))],
        wardkit_integrity::Algorithm::Blake3,
    )
    .with_owners([me()]);
    host.ledger.begin(Some(began)).unwrap();
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    // The list before is unknown, so what is gone is told.
    let paths: Vec<&str> = findings.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["usr/lib/gone"]);
    let Cause::Packages(packages) = &groups[0].cause else { panic!() };
    assert_eq!(packages[0].to_string(), "greeting ? -> 1.3");
}

#[test]
fn record_that_others_may_write_vouches_for_nothing() {
    let mut host = before();
    upgrade(&host);
    let record = host.root.join("var/lib/dpkg/info/greeting.md5sums");
    fs::set_permissions(&record, Permissions::from_mode(0o666)).unwrap();
    let reports = host.reports();
    let (groups, _) = told(&host, &reports);
    assert!(groups.iter().all(|group| group.severity == Severity::Error), "{groups:?}");
    let inventory = Dpkg::new(&host.root).inventory(&Inventory::default()).unwrap();
    assert_eq!(inventory.packages["greeting"].standing, Standing::Exposed);
}

#[test]
fn merged_directories_and_diversions_are_followed() {
    let host = Host::with_dpkg();
    fs::create_dir_all(host.root.join("usr/lib")).unwrap();
    symlink("usr/lib", host.root.join("lib")).unwrap();
    install(&host, "1.2", &[("lib/a", "one"), ("lib/b", "one")]);
    host.write("var/lib/dpkg/diversions", "/lib/b\n/lib/b.theirs\nother\n");
    let dpkg = Dpkg::new(&host.root);
    let inventory = dpkg.inventory(&Inventory::default()).unwrap();
    let claims = dpkg.claims("greeting", &inventory.packages["greeting"]).unwrap();
    let files: Vec<&Path> = claims
        .iter()
        .filter(|(_, claim)| **claim != wardkit_integrity::Claim::Listed)
        .map(|(path, _)| path.strip_prefix(&host.root).unwrap())
        .collect();
    assert_eq!(files, [Path::new("usr/lib/a"), Path::new("usr/lib/b.theirs")]);
}

#[test]
fn configuration_files_are_vouched_for_by_the_list_of_packages() {
    let host = Host::with_dpkg();
    install(&host, "1.2", &[("usr/lib/a", "one")]);
    let text = "Package: greeting\nStatus: install ok installed\nVersion: 1.2\nConffiles:\n \
                /etc/with blank b8a9f715dbb64fd5c56e7783c6820a61 obsolete\n /etc/new newconffile\n";
    host.write("var/lib/dpkg/status", text);
    let dpkg = Dpkg::new(&host.root);
    let inventory = dpkg.inventory(&Inventory::default()).unwrap();
    let inline = &inventory.packages["greeting"].inline;
    assert_eq!(inline.len(), 1);
    assert_eq!(inline[0].0, host.root.join("etc/with blank"));
}

#[test]
fn updates_that_are_not_merged_yet_count() {
    let host = Host::with_dpkg();
    install(&host, "1.2", &[("usr/lib/a", "one")]);
    let update = "Package: greeting\nStatus: install ok unpacked\nVersion: 1.3\n";
    host.write("var/lib/dpkg/updates/0001", update);
    host.write("var/lib/dpkg/updates/tmp.i", "Package: greeting\nStatus: a b c\nVersion: 9\n");
    let inventory = Dpkg::new(&host.root).inventory(&Inventory::default()).unwrap();
    assert_eq!(inventory.packages["greeting"].version, "1.3");
}

/// A virtual environment with one package.
fn pip(host: &Host, version: &str, module: &str, digest: &str) {
    let site = "venv/lib/python3.13/site-packages";
    let directory = host.root.join(site);
    for other in ["1.2", "1.3"] {
        let _ = fs::remove_dir_all(directory.join(format!("hello-{other}.dist-info")));
    }
    host.write(&format!("{site}/hello.py"), module);
    let record = format!(
        "hello.py,sha256={digest},3\r\n../../../../etc/passwd,sha256={digest},3\n\
         hello-{version}.dist-info/RECORD,,\n\"odd\"\",name\",sha256={digest},3\nhello.pyc,,\n"
    );
    host.write(&format!("{site}/hello-{version}.dist-info/RECORD"), &record);
}

const TWO: &str = "P8TM_nRYcOLA2Z9x8w_wZWyN7dQcwdfT03aw2-aF4vM";

fn site_packages(root: &Path) -> PathBuf {
    root.join("venv/lib/python3.13/site-packages")
}

#[test]
fn python_package_is_vouched_for_where_its_record_is_guarded() {
    let new = |root: &Path| -> Vec<Box<dyn TrustSource>> {
        vec![Box::new(Pip::new(site_packages(root)).with_owners([me()]))]
    };
    let mut host = Host::new(new);
    pip(&host, "1.2", "one", TWO);
    host.begin();
    pip(&host, "1.3", "two", TWO);
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    let paths: Vec<&str> = findings.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!((groups.len(), paths), (1, vec![]));
    let event = groups[0].to_event();
    assert!(event.message.starts_with("hello 1.2 -> 1.3: "), "{}", event.message);
    assert_eq!(event.severity, Severity::Info);

    host.write("venv/lib/python3.13/site-packages/hello.py", "evil");
    let reports = host.reports();
    assert!(reports.iter().all(|report| report.severity() == Severity::Error));
}

#[test]
fn bot_that_owns_its_environment_does_not_vouch_for_itself() {
    let mut host =
        Host::new(|root| vec![Box::new(Pip::new(site_packages(root)).with_owners([me()]))]);
    pip(&host, "1.2", "one", TWO);
    let site = site_packages(&host.root);
    // Whoever may write the directory may replace the record.
    fs::set_permissions(&site, Permissions::from_mode(0o777)).unwrap();
    host.begin();
    pip(&host, "1.3", "two", TWO);
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!((groups.len(), findings.len()), (1, 0), "{findings:?}");
    assert_eq!(groups[0].severity, Severity::Error);
    assert_eq!(groups[0].findings[0].ruling, Ruling::RecordExposed);
}

#[test]
fn record_has_no_say_outside_of_its_environment() {
    let host = Host::with_dpkg();
    pip(&host, "1.2", "two", TWO);
    let pip = Pip::new(site_packages(&host.root));
    let inventory = pip.inventory(&Inventory::default()).unwrap();
    let claims = pip.claims("hello", &inventory.packages["hello"]).unwrap();
    assert!(claims.keys().all(|path| path.starts_with(host.root.join("venv"))), "{claims:?}");
    assert!(claims.contains_key(&site_packages(&host.root).join("odd\",name")));
}

#[test]
fn list_of_checksums_vouches_for_a_deployment() {
    let new = |root: &Path| -> Vec<Box<dyn TrustSource>> {
        let list = ChecksumList::new("bot", root.join("bot.sha256"), root.join("srv"));
        vec![Box::new(list.with_owners([me()]))]
    };
    let mut host = Host::new(new);
    let digest = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3";
    host.write("srv/a", "one");
    host.write("bot.sha256", &format!("{digest}  a\n"));
    host.begin();
    host.write("srv/a", "two");
    host.write("bot.sha256", &format!("{digest} *a\n"));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    // The file, and the directories that it and the list were replaced in.
    let paths: Vec<&Path> = groups[0]
        .findings
        .iter()
        .map(|one| one.change.path.strip_prefix(&host.root).unwrap())
        .collect();
    assert_eq!(paths, ["", "srv", "srv/a"].map(Path::new));
    // The list is no part of the deployment.
    assert_eq!(findings, [("bot.sha256".to_owned(), ChangeKind::Modified, Ruling::Unlisted)]);
    for hostile in ["nothing", &format!("{digest}  ../../etc/passwd"), &format!("{digest}a")] {
        host.write("bot.sha256", hostile);
        let list = ChecksumList::new("bot", host.root.join("bot.sha256"), host.root.join("srv"));
        let result = list.inventory(&Inventory::default());
        assert!(matches!(result, Err(Error::Record { .. })), "{hostile}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_records_neither_panic_nor_leave_their_root(
        status in prop::collection::vec(any::<u8>(), 0..200),
        rest in "[a-z0-9/., \n\"-]{0,80}",
    ) {
        let host = Host::with_dpkg();
        install(&host, "1.2", &[]);
        let path = host.root.join("var/lib/dpkg/status");
        let mut text = fs::read(&path).unwrap();
        text.extend(b"Conffiles:\n /");
        text.extend(&status);
        fs::write(&path, text).unwrap();
        for file in ["info/greeting.list", "info/greeting.md5sums", "diversions"] {
            host.write(&format!("var/lib/dpkg/{file}"), &format!("/{rest}"));
        }
        pip(&host, "1.2", "two", &rest);
        let sources: Vec<Box<dyn TrustSource>> =
            vec![Box::new(Dpkg::new(&host.root)), Box::new(Pip::new(site_packages(&host.root)))];
        for source in sources {
            let inventory = source.inventory(&Inventory::default()).unwrap();
            for (name, package) in &inventory.packages {
                let claims = source.claims(name, package).unwrap();
                prop_assert!(claims.keys().all(|path| path.starts_with(&host.root)));
            }
        }
    }
}

//! What the lockfiles of npm explain, and that they vouch for nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use proptest::prelude::*;
use wardkit_core::Severity;
use wardkit_integrity::{
    Cause, Claim, Error, Inventory, Npm, Report, Ruling, Standing, TrustSource,
};

use super::actor;
use super::host::{Host, told};

const LOCK: &str = "bot/node_modules/.package-lock.json";

fn host() -> Host {
    Host::new(|root| vec![Box::new(Npm::new(root.join("bot")))])
}

fn names(host: &Host) -> Vec<String> {
    let inventory = Npm::new(host.root.join("bot")).inventory(&Inventory::default()).unwrap();
    inventory.packages.into_keys().collect()
}

/// One package as npm 11 writes it to the lockfile.
fn locked(path: &str, version: &str) -> String {
    format!(
        r#""{path}": {{"version": "{version}", "resolved": "file:../a/a-{version}.tgz",
        "integrity": "sha512-2OJVNfFVOZ{version}==", "bin": {{"outer": "index.js"}}}}"#
    )
}

fn lock(packages: &[String]) -> String {
    format!(
        r#"{{"name": "bot", "version": "0.1.0", "lockfileVersion": 3, "requires": true,
        "packages": {{"": {{"name": "bot", "dependencies": {{}}}}, "../c": {{"version": "1.0.0"}},
        "node_modules/c": {{"resolved": "../c", "link": true}}, {}}}}}"#,
        packages.join(",")
    )
}

/// Puts a package in place of an older one, in a directory of its own, as npm does.
fn put(host: &Host, path: &str, version: &str, content: &str) {
    let directory = host.root.join("bot").join(path);
    if directory.exists() {
        // It stays until the new one is there, so that the two cannot share an inode.
        fs::create_dir_all(host.root.join("bot/node_modules/.old")).unwrap();
        let kept = host.root.join("bot/node_modules/.old").join(version.replace('/', "-"));
        fs::rename(&directory, kept).unwrap();
    }
    let manifest = format!(r#"{{"name": "x", "version": "{version}", "bin": "index.js"}}"#);
    host.write(&format!("bot/{path}/package.json"), &manifest);
    host.write(&format!("bot/{path}/lib/index.js"), content);
}

fn install(host: &Host, version: &str, content: &str) {
    put(host, "node_modules/@scope/outer", version, content);
    put(host, "node_modules/@scope/outer/node_modules/inner", "1.0.0", "one");
    let packages = [
        locked("node_modules/@scope/outer", version),
        locked("node_modules/@scope/outer/node_modules/inner", "1.0.0"),
    ];
    host.write(LOCK, &lock(&packages));
    let _ = fs::remove_dir_all(host.root.join("bot/node_modules/.old"));
}

#[test]
fn upgrade_with_npm_is_one_report_and_no_less_severe() {
    let mut host = host();
    install(&host, "2.0.0", "one");
    host.write("bot/node_modules/@scope/outer/gone.js", "one");
    host.begin();
    install(&host, "2.1.0", "two");
    fs::create_dir_all(host.root.join("bot/node_modules/.bin")).unwrap();
    symlink("../@scope/outer/lib/index.js", host.root.join("bot/node_modules/.bin/outer")).unwrap();
    let path = "bot/node_modules/@scope/outer/lib/index.js";
    host.touch(path, actor(&["/usr/bin/node", "/usr/bin/dash"]));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, []);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    let packages: Vec<String> = packages.iter().map(ToString::to_string).collect();
    assert_eq!(packages[0], "@scope/outer 2.0.0 -> 2.1.0");
    assert_eq!(group.severity, Severity::Error);
    let is_exposed = |one: &wardkit_integrity::Finding| {
        (one.ruling, one.severity) == (Ruling::RecordExposed, Severity::Error)
    };
    assert!(group.findings.iter().all(is_exposed), "{group:?}");
    let paths: Vec<&Path> = group
        .findings
        .iter()
        .map(|one| one.change.path.strip_prefix(host.root.join("bot/node_modules")).unwrap())
        .collect();
    for path in [".bin/outer", ".package-lock.json", "@scope/outer/gone.js"] {
        assert!(paths.contains(&Path::new(path)), "{path}: {paths:?}");
    }
    assert!(paths.contains(&Path::new("@scope/outer/lib/index.js")), "{paths:?}");
    // Nothing more is told of it.
    assert_eq!(host.reports(), []);
}

#[test]
fn what_another_program_writes_or_no_upgrade_explains_is_told_by_itself() {
    let mut host = host();
    install(&host, "2.0.0", "one");
    host.begin();
    let path = "bot/node_modules/@scope/outer/lib/index.js";
    host.write(path, "evil");
    let reports = host.reports();
    let found = |report: &Report| match report {
        Report::Finding(one) if one.change.path.ends_with("index.js") => Some(one.ruling),
        _ => None,
    };
    assert_eq!(reports.iter().find_map(found), Some(Ruling::RecordUnchanged));
    install(&host, "2.1.0", "two");
    fs::set_permissions(
        host.root.join("bot/node_modules/@scope/outer/package.json"),
        Permissions::from_mode(0o4755),
    )
    .unwrap();
    host.write("bot/other.js", "two");
    host.touch(path, actor(&["/usr/bin/curl"]));
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    let of = |name: &str| {
        findings.iter().find(|(path, ..)| path.ends_with(name)).map(|(.., ruling)| *ruling)
    };
    assert_eq!(of("outer/lib/index.js"), Some(Ruling::ForeignWriter));
    assert_eq!(of("outer/package.json"), Some(Ruling::BeyondRecord));
    assert_eq!(of("bot/other.js"), Some(Ruling::Unlisted));
}

#[test]
fn upgrade_with_npm_lets_nothing_pass_elsewhere() {
    let mut host = host();
    install(&host, "2.0.0", "one");
    host.write("etc/cache", "one");
    host.begin();
    install(&host, "2.1.0", "two");
    // Written anew with the content of before: a record that nobody else could have written would let it pass.
    host.write("etc/cache", "one");
    host.touch("etc/cache", actor(&["/usr/bin/node"]));
    let reports = host.reports();
    assert!(reports.iter().all(|report| report.severity() == Severity::Error), "{reports:?}");
}

#[test]
fn files_below_a_package_are_its_own_but_for_its_own_packages() {
    let host = host();
    install(&host, "2.0.0", "one");
    symlink("/etc", host.root.join("bot/node_modules/@scope/outer/link")).unwrap();
    host.write("bot/node_modules/@scope/outer/test/node_modules/fixture.js", "one");
    let npm = Npm::new(host.root.join("bot"));
    let inventory = npm.inventory(&Inventory::default()).unwrap();
    let outer = &inventory.packages["@scope/outer"];
    assert_eq!((outer.version.as_str(), outer.standing), ("2.0.0", Standing::Exposed));
    let claims = npm.claims("@scope/outer", outer).unwrap();
    assert!(claims.values().all(|claim| *claim == Claim::Listed));
    let modules = host.root.join("bot/node_modules");
    let names: Vec<&str> =
        claims.keys().map(|path| path.strip_prefix(&modules).unwrap().to_str().unwrap()).collect();
    let expected = [
        "",
        "@scope",
        "@scope/outer",
        "@scope/outer/lib",
        "@scope/outer/lib/index.js",
        "@scope/outer/link",
        "@scope/outer/package.json",
        "@scope/outer/test",
        "@scope/outer/test/node_modules",
        "@scope/outer/test/node_modules/fixture.js",
    ];
    assert_eq!(names, expected);
    assert_eq!(self::names(&host), ["@scope/outer", "@scope/outer/node_modules/inner"]);
}

#[test]
fn package_that_is_not_what_the_lockfile_says_is_not_listed() {
    let host = host();
    for name in ["good", "other", "linked"] {
        put(&host, &format!("node_modules/{name}"), "1.0.0", "one");
    }
    let modules = host.root.join("bot/node_modules");
    fs::rename(modules.join("linked"), host.root.join("linked")).unwrap();
    symlink(host.root.join("linked"), modules.join("linked")).unwrap();
    put(&host, "outside", "1.0.0", "one");
    let packages = [
        locked("node_modules/good", "1.0.0"),
        locked("node_modules/other", "1.0.1"),
        locked("node_modules/linked", "1.0.0"),
        locked("node_modules/missing", "1.0.0"),
        locked("node_modules/../outside", "1.0.0"),
        locked("outside", "1.0.0"),
    ];
    // Without the one that npm keeps with what it installed, the project's own counts.
    host.write("bot/package-lock.json", &lock(&packages));
    assert_eq!(names(&host), ["good"]);
    host.write(LOCK, &lock(&[locked("node_modules/other", "1.0.0")]));
    assert_eq!(names(&host), ["other"]);
    // A pipe in its place neither blocks nor is a manifest.
    let manifest = modules.join("other/package.json");
    fs::remove_file(&manifest).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &manifest, rustix::fs::Mode::from_raw_mode(0o600))
        .unwrap();
    assert_eq!(names(&host), Vec::<String>::new());
}

#[test]
fn lockfile_that_is_none_of_npm_is_refused() {
    let host = host();
    assert_eq!(names(&host), Vec::<String>::new());
    let deep = "[".repeat(100_000);
    let many: Vec<String> =
        (0..=100_000).map(|number| format!(r#""node_modules/{number}":{{}}"#)).collect();
    let many = format!(r#"{{"lockfileVersion":3,"packages":{{{}}}}}"#, many.join(","));
    let large = format!("{}{}", lock(&[locked("node_modules/a", "1")]), " ".repeat(16 << 20));
    let old = r#"{"lockfileVersion": 1, "dependencies": {}}"#;
    let odd = r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": 1}}}"#;
    for hostile in ["", "{}", "nothing", old, odd, &deep, &many, &large] {
        host.write(LOCK, hostile);
        let result = Npm::new(host.root.join("bot")).inventory(&Inventory::default());
        let start = &hostile[..hostile.len().min(60)];
        assert!(matches!(result, Err(Error::Record { .. })), "{start}: {result:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_lockfiles_neither_panic_nor_leave_their_project(
        path in "(node_modules/)?[a-z./\\\\]{0,20}",
        cut in 0_usize..400,
    ) {
        let host = host();
        put(&host, "node_modules/a", "1.0.0", "one");
        let text = lock(&[locked(&path.replace('\\', "\\\\"), "1.0.0"), locked("node_modules/a", "1.0.0")]);
        for text in [&text[..], text.get(..cut).unwrap_or(&text)] {
            host.write(LOCK, text);
            let npm = Npm::new(host.root.join("bot"));
            let Ok(inventory) = npm.inventory(&Inventory::default()) else { continue };
            for (name, package) in &inventory.packages {
                let claims = npm.claims(name, package).unwrap();
                let modules = host.root.join("bot/node_modules");
                prop_assert!(claims.keys().all(|path| path.starts_with(&modules)));
            }
        }
    }
}

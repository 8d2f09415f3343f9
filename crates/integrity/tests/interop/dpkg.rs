//! The monitor against `dpkg`: packages that are built here, in a system of their own.

#[path = "../it/trust/host.rs"]
#[expect(dead_code, reason = "shared with tests that do more")]
pub(crate) mod host;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wardkit_core::Severity;
use wardkit_integrity::{Cause, ChangeKind, Ruling};

use self::host::{Host, told};

/// Builds packages of one name, and installs them into a system of their own.
struct Builder {
    dir: TempDir,
}

impl Builder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Builds a version with this library, as packages have them: a link, the file it leads to, a configuration file,
    /// and a file that only this version has.
    fn build(&self, version: &str) -> PathBuf {
        let tree = self.dir.path().join(version);
        let write = |path: &str, content: &str| {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        write(&format!("usr/lib/libgreeting.so.{version}"), version);
        symlink(format!("libgreeting.so.{version}"), tree.join("usr/lib/libgreeting.so")).unwrap();
        write("usr/bin/greeting", &format!("greeting {version}"));
        fs::set_permissions(tree.join("usr/bin/greeting"), Permissions::from_mode(0o755)).unwrap();
        write(&format!("usr/share/greeting/{version}/text"), "hello");
        write("usr/share/greeting/same", "same");
        write("etc/greeting.conf", &format!("version = {version}\n"));
        let sums = "cd \"$0\" && find usr -type f -exec md5sum {} + > DEBIAN/md5sums";
        fs::create_dir(tree.join("DEBIAN")).unwrap();
        write(
            "DEBIAN/control",
            &format!(
                "Package: greeting\nVersion: {version}\nArchitecture: all\n\
                 Maintainer: Nobody <nobody@example.com>\nDescription: greets\n"
            ),
        );
        write("DEBIAN/conffiles", "/etc/greeting.conf\n");
        run(Command::new("sh").arg("-c").arg(sums).arg(&tree));
        let package = self.dir.path().join(format!("greeting_{version}_all.deb"));
        run(Command::new("dpkg-deb")
            .args(["--root-owner-group", "--build"])
            .arg(&tree)
            .arg(&package));
        package
    }

    fn dpkg(&self, host: &Host, action: &str, what: &Path) {
        let log = self.dir.path().join("log");
        run(Command::new("dpkg")
            .arg(format!("--root={}", host.root.display()))
            .arg(format!("--log={}", log.display()))
            .args(["--force-not-root", "--force-bad-path", "--force-confnew", action])
            .arg(what));
    }
}

fn run(command: &mut Command) {
    let output = command.env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn installed() -> (Builder, Host) {
    let builder = Builder::new();
    let mut host = Host::with_dpkg();
    // What a system has, and no package of this one.
    for path in ["etc", "usr/bin", "usr/lib", "usr/share"] {
        fs::create_dir_all(host.root.join(path)).unwrap();
    }
    builder.dpkg(&host, "--install", &builder.build("1.2"));
    host.begin();
    (builder, host)
}

#[test]
fn upgrade_between_two_versions_is_one_finding_for_the_record() {
    let (builder, mut host) = installed();
    builder.dpkg(&host, "--install", &builder.build("1.3"));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, []);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    assert_eq!(packages.len(), 1);
    assert_eq!(
        (packages[0].to_string().as_str(), group.severity),
        ("greeting 1.2 -> 1.3", Severity::Info)
    );
    let has = |path: &str, kind| {
        let path = host.root.join(path);
        group.findings.iter().any(|one| one.change.path == path && one.change.kind == kind)
    };
    assert!(has("usr/bin/greeting", ChangeKind::Modified));
    assert!(has("usr/lib/libgreeting.so.1.3", ChangeKind::Added));
    assert!(has("usr/lib/libgreeting.so.1.2", ChangeKind::Removed));
    assert!(has("usr/lib/libgreeting.so", ChangeKind::Modified));
    assert!(has("etc/greeting.conf", ChangeKind::Modified));
    assert_eq!(host.reports(), []);
}

#[test]
fn reinstallation_with_one_tampered_file_is_one_high_finding_beside_the_group() {
    let (builder, mut host) = installed();
    let package = builder.dir.path().join("greeting_1.2_all.deb");
    builder.dpkg(&host, "--install", &package);
    fs::write(host.root.join("usr/bin/greeting"), "evil").unwrap();
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, [("usr/bin/greeting".to_owned(), ChangeKind::Modified, Ruling::Differs)]);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    assert_eq!(group.severity, Severity::Info);
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    assert_eq!(packages[0].to_string(), "greeting 1.2 again");
}

#[test]
fn change_without_dpkg_is_a_high_finding() {
    let (_builder, mut host) = installed();
    fs::write(host.root.join("usr/bin/greeting"), "evil").unwrap();
    let reports = host.reports();
    let (_, findings) = told(&host, &reports);
    assert_eq!(
        findings,
        [("usr/bin/greeting".to_owned(), ChangeKind::Modified, Ruling::RecordUnchanged)]
    );
    assert_eq!(reports[0].severity(), Severity::Error);
}

#[test]
fn set_user_id_in_an_upgrade_is_a_high_finding_though_the_content_matches() {
    let (builder, mut host) = installed();
    builder.dpkg(&host, "--install", &builder.build("1.3"));
    let path = host.root.join("usr/bin/greeting");
    fs::set_permissions(path, Permissions::from_mode(0o4755)).unwrap();
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(
        findings,
        [("usr/bin/greeting".to_owned(), ChangeKind::Modified, Ruling::BeyondRecord)]
    );
    assert_eq!(groups.len(), 1);
}

#[test]
fn removal_is_one_report() {
    let (builder, mut host) = installed();
    builder.dpkg(&host, "--purge", Path::new("greeting"));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!(findings, []);
    assert_eq!(groups.len(), 1);
    let event = groups[0].to_event();
    assert_eq!(event.severity, Severity::Notice);
    assert!(event.message.starts_with("greeting 1.2 removed: "), "{}", event.message);
}

#[test]
fn files_of_this_system_are_what_its_records_say() {
    use wardkit_integrity::{Claim, Dpkg, Inventory, TrustSource as _};
    let dpkg = Dpkg::new("/");
    let inventory = dpkg.inventory(&Inventory::default()).unwrap();
    let names =
        Command::new("dpkg-query").args(["-f", "${db:Status-Status}\n", "-W"]).output().unwrap();
    let expected = String::from_utf8(names.stdout).unwrap();
    let expected = expected.lines().filter(|state| *state == "installed").count();
    let complete = inventory
        .packages
        .values()
        .filter(|package| package.phase == wardkit_integrity::Phase::Complete)
        .count();
    assert_eq!(complete, expected);
    // A package that every such system has, by the program that has the last word.
    let claims = dpkg.claims("dpkg", &inventory.packages["dpkg"]).unwrap();
    let digests = |claim: &Claim| matches!(claim, Claim::Md5(_));
    assert!(claims.values().filter(|claim| digests(claim)).count() > 100);
    for (path, claim) in claims.iter().filter(|(path, _)| path.starts_with("/usr/bin")) {
        let Claim::Md5(expected) = claim else { continue };
        let output = Command::new("md5sum").arg(path).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let pairs = expected.iter().zip(printed.as_bytes().chunks_exact(2));
        for (byte, pair) in pairs {
            assert_eq!(format!("{byte:02x}").as_bytes(), pair, "{}", path.display());
        }
    }
}

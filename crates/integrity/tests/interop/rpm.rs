//! The monitor against `rpm`: packages that are built here, in a system of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wardkit_integrity::{Cause, ChangeKind, Claim, Inventory, Rpm, Ruling, TrustSource as _};

use super::dpkg::host::{Host, me, told};

const SPEC: &str = "Name: greeting\nRelease: 1\nSummary: greets\nLicense: none\n\
    BuildArch: noarch\n%description\ngreets\n%install\nmkdir -p %{buildroot}/usr/lib/greeting\n\
    cd %{buildroot}/usr/lib/greeting\necho %{version} > text\necho same > \"it's the same\"\n\
    echo x > of-%{version}\nln -s text link\ntouch ghost\n\
    %files\n%ghost /usr/lib/greeting/ghost\n/usr/lib/greeting\n";

fn build(dir: &Path, version: &str) -> PathBuf {
    let spec = dir.join(format!("{version}.spec"));
    fs::write(&spec, format!("Version: {version}\n{SPEC}")).unwrap();
    let top = format!("_topdir {}", dir.display());
    run(Command::new("rpmbuild").args(["-bb", "--define", &top]).arg(spec));
    dir.join(format!("RPMS/noarch/greeting-{version}-1.noarch.rpm"))
}

fn rpm(host: &Host, action: &str, what: &Path) {
    let mut command = Command::new("rpm");
    command.arg("--root").arg(&host.root).args(["--dbpath", "/var/lib/rpm"]);
    // Debian's own option: its systems have another package manager.
    run(command.args(["--force-debian", "--nodeps", action]).arg(what));
}

fn run(command: &mut Command) {
    let output = command.env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn installed() -> (TempDir, Host) {
    let dir = tempfile::tempdir().unwrap();
    let mut host = Host::new(|root| vec![Box::new(Rpm::new(root).with_owners([me()]))]);
    fs::create_dir_all(host.root.join("usr/lib")).unwrap();
    rpm(&host, "-i", &build(dir.path(), "1.2"));
    host.begin();
    (dir, host)
}

#[test]
fn upgrade_by_rpm_is_one_finding_for_the_record_and_a_tampered_file_another() {
    let (dir, mut host) = installed();
    rpm(&host, "-U", &build(dir.path(), "1.3"));
    fs::write(host.root.join("usr/lib/greeting/it's the same"), "evil").unwrap();
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    let tampered = "usr/lib/greeting/it's the same".to_owned();
    assert_eq!(findings, [(tampered, ChangeKind::Modified, Ruling::Differs)]);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    let Cause::Packages(packages) = &group.cause else { panic!("{group:?}") };
    assert_eq!(packages[0].to_string(), "greeting 1.2-1.noarch -> 1.3-1.noarch");
    let has = |name: &str, kind| {
        let path = host.root.join("usr/lib/greeting").join(name);
        group.findings.iter().any(|one| one.change.path == path && one.change.kind == kind)
    };
    assert!(has("text", ChangeKind::Modified));
    assert!(has("of-1.2", ChangeKind::Removed) && has("of-1.3", ChangeKind::Added));
    assert_eq!(host.reports(), []);
}

#[test]
fn claims_are_what_rpm_recorded() {
    let (_dir, host) = installed();
    let source = Rpm::new(&host.root).with_owners([me()]);
    let packages = source.inventory(&Inventory::default()).unwrap().packages;
    assert_eq!(packages.keys().collect::<Vec<_>>(), ["greeting"]);
    let claims = source.claims("greeting", &packages["greeting"]).unwrap();
    let of = |name: &str| claims[&host.root.join("usr/lib/greeting").join(name)];
    let digest = |text: &str| wardkit_integrity::Algorithm::Sha256.digest(text.as_bytes());
    assert_eq!(of("text"), Claim::Sha256(digest("1.2\n")));
    assert_eq!(of("it's the same"), Claim::Sha256(digest("same\n")));
    assert_eq!((of("link"), of("ghost"), of("")), (Claim::Listed, Claim::Listed, Claim::Listed));
}

#[test]
fn removal_by_rpm_is_one_report() {
    let (_dir, mut host) = installed();
    rpm(&host, "-e", Path::new("greeting"));
    let reports = host.reports();
    let (groups, findings) = told(&host, &reports);
    assert_eq!((findings, groups.len()), (vec![], 1));
}

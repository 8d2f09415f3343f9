//! agentd beside `dpkg` and `apt-get`, on this very system: installs a package of its own name, and removes it again.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wardkit_auditlog::{Entry, Query};

use crate::support::{Daemon, dir, until_some};

/// What is installed, and removed in the end.
struct Package {
    dir: TempDir,
}

const NAME: &str = "wardkit-greeting";

impl Package {
    /// Builds a version that has what upgrades trip over: a library that `ldconfig` caches, a configuration file, and a
    /// script that writes.
    fn build(&self, version: &str) -> PathBuf {
        let tree = self.dir.path().join(version);
        let write = |path: &str, content: &str, mode: u32| {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let lib = format!("usr/lib/{NAME}");
        write(&format!("usr/bin/{NAME}"), &format!("#!/bin/sh\necho {version}\n"), 0o755);
        write(&format!("{lib}/{version}/data"), version, 0o644);
        symlink(format!("{version}/data"), tree.join(&lib).join("data")).unwrap();
        write(&format!("etc/{NAME}.conf"), &format!("version = {version}\n"), 0o644);
        write(&format!("etc/ld.so.conf.d/{NAME}.conf"), &format!("/{lib}/{version}\n"), 0o644);
        let library = fs::read_dir("/usr/lib/x86_64-linux-gnu")
            .or_else(|_| fs::read_dir("/usr/lib/aarch64-linux-gnu"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.file_name().is_some_and(|name| name == "libutil.so.1"))
            .unwrap();
        fs::copy(library, tree.join(&lib).join(version).join("libutil.so.1")).unwrap();
        fs::create_dir(tree.join("DEBIAN")).unwrap();
        write(
            "DEBIAN/control",
            &format!(
                "Package: {NAME}\nVersion: {version}\nArchitecture: all\n\
                 Maintainer: Nobody <nobody@example.com>\nDescription: greets\n"
            ),
            0o644,
        );
        let conffiles = format!("/etc/{NAME}.conf\n/etc/ld.so.conf.d/{NAME}.conf\n");
        write("DEBIAN/conffiles", &conffiles, 0o644);
        write("DEBIAN/postinst", "#!/bin/sh\nset -e\nldconfig\n", 0o755);
        run(
            "sh",
            &[
                "-c",
                "cd \"$0\" && find usr -type f -exec md5sum {} + > DEBIAN/md5sums",
                text(&tree),
            ],
        );
        let package = self.dir.path().join(format!("{NAME}_{version}_all.deb"));
        run("dpkg-deb", &["--root-owner-group", "--build", text(&tree), text(&package)]);
        package
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // It may not have come to be installed.
        let _ = Command::new("dpkg").args(["--purge", NAME]).output();
        let _ = Command::new("ldconfig").output();
    }
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// agentd over what the package touches.
struct Watched {
    dir: TempDir,
    marks: std::cell::Cell<usize>,
}

impl Watched {
    fn new() -> Self {
        let dir = dir();
        fs::create_dir(dir.path().join("marks")).unwrap();
        let marks = dir.path().join("marks");
        let lib = format!("/usr/lib/{NAME}");
        let roots = ["/etc", "/usr/bin", &lib, "/var/cache/ldconfig", text(&marks)];
        fs::write(dir.path().join("agentd.toml"), format!("[integrity]\nroots = {roots:?}\n"))
            .unwrap();
        Self { dir, marks: std::cell::Cell::new(0) }
    }

    /// Starts agentd, and returns what it tells after its first look at everything.
    fn start(&self) -> (Daemon, Vec<Entry>) {
        let config = self.dir.path().join("agentd.toml");
        let daemon = Daemon::start(&self.dir.path().join("data"), &["--config", text(&config)]);
        until_some(|| {
            self.entries().iter().any(|entry| entry.kind == "integrity.watch.started").then_some(())
        });
        let told = self.told();
        (daemon, told)
    }

    fn entries(&self) -> Vec<Entry> {
        let read = Query::new().read(self.dir.path().join("data/trail")).unwrap();
        // The last line may be half written.
        read.map_while(Result::ok).map(|record| record.entry).collect()
    }

    /// Returns what was told since the last call: what precedes a second file that is made once the first is told, for
    /// the first may share its window.
    fn told(&self) -> Vec<Entry> {
        let before = self.marks.get();
        self.mark();
        let entries = self.mark();
        let is_mark = |entry: &Entry| entry.subject == self.path(before);
        let since = entries.iter().position(is_mark).map_or(0, |at| at + 1);
        let is_news = |entry: &&Entry| {
            let kinds = ["integrity.file.", "integrity.package.", "integrity.burst."];
            let is_told = kinds.iter().any(|kind| entry.kind.starts_with(kind));
            is_told && !entry.subject.contains("/marks")
        };
        entries.iter().skip(since).filter(is_news).cloned().collect()
    }

    /// Makes a file, and waits until it is told.
    fn mark(&self) -> Vec<Entry> {
        self.marks.set(self.marks.get() + 1);
        let mark = self.path(self.marks.get());
        fs::write(&mark, "").unwrap();
        until_some(|| {
            let entries = self.entries();
            entries.iter().any(|entry| entry.subject == mark).then_some(entries)
        })
    }

    fn path(&self, mark: usize) -> String {
        format!("{}/marks/mark-{mark}", text(self.dir.path()))
    }
}

/// Returns the words of the only entry that tells of packages, and the paths of the others.
fn package_and_paths(told: &[Entry]) -> (String, Vec<&str>) {
    let (packages, files): (Vec<&Entry>, Vec<&Entry>) =
        told.iter().partition(|entry| entry.kind == "integrity.package.changed");
    let [package] = packages[..] else { panic!("{told:#?}") };
    assert_eq!(package.detail["severity"], "info", "{package:#?}");
    (package.subject.clone(), files.iter().map(|entry| entry.subject.as_str()).collect())
}

#[test]
fn upgrade_of_this_system_is_one_finding_and_what_it_does_not_explain_is_another() {
    let package = Package { dir: dir() };
    let (old, new) = (package.build("1.2"), package.build("1.3"));
    run("dpkg", &["--install", text(&old)]);
    let watched = Watched::new();
    let (daemon, told) = watched.start();
    assert_eq!(told, []);

    run("dpkg", &["--force-confnew", "--install", text(&new)]);
    let told = watched.told();
    assert_eq!(package_and_paths(&told), (format!("{NAME} 1.2 -> 1.3"), vec![]), "{told:#?}");

    run("apt-get", &["install", "--reinstall", "--yes", "--quiet", text(&new)]);
    let told = watched.told();
    assert_eq!(package_and_paths(&told), (format!("{NAME} 1.3 again"), vec![]), "{told:#?}");

    run("dpkg", &["--force-confnew", "--install", text(&new)]);
    let program = format!("/usr/bin/{NAME}");
    fs::write(&program, "#!/bin/sh\necho evil\n").unwrap();
    let told = watched.told();
    let (subject, paths) = package_and_paths(&told);
    assert_eq!(
        (subject, paths),
        (format!("{NAME} 1.3 again"), vec![program.as_str()]),
        "{told:#?}"
    );
    let high = told.iter().find(|entry| entry.subject == program).unwrap();
    assert_eq!(high.detail["severity"], "error", "{high:#?}");

    // While agentd is away, it goes by the times of the records: it knows neither from which version, nor what that had.
    drop(daemon);
    run("dpkg", &["--force-confnew", "--install", text(&new)]);
    let (_daemon, told) = watched.start();
    let (subject, paths) = package_and_paths(&told);
    assert_eq!(subject, format!("{NAME} ? -> 1.3"), "{told:#?}");
    let gone = format!("/usr/lib/{NAME}/1.2");
    assert!(paths.iter().all(|path| path.starts_with(&gone)), "{told:#?}");
}

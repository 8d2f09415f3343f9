//! Baselines on a disk without room.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// A host with a tree, and a small disk.
struct Host {
    dir: tempfile::TempDir,
    /// Where the data directory is.
    data: PathBuf,
}

impl Host {
    fn new(data: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let small = dir.path().join("small");
        fs::create_dir(&small).unwrap();
        mount("tmpfs", &small, "tmpfs", MountFlags::empty(), c"size=1m,mode=0700").unwrap();
        fs::create_dir(dir.path().join("tree")).unwrap();
        let data = dir.path().join(data);
        let host = Self { dir, data };
        host.write("one");
        host
    }

    fn write(&self, text: &str) {
        for number in 0..1_000 {
            fs::write(self.dir.path().join(format!("tree/file-{number}")), text).unwrap();
        }
    }

    fn small(&self) -> PathBuf {
        self.dir.path().join("small")
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_auditctl"))
            .args(args)
            .env_clear()
            .env("WARDKIT_DATA_DIR", &self.data)
            .output()
            .unwrap()
    }

    fn integrity(&self, args: &[&str]) -> Option<i32> {
        let baseline = self.small().join("baseline");
        let store = ["--baseline", baseline.to_str().unwrap()];
        self.run(&[&["integrity"], args, &store].concat()).status.code()
    }

    fn init(&self) -> Option<i32> {
        let tree = self.dir.path().join("tree");
        self.integrity(&["init", "--root", tree.to_str().unwrap()])
    }

    /// Leaves so little room.
    fn fill(&self, room: usize) {
        let path = self.small().join("ballast");
        let mut ballast = File::create(&path).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(room as u64)).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.small().join("ballast")).unwrap();
    }

    fn assert_trail(&self, withdrawn: usize) {
        assert_eq!(self.run(&["trail", "verify"]).status.code(), Some(0));
        let query = self.run(&["trail", "query", "--kind", "integrity.baseline.withdrawn"]);
        assert_eq!(String::from_utf8(query.stdout).unwrap().lines().count(), withdrawn);
    }

    fn notes(&self) -> usize {
        let Ok(files) = fs::read_dir(self.small().join("baseline")) else { return 0 };
        let is_note = |path: &Path| path.extension().is_some_and(|end| end == "note");
        files.filter(|file| is_note(&file.as_ref().unwrap().path())).count()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = unmount(self.small(), UnmountFlags::DETACH);
    }
}

#[test]
fn a_baseline_that_finds_no_room_leaves_the_one_before() {
    let host = Host::new("data");
    for room in [0, 8 << 10, 32 << 10] {
        host.fill(room);
        assert_eq!((host.init(), host.notes()), (Some(2), 0), "{room}");
        assert_eq!(host.integrity(&["verify"]), Some(2), "{room}");
        host.empty();
    }
    assert_eq!(host.init(), Some(0));
    host.write("two");
    for room in [0, 8 << 10, 32 << 10] {
        host.fill(room);
        assert_eq!(host.integrity(&["update", "--accept", "all"]), Some(2), "{room}");
        assert_eq!((host.integrity(&["verify"]), host.notes()), (Some(1), 1), "{room}");
        host.empty();
    }
    assert_eq!(host.integrity(&["update", "--accept", "all"]), Some(0));
    assert_eq!(host.integrity(&["verify"]), Some(0));
    // With no room at all the first attempt comes not so far as to propose one.
    let query = host.run(&["trail", "query", "--kind", "integrity.baseline.proposed"]);
    let proposed = String::from_utf8(query.stdout).unwrap().lines().count();
    host.assert_trail(proposed - 2);
}

#[test]
fn what_finds_no_room_on_the_trail_is_not_accepted() {
    let host = Host::new("small/data");
    assert_eq!(host.init(), Some(0));
    host.write("two");
    for room in [0, 8 << 10, 64 << 10] {
        host.fill(room);
        assert_eq!(host.integrity(&["update", "--accept", "all"]), Some(2), "{room}");
        assert_eq!((host.integrity(&["verify"]), host.notes()), (Some(1), 1), "{room}");
        host.empty();
        assert_eq!(host.run(&["trail", "verify"]).status.code(), Some(0), "{room}");
    }
}

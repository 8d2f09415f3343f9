//! Random trees with everything that a file system may hold, and random changes to them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};

use super::chance::Chance;

/// A tree on the disk that changes by chance.
pub(super) struct Growing {
    root: PathBuf,
    chance: Chance,
}

impl Growing {
    /// Makes a tree in a folder that is not there yet, with so many files that are longer than any chunk.
    pub(super) fn new(root: &Path, chance: Chance, large: usize) -> Self {
        fs::create_dir_all(root).unwrap();
        let mut growing = Self { root: root.to_owned(), chance };
        for number in 0..large {
            let bytes = growing.chance.bytes((8 << 20) + 70_001);
            fs::write(root.join(format!("large{number}")), bytes).unwrap();
        }
        for _ in 0..45 {
            growing.add();
        }
        growing.dress_all();
        growing
    }

    /// Changes some of what is there, adds and removes.
    pub(super) fn edit(&mut self) {
        for _ in 0..12 {
            match self.chance.below(10) {
                0..3 => self.add(),
                3..6 => self.change_a_file(),
                6 => self.remove(),
                7 => self.rename(),
                _ => {
                    if let Some(path) = self.any(|_| true) {
                        self.dress(&path);
                    }
                }
            }
        }
    }

    fn add(&mut self) {
        let path = self.free_path();
        match self.chance.below(20) {
            0..5 => fs::create_dir(&path).unwrap(),
            5..7 => {
                let target = *self.chance.one_of(&TARGETS);
                symlink(OsStr::from_bytes(target), &path).unwrap();
            }
            7 => make_node(&path, FileType::Fifo, 0),
            8 if is_root() => {
                let kind = *self.chance.one_of(&[FileType::CharacterDevice, FileType::BlockDevice]);
                make_node(&path, kind, rustix::fs::makedev(7, 300));
            }
            8 | 9 => match self.any(Path::is_file) {
                Some(file) => fs::hard_link(file, &path).unwrap(),
                None => fs::write(&path, "").unwrap(),
            },
            10 => self.write_sparse(&path),
            _ => self.write(&path),
        }
    }

    fn write(&mut self, path: &Path) {
        let length = match self.chance.below(12) {
            0..2 => 0,
            2 => 600_000,
            3..5 => 30_000 + self.chance.below(90_000),
            _ => 1 + self.chance.below(3_000),
        };
        let bytes = if self.chance.percent(50) {
            self.chance.bytes(length)
        } else {
            let word = self.chance.bytes(1 + length / 20);
            word.into_iter().cycle().take(length).collect()
        };
        fs::write(path, bytes).unwrap();
    }

    fn write_sparse(&mut self, path: &Path) {
        let file = File::create(path).unwrap();
        file.set_len((2 << 20) + self.chance.next() % 50_000).unwrap();
        for _ in 0..self.chance.below(3) {
            file.write_all_at(b"in a hole", self.chance.next() % (2 << 20)).unwrap();
        }
    }

    fn change_a_file(&mut self) {
        let Some(path) = self.any(Path::is_file) else { return };
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        match self.chance.below(4) {
            0 => file.write_all_at(b"appended", length).unwrap(),
            1 => file.write_all_at(b"in the middle", length / 2).unwrap(),
            2 => file.set_len(length / 3).unwrap(),
            _ => {
                drop(file);
                fs::remove_file(&path).unwrap();
                symlink("what was a file", &path).unwrap();
            }
        }
    }

    fn remove(&mut self) {
        let Some(path) = self.any(|_| true) else { return };
        let is_dir = fs::symlink_metadata(&path).unwrap().is_dir();
        if is_dir { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn rename(&mut self) {
        let Some(path) = self.any(|_| true) else { return };
        let new = self.free_path();
        if !new.starts_with(&path) {
            fs::rename(path, new).unwrap();
        }
    }

    /// Gives the half of all paths attributes of their own. The deepest come first: nothing changes a time any more.
    fn dress_all(&mut self) {
        for path in paths(&self.root) {
            if self.chance.percent(50) {
                self.dress(&path);
            }
        }
    }

    fn dress(&mut self, path: &Path) {
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        if is_root() && self.chance.percent(40) {
            let id =
                |chance: &mut Chance| Some(*chance.one_of(&[0, 1, 1234, 65_534, 4_000_000_000]));
            lchown(path, id(&mut self.chance), id(&mut self.chance)).unwrap();
        }
        if kind.is_file() || kind.is_dir() {
            self.set_attributes(path, kind.is_dir());
        }
        if !kind.is_symlink() {
            // Whoever is not root can still read it.
            let least = if kind.is_dir() { 0o700 } else { 0o400 };
            let mode = u32::try_from(self.chance.below(0o10_000)).unwrap() | least;
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        if self.chance.percent(60) {
            let time = Timespec {
                tv_sec: *self.chance.one_of(&[-2_000_000_000, -86_401, -1, 0, 1, 7_258_118_400]),
                tv_nsec: *self.chance.one_of(&[0, 1, 123_456_789, 999_999_999]),
            };
            let times = Timestamps { last_access: time, last_modification: time };
            rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        }
    }

    fn set_attributes(&mut self, path: &Path, is_dir: bool) {
        if self.chance.percent(30) {
            let value: &[u8] =
                self.chance.one_of::<&[u8]>(&[b"", b"text", b"\0\xff<&>\"", &[7; 900]]);
            let name = *self.chance.one_of(&["user.a", "user.some long name \u{e9}"]);
            rustix::fs::setxattr(path, name, value, XattrFlags::empty()).unwrap();
        }
        if self.chance.percent(20) {
            let mut command = Command::new("setfacl");
            if is_dir && self.chance.percent(50) {
                command.arg("-d");
            }
            let rule = *self.chance.one_of(&["u:1234:r", "g:77:rwx,m::rw", "u:65534:-,g:1:x"]);
            let set = command.args(["-m", rule, "--"]).arg(path).status().unwrap();
            assert!(set.success(), "setfacl is needed, and a file system with lists of access");
        }
    }

    fn free_path(&mut self) -> PathBuf {
        loop {
            // Half of all is in the root: trees are not too deep.
            let parent = if self.chance.percent(50) { None } else { self.any(Path::is_dir) };
            let parent = parent.unwrap_or_else(|| self.root.clone());
            let path = parent.join(self.name());
            // What a symbolic link leads to is not for this tree to change.
            if fs::symlink_metadata(&path).is_err() && path.as_os_str().len() < 2_000 {
                return path;
            }
        }
    }

    fn name(&mut self) -> OsString {
        let odd = *self.chance.one_of(&NAMES);
        let mut name = match self.chance.below(8) {
            0..3 => odd.to_vec(),
            3 => vec![*self.chance.one_of(b"nm\xfe\x01"); 250],
            _ => b"plain".to_vec(),
        };
        name.extend_from_slice(self.chance.below(90).to_string().as_bytes());
        OsStr::from_bytes(&name).to_owned()
    }

    /// One of the paths that are so, and no link.
    fn any(&mut self, is_so: impl Fn(&Path) -> bool) -> Option<PathBuf> {
        let mut paths = paths(&self.root);
        paths.retain(|path| !path.is_symlink() && is_so(path));
        if paths.is_empty() { None } else { Some(self.chance.one_of(&paths).clone()) }
    }
}

/// All paths below a folder, each after what is in it.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    // The order of a folder is the file system's, and no seed decides it.
    entries.sort_unstable();
    let mut found = Vec::new();
    for path in entries {
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            found.append(&mut paths(&path));
        }
        found.push(path);
    }
    found
}

fn make_node(path: &Path, kind: FileType, device: u64) {
    rustix::fs::mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, device).unwrap();
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

const NAMES: [&[u8]; 16] = [
    b"\xff\xfe",
    b"half \xc3",
    b"\xed\xa0\x80",
    b"quote\"'`",
    b"back\\slash\\n",
    b"new\nline\r",
    b"\x01\x1b[31m\x7f",
    b"-rf",
    b" ",
    b"...",
    b"*?[a]{b}",
    b"$HOME;%s<&>",
    "\u{e9}\u{2028}\u{fffd}".as_bytes(),
    "e\u{301}\u{1f600}".as_bytes(),
    b"CON.",
    b"u00e9\\u00e9",
];

const TARGETS: [&[u8]; 7] = [
    b"plain1",
    b"nowhere at all",
    b"/etc/passwd",
    b"..",
    b"raw \xff bytes",
    b"quote\"\\\n<&>",
    &[b'x'; 3000],
];

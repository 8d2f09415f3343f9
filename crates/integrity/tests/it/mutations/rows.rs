//! What an ordinary user can change.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FallocateFlags, FileType, IFlags, Mode, RenameFlags, Timespec, Timestamps,
    XattrFlags,
};
use wardkit_integrity::ChangeKind::{Added, Modified, Removed};
use wardkit_integrity::Field;

use super::Value::{Content, Differs, MayDiffer, Text};
use super::{Expected, Mutation, Value, set_flags};

pub(super) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub(super) fn attribute(path: &Path, name: &str, value: &[u8]) {
    rustix::fs::lsetxattr(path, name, value, XattrFlags::empty()).unwrap();
}

/// Changes something, and sets the times back to what they were, as far as that is possible.
pub(super) fn with_times_restored(path: &Path, change: impl FnOnce()) {
    let stat = rustix::fs::lstat(path).unwrap();
    change();
    let time =
        |seconds: i64, nanos: u64| Timespec { tv_sec: seconds, tv_nsec: nanos.try_into().unwrap() };
    let times = Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

fn modified_at(path: &Path, seconds: i64, nanos: i64) {
    let time = Timespec { tv_sec: seconds, tv_nsec: nanos };
    let times = Timestamps { last_access: time, last_modification: time };
    rustix::fs::utimensat(CWD, path, &times, AtFlags::empty()).unwrap();
}

fn append(path: &Path, text: &str) {
    File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn exchange(left: &Path, right: &Path) {
    rustix::fs::renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE).unwrap();
}

/// The access control list of acl(5) that lets user 1 read, as the kernel keeps it.
fn access_list() -> Vec<u8> {
    let everybody: u32 = u32::MAX;
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, everybody),
        (0x02, 4, 1),
        (0x04, 4, everybody),
        (0x10, 4, everybody),
        (0x20, 4, everybody),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend_from_slice(&tag.to_le_bytes());
        list.extend_from_slice(&permissions.to_le_bytes());
        list.extend_from_slice(&id.to_le_bytes());
    }
    list
}

fn create(root: &Path, name: &[u8]) {
    let path = root.join(OsStr::from_bytes(name));
    fs::write(&path, "new").unwrap();
    mode(&path, 0o600);
}

/// Nothing is prepared.
pub(super) fn nothing(_: &Path) {}

pub(super) const MOVED: (Field, Value) = (Field::Ctime, Differs);
const WRITTEN: (Field, Value) = (Field::Mtime, Differs);
const BORN: (Field, Value) = (Field::Btime, Differs);
const REPLACED: (Field, Value) = (Field::Inode, Differs);
const MAYBE_REPLACED: (Field, Value) = (Field::Inode, MayDiffer);
const NEW: &[(Field, Value)] = &[
    (Field::Type, Text(None, Some("file"))),
    (Field::Content, Content(None, Some("new"))),
    (Field::Mode, Text(None, Some("0600"))),
    (Field::Size, Text(None, Some("3"))),
];

pub(super) const ROWS: &[Mutation] = &[
    Mutation {
        name: "content of the same size, times set back",
        prepare: nothing,
        apply: |root| {
            with_times_restored(&root.join("f"), || fs::write(root.join("f"), "CONTENT").unwrap());
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Content, Content(Some("content"), Some("CONTENT"))), MOVED],
        }],
    },
    Mutation {
        name: "mode",
        prepare: nothing,
        apply: |root| mode(&root.join("f"), 0o600),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Mode, Text(Some("0644"), Some("0600"))), MOVED],
        }],
    },
    Mutation {
        name: "set-user-id",
        prepare: nothing,
        apply: |root| mode(&root.join("f"), 0o4755),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Mode, Text(Some("0644"), Some("4755"))), MOVED],
        }],
    },
    Mutation {
        name: "sticky directory",
        prepare: nothing,
        apply: |root| mode(&root.join("d"), 0o1755),
        expected: &[Expected {
            path: "d",
            kind: Modified,
            fields: &[(Field::Mode, Text(Some("0755"), Some("1755"))), MOVED],
        }],
    },
    Mutation {
        name: "attribute added",
        prepare: nothing,
        apply: |root| attribute(&root.join("f"), "user.note", b"one"),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Xattrs, Text(None, Some("user.note=one"))), MOVED],
        }],
    },
    Mutation {
        name: "attribute changed",
        prepare: |root| attribute(&root.join("f"), "user.note", b"one"),
        apply: |root| attribute(&root.join("f"), "user.note", b"two"),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Xattrs, Text(Some("user.note=one"), Some("user.note=two"))), MOVED],
        }],
    },
    Mutation {
        name: "attribute removed",
        prepare: |root| attribute(&root.join("d"), "user.note", b"one"),
        apply: |root| rustix::fs::removexattr(root.join("d"), "user.note").unwrap(),
        expected: &[Expected {
            path: "d",
            kind: Modified,
            fields: &[(Field::Xattrs, Text(Some("user.note=one"), None)), MOVED],
        }],
    },
    Mutation {
        name: "last byte of a long attribute",
        prepare: |root| attribute(&root.join("f"), "user.note", &[b'a'; 3072]),
        apply: |root| attribute(&root.join("f"), "user.note", &[&[b'a'; 3071][..], b"b"].concat()),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Xattrs, Differs), MOVED],
        }],
    },
    Mutation {
        name: "access control list",
        prepare: nothing,
        apply: |root| attribute(&root.join("f"), "system.posix_acl_access", &access_list()),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (
                    Field::Xattrs,
                    Text(
                        None,
                        Some(concat!(
                            "system.posix_acl_access=0x02000000",
                            "01000600ffffffff",
                            "0200040001000000",
                            "04000400ffffffff",
                            "10000400ffffffff",
                            "20000400ffffffff",
                        )),
                    ),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "default access control list",
        prepare: nothing,
        apply: |root| attribute(&root.join("d"), "system.posix_acl_default", &access_list()),
        expected: &[Expected {
            path: "d",
            kind: Modified,
            fields: &[
                (
                    Field::Xattrs,
                    Text(
                        None,
                        Some(concat!(
                            "system.posix_acl_default=0x02000000",
                            "01000600ffffffff",
                            "0200040001000000",
                            "04000400ffffffff",
                            "10000400ffffffff",
                            "20000400ffffffff",
                        )),
                    ),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "flag against dumps",
        prepare: nothing,
        apply: |root| set_flags(&root.join("f"), IFlags::NODUMP),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Flags, Text(Some("-"), Some("no-dump"))), MOVED],
        }],
    },
    Mutation {
        name: "flag against access times",
        prepare: nothing,
        apply: |root| set_flags(&root.join("d"), IFlags::NOATIME),
        expected: &[Expected {
            path: "d",
            kind: Modified,
            fields: &[(Field::Flags, Text(Some("-"), Some("no-atime"))), MOVED],
        }],
    },
    Mutation {
        name: "link to another target of the same length",
        prepare: |root| symlink("one", root.join("l")).unwrap(),
        apply: |root| {
            fs::remove_file(root.join("l")).unwrap();
            symlink("two", root.join("l")).unwrap();
        },
        expected: &[Expected {
            path: "l",
            kind: Modified,
            fields: &[
                (Field::Target, Text(Some("one"), Some("two"))),
                MAYBE_REPLACED,
                WRITTEN,
                MOVED,
                BORN,
            ],
        }],
    },
    Mutation {
        name: "link to the same content in place of a file",
        prepare: nothing,
        apply: |root| {
            fs::rename(root.join("f"), root.join("g")).unwrap();
            symlink("g", root.join("f")).unwrap();
        },
        expected: &[
            Expected {
                path: "f",
                kind: Modified,
                fields: &[
                    (Field::Content, Content(Some("content"), None)),
                    (Field::Type, Text(Some("file"), Some("symlink"))),
                    (Field::Mode, Text(Some("0644"), Some("0777"))),
                    (Field::Size, Text(Some("7"), Some("1"))),
                    (Field::Target, Text(None, Some("g"))),
                    REPLACED,
                    WRITTEN,
                    MOVED,
                    BORN,
                ],
            },
            Expected {
                path: "g",
                kind: Added,
                fields: &[(Field::Content, Content(None, Some("content")))],
            },
        ],
    },
    Mutation {
        name: "link in place of a directory",
        prepare: nothing,
        apply: |root| {
            fs::remove_dir_all(root.join("d")).unwrap();
            symlink("/", root.join("d")).unwrap();
        },
        expected: &[
            Expected {
                path: "d",
                kind: Modified,
                fields: &[
                    (Field::Type, Text(Some("directory"), Some("symlink"))),
                    (Field::Mode, Text(Some("0755"), Some("0777"))),
                    (Field::Size, MayDiffer),
                    (Field::Nlink, MayDiffer),
                    (Field::Target, Text(None, Some("/"))),
                    MAYBE_REPLACED,
                    WRITTEN,
                    MOVED,
                    BORN,
                ],
            },
            Expected {
                path: "d/x",
                kind: Removed,
                fields: &[(Field::Content, Content(Some("x"), None))],
            },
        ],
    },
    Mutation {
        name: "pipe in place of a file",
        prepare: nothing,
        apply: |root| {
            fs::remove_file(root.join("f")).unwrap();
            rustix::fs::mknodat(CWD, root.join("f"), FileType::Fifo, Mode::RUSR, 0).unwrap();
            mode(&root.join("f"), 0o644);
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), None)),
                (Field::Type, Text(Some("file"), Some("fifo"))),
                (Field::Size, Text(Some("7"), Some("0"))),
                MAYBE_REPLACED,
                WRITTEN,
                MOVED,
                BORN,
            ],
        }],
    },
    Mutation {
        name: "socket in place of a file",
        prepare: nothing,
        apply: |root| {
            fs::remove_file(root.join("f")).unwrap();
            drop(UnixListener::bind(root.join("f")).unwrap());
            mode(&root.join("f"), 0o644);
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), None)),
                (Field::Type, Text(Some("file"), Some("socket"))),
                (Field::Size, Text(Some("7"), Some("0"))),
                MAYBE_REPLACED,
                WRITTEN,
                MOVED,
                BORN,
            ],
        }],
    },
    Mutation {
        name: "another name for a file",
        prepare: nothing,
        apply: |root| fs::hard_link(root.join("f"), root.join("g")).unwrap(),
        expected: &[
            Expected {
                path: "f",
                kind: Modified,
                fields: &[(Field::Nlink, Text(Some("1"), Some("2"))), MOVED],
            },
            Expected { path: "g", kind: Added, fields: &[(Field::Nlink, Text(None, Some("2")))] },
        ],
    },
    Mutation {
        name: "name of another file with the same content",
        prepare: |root| {
            fs::write(root.join("g"), "content").unwrap();
            mode(&root.join("g"), 0o644);
            fs::hard_link(root.join("f"), root.join("h")).unwrap();
            fs::hard_link(root.join("g"), root.join("i")).unwrap();
        },
        apply: |root| exchange(&root.join("h"), &root.join("i")),
        expected: &[
            Expected { path: "h", kind: Modified, fields: &[REPLACED, WRITTEN, MOVED, BORN] },
            Expected { path: "i", kind: Modified, fields: &[REPLACED, WRITTEN, MOVED, BORN] },
            Expected { path: "f", kind: Modified, fields: &[MOVED] },
            Expected { path: "g", kind: Modified, fields: &[MOVED] },
        ],
    },
    Mutation {
        name: "exchange of two files with the same content",
        prepare: |root| {
            fs::write(root.join("g"), "content").unwrap();
            mode(&root.join("g"), 0o644);
        },
        apply: |root| exchange(&root.join("f"), &root.join("g")),
        expected: &[
            Expected { path: "f", kind: Modified, fields: &[REPLACED, WRITTEN, MOVED, BORN] },
            Expected { path: "g", kind: Modified, fields: &[REPLACED, WRITTEN, MOVED, BORN] },
        ],
    },
    Mutation {
        name: "the same content by another file in its place",
        prepare: nothing,
        apply: |root| {
            fs::write(root.join("new"), "content").unwrap();
            mode(&root.join("new"), 0o644);
            fs::rename(root.join("new"), root.join("f")).unwrap();
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[REPLACED, WRITTEN, MOVED, BORN],
        }],
    },
    Mutation {
        name: "a nanosecond",
        prepare: |root| modified_at(&root.join("f"), 1_000_000_000, 1),
        apply: |root| modified_at(&root.join("f"), 1_000_000_000, 2),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (
                    Field::Mtime,
                    Text(
                        Some("2001-09-09T01:46:40.000000001Z"),
                        Some("2001-09-09T01:46:40.000000002Z"),
                    ),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "content written while the clock stood in the past",
        prepare: nothing,
        apply: |root| {
            fs::write(root.join("f"), "CONTENT").unwrap();
            modified_at(&root.join("f"), -1, 0);
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Content, Content(Some("content"), Some("CONTENT"))), WRITTEN, MOVED],
        }],
    },
    Mutation {
        name: "reading changes nothing",
        prepare: |root| modified_at(&root.join("f"), 1_000_000_000, 0),
        apply: |root| {
            File::open(root.join("f")).unwrap().read_to_end(&mut Vec::new()).unwrap();
            fs::read_dir(root.join("d")).unwrap().count();
        },
        expected: &[],
    },
    Mutation {
        name: "name with a line feed",
        prepare: nothing,
        apply: |root| create(root, b"a\nb"),
        expected: &[Expected { path: "a\nb", kind: Added, fields: NEW }],
    },
    Mutation {
        name: "name that steers a terminal",
        prepare: nothing,
        apply: |root| create(root, b"\x1b[2J"),
        expected: &[Expected { path: "\x1b[2J", kind: Added, fields: NEW }],
    },
    Mutation {
        name: "name that looks like an option",
        prepare: nothing,
        apply: |root| create(root, b"-rf"),
        expected: &[Expected { path: "-rf", kind: Added, fields: NEW }],
    },
    Mutation {
        name: "file removed",
        prepare: nothing,
        apply: |root| fs::remove_file(root.join("d/x")).unwrap(),
        expected: &[Expected {
            path: "d/x",
            kind: Removed,
            fields: &[
                (Field::Content, Content(Some("x"), None)),
                (Field::Type, Text(Some("file"), None)),
                (Field::Mode, Text(Some("0644"), None)),
            ],
        }],
    },
    Mutation {
        name: "file removed and made again",
        prepare: nothing,
        apply: |root| {
            fs::remove_file(root.join("f")).unwrap();
            fs::write(root.join("f"), "content").unwrap();
            mode(&root.join("f"), 0o644);
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[MAYBE_REPLACED, WRITTEN, MOVED, BORN],
        }],
    },
    Mutation {
        name: "append",
        prepare: nothing,
        apply: |root| append(&root.join("f"), "!"),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), Some("content!"))),
                (Field::Size, Text(Some("7"), Some("8"))),
                WRITTEN,
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "hole in place of zeros",
        prepare: |root| fs::write(root.join("f"), [0; 65_536]).unwrap(),
        apply: |root| {
            let file = File::options().write(true).open(root.join("f")).unwrap();
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            rustix::fs::fallocate(&file, flags, 0, 32_768).unwrap();
        },
        expected: &[Expected { path: "f", kind: Modified, fields: &[WRITTEN, MOVED] }],
    },
    Mutation {
        name: "byte in a large file",
        prepare: |root| fs::write(root.join("f"), [0; 1_000_000]).unwrap(),
        apply: |root| {
            let file = File::options().write(true).open(root.join("f")).unwrap();
            with_times_restored(&root.join("f"), || file.write_all_at(b"!", 999_999).unwrap());
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Content, Differs), MOVED],
        }],
    },
    Mutation {
        name: "editor that renames the old file away",
        prepare: nothing,
        apply: |root| {
            fs::rename(root.join("f"), root.join("f~")).unwrap();
            fs::write(root.join("f"), "CONTENT").unwrap();
            mode(&root.join("f"), 0o644);
            fs::remove_file(root.join("f~")).unwrap();
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), Some("CONTENT"))),
                REPLACED,
                WRITTEN,
                MOVED,
                BORN,
            ],
        }],
    },
    Mutation {
        name: "program that renames a new file over the old one",
        prepare: nothing,
        apply: |root| {
            fs::write(root.join("f.dpkg-new"), "CONTENT").unwrap();
            mode(&root.join("f.dpkg-new"), 0o644);
            fs::rename(root.join("f.dpkg-new"), root.join("f")).unwrap();
        },
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), Some("CONTENT"))),
                REPLACED,
                WRITTEN,
                MOVED,
                BORN,
            ],
        }],
    },
    Mutation {
        name: "log that is renamed",
        prepare: nothing,
        apply: |root| {
            fs::rename(root.join("f"), root.join("f.1")).unwrap();
            fs::write(root.join("f"), "").unwrap();
            mode(&root.join("f"), 0o644);
        },
        expected: &[
            Expected {
                path: "f",
                kind: Modified,
                fields: &[
                    (Field::Content, Content(Some("content"), Some(""))),
                    (Field::Size, Text(Some("7"), Some("0"))),
                    REPLACED,
                    WRITTEN,
                    MOVED,
                    BORN,
                ],
            },
            Expected {
                path: "f.1",
                kind: Added,
                fields: &[(Field::Content, Content(None, Some("content")))],
            },
        ],
    },
    Mutation {
        name: "log that is copied and cut",
        prepare: nothing,
        apply: |root| {
            fs::copy(root.join("f"), root.join("f.1")).unwrap();
            File::options().write(true).open(root.join("f")).unwrap().set_len(0).unwrap();
        },
        expected: &[
            Expected {
                path: "f",
                kind: Modified,
                fields: &[
                    (Field::Content, Content(Some("content"), Some(""))),
                    (Field::Size, Text(Some("7"), Some("0"))),
                    WRITTEN,
                    MOVED,
                ],
            },
            Expected {
                path: "f.1",
                kind: Added,
                fields: &[(Field::Content, Content(None, Some("content")))],
            },
        ],
    },
];

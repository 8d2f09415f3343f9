//! What an ordinary user can change of something that stays.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, IFlags, RenameFlags, Timespec, Timestamps, XattrFlags};
use wardkit_integrity::ChangeKind::Modified;
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

pub(super) fn append(path: &Path, text: &str) {
    File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

pub(super) fn exchange(left: &Path, right: &Path) {
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

pub(super) fn create(root: &Path, name: &[u8]) {
    let path = root.join(OsStr::from_bytes(name));
    fs::write(&path, "new").unwrap();
    mode(&path, 0o600);
}

/// Nothing is prepared.
pub(super) fn nothing(_: &Path) {}

pub(super) const MOVED: (Field, Value) = (Field::Ctime, Differs);
pub(super) const WRITTEN: (Field, Value) = (Field::Mtime, Differs);
pub(super) const BORN: (Field, Value) = (Field::Btime, Differs);
pub(super) const REPLACED: (Field, Value) = (Field::Inode, Differs);
pub(super) const MAYBE_REPLACED: (Field, Value) = (Field::Inode, MayDiffer);
pub(super) const NEW: &[(Field, Value)] = &[
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
];

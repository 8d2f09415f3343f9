//! What only root can change.

use std::fs;
use std::os::unix::fs::{lchown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, IFlags, Mode, makedev};
use wardkit_integrity::ChangeKind::Modified;
use wardkit_integrity::Field;

use super::Value::{Content, Differs, MayDiffer, Text};
use super::rows::{MOVED, attribute, mode, nothing, with_times_restored};
use super::{Expected, Mutation, set_flags};

fn device(path: &Path, major: u32, minor: u32) {
    let _ = fs::remove_file(path);
    let number = makedev(major, minor);
    rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::RUSR, number).unwrap();
    mode(path, 0o644);
}

/// The right to bind low ports, as capabilities(7) keeps it: revision 2, or 3 for the root of a user namespace.
fn capability(revision: u32, root: Option<u32>) -> Vec<u8> {
    let words = [revision << 24 | 1, 1 << 10, 0, 0, 0];
    words.into_iter().chain(root).flat_map(u32::to_le_bytes).collect()
}

pub(super) const ROWS: &[Mutation] = &[
    Mutation {
        name: "owner",
        prepare: nothing,
        apply: |root| lchown(root.join("f"), Some(4711), None).unwrap(),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Uid, Text(Some("0"), Some("4711"))), MOVED],
        }],
    },
    Mutation {
        name: "group",
        prepare: nothing,
        apply: |root| lchown(root.join("d"), None, Some(4711)).unwrap(),
        expected: &[Expected {
            path: "d",
            kind: Modified,
            fields: &[(Field::Gid, Text(Some("0"), Some("4711"))), MOVED],
        }],
    },
    Mutation {
        name: "attribute that only root sees",
        prepare: nothing,
        apply: |root| attribute(&root.join("f"), "trusted.note", b"one"),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Xattrs, Text(None, Some("trusted.note=one"))), MOVED],
        }],
    },
    Mutation {
        name: "attribute of a link",
        prepare: |root| symlink("f", root.join("l")).unwrap(),
        apply: |root| attribute(&root.join("l"), "trusted.note", b"one"),
        expected: &[Expected {
            path: "l",
            kind: Modified,
            fields: &[(Field::Xattrs, Text(None, Some("trusted.note=one"))), MOVED],
        }],
    },
    Mutation {
        name: "measurement of the kernel",
        prepare: |root| attribute(&root.join("f"), "security.ima", b"\x01one"),
        apply: |root| attribute(&root.join("f"), "security.ima", b"\x01two"),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (
                    Field::Xattrs,
                    Text(Some("security.ima=0x016f6e65"), Some("security.ima=0x0174776f")),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "capability",
        prepare: nothing,
        apply: |root| attribute(&root.join("f"), "security.capability", &capability(2, None)),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (
                    Field::Xattrs,
                    Text(
                        None,
                        Some("security.capability=0x0100000200040000000000000000000000000000"),
                    ),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "capability for the root of a user namespace",
        prepare: |root| {
            attribute(&root.join("f"), "security.capability", &capability(3, Some(1000)));
        },
        apply: |root| attribute(&root.join("f"), "security.capability", &capability(3, Some(1001))),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (
                    Field::Xattrs,
                    Text(
                        Some(
                            "security.capability=0x0100000300040000000000000000000000000000e8030000",
                        ),
                        Some(
                            "security.capability=0x0100000300040000000000000000000000000000e9030000",
                        ),
                    ),
                ),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "immutable",
        prepare: nothing,
        apply: |root| set_flags(&root.join("f"), IFlags::IMMUTABLE),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Flags, Text(Some("-"), Some("immutable"))), MOVED],
        }],
    },
    Mutation {
        name: "append-only",
        prepare: nothing,
        apply: |root| set_flags(&root.join("f"), IFlags::APPEND),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[(Field::Flags, Text(Some("-"), Some("append-only"))), MOVED],
        }],
    },
    Mutation {
        name: "device in place of a file",
        prepare: nothing,
        apply: |root| device(&root.join("f"), 1, 3),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), None)),
                (Field::Type, Text(Some("file"), Some("char-device"))),
                (Field::Size, Text(Some("7"), Some("0"))),
                (Field::Rdev, Text(None, Some("1:3"))),
                (Field::Inode, MayDiffer),
                (Field::Mtime, Differs),
                (Field::Btime, Differs),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "memory in place of nothing, times set back",
        prepare: |root| device(&root.join("n"), 1, 3),
        apply: |root| with_times_restored(&root.join("n"), || device(&root.join("n"), 1, 1)),
        expected: &[Expected {
            path: "n",
            kind: Modified,
            fields: &[
                (Field::Rdev, Text(Some("1:3"), Some("1:1"))),
                (Field::Inode, MayDiffer),
                (Field::Btime, Differs),
                MOVED,
            ],
        }],
    },
    Mutation {
        name: "whiteout in place of a file",
        prepare: nothing,
        apply: |root| device(&root.join("f"), 0, 0),
        expected: &[Expected {
            path: "f",
            kind: Modified,
            fields: &[
                (Field::Content, Content(Some("content"), None)),
                (Field::Type, Text(Some("file"), Some("char-device"))),
                (Field::Size, Text(Some("7"), Some("0"))),
                (Field::Inode, MayDiffer),
                (Field::Mtime, Differs),
                (Field::Btime, Differs),
                MOVED,
            ],
        }],
    },
];

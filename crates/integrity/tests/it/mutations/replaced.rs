//! What takes the place of something else, comes or goes.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FallocateFlags, FileType, Mode};
use wardkit_integrity::ChangeKind::{Added, Modified, Removed};
use wardkit_integrity::Field;

use super::Value::{Content, Differs, MayDiffer, Text};
use super::rows::{
    BORN, MAYBE_REPLACED, MOVED, NEW, REPLACED, WRITTEN, append, create, exchange, mode, nothing,
    with_times_restored,
};
use super::{Expected, Mutation};

pub(super) const ROWS: &[Mutation] = &[
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

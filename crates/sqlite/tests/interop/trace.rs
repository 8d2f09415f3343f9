//! What strace writes, read.

use std::path::Path;

/// What a program did to a file below the directory, by the file's name there; the directory's own is empty.
#[derive(PartialEq)]
pub(crate) enum Call {
    Create {
        name: String,
    },
    Write {
        name: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        name: String,
        length: usize,
    },
    Sync {
        name: String,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        name: String,
    },
    /// On the standard output.
    Said(String),
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create { name } => write!(f, "create {name}"),
            Self::Write { name, at, bytes } => write!(f, "write {name} {at}+{}", bytes.len()),
            Self::Cut { name, length } => write!(f, "cut {name} {length}"),
            Self::Sync { name } => write!(f, "sync {name}"),
            Self::Rename { from, to } => write!(f, "rename {from} {to}"),
            Self::Remove { name } => write!(f, "remove {name}"),
            Self::Said(text) => write!(f, "say {text:?}"),
        }
    }
}

/// Reads the lines that are about files in `dir` or the standard output, and succeeded.
pub(crate) fn calls(text: &str, dir: &Path) -> Vec<Call> {
    text.lines().filter_map(|line| call(line, dir)).collect()
}

fn call(line: &str, dir: &Path) -> Option<Call> {
    assert!(!line.contains("unfinished ..."), "the threads of the test disturb each other: {line}");
    let (_, rest) = line.split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let arguments: Vec<&str> = arguments.trim_end_matches(')').split(", ").collect();
    let below = |path: Vec<u8>| {
        let path = String::from_utf8(path).ok()?;
        let name = Path::new(&path).strip_prefix(dir).ok()?.to_str()?.to_owned();
        // The index of the log is made anew from it, and the record is ours.
        (!name.ends_with("-shm") && name != "trace").then_some(name)
    };
    let of_descriptor = |text: &str| {
        let path = text.split_once('<')?.1.strip_suffix('>')?;
        below(bytes(path))
    };
    let quoted = |text: &str| bytes(text.trim_matches('"'));
    match name {
        "openat" if arguments[2].contains("O_CREAT") => {
            Some(Call::Create { name: below(quoted(arguments[1]))? })
        }
        "write" if arguments[0].starts_with("1<") => {
            Some(Call::Said(String::from_utf8(quoted(arguments[1])).unwrap()))
        }
        "pwrite64" => Some(Call::Write {
            name: of_descriptor(arguments[0])?,
            at: arguments[3].parse().unwrap(),
            bytes: quoted(arguments[1]),
        }),
        "ftruncate" => {
            let name = of_descriptor(arguments[0])?;
            Some(Call::Cut { name, length: arguments[1].parse().unwrap() })
        }
        "fsync" | "fdatasync" => Some(Call::Sync { name: of_descriptor(arguments[0])? }),
        "rename" => Some(Call::Rename {
            from: below(quoted(arguments[0]))?,
            to: below(quoted(arguments[1]))?,
        }),
        "unlink" => Some(Call::Remove { name: below(quoted(arguments[0]))? }),
        _ => None,
    }
}

/// Reads `\x2f\x74`.
fn bytes(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits.map(|two| u8::from_str_radix(&two[..2], 16).unwrap()).collect()
}

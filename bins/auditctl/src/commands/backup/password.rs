//! Passwords: from files, the environment, other programs, and the terminal.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex};
use wardkit_cli::Report;
use zeroize::Zeroizing;

use crate::cli::backup::PasswordSource;
use crate::commands::{could_not_run, note};

/// A password as it was given.
pub(super) type Given = Zeroizing<Vec<u8>>;

/// Returns the password that a file or another source holds, or that somebody types.
pub(super) fn ask(
    file: Option<&Path>,
    source: Option<&PasswordSource>,
    asking: Asking<'_>,
) -> Result<Given, Report> {
    let file = match source {
        Some(PasswordSource::File(path)) => Some(path.as_path()),
        Some(PasswordSource::Env(_) | PasswordSource::Command(_)) => None,
        None => file,
    };
    let password = match (source, file) {
        (Some(PasswordSource::Env(name)), _) => from_environment(name)?,
        (Some(PasswordSource::Command(words)), _) => from_command(words)?,
        (_, Some(path)) if path == Path::new("-") => {
            limited(io::stdin().lock()).map_err(could_not_run)?
        }
        (_, Some(path)) => from_file(path)?,
        (_, None) => return from_terminal(asking),
    };
    trimmed(&password).ok_or_else(|| could_not_run("the password is empty"))
}

/// How somebody is asked on a terminal.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    /// What for.
    pub(super) what: &'a str,
    /// Whether it is typed twice, because nothing tells a slip from the password.
    pub(super) twice: bool,
}

fn from_environment(name: &str) -> Result<Given, Report> {
    use std::os::unix::ffi::OsStringExt as _;
    let value = std::env::var_os(name);
    let value = value.ok_or_else(|| could_not_run(format!("the variable {name} is not set")))?;
    Ok(Zeroizing::new(value.into_vec()))
}

fn from_file(path: &Path) -> Result<Given, Report> {
    let unreadable = |error: io::Error| could_not_run(Unreadable { path: path.to_owned(), error });
    let data = std::fs::metadata(path).map_err(unreadable)?;
    if others_may_read(path, &data) {
        let (shown, mode) = (path.display(), data.mode() & 0o7777);
        // Not refused: whoever comes from restic has such files, and a backup that is not made is worse.
        note(&format!(
            "the password file {shown} may be read by others (mode {mode:03o}): chmod 600 {shown}"
        ));
    }
    Ok(Zeroizing::new(wardkit_cli::read_small(path).map_err(unreadable)?))
}

/// Whether others get as far as to read it. What lies in a folder that they may not enter is as safe as the folder.
fn others_may_read(path: &Path, data: &Metadata) -> bool {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folders: Vec<u32> = path
        .ancestors()
        .skip(1)
        .map(|folder| std::fs::metadata(folder).map_or(0o777, |data| data.mode()))
        .collect();
    let all = data.mode() & 0o004 != 0 && folders.iter().all(|mode| mode & 0o001 != 0);
    // A service's group may read what root gave it.
    let group = data.mode() & 0o040 != 0
        && data.uid() != ROOT
        && folders.iter().all(|mode| mode & 0o011 != 0);
    all || group
}

/// What a program prints: it is started without a shell.
fn from_command(words: &[String]) -> Result<Given, Report> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(could_not_run("no program is named that tells the password"));
    };
    let failed = |error: io::Error| {
        could_not_run(Unreadable { path: PathBuf::from(program), error })
            .with_hint("name a program and its arguments: --password 'command:pass show backup'")
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let printed = child.stdout.take().map(limited);
    let ended = child.wait().map_err(failed)?;
    if !ended.success() {
        return Err(could_not_run(format!(
            "the program that tells the password ended with {ended}"
        )));
    }
    printed.unwrap_or_else(|| Ok(Given::default())).map_err(failed)
}

/// Asks on the terminal, and shows nothing of what is typed.
fn from_terminal(asking: Asking<'_>) -> Result<Given, Report> {
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(|_| {
        could_not_run("there is no password, and no terminal to ask for it")
            .with_hint("name a file that holds it: --password-file FILE")
    })?;
    let first =
        typed(&terminal, &format!("password of {}: ", asking.what)).map_err(could_not_run)?;
    if asking.twice {
        let second = typed(&terminal, "once more: ").map_err(could_not_run)?;
        if first != second {
            return Err(could_not_run("the two are not the same"));
        }
    }
    if first.is_empty() {
        return Err(could_not_run("the password is empty"));
    }
    Ok(first)
}

fn typed(mut terminal: &File, prompt: &str) -> io::Result<Given> {
    terminal.write_all(wardkit_cli::escaped(prompt).as_bytes())?;
    let before = termios::tcgetattr(terminal)?;
    let mut silent = before.clone();
    // Keys that end programs are read too: otherwise such an end would leave the terminal without echo.
    silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    termios::tcsetattr(terminal, OptionalActions::Flush, &silent)?;
    let line = line(terminal);
    termios::tcsetattr(terminal, OptionalActions::Flush, &before)?;
    terminal.write_all(b"\n")?;
    line
}

fn line(mut keys: impl io::Read) -> io::Result<Given> {
    // It never grows, which would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut key = [0];
    loop {
        let read = keys.read(&mut key)?;
        match key[0] {
            _ if read == 0 => return Ok(line),
            b'\n' | b'\r' | END_OF_INPUT => return Ok(line),
            INTERRUPT | QUIT => return Err(io::ErrorKind::Interrupted.into()),
            BACKSPACE | DELETE => {
                // A letter may have several bytes.
                while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            ERASE_ALL => line.clear(),
            other if line.len() < LONGEST => line.push(other),
            _ => return Err(io::Error::other("the password is too long")),
        }
    }
}

/// Reads all, at once: a buffer that grows leaves copies of a secret behind.
fn limited(from: impl io::Read) -> io::Result<Given> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    from.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST {
        return Err(io::Error::other("the password is too long"));
    }
    Ok(bytes)
}

/// Without the white space around it, as restic reads it.
fn trimmed(bytes: &[u8]) -> Option<Given> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii();
    (!bytes.is_empty()).then(|| Zeroizing::new(bytes.to_vec()))
}

#[derive(Debug, thiserror::Error)]
#[error("cannot get the password from {}", path.display())]
struct Unreadable {
    path: PathBuf,
    #[source]
    error: io::Error,
}

const ROOT: u32 = 0;
const LONGEST: usize = 4096;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const INTERRUPT: u8 = 3;
const END_OF_INPUT: u8 = 4;
const BACKSPACE: u8 = 8;
const ERASE_ALL: u8 = 21;
const QUIT: u8 = 28;
const DELETE: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_can_be_corrected() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"secret\n", b"secret"),
            (b"secres\x7ft\r", b"secret"),
            ("ä\x7fb\n".as_bytes(), b"b"),
            (b"wrong\x15right\nmore", b"right"),
            (b"\x08a", b"a"),
            (b"end\x04", b"end"),
        ];
        for (keys, expected) in cases {
            assert_eq!(line(keys).unwrap().as_slice(), expected, "{keys:?}");
        }
        assert_eq!(line(&b"a\x03"[..]).unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(line(&vec![b'x'; LONGEST + 1][..]).is_err());
    }

    #[test]
    fn white_space_around_it_is_not_of_it() {
        assert_eq!(trimmed(b"\xef\xbb\xbf a b \r\n").unwrap().as_slice(), b"a b");
        assert_eq!(trimmed(b" \n"), None);
        assert!(limited(&vec![b'x'; LONGEST + 1][..]).is_err());
    }
}

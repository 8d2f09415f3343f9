//! Who may write through the listener.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use rustix::fs::OFlags;
use wardkit_core::Secret;

use crate::Error;

/// What a request carries as `Authorization: Bearer TOKEN` when it may write.
#[derive(Clone)]
pub struct WriteToken(Arc<Secret<String>>);

impl WriteToken {
    /// Reads the token, the only line of a file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Token`] when the file cannot be read, may be read by others than its owner, belongs to
    /// neither this user nor root, or holds no token.
    pub fn read(path: &Path) -> Result<Self, Error> {
        read(path).map_err(|source| Error::Token { path: path.to_owned(), source })
    }

    /// Takes a token from elsewhere; `None` for what is no token: 16 to 512 visible characters of ASCII.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_token = (LEAST_TOKEN..=MOST_TOKEN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(Arc::new(Secret::new(text.to_owned()))))
    }

    /// Compares in a time that does not tell how much of a guess is right.
    fn is(&self, guess: &[u8]) -> bool {
        let token = self.0.expose().as_bytes();
        let longer = token.len().max(guess.len());
        let byte = |text: &[u8], at: usize| text.get(at).copied().unwrap_or(0);
        let differ = (0..longer)
            .fold(0, |differ, at| black_box(differ | (byte(token, at) ^ byte(guess, at))));
        differ == 0 && token.len() == guess.len()
    }
}

impl PartialEq for WriteToken {
    fn eq(&self, other: &Self) -> bool {
        self.is(other.0.expose().as_bytes())
    }
}

impl Eq for WriteToken {}

impl fmt::Debug for WriteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteToken(***)")
    }
}

/// Why a request that would have changed something was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteRefused {
    /// Nobody may write through the listener: there is no token.
    Closed,
    /// The request carries no token.
    NoToken,
    /// The request carries another token.
    WrongToken,
    /// A web page of somebody else made a browser send it.
    ForeignOrigin,
}

impl WriteRefused {
    pub(crate) const ALL: [Self; 4] =
        [Self::Closed, Self::NoToken, Self::WrongToken, Self::ForeignOrigin];

    /// Returns the name that metrics and the audit trail use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::NoToken => "no_token",
            Self::WrongToken => "wrong_token",
            Self::ForeignOrigin => "foreign_origin",
        }
    }
}

/// Decides who may write.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    /// Whoever could connect: the kernel has told who it is.
    Connected,
    /// Who brings the token; without one to bring, nobody, or everybody.
    Listener { token: Option<WriteToken>, open: bool },
}

impl Guard {
    /// Judges a request to write by its fields.
    pub(crate) fn judge(&self, fields: &HeaderMap) -> Result<(), WriteRefused> {
        let Self::Listener { token, open } = self else { return Ok(()) };
        if is_from_elsewhere(fields) {
            return Err(WriteRefused::ForeignOrigin);
        }
        match (token, fields.get(AUTHORIZATION)) {
            (Some(token), Some(field)) => {
                let guess = bearer(field.as_bytes()).unwrap_or_default();
                if token.is(guess) { Ok(()) } else { Err(WriteRefused::WrongToken) }
            }
            _ if *open => Ok(()),
            (Some(_), None) => Err(WriteRefused::NoToken),
            (None, _) => Err(WriteRefused::Closed),
        }
    }
}

/// Returns what follows `Bearer`, whose letters may be large or small.
fn bearer(field: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = field.split_at_checked(BEARER.len())?;
    scheme.eq_ignore_ascii_case(BEARER.as_bytes()).then(|| rest.trim_ascii())
}

/// Tells whether a browser sent it for a page that the listener did not serve. Browsers name the page's origin
/// whenever a page posts, and pages cannot keep them from it.
fn is_from_elsewhere(fields: &HeaderMap) -> bool {
    let text = |name: HeaderName| fields.get(name).map(|value| value.to_str().unwrap_or("null"));
    let host = text(HOST).unwrap_or_default();
    let own = |origin: &str| {
        origin.strip_prefix("http://").is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    };
    let mut origins = fields.get_all(ORIGIN).iter();
    let foreign = origins.any(|origin| !origin.to_str().is_ok_and(own));
    foreign || text(FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none")
}

fn read(path: &Path) -> io::Result<WriteToken> {
    let refused = |kind, reason: &str| io::Error::new(kind, reason.to_owned());
    // A named pipe without a writer would otherwise keep the program waiting for ever.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused(ErrorKind::InvalidData, "not a regular file"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refused(
            ErrorKind::PermissionDenied,
            &format!("others than its owner may use it (mode {mode:03o}): chmod 600"),
        ));
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user && metadata.uid() != 0 {
        return Err(refused(
            ErrorKind::PermissionDenied,
            &format!("it belongs to user {}, neither to this one nor to root", metadata.uid()),
        ));
    }
    let mut held = String::new();
    let read = file.take(MOST_FILE).read_to_string(&mut held);
    let text = Secret::new(held);
    read.map_err(|error| refused(error.kind(), "not a text"))?;
    WriteToken::new(text.expose().trim_end_matches(['\r', '\n'])).ok_or_else(|| {
        refused(
            ErrorKind::InvalidData,
            "not a token: one line of 16 to 512 visible characters, as `openssl rand -hex 32` prints it",
        )
    })
}

const BEARER: &str = "Bearer ";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;
const MOST_TOKEN: usize = 512;
const MOST_FILE: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    type Fields<'a> = &'a [(&'static str, &'a str)];

    fn fields(list: &[(&'static str, &str)]) -> HeaderMap {
        let named = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        list.iter().map(named).collect()
    }

    #[test]
    fn who_may_write_is_decided_by_token_origin_and_the_dangerous_switch() {
        use WriteRefused::{Closed, ForeignOrigin, NoToken, WrongToken};
        let right = ("authorization", "Bearer 0123456789abcdef");
        let host = ("host", "127.0.0.1:9180");
        let rows: &[(bool, bool, Fields<'_>, Result<(), WriteRefused>)] = &[
            (false, false, &[host], Err(Closed)),
            (false, false, &[host, right], Err(Closed)),
            (true, false, &[host], Err(NoToken)),
            (true, false, &[host, right], Ok(())),
            (true, false, &[host, ("authorization", "bearer  0123456789abcdef ")], Ok(())),
            (true, false, &[host, ("authorization", "Bearer 0123456789abcdeg")], Err(WrongToken)),
            (true, false, &[host, ("authorization", "Bearer 0123456789abcde")], Err(WrongToken)),
            (true, false, &[host, ("authorization", "Bearer 0123456789abcdef0")], Err(WrongToken)),
            (true, false, &[host, ("authorization", "Bearer ")], Err(WrongToken)),
            (true, false, &[host, ("authorization", "Basic 0123456789abcdef")], Err(WrongToken)),
            (true, false, &[host, ("authorization", "0123456789abcdef")], Err(WrongToken)),
            (false, true, &[host], Ok(())),
            (true, true, &[host], Ok(())),
            (true, true, &[host, ("authorization", "Bearer x")], Err(WrongToken)),
            (false, true, &[host, ("origin", "http://evil.example")], Err(ForeignOrigin)),
            (false, true, &[host, ("origin", "null")], Err(ForeignOrigin)),
            (false, true, &[host, ("origin", "http://127.0.0.1:9180")], Ok(())),
            (false, true, &[host, ("origin", "http://127.0.0.1:8000")], Err(ForeignOrigin)),
            (false, true, &[host, ("origin", "https://127.0.0.1:9180")], Err(ForeignOrigin)),
            (false, true, &[host, ("sec-fetch-site", "cross-site")], Err(ForeignOrigin)),
            (false, true, &[host, ("sec-fetch-site", "same-site")], Err(ForeignOrigin)),
            (false, true, &[host, ("sec-fetch-site", "none")], Ok(())),
            (true, false, &[host, right, ("origin", "http://evil.example")], Err(ForeignOrigin)),
        ];
        for (has_token, open, list, expected) in rows {
            let token = has_token.then(|| WriteToken::new(TOKEN).unwrap());
            let guard = Guard::Listener { token, open: *open };
            assert_eq!(guard.judge(&fields(list)), *expected, "{list:?}");
        }
        assert_eq!(Guard::Connected.judge(&fields(&[])), Ok(()));
    }

    #[test]
    fn a_token_is_taken_from_a_private_file_alone_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let check = |text: &[u8], mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match WriteToken::read(&path) {
                Ok(token) => format!("{token:?}"),
                Err(error) => std::error::Error::source(&error).unwrap().to_string(),
            }
        };
        assert_eq!(check(b"0123456789abcdef\n", 0o600), "WriteToken(***)");
        assert_eq!(check(b"0123456789abcdef", 0o400), "WriteToken(***)");
        for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
            assert!(
                check(b"0123456789abcdef", mode).starts_with("others than its owner"),
                "{mode:o}"
            );
        }
        for text in [&b""[..], b"short", b"0123456789abcdef\nmore", b"0123456789 abcdef"] {
            assert!(check(text, 0o600).starts_with("not a token"), "{text:?}");
        }
        assert_eq!(check(b"\xff\xff", 0o600), "not a text");
        assert!(check(&[b'x'; 10_000], 0o600).starts_with("not a token"));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        assert!(WriteToken::read(&path).is_err());
    }
}

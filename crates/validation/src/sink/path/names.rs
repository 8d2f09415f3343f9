//! What a path may look like, before any file is touched.

use std::ffi::OsString;

use super::{PathError, PathNames};
use crate::sink::characters::{deceives, is_control, is_device};

/// Returns the names of a path with one slash between two of them.
pub(super) fn check(text: &str, names: PathNames) -> Result<OsString, PathError> {
    if text.len() > MAX_PATH {
        return Err(PathError::TooLong);
    }
    if text.chars().any(is_control) {
        return Err(PathError::Control);
    }
    if text.starts_with('/') || (names == PathNames::Portable && starts_like_windows(text)) {
        return Err(PathError::Absolute);
    }
    let mut path = String::with_capacity(text.len());
    // Doubled slashes, a slash at the end and `.` change nothing on any system.
    for name in text.split('/').filter(|name| !matches!(*name, "" | ".")) {
        if name == ".." {
            return Err(PathError::Parent);
        }
        if name.len() > MAX_NAME {
            return Err(PathError::TooLong);
        }
        if names == PathNames::Portable {
            portable(name)?;
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
    }
    if path.is_empty() { Err(PathError::Empty) } else { Ok(path.into()) }
}

fn portable(name: &str) -> Result<(), PathError> {
    // `..\..\x` is a climb on Windows, and what was meant, though here it would be one odd name.
    if name.split('\\').any(|part| part == "..") {
        return Err(PathError::Parent);
    }
    if name.chars().any(|c| RESERVED.contains(c) || deceives(c)) {
        return Err(PathError::Character);
    }
    if name.ends_with(['.', ' ']) {
        return Err(PathError::TrailingDot);
    }
    if is_device(name) { Err(PathError::Device) } else { Ok(()) }
}

/// Whether the text is a drive's, a share's or a root's on Windows.
fn starts_like_windows(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first() == Some(&b'\\')
        || (bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':'))
}

/// What Windows reserves; the colon names a stream there.
const RESERVED: &str = "\\:*?\"<>|";

/// Beyond what people name, and with the root's own path within the 4096 bytes of every system call.
const MAX_PATH: usize = 1024;

/// What file systems allow.
const MAX_NAME: usize = 255;

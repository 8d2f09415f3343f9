//! Package URLs: names that every tool knows.

use std::fmt::Write as _;

use crate::{Ecosystem, Package};

/// Returns the package URL of a package, with its version.
pub(crate) fn of(package: &Package) -> String {
    let mut url = format!("pkg:{}/", package.ecosystem.purl_type());
    if matches!(package.ecosystem, Ecosystem::Debian(_)) {
        url.push_str("debian/");
    }
    let parts: Vec<String> = package.name.split('/').map(escaped).collect();
    url.push_str(&parts.join("/"));
    if !package.version.is_empty() {
        url.push('@');
        url.push_str(&escaped(&package.version));
    }
    url
}

fn escaped(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

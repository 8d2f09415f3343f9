//! How versions are ordered: each ecosystem has its own way.

mod ruby;

use std::cmp::Ordering;
use std::str::FromStr as _;

use crate::Ecosystem;

/// Compares two versions. `None` where one of them is no version.
#[must_use]
pub(crate) fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::Cargo | Ecosystem::Npm | Ecosystem::Go => {
            let (a, b) = (semantic(a)?, semantic(b)?);
            // What was built from it does not order.
            Some(a.cmp_precedence(&b))
        }
        Ecosystem::PyPi => {
            let read = |text: &str| pep440_rs::Version::from_str(text.trim()).ok();
            Some(read(a)?.cmp(&read(b)?))
        }
        Ecosystem::RubyGems => ruby::compare(a, b),
        Ecosystem::Packagist => ruby::compare(plain_php(a), plain_php(b)),
        Ecosystem::Debian(_) => Some(wardkit_audit::debian_order(a, b)),
    }
}

/// Whether a text is a version at all.
pub(crate) fn is_version(ecosystem: Ecosystem, text: &str) -> bool {
    compare(ecosystem, text, text).is_some()
}

/// Reads a semantic version; `v` before it, and a version with parts left out, are what Go and npm write.
pub(crate) fn semantic(text: &str) -> Option<semver::Version> {
    let text = text.trim();
    let text = text.strip_prefix(['v', '=']).unwrap_or(text);
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let core = text.split(['-', '+']).next()?;
    let rest = &text[core.len()..];
    let mut parts: Vec<&str> = core.split('.').collect();
    if parts.len() > 3 || parts.iter().any(|part| part.parse::<u64>().is_err()) {
        return None;
    }
    parts.resize(3, "0");
    semver::Version::parse(&format!("{}{rest}", parts.join("."))).ok()
}

fn plain_php(text: &str) -> &str {
    text.trim().strip_prefix(['v', 'V']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_order() {
        for (ecosystem, sorted) in [
            (
                Ecosystem::Npm,
                &["1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.10.0"][..],
            ),
            (Ecosystem::Go, &["v0.0.0-20190101000000-aaaaaaaaaaaa", "v0.0.1", "v1.2", "v1.2.3"]),
            (Ecosystem::PyPi, &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"]),
            (Ecosystem::RubyGems, &["1.0.0.beta", "1.0.0.pre.2", "1.0.0", "1.0.1", "1.10"]),
            (Ecosystem::Packagist, &["v1.0.0-beta1", "1.0.0", "v1.0.10"]),
            (Ecosystem::Debian(12), &["1.0~rc1-1", "1.0-1", "1.0-1+deb12u2", "1.0-2", "1:0.5-1"]),
        ] {
            for pair in sorted.windows(2) {
                assert_eq!(compare(ecosystem, pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
                assert_eq!(compare(ecosystem, pair[1], pair[0]), Some(Ordering::Greater));
                assert_eq!(compare(ecosystem, pair[0], pair[0]), Some(Ordering::Equal));
            }
        }
        assert_eq!(compare(Ecosystem::PyPi, "1.0", "1.0.0"), Some(Ordering::Equal));
        assert_eq!(compare(Ecosystem::Npm, "latest", "1.0.0"), None);
    }
}

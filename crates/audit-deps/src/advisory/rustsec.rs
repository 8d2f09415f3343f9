//! Advisories of `RustSec`: TOML at the head of Markdown.

use semver::{Comparator, Op, Version, VersionReq};
use serde::Deserialize;

use super::osv::{kind, rated};
use super::{Advisory, AdvisoryKind, Range};

#[derive(Debug, Deserialize)]
struct Document {
    advisory: Head,
    #[serde(default)]
    versions: Versions,
}

#[derive(Debug, Deserialize)]
struct Head {
    id: String,
    package: String,
    date: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    cvss: Option<String>,
    informational: Option<String>,
    withdrawn: Option<String>,
    #[serde(default)]
    yanked: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// An advisory with the crate that it is about and its day.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) package: String,
    pub(crate) date: String,
    /// None where it was taken back.
    pub(crate) advisory: Option<Advisory>,
}

/// Reads a file. `None` when it is none of theirs.
pub(crate) fn read(text: &str) -> Option<Result<Read, toml::de::Error>> {
    let (head, body) = text.trim_start().strip_prefix("```toml")?.split_once("\n```")?;
    let document: Document = match toml::from_str(head) {
        Ok(document) => document,
        Err(error) => return Some(Err(error)),
    };
    let Document { advisory: head, versions } = document;
    let title = body.lines().find_map(|line| line.strip_prefix("# "));
    let advisory = Advisory {
        kind: if head.categories.iter().any(|one| one == "malicious") {
            AdvisoryKind::Malicious
        } else if head.yanked {
            AdvisoryKind::Yanked
        } else {
            kind(&head.id, head.informational.as_deref())
        },
        severity: head.cvss.as_deref().and_then(rated),
        id: head.id,
        aliases: head.aliases,
        summary: title.unwrap_or_default().trim().to_owned(),
        ranges: vec![Range::AllBut { patched: versions.patched, unaffected: versions.unaffected }],
        versions: Vec::new(),
        cwe: Vec::new(),
        link: head.url,
    };
    let advisory = head.withdrawn.is_none().then_some(advisory);
    Some(Ok(Read { package: head.package, date: head.date, advisory }))
}

/// Whether a version meets a requirement. Versions before a release count by their order, unlike in Cargo, where nobody
/// gets one without asking.
pub(super) fn meets(wanted: &str, version: &str) -> bool {
    let (Ok(wanted), Some(version)) =
        (VersionReq::parse(wanted), crate::version::semantic(version))
    else {
        return false;
    };
    wanted.comparators.iter().all(|one| meets_one(one, &version))
}

fn meets_one(wanted: &Comparator, version: &Version) -> bool {
    let least = least_of(wanted);
    let is_at_least = version.cmp_precedence(&least).is_ge();
    let is_above = version.cmp_precedence(&least).is_gt();
    let is_below = |end: Version| version.cmp_precedence(&end).is_lt();
    match wanted.op {
        Op::Exact => match (wanted.minor, wanted.patch) {
            (Some(_), Some(_)) => !is_above && is_at_least,
            _ => is_at_least && is_below(after(wanted)),
        },
        Op::Greater => match wanted.patch {
            Some(_) => is_above,
            None => !is_below(after(wanted)),
        },
        Op::GreaterEq => is_at_least,
        Op::Less => !is_at_least,
        Op::LessEq => match wanted.patch {
            Some(_) => !is_above,
            None => is_below(after(wanted)),
        },
        Op::Tilde | Op::Wildcard => is_at_least && is_below(after(wanted)),
        // A caret, and what later releases may add: the narrowest that holds.
        _ => is_at_least && is_below(incompatible(wanted)),
    }
}

fn least_of(wanted: &Comparator) -> Version {
    Version {
        pre: wanted.pre.clone(),
        ..Version::new(wanted.major, wanted.minor.unwrap_or(0), wanted.patch.unwrap_or(0))
    }
}

/// The first version behind those that begin with the given numbers; a patch does not count.
fn after(wanted: &Comparator) -> Version {
    match wanted.minor {
        None => Version::new(wanted.major.saturating_add(1), 0, 0),
        Some(minor) => Version::new(wanted.major, minor.saturating_add(1), 0),
    }
}

fn incompatible(wanted: &Comparator) -> Version {
    match (wanted.major, wanted.minor, wanted.patch) {
        (0, Some(0), Some(patch)) => Version::new(0, 0, patch.saturating_add(1)),
        (0, Some(minor), _) => Version::new(0, minor.saturating_add(1), 0),
        (major, _, _) => Version::new(major.saturating_add(1), 0, 0),
    }
}

/// Returns the least version that a requirement allows, as it is written.
pub(super) fn least(wanted: &str) -> Option<&str> {
    let first =
        wanted.split(',').map(str::trim).find(|one| one.starts_with(">=") || one.starts_with('^'));
    first.map(|one| one.trim_start_matches(['>', '=', '^', ' ']))
}

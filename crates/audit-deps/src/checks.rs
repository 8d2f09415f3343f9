//! The catalogue.

use std::borrow::Cow;

use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity};

/// Returns the checks.
pub(crate) fn all() -> Vec<Check> {
    ENTRIES.iter().map(check).collect()
}

/// Returns a check by its name.
pub(crate) fn named(id: &str) -> Check {
    let entry = ENTRIES.iter().find(|entry| entry.id == id);
    // Names are constants of this crate, and a test asks for each of them.
    check(entry.unwrap_or(&ENTRIES[0]))
}

struct Entry {
    id: &'static str,
    title: &'static str,
    severity: Severity,
    description: &'static str,
    expected: &'static str,
    recommendation: &'static str,
    effort: Effort,
    cwe: &'static [u16],
    profiles: &'static [Profile],
}

fn check(entry: &Entry) -> Check {
    let kind = match entry.id {
        "dep-outdated" => Kind::Enhancement,
        "dep-lock-drift" => Kind::Consistency,
        _ => Kind::Security,
    };
    Check {
        id: entry.id.into(),
        engine: EngineKind::Deps,
        component: "Dependencies".into(),
        title: entry.title.into(),
        severity: entry.severity,
        kind,
        description: entry.description.into(),
        expected: entry.expected.into(),
        recommendation: entry.recommendation.into(),
        effort: entry.effort,
        cwe: entry.cwe.into(),
        owasp: Cow::Borrowed(&["A03:2025"]),
        profiles: entry.profiles.into(),
    }
}

const CI: &[Profile] = &[Profile::Ci, Profile::Full];
const FULL: &[Profile] = &[Profile::Full];

const ENTRIES: [Entry; 13] = [
    Entry {
        id: "dep-vuln",
        title: "A dependency has a known vulnerability",
        severity: Severity::High,
        description: "What is known of it is public, and so are programs that use it.",
        expected: "No dependency is in a version that an advisory is about.",
        recommendation: "Raise it to the version that the finding names; where there is none, replace it, or say in a VEX \
                         document why it cannot be reached.",
        effort: Effort::Small,
        cwe: &[1395],
        profiles: CI,
    },
    Entry {
        id: "dep-malicious",
        title: "A dependency was made to do harm",
        severity: Severity::Critical,
        description: "Such packages steal tokens and keys when they are installed or imported.",
        expected: "No dependency is on the list of malicious packages.",
        recommendation: "Remove it, and treat every host that installed it as broken into: renew every secret that was there.",
        effort: Effort::Large,
        cwe: &[506, 1395],
        profiles: CI,
    },
    Entry {
        id: "dep-typosquat",
        title: "A dependency has nearly the name of another",
        severity: Severity::High,
        description: "Names one letter beside those of bot libraries are registered to be installed by mistake.",
        expected: "The name is the one that the library has.",
        recommendation: "Compare it with the library's own page; a name that is meant goes into `[[allow]]` of .auditctl.toml.",
        effort: Effort::Small,
        cwe: &[1357],
        profiles: CI,
    },
    Entry {
        id: "dep-db-stale",
        title: "The advisories are missing or old",
        severity: Severity::Medium,
        description: "What became known since then, nobody looks for.",
        expected: "The newest advisory is at most a week old.",
        recommendation: "`auditctl db import all.zip` with a new export of OSV, or a checkout of RustSec.",
        effort: Effort::Small,
        cwe: &[1395],
        profiles: CI,
    },
    Entry {
        id: "dep-lock-drift",
        title: "A lockfile is not what the project asks for",
        severity: Severity::Medium,
        description: "What is installed then depends on who installs it: one tool refuses, another changes the lock.",
        expected: "Everything that the project asks for is in its lockfile.",
        recommendation: "Lock again (`cargo update -w`, `npm install`, `poetry lock`, `uv lock`) and commit both files.",
        effort: Effort::Small,
        cwe: &[1104],
        profiles: CI,
    },
    Entry {
        id: "dep-insecure-source",
        title: "A dependency comes over an open connection",
        severity: Severity::High,
        description: "Whoever is on the way can put another program in its place.",
        expected: "Packages come over https from a host whose certificate is checked.",
        recommendation: "Use https, and give a host of your own a certificate instead of `--trusted-host`.",
        effort: Effort::Small,
        cwe: &[494, 319],
        profiles: CI,
    },
    Entry {
        id: "dep-extra-index",
        title: "Packages may come from either of two indexes",
        severity: Severity::Medium,
        description: "Pip takes the highest version of both: who registers an internal name in public takes its place.",
        expected: "One index, which mirrors what is needed, or hashes for every package.",
        recommendation: "Use `--index-url` with an index that mirrors the public one, or add hashes (`pip-compile \
                         --generate-hashes`).",
        effort: Effort::Medium,
        cwe: &[427],
        profiles: CI,
    },
    Entry {
        id: "dep-unpinned",
        title: "Dependencies may change with every installation",
        severity: Severity::Medium,
        description: "Tomorrow's release is installed without anybody looking at it, broken or hijacked as it may be.",
        expected: "Each dependency has one version or one commit, in the file or in a lockfile beside it.",
        recommendation: "Pin with `==`, or lock with pip-compile, poetry, uv, npm or yarn, and commit the lockfile.",
        effort: Effort::Small,
        cwe: &[1357, 494],
        profiles: CI,
    },
    Entry {
        id: "dep-no-hash",
        title: "Dependencies have no hash",
        severity: Severity::Low,
        description: "Who can change what the index serves can change what is installed.",
        expected: "The file says what the content of each package hashes to.",
        recommendation: "`pip-compile --generate-hashes`, or a lockfile of poetry, uv or npm.",
        effort: Effort::Small,
        cwe: &[494, 353],
        profiles: FULL,
    },
    Entry {
        id: "dep-install-script",
        title: "Dependencies run programs when they are installed",
        severity: Severity::Medium,
        description: "Most malicious packages of npm do their work there, with the rights of whoever installs.",
        expected: "Scripts are off, but for packages that need them.",
        recommendation: "`ignore-scripts=true` in .npmrc, and `npm rebuild NAME` for those that need it.",
        effort: Effort::Small,
        cwe: &[506, 829],
        profiles: FULL,
    },
    Entry {
        id: "dep-yanked",
        title: "A dependency's version was taken back",
        severity: Severity::Medium,
        description: "Its authors found it too broken to be installed.",
        expected: "No version that was taken back.",
        recommendation: "Update it.",
        effort: Effort::Small,
        cwe: &[1104],
        profiles: FULL,
    },
    Entry {
        id: "dep-unmaintained",
        title: "Nobody takes care of a dependency",
        severity: Severity::Low,
        description: "What is found in it will not be put right.",
        expected: "Dependencies are taken care of.",
        recommendation: "Replace it by what its registry or advisory names.",
        effort: Effort::Medium,
        cwe: &[1104],
        profiles: FULL,
    },
    Entry {
        id: "dep-outdated",
        title: "A dependency is older than the newest release",
        severity: Severity::Low,
        description: "The further behind, the harder is the update that becomes urgent one day.",
        expected: "Dependencies are at the newest release of their line.",
        recommendation: "Update it when you work on the project anyway.",
        effort: Effort::Small,
        cwe: &[1104],
        profiles: FULL,
    },
];

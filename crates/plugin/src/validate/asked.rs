//! What a manifest asks for, judged by itself.

use wardkit_validation::Scheme;

use crate::grant::{Grant, Most};
use crate::{Finding, Kind, Manifest, Rule};

pub(super) fn check(manifest: &Manifest, found: &mut Vec<Finding>) {
    check_id(manifest, found);
    check_hosts(manifest, found);
    check_kind(manifest, found);
    check_limits(manifest, found);
    if manifest.health.is_none() {
        found.push(Finding::new(Rule::NoSelfTest, "health", "there is no self-test"));
    }
}

fn check_id(manifest: &Manifest, found: &mut Vec<Finding>) {
    let id = manifest.plugin.id.as_str();
    let is_below = |name: &str| id.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    if let Some(name) = RESERVED.iter().find(|name| is_below(name)) {
        let what = format!("ids below {name} are reserved");
        found.push(Finding::new(Rule::ReservedId, "plugin.id", what));
    }
}

fn check_hosts(manifest: &Manifest, found: &mut Vec<Finding>) {
    for (at, wish) in manifest.permissions.http.iter().enumerate() {
        let key = format!("permissions.http[{at}].host");
        let host = wish.host.to_string();
        let name = host.strip_prefix("*.").unwrap_or(&host);
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_wide = host.starts_with("*.") && name.split('.').count() <= 2;
        if is_wide && !INSIDE.contains(&last) {
            found.push(Finding::new(Rule::BroadHost, key, format!("{host} is a whole domain")));
        } else if !name.contains('.') || INSIDE.contains(&last) {
            let what = format!("{host} is a name within a private network");
            found.push(Finding::new(Rule::PrivateHost, key, what));
        }
        if wish.schemes.contains(&Scheme::Http) {
            let key = format!("permissions.http[{at}].schemes");
            found.push(Finding::new(Rule::ClearText, key, "http is asked for"));
        }
    }
}

fn check_kind(manifest: &Manifest, found: &mut Vec<Finding>) {
    let (plugin, wishes) = (&manifest.plugin, &manifest.permissions);
    match plugin.kind {
        Kind::Native => {
            found.push(Finding::new(Rule::NativeCode, "plugin.kind", "the entry is native"));
            if manifest.limits.load.is_some() {
                let what = "the kernel loads a native plugin, in the time that its call has";
                found.push(Finding::new(Rule::KindMismatch, "limits.load", what));
            }
        }
        Kind::Wasm => {
            let native = [
                ("permissions.env", !wishes.env.is_empty()),
                ("permissions.runtime", wishes.runtime.is_some()),
            ];
            for (key, _) in native.into_iter().filter(|(_, is_asked)| *is_asked) {
                found.push(Finding::new(
                    Rule::KindMismatch,
                    key,
                    "a wasm plugin has no use for it",
                ));
            }
        }
    }
}

fn check_limits(manifest: &Manifest, found: &mut Vec<Finding>) {
    let (asked, usual) = (Grant::asked_by(manifest).limits, Most::default());
    let limits = [
        ("limits.memory", asked.memory > usual.memory),
        ("limits.cpu", asked.cpu > usual.cpu),
        ("limits.timeout", asked.timeout > usual.timeout),
        ("limits.input", asked.input > usual.input),
        ("limits.output", asked.output > usual.output),
        ("limits.load", asked.load > usual.load),
        ("limits.concurrency", asked.concurrency > usual.concurrency),
        ("limits.calls-per-minute", asked.calls_per_minute > usual.calls_per_minute),
    ];
    for (key, _) in limits.into_iter().filter(|(_, is_above)| *is_above) {
        found.push(Finding::new(Rule::AboveDefault, key, "it is above the default"));
    }
}

/// Our own names, and those that stand for nobody.
const RESERVED: [&str; 6] = [
    "dev.wardkit",
    "io.wardkit",
    "org.wardkit",
    "com.wardkit",
    "test.invalid",
    "localhost.localdomain",
];

/// The last words of names that are never public.
const INSIDE: [&str; 8] =
    ["local", "localhost", "internal", "intranet", "lan", "home", "corp", "arpa"];

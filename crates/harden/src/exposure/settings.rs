//! What a unit's settings mean together: some imply others.

use std::collections::BTreeSet;

use crate::{Capability, SystemCall, Unit};

/// The settings that are judged.
pub(super) struct Settings<'u> {
    pub(super) unit: &'u Unit,
    pub(super) is_root: bool,
    pub(super) is_dynamic: bool,
    pub(super) capabilities: BTreeSet<Capability>,
    pub(super) calls: Calls,
    pub(super) families: Listed<String>,
    /// Namespaces that may be made.
    pub(super) namespaces: Listed<String>,
}

/// A list of what is allowed, or of what is not.
pub(super) enum Listed<T> {
    Nothing,
    Allowed(BTreeSet<T>),
    Denied(BTreeSet<T>),
}

pub(super) type Calls = Listed<SystemCall>;

impl<'u> Settings<'u> {
    pub(super) fn of(unit: &'u Unit) -> Self {
        let mut capabilities = capabilities(unit);
        for (key, names) in TAKES {
            if unit.is_on(key) {
                for capability in names.split(' ').filter_map(Capability::named) {
                    capabilities.remove(&capability);
                }
            }
        }
        Self {
            unit,
            is_root: unit.is_root(),
            is_dynamic: unit.is_on("DynamicUser"),
            capabilities,
            calls: listed(&unit.values("SystemCallFilter"), &|word| {
                let word = word.split(':').next().unwrap_or(word);
                SystemCall::group(word)
                    .unwrap_or_else(|| SystemCall::named(word).into_iter().collect())
            }),
            families: listed(&unit.values("RestrictAddressFamilies"), &|word| {
                BTreeSet::from([word.to_owned()])
            }),
            namespaces: namespaces(unit),
        }
    }

    pub(super) fn may(&self, names: &str) -> bool {
        names
            .split(' ')
            .filter_map(Capability::named)
            .any(|capability| self.capabilities.contains(&capability))
    }
}

impl<T: Ord> Listed<T> {
    pub(super) fn allows(&self, item: &T) -> bool {
        match self {
            Self::Nothing => true,
            Self::Allowed(items) => items.contains(item),
            Self::Denied(items) => !items.contains(item),
        }
    }
}

/// The first line says whether a list allows or denies; later ones add and take away.
fn listed<T: Ord>(values: &[&str], items: &dyn Fn(&str) -> BTreeSet<T>) -> Listed<T> {
    let Some(first) = values.first() else { return Listed::Nothing };
    if *first == "none" {
        return Listed::Allowed(BTreeSet::new());
    }
    let denies = first.starts_with('~');
    let mut named = BTreeSet::new();
    for value in values {
        let (is_denied, words) =
            value.strip_prefix('~').map_or((false, *value), |rest| (true, rest));
        for word in words.split_ascii_whitespace() {
            for item in items(word) {
                if is_denied == denies {
                    named.insert(item);
                } else {
                    named.remove(&item);
                }
            }
        }
    }
    if denies { Listed::Denied(named) } else { Listed::Allowed(named) }
}

fn capabilities(unit: &Unit) -> BTreeSet<Capability> {
    let mut set: Option<BTreeSet<Capability>> = None;
    // Not as a list: an empty setting means none at all.
    for value in unit.all("CapabilityBoundingSet") {
        let (is_denied, words) =
            value.strip_prefix('~').map_or((false, value), |rest| (true, rest));
        let named: BTreeSet<_> =
            words.split_ascii_whitespace().filter_map(Capability::named).collect();
        set = Some(match (set, is_denied) {
            (_, false) if named.is_empty() => BTreeSet::new(),
            (_, true) if named.is_empty() => Capability::all().collect(),
            (None, false) => named,
            (None, true) => {
                Capability::all().filter(|capability| !named.contains(capability)).collect()
            }
            (Some(set), false) => set.union(&named).copied().collect(),
            (Some(set), true) => set.difference(&named).copied().collect(),
        });
    }
    set.unwrap_or_else(|| Capability::all().collect())
}

fn namespaces(unit: &Unit) -> Listed<String> {
    match unit.last("RestrictNamespaces") {
        None | Some("no" | "false" | "0" | "off" | "n" | "f") => Listed::Nothing,
        Some("yes" | "true" | "1" | "on" | "y" | "t") => Listed::Allowed(BTreeSet::new()),
        Some(_) => {
            listed(&unit.values("RestrictNamespaces"), &|word| BTreeSet::from([word.to_owned()]))
        }
    }
}

/// Settings that take capabilities, too.
const TAKES: [(&str, &str); 4] = [
    ("PrivateDevices", "MKNOD SYS_RAWIO"),
    ("ProtectKernelModules", "SYS_MODULE"),
    ("ProtectKernelLogs", "SYSLOG"),
    ("ProtectClock", "SYS_TIME WAKE_ALARM"),
];

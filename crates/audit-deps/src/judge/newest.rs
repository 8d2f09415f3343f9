//! Releases that are newer, by a list that the operator gives.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use wardkit_audit::{Finding, Sink, Status};

use super::place;
use crate::version::compare;
use crate::{Ecosystem, Error, Inventory, Source, checks};

/// The newest releases of packages, and releases that were taken back.
///
/// ```
/// use wardkit_audit_deps::Newest;
///
/// let newest = Newest::parse(r#"{"ecosystem":"PyPI","name":"aiogram","version":"3.22.0","yanked":["3.0.0"]}"#)?;
/// assert_eq!(newest.len(), 1);
/// # Ok::<(), wardkit_audit_deps::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// By ecosystem and name; without an ecosystem for all of them.
    packages: BTreeMap<(Option<Ecosystem>, String), (String, Vec<String>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    ecosystem: Option<String>,
    name: String,
    version: String,
    #[serde(default)]
    yanked: Vec<String>,
}

impl Newest {
    /// Reads JSON lines, each with `name`, `version`, and perhaps `ecosystem` as OSV spells it and `yanked`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Document`] for a line that is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut packages = BTreeMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let refused = |reason: String| Error::Document {
                what: "index of releases",
                reason: format!("line {}: {reason}", index + 1),
            };
            let line: Line =
                serde_json::from_str(line).map_err(|error| refused(error.to_string()))?;
            let ecosystem = match &line.ecosystem {
                Some(name) => Some(Ecosystem::from_osv_name(name).ok_or_else(|| {
                    refused(format!("{name:?} is no ecosystem that is known here"))
                })?),
                None => None,
            };
            let name = ecosystem.map_or_else(|| line.name.clone(), |one| one.normal(&line.name));
            packages.insert((ecosystem, name), (line.version, line.yanked));
        }
        Ok(Self { packages })
    }

    /// Returns the number of packages that it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether it knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    fn of(&self, ecosystem: Ecosystem, name: &str) -> Option<&(String, Vec<String>)> {
        let own = self.packages.get(&(Some(ecosystem), name.to_owned()));
        own.or_else(|| self.packages.get(&(None, name.to_owned())))
    }
}

/// Compares what is there with the newest releases. Without a list of them nobody knows.
pub(crate) fn newest(newest: Option<&Newest>, inventories: &[&Inventory], sink: &mut Sink) {
    let Some(newest) = newest else {
        let reason = "no list of releases was given: --index FILE";
        sink.outcome("dep-outdated", Status::Unknown, vec![reason.to_owned()]);
        return;
    };
    let mut unlisted = 0;
    for inventory in inventories {
        for package in inventory.packages.iter().filter(|one| one.source == Source::Registry) {
            let Some((version, yanked)) = newest.of(package.ecosystem, &package.name) else {
                unlisted += 1;
                continue;
            };
            let is = |other: &str, order| {
                compare(package.ecosystem, &package.version, other) == Some(order)
            };
            let (name, own) = (&package.name, &package.version);
            let mut told = Vec::new();
            if yanked.iter().any(|one| is(one, Ordering::Equal)) {
                told.push((
                    "dep-yanked",
                    format!("{name} {own} was taken back; {version} is the newest."),
                ));
            }
            if is(version, Ordering::Less) {
                told.push((
                    "dep-outdated",
                    format!("{name} is {own}, and {version} is the newest."),
                ));
            }
            for (id, current) in told {
                let finding = Finding::new(&checks::named(id), Status::Fail, current);
                let finding = finding.about(name, package.ecosystem.osv_name());
                sink.report(finding.at(place(inventory, package.line)));
            }
        }
    }
    if unlisted > 0 {
        let reason = format!("{unlisted} packages are not in the list of releases");
        sink.outcome("dep-outdated", Status::Unknown, vec![reason]);
    }
}

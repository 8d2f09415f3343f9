//! What advisories say of the versions that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wardkit_audit::{Finding, Note, NoteKind, Severity, Sink, Status};

use super::pins::some;
use super::{place, way};
use crate::advisory::AdvisoryKind;
use crate::{Advisory, DepsEngine, Ecosystem, Inventory, Package, Source, checks};

/// Judges packages by what is known of them.
pub(crate) fn advisories(engine: &DepsEngine, inventories: &[&Inventory], sink: &mut Sink) {
    deprecated(inventories, sink);
    let packages = packages(inventories);
    let open = unresolved(inventories, &packages);
    let asked_of = packages.keys().map(|(ecosystem, ..)| *ecosystem);
    let ecosystems: BTreeSet<Ecosystem> = asked_of.chain(open.iter().map(|one| one.0)).collect();
    let Some(database) = &engine.database else {
        let finding =
            Finding::new(&checks::named("dep-db-stale"), Status::Unknown, &engine.missing);
        sink.report(finding.about("missing", ""));
        unknown(sink, &engine.missing);
        return;
    };
    age(engine, &ecosystems, sink);
    let asked: Vec<(Ecosystem, &str)> =
        packages.keys().map(|(ecosystem, name, _)| (*ecosystem, *name)).collect();
    let known = match database.look_up(&asked) {
        Ok(known) => known,
        Err(error) => {
            sink.note(Note::new(NoteKind::Unread, "", error.to_string()));
            return unknown(sink, &error.to_string());
        }
    };
    let mut untold: BTreeSet<String> = BTreeSet::new();
    if !open.is_empty() {
        let names: Vec<&str> = open.iter().map(|(_, name)| *name).collect();
        untold.insert(format!("no file says in which version these are: {}", some(&names)));
    }
    for (((ecosystem, name, version), places), known) in packages.iter().zip(known) {
        let mut concerned = Vec::new();
        for advisory in known {
            match advisory.concerns(*ecosystem, version) {
                Some(true) => concerned.push(advisory),
                Some(false) => {}
                None => {
                    untold.insert(format!("{name} {version:?} is no version that can be compared"));
                }
            }
        }
        for same in grouped(concerned) {
            report(engine, &same, places, sink);
        }
    }
    if !untold.is_empty() {
        let untold: Vec<String> = untold.into_iter().collect();
        sink.outcome("dep-vuln", Status::Unknown, untold);
    }
}

type Places<'a> = Vec<(&'a Inventory, &'a Package)>;

/// Returns each package in each version once, with the places where it is. What lies in the tree itself has no advisory.
fn packages<'a>(
    inventories: &[&'a Inventory],
) -> BTreeMap<(Ecosystem, &'a str, &'a str), Places<'a>> {
    let mut packages: BTreeMap<_, Places<'_>> = BTreeMap::new();
    for inventory in inventories {
        for package in inventory.packages.iter().filter(|one| one.source != Source::Path) {
            let key = (package.ecosystem, package.name.as_str(), package.version.as_str());
            packages.entry(key).or_default().push((inventory, package));
        }
    }
    packages
}

/// Returns what is asked for and has no version anywhere: nobody can look it up.
fn unresolved<'a>(
    inventories: &[&'a Inventory],
    packages: &BTreeMap<(Ecosystem, &str, &str), Places<'_>>,
) -> BTreeSet<(Ecosystem, &'a str)> {
    let resolved: BTreeSet<(Ecosystem, &str)> =
        packages.keys().map(|(ecosystem, name, _)| (*ecosystem, *name)).collect();
    let wishes = inventories.iter().flat_map(|one| &one.wishes);
    let wishes = wishes.filter(|one| one.source == Source::Registry);
    let names = wishes.map(|one| (one.ecosystem, one.name.as_str()));
    names.filter(|one| !resolved.contains(one)).collect()
}

/// Joins the advisories that are about the same: those that name each other, or the same third one.
fn grouped(advisories: Vec<Advisory>) -> Vec<Vec<Advisory>> {
    let mut groups: Vec<(BTreeSet<String>, Vec<Advisory>)> = Vec::new();
    for advisory in advisories {
        let mut names: BTreeSet<String> = advisory.aliases.iter().cloned().collect();
        names.insert(advisory.id.clone());
        let mut members = vec![advisory];
        // One that names two groups makes them one.
        groups.retain_mut(|(others, there)| {
            let is_same = !others.is_disjoint(&names);
            if is_same {
                names.append(others);
                members.append(there);
            }
            !is_same
        });
        groups.push((names, members));
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

fn report(engine: &DepsEngine, same: &[Advisory], places: &Places<'_>, sink: &mut Sink) {
    let Some((inventory, package)) = places.first() else { return };
    let ids: BTreeSet<&str> = same
        .iter()
        .flat_map(|one| one.aliases.iter().map(String::as_str).chain([one.id.as_str()]))
        .collect();
    if let Some(reason) = engine.vex.mutes(&ids, package) {
        let main = main_name(&ids);
        let message = format!("{main} in {} {}: not told: {reason}", package.name, package.version);
        sink.note(Note::new(NoteKind::Skipped, &inventory.path, message));
        return;
    }
    let kind = same.iter().map(|one| one.kind).find(|kind| *kind != AdvisoryKind::Notice);
    let id = match kind {
        _ if same.iter().any(|one| one.kind == AdvisoryKind::Malicious) => "dep-malicious",
        Some(AdvisoryKind::Unmaintained) => "dep-unmaintained",
        Some(AdvisoryKind::Yanked) => "dep-yanked",
        None => return,
        _ => "dep-vuln",
    };
    sink.report(finding(id, same, &ids, places));
}

fn finding(id: &str, same: &[Advisory], ids: &BTreeSet<&str>, places: &Places<'_>) -> Finding {
    let (inventory, package) = places[0];
    let (name, version, main) = (&package.name, &package.version, main_name(ids));
    let summary = same.iter().map(|one| one.summary.as_str()).find(|text| !text.is_empty());
    let summary = summary.unwrap_or("no summary");
    let mut finding = Finding::new(
        &checks::named(id),
        Status::Fail,
        format!("{name} {version}: {main}: {summary}"),
    )
    .about(format!("{name} {main}"), package.ecosystem.osv_name());
    if id == "dep-vuln" {
        finding.title = format!("{name} {version} has a known vulnerability: {main}");
        finding.severity = severity(same);
        let fixed = same.iter().filter_map(|one| one.fixed_after(package.ecosystem, version));
        finding.recommendation = match highest(package.ecosystem, fixed) {
            Some(fixed) => format!("Raise {name} to {fixed}."),
            None => format!(
                "There is no version of {name} without it: replace it, or say in a VEX document why it cannot \
                             be reached."
            ),
        };
    } else if id == "dep-malicious" {
        finding.title = format!("{name} {version} was made to do harm: {main}");
    }
    let others: Vec<&str> = ids.iter().copied().filter(|one| *one != main).collect();
    if !others.is_empty() {
        finding = finding.with_evidence(format!("also known as {}", others.join(", ")));
    }
    let way = way(inventory, package);
    if way.len() > 1 {
        finding = finding.with_evidence(format!("needed by way of {}", way.join(" > ")));
    }
    if let Some(link) = same.iter().find_map(|one| one.link.as_deref()) {
        finding = finding.with_evidence(link);
    }
    let mut cwe: BTreeSet<u16> = finding.cwe.iter().copied().collect();
    cwe.extend(same.iter().flat_map(|one| &one.cwe));
    finding.cwe = cwe.into_iter().collect();
    places
        .iter()
        .fold(finding, |finding, (inventory, package)| finding.at(place(inventory, package.line)))
}

/// The gravest of those that say. Where none says it is not known to be harmless; what is merely unsound needs a caller.
fn severity(same: &[Advisory]) -> Severity {
    let said = same.iter().filter_map(|one| one.severity).max();
    said.unwrap_or_else(|| {
        let is_unsound = same.iter().all(|one| one.kind == AdvisoryKind::Unsound);
        if is_unsound { Severity::Low } else { Severity::High }
    })
}

/// Each alias may name another fix; the highest is behind all of them.
fn highest<'a>(ecosystem: Ecosystem, fixed: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    fixed.max_by(|a, b| {
        crate::version::compare(ecosystem, a, b).unwrap_or(std::cmp::Ordering::Equal)
    })
}

/// The name that most people know.
fn main_name<'a>(ids: &BTreeSet<&'a str>) -> &'a str {
    let known = ["MAL-", "CVE-", "GHSA-", "RUSTSEC-", "PYSEC-", "GO-"];
    let found = known.iter().find_map(|prefix| ids.iter().find(|id| id.starts_with(prefix)));
    found.or(ids.first()).copied().unwrap_or_default()
}

/// Tells of advisories that are old, or that there are none of.
fn age(engine: &DepsEngine, ecosystems: &BTreeSet<Ecosystem>, sink: &mut Sink) {
    let Some(database) = &engine.database else { return };
    let check = checks::named("dep-db-stale");
    let mut missing = Vec::new();
    for ecosystem in ecosystems {
        let Some((day, date)) = database.day_of(*ecosystem) else {
            missing.push(format!("no advisories for {ecosystem} were imported"));
            continue;
        };
        let age = engine.now.duration_since(day).unwrap_or(Duration::ZERO);
        if age <= engine.stale_after {
            continue;
        }
        let days = age.as_secs() / 86_400;
        let current = format!("The newest advisory for {ecosystem} is of {date}, {days} days ago.");
        let mut finding = Finding::new(&check, Status::Fail, current);
        if age > engine.stale_after * 4 {
            finding.severity = Severity::High;
        }
        sink.report(finding.about(ecosystem.osv_name(), ""));
    }
    if !missing.is_empty() {
        let reason = missing.join("; ");
        let finding = Finding::new(&check, Status::Unknown, &reason).about("missing", "");
        sink.report(finding);
        unknown(sink, &reason);
    }
}

fn unknown(sink: &mut Sink, reason: &str) {
    for id in ["dep-vuln", "dep-malicious", "dep-unmaintained", "dep-yanked"] {
        sink.outcome(id, Status::Unknown, vec![reason.to_owned()]);
    }
}

/// What the registry itself said when it was locked.
fn deprecated(inventories: &[&Inventory], sink: &mut Sink) {
    for inventory in inventories {
        for package in &inventory.packages {
            let Some(said) = &package.deprecated else { continue };
            let said: String = said.chars().take(200).collect();
            let current = format!("{} {}: {said}", package.name, package.version);
            let finding = Finding::new(&checks::named("dep-unmaintained"), Status::Fail, current);
            let about = finding.about(&package.name, package.ecosystem.osv_name());
            sink.report(about.at(place(inventory, package.line)));
        }
    }
}

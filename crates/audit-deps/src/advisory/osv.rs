//! Advisories in the format of OSV.

use cvss::Severity as Rating;
use serde::Deserialize;
use wardkit_audit::Severity;

use super::{Advisory, AdvisoryKind, Event, Range};
use crate::Ecosystem;

/// What one file of OSV says, as far as it is needed. Fields that have another form than they should are as if they were
/// not there, except those that say which versions are concerned.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    id: String,
    #[serde(default)]
    pub(crate) modified: String,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    summary: String,
    #[serde(default, deserialize_with = "or_default")]
    details: String,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "or_default")]
    affected: Vec<Affected>,
    #[serde(default, deserialize_with = "or_default")]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Score {
    score: String,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
}

#[derive(Debug, Deserialize)]
struct Affected {
    package: Option<Named>,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "or_default")]
    ranges: Vec<RangeEntry>,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
    #[serde(default)]
    database_specific: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct RangeEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    events: Vec<EventEntry>,
}

#[derive(Debug, Deserialize)]
struct EventEntry {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

impl Entry {
    /// Returns what it says of each package, unless it was taken back.
    pub(crate) fn advisories(&self) -> Vec<(Ecosystem, String, Advisory)> {
        if self.withdrawn.is_some() {
            return Vec::new();
        }
        let mut found: Vec<(Ecosystem, String, Advisory)> = Vec::new();
        for affected in &self.affected {
            let Some(package) = &affected.package else { continue };
            let Some(ecosystem) = Ecosystem::from_osv_name(&package.ecosystem) else { continue };
            let name = ecosystem.normal(&package.name);
            let (ranges, versions) = (affected.ranges(), affected.versions.clone());
            let same = found.iter_mut().find(|(at, of, _)| *at == ecosystem && *of == name);
            if let Some((_, _, advisory)) = same {
                advisory.ranges.extend(ranges);
                advisory.versions.extend(versions);
                continue;
            }
            let advisory = Advisory { ranges, versions, ..self.advisory(affected) };
            found.push((ecosystem, name, advisory));
        }
        for (ecosystem, _, advisory) in &mut found {
            advisory.compact(*ecosystem);
        }
        found
    }

    fn advisory(&self, affected: &Affected) -> Advisory {
        let scores = || affected.severity.iter().chain(&self.severity);
        let said = [&self.database_specific, &affected.database_specific];
        let worded = said.iter().find_map(|one| worded(one["severity"].as_str()?));
        let informational = said.iter().find_map(|one| one["informational"].as_str());
        let first = self.details.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let summary = if self.summary.is_empty() { first } else { &self.summary };
        let cwe = self.database_specific["cwe_ids"].as_array().into_iter().flatten();
        let cwe = cwe.filter_map(|one| one.as_str()?.strip_prefix("CWE-")?.parse().ok());
        Advisory {
            id: self.id.clone(),
            aliases: self.aliases.iter().chain(&self.upstream).cloned().collect(),
            summary: summary.chars().take(LONGEST_SUMMARY).collect(),
            severity: scores().filter_map(|one| rated(&one.score)).max().or(worded),
            kind: kind(&self.id, informational),
            ranges: Vec::new(),
            versions: Vec::new(),
            cwe: cwe.collect(),
            link: self.references.iter().map(|one| one.url.clone()).find(|url| !url.is_empty()),
        }
    }
}

impl Affected {
    /// Commits cannot be compared with versions; what they mean in versions, OSV lists besides.
    fn ranges(&self) -> Vec<Range> {
        let ordered = self.ranges.iter().filter(|range| range.kind != "GIT");
        let events = ordered.map(|range| {
            let events = range.events.iter().filter_map(|event| {
                let introduced = event.introduced.clone().map(Event::Introduced);
                let fixed = event.fixed.clone().map(Event::Fixed);
                let last = event.last_affected.clone().map(Event::LastAffected);
                introduced.or(fixed).or(last).or(event.limit.clone().map(Event::Limit))
            });
            Range::Events(events.collect())
        });
        events.collect()
    }
}

/// Returns how grave a vector of CVSS is.
pub(super) fn rated(vector: &str) -> Option<Severity> {
    let rating = if vector.starts_with("CVSS:4") {
        let vector: cvss::v4::Vector = vector.parse().ok()?;
        vector.score().severity()
    } else {
        let vector: cvss::v3::Vector = vector.parse().ok()?;
        vector.severity()
    };
    Some(match rating {
        Rating::None | Rating::Low => Severity::Low,
        Rating::Medium => Severity::Medium,
        Rating::High => Severity::High,
        Rating::Critical => Severity::Critical,
    })
}

/// Some exports write `null` for what is not there.
fn or_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    reader: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or_default())
}

fn worded(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_uppercase().as_str() {
        "LOW" => Severity::Low,
        "MODERATE" | "MEDIUM" => Severity::Medium,
        "HIGH" => Severity::High,
        "CRITICAL" => Severity::Critical,
        _ => return None,
    })
}

pub(super) fn kind(id: &str, informational: Option<&str>) -> AdvisoryKind {
    match informational {
        _ if id.starts_with("MAL-") => AdvisoryKind::Malicious,
        Some("unmaintained") => AdvisoryKind::Unmaintained,
        Some("unsound") => AdvisoryKind::Unsound,
        Some(_) => AdvisoryKind::Notice,
        None => AdvisoryKind::Vulnerability,
    }
}

/// One line of a report.
const LONGEST_SUMMARY: usize = 200;

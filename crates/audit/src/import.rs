//! What other tools found, read from their SARIF.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    Check, Effort, Engine, EngineKind, Error, Finding, Kind, Location, Profile, Project, Severity,
    Sink, Status,
};

/// What other tools found, as an engine: it looks at nothing itself.
///
/// What one of them found where an engine of this audit found the same weakness is told once.
#[derive(Debug, Default)]
pub struct ImportEngine {
    checks: BTreeMap<String, Check>,
    findings: Vec<Finding>,
}

impl ImportEngine {
    /// Takes in a file of SARIF 2.1.0. What the tool itself says is suppressed, or passed, is left out.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Json`] for what is no such file.
    pub fn add(&mut self, sarif: &str) -> Result<(), Error> {
        let log: Log = serde_json::from_str(sarif)
            .map_err(|source| Error::Json { what: "SARIF file", source })?;
        for run in &log.runs {
            for result in &run.results {
                self.take(&run.tool.driver, result);
            }
        }
        Ok(())
    }

    fn take(&mut self, driver: &Driver, result: &Found) {
        let is_told = result.kind.as_deref().is_none_or(|kind| kind == "fail");
        let is_muted = result.suppressions.as_ref().is_some_and(|all| !all.is_empty());
        if !is_told || is_muted || result.level.as_deref() == Some("none") {
            return;
        }
        let by_index = result.rule_index.and_then(|index| driver.rules.get(index));
        let named = |rule: &&Rule| Some(&rule.id) == result.rule_id.as_ref();
        let rule = driver.rules.iter().find(named).or(by_index);
        let Some(name) = result.rule_id.as_ref().or(rule.map(|rule| &rule.id)) else { return };
        let id = format!("{}:{name}", driver.name.to_lowercase().replace(char::is_whitespace, "-"));
        let check = self
            .checks
            .entry(id.clone())
            .or_insert_with(|| check(id, driver, rule, result.level.as_deref()));
        let text = result.message.text.clone();
        let mut finding = Finding::new(check, Status::Fail, text.clone())
            .with_evidence(format!("found by {}", driver.name))
            .about(text, "");
        for place in &result.locations {
            finding = finding.at(place.location());
        }
        self.findings.push(finding);
    }
}

impl Engine for ImportEngine {
    fn checks(&self) -> Vec<Check> {
        self.checks.values().cloned().collect()
    }

    fn whole(&self, _project: &Project<'_>, sink: &mut Sink) {
        for check in self.checks.values() {
            // What is told elsewhere has not passed.
            let seen = format!("{} looked, and not this audit", check.component);
            sink.outcome(&check.id, Status::NotApplicable, vec![seen]);
        }
        for finding in &self.findings {
            sink.report(finding.clone());
        }
    }
}

/// Takes out what another tool found where an engine found the same weakness, and says so there. The findings are in the
/// order of their checks; of several tools the first is told.
pub(crate) fn merge_doubles(findings: &mut Vec<Finding>) {
    let (peers, mut told): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(findings).into_iter().partition(|one| one.engine == EngineKind::Import);
    for peer in peers {
        match told.iter_mut().find(|one| is_same(one, &peer)) {
            Some(same) => same.evidence.push(format!("also found by {}", peer.id)),
            None => told.push(peer),
        }
    }
    *findings = told;
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    let place = |finding: &Finding| {
        finding.files.first().and_then(|place| Some((place.path.clone(), place.line?)))
    };
    one.id != other.id
        && one.cwe.iter().any(|number| other.cwe.contains(number))
        && place(one).is_some_and(|here| place(other) == Some(here))
}

fn check(id: String, driver: &Driver, rule: Option<&Rule>, level: Option<&str>) -> Check {
    let text =
        |text: Option<&Text>| text.map(|text| text.text.clone()).filter(|text| !text.is_empty());
    let short = text(rule.and_then(|rule| rule.short_description.as_ref()));
    let full = text(rule.and_then(|rule| rule.full_description.as_ref()));
    let help = text(rule.and_then(|rule| rule.help.as_ref()));
    let title = short.or_else(|| full.clone()).unwrap_or_else(|| id.clone());
    let title = title.lines().next().unwrap_or_default().to_owned();
    Check {
        engine: EngineKind::Import,
        component: driver.name.clone().into(),
        description: full.unwrap_or_else(|| title.clone()).into(),
        title: title.into(),
        severity: severity(rule, level),
        kind: Kind::Security,
        expected: format!("{} does not find it.", driver.name).into(),
        recommendation: help
            .unwrap_or_else(|| format!("See what {} says of it.", driver.name))
            .into(),
        effort: Effort::Medium,
        cwe: rule.map(Rule::cwe).unwrap_or_default().into(),
        owasp: (&[][..]).into(),
        profiles: (&[Profile::Ci, Profile::Host, Profile::Llm][..]).into(),
        id: id.into(),
    }
}

/// GitHub's own steps of `security-severity`; without it by the level.
fn severity(rule: Option<&Rule>, level: Option<&str>) -> Severity {
    let score =
        rule.and_then(|rule| rule.properties.security_severity.as_ref()?.parse::<f64>().ok());
    let default = rule.and_then(|rule| rule.default_configuration.level.as_deref());
    match (score, level.or(default)) {
        (Some(score), _) if score >= 9.0 => Severity::Critical,
        (Some(score), _) if score >= 7.0 => Severity::High,
        (Some(score), _) if score >= 4.0 => Severity::Medium,
        (Some(_), _) | (None, Some("note")) => Severity::Low,
        (None, Some("error")) => Severity::High,
        (None, _) => Severity::Medium,
    }
}

#[derive(Deserialize)]
struct Log {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Option<Text>,
    full_description: Option<Text>,
    help: Option<Text>,
    #[serde(default)]
    default_configuration: Configuration,
    #[serde(default)]
    properties: Properties,
}

impl Rule {
    /// Tools write `CWE-78: ...`, `external/cwe/cwe-078` and the like.
    fn cwe(&self) -> Vec<u16> {
        let numbers = self.properties.tags.iter().filter_map(|tag| {
            let tag = tag.to_ascii_lowercase();
            let (_, rest) = tag.split_once("cwe-")?;
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        });
        numbers.collect()
    }
}

#[derive(Default, Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    tags: Vec<String>,
    #[serde(rename = "security-severity")]
    security_severity: Option<String>,
}

#[derive(Default, Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: Option<String>,
    rule_index: Option<usize>,
    kind: Option<String>,
    level: Option<String>,
    #[serde(default)]
    message: Text,
    #[serde(default)]
    locations: Vec<Place>,
    suppressions: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(default)]
    physical_location: Physical,
}

impl Place {
    fn location(&self) -> Location {
        let uri = decoded(&self.physical_location.artifact_location.uri);
        let path = uri.strip_prefix("file://").unwrap_or(&uri);
        let path = path.strip_prefix("./").unwrap_or(path);
        match self.physical_location.region.start_line {
            Some(line) => Location::line(path, line),
            None => Location::file(path),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    #[serde(default)]
    artifact_location: Artifact,
    #[serde(default)]
    region: Region,
}

#[derive(Default, Deserialize)]
struct Artifact {
    #[serde(default)]
    uri: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<u32>,
}

/// Decodes `%41`; what is no such thing stays.
fn decoded(uri: &str) -> String {
    let bytes = uri.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

//! Documents that are made of a report, for one reader each.

mod controls;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Check, Compliance, Effort, EngineKind, Finding, Kind, Report, Severity, Status};

/// A document that is made of a report, for one reader. [`render`](crate::render) makes texts of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Document {
    /// What it is.
    pub title: String,
    /// What it says.
    pub sections: Vec<Section>,
}

/// A part of a document: paragraphs, and a table below them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// Its paragraphs.
    pub text: Vec<String>,
    /// The heads of the table's columns; without any there is no table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<&'static str>,
    /// The rows of the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Vec<String>>,
}

impl Document {
    /// What of security is wrong: by component, by item of OWASP's lists, and in which order to put it right.
    #[must_use]
    pub fn security(report: &Report) -> Self {
        let found = of_kind(report, Kind::Security);
        let to_do = roadmap(report, |one| one.kind == Kind::Security);
        let mut sections = vec![overview(report, &found), to_do];
        sections.extend(by_component(&found));
        sections.push(by_owasp(report, &found));
        sections.extend(gaps(report, |check| check.kind == Kind::Security));
        Self { title: "Security".to_owned(), sections }
    }

    /// What takes longer, or more, than it need; and what only a running bot shows.
    #[must_use]
    pub fn performance(report: &Report) -> Self {
        let found = of_kind(report, Kind::Performance);
        let to_do = roadmap(report, |one| one.kind == Kind::Performance);
        let mut sections = vec![overview(report, &found), to_do];
        sections.extend(by_component(&found));
        let rows = LIVE.iter().map(|[what, how]| vec![(*what).to_owned(), (*how).to_owned()]);
        sections.push(Section {
            title: "Only a running bot shows".to_owned(),
            text: vec![
                "Nothing in sources and settings tells these: a person has to measure.".to_owned(),
            ],
            columns: vec!["What", "How to know"],
            rows: rows.collect(),
        });
        sections.extend(gaps(report, |check| check.kind == Kind::Performance));
        Self { title: "Performance".to_owned(), sections }
    }

    /// What to do in which order, and how much work it is.
    #[must_use]
    pub fn remediation(report: &Report) -> Self {
        let found: Vec<&Finding> = failed(report).collect();
        let efforts = [Effort::Small, Effort::Medium, Effort::Large].map(|effort| {
            let of = |severity: Severity| {
                let same = |one: &&&Finding| one.effort == effort && one.severity == severity;
                found.iter().filter(same).count().to_string()
            };
            let counts = Severity::ALL.map(of);
            [vec![effort.as_str().to_owned()], counts.to_vec()].concat()
        });
        let effort = Section {
            title: "Effort".to_owned(),
            text: vec!["Small is within the hour, medium within the day, large longer.".to_owned()],
            columns: vec!["Effort", "Critical", "High", "Medium", "Low"],
            rows: efforts.to_vec(),
        };
        let plan = report.roadmap().into_iter().filter(|one| one.status == Status::Fail);
        let steps = plan.zip(1_usize..).map(|(one, number)| {
            vec![
                number.to_string(),
                format!("[{}] {}", one.component, one.title),
                one.severity.as_str().to_owned(),
                one.effort.as_str().to_owned(),
                place(one),
                one.recommendation.clone(),
            ]
        });
        let plan = Section {
            title: "Plan".to_owned(),
            text: vec![
                "By severity over effort: what gains most for the least work comes first."
                    .to_owned(),
            ],
            columns: vec!["#", "What", "Severity", "Effort", "Where", "Do"],
            rows: steps.collect(),
        };
        let mut sections = vec![overview(report, &found), effort, plan];
        sections.extend(gaps(report, |_| true));
        Self { title: "Remediation".to_owned(), sections }
    }

    /// What is known of the controls of frameworks.
    #[must_use]
    pub fn compliance(compliance: &Compliance) -> Self {
        let overview = std::iter::once(controls::overview(compliance));
        let frameworks = compliance.frameworks.iter().map(controls::of_framework);
        Self {
            title: "Evidence for controls".to_owned(),
            sections: overview.chain(frameworks).collect(),
        }
    }
}

fn failed(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|one| one.status == Status::Fail)
}

fn of_kind(report: &Report, kind: Kind) -> Vec<&Finding> {
    failed(report).filter(|one| one.kind == kind).collect()
}

fn overview(report: &Report, found: &[&Finding]) -> Section {
    let counts = Severity::ALL.map(|severity| {
        let count = found.iter().filter(|one| one.severity == severity).count();
        vec![severity.as_str().to_owned(), count.to_string()]
    });
    let engines: Vec<&str> = report.engines.iter().map(|engine| engine.as_str()).collect();
    let mut text = vec![format!(
        "{} files and {} checks of the engines {}.",
        report.totals.files,
        report.checks.len(),
        engines.join(", ")
    )];
    if report.engines.contains(&EngineKind::Host) {
        text.push("What is said of a host is said of the one that the facts are from.".to_owned());
    }
    Section {
        title: "Overview".to_owned(),
        text,
        columns: vec!["Severity", "Findings"],
        rows: counts.to_vec(),
    }
}

/// A section for each component, with what is wrong in it.
fn by_component(found: &[&Finding]) -> Vec<Section> {
    let mut components: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for one in found {
        components.entry(&one.component).or_default().push(one);
    }
    let section = |(component, found): (&str, Vec<&Finding>)| Section {
        title: component.to_owned(),
        text: Vec::new(),
        columns: vec!["Finding", "Severity", "Where", "Current behaviour", "Expected behaviour"],
        rows: found
            .into_iter()
            .map(|one| {
                vec![
                    one.title.clone(),
                    one.severity.as_str().to_owned(),
                    place(one),
                    one.current.clone(),
                    one.expected.clone(),
                ]
            })
            .collect(),
    };
    components.into_iter().map(section).collect()
}

/// How many checks of each item there are, and how many of them found something.
fn by_owasp(report: &Report, found: &[&Finding]) -> Section {
    let mut items: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for check in &report.catalogue {
        for item in check.owasp.iter() {
            items.entry(item).or_default().0 += 1;
        }
    }
    for one in found {
        for item in &one.owasp {
            items.entry(item).or_default().1 += 1;
        }
    }
    let row = |(item, (checks, findings)): (&str, (usize, usize))| {
        vec![item.to_owned(), checks.to_string(), findings.to_string()]
    };
    Section {
        title: "OWASP".to_owned(),
        text: Vec::new(),
        columns: vec!["Item", "Checks", "Findings"],
        rows: items.into_iter().map(row).collect(),
    }
}

fn roadmap(report: &Report, wanted: impl Fn(&Finding) -> bool) -> Section {
    let ordered = report.roadmap().into_iter();
    let ordered = ordered.filter(|one| one.status == Status::Fail && wanted(one));
    let rows = ordered.zip(1_usize..).map(|(one, number)| {
        vec![
            number.to_string(),
            format!("[{}] {}", one.component, one.title),
            one.severity.as_str().to_owned(),
            one.effort.as_str().to_owned(),
            place(one),
        ]
    });
    Section {
        title: "Roadmap".to_owned(),
        text: Vec::new(),
        columns: vec!["#", "What", "Severity", "Effort", "Where"],
        rows: rows.collect(),
    }
}

/// What a person has to decide, and what could not be looked at.
fn gaps(report: &Report, wanted: impl Fn(&Check) -> bool) -> Option<Section> {
    let row = |check: &Check| {
        let outcome = report.checks.iter().find(|one| check.id == one.id.as_str())?;
        matches!(outcome.status, Status::Manual | Status::Unknown).then(|| {
            // What was found and not decided says more than an outcome without evidence.
            let mut found = report.findings.iter().filter(|one| check.id == one.id.as_str());
            let evidence = match found.next() {
                Some(one) if outcome.evidence.is_empty() => one.current.clone(),
                _ => outcome.evidence.join("; "),
            };
            let status = outcome.status.as_str().to_owned();
            vec![check.id.to_string(), check.title.to_string(), status, evidence]
        })
    };
    let rows: Vec<_> =
        report.catalogue.iter().filter(|check| wanted(check)).filter_map(row).collect();
    (!rows.is_empty()).then(|| Section {
        title: "Not decided".to_owned(),
        text: vec!["What could not be looked at has not passed.".to_owned()],
        columns: vec!["Check", "It fails when", "Status", "Evidence"],
        rows,
    })
}

fn place(finding: &Finding) -> String {
    let more = finding.files.len().saturating_sub(1);
    match (finding.files.first(), more) {
        (None, _) => String::new(),
        (Some(first), 0) => first.shown(),
        (Some(first), more) => format!("{} and {more} more", first.shown()),
    }
}

/// What no source shows.
const LIVE: [[&str; 2]; 6] = [
    ["Memory that grows", "`auditctl metrics query process_resident_memory_bytes` over a day"],
    ["Answers a second", "a load test against a copy of the bot"],
    [
        "How long an answer takes, 95 of 100",
        "the bot's own histogram, by `rate` and `histogram_quantile`",
    ],
    ["Queries that take long", "`pg_stat_statements`, or the slow log of the database"],
    ["How much of the cache is of use", "`INFO stats` of Redis: hits over hits and misses"],
    [
        "What a message costs with the language model",
        "the usage that the provider returns with each answer",
    ],
];

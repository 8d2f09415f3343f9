//! The assessment results of OSCAL 1.1.

use std::collections::BTreeSet;

use serde::Serialize;
use wardkit_core::Timestamp;

use super::{Compliance, Control, Framework};

/// Renders what is known of controls as assessment results of OSCAL 1.1.2, in JSON. `at` is when the audit was made.
///
/// What failed is an objective that is not satisfied. Nothing is called satisfied: that a machine found nothing is an
/// observation, which a person may draw a conclusion from.
#[must_use]
pub fn oscal(compliance: &Compliance, at: Timestamp) -> String {
    let at = at.to_string();
    let results = compliance.frameworks.iter().map(|framework| result(framework, &at)).collect();
    let document = Document {
        assessment_results: Assessment {
            uuid: uuid(&["document", &at]),
            metadata: Metadata {
                title: "Results of an audit by auditctl",
                last_modified: at.clone(),
                version: env!("CARGO_PKG_VERSION"),
                oscal_version: "1.1.2",
            },
            import_ap: Import { href: "#" },
            results,
        },
    };
    // Maps with keys that are texts are all that there is.
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}

fn result(framework: &Framework, at: &str) -> ResultSet {
    let seen = |control: &&Control| !control.all_checks().is_empty() || !control.manual.is_empty();
    let controls: Vec<&Control> = framework.controls.iter().filter(seen).collect();
    let observations = controls.iter().map(|control| observation(framework, control, at));
    let against = controls.iter().filter(|control| !control.evidence_against.is_empty());
    let ids: BTreeSet<String> =
        framework.controls.iter().map(|control| token(framework, control)).collect();
    ResultSet {
        uuid: uuid(&["result", &framework.id, at]),
        title: framework.title.clone(),
        description: format!(
            "Evidence from machine checks; {} % of what there is to know was checked by machine.",
            framework.percent_machine_checked
        ),
        start: at.to_owned(),
        reviewed_controls: Reviewed {
            control_selections: [Selection {
                include_controls: ids
                    .into_iter()
                    .map(|control_id| ControlId { control_id })
                    .collect(),
            }],
        },
        observations: observations.collect(),
        findings: against.map(|control| finding(framework, control, at)).collect(),
    }
}

fn observation(framework: &Framework, control: &Control, at: &str) -> Observation {
    let examined = control.all_checks().is_empty();
    let evidence = [
        ("evidence for", &control.evidence_for),
        ("evidence against", &control.evidence_against),
        ("for a person", &control.manual),
        ("not looked at", &control.not_looked_at),
    ];
    let relevant = evidence.into_iter().filter(|(_, all)| !all.is_empty());
    let relevant = relevant
        .map(|(what, all)| Evidence { description: line(&format!("{what}: {}", all.join(", "))) });
    Observation {
        uuid: uuid(&["observation", &framework.id, &control.id, at]),
        title: line(&format!("{} {}", control.id, control.title)),
        description: line(&format!("{}: {}", control.title, control.state())),
        methods: [if examined { "EXAMINE" } else { "TEST" }],
        relevant_evidence: relevant.collect(),
        collected: at.to_owned(),
    }
}

fn finding(framework: &Framework, control: &Control, at: &str) -> Finding {
    Finding {
        uuid: uuid(&["finding", &framework.id, &control.id, at]),
        title: line(&format!("{} {}", control.id, control.title)),
        description: line(&format!("Checks that fail: {}", control.evidence_against.join(", "))),
        target: Objective {
            kind: "objective-id",
            target_id: token(framework, control),
            status: State { state: "not-satisfied" },
        },
        related_observations: [Related {
            observation_uuid: uuid(&["observation", &framework.id, &control.id, at]),
        }],
    }
}

impl Control {
    fn all_checks(&self) -> Vec<&String> {
        let all = [&self.evidence_for, &self.evidence_against, &self.not_looked_at];
        all.into_iter().flatten().collect()
    }
}

/// Returns a name that OSCAL takes as a token: of letters, digits, `.`, `-` and `_`, beginning with a letter.
fn token(framework: &Framework, control: &Control) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' };
    let id: String = control.id.to_lowercase().chars().map(plain).collect();
    format!("{}_{id}", framework.id)
}

/// Returns one line that neither begins nor ends with a blank.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a UUID that the same parts always have, in the form of version 5.
fn uuid(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("wardkit audit oscal v1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hex = hasher.finalize().to_hex();
    format!("{}-{}-5{}-8{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    assessment_results: Assessment,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Assessment {
    uuid: String,
    metadata: Metadata,
    import_ap: Import,
    results: Vec<ResultSet>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    title: &'static str,
    last_modified: String,
    version: &'static str,
    oscal_version: &'static str,
}

#[derive(Serialize)]
struct Import {
    href: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ResultSet {
    uuid: String,
    title: String,
    description: String,
    start: String,
    reviewed_controls: Reviewed,
    // Lists of OSCAL have at least one entry, or are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    observations: Vec<Observation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Reviewed {
    control_selections: [Selection; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Selection {
    include_controls: Vec<ControlId>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ControlId {
    control_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Observation {
    uuid: String,
    title: String,
    description: String,
    methods: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relevant_evidence: Vec<Evidence>,
    collected: String,
}

#[derive(Serialize)]
struct Evidence {
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Finding {
    uuid: String,
    title: String,
    description: String,
    target: Objective,
    related_observations: [Related; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Objective {
    #[serde(rename = "type")]
    kind: &'static str,
    target_id: String,
    status: State,
}

#[derive(Serialize)]
struct State {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Related {
    observation_uuid: String,
}

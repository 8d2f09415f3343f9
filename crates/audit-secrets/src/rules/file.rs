//! The form of gitleaks' files of rules.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct File {
    #[serde(rename = "title")]
    pub(super) _title: String,
    #[serde(rename = "description")]
    pub(super) _description: String,
    #[serde(rename = "minVersion")]
    pub(super) _min_version: String,
    pub(super) extend: Extend,
    pub(super) allowlist: Option<Allow>,
    pub(super) allowlists: Vec<Allow>,
    pub(super) rules: Vec<Rule>,
}

/// Other files, which are not read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Extend {
    pub(super) path: String,
    pub(super) url: String,
    #[serde(rename = "useDefault")]
    pub(super) _use_default: bool,
    pub(super) disabled_rules: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: Option<String>,
    pub(super) path: Option<String>,
    pub(super) secret_group: usize,
    pub(super) entropy: f64,
    pub(super) keywords: Vec<String>,
    #[serde(rename = "tags")]
    pub(super) _tags: Vec<String>,
    pub(super) allowlist: Option<Allow>,
    pub(super) allowlists: Vec<Allow>,
    /// Of a verification over the network, or of several rules at once.
    pub(super) required: Vec<toml::Table>,
    #[serde(rename = "skipReport")]
    pub(super) skip_report: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Allow {
    #[serde(rename = "id")]
    pub(super) _id: String,
    #[serde(rename = "description")]
    pub(super) _description: String,
    pub(super) condition: Option<String>,
    pub(super) commits: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) regex_target: Option<String>,
    pub(super) regexes: Vec<String>,
    pub(super) stopwords: Vec<String>,
    pub(super) target_rules: Vec<String>,
}

//! Who a plugin is, how it proves itself, what its pages say.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FilePath, PluginId};

/// Who a plugin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct About {
    /// Its name among all: a domain of its author's, backwards, and a word.
    pub id: PluginId,
    /// Its name for people.
    pub name: String,
    /// Its version, by semver.
    #[schemars(with = "String")]
    pub version: Version,
    /// What it does, in a sentence.
    pub description: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Under which licence, in the terms of SPDX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Where there is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What runs it.
    pub kind: Kind,
    /// The file that is run.
    pub entry: FilePath,
    /// The version of the interface that it speaks; there is `1`.
    pub api: String,
    /// What it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// What runs a plugin.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The engine of WebAssembly: it has nothing but what it is given.
    Wasm,
    /// The processor, behind the kernel's fences; for programs that an operator trusts enough.
    Native,
}

impl Kind {
    /// Returns the name that manifests use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Native => "native",
        }
    }
}

/// The bytes of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Artifact {
    /// Their BLAKE3, in hexadecimal.
    pub blake3: String,
    /// How many there are.
    pub size: u64,
}

impl Artifact {
    /// Describes bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { blake3: blake3::hash(bytes).to_hex().to_string(), size: bytes.len() as u64 }
    }
}

/// A path of the API that a plugin answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Endpoint {
    /// Below `/plugins/ID/`.
    pub path: FilePath,
    /// The method.
    pub method: super::Method,
    /// Whether a caller without a token is answered, where the operator opened the path, too. The default is not.
    #[serde(default)]
    pub danger_without_token: bool,
    /// Whether the input is `{"method", "path", "query", "body"}`. The default is not: it is the body, or without one
    /// the query as an object of texts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_request: bool,
    /// What it answers, in a sentence.
    pub description: String,
}

/// How a plugin proves that it works: a call whose answer is known. It is made when the plugin is installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SelfTest {
    /// What goes in.
    pub input: Value,
    /// What has to come out; left out, anything that the schema takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// What the pages of a plugin say beside what the manifest says anyway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Docs {
    /// Calls and their answers. `plugin test` makes each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    /// What goes wrong, and what to do then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubleshooting: Vec<String>,
}

impl Docs {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A call and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// What goes in.
    pub input: Value,
    /// What comes out; left out, anything that the schema takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

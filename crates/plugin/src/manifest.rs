//! What a plugin says of itself, and what it asks for.

mod about;
mod permissions;
mod read;
mod words;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_sandbox::{Share, Size};

pub use about::{About, Artifact, Docs, Endpoint, Example, Kind, SelfTest};
pub use permissions::{HttpWish, KvWish, Method, NameWish, Permissions, Wish};
pub use words::{FilePath, PluginId, Reason, Span};

/// What a plugin says of itself, what it asks for and why.
///
/// It is read from `plugin.toml`, or from YAML of the same shape. A key that is unknown is an error, and everything that
/// is left out is the least: no permission, and the default limits.
///
/// ```
/// use wardkit_plugin::Manifest;
///
/// let manifest = Manifest::from_toml("plugin.toml", r#"
///     [plugin]
///     id = "org.example.hello"
///     name = "Hello"
///     version = "0.1.0"
///     description = "Greets whoever is named"
///     kind = "wasm"
///     entry = "hello.wasm"
///     api = "1"
/// "#)?;
/// assert!(manifest.permissions.http.is_empty());
///
/// let wrong = Manifest::from_toml("plugin.toml", "[plugin]\nid = \"hello\"").unwrap_err();
/// assert!(wrong.to_string().starts_with("plugin.toml: plugin.id: "));
/// # Ok::<(), wardkit_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Manifest {
    /// Who it is.
    pub plugin: About,
    /// The bytes of the entry, as `plugin pack` found them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// What it asks for beside computing.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub permissions: Permissions,
    /// How much it asks for.
    #[serde(default, skip_serializing_if = "Wishes::is_empty")]
    pub limits: Wishes,
    /// What goes in and what comes out.
    #[serde(default, skip_serializing_if = "Io::is_empty")]
    pub io: Io,
    /// What it answers over the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// How it proves that it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<SelfTest>,
    /// Its settings, by name; what they mean is the plugin's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// What its pages say beside this.
    #[serde(default, skip_serializing_if = "Docs::is_empty")]
    pub docs: Docs,
}

/// How much of the host a plugin asks for. What is left out is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Wishes {
    /// Memory: `50MB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub memory: Option<Size>,
    /// Share of one processor: `10%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub cpu: Option<Share>,
    /// From the start of a call to its end: `30s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// The longest input: `1MiB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub input: Option<Size>,
    /// The longest output: `1MiB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub output: Option<Size>,
    /// From its bytes to its first instruction: `500ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Span>,
    /// Calls at one time: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Calls in a minute: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_minute: Option<u32>,
}

impl Wishes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What goes in and what comes out, as JSON Schema of draft 2020-12.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Io {
    /// The file with the schema of what goes in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<FilePath>,
    /// The file with the schema of what comes out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<FilePath>,
}

impl Io {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

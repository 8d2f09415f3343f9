//! Where plugins are installed, and what is told of them.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use wardkit_auditlog::{Durability, Entry};
use wardkit_cli::{Common, Report};
use wardkit_custody::Trail;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{HostTerms, Installed, PluginHome};
use wardkit_sqlite::PluginRegistry;

use crate::commands::{actor, could_not_run, custody, note};

pub(super) type Home = PluginHome<PluginRegistry>;

/// Opens the plugins of the data directory.
pub(super) fn open(common: &Common, terms: HostTerms) -> Result<Home, Report> {
    let folder = folder(common)?;
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| super::named(&folder, &error))?;
    let mut registry = PluginRegistry::open(&folder.join("registry.db")).map_err(could_not_run)?;
    if let Some(damage) = registry.take_damage() {
        note(&damage);
    }
    PluginHome::open(&folder, registry, terms).map_err(could_not_run)
}

/// Returns the folder of the plugins of the data directory.
pub(super) fn folder(common: &Common) -> Result<PathBuf, Report> {
    Ok(common.data_dir(|name| std::env::var_os(name))?.join("plugins"))
}

/// Opens the trail before anything is changed: what cannot be put on record is not done.
pub(super) fn trail(common: &Common) -> Result<Trail, Report> {
    let custody = custody(common)?;
    custody.trail(custody.data_dir().join("trail")).map_err(could_not_run)
}

/// Puts on record who did what with which version.
pub(super) fn record(trail: &Trail, kind: &str, row: &Installed) -> Result<(), Report> {
    let mut entry = Entry::new(kind, row.id.as_str()).by(actor());
    entry.detail = json!({
        "version": row.version,
        "digest": row.digest,
        "signed_by": row.key,
        "grant": row.grant,
        "why": row.why,
    });
    trail.append([entry], Durability::Sealed).map(drop).map_err(could_not_run)
}

pub(super) fn id(text: &str) -> Result<PluginId, Report> {
    text.parse().map_err(|error| could_not_run(format!("{text:?} {error}")))
}

/// What the registry says of a version, as data.
pub(super) fn object(row: &Installed) -> Value {
    json!({
        "id": row.id,
        "version": row.version,
        "state": row.state,
        "digest": row.digest,
        "signed_by": row.key,
        "installed": row.at.to_string(),
        "calls": row.calls,
        "traps": row.traps,
        "why": row.why,
        "grant": row.grant,
    })
}

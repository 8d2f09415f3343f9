//! `Cargo.lock` and `Cargo.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::Ecosystem;
use crate::package::{Inventory, Package, Source, Wish};
use crate::text::{Lines, refused};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: Spanned<String>,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

pub(super) fn lock(text: &str) -> Result<Inventory, String> {
    let lock: Lock = toml::from_str(text).map_err(|error| refused(text, &error))?;
    let lines = Lines::of(text);
    let own = |one: &&Locked| one.source.is_none();
    let direct: Vec<&str> = lock
        .package
        .iter()
        .filter(own)
        .flat_map(|one| &one.dependencies)
        .map(|name| first(name))
        .collect();
    let packages = lock.package.iter().map(|one| {
        let name = one.name.as_ref();
        let line = lines.line(one.name.span().start);
        let source = one.source.as_deref();
        Package {
            source: source.map_or(Source::Path, source_of),
            needs: one.dependencies.iter().map(|name| first(name).to_owned()).collect(),
            is_direct: direct.contains(&name.as_str()),
            has_hash: one.checksum.is_some()
                || !source.is_some_and(|from| from.starts_with("registry+")),
            hashes: one.checksum.iter().map(|sum| format!("sha256:{sum}")).collect(),
            ..Package::new(Ecosystem::Cargo, name, &one.version, line)
        }
    });
    Ok(Inventory { packages: packages.collect(), ..Inventory::default() })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<Spanned<String>, Wanted>,
    #[serde(default)]
    build_dependencies: BTreeMap<Spanned<String>, Wanted>,
    #[serde(default)]
    dev_dependencies: BTreeMap<Spanned<String>, Wanted>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Range(String),
    Table(Box<Table>),
}

#[derive(Default, Deserialize)]
struct Table {
    version: Option<String>,
    package: Option<String>,
    git: Option<String>,
    rev: Option<String>,
    path: Option<String>,
    #[serde(default)]
    workspace: bool,
}

pub(super) fn manifest(text: &str) -> Result<Inventory, String> {
    let manifest: Manifest = toml::from_str(text).map_err(|error| refused(text, &error))?;
    let lines = Lines::of(text);
    let tables = [manifest.dependencies, manifest.build_dependencies, manifest.dev_dependencies];
    let wishes = tables.iter().flatten().filter_map(|(key, wanted)| {
        let empty = Table::default();
        let (range, table) = match wanted {
            Wanted::Range(range) => (range.clone(), &empty),
            Wanted::Table(table) => (table.version.clone().unwrap_or_default(), &**table),
        };
        // The workspace's manifest says what that is.
        if table.workspace {
            return None;
        }
        Some(Wish {
            ecosystem: Ecosystem::Cargo,
            name: table.package.as_ref().unwrap_or(key.as_ref()).clone(),
            is_pinned: table.git.is_none() || table.rev.is_some(),
            source: match (&table.git, &table.path) {
                (Some(_), _) => Source::Git { commit: table.rev.clone() },
                (None, Some(_)) => Source::Path,
                (None, None) => Source::Registry,
            },
            range,
            line: lines.line(key.span().start),
        })
    });
    Ok(Inventory { wishes: wishes.collect(), ..Inventory::default() })
}

fn source_of(source: &str) -> Source {
    match source.strip_prefix("git+") {
        Some(git) => {
            Source::Git { commit: git.rsplit_once('#').map(|(_, commit)| commit.to_owned()) }
        }
        None => Source::Registry,
    }
}

/// `name`, `name version` or `name version (source)`.
fn first(dependency: &str) -> &str {
    dependency.split(' ').next().unwrap_or_default()
}

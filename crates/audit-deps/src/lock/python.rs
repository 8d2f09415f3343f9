//! `poetry.lock`, `uv.lock`, `pdm.lock` and `Pipfile.lock`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use crate::Ecosystem;
use crate::package::{Inventory, Package, Source, Wish};
use crate::text::json::Node;
use crate::text::{Lines, refused};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
    #[serde(default)]
    metadata: Metadata,
}

/// The form before poetry 1.5 keeps hashes apart.
#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    files: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Locked {
    name: Spanned<String>,
    #[serde(default)]
    version: String,
    #[serde(default)]
    dependencies: Option<Value>,
    #[serde(default)]
    source: Option<Value>,
    #[serde(default)]
    files: Vec<Value>,
    #[serde(default)]
    sdist: Option<Value>,
    #[serde(default)]
    wheels: Vec<Value>,
    #[serde(default)]
    metadata: Option<Value>,
    #[serde(default)]
    git: Option<String>,
    #[serde(default)]
    revision: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

pub(super) fn poetry(text: &str) -> Result<Inventory, String> {
    read(text)
}

pub(super) fn uv(text: &str) -> Result<Inventory, String> {
    read(text)
}

pub(super) fn pdm(text: &str) -> Result<Inventory, String> {
    read(text)
}

/// The three write the same table of packages, with other words for where they come from.
fn read(text: &str) -> Result<Inventory, String> {
    let lock: Lock = toml::from_str(text).map_err(|error| refused(text, &error))?;
    let lines = Lines::of(text);
    let mut inventory = Inventory::default();
    for one in &lock.package {
        let line = lines.line(one.name.span().start);
        let files = lock.metadata.files.get(one.name.as_ref()).and_then(Value::as_array);
        let files = one
            .files
            .iter()
            .chain(&one.wheels)
            .chain(&one.sdist)
            .chain(files.into_iter().flatten());
        let hashes: Vec<String> =
            files.filter_map(|file| file.get("hash")?.as_str()).map(ToOwned::to_owned).collect();
        let source = one.source();
        inventory.wishes.extend(one.wishes(line));
        inventory.packages.push(Package {
            needs: one.needs(),
            has_hash: !hashes.is_empty() || source != Source::Registry,
            hashes,
            source,
            ..Package::new(Ecosystem::PyPi, one.name.as_ref(), &one.version, line)
        });
    }
    let direct: Vec<String> = inventory.wishes.iter().map(|wish| wish.name.clone()).collect();
    for package in &mut inventory.packages {
        package.is_direct = direct.contains(&package.name);
    }
    Ok(inventory)
}

impl Locked {
    /// poetry has a table of names, uv a list of tables, pdm a list of requirements.
    fn needs(&self) -> Vec<String> {
        let names: Vec<&str> = match &self.dependencies {
            Some(Value::Table(table)) => table.keys().map(String::as_str).collect(),
            Some(Value::Array(list)) => {
                let name =
                    |one: &'_ Value| one.get("name").unwrap_or(one).as_str().map(ToOwned::to_owned);
                return list.iter().filter_map(name).map(|name| plain(&name)).collect();
            }
            _ => Vec::new(),
        };
        names.into_iter().map(plain).collect()
    }

    fn source(&self) -> Source {
        let of = |key: &str| self.source.as_ref()?.get(key)?.as_str();
        if let Some(git) = self.git.as_deref().or(of("git")) {
            let commit = self.revision.as_deref().or(of("resolved_reference"));
            let commit = commit.or(git.rsplit_once('#').map(|(_, commit)| commit));
            return Source::Git { commit: commit.map(ToOwned::to_owned) };
        }
        let is_path = self.path.is_some()
            || matches!(of("type"), Some("directory" | "file"))
            || ["virtual", "editable", "directory", "path"].iter().any(|key| of(key).is_some());
        if is_path {
            return Source::Path;
        }
        if of("type") == Some("git") {
            return Source::Git { commit: of("resolved_reference").map(ToOwned::to_owned) };
        }
        let address = self.url.as_deref().or(of("url").filter(|_| of("type") != Some("legacy")));
        address.map_or(Source::Registry, |url| Source::Url(super::npm::shown(url).to_owned()))
    }

    /// What uv says that the project asked for when it locked.
    fn wishes(&self, line: u32) -> Vec<Wish> {
        let requires = self.metadata.as_ref().and_then(|data| data.get("requires-dist"));
        let development =
            self.metadata.as_ref().and_then(|data| data.get("requires-dev")?.as_table());
        let lists =
            requires.into_iter().chain(development.into_iter().flat_map(|groups| groups.values()));
        let wish = |one: &Value| {
            Some(Wish {
                ecosystem: Ecosystem::PyPi,
                name: Ecosystem::PyPi.normal(one.get("name")?.as_str()?),
                range: one.get("specifier").and_then(Value::as_str).unwrap_or_default().to_owned(),
                line,
                is_pinned: true,
                source: Source::Registry,
            })
        };
        lists.filter_map(Value::as_array).flatten().filter_map(wish).collect()
    }
}

pub(super) fn pipfile_lock(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let mut inventory = Inventory::default();
    for group in ["default", "develop"] {
        for (name, node) in root.member(group).map(Node::members).unwrap_or_default() {
            let version = node.text("version").unwrap_or_default().trim_start_matches('=');
            let hashes = node.member("hashes").map(Node::items).unwrap_or_default();
            let hashes: Vec<String> =
                hashes.iter().filter_map(Node::as_text).map(ToOwned::to_owned).collect();
            let source = match (node.text("git"), node.text("path").or(node.text("file"))) {
                (Some(_), _) => Source::Git { commit: node.text("ref").map(ToOwned::to_owned) },
                (None, Some(_)) => Source::Path,
                (None, None) => Source::Registry,
            };
            inventory.packages.push(Package {
                // What the project asks for names its index; what that needs does not.
                is_direct: node.text("index").is_some(),
                has_hash: !hashes.is_empty() || source != Source::Registry,
                hashes,
                source,
                ..Package::new(Ecosystem::PyPi, name, version, node.line)
            });
        }
    }
    Ok(inventory)
}

/// The name at the head of a requirement.
fn plain(requirement: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let end = requirement.find(|letter: char| !is_part(letter)).unwrap_or(requirement.len());
    Ecosystem::PyPi.normal(&requirement[..end])
}

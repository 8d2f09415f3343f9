//! The manifests: layers, what each must say, and what agentd is built from.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Finding, Tree};

const LAYERS: std::ops::RangeInclusive<i64> = 0..=4;

/// Packages whose names start so are heavy, and serve auditctl alone.
const NOT_IN_AGENTD: [&str; 5] = ["ast-grep", "cranelift", "gix", "tree-sitter", "wasmtime"];

/// The vocabulary works under any runtime, so it knows none.
const RUNTIME: &str = "tokio";

/// A package of the repository.
struct Manifest<'a> {
    path: &'a str,
    dir: &'a str,
    table: Table,
}

impl Manifest<'_> {
    fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package")?.get(key)
    }

    fn name(&self) -> &str {
        self.package("name").and_then(Value::as_str).unwrap_or_default()
    }

    fn layer(&self) -> Option<i64> {
        let layer = self.package("metadata")?.get("wardkit")?.get("layer")?.as_integer()?;
        LAYERS.contains(&layer).then_some(layer)
    }

    fn is_published(&self) -> bool {
        self.package("publish").is_none_or(|publish| publish.as_bool() != Some(false))
    }

    /// Returns the packages of the normal and build dependencies, those for some targets only included.
    fn dependencies<'a>(&'a self, shared: &'a Table) -> impl Iterator<Item = &'a str> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let of_targets =
            targets.into_iter().flat_map(|targets| targets.values().filter_map(Value::as_table));
        std::iter::once(&self.table)
            .chain(of_targets)
            .flat_map(|table| {
                ["dependencies", "build-dependencies"]
                    .into_iter()
                    .filter_map(|kind| table.get(kind))
            })
            .filter_map(Value::as_table)
            .flat_map(|dependencies| dependencies.iter())
            .map(|(key, value)| renamed(value).or_else(|| renamed(shared.get(key)?)).unwrap_or(key))
    }
}

/// Returns the package that a dependency names apart from its key.
fn renamed(dependency: &Value) -> Option<&str> {
    dependency.get("package")?.as_str()
}

fn manifests(tree: &Tree) -> Vec<Manifest<'_>> {
    tree.iter()
        .filter_map(|(path, text)| {
            let dir = path.strip_suffix("/Cargo.toml")?;
            let table: Table = text.parse().ok()?;
            table.contains_key("package").then_some(Manifest { path, dir, table })
        })
        .collect()
}

/// Returns the folders of the packages that strangers may depend on.
pub(super) fn published(tree: &Tree) -> impl Iterator<Item = &str> {
    manifests(tree).into_iter().filter(Manifest::is_published).map(|manifest| manifest.dir)
}

fn root(tree: &Tree) -> Table {
    let table = tree.text("Cargo.toml").and_then(|text| text.parse::<Table>().ok());
    table.and_then(|table| table.get("workspace")?.as_table().cloned()).unwrap_or_default()
}

/// Every package has a layer, and depends on lower ones only; so there can be no cycle either.
pub(super) fn layers(tree: &Tree) -> Vec<Finding> {
    let shared =
        root(tree).get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default();
    let manifests = manifests(tree);
    let layers: BTreeMap<&str, i64> = manifests
        .iter()
        .filter_map(|manifest| Some((manifest.name(), manifest.layer()?)))
        .collect();
    let mut findings = Vec::new();
    for manifest in &manifests {
        let Some(layer) = manifest.layer() else {
            findings.push(Finding::new(
                manifest.path,
                "[package.metadata.wardkit] layer must be 0 to 4",
            ));
            continue;
        };
        for dependency in manifest.dependencies(&shared) {
            if layer == 0 && dependency.starts_with(RUNTIME) {
                findings
                    .push(Finding::new(manifest.path, format!("layer 0 depends on {dependency}")));
            }
            let Some(&below) = layers.get(dependency).filter(|below| **below >= layer) else {
                continue;
            };
            let what = format!("layer {layer} depends on {dependency}, which is in layer {below}");
            findings.push(Finding::new(manifest.path, what));
        }
    }
    findings
}

/// Every package describes itself, follows the lints, and has a page if it is published.
pub(super) fn completeness(tree: &Tree) -> Vec<Finding> {
    let workspace = root(tree);
    let members = strings(&workspace, "members");
    let mut findings = Vec::new();
    for manifest in manifests(tree) {
        let mut find = |what: &str| findings.push(Finding::new(manifest.path, what));
        if manifest.package("description").and_then(Value::as_str).is_none_or(str::is_empty) {
            find("has no description");
        }
        let lints = manifest.table.get("lints");
        if members.contains(&manifest.dir) {
            if lints.and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) != Some(true)
            {
                find("does not inherit the workspace's lints");
            }
        } else {
            if lints.is_none() {
                find("stands outside the workspace and has no lints of its own");
            }
            if tree.text(&format!("{}/Cargo.lock", manifest.dir)).is_none() {
                find("stands outside the workspace and has no lockfile of its own");
            }
        }
        let readme = manifest.package("readme").and_then(Value::as_str).unwrap_or("README.md");
        if manifest.is_published() && tree.text(&joined(manifest.dir, readme)).is_none() {
            find(&format!("has no {readme}"));
        }
    }
    findings
}

pub(super) fn default_members(tree: &Tree) -> Vec<Finding> {
    if strings(&root(tree), "default-members") == ["bins/agentd"] {
        return Vec::new();
    }
    vec![Finding::new("Cargo.toml", "default-members must be bins/agentd alone")]
}

/// Looks through the names of the packages that agentd is built from, one a line.
pub(super) fn default_tree(names: &str) -> Vec<Finding> {
    let is_barred = |line: &&str| NOT_IN_AGENTD.iter().any(|barred| line.starts_with(barred));
    let mut found: Vec<&str> =
        names.lines().filter(is_barred).filter_map(|line| line.split(' ').next()).collect();
    found.sort_unstable();
    found.dedup();
    found
        .into_iter()
        .map(|name| Finding::new("bins/agentd/Cargo.toml", format!("brings {name}")))
        .collect()
}

fn strings<'a>(table: &'a Table, key: &str) -> Vec<&'a str> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// Joins a folder and a path that may climb out of it.
fn joined(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, layer: i64, rest: &str) -> String {
        format!(
            "[package]\nname = \"wardkit-{name}\"\ndescription = \"It\"\n[package.metadata.wardkit]\nlayer = {layer}\n\
             [lints]\nworkspace = true\n{rest}"
        )
    }

    fn whats(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_dependency_points_to_a_lower_layer() {
        let root = "[workspace.dependencies]\nbelow = { package = \"wardkit-core\", path = \"crates/core\" }";
        let core =
            manifest("core", 0, "[dev-dependencies]\nwardkit-retry = { path = \"../retry\" }");
        let check = |layer: i64, rest: &str| {
            let retry = manifest("retry", layer, rest);
            whats(layers(&Tree::of(&[
                ("Cargo.toml", root),
                ("crates/core/Cargo.toml", &core),
                ("crates/retry/Cargo.toml", &retry),
            ])))
        };
        let wrong =
            ["crates/retry/Cargo.toml: layer 0 depends on wardkit-core, which is in layer 0"];
        for dependency in [
            "[dependencies]\nwardkit-core.workspace = true",
            "[dependencies]\nbelow = { workspace = true }",
            "[dependencies]\nvocabulary = { package = \"wardkit-core\", path = \"../core\" }",
            "[build-dependencies]\nwardkit-core = { path = \"../core\" }",
            "[target.'cfg(unix)'.dependencies]\nwardkit-core = { path = \"../core\" }",
        ] {
            assert_eq!(check(1, dependency), Vec::<String>::new(), "{dependency}");
            assert_eq!(check(0, dependency), wrong, "{dependency}");
        }
        assert_eq!(
            check(0, "[dev-dependencies]\nwardkit-core = { path = \"../core\" }"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_vocabulary_knows_no_runtime() {
        let check = |layer, name| {
            let text = manifest(name, layer, "[dependencies]\ntokio-util = \"0.7\"");
            whats(layers(&Tree::of(&[("crates/core/Cargo.toml", &text)])))
        };
        assert_eq!(check(0, "core"), ["crates/core/Cargo.toml: layer 0 depends on tokio-util"]);
        assert_eq!(check(1, "retry"), Vec::<String>::new());
    }

    #[test]
    fn a_package_without_a_layer_or_with_an_unknown_one_is_named() {
        let without = "[package]\nname = \"wardkit-x\"\n";
        let fifth = manifest("y", 5, "");
        let tree = Tree::of(&[("crates/x/Cargo.toml", without), ("crates/y/Cargo.toml", &fifth)]);
        let what = "[package.metadata.wardkit] layer must be 0 to 4";
        assert_eq!(
            whats(layers(&tree)),
            [format!("crates/x/Cargo.toml: {what}"), format!("crates/y/Cargo.toml: {what}")]
        );
    }

    #[test]
    fn a_package_is_complete_or_says_what_it_lacks() {
        let root = "[workspace]\nmembers = [\"crates/x\"]";
        let check = |text: &str, dir: &str, more: &[(&str, &str)]| {
            let path = format!("crates/{dir}/Cargo.toml");
            let files = [&[("Cargo.toml", root), (path.as_str(), text)][..], more].concat();
            completeness(&Tree::of(&files))
                .into_iter()
                .map(|finding| finding.what)
                .collect::<Vec<_>>()
        };
        let full = manifest("x", 1, "");
        assert_eq!(check(&full, "x", &[("crates/x/README.md", "")]), Vec::<String>::new());
        assert_eq!(check(&full, "x", &[]), ["has no README.md"]);
        let climbing = full.replace("description", "readme = \"../../README.md\"\ndescription");
        assert_eq!(check(&climbing, "x", &[("README.md", "")]), Vec::<String>::new());
        let bare = "[package]\nname = \"x\"\npublish = false";
        assert_eq!(
            check(bare, "x", &[]),
            ["has no description", "does not inherit the workspace's lints"]
        );
        let outside = "[package]\nname = \"y\"\npublish = false\ndescription = \"It\"";
        assert_eq!(
            check(outside, "y", &[]),
            [
                "stands outside the workspace and has no lints of its own",
                "stands outside the workspace and has no lockfile of its own"
            ]
        );
        let mended = format!("{outside}\n[lints.rust]\nunsafe_code = \"forbid\"");
        assert_eq!(check(&mended, "y", &[("crates/y/Cargo.lock", "")]), Vec::<String>::new());
    }

    #[test]
    fn agentd_is_the_one_default_member() {
        let count = |text| default_members(&Tree::of(&[("Cargo.toml", text)])).len();
        assert_eq!(count("[workspace]\ndefault-members = [\"bins/agentd\"]"), 0);
        assert_eq!(count("[workspace]\ndefault-members = [\"bins/agentd\", \"bins/auditctl\"]"), 1);
        assert_eq!(count("[workspace]"), 1);
    }

    #[test]
    fn what_auditctl_alone_needs_does_not_enter_agentd() {
        let tree = "wardkit-agentd v0.1.0 (/x)\ngix-hash v0.1.0\ntree-sitter v0.25.0\ntokio v1.0.0\ngix-hash v0.1.0 (*)\n";
        let expected = [
            "bins/agentd/Cargo.toml: brings gix-hash",
            "bins/agentd/Cargo.toml: brings tree-sitter",
        ];
        assert_eq!(whats(default_tree(tree)), expected);
        assert_eq!(default_tree("wardkit-agentd v0.1.0\ntokio v1.0.0\n"), []);
    }
}

//! `package-lock.json` of versions 1 to 3, and `npm-shrinkwrap.json`.

use crate::Ecosystem;
use crate::package::{Inventory, Package, Remark, RemarkKind, Source, Wish};
use crate::text::json::Node;

pub(super) fn lock(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let mut inventory = Inventory::default();
    match root.member("packages") {
        Some(packages) => flat(packages, &mut inventory),
        None => nested(&root, &mut inventory),
    }
    Ok(inventory)
}

/// Versions 2 and 3: a map of places. The one with the empty name is the project.
fn flat(packages: &Node, inventory: &mut Inventory) {
    let project = packages.member("");
    let direct: Vec<String> = project.map(wanted).unwrap_or_default();
    if let Some(project) = project {
        for group in GROUPS {
            inventory.wishes.extend(wishes(project, group));
        }
    }
    for (place, node) in packages.members() {
        let Some((parent, name)) = place.rsplit_once("node_modules/") else { continue };
        let Some(version) = node.text("version").filter(|_| !node.is_set("link")) else { continue };
        let name = node.text("name").unwrap_or(name);
        let package = Package {
            needs: wanted(node),
            is_direct: parent.is_empty() && direct.iter().any(|one| one == name),
            has_install_script: node.is_set("hasInstallScript"),
            deprecated: node.text("deprecated").map(ToOwned::to_owned),
            licence: node.text("license").map(ToOwned::to_owned),
            ..package(name, version, node, inventory)
        };
        inventory.packages.push(package);
    }
}

/// Version 1: a tree of names.
fn nested(root: &Node, inventory: &mut Inventory) {
    let mut open: Vec<&Node> = vec![root];
    while let Some(parent) = open.pop() {
        let dependencies = parent.member("dependencies").map(Node::members).unwrap_or_default();
        for (name, node) in dependencies {
            if let Some(version) = node.text("version") {
                let package = Package {
                    needs: node.keys("requires"),
                    ..package(name, version, node, inventory)
                };
                inventory.packages.push(package);
            }
            open.push(node);
        }
    }
}

fn package(name: &str, version: &str, node: &Node, inventory: &mut Inventory) -> Package {
    let resolved = node.text("resolved").unwrap_or_default();
    // An address in the place of the version is the older form's way to say where it is from.
    let address = if resolved.is_empty() { version } else { resolved };
    let is_insecure = address.starts_with("http://") || address.starts_with("git://");
    if is_insecure && !is_local(address) {
        let (line, text) = (node.line, format!("{name} from {}", shown(address)));
        inventory.remarks.push(Remark { kind: RemarkKind::Insecure, line, text });
    }
    let integrity = node.text("integrity");
    let source = source_of(address);
    Package {
        has_hash: integrity.is_some() || source != Source::Registry || resolved.is_empty(),
        hashes: integrity
            .map(|all| all.split(' ').map(ToOwned::to_owned).collect())
            .unwrap_or_default(),
        source,
        ..Package::new(Ecosystem::Npm, name, version, node.line)
    }
}

/// What npm takes something from, by its address.
pub(super) fn source_of(address: &str) -> Source {
    let is_git = ["git+", "git:", "github:", "gitlab:", "bitbucket:", "git@"];
    if is_git.iter().any(|prefix| address.starts_with(prefix))
        || address.contains("codeload.github.com")
    {
        let commit = address.rsplit_once('#').map(|(_, commit)| commit.to_owned());
        return Source::Git { commit: commit.filter(|commit| is_commit(commit)) };
    }
    if ["file:", "link:", "workspace:", "portal:"].iter().any(|prefix| address.starts_with(prefix))
    {
        return Source::Path;
    }
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    let is_registry = ["://registry.", "/-/"];
    if is_address && !is_registry.iter().any(|part| address.contains(part)) {
        return Source::Url(shown(address).to_owned());
    }
    Source::Registry
}

/// Whether this names one state of a repository for ever.
pub(super) fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An address without the password that may be in it.
pub(super) fn shown(address: &str) -> &str {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let address = &address[..end];
    address
        .rsplit_once('@')
        .filter(|(before, _)| before.contains("://"))
        .map_or(address, |(_, host)| host)
}

pub(super) fn is_local(address: &str) -> bool {
    let host = address.split("://").nth(1).unwrap_or_default();
    ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

fn wanted(node: &Node) -> Vec<String> {
    GROUPS.iter().flat_map(|group| node.keys(group)).collect()
}

/// Returns what a manifest asks for in one of its groups.
pub(super) fn wishes(manifest: &Node, group: &str) -> Vec<Wish> {
    let members = manifest.member(group).map(Node::members).unwrap_or_default();
    let wish = |(name, node): &(String, Node)| {
        let range = node.as_text()?;
        // An alias has another name in its registry.
        let (name, range) = match range.strip_prefix("npm:").and_then(|rest| rest.rsplit_once('@'))
        {
            Some((other, range)) if !other.is_empty() => (other, range),
            _ => (name.as_str(), range),
        };
        let source = source_of(range);
        Some(Wish {
            ecosystem: Ecosystem::Npm,
            name: name.to_owned(),
            range: range.to_owned(),
            line: node.line,
            is_pinned: match &source {
                Source::Git { commit } => commit.is_some(),
                Source::Path => true,
                _ => {
                    crate::version::semantic(range).is_some_and(|_| range.matches('.').count() >= 2)
                }
            },
            source,
        })
    };
    members.iter().filter_map(wish).collect()
}

pub(super) const GROUPS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

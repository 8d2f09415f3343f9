//! `package.json`, of a project and of an installed package.

use super::npm::{GROUPS, wishes};
use crate::Ecosystem;
use crate::package::{Inventory, Package};
use crate::text::json::Node;

pub(super) fn manifest(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let wishes = GROUPS.iter().flat_map(|group| wishes(&root, group)).collect();
    Ok(Inventory { wishes, ..Inventory::default() })
}

/// Folders with a `package.json` that says nothing but how to load them are no packages.
pub(super) fn installed(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let (Some(name), Some(version)) = (root.text("name"), root.text("version")) else {
        return Ok(Inventory::default());
    };
    let scripts = root.keys("scripts");
    let runs = |script: &str| scripts.iter().any(|one| one == script);
    let package = Package {
        needs: root.keys("dependencies"),
        has_install_script: runs("preinstall") || runs("install") || runs("postinstall"),
        licence: root.text("license").map(ToOwned::to_owned),
        ..Package::new(Ecosystem::Npm, name, version, 1)
    };
    Ok(Inventory { packages: vec![package], ..Inventory::default() })
}

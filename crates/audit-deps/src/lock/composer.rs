//! `composer.json` and `composer.lock`.

use crate::Ecosystem;
use crate::package::{Inventory, Package, Source, Wish};
use crate::text::json::{Node, Value};

pub(super) fn lock(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let mut inventory = Inventory::default();
    let packages = |group: &str| root.member(group).map(Node::items).unwrap_or_default().iter();
    for node in packages("packages").chain(packages("packages-dev")) {
        let (Some(name), Some(version)) = (node.text("name"), node.text("version")) else {
            continue;
        };
        let abandoned = node.member("abandoned").and_then(|said| match &said.value {
            Value::Bool(true) => Some("abandoned".to_owned()),
            Value::Text(instead) => Some(format!("abandoned; {instead} takes its place")),
            _ => None,
        });
        let version = version.trim_start_matches('v');
        let line = node.member("name").map_or(node.line, |name| name.line);
        inventory.packages.push(Package {
            needs: node.keys("require"),
            deprecated: abandoned,
            ..Package::new(Ecosystem::Packagist, name, version, line)
        });
    }
    Ok(inventory)
}

pub(super) fn manifest(text: &str) -> Result<Inventory, String> {
    let root = Node::parse(text)?;
    let groups = ["require", "require-dev"].into_iter().filter_map(|group| root.member(group));
    // Without a slash it is PHP itself, or a part of it.
    let wanted = groups.flat_map(Node::members).filter(|(name, _)| name.contains('/'));
    let wishes = wanted.map(|(name, node)| Wish {
        ecosystem: Ecosystem::Packagist,
        name: Ecosystem::Packagist.normal(name),
        range: node.as_text().unwrap_or_default().to_owned(),
        line: node.line,
        is_pinned: false,
        source: Source::Registry,
    });
    Ok(Inventory { wishes: wishes.collect(), ..Inventory::default() })
}

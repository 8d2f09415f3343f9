//! `go.mod` and `go.sum`.

use crate::Ecosystem;
use crate::package::{Inventory, Package, Source, Wish};
use crate::text::number;

/// What is built is what `go.mod` requires; its versions are exact. `go.sum` may have more.
pub(super) fn module(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    let mut is_inside = false;
    for (index, line) in text.lines().enumerate() {
        let (content, comment) = line.split_once("//").unwrap_or((line, ""));
        let content = content.trim();
        let required = match content.strip_prefix("require ") {
            Some("(") => {
                is_inside = true;
                continue;
            }
            Some(one) => one,
            None if content == ")" => {
                is_inside = false;
                continue;
            }
            None if is_inside => content,
            None => continue,
        };
        let Some((name, version)) = required.split_once(' ') else { continue };
        let (line, version) = (number(index + 1), version.trim());
        let name = name.trim_matches('"');
        let is_direct = comment.trim() != "indirect";
        inventory
            .packages
            .push(Package { is_direct, ..Package::new(Ecosystem::Go, name, version, line) });
        inventory.wishes.push(Wish {
            ecosystem: Ecosystem::Go,
            name: name.to_owned(),
            range: version.to_owned(),
            line,
            is_pinned: true,
            source: Source::Registry,
        });
    }
    inventory
}

/// Names with `/go.mod` are of the file alone, which nothing is built from.
pub(super) fn sum(text: &str) -> Inventory {
    let package = |(index, line): (usize, &str)| {
        let mut parts = line.split(' ');
        let (name, version, hash) = (parts.next()?, parts.next()?, parts.next()?);
        if version.ends_with("/go.mod") || !version.starts_with('v') {
            return None;
        }
        let hashes = vec![hash.to_owned()];
        Some(Package { hashes, ..Package::new(Ecosystem::Go, name, version, number(index + 1)) })
    };
    let packages = text.lines().enumerate().filter_map(package).collect();
    Inventory { packages, ..Inventory::default() }
}

//! `Gemfile.lock`.

use crate::Ecosystem;
use crate::package::{Inventory, Package, Remark, RemarkKind, Source};
use crate::text::number;

pub(super) fn lock(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    let (mut section, mut commit, mut direct) = ("", None, Vec::new());
    for (index, line) in text.lines().enumerate() {
        let (indent, content, place) =
            (line.len() - line.trim_start().len(), line.trim(), number(index + 1));
        match (indent, section) {
            (0, _) => (section, commit) = (content, None),
            (2, "GIT") => {
                commit = content.strip_prefix("revision: ").map(ToOwned::to_owned).or(commit);
            }
            (2, "GEM") if content.starts_with("remote: http://") => {
                let (kind, text) = (RemarkKind::Insecure, content.to_owned());
                inventory.remarks.push(Remark { kind, line: place, text });
            }
            (2, "DEPENDENCIES") => {
                let name = content.split([' ', '!']).next().unwrap_or_default();
                direct.push(name.to_owned());
            }
            (4, "GEM" | "GIT" | "PATH") => {
                let Some((name, version)) = content.split_once(" (") else { continue };
                let version = version.trim_end_matches(')');
                // A gem that is built for a platform names it behind its version.
                let version = version.split('-').next().unwrap_or_default();
                let source = match section {
                    "GEM" => Source::Registry,
                    "GIT" => Source::Git { commit: commit.clone() },
                    _ => Source::Path,
                };
                let package = Package::new(Ecosystem::RubyGems, name, version, place);
                inventory.packages.push(Package { source, ..package });
            }
            (6, "GEM" | "GIT" | "PATH") => {
                let name = content.split(' ').next().unwrap_or_default().to_owned();
                if let Some(package) = inventory.packages.last_mut() {
                    package.needs.push(name);
                }
            }
            _ => {}
        }
    }
    for package in &mut inventory.packages {
        package.is_direct = direct.contains(&package.name);
    }
    inventory
}

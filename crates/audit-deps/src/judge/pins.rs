//! Whether what is installed tomorrow is what was looked at today.

use std::collections::BTreeSet;
use std::path::Path;

use wardkit_audit::{Finding, Project, Sink, Status};

use super::{is_of_program, place};
use crate::{Inventory, RemarkKind, Source, checks};

/// Judges pins, hashes, scripts and where packages come from.
pub(crate) fn pins(project: &Project<'_>, inventories: &[&Inventory], sink: &mut Sink) {
    let places: BTreeSet<&str> = inventories.iter().map(|one| one.path.as_str()).collect();
    for inventory in inventories {
        unpinned(inventory, &places, sink);
        unhashed(inventory, sink);
        scripts(project, inventory, sink);
        remarks(inventory, sink);
    }
}

/// One finding for each file: the list of names is what a person acts on.
fn unpinned(inventory: &Inventory, places: &BTreeSet<&str>, sink: &mut Sink) {
    let name = name(&inventory.path);
    let is_requirements = Path::new(name).extension().is_some_and(|extension| extension == "txt");
    let is_judged = match name {
        _ if is_requirements => is_of_program(&inventory.path),
        "package.json" => !has_lock(&inventory.path, places, &NODE),
        "Pipfile" => !has_lock(&inventory.path, places, &["Pipfile.lock"]),
        // What a library or a workspace asks for is a range on purpose; what has no lock and moves is a branch.
        "Cargo.toml" => !has_lock(&inventory.path, places, &["Cargo.lock"]),
        "pyproject.toml" => !has_lock(&inventory.path, places, &PYTHON),
        _ => false,
    };
    if !is_judged {
        return;
    }
    let is_library = matches!(name, "Cargo.toml" | "pyproject.toml");
    let moves = inventory.wishes.iter().filter(|wish| {
        !wish.is_pinned && (!is_library || matches!(wish.source, Source::Git { .. }))
    });
    let moves: Vec<_> = moves.collect();
    if moves.is_empty() {
        return;
    }
    let names: Vec<&str> = moves.iter().map(|wish| wish.name.as_str()).collect();
    let current = format!(
        "{} of {} dependencies have no version of their own: {}",
        moves.len(),
        inventory.wishes.len(),
        some(&names)
    );
    let finding = Finding::new(&checks::named("dep-unpinned"), Status::Fail, current);
    let finding = finding.about(name, "");
    let lines = moves.iter().take(MOST_PLACES);
    sink.report(lines.fold(finding, |finding, wish| finding.at(place(inventory, wish.line))));
}

fn unhashed(inventory: &Inventory, sink: &mut Sink) {
    let bare: Vec<_> = inventory.packages.iter().filter(|one| !one.has_hash).collect();
    if bare.is_empty() {
        return;
    }
    let names: Vec<&str> = bare.iter().map(|one| one.name.as_str()).collect();
    let current = format!(
        "{} of {} packages have no hash: {}",
        bare.len(),
        inventory.packages.len(),
        some(&names)
    );
    let finding = Finding::new(&checks::named("dep-no-hash"), Status::Fail, current);
    let finding = finding.about(name(&inventory.path), "");
    let lines = bare.iter().take(MOST_PLACES);
    sink.report(lines.fold(finding, |finding, one| finding.at(place(inventory, one.line))));
}

fn scripts(project: &Project<'_>, inventory: &Inventory, sink: &mut Sink) {
    let scripts: Vec<_> = inventory.packages.iter().filter(|one| one.has_install_script).collect();
    if scripts.is_empty() || !sink.wants("dep-install-script") {
        return;
    }
    let folder =
        inventory.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let settings = project.read(format!("{folder}.npmrc")).unwrap_or_default();
    let is_off = |line: &str| line.split_whitespace().collect::<String>() == "ignore-scripts=true";
    if settings.lines().any(is_off) {
        return;
    }
    let names: Vec<&str> = scripts.iter().map(|one| one.name.as_str()).collect();
    let current = format!("{} packages run scripts: {}", scripts.len(), some(&names));
    let finding = Finding::new(&checks::named("dep-install-script"), Status::Fail, current);
    let finding = finding.about(name(&inventory.path), "");
    let lines = scripts.iter().take(MOST_PLACES);
    sink.report(lines.fold(finding, |finding, one| finding.at(place(inventory, one.line))));
}

fn remarks(inventory: &Inventory, sink: &mut Sink) {
    let is_hashed =
        !inventory.packages.is_empty() && inventory.packages.iter().all(|one| one.has_hash);
    for remark in &inventory.remarks {
        let id = match remark.kind {
            RemarkKind::ExtraIndex if is_hashed => continue,
            RemarkKind::ExtraIndex => "dep-extra-index",
            RemarkKind::Insecure => "dep-insecure-source",
        };
        let finding = Finding::new(&checks::named(id), Status::Fail, &remark.text);
        sink.report(finding.about(&remark.text, "").at(place(inventory, remark.line)));
    }
}

/// Whether there is a lockfile in the folder of a file or in one above it, as workspaces have them.
pub(super) fn has_lock(path: &str, places: &BTreeSet<&str>, names: &[&str]) -> bool {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        if names.iter().any(|name| places.contains(format!("{above}/{name}").as_str())) {
            return true;
        }
        folder = above;
    }
    names.iter().any(|name| places.contains(name))
}

pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The names that fit into a line.
pub(super) fn some(names: &[&str]) -> String {
    let shown = names[..names.len().min(MOST_NAMES)].join(", ");
    if names.len() > MOST_NAMES {
        format!("{shown} and {} more", names.len() - MOST_NAMES)
    } else {
        shown
    }
}

/// Lockfiles by the manifests that they belong to.
pub(super) const NODE: [&str; 4] =
    ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"];
pub(super) const PYTHON: [&str; 3] = ["poetry.lock", "uv.lock", "pdm.lock"];

const MOST_NAMES: usize = 10;
const MOST_PLACES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_above_counts_and_one_beside_does_not() {
        let places = BTreeSet::from(["a/yarn.lock", "c/package-lock.json"]);
        for (path, wanted) in [
            ("a/package.json", true),
            ("a/b/package.json", true),
            ("package.json", false),
            ("d/package.json", false),
        ] {
            assert_eq!(has_lock(path, &places, &NODE), wanted, "{path}");
        }
    }
}

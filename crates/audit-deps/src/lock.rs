//! What files of package managers say of dependencies.

mod cargo;
mod composer;
mod gems;
mod go;
mod installed;
mod node;
mod npm;
mod pnpm;
mod project;
mod python;
mod requirements;
mod yarn;

use crate::Inventory;

/// Whether a file says something of dependencies, by its path.
#[must_use]
pub fn is_known(path: &str) -> bool {
    reader(path).is_some()
}

/// Reads a file. `None` when it is none that is known, by its path.
///
/// # Errors
///
/// Returns what is wrong with it, with the line, in words.
#[must_use]
pub fn read(path: &str, text: &str) -> Option<Result<Inventory, String>> {
    let read = reader(path)?(text);
    Some(read.map(|inventory| Inventory { path: path.to_owned(), ..inventory }))
}

type Reader = fn(&str) -> Result<Inventory, String>;

fn reader(path: &str) -> Option<Reader> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    Some(match name {
        "Cargo.lock" => cargo::lock,
        "Cargo.toml" => cargo::manifest,
        "package-lock.json" | "npm-shrinkwrap.json" => npm::lock,
        "package.json" if format!("/{folder}/").contains("/node_modules/") => node::installed,
        "package.json" => node::manifest,
        "yarn.lock" => yarn::lock,
        "pnpm-lock.yaml" => pnpm::lock,
        "poetry.lock" => python::poetry,
        "uv.lock" => python::uv,
        "pdm.lock" => python::pdm,
        "Pipfile.lock" => python::pipfile_lock,
        "Pipfile" => project::pipfile,
        "pyproject.toml" => project::pyproject,
        "go.sum" => |text| Ok(go::sum(text)),
        "go.mod" => |text| Ok(go::module(text)),
        "Gemfile.lock" | "gems.locked" => |text| Ok(gems::lock(text)),
        "composer.lock" => composer::lock,
        "composer.json" => composer::manifest,
        "METADATA" if folder.ends_with(".dist-info") => installed::python,
        "status" if folder.ends_with("var/lib/dpkg") => |text| Ok(installed::debian(text)),
        _ if is_requirements(folder, name) => |text| Ok(requirements::read(text)),
        _ => return None,
    })
}

/// `requirements.txt`, `requirements-dev.txt`, `dev-requirements.txt`, `requirements/base.txt`.
fn is_requirements(folder: &str, name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".txt") else { return false };
    let is_of = |text: &str| text.split(['-', '_', '.']).any(|part| part == "requirements");
    is_of(stem) || folder.rsplit('/').next() == Some("requirements")
}

//! What is wrong with dependencies.

mod advisories;
mod drift;
mod names;
mod newest;
mod pins;

pub(crate) use advisories::advisories;
pub(crate) use drift::drift;
pub(crate) use names::names;
pub use newest::Newest;
pub(crate) use newest::newest;
pub(crate) use pins::pins;

use std::collections::{BTreeMap, VecDeque};

use wardkit_audit::Location;

use crate::{Inventory, Package};

/// Whether a file is of the program itself; what tests, examples and fixtures depend on runs nowhere.
pub(crate) fn is_own(path: &str) -> bool {
    const NAMES: [&str; 10] = [
        "test",
        "tests",
        "__tests__",
        "testdata",
        "fixtures",
        "fixture",
        "examples",
        "example",
        "fuzz",
        "benches",
    ];
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    !folders.split('/').any(|name| NAMES.contains(&name))
}

/// Whether a file of requirements is of the program, and not of its tests, its documentation or its tools.
fn is_of_program(path: &str) -> bool {
    const WORDS: [&str; 11] = [
        "dev", "test", "tests", "testing", "doc", "docs", "lint", "style", "ci", "optional",
        "build",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    !name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

fn place(inventory: &Inventory, line: u32) -> Location {
    Location::line(&inventory.path, line)
}

/// Returns the way from what the project asks for to a package, each needing the next; alone where it asks for it itself.
fn way<'a>(inventory: &'a Inventory, to: &'a Package) -> Vec<&'a str> {
    let mut needed_by: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &inventory.packages {
        for need in &package.needs {
            needed_by.entry(need).or_default().push(package);
        }
    }
    // Backwards from the package, nearest first; each name once, so that circles end.
    let mut next: BTreeMap<&str, &str> = BTreeMap::from([(to.name.as_str(), "")]);
    let mut open = VecDeque::from([to]);
    while let Some(package) = open.pop_front() {
        if package.is_direct {
            let mut way = vec![package.name.as_str()];
            while let Some(name) =
                way.last().and_then(|name| next.get(name)).filter(|name| !name.is_empty())
            {
                way.push(name);
            }
            return way;
        }
        for parent in needed_by.get(package.name.as_str()).into_iter().flatten() {
            if !next.contains_key(parent.name.as_str()) {
                next.insert(&parent.name, &package.name);
                open.push_back(parent);
            }
        }
    }
    vec![&to.name]
}

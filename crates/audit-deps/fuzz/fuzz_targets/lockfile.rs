//! No text of a package manager panics, and every line that is told is in it. The first byte chooses the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_audit_deps::lock;

const PATHS: [&str; 20] = [
    "Cargo.lock",
    "Cargo.toml",
    "package-lock.json",
    "package.json",
    "node_modules/a/package.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "Pipfile.lock",
    "Pipfile",
    "pyproject.toml",
    "go.sum",
    "go.mod",
    "Gemfile.lock",
    "composer.lock",
    "composer.json",
    "requirements.txt",
    "a.dist-info/METADATA",
    "var/lib/dpkg/status",
    "uv.lock",
];

fuzz_target!(|data: (u8, &str)| {
    let (choice, text) = data;
    let path = PATHS[usize::from(choice) % PATHS.len()];
    let Some(Ok(inventory)) = lock::read(path, text) else { return };
    let most = text.lines().count() + 2;
    for package in &inventory.packages {
        assert!(package.line >= 1 && package.line as usize <= most, "{path}: {}", package.line);
    }
});

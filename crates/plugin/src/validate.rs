//! What a package is looked through for before anything of it runs.

mod asked;
mod module;
mod secrets;

use crate::trust::{Revocations, Trust};
use crate::{Finding, Kind, Package, Rule, schema};

/// Looks through packages. It reads, and runs nothing.
///
/// ```
/// use wardkit_plugin::{Package, Rule, Validator};
///
/// let manifest = r#"
///     [plugin]
///     id = "org.example.hello"
///     name = "Hello"
///     version = "0.1.0"
///     description = "Greets whoever is named"
///     kind = "wasm"
///     entry = "hello.wasm"
///     api = "1"
/// "#;
/// let files = [("plugin.toml", manifest.as_bytes().to_vec()), ("hello.wasm", b"#!/bin/sh".to_vec())];
/// let package = Package::from_files(files.map(|(name, bytes)| (name.to_owned(), bytes)))?;
/// let findings = Validator::default().check(&package);
/// assert!(findings.iter().any(|found| found.rule == Rule::NotWasm && found.is_error()));
/// # Ok::<(), wardkit_plugin::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Validator {
    /// The version that is installed, so that nobody goes back to one with a known hole unnoticed.
    pub installed: Option<semver::Version>,
    /// What was taken back.
    pub revoked: Revocations,
    /// Whether the digest of the entry has to stand in the manifest, as in every package that `pack` made.
    pub is_packed: bool,
}

impl Validator {
    /// Returns everything that is found, the grave first. Whether it is signed, [`signed`](Self::signed) tells.
    #[must_use]
    pub fn check(&self, package: &Package) -> Vec<Finding> {
        let mut found = Vec::new();
        self.check_artifact(package, &mut found);
        self.check_history(package, &mut found);
        asked::check(package.manifest(), &mut found);
        check_files(package, &mut found);
        check_schemas(package, &mut found);
        if let (Kind::Wasm, Some(bytes)) = (package.manifest().plugin.kind, package.entry()) {
            module::check(package.manifest(), bytes, &mut found);
        }
        secrets::check(package, &mut found);
        sort(&mut found);
        found
    }

    /// Adds whether it is signed to what was found.
    pub fn signed(&self, trust: &Trust, found: &mut Vec<Finding>) {
        match trust {
            Trust::Signed(key) if self.revoked.has_key(*key) => {
                found.push(Finding::new(
                    Rule::Revoked,
                    "signature",
                    format!("key {key} was revoked"),
                ));
            }
            Trust::Signed(_) => {}
            Trust::Unsigned => {
                found.push(Finding::new(
                    Rule::Unsigned,
                    "signature",
                    "the package has no signature",
                ));
            }
        }
        sort(found);
    }

    fn check_artifact(&self, package: &Package, found: &mut Vec<Finding>) {
        let Some(bytes) = package.entry() else { return };
        let entry = &package.manifest().plugin.entry;
        let is = crate::manifest::Artifact::of(bytes);
        match &package.manifest().artifact {
            Some(said) if *said != is => {
                let what = format!("{entry} has another digest or size than the manifest says");
                found.push(Finding::new(Rule::ArtifactChanged, "artifact", what));
            }
            None if self.is_packed => {
                let what = "the manifest does not say what the entry's bytes are";
                found.push(Finding::new(Rule::ArtifactChanged, "artifact", what));
            }
            _ => {}
        }
    }

    fn check_history(&self, package: &Package, found: &mut Vec<Finding>) {
        let version = &package.manifest().plugin.version;
        if let Some(installed) = self.installed.as_ref().filter(|installed| *installed > version) {
            let what = format!("{version} would replace {installed}");
            found.push(Finding::new(Rule::Downgrade, "plugin.version", what));
        }
        if self.revoked.has_package(package) {
            found.push(Finding::new(Rule::Revoked, "plugin", "the package was revoked"));
        }
    }
}

/// Returns the names that a module imports from its host.
#[cfg(feature = "sdk")]
pub(crate) fn imports(module: &[u8]) -> Vec<String> {
    module::imports(module)
}

fn check_files(package: &Package, found: &mut Vec<Finding>) {
    let manifest = package.manifest();
    let named = [
        ("plugin.entry", Some(&manifest.plugin.entry)),
        ("io.input-schema", manifest.io.input_schema.as_ref()),
        ("io.output-schema", manifest.io.output_schema.as_ref()),
    ];
    for (key, file) in named {
        if let Some(file) = file.filter(|file| package.file(file.as_str()).is_none()) {
            found.push(Finding::new(Rule::MissingFile, key, format!("{file} is not there")));
        }
    }
}

fn check_schemas(package: &Package, found: &mut Vec<Finding>) {
    let io = &package.manifest().io;
    let both = [
        ("input", "io.input-schema", &io.input_schema),
        ("output", "io.output-schema", &io.output_schema),
    ];
    for (what, key, file) in both {
        let Some(file) = file else {
            found.push(Finding::new(Rule::NoSchema, key, format!("the {what} has no schema")));
            continue;
        };
        let Some(bytes) = package.file(file.as_str()) else { continue };
        if let Err(error) = schema::JsonSchema::parse(what, bytes) {
            found.push(Finding::new(Rule::BadSchema, file.as_str(), error.to_string()));
        }
    }
}

fn sort(found: &mut [Finding]) {
    found.sort_by(|one, two| (one.level, one.rule, &one.at).cmp(&(two.level, two.rule, &two.at)));
}

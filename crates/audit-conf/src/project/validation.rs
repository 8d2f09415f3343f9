//! Whether settings are checked when the bot starts.

use wardkit_audit::{Location, Sink, Status};

use super::{Files, tell};

/// Only a person can tell; what is seen is whether there is a library for it.
pub(super) fn judge(files: &Files<'_>, sink: &mut Sink) {
    let is_environment = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with(".env") && !crate::kind::is_test(path)
    };
    let Some(path) = files.project.files().iter().find(is_environment) else {
        sink.outcome(
            "config-no-validation",
            Status::NotApplicable,
            vec!["there is no .env".to_owned()],
        );
        return;
    };
    let manifests = [
        "pyproject.toml",
        "requirements.txt",
        "package.json",
        "Pipfile",
        "setup.cfg",
        "Cargo.toml",
    ];
    let texts = manifests.iter().filter_map(|name| files.project.read(name));
    let mut found =
        texts.flat_map(|text| LIBRARIES.iter().filter(move |name| text.contains(**name)));
    if let Some(name) = found.next() {
        sink.outcome(
            "config-no-validation",
            Status::Pass,
            vec![format!("{name} is among the dependencies")],
        );
        return;
    }
    let current = format!(
        "Settings come from {path}, and no library that checks settings is among the dependencies."
    );
    tell(
        "config-no-validation",
        Status::Manual,
        Location::file(path.as_str()),
        "no schema",
        current,
        sink,
    );
}

/// Libraries that check settings against a schema.
const LIBRARIES: [&str; 12] = [
    "pydantic",
    "environs",
    "dynaconf",
    "python-decouple",
    "envalid",
    "zod",
    "joi",
    "env-var",
    "convict",
    "envy",
    "figment",
    "attrs",
];

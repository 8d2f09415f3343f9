//! `auditctl plugin new` and `docs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_plugin::sdk::{DocsFormat, Language, Project, Template, pages};

use super::{build, named, opened, shown};
use crate::commands::{could_not_run, print};

/// Makes a plugin in a folder of its own. A folder that is there already is left alone.
pub(super) fn new(
    format: Format,
    name: &str,
    template: Template,
    language: Language,
) -> Result<ExitCode, Report> {
    let project = Project::new(name, template, language)
        .map_err(|error| could_not_run(format!("{name:?} {error}")))?;
    let folder = Path::new(name);
    // Fails when anything is there, also a link that leads nowhere.
    fs::create_dir(folder).map_err(|error| named(folder, &error))?;
    for (path, text) in project.files() {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| named(parent, &error))?;
        fs::write(&path, text).map_err(|error| named(&path, &error))?;
        if text.starts_with("#!") {
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(&path, mode).map_err(|error| named(&path, &error))?;
        }
    }
    if let Some(chain) = language.tool_chain() {
        build::note_when_missing(&chain);
    }
    let files: Vec<&str> = project.files().map(|(path, _)| path).collect();
    print(&match format {
        Format::Text => {
            format!(
                "{}: {} files; next: cd {name} && auditctl plugin test\n",
                shown(folder),
                files.len()
            )
        }
        Format::Json => format!("{}\n", json!({"folder": name, "files": files})),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Prints or writes the page of a plugin.
pub(super) fn docs(place: &Path, form: DocsFormat, out: Option<&Path>) -> Result<ExitCode, Report> {
    let package = opened(place)?;
    let text = pages(&package, form);
    match out {
        Some(out) => fs::write(out, text).map_err(|error| named(out, &error))?,
        None => print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

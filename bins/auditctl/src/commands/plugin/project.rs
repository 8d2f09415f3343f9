//! `auditctl plugin new`, `docs`, and the building before a test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_plugin::sdk::{DocsFormat, Language, Project, Template, pages};
use wardkit_plugin::{Kind, Manifest, Package};

use super::{named, opened, shown};
use crate::commands::{could_not_run, note, print};

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
    if let Some(chain) = language.tool_chain().filter(|chain| !is_installed(chain.program)) {
        note(&format!("{} builds it, and is not installed: {}", chain.program, chain.install));
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

/// Builds what has to be built before the plugin can be looked through. It runs the compiler that the language names,
/// with arguments that are known here, and nothing that the folder says.
pub(super) fn build(folder: &Path) -> Result<(), Report> {
    let Some(manifest) = manifest(folder)? else { return Ok(()) };
    let has = |name: &str| folder.join(name).is_file();
    let language = Project::language_of(&manifest, has);
    let is_ours =
        manifest.plugin.kind == Kind::Wasm && manifest.plugin.entry.as_str() == "plugin.wasm";
    let Some(language) = language.filter(|_| is_ours) else { return Ok(()) };
    let Some(chain) = language.tool_chain() else { return build_wat(folder) };
    let built = Command::new(chain.program).args(&chain.args).current_dir(folder).output();
    match built {
        Ok(output) if output.status.success() => Ok(()),
        // What was built before, elsewhere perhaps, is as good.
        _ if has("plugin.wasm") && !is_installed(chain.program) => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().take(20).collect::<Vec<_>>().join("\n");
            Err(could_not_run(format!("{chain} failed:\n{said}")).with_hint(chain.install))
        }
        Err(error) => {
            Err(could_not_run(format!("{}: {error}", chain.program)).with_hint(chain.install))
        }
    }
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

fn build_wat(folder: &Path) -> Result<(), Report> {
    let (source, entry) = (folder.join("plugin.wat"), folder.join("plugin.wasm"));
    let text = wardkit_cli::read_small_text(&source).map_err(|error| named(&source, &error))?;
    let module = wat::parse_str(text)
        .map_err(|error| could_not_run(format!("{}: {error}", shown(&source))))?;
    fs::write(&entry, module).map_err(|error| named(&entry, &error))
}

fn manifest(folder: &Path) -> Result<Option<Manifest>, Report> {
    if !folder.is_dir() {
        return Ok(None);
    }
    Package::from_folder(folder)
        .map(|package| Some(package.manifest().clone()))
        .map_err(could_not_run)
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

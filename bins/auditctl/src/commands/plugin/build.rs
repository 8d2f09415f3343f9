//! What has to be built before a plugin can be looked through.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use wardkit_cli::Report;
use wardkit_plugin::sdk::{Project, ToolChain};
use wardkit_plugin::{Kind, Manifest, Package};

use super::{named, shown};
use crate::commands::{could_not_run, note};

/// Builds the plugin in a folder, if it is one that is built. It runs the compiler that the language names, with
/// arguments that are known here, and nothing that the folder says.
pub(super) fn build(folder: &Path) -> Result<(), Report> {
    let Some(manifest) = manifest(folder)? else { return Ok(()) };
    let has = |name: &str| folder.join(name).is_file();
    let is_ours = manifest.plugin.kind == Kind::Wasm && manifest.plugin.entry.as_str() == ENTRY;
    let language = Project::language_of(&manifest, has).filter(|_| is_ours);
    let Some(language) = language else { return Ok(()) };
    let Some(chain) = language.tool_chain() else { return build_wat(folder) };
    let output = match compiler(&chain, folder).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return not_installed(&chain, folder),
        Err(error) => return Err(could_not_run(format!("{}: {error}", chain.program))),
        Ok(output) => output,
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(());
    }
    if chain.is_missing(&said) {
        return not_installed(&chain, folder);
    }
    let said = said.lines().take(MOST_LINES).collect::<Vec<_>>().join("\n");
    Err(could_not_run(format!("{chain} failed:\n{said}")))
}

/// Tells what builds a plugin, before anybody needs it.
pub(super) fn note_when_missing(chain: &ToolChain) {
    if !is_installed(chain.program) {
        note(&format!("{} builds it, and is not installed: {}", chain.name, remedy(chain)));
    }
}

/// A compiler in the folder of the plugin. Of the environment it has what it needs to find itself: a source can bake
/// any variable that its compiler sees into what is packed.
fn compiler(chain: &ToolChain, folder: &Path) -> Command {
    let mut command = Command::new(chain.program);
    command.args(chain.args).current_dir(folder).env_clear();
    command.envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// What was built before, elsewhere perhaps, is as good.
fn not_installed(chain: &ToolChain, folder: &Path) -> Result<(), Report> {
    if folder.join(ENTRY).is_file() {
        note(&format!("{ENTRY} is as it was built before: {} is not installed", chain.name));
        return Ok(());
    }
    Err(could_not_run(format!("{} is not installed", chain.name)).with_hint(remedy(chain)))
}

fn remedy(chain: &ToolChain) -> String {
    format!("{} (needs {})", chain.install, chain.needs)
}

fn build_wat(folder: &Path) -> Result<(), Report> {
    let (source, entry) = (folder.join("plugin.wat"), folder.join(ENTRY));
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

const ENTRY: &str = "plugin.wasm";

/// Of what a compiler says.
const MOST_LINES: usize = 20;

/// Where programs, packages and caches are; nothing else.
const PASSED_ON: [&str; 12] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "XDG_CACHE_HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "PYTHONPATH",
    "PYTHONUSERBASE",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
];

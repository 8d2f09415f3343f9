//! `auditctl plugin`.

mod bench;
mod build;
mod check;
mod here;
mod home;
mod inspect;
mod install;
mod installed;
mod keys;
mod project;
mod sarif;
mod test;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{Manifest, Package};

use super::{could_not_run, print};
use crate::cli::{Plugin, PluginCommand};

pub(super) fn run(common: &Common, plugin: &Plugin) -> Result<ExitCode, Report> {
    let format = common.format;
    match &plugin.command {
        PluginCommand::New { name, template, lang } => project::new(format, name, *template, *lang),
        PluginCommand::Docs { place, form, out } => project::docs(place, *form, out.as_deref()),
        PluginCommand::Check { place, sarif } => check::check(format, place, *sarif),
        PluginCommand::Test { folder } => test::test(format, folder),
        PluginCommand::Bench { folder, calls } => bench::bench(format, folder, *calls),
        PluginCommand::Pack { folder, out } => pack(format, folder, out.as_deref()),
        PluginCommand::Keygen { out } => keys::keygen(format, out),
        PluginCommand::Sign { file, key } => keys::sign(format, file, key),
        PluginCommand::Verify { file, public } => keys::verify(format, file, public),
        PluginCommand::Install(asked) => install::install(common, asked),
        PluginCommand::List => installed::list(common),
        PluginCommand::Inspect { what } if what.exists() => inspect::inspect(format, what),
        PluginCommand::Inspect { what } => match what.to_str() {
            Some(id) if id.parse::<PluginId>().is_ok() => installed::inspect(common, id),
            _ => inspect::inspect(format, what),
        },
        PluginCommand::Revoke { id, why } => installed::revoke(common, id, why),
        PluginCommand::Rollback { id } => installed::rollback(common, id),
        PluginCommand::Schema => {
            print(&format!("{:#}\n", Manifest::schema()))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Makes a package, when nothing speaks against running it.
fn pack(format: Format, folder: &Path, out: Option<&Path>) -> Result<ExitCode, Report> {
    build::build(folder)?;
    let package = opened(folder)?;
    check::refuse(&package)?;
    let bytes = package.pack().map_err(could_not_run)?;
    let plugin = &package.manifest().plugin;
    let default = format!("{}-{}.tar.zst", plugin.id, plugin.version);
    let out = out.unwrap_or(Path::new(&default));
    fs::write(out, &bytes).map_err(|error| named(out, &error))?;
    let digest = wardkit_plugin::manifest::Artifact::of(&bytes).blake3;
    print(&match format {
        Format::Text => format!(
            "{}: {} {}, {} bytes, blake3 {digest}\n",
            shown(out),
            plugin.id,
            plugin.version,
            bytes.len()
        ),
        Format::Json => format!(
            "{}\n",
            json!({
                "file": out.to_string_lossy(),
                "id": plugin.id,
                "version": plugin.version,
                "bytes": bytes.len(),
                "blake3": digest,
            })
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a plugin from its folder, or from its package.
fn opened(place: &Path) -> Result<Package, Report> {
    let package = if place.is_dir() {
        Package::from_folder(place)
    } else {
        let bytes = read(place)?;
        Package::read(&bytes)
    };
    package.map_err(|error| {
        could_not_run(error).with_hint("auditctl plugin schema prints what a manifest may hold")
    })
}

/// Reads a file that is no larger than a package may be.
fn read(path: &Path) -> Result<Vec<u8>, Report> {
    let length = fs::metadata(path).map_err(|error| named(path, &error))?.len();
    if length > MOST_BYTES {
        return Err(could_not_run(format!("{} is longer than {MOST_BYTES} bytes", shown(path))));
    }
    fs::read(path).map_err(|error| named(path, &error))
}

fn named(path: &Path, error: &std::io::Error) -> Report {
    could_not_run(format!("{}: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// Twice of what a package may have: the package's own check says it better.
const MOST_BYTES: u64 = 32 << 20;

//! What the interop suites need of other languages: packages of Python and Node.js, below the target folder, where the
//! tests find them as `CARGO_TARGET_TMPDIR/peers`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::exec::run;
use crate::{Error, Result};

/// The SDKs of OpenTelemetry, and its protocol as its authors publish it; a server that answers as S3 does; compilers of
/// plugins, in the versions that their projects name; the libraries of the formats of bills of materials.
const PYTHON: [&str; 7] = [
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "moto[server,s3]==5.2.1",
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-prometheus==0.66b2",
    "opentelemetry-proto==1.45.2",
    "spdx-tools==0.8.5",
    "ziglang==0.17.1",
];

const NODE: [&str; 4] = [
    "@opentelemetry/api@1.10.0",
    "@opentelemetry/exporter-prometheus@0.301.0",
    "@opentelemetry/sdk-metrics@3.1.1",
    "assemblyscript@0.28.20",
];

/// What plugins in Rust are built for.
const RUST_TARGET: &str = "wasm32-unknown-unknown";

/// Installs what is missing below `target`.
pub(super) fn install(target: &Path) -> Result<()> {
    rust_target();
    let peers = target.join("tmp/peers");
    let python = peers.join("python");
    once(&python, &PYTHON, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--root-user-action=ignore", "--target"]).arg(folder);
        pip
    })?;
    once(&peers.join("node"), &NODE, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(folder);
        npm
    })
}

/// Comes from no registry of packages: where it cannot be had, the tests ask for what is said then.
fn rust_target() {
    let mut rustup = Command::new("rustup");
    if let Err(error) = run(rustup.args(["target", "add", RUST_TARGET])) {
        println!("plugins in Rust are not built here: {error}");
    }
}

/// Installs packages into a folder that does not hold them yet. The list in it is written last: what was interrupted
/// is done again.
fn once(folder: &Path, packages: &[&str], installer: fn(&Path) -> Command) -> Result<()> {
    let (list, wanted) = (folder.join("installed"), packages.join("\n"));
    if fs::read_to_string(&list).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    run(installer(folder).args(packages))?;
    fs::write(&list, wanted).map_err(Error::file(&list))
}

//! `auditctl plugin install`.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_core::{Clock as _, SystemClock};
use wardkit_plugin::{
    Candidate, Error, Grant, HostTerms, InstallTerms, Kind, Package, PublicKey, Scripts, Trust,
    TrustedKeys,
};
use wardkit_sandbox::{Native, Sandbox};
use wardkit_sandbox_wasm::Wasm;

use super::{home, keys, named, read};
use crate::cli::PluginInstall;
use crate::commands::{could_not_run, note, print};

/// Shows what a package asks for and would be granted, asks, and installs it.
pub(super) fn install(common: &Common, asked: &PluginInstall) -> Result<ExitCode, Report> {
    let archive = read(&asked.file)?;
    let trusted = trusted(asked)?;
    let signature = match keys::proof(&asked.file) {
        Ok(signature) => Some(signature),
        // Without a key nothing could be proved by it.
        Err(_) if asked.allow_unsigned && !keys::is_signed(&asked.file) => None,
        Err(reason) => {
            return Ok(refused(&reason, &["sign it: auditctl plugin sign FILE --key KEY"]));
        }
    };
    let signature = signature.filter(|_| !(asked.allow_unsigned && trusted.is_empty()));
    let mut terms = HostTerms::default();
    terms.trusted = Some(TrustedKeys::new(trusted));
    terms.danger_unsigned = asked.allow_unsigned;
    let operator = operator(asked, &archive)?;
    let trail = home::trail(common)?;
    let mut place = home::open(common, terms)?;
    let candidate = match place.judge(&archive, signature.as_ref(), &operator) {
        Ok(candidate) => candidate,
        Err(error) => return judged(error),
    };
    tell(&candidate);
    if !asked.yes && !is_agreed(&candidate)? {
        note("nothing was installed");
        return Ok(ExitCode::FAILURE);
    }
    let kind = candidate.plugin().manifest().plugin.kind;
    let sandbox = sandbox(kind, &home::folder(common)?)?;
    let installed = match place.install(&candidate, &*sandbox, SystemClock.now()) {
        Ok(installed) => installed,
        Err(error) => return judged(error),
    };
    home::record(&trail, "plugin.installed", &installed)?;
    print(&match common.format {
        Format::Text => format!("{} {} is active\n", installed.id, installed.version),
        Format::Json => format!("{}\n", home::object(&installed)),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the keys that are named, and those in the folders that are named.
fn trusted(asked: &PluginInstall) -> Result<Vec<PublicKey>, Report> {
    let mut files = asked.public.clone();
    for path in &asked.trust {
        if path.is_dir() {
            files.extend(keys_in(path)?);
        } else {
            files.push(path.clone());
        }
    }
    files.iter().map(|file| keys::public(file)).collect()
}

fn keys_in(folder: &Path) -> Result<Vec<PathBuf>, Report> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder).map_err(|error| named(folder, &error))? {
        let path = file.map_err(|error| named(folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "pub") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        note(&format!("{} has no file that ends in .pub", folder.display()));
    }
    Ok(files)
}

fn operator(asked: &PluginInstall, archive: &[u8]) -> Result<InstallTerms, Report> {
    let mut terms = InstallTerms::default();
    (terms.danger_downgrade, terms.danger_other_key) =
        (asked.allow_downgrade, asked.allow_other_key);
    if let Some(file) = &asked.grant {
        let text = wardkit_cli::read_small_text(file).map_err(|error| named(file, &error))?;
        let grant = toml::from_str(&text);
        terms.grant = Some(grant.map_err(|error| {
            could_not_run(format!("{}: {}", super::shown(file), error.message()))
        })?);
    } else if asked.allow_native {
        let package = Package::read(archive).map_err(could_not_run)?;
        let mut grant = Grant::agreed(package.manifest());
        grant.native = true;
        terms.grant = Some(grant);
    }
    Ok(terms)
}

/// Returns what runs plugins of this kind on this host.
fn sandbox(kind: Kind, folder: &Path) -> Result<Box<dyn Sandbox>, Report> {
    Ok(match kind {
        Kind::Native => Box::new(Scripts::new(Arc::new(Native::new()), &folder.join("scripts"))),
        _ => Box::new(Wasm::new().map_err(could_not_run)?),
    })
}

/// Says what is agreed to. Whoever made the plugin wrote most of it.
fn tell(candidate: &Candidate) {
    let manifest = candidate.plugin().manifest();
    let (plugin, grant) = (&manifest.plugin, candidate.grant());
    let signed = match candidate.plugin().trust() {
        Trust::Signed(key) => format!("signed by key {key}"),
        _ => "signed by nobody".to_owned(),
    };
    let mut text =
        format!("{} {}, {signed}\n  {}\n", plugin.id, plugin.version, plugin.description);
    // Writing to a String cannot fail.
    if let Some(active) = candidate.replaces() {
        let _ = writeln!(text, "takes the place of {}", active.version);
    }
    let wishes = manifest.permissions.told();
    let _ = writeln!(text, "asks for:{}", if wishes.is_empty() { " nothing" } else { "" });
    for (what, why) in wishes {
        let _ = writeln!(text, "  {what} - {why}");
    }
    let mut granted: Vec<String> = grant.capabilities().into_iter().collect();
    for (what, names) in
        [("env", &grant.env), ("secrets", &grant.secrets), ("events", &grant.events)]
    {
        granted.extend(names.iter().map(|name| format!("{what}: {name}")));
    }
    let more = [("native", grant.native), ("runtime", grant.runtime)];
    granted.extend(more.iter().filter(|(_, is)| *is).map(|(what, _)| (*what).to_owned()));
    let nothing = || "nothing but to compute".to_owned();
    let granted = if granted.is_empty() { nothing() } else { granted.join(", ") };
    let limits = &grant.limits;
    let _ = writeln!(text, "is granted: {granted}");
    let _ = writeln!(
        text,
        "  {} memory, {} of a processor, {} a call, {} calls a minute",
        limits.memory, limits.cpu, limits.timeout, limits.calls_per_minute
    );
    if !Grant::asked_by(manifest).is_within(grant) {
        text += "  which is less than it asks for: --grant FILE grants more\n";
    }
    for found in candidate.plugin().findings() {
        let _ = writeln!(text, "{found}");
    }
    let mut errors = io::stderr().lock();
    for line in text.lines() {
        // Nobody can be told that standard error is gone.
        let _ = writeln!(errors, "{}", escaped(line));
    }
}

fn is_agreed(candidate: &Candidate) -> Result<bool, Report> {
    if !io::stdin().is_terminal() {
        return Err(could_not_run("nobody can be asked without a terminal")
            .with_hint("agree to what is shown: --yes"));
    }
    let mut errors = io::stderr().lock();
    let question = format!("install {}? [y/N] ", candidate.plugin().manifest().plugin.id);
    errors.write_all(question.as_bytes()).and_then(|()| errors.flush()).map_err(could_not_run)?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(could_not_run)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Tells what is wrong with the package from what is wrong with this host.
fn judged(error: Error) -> Result<ExitCode, Report> {
    let hints: Vec<&str> = match &error {
        Error::Signature { .. } => vec!["name the author's key: --pub FILE"],
        Error::Refused { findings } => findings
            .iter()
            .filter(|found| found.is_error())
            .map(|found| found.rule.remedy())
            .collect(),
        Error::State { wanted: "run", .. } => vec!["--allow-native, if you trust its author"],
        Error::State { wanted: "replaced", .. } => {
            vec!["--allow-other-key, if the author has told of it"]
        }
        Error::State { .. }
        | Error::Data { .. }
        | Error::Package { .. }
        | Error::Manifest { .. }
        | Error::Schema { .. } => Vec::new(),
        _ => return Err(could_not_run(error)),
    };
    Ok(refused(&error.to_string(), &hints))
}

fn refused(reason: &str, hints: &[&str]) -> ExitCode {
    let mut errors = io::stderr().lock();
    // Nobody can be told that standard error is gone.
    let _ = writeln!(errors, "refused: {}", escaped(reason));
    for hint in hints {
        let _ = writeln!(errors, "hint: {hint}");
    }
    ExitCode::FAILURE
}

//! A program that is measured.

use std::process::{Command, Stdio};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use wardkit_core::{Clock as _, SystemClock};

use crate::Result;

pub(crate) struct Subject {
    name: &'static str,
    program: String,
    args: Vec<String>,
    cache: Option<String>,
    folder: Option<String>,
}

/// What one run cost, and how much it told.
pub(crate) struct Run {
    /// Of the program and all its children.
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// The largest process's, in bytes.
    pub(crate) memory: f64,
    pub(crate) findings: Option<usize>,
}

impl Subject {
    pub(crate) fn new(name: &'static str, program: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { name, program: program.to_owned(), args, cache: None, folder: None }
    }

    pub(crate) fn with_cache(mut self, folder: &str) -> Self {
        self.cache = Some(folder.to_owned());
        self
    }

    /// Starts it in a folder.
    pub(crate) fn within(mut self, folder: &str) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the name and the version, where the program tells one.
    pub(crate) fn described(&self) -> String {
        let output = Command::new(&self.program).arg("--version").output();
        let said = output.map(|output| output.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        let version = said
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
        version.map_or_else(|| self.name.to_owned(), |version| format!("{} ({version})", self.name))
    }

    pub(crate) fn is_there(&self) -> bool {
        let mut command = Command::new(&self.program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    }

    pub(crate) fn run(&self) -> Result<Run> {
        let mut command = Command::new("time");
        command.args(["--quiet", "-f", "%M"]).arg(&self.program).args(&self.args);
        if let Some(cache) = &self.cache {
            command.env("XDG_CACHE_HOME", cache);
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let (before, begun) = (children()?, SystemClock.uptime());
        let output = command.stdin(Stdio::null()).output()?;
        let wall = SystemClock.uptime().saturating_sub(begun).as_secs_f64();
        let cpu = children()? - before;
        let said = String::from_utf8_lossy(&output.stderr);
        // Found something is 1 for all of them; Lynis has codes of its own.
        if output.status.code().is_none_or(|code| code > 1) && self.program != "lynis" {
            return Err(format!("{}: {}\n{said}", self.name, output.status).into());
        }
        let kib: f64 = said.lines().last().unwrap_or_default().trim().parse()?;
        Ok(Run { cpu, wall, memory: kib * 1024.0, findings: findings(&output.stdout) })
    }
}

/// Returns the processor time of all children that have ended, in seconds.
fn children() -> Result<f64> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    #[expect(clippy::cast_precision_loss, reason = "microseconds of minutes are exact")]
    Ok(micros as f64 / 1e6)
}

/// Counts what was found, in the forms of all programs that print JSON.
fn findings(stdout: &[u8]) -> Option<usize> {
    let report: serde_json::Value = serde_json::from_slice(stdout).ok()?;
    if let Some(list) = report.as_array() {
        return Some(list.len());
    }
    if let Some(findings) = report["findings"].as_array() {
        return Some(findings.iter().filter(|one| one["status"] == "fail").count());
    }
    match &report["results"] {
        serde_json::Value::Array(list) => Some(list.len()),
        serde_json::Value::Object(files) => {
            Some(files.values().filter_map(|file| file.as_array()).map(Vec::len).sum())
        }
        _ => None,
    }
}

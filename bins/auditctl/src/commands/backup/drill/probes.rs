//! What is asked of a tree that was restored.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::geteuid;
use serde::Deserialize;
use wardkit_backup::dr::{Canary, Database, Drill, Parses, Probe, Recovery, StartCommand};
use wardkit_cli::Report;
use wardkit_process::{Account, Limit, Resource};

use super::super::memory::chain;
use crate::cli::backup::Proof;
use crate::commands::could_not_run;

/// What is asked of a tree that was restored, in the order of its asking.
pub(super) struct Asked {
    probes: Vec<Box<dyn Probe>>,
    isolation: &'static str,
}

/// A file of probes; its keys are those of agentd's `[backup.drill]`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Wanted {
    canary: PathBuf,
    canary_text: String,
    parse: Vec<PathBuf>,
    sqlite: Vec<PathBuf>,
    start: Vec<String>,
    start_in: PathBuf,
    start_as: String,
    #[serde(with = "wardkit_retry::duration")]
    start_within: Duration,
}

impl Asked {
    /// Takes the file and the options together; an option comes before what the file says.
    pub(super) fn new(options: &Proof) -> Result<Self, Report> {
        let mut wanted = match &options.probes {
            Some(path) => read(path)?,
            None => Wanted::default(),
        };
        wanted.parse.extend_from_slice(&options.parse);
        wanted.sqlite.extend_from_slice(&options.sqlite);
        if let Some(path) = &options.canary {
            wanted.canary.clone_from(path);
        }
        if let Some(text) = &options.canary_text {
            // As it is typed: most files end with the end of a line.
            wanted.canary_text = text.replace("\\n", "\n");
        }
        if !options.start.is_empty() {
            wanted.start.clone_from(&options.start);
        }
        if let Some(path) = &options.start_in {
            wanted.start_in.clone_from(path);
        }
        if let Some(name) = &options.start_as {
            wanted.start_as.clone_from(name);
        }
        if let Some(within) = options.start_within {
            wanted.start_within = within;
        }
        wanted.into_probes()
    }

    /// Adds it to a drill.
    pub(super) fn added_to<'a>(&'a self, drill: Drill<'a>) -> Drill<'a> {
        let drill = drill.isolated_by(self.isolation);
        self.probes.iter().fold(drill, |drill, probe| drill.with_probe(&**probe))
    }

    /// Adds it to a recovery.
    pub(super) fn added_to_recovery<'a>(&'a self, recovery: Recovery<'a>) -> Recovery<'a> {
        self.probes.iter().fold(recovery, |recovery, probe| recovery.with_probe(&**probe))
    }
}

impl Wanted {
    fn into_probes(self) -> Result<Asked, Report> {
        let single = [&self.canary, &self.start_in].into_iter().filter(|path| !is_empty(path));
        for path in single.chain(&self.parse).chain(&self.sqlite) {
            if !path.is_absolute() {
                return Err(could_not_run(format!("{} is not absolute", path.display()))
                    .with_hint("paths are named as in the snapshot: auditctl backup ls SNAPSHOT"));
            }
        }
        let mut probes: Vec<Box<dyn Probe>> = Vec::new();
        match (is_empty(&self.canary), self.canary_text.is_empty()) {
            (true, true) => {}
            (false, false) => {
                probes.push(Box::new(Canary::new(self.canary, self.canary_text.into_bytes())));
            }
            _ => return Err(could_not_run("a canary and what it says are given together")),
        }
        for path in self.parse {
            let parses = Parses::by_name(&path).ok_or_else(|| {
                let path = path.display();
                could_not_run(format!("{path} ends neither in .json nor in .toml"))
            })?;
            probes.push(Box::new(parses));
        }
        probes.extend(
            self.sqlite.into_iter().map(|path| -> Box<dyn Probe> { Box::new(Database::new(path)) }),
        );
        let mut isolation = "no program was started";
        if !self.start.is_empty() {
            if is_empty(&self.start_in) {
                return Err(could_not_run("nothing says where the program is started")
                    .with_hint("name a folder of the snapshot: --start-in /srv/bot"));
            }
            let within = if self.start_within.is_zero() { A_MINUTE } else { self.start_within };
            let start = StartCommand::new(&self.start, &self.start_in, within);
            let (start, kept) = kept_in(start.with_limits(limits()), &self.start_as)?;
            probes.push(Box::new(start));
            isolation = kept;
        }
        Ok(Asked { probes, isolation })
    }
}

fn kept_in(start: StartCommand, user: &str) -> Result<(StartCommand, &'static str), Report> {
    if user.is_empty() {
        return if geteuid().is_root() {
            Err(could_not_run("nothing of a backup is started as root")
                .with_hint("name another user: --start-as nobody"))
        } else {
            Ok((start, "limits, in the account of who held the drill; no sandbox"))
        };
    }
    let account = Account::look_up(user).map_err(could_not_run)?;
    Ok((start.as_account(account), "limits, in an account of its own; no sandbox"))
}

fn read(path: &Path) -> Result<Wanted, Report> {
    let failed = |error: &dyn std::error::Error| {
        could_not_run(format!("the probes {}: {}", path.display(), chain(error)))
    };
    let text = wardkit_cli::read_small_text(path).map_err(|error| failed(&error))?;
    toml::from_str(&text).map_err(|error| failed(&error))
}

fn is_empty(path: &Path) -> bool {
    path.as_os_str().is_empty()
}

/// Enough to start, and not to take the host along; as agentd has them.
pub(super) fn limits() -> Vec<Limit> {
    let limits = [(Resource::Processes, 512), (Resource::OpenFiles, 4096), (Resource::Core, 0)];
    limits.into_iter().map(|(resource, most)| Limit::hard(resource, most)).collect()
}

const A_MINUTE: Duration = Duration::from_mins(1);

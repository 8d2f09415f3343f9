//! The programs that are compared, with their usual settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::run::{Cost, run};

/// A program that is compared.
pub(crate) struct Tool {
    pub name: &'static str,
    pub version: String,
    program: PathBuf,
}

pub(crate) const OURS: &str = "auditctl";
/// The same without opening again what is about to be stored, as its peers do it.
pub(crate) const UNVERIFIED: &str = "auditctl --no-verify";
pub(crate) const RESTIC: &str = "restic";
pub(crate) const BORG: &str = "borg";

impl Tool {
    pub(crate) fn all(auditctl: &Path) -> Result<Vec<Self>> {
        let known = [
            (OURS, auditctl),
            (RESTIC, Path::new("restic")),
            (UNVERIFIED, auditctl),
            (BORG, Path::new("borg")),
        ];
        let tool = |(name, program): (&'static str, &Path)| {
            let flag = if name == RESTIC { "version" } else { "--version" };
            let said = Command::new(program).arg(flag).output()?.stdout;
            let said = String::from_utf8(said)?;
            let version = said.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            Ok(Self { name, version, program: program.to_owned() })
        };
        known.into_iter().map(tool).collect()
    }

    fn command(&self, repository: &Path) -> Command {
        let mut command = Command::new(&self.program);
        let cache = repository.with_extension("cache");
        command
            .env("RESTIC_PASSWORD", PASSWORD)
            .env("RESTIC_REPOSITORY", repository)
            .env("RESTIC_CACHE_DIR", &cache)
            .env("BORG_PASSPHRASE", PASSWORD)
            .env("BORG_REPO", repository)
            .env("BORG_BASE_DIR", &cache)
            .env("WARDKIT_BACKUP_REPOSITORY", repository)
            .env("XDG_DATA_HOME", &cache);
        if self.is_ours() {
            command.arg("backup");
        }
        command
    }

    fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }

    /// Gives our own program its password, which it takes from no variable of this name.
    fn with_password(command: &mut Command) -> &mut Command {
        command.args(["--password", "env:RESTIC_PASSWORD"])
    }

    pub(crate) fn init(&self, repository: &Path) -> Result<()> {
        let mut command = self.command(repository);
        match self.name {
            RESTIC => command.args(["init", "--repository-version", "2"]),
            BORG => command.args(["init", "--encryption", "repokey-blake2"]),
            _ => Self::with_password(command.arg("init")),
        };
        run(&mut command).map(drop)
    }

    pub(crate) fn back_up(&self, repository: &Path, corpus: &Path) -> Result<Cost> {
        let mut command = self.command(repository);
        match self.name {
            RESTIC => command.arg("backup"),
            BORG => command.args(["create", "--compression", "zstd,3", "::{utcnow}"]),
            UNVERIFIED => Self::with_password(command.args(["run", "--no-verify"])),
            _ => Self::with_password(command.arg("run")),
        };
        run(command.arg(corpus))
    }

    pub(crate) fn check(&self, repository: &Path) -> Result<Cost> {
        let mut command = self.command(repository);
        match self.name {
            RESTIC => command.args(["check", "--read-data"]),
            BORG => command.args(["check", "--verify-data"]),
            _ => Self::with_password(command.args(["check", "--read-data"])),
        };
        run(&mut command)
    }

    pub(crate) fn restore(&self, repository: &Path, target: &Path) -> Result<Cost> {
        let mut command = self.command(repository);
        match self.name {
            RESTIC => command.args(["restore", "latest", "--target"]).arg(target),
            BORG => {
                let mut list = self.command(repository);
                let said = list.args(["list", "--last", "1", "--short"]).output()?.stdout;
                let name = String::from_utf8(said)?;
                command.current_dir(target).arg("extract").arg(format!("::{}", name.trim()))
            }
            _ => Self::with_password(command.args(["restore", "latest", "--target"]).arg(target)),
        };
        run(&mut command)
    }
}

const PASSWORD: &str = "correct horse battery staple";

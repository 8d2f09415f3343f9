//! Looks for the process of a watched service.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use regex::Regex;
use wardkit_guardian::MARKER;
use wardkit_process::{
    Candidate, Cgroup, Identity, Process, Procfs, Stale, Stat, Tree, Watched, search,
};
use wardkit_supervise::ServiceSpec;

use crate::start::chain;

/// How a watched service is recognised.
#[derive(Clone, Debug)]
pub(crate) struct Sign {
    name: String,
    pid_file: Option<PathBuf>,
    pattern: Option<Regex>,
    cgroup: Option<Cgroup>,
    /// What of its command, if it has one, a process of it is likely to show.
    words: Option<Vec<String>>,
    /// What the marker of the processes begins with that were started by us for it.
    marker: String,
}

/// What was found where a service should be.
#[derive(Debug)]
pub(crate) enum Looked {
    /// The service.
    Running(Process),
    /// Not the service, but something else in its place.
    Stale(String),
    /// Nothing.
    Nothing,
}

impl Sign {
    /// Reads how a service is recognised. `instance` is the name in the marker of our processes.
    pub(crate) fn of(spec: &ServiceSpec, instance: &str) -> Result<Self, String> {
        if spec.unit.is_some() {
            return Err("unit: this program was built without the feature systemd".to_owned());
        }
        let pattern = spec.pattern.as_deref().map(Regex::new).transpose();
        let cgroup = match &spec.cgroup {
            None => None,
            Some(path) => Some(
                Cgroup::below_mount(path)
                    .ok_or("no hierarchy of cgroups of version 2 is mounted")?,
            ),
        };
        Ok(Self {
            name: spec.name.clone(),
            pid_file: spec.pid_file.clone(),
            pattern: pattern.map_err(|error| format!("match: {error}"))?,
            cgroup,
            words: (!spec.command.is_empty())
                .then(|| spec.command.iter().filter_map(|word| telling(word)).collect()),
            marker: format!("{instance}/{}/", spec.name),
        })
    }

    /// Returns everything that a process of it has started. What we started for it carries our mark, and may be in a
    /// group that we made.
    pub(crate) fn tree(&self, process: &Process) -> Tree {
        let procfs = Procfs::default();
        let tree = Tree::new(process.identity().clone());
        let own = procfs.cgroup(process.pid()).filter(|path| self.is_our_group(path));
        let own = own.and_then(|path| Cgroup::below_mount(&path));
        if let Some(cgroup) = self.cgroup.clone().or(own).filter(|cgroup| !holds_us(cgroup)) {
            return tree.with_cgroup(cgroup);
        }
        match self.mark_of(process.pid()) {
            Some(mark) => tree.with_marker(MARKER, OsString::from_vec(mark)),
            None => tree,
        }
    }

    fn is_our_group(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(OsStr::to_str);
        let number = name.and_then(|name| name.strip_prefix(&*self.name)?.strip_prefix('.'));
        number.is_some_and(|number| number.parse::<u64>().is_ok())
    }

    /// Returns the mark of a process that we started for this service.
    fn mark_of(&self, pid: u32) -> Option<Vec<u8>> {
        let mark = Procfs::default().variable(pid, OsStr::new(MARKER))?;
        mark.starts_with(self.marker.as_bytes()).then_some(mark)
    }

    /// Returns whether looking means to go through all processes of the host.
    pub(crate) const fn is_slow(&self) -> bool {
        self.pid_file.is_none()
    }

    /// Looks for its main process. `last` is the one that it had: what is left of that one's session is not another
    /// start of the service.
    pub(crate) fn look(&self, last: Option<&Identity>) -> Looked {
        if let Some(path) = &self.pid_file {
            return self.read(path);
        }
        let found = match &self.cgroup {
            Some(cgroup) => of_cgroup(cgroup, self.pattern.as_ref()),
            None => search(|candidate| self.fits(&candidate.command_line)),
        };
        match found {
            Ok(found) => first(found, last).map_or(Looked::Nothing, Looked::Running),
            Err(error) => Looked::Stale(format!("cannot be looked for: {}", chain(&error))),
        }
    }

    fn read(&self, path: &Path) -> Looked {
        let stale =
            |what: String| Looked::Stale(format!("stale PID file {}: {what}", path.display()));
        match Watched::read(path, |candidate| self.is_wanted(candidate)) {
            Ok(Watched::Running(process)) => Looked::Running(process),
            Ok(Watched::Stale { pid: Some(pid), why }) => {
                let shown = Candidate::of(&Procfs::default(), pid).map(|found| found.command_line);
                let shown = shown.ok().filter(|line| !line.is_empty() && why != Stale::NotRunning);
                let shown = shown.map_or_else(String::new, |line| format!(" `{}`", short(&line)));
                let is_guess = self.pattern.is_none() && why == Stale::OtherProgram;
                let hint = if is_guess { "; if it is the service, say so by match" } else { "" };
                stale(format!("{why}: pid {pid}{shown}{hint}"))
            }
            Ok(Watched::Stale { why, .. }) => stale(why.to_string()),
            Ok(_) => Looked::Nothing,
            Err(error) => stale(chain(&error)),
        }
    }

    fn is_wanted(&self, candidate: &Candidate) -> bool {
        if self.pattern.is_some() {
            return self.fits(&candidate.command_line);
        }
        // Without a pattern it is what we started, what looks like the command that starts it, or anything if there is
        // no command to compare with.
        let Some(words) = &self.words else { return true };
        if self.mark_of(candidate.pid).is_some() {
            return true;
        }
        let program = candidate.program.as_deref().map(Path::to_string_lossy).unwrap_or_default();
        let shows = |word: &String| {
            candidate.command_line.contains(word.as_str()) || program.contains(word.as_str())
        };
        words.iter().any(shows)
    }

    fn fits(&self, command_line: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(command_line))
    }
}

/// Returns the processes in a group that fit.
fn of_cgroup(
    cgroup: &Cgroup,
    pattern: Option<&Regex>,
) -> Result<Vec<Process>, wardkit_process::Error> {
    let procfs = Procfs::default();
    let mut found = Vec::new();
    for pid in cgroup.pids()? {
        let fits = pattern.is_none_or(|pattern| {
            Candidate::of(&procfs, pid).is_ok_and(|one| pattern.is_match(&one.command_line))
        });
        if fits && let Ok(process) = Process::with_pid(pid) {
            found.push(process);
        }
    }
    Ok(found)
}

/// Returns the main one: that which none of the others started, and the oldest of those.
fn first(found: Vec<Process>, last: Option<&Identity>) -> Option<Process> {
    let procfs = Procfs::default();
    let stats: Vec<(Process, Stat)> = found
        .into_iter()
        .filter_map(|process| procfs.stat(process.pid()).ok().map(|stat| (process, stat)))
        .filter(|(_, stat)| last.is_none_or(|last| ![stat.session, stat.group].contains(&last.pid)))
        .collect();
    let pids: Vec<u32> = stats.iter().map(|(process, _)| process.pid()).collect();
    stats
        .into_iter()
        .filter(|(_, stat)| !pids.contains(&stat.parent))
        .min_by_key(|(_, stat)| (stat.started, stat.pid))
        .map(|(process, _)| process)
}

/// Returns what of a word of a command tells its program from others: the name of a file without its ending.
fn telling(word: &str) -> Option<String> {
    let name = Path::new(word).file_stem()?.to_str()?;
    let is_plain = name.chars().all(|one| one.is_alphanumeric() || "._-@".contains(one));
    let is_common = COMMON.contains(&name);
    (is_plain && name.len() >= LEAST_TELLING && !name.starts_with('-') && !is_common)
        .then(|| name.to_owned())
}

/// Tells whether we are in a group ourselves, which is never ended whole then.
fn holds_us(cgroup: &Cgroup) -> bool {
    cgroup.pids().map_or(true, |pids| pids.contains(&std::process::id()))
}

fn short(line: &str) -> String {
    let is_long = line.chars().count() > MOST_SHOWN;
    let shown: String =
        line.chars().take(MOST_SHOWN).map(|one| if one.is_control() { ' ' } else { one }).collect();
    if is_long { format!("{shown}…") } else { shown }
}

/// A shorter word is in too many command lines.
const LEAST_TELLING: usize = 3;
/// They start other programs, and are part of too many command lines.
const COMMON: [&str; 12] = [
    "bash",
    "dash",
    "env",
    "service",
    "systemctl",
    "sudo",
    "start",
    "restart",
    "setsid",
    "nohup",
    "daemon",
    "exec",
];
/// As much as a line on a screen has.
const MOST_SHOWN: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_tell_a_program_are_those_of_its_files() {
        for (word, expected) in [
            ("/usr/sbin/nginx", Some("nginx")),
            ("/opt/bot/bot.py", Some("bot")),
            ("/etc/init.d/redis-server", Some("redis-server")),
            ("/bin/sh", None),
            ("-c", None),
            ("start", None),
            ("sleep 300 & echo $! > /run/x.pid", None),
            ("setsid sh -c 'echo $$ > /tmp/.tmpABC/daemon.pid; exec sleep 1000' &", None),
            ("", None),
        ] {
            assert_eq!(telling(word).as_deref(), expected, "{word}");
        }
    }
}

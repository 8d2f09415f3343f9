use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags};

use crate::scan::Listed;
use crate::{Cgroup, Error, Identity, Process, Procfs, Scan, Signal, Stat, process};

/// A process and everything that it started, to be ended whole.
///
/// With a cgroup, what is in it belongs to it, and nothing escapes. Without one, what belongs to it is found by its session and process group, by
/// parentage, and by an environment variable that only this tree was started with: so a daemon that forked twice and
/// took a session of its own is found, too, unless it wiped its environment and its ancestors are gone.
///
/// Numbers are not trusted: no process is signalled but through a pidfd that was opened before its start was compared.
#[derive(Clone, Debug)]
pub struct Tree {
    root: Identity,
    procfs: Procfs,
    cgroup: Option<Cgroup>,
    marker: Option<(OsString, OsString)>,
    reaper: Option<u32>,
    others: Arc<HashSet<u32>>,
    /// When the root ended, in ticks since the boot, where that is known.
    ended: Option<u64>,
}

/// What became of a tree that was to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// How many processes were ended.
    pub killed: usize,
    /// Those that were still there when the time was over, such as one in state `D`.
    pub left: Vec<Stat>,
}

impl Tree {
    /// Returns the tree of a process, which need not live any more.
    #[must_use]
    pub fn new(root: Identity) -> Self {
        Self {
            root,
            procfs: Procfs::default(),
            cgroup: None,
            marker: None,
            reaper: None,
            others: Arc::default(),
            ended: None,
        }
    }

    /// Says that the root has ended just now, as whoever held it until then knows: what is in its session and had
    /// started by then is its own, whoever gets its number later.
    #[must_use]
    pub fn just_ended(mut self) -> Self {
        self.ended = self.procfs.uptime().ok();
        self
    }

    /// Has everything in a cgroup belong to it.
    #[must_use]
    pub fn with_cgroup(mut self, cgroup: Cgroup) -> Self {
        self.cgroup = Some(cgroup);
        self
    }

    /// Has everything that was started with a variable of this value belong to it. No other tree may have the value.
    #[must_use]
    pub fn with_marker(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.marker = Some((name.into(), value.into()));
        self
    }

    /// Names the process that inherits its orphans, by `PR_SET_CHILD_SUBREAPER`: its marker is looked for among the
    /// children of that process alone, since an orphan can be nowhere else.
    #[must_use]
    pub fn reaped_by(mut self, pid: u32) -> Self {
        self.reaper = Some(pid);
        self
    }

    /// Names the roots of other trees, which need not be asked for their marker; its own may be among them. Where we
    /// are the reaper and have no other children than these, nothing is left of it, and no list of all processes is
    /// needed to tell.
    #[must_use]
    pub fn apart_from(mut self, pids: Arc<HashSet<u32>>) -> Self {
        self.others = pids;
        self
    }

    /// Returns those of its processes that have not ended.
    ///
    /// # Errors
    ///
    /// When the processes cannot be listed.
    pub fn members(&self) -> Result<Vec<Stat>, Error> {
        self.members_in(&Scan::default())
    }

    /// Returns those of its processes that have not ended, by a look that many trees share.
    ///
    /// # Errors
    ///
    /// When the processes cannot be listed.
    pub fn members_in(&self, scan: &Scan) -> Result<Vec<Stat>, Error> {
        let Some(cgroup) = &self.cgroup else {
            if self.is_seen_gone(scan) {
                return Ok(Vec::new());
            }
            return Ok(self.members_of(scan.listed(&self.procfs)?));
        };
        let mut members = Vec::new();
        for pid in cgroup.pids()? {
            match self.procfs.stat(pid) {
                Ok(stat) if !stat.has_ended() => members.push(stat),
                Ok(_) | Err(Error::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(members)
    }

    /// Tells whether a process belongs to it, also one that has ended and was not reaped. It looks at that process and
    /// its ancestors alone, so it costs little.
    ///
    /// # Errors
    ///
    /// When the kernel does not say. A process that is gone belongs to nothing.
    pub fn contains(&self, pid: u32) -> Result<bool, Error> {
        if let Some(cgroup) = &self.cgroup {
            return Ok(cgroup.pids()?.contains(&pid));
        }
        let mut line: Vec<Stat> = Vec::new();
        let mut next = pid;
        // Read at different moments, parents could form a circle.
        while next > 1 && line.len() < MOST_ANCESTORS {
            match self.procfs.stat(next) {
                Ok(stat) => {
                    next = stat.parent;
                    line.push(stat);
                }
                Err(Error::Gone { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        let mut all = line.clone();
        match self.procfs.stat(self.root.pid) {
            Ok(root) => all.push(root),
            Err(Error::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(self.select(&Listed::new(all)).contains(&pid))
    }

    /// Ends all its processes and returns how many there were; they may take a moment to be gone.
    ///
    /// # Errors
    ///
    /// When the processes cannot be listed, or one may not be signalled.
    pub fn kill(&self) -> Result<usize, Error> {
        Self::kill_all(std::slice::from_ref(self))
    }

    /// Ends all processes of all these trees and returns how many there were; each look is one for all of them.
    ///
    /// Process after process is stopped until no new one appears, and ended then: what stands still has no children.
    ///
    /// # Errors
    ///
    /// The first, when the processes cannot be listed or one may not be signalled; it keeps nobody else alive.
    pub fn kill_all(trees: &[Self]) -> Result<usize, Error> {
        let mut killed = 0;
        let walked = trees.iter().filter(|tree| match tree.kill_by_cgroup() {
            Some(count) => {
                killed += count;
                false
            }
            None => true,
        });
        let walked: Vec<&Self> = walked.collect();
        let mut refused = Ok(());
        let mut frozen: HashSet<(u32, u64)> = HashSet::new();
        let mut members = Vec::new();
        for _ in 0..MOST_ROUNDS {
            let (before, scan) = (members.len(), Scan::default());
            for tree in &walked {
                let found = tree.members_in(&scan).unwrap_or_else(|error| {
                    refused = std::mem::replace(&mut refused, Ok(())).and(Err(error));
                    Vec::new()
                });
                for member in found {
                    if frozen.insert((member.pid, member.started)) {
                        refused = refused.and(send(&tree.procfs, member, Signal::STOP));
                        members.push((&tree.procfs, member));
                    }
                }
            }
            if members.len() == before {
                break;
            }
        }
        // One that may not be signalled keeps nobody else alive.
        for (procfs, member) in &members {
            refused = refused.and(send(procfs, *member, Signal::KILL));
        }
        refused.map(|()| killed + members.len())
    }

    /// Ends all its processes, and waits until they are gone, but not longer than told.
    ///
    /// # Errors
    ///
    /// As [`Tree::kill`]. What could not be ended in time is no error but in [`Outcome::left`].
    #[expect(clippy::disallowed_methods, reason = "a deadline for the kernel")]
    pub fn kill_and_wait(&self, patience: Duration) -> Result<Outcome, Error> {
        let start = Instant::now();
        let mut outcome = Outcome { killed: self.kill()?, left: self.members()? };
        while !outcome.left.is_empty() {
            let rest = patience.saturating_sub(start.elapsed());
            if rest.is_zero() {
                return Ok(outcome);
            }
            // A few at a time: there may be more of them than descriptors.
            let opened =
                outcome.left.iter().take(32).filter_map(|stat| Process::with_pid(stat.pid).ok());
            let opened: Vec<Process> = opened.collect();
            process::wait_any(&opened, rest.min(ROUND))
                .map_err(|source| Error::Watch { pid: self.root.pid, source })?;
            outcome.left = self.members()?;
            // What waits for a device dies when the device answers; whatever else is left was not told.
            if outcome.left.iter().any(|stat| stat.state != 'D') {
                outcome.killed = outcome.killed.max(self.kill()?);
            }
        }
        Ok(outcome)
    }

    /// Ends what is in its cgroup; `None` where it has none, or the kernel is too old.
    fn kill_by_cgroup(&self) -> Option<usize> {
        let cgroup = self.cgroup.as_ref()?;
        let count = cgroup.pids().ok()?.len();
        cgroup.kill().is_ok().then_some(count)
    }

    /// Tells whether nothing is left of it, as far as our own children say: its orphans are nowhere else.
    fn is_seen_gone(&self, scan: &Scan) -> bool {
        if self.reaper != Some(std::process::id()) {
            return false;
        }
        let is_other = |pid: &u32| *pid != self.root.pid && self.others.contains(pid);
        scan.children(&self.procfs).is_some_and(|children| children.iter().all(is_other))
    }

    /// Picks those of its processes that have not ended out of all, as [`Procfs::processes`] returns them: for who asks
    /// for many trees at once. Its cgroup is not asked.
    #[must_use]
    pub fn among(&self, all: &[Stat]) -> Vec<Stat> {
        self.members_of(&Listed::new(all.to_vec()))
    }

    fn members_of(&self, listed: &Listed) -> Vec<Stat> {
        let found = self.select(listed);
        let is_member = |stat: &&Stat| found.contains(&stat.pid) && !stat.has_ended();
        listed.all.iter().filter(is_member).copied().collect()
    }

    /// Picks its processes out of all, also those that have ended and were not reaped.
    fn select(&self, listed: &Listed) -> HashSet<u32> {
        let mut found: HashSet<u32> = HashSet::new();
        let seeds = listed.all.iter().filter(|stat| self.is_of_session(stat, listed)).collect();
        self.spread(seeds, listed, &mut found);
        // The most expensive question is asked only of those that nothing else has told.
        let marked = |stat: &&Stat| !found.contains(&stat.pid) && self.is_marked(stat, listed);
        let seeds = listed.all.iter().filter(marked).collect();
        self.spread(seeds, listed, &mut found);
        found
    }

    /// Adds processes and all their descendants, but neither the system's first process, nor us, nor the reaper.
    fn spread<'a>(&self, mut open: Vec<&'a Stat>, listed: &'a Listed, found: &mut HashSet<u32>) {
        let spared = [Some(1), Some(std::process::id()), self.reaper];
        while let Some(stat) = open.pop() {
            if !spared.contains(&Some(stat.pid)) && found.insert(stat.pid) {
                open.extend(listed.children(stat.pid));
            }
        }
    }

    /// Tells whether it is the root, or in the session or group that the root founded.
    fn is_of_session(&self, stat: &Stat, listed: &Listed) -> bool {
        let root = self.root.pid;
        if stat.session != root && stat.group != root && stat.pid != root {
            return false;
        }
        if self.ended.is_some_and(|ended| (self.root.started..=ended).contains(&stat.started)) {
            return true;
        }
        match listed.get(root) {
            // As long as the root has its number, nobody else founds a session of that number.
            Some(present) => present.started == self.root.started,
            // The number may have gone to a stranger and come free again: what is ours descends from the reaper, and
            // does not carry another's marker.
            None => {
                self.descends_from_reaper(stat, listed)
                    && self.marker_of(stat, listed).is_none_or(|is_ours| is_ours)
            }
        }
    }

    fn descends_from_reaper(&self, stat: &Stat, listed: &Listed) -> bool {
        let Some(reaper) = self.reaper else { return false };
        let mut parent = stat.parent;
        // Read at different moments, parents could form a circle.
        for _ in 0..listed.all.len() {
            if parent == reaper {
                return true;
            }
            match listed.get(parent) {
                Some(next) => parent = next.parent,
                None => return false,
            }
        }
        false
    }

    fn is_marked(&self, stat: &Stat, listed: &Listed) -> bool {
        let is_orphan = self.reaper.is_none_or(|reaper| stat.parent == reaper);
        // The kernel's threads are in no group.
        is_orphan
            && stat.group != 0
            && stat.started >= self.root.started
            && !self.others.contains(&stat.pid)
            && self.marker_of(stat, listed) == Some(true)
    }

    /// Tells whether it carries our marker or another's; `None` when it carries none, or cannot be asked.
    fn marker_of(&self, stat: &Stat, listed: &Listed) -> Option<bool> {
        let (name, value) = self.marker.as_ref()?;
        Some(listed.variable(&self.procfs, stat.pid, name)? == value.as_bytes())
    }
}

/// Sends a signal to the process that was listed, and to no other that has its number by now.
fn send(procfs: &Procfs, listed: Stat, signal: Signal) -> Result<(), Error> {
    let pid = listed.pid;
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Error::Gone { pid })?;
    let pidfd = match rustix::process::pidfd_open(number, PidfdFlags::empty()) {
        Ok(pidfd) => pidfd,
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        Err(errno) => return Err(Error::Watch { pid, source: errno.into() }),
    };
    match procfs.stat(pid) {
        Ok(now) if now.started == listed.started => {}
        Ok(_) | Err(Error::Gone { .. }) => return Ok(()),
        Err(error) => return Err(error),
    }
    match rustix::process::pidfd_send_signal(&pidfd, signal.raw()) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(errno) => Err(Error::Signal { pid, source: errno.into() }),
    }
}

/// How long one wait lasts before the tree is looked at again.
const ROUND: Duration = Duration::from_millis(50);

/// A tree that still grows after so many looks grows faster than it is stopped; it is ended as far as it is known.
const MOST_ROUNDS: usize = 64;

/// No line of ancestors is longer that anybody has use for.
const MOST_ANCESTORS: usize = 1_024;

//! Runs the rules.

use std::cell::Cell;
use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use globset::GlobSet;
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use wardkit_core::{Clock, Timestamp};

use crate::config::globset;
use crate::in_use::InUse;
use crate::open::{Opener, Place, look, obstacle};
use crate::plan::{Entry, Verdict, plan};
use crate::report::{CutShort, Removed, Report, RuleReport, Why};
use crate::walk::{Found, Walk, used};
use crate::{Also, Config, Obstacle, Rule, Violation};

/// Removes what its rules say. It blocks, so it belongs on a thread that may wait for the disk.
#[derive(Debug)]
pub struct Cleaner {
    config: Config,
    /// What each rule covers, and what it leaves alone.
    globs: Vec<(GlobSet, GlobSet)>,
    protected: Vec<PathBuf>,
    asks_kernel: bool,
}

impl Cleaner {
    /// Creates a cleaner that never enters one of `protected`, whatever the rules say.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the configuration.
    pub fn new(config: Config, protected: Vec<PathBuf>) -> Result<Self, Vec<Violation>> {
        let violations = config.violations(&protected);
        if !violations.is_empty() {
            return Err(violations);
        }
        let compile = |globs: &[String]| globset(globs).unwrap_or_default();
        let globs = config.rules.iter().map(|rule| (compile(&rule.names), compile(&rule.except)));
        Ok(Self { globs: globs.collect(), config, protected, asks_kernel: true })
    }

    /// Opens directories name by name, as happens by itself where the kernel has no `openat2` or a sandbox refuses it;
    /// for a sandbox that ends whoever asks.
    #[must_use]
    pub fn without_openat2(mut self) -> Self {
        self.asks_kernel = false;
        self
    }

    /// Returns what [`run`](Self::run) would remove now, and removes nothing.
    #[must_use]
    pub fn plan(&self, clock: &dyn Clock, is_stopped: &dyn Fn() -> bool) -> Report {
        self.go(clock, is_stopped, Way::Look)
    }

    /// Removes what the rules say. `is_stopped` is asked all along, and ends the run early.
    pub fn run(&self, clock: &dyn Clock, is_stopped: &dyn Fn() -> bool) -> Report {
        self.go(clock, is_stopped, Way::Remove)
    }

    fn go(&self, clock: &dyn Clock, is_stopped: &dyn Fn() -> bool, way: Way) -> Report {
        let began = clock.uptime();
        let cut_short = Cell::new(None);
        let is_over = || {
            if is_stopped() {
                cut_short.set(Some(CutShort::Stopped));
            } else if clock.uptime().saturating_sub(began) >= self.config.max_time {
                cut_short.set(Some(CutShort::MaxTime));
            }
            cut_short.get().is_some()
        };
        let in_use = InUse::look();
        let protected = self
            .protected
            .iter()
            .filter_map(|path| rustix::fs::stat(path).ok().map(|stat| Place::of(&stat)));
        let mut run = Run {
            way,
            now: clock.now(),
            left: self.config.max_files,
            opener: Opener::new(self.asks_kernel),
            in_use: &in_use,
            protected: protected.collect(),
            cut_short: &cut_short,
            is_over: &is_over,
        };
        let mut report = Report { unseen_processes: in_use.unseen, ..Report::default() };
        for (rule, (names, except)) in self.config.rules.iter().zip(&self.globs) {
            let mut of_rule = RuleReport { path: rule.path.clone(), ..RuleReport::default() };
            if !is_over() {
                run.rule(rule, names, except, &mut of_rule);
            }
            report.rules.push(of_rule);
        }
        report.cut_short = cut_short.get();
        report
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Look,
    Remove,
}

/// A run under way.
struct Run<'r> {
    way: Way,
    now: Timestamp,
    /// How many may still be removed.
    left: u32,
    opener: Opener,
    in_use: &'r InUse,
    protected: Vec<Place>,
    cut_short: &'r Cell<Option<CutShort>>,
    is_over: &'r dyn Fn() -> bool,
}

impl Run<'_> {
    fn rule(&mut self, rule: &Rule, names: &GlobSet, except: &GlobSet, report: &mut RuleReport) {
        let walk = Walk {
            rule,
            names,
            except,
            opener: &self.opener,
            in_use: self.in_use,
            protected: &self.protected,
            is_over: self.is_over,
        };
        let looked = self.opener.root(&rule.path).and_then(|root| Ok((walk.run(&root)?, root)));
        let (mut found, root) = match looked {
            Ok(looked) => looked,
            // What is not there needs no cleaning.
            Err(Obstacle::Changed) => return,
            Err(Obstacle::Swapped) => {
                report.refused = Some("is no directory, or a link leads there".to_owned());
                return;
            }
            Err(obstacle) => {
                report.refused = Some(obstacle.to_string());
                return;
            }
        };
        for (path, obstacle) in std::mem::take(&mut found.kept) {
            report.keep(rule.path.join(path), obstacle);
        }
        self.files(rule, &root, &mut found, report);
        if rule.also.contains(&Also::EmptyDirs) {
            self.directories(rule, &root, &mut found, report);
        }
    }

    fn files(&mut self, rule: &Rule, root: &OwnedFd, found: &mut Found, report: &mut RuleReport) {
        for (index, verdict) in plan(rule, self.now, &found.entries) {
            let entry = &found.entries[index];
            let directory = entry.directory;
            let path = || {
                let below = found.path(directory).join(OsStr::from_bytes(&entry.name));
                rule.path.join(below)
            };
            let why = match verdict {
                Verdict::Remove(why) => why,
                Verdict::Keep(obstacle) => {
                    report.keep(path(), obstacle);
                    continue;
                }
            };
            if !self.may_go_on() {
                return;
            }
            let removed = self
                .reopen(root, found, directory)
                .and_then(|opened| self.file(&opened, entry, found.directories[directory].place));
            match removed {
                Ok(()) => {
                    report.removed.push(Removed { path: path(), bytes: entry.bytes, why });
                    self.left -= 1;
                    found.directories[directory].lose_one();
                }
                Err(obstacle) => report.keep(path(), obstacle),
            }
        }
    }

    /// Removes directories in which nothing is left, the deepest first.
    fn directories(
        &mut self,
        rule: &Rule,
        root: &OwnedFd,
        found: &mut Found,
        report: &mut RuleReport,
    ) {
        for index in (1..found.directories.len()).rev() {
            let directory = &found.directories[index];
            let age = self.now.duration_since(directory.used).unwrap_or_default();
            if directory.left != Some(0) || rule.older_than.is_none_or(|limit| age < limit) {
                continue;
            }
            if !self.may_go_on() {
                return;
            }
            let parent = directory.parent;
            match self.directory(rule, root, found, index) {
                Ok(()) => {
                    let path = rule.path.join(found.path(index));
                    report.removed.push(Removed { path, bytes: 0, why: Why::Empty });
                    self.left -= 1;
                    found.directories[parent].lose_one();
                }
                Err(obstacle) => report.keep(rule.path.join(found.path(index)), obstacle),
            }
        }
    }

    fn may_go_on(&self) -> bool {
        if self.left == 0 {
            self.cut_short.set(Some(CutShort::MaxFiles));
        }
        !(self.is_over)()
    }

    /// Opens a directory that was searched, and no other one.
    fn reopen(&self, root: &OwnedFd, found: &Found, index: usize) -> Result<OwnedFd, Obstacle> {
        let opened = self.opener.below(root.as_fd(), found.path(index).as_os_str())?;
        let place = Place::at(&opened).map_err(obstacle)?;
        if place == found.directories[index].place { Ok(opened) } else { Err(Obstacle::Swapped) }
    }

    /// Removes a file that is still the one that was planned to go.
    fn file(&self, directory: &OwnedFd, entry: &Entry, place: Place) -> Result<(), Obstacle> {
        let name = c_name(&entry.name)?;
        let is_same = |stat: &Stat| {
            let planned = Place { inode: entry.inode, ..place };
            Place::of(stat) == planned && used(stat) == entry.used
        };
        let stat = look(directory.as_fd(), &name).map_err(obstacle)?;
        if !is_same(&stat) {
            return Err(Obstacle::Changed);
        }
        // Held until the file is gone, so that nobody locks it in between.
        let _locked = if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            Some(lock(directory.as_fd(), &name, is_same)?)
        } else {
            None
        };
        if self.way == Way::Remove {
            rustix::fs::unlinkat(directory, &name, AtFlags::empty()).map_err(obstacle)?;
        }
        Ok(())
    }

    fn directory(
        &self,
        rule: &Rule,
        root: &OwnedFd,
        found: &Found,
        index: usize,
    ) -> Result<(), Obstacle> {
        let directory = &found.directories[index];
        let owners = [found.directories[0].owner, rustix::process::geteuid().as_raw()];
        if !owners.contains(&directory.owner) && !rule.also.contains(&Also::ForeignOwners) {
            return Err(Obstacle::ForeignOwner);
        }
        if directory.is_in_use {
            return Err(Obstacle::InUse);
        }
        let parent = self.reopen(root, found, directory.parent)?;
        let name = c_name(&directory.name)?;
        let stat = look(parent.as_fd(), &name).map_err(obstacle)?;
        if Place::of(&stat) != directory.place {
            return Err(Obstacle::Swapped);
        }
        if self.way == Way::Look {
            return Ok(());
        }
        // The kernel removes no directory that has something in it.
        match rustix::fs::unlinkat(&parent, &name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => Err(Obstacle::Changed),
            done => done.map_err(obstacle),
        }
    }
}

/// Locks a file that nobody else has locked.
fn lock(
    directory: BorrowedFd<'_>,
    name: &CString,
    is_same: impl FnOnce(&Stat) -> bool,
) -> Result<OwnedFd, Obstacle> {
    // `NONBLOCK`, because a file under a lease or a pipe that took its place would keep us waiting.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(directory, name, flags, Mode::empty()) {
        Err(Errno::WOULDBLOCK) => return Err(Obstacle::Locked),
        Err(Errno::LOOP | Errno::NXIO) => return Err(Obstacle::Changed),
        opened => opened.map_err(obstacle)?,
    };
    if !is_same(&rustix::fs::fstat(&file).map_err(obstacle)?) {
        return Err(Obstacle::Changed);
    }
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(Obstacle::Locked),
        // File systems without locks have no lock to respect.
        _ => Ok(file),
    }
}

fn c_name(name: &[u8]) -> Result<CString, Obstacle> {
    CString::new(name).map_err(|_| Obstacle::Changed)
}

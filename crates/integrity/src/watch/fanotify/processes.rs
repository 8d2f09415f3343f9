//! Who did it: looked up while the process lives, remembered for a moment where it has ended.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::parse::Fid;
use super::sys;
use crate::{Actor, Confidence};

/// The processes that were seen last.
///
/// A process that starts a program is looked at until its new program shows; one that writes is looked at when it
/// writes. Each is kept with a descriptor of the very process, and forgotten once it has ended and the queue was empty
/// after that: so a number that another process has by now is not mistaken for it.
#[derive(Debug, Default)]
pub(super) struct Processes {
    known: VecDeque<Known>,
    /// Those of the events that were read last, which all were there at once.
    read: HashMap<u32, Actor>,
}

#[derive(Debug)]
struct Known {
    pidfd: OwnedFd,
    actor: Actor,
    /// How often it may still be looked at until the program that it starts runs; 0 when it does.
    looks: u8,
    /// What it opened to run: the program, its interpreter, the loader.
    opened: Vec<Fid>,
    ended: bool,
}

impl Processes {
    /// Notes that the next events are read.
    pub(super) fn read_on(&mut self) {
        self.read.clear();
    }

    /// Notes that a process starts a program.
    pub(super) fn starts(&mut self, pid: u32, pidfd: Option<OwnedFd>, program: Option<Fid>) {
        let before = self.known.iter().position(|known| known.actor.pid == pid);
        let before = before.and_then(|at| self.known.remove(at)).filter(|known| known.looks > 0);
        let mut opened = before.map(|known| known.opened).unwrap_or_default();
        opened.truncate(MAX_OPENED);
        opened.extend(program);
        if let Some((actor, pidfd)) = pidfd.and_then(|pidfd| Some((read(pid, &pidfd)?, pidfd))) {
            self.keep(Known { pidfd, actor, looks: LOOKS, opened, ended: false });
        }
    }

    /// Tells whether a process is starting a program, so that [`look`](Self::look) should be called soon.
    pub(super) fn starting(&self) -> bool {
        self.known.iter().any(|known| known.looks > 0)
    }

    /// Looks at the processes that are starting a program.
    pub(super) fn look(&mut self) {
        self.known.retain_mut(|known| {
            if known.looks == 0 {
                return true;
            }
            known.looks -= 1;
            // Asked first: what is read afterwards is the new program's.
            let runs = known.opened.iter().any(|opened| runs(known.actor.pid, opened));
            let Some(actor) = read(known.actor.pid, &known.pidfd) else { return false };
            if !runs {
                // One that takes so long to start is not remembered.
                return known.looks > 0;
            }
            known.actor = actor;
            known.looks = 0;
            true
        });
    }

    /// Returns who an event is from.
    pub(super) fn actor(&mut self, pid: u32, pidfd: Option<OwnedFd>) -> Actor {
        if let Some(actor) = self.read.get(&pid) {
            return actor.clone();
        }
        if let Some(pidfd) = pidfd
            && let Some(actor) = read(pid, &pidfd)
        {
            self.read.insert(pid, actor.clone());
            if !self.known.iter().any(|known| known.actor.pid == pid && known.looks > 0) {
                self.keep(Known {
                    pidfd,
                    actor: actor.clone(),
                    looks: 0,
                    opened: Vec::new(),
                    ended: false,
                });
            }
            return actor;
        }
        match self.known.iter().find(|known| known.actor.pid == pid && known.looks == 0) {
            Some(known) => Actor { confidence: Confidence::Cached, ..known.actor.clone() },
            None => Actor::new(pid),
        }
    }

    /// Notes that the queue is empty: nothing more comes from processes that had ended before.
    pub(super) fn drained(&mut self) {
        self.known.retain(|known| !known.ended);
        for known in &mut self.known {
            known.ended = has_ended(&known.pidfd);
        }
    }

    fn keep(&mut self, new: Known) {
        self.known.retain(|known| known.actor.pid != new.actor.pid);
        if self.known.len() >= MAX_KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(new);
    }
}

/// Reads who a process is, or `None` when it has ended meanwhile.
fn read(pid: u32, pidfd: &OwnedFd) -> Option<Actor> {
    let mut actor = Actor::new(pid);
    // A process that is ending has none any more, a while before its end shows.
    actor.exe = Some(exe(pid)?);
    let (uid, mut parent) = status(pid)?;
    actor.uid = Some(uid);
    while parent != 0 && actor.ancestors.len() < MAX_ANCESTORS {
        let (program, next) = (exe(parent), status(parent));
        // Kernel threads and what may not be looked at end the line.
        let (Some(program), Some((_, next))) = (program, next) else { break };
        actor.ancestors.push(program);
        parent = next;
    }
    // A parent that ended after its child named it could only be mistaken for another if every number of a process
    // were used up meanwhile.
    actor.confidence = Confidence::Exact;
    (!has_ended(pidfd)).then_some(actor)
}

/// Tells whether a process runs this very file.
fn runs(pid: u32, program: &Fid) -> bool {
    let Ok(path) = sys::c_string(format!("/proc/{pid}/exe").as_bytes()) else { return false };
    sys::target(&path, program.fsid).is_ok_and(|running| running == *program)
}

fn exe(pid: u32) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let users = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/user"));
    if users(&pid.to_string()).ok()? == users("self").ok()? {
        return Some(path);
    }
    // Anybody may have a namespace of users, mount what he likes there, and so run his own `/usr/bin/dpkg`.
    Some(Path::new(&format!("/proc/{pid}/root")).join(path.strip_prefix("/").ok()?))
}

/// Returns the effective user and the parent.
fn status(pid: u32) -> Option<(u32, u32)> {
    let mut text = [0; 1024];
    let mut file = fs::File::open(format!("/proc/{pid}/status")).ok()?;
    // The kernel gives the whole in one read; what is asked for stands in its first lines.
    let length = file.read(&mut text).ok()?;
    let (mut uid, mut parent) = (None, None);
    for line in text[..length].split(|&byte| byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("PPid:") => parent = words.next().and_then(|word| word.parse().ok()),
            Some("Uid:") => uid = words.nth(1).and_then(|word| word.parse().ok()),
            _ => {}
        }
    }
    uid.zip(parent)
}

/// Tells whether a process has ended. One that cannot be asked counts as ended.
fn has_ended(pidfd: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) != Ok(0)
}

/// Each holds a descriptor.
const MAX_KNOWN: usize = 32;

/// A script, what runs it, and the loader of that.
const MAX_OPENED: usize = 3;

const MAX_ANCESTORS: usize = 8;

/// With one look every 100 microseconds: a program shows within 0.3 ms of its start.
const LOOKS: u8 = 20;

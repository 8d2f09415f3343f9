//! What a holder tells whoever looks after its service, in datagrams as `sd_notify` sends them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix};
use tokio::sync::Notify;
use wardkit_sandbox::Report;

use crate::notify::{DENIED, ENFORCED, REFUSED};

/// What is to be told, and to whom.
pub(super) struct Notices {
    socket: Option<(UnixDatagram, PathBuf)>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// What enforces each guarantee, until it is told.
    report: Option<String>,
    /// How often each call was denied.
    denied: BTreeMap<String, u64>,
    is_news: bool,
}

impl Notices {
    pub(super) fn new(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let open = || {
            let path = PathBuf::from(variable("NOTIFY_SOCKET")?);
            let socket = UnixDatagram::unbound().ok()?;
            // Nobody may be there to read, and the program must not wait for that.
            socket.set_nonblocking(true).ok()?;
            Some((socket, path))
        };
        Self { socket: open(), state: Mutex::default(), changed: Notify::new() }
    }

    /// What enforces each guarantee of the program that starts next.
    pub(super) fn starts(&self, report: &Report) {
        let mut text = String::new();
        for (guarantee, found) in report.iter() {
            let by: String = found.mechanism.chars().take(LONGEST).collect();
            let by = by.replace('\n', " ");
            let _ = writeln!(text, "{ENFORCED}={guarantee} {} {by}", found.strength);
        }
        self.state().report = Some(text);
        self.tell_now();
    }

    /// A call was denied.
    pub(super) fn denied(&self, call: &str) {
        let mut state = self.state();
        match state.denied.get_mut(call) {
            Some(count) => *count = count.saturating_add(1),
            None => drop(state.denied.insert(call.to_owned(), 1)),
        }
        state.is_news = true;
        self.changed.notify_one();
    }

    /// There is no program, for this reason.
    pub(super) fn refused(&self, reason: &str) {
        let short: String = reason.chars().take(REASON).collect();
        self.tell_heard(&format!("{REFUSED}={}\n", short.replace('\n', " ")));
    }

    /// Tells this, and returns when it and all before was heard, or nobody hears it: who listens must see who sent it
    /// while that is there to be seen.
    fn tell_heard(&self, text: &str) {
        let Some((socket, path)) = &self.socket else { return };
        let text = format!("{text}BARRIER=1");
        let Ok((read, write)) = std::io::pipe() else { return };
        let Ok(address) = SocketAddrUnix::new(path) else { return };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let handed = [write.as_fd()];
        control.push(SendAncillaryMessage::ScmRights(&handed));
        let parts = [IoSlice::new(text.as_bytes())];
        let flags = SendFlags::NOSIGNAL;
        let sent = rustix::net::sendmsg_addr(socket, &address, &parts, &mut control, flags);
        drop(write);
        if sent.is_ok() {
            let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
            let mut ended = [PollFd::new(&read, PollFlags::HUP)];
            let _ = rustix::event::poll(&mut ended, Some(&limit));
        }
    }

    /// Tells what there is to tell, and is at hand for more, for as long as it is asked.
    pub(super) async fn tell(&self) {
        loop {
            self.changed.notified().await;
            // What comes with it goes with it.
            tokio::time::sleep(AT_FIRST).await;
            while !self.tell_now() {
                tokio::time::sleep(AGAIN).await;
            }
            tokio::time::sleep(SELDOM).await;
        }
    }

    /// The program has ended: what was not told is told now, or never.
    pub(super) fn last(&self) {
        if self.tell_now() {
            self.tell_heard("");
        }
    }

    /// Returns whether everything is told.
    fn tell_now(&self) -> bool {
        let Some((socket, path)) = &self.socket else { return true };
        let mut state = self.state();
        if let Some(report) = &state.report {
            if socket.send_to(report.as_bytes(), path).is_err() {
                self.changed.notify_one();
                return false;
            }
            state.report = None;
        }
        if state.is_news {
            let mut calls: Vec<_> = state.denied.iter().collect();
            calls.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let mut text = String::new();
            for (call, count) in calls.into_iter().take(MOST_CALLS) {
                let _ = writeln!(text, "{DENIED}={count} {call}");
            }
            if socket.send_to(text.as_bytes(), path).is_err() {
                self.changed.notify_one();
                return false;
            }
            state.is_news = false;
        }
        true
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ten guarantees fit one datagram.
const LONGEST: usize = 250;
const REASON: usize = 1_000;
/// A program tries more than one call in a row.
const AT_FIRST: Duration = Duration::from_millis(300);
/// While nobody listens.
const AGAIN: Duration = Duration::from_secs(5);
/// What a program tries again and again is told once a minute.
const SELDOM: Duration = Duration::from_mins(1);
/// As many as fit one datagram; who is denied more is known well enough.
const MOST_CALLS: usize = 50;

//! A directory with a log and a tail that follows it, at a time that the test sets.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_logs::{Config, NoticeKind, Start, State, Statistics, Tail};

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) config: Config,
    pub(crate) tail: Tail,
    pub(crate) now: Duration,
    pub(crate) notices: Vec<NoticeKind>,
}

impl Bench {
    /// Follows `bot.log`, which is not there yet.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::of([dir.path().join("bot.log")]);
        config.start = Start::Beginning;
        change(&mut config);
        let tail = Tail::new(&config).unwrap();
        Self { dir, config, tail, now: Duration::ZERO, notices: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path("bot.log")
    }

    pub(crate) fn append(&self, text: impl AsRef<[u8]>) {
        append_to(&self.log(), text);
    }

    pub(crate) fn rename(&self, to: &str) {
        fs::rename(self.log(), self.path(to)).unwrap();
    }

    /// Polls a second later.
    pub(crate) fn poll(&mut self) -> Vec<String> {
        self.poll_after(Duration::from_secs(1))
    }

    pub(crate) fn poll_after(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        let mut lines = Vec::new();
        let notices = self.tail.poll(self.now, |line| {
            lines.push(if line.is_cut {
                format!("{}…", line.text)
            } else {
                line.text.to_owned()
            });
        });
        self.notices.extend(notices.into_iter().map(|notice| notice.kind));
        lines
    }

    /// Goes on from this state as after a restart.
    pub(crate) fn restart_from(&mut self, state: &State) {
        self.tail = Tail::resume(&self.config, state).unwrap();
        self.notices.clear();
        self.now = Duration::ZERO;
    }

    pub(crate) fn restart(&mut self) {
        let state = self.tail.state();
        self.restart_from(&state);
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.tail.statistics().next().unwrap().1
    }

    pub(crate) fn take_notices(&mut self) -> Vec<NoticeKind> {
        std::mem::take(&mut self.notices)
    }
}

pub(crate) fn append_to(path: &Path, text: impl AsRef<[u8]>) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

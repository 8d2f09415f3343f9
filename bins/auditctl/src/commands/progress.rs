//! How far a long command is, on a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows how far a command is until it is dropped; where nobody looks, nothing.
pub(super) struct Shown(Option<(Sender<()>, JoinHandle<()>)>);

/// Shows what `line` says, again and again.
pub(super) fn show(line: impl Fn() -> String + Send + 'static) -> Shown {
    if !std::io::stderr().is_terminal() {
        return Shown(None);
    }
    let (stop, stopped) = channel::<()>();
    let shown = std::thread::spawn(move || {
        let mut terminal = std::io::stderr();
        while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            // A terminal that has gone is nobody's loss.
            let _ = write!(terminal, "\r\x1b[K{}", line());
        }
        let _ = write!(terminal, "\r\x1b[K");
    });
    Shown(Some((stop, shown)))
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some((stop, shown)) = self.0.take() {
            drop(stop);
            // It writes to a terminal and can do nothing else wrong.
            let _ = shown.join();
        }
    }
}

const EVERY: Duration = Duration::from_millis(200);

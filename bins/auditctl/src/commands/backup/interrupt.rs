//! Signals that ask a long command to end: it gives its lock back first.

use std::process::ExitCode;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::note;

/// Notes signals from now on; the second one ends the program at once, as one does before.
///
/// Where that cannot be had, signals end the program as ever, and the next command removes the lock of the dead one.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        {
            let _inside = runtime.enter();
            for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
                let Ok(mut signals) = signal(kind) else { return };
                drop(runtime.spawn(async move {
                    while signals.recv().await.is_some() {
                        came(kind.as_raw_value());
                    }
                }));
            }
        }
        // Nobody waits for it: it ends with the program.
        let listen = move || runtime.block_on(std::future::pending::<()>());
        drop(std::thread::Builder::new().name("signals".to_owned()).spawn(listen));
    });
}

/// Whether somebody asked the command to end.
pub(super) fn is_asked() -> bool {
    FIRST.load(Ordering::Relaxed) != 0
}

/// How a command ends that was asked to, by the convention of shells.
pub(super) fn exit_code() -> Option<ExitCode> {
    let signal = FIRST.load(Ordering::Relaxed);
    (signal != 0).then(|| ExitCode::from(code(signal)))
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
fn came(signal: i32) {
    if FIRST.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        note("ending; once more to end at once, and to leave the lock to the next command");
    } else {
        std::process::exit(code(signal).into());
    }
}

fn code(signal: i32) -> u8 {
    u8::try_from(signal).map_or(u8::MAX, |signal| signal.saturating_add(128))
}

static FIRST: AtomicI32 = AtomicI32::new(0);

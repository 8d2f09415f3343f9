//! Real processes, held, signalled, ended and found again.

mod identity;
mod launch;
mod pid_file;
mod tree;

use std::path::Path;
use std::time::Duration;

use wardkit_process::{Exit, Launch, Output, Process, State};

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Launch {
    Launch::new(["/bin/sh", "-c", script])
}

fn into_file(path: &Path) -> Output {
    Output::To(std::fs::File::create(path).expect("the kernel answers").into())
}

fn exit(process: &Process) -> Exit {
    assert!(process.wait(Some(PATIENCE)).expect("the kernel answers"), "it has not ended");
    match process.state().expect("the kernel answers") {
        State::Ended { exit, .. } => exit,
        other => panic!("{other:?}"),
    }
}

/// Waits until a condition holds, asking now and then.
fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    for _ in 0..3_000 {
        if let Some(found) = condition() {
            return found;
        }
        // Of no descriptor anything is heard: the pause passes.
        let _ = rustix::event::poll(&mut [], Some(&pause));
    }
    panic!("it never came to hold");
}

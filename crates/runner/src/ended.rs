//! Ends of processes: waiting for them, and what they are to the supervisor.

use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::net::unix::pipe;
use wardkit_process::Process;
use wardkit_supervise::Exit;

/// Waits until a process has ended, whoever its parent is.
pub(crate) async fn ended(process: &Process) {
    // The runtime takes any descriptor under this name, and is only asked when it is readable.
    let watched = process.as_fd().try_clone_to_owned();
    let watched = watched.and_then(pipe::Receiver::from_owned_fd_unchecked);
    if let Ok(watched) = watched
        && watched.readable().await.is_ok()
    {
        return;
    }
    // There are too many descriptors: it is asked from time to time.
    while !process.has_ended().unwrap_or(true) {
        tokio::time::sleep(LAST_LOOK).await;
    }
}

pub(crate) fn exit_of(exit: wardkit_process::Exit) -> Exit {
    match exit {
        wardkit_process::Exit::Code(code) => Exit::Code(code),
        wardkit_process::Exit::Signal { number, core } => Exit::Signal { signal: number, core },
        _ => Exit::Unknown,
    }
}

/// While too many descriptors are open, a process is asked twice a second.
const LAST_LOOK: Duration = Duration::from_millis(500);

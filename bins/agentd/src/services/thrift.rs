//! Gives back what only the start needed, in a daemon that mostly waits.

use std::convert::Infallible;
use std::time::Duration;

use wardkit_process::{give_back_program_pages, release_unused_memory};

/// Gives back what was freed, and the pages of the program, once the start is over. What was needed again, as after a reload or a storm of
/// restarts, is given back within the hour.
pub(crate) async fn run() -> Infallible {
    let mut wait = SETTLED;
    loop {
        tokio::time::sleep(wait).await;
        release_unused_memory();
        match give_back_program_pages() {
            Ok(bytes) => tracing::debug!(bytes, "pages of the program given back"),
            // It runs on with them.
            Err(error) => tracing::debug!(%error, "cannot give pages of the program back"),
        }
        wait = AGAIN;
    }
}

/// By then all services were started, or wait for something.
const SETTLED: Duration = Duration::from_secs(10);

const AGAIN: Duration = Duration::from_hours(1);

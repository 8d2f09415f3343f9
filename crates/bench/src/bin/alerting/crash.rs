//! What is lost, and what is told twice, when the program is killed while it tells.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::load::{ALERTS, Grouping, post_all};
use crate::peer::{Peer, Site};
use crate::{Result, Sink};

/// Kills the program once it has told of some alerts, starts it again, and waits until nothing more is told.
pub(crate) async fn run(peer: &Peer) -> Result<String> {
    let sink = Sink::start().await?;
    let site = Site::new(Grouping::Each, sink.address)?;
    let running = peer.start(&site).await?;
    let (posted, told) =
        tokio::join!(post_all(site.address, 0), timeout(LONGEST, sink.told(KILLED_AFTER)));
    posted?;
    told??;
    drop(running);
    let before = sink.seen().alerts.len();
    let _again = peer.start(&site).await?;
    let mut count = sink.seen().requests;
    loop {
        sleep(QUIET).await;
        let now = sink.seen().requests;
        if now == count {
            break;
        }
        count = now;
    }
    let seen = sink.seen();
    let twice = seen.alerts.values().filter(|keys| keys.len() > 1);
    let other_key =
        twice.clone().filter(|keys| keys.iter().any(|key| *key != keys[0] || key.is_empty()));
    Ok(format!(
        "| {} | {ALERTS} | {before} | {} | {} | {} |",
        peer.name(),
        ALERTS - seen.alerts.len(),
        twice.count(),
        other_key.count()
    ))
}

const KILLED_AFTER: usize = 2_000;
const LONGEST: Duration = Duration::from_mins(1);
/// Longer than the wait of a group and the first waits of retries.
const QUIET: Duration = Duration::from_secs(15);

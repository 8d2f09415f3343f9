//! A supervisor that is killed itself: who runs then, and how often.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::peer::Peer;
use crate::{Result, SERVICES, pause};

/// Prints a row for each death; returns the longest time until all was known again.
pub(crate) fn print(peer: &mut Peer) -> Result<Duration> {
    let mut longest = Duration::ZERO;
    for whom in peer.crashes() {
        let before = peer.running()?;
        let known = peer.crash(whom)?;
        longest = longest.max(known);
        // Long enough for whatever is to be started a second time.
        pause(Duration::from_secs(4));
        let running = peer.running()?;
        let names: BTreeSet<&String> = running.iter().map(|(name, _)| name).collect();
        let is_same = before == running;
        println!(
            "| {} {whom} | {} of {SERVICES} | {} | {} | {}{} |",
            peer.name(),
            names.len(),
            running.len(),
            running.len().saturating_sub(names.len()),
            if peer.is_agentd() {
                format!("{:.1} ms", known.as_secs_f64() * 1e3)
            } else {
                "-".to_owned()
            },
            if is_same { ", the same processes" } else { "" }
        );
    }
    Ok(longest)
}

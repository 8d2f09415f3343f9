//! From the kill of a service to its next start, as the service itself tells it.

use crate::peer::Peer;
use crate::{Result, SERVICES, pause};

/// Kills of agentd's services for each of the others: they take seconds, it does not.
const TURNS: usize = 3;

/// Milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) slow: f64,
}

/// Prints a row of medians and slow ones, and returns them.
pub(crate) fn print(
    peers: &mut [Peer; 3],
    circumstances: &str,
    rounds: usize,
) -> Result<[Times; 3]> {
    let mut times: [Vec<f64>; 3] = Default::default();
    for round in 0..rounds {
        for (peer, times) in peers.iter_mut().zip(&mut times) {
            let turns = if peer.is_agentd() { TURNS } else { 1 };
            for turn in 0..turns {
                // Each service once in a row of rounds, so that no pause after a repeated end is measured.
                let which = (round * TURNS + turn) % SERVICES;
                times.push(peer.kill(&format!("s{which:04}"))?);
            }
        }
        // Not in step with those who look every second.
        pause(std::time::Duration::from_millis(37 * (round as u64 % 17)));
    }
    let at = |times: &[f64], percent: usize| times[((times.len() - 1) * percent + 50) / 100];
    let found = times.each_mut().map(|times| {
        times.sort_by(f64::total_cmp);
        Times { median: at(times, 50), slow: at(times, 99) }
    });
    let cells: Vec<String> = found
        .iter()
        .zip(&times)
        .map(|(found, times)| format!("{:.2} / {:.2} ({})", found.median, found.slow, times.len()))
        .collect();
    println!(
        "| kill -9 to running, {circumstances}, median / p99 ms (kills) | {} |",
        cells.join(" | ")
    );
    Ok(found)
}

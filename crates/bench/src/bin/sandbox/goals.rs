//! What was to be reached, and whether it was.

use crate::cost::{Table, percentile};
use crate::subject::{BWRAP, COMMAND, FIREJAIL, LIBRARY, SANDLOCK};

type Kept = [(&'static str, Vec<f64>)];

pub(crate) fn print(table: &Table, shares: &Kept, kills: &Kept) {
    println!("| goal | min | p10 | median | processor time | reached |\n|---|---|---|---|---|---|");
    for (ours, peer, most) in [
        (LIBRARY, BWRAP, 0.5),
        (LIBRARY, FIREJAIL, 0.1),
        (LIBRARY, SANDLOCK, 0.6),
        (COMMAND, BWRAP, 0.5),
        (COMMAND, FIREJAIL, 0.1),
    ] {
        let Some([min, p10, median, cpu]) = table.ratios(ours, peer) else { continue };
        let is_reached = if p10 <= most { "yes" } else { "**no**" };
        println!(
            "| {ours} over {peer} <= {most} | {min:.2} | {p10:.2} | {median:.2} | {cpu:.2} | {is_reached} |"
        );
    }
    println!("\n| goal | measured | reached |\n|---|---|---|");
    for (keeper, shares) in shares {
        let [min, max] = [0, 100].map(|percent| percentile(shares, percent));
        let is_reached = if min >= 9.0 && max <= 11.0 { "yes" } else { "**no**" };
        println!(
            "| 10 % +-1 of a processor, by {keeper} | {min:.2} to {max:.2} % | {is_reached} |"
        );
    }
    for (keeper, late) in kills {
        let p99 = percentile(late, 99);
        let is_reached = if p99 < 50.0 { "yes" } else { "**no**" };
        println!(
            "| gone 50 ms after the deadline, p99, by {keeper} | {p99:.2} ms | {is_reached} |"
        );
    }
}

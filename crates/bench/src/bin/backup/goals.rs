//! What was to be reached, and what was.

use crate::run::{Cost, Table};
use crate::tool::{BORG, OURS, RESTIC, UNVERIFIED};

struct Goal {
    step: &'static str,
    figure: &'static str,
    of: fn(&Cost) -> f64,
    ours: &'static str,
    peer: &'static str,
    most: f64,
}

pub(crate) fn print(table: &Table) {
    let cpu: fn(&Cost) -> f64 = |cost| cost.cpu;
    let wall: fn(&Cost) -> f64 = |cost| cost.wall;
    let memory: fn(&Cost) -> f64 = |cost| cost.memory;
    let size: fn(&Cost) -> f64 = |cost| cost.size;
    let goal = |step, figure, of, ours, peer, most| Goal { step, figure, of, ours, peer, most };
    let goals = [
        goal("first backup", "CPU", cpu, UNVERIFIED, RESTIC, 0.50),
        goal("first backup", "CPU", cpu, OURS, RESTIC, 0.62),
        goal("first backup", "CPU", cpu, UNVERIFIED, BORG, 0.42),
        goal("first backup", "wall", wall, OURS, RESTIC, 0.50),
        goal("first backup", "memory", memory, OURS, RESTIC, 0.75),
        goal("nothing changed", "CPU", cpu, OURS, RESTIC, 0.35),
        goal("1 % changed", "CPU", cpu, OURS, RESTIC, 0.50),
        goal("growth by it, MB", "size", size, OURS, RESTIC, 1.00),
        goal("repository, MB", "size", size, OURS, RESTIC, 1.00),
        goal("check of all data", "CPU", cpu, OURS, RESTIC, 0.60),
        goal("full restore", "CPU", cpu, OURS, RESTIC, 0.80),
        goal("full restore", "memory", memory, OURS, RESTIC, 0.70),
    ];
    println!("| goal | of | beside | at most | is | |\n|---|---|---|--:|--:|---|");
    for Goal { step, figure, of, ours, peer, most } in goals {
        let ratio = table.median(step, ours, of).zip(table.median(step, peer, of));
        let Some(ratio) = ratio.map(|(ours, peer)| ours / peer) else { continue };
        let verdict = if ratio <= most { "met" } else { "**not met**" };
        println!("| {step}, {figure} | {ours} | {peer} | {most:.2} | {ratio:.2} | {verdict} |");
    }
}

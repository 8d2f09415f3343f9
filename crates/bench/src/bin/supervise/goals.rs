//! What was to be reached, and whether it was.

use std::time::Duration;

use crate::kills::Times;
use crate::many::Many;
use crate::usage::Idle;

/// Of supervisord, monit and agentd, in this order.
pub(crate) struct Measured {
    pub(crate) idle: [Idle; 3],
    pub(crate) quiet: [Times; 3],
    pub(crate) loaded: [Times; 3],
    pub(crate) known: Duration,
    pub(crate) many: Many,
    pub(crate) storm: (Duration, bool),
}

pub(crate) fn print(measured: &Measured) {
    println!("\n| goal | measured | reached |\n|---|---|---|");
    let row = |what: &str, value: f64, most: f64, digits: usize| {
        let is_reached = if value <= most { "yes" } else { "**no**" };
        println!("| {what} <= {most} | {value:.digits$} | {is_reached} |");
    };
    let [supervisord, monit, agentd] = &measured.quiet;
    row("quiet: median over that of supervisord", agentd.median / supervisord.median, 0.02, 4);
    row("quiet: median over that of monit", agentd.median / monit.median, 0.01, 4);
    let [supervisord, monit, agentd] = &measured.loaded;
    row("loaded: median over that of supervisord", agentd.median / supervisord.median, 0.02, 4);
    row("loaded: median over that of monit", agentd.median / monit.median, 0.01, 4);
    row("loaded: p99, ms", agentd.slow, 150.0, 1);
    let [supervisord, monit, agentd] = &measured.idle;
    row("idle CPU over that of monit", agentd.cpu_percent / monit.cpu_percent, 0.1, 4);
    row("wake-ups a second", agentd.wakes, 0.2, 3);
    row("private memory over that of monit", agentd.private_mb / monit.private_mb, 1.3, 2);
    row(
        "private memory over that of supervisord",
        agentd.private_mb / supervisord.private_mb,
        0.33,
        2,
    );
    row("50 services known again, ms", measured.known.as_secs_f64() * 1e3, 100.0, 1);
    row("1 000 services: start, s", measured.many.started.as_secs_f64(), 5.0, 2);
    row("1 000 services: idle CPU, %", measured.many.cpu_percent, 0.5, 3);
    row("1 000 services: private memory for each, kB", measured.many.each_kb, 20.0, 2);
    let (time, by_cgroup) = measured.storm;
    let most = if by_cgroup { 100.0 } else { 2_000.0 };
    row("storm of 1 000: gone after, ms", time.as_secs_f64() * 1e3, most, 1);
}

//! What `auditctl metrics files` asks Prometheus for is what agentd shows.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Daemon, dir, until_some};

#[expect(dead_code, reason = "the titles and sentences name nothing")]
#[path = "../../../auditctl/src/commands/metrics/tables.rs"]
mod tables;

/// Returns the names of metrics in a query.
fn names(query: &str) -> BTreeSet<&str> {
    let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = ["agentd_", "node_", "process_", "bot_"];
    words.filter(|word| ours.iter().any(|prefix| word.starts_with(prefix))).collect()
}

/// Tells whether this machine has what a metric is taken from.
fn is_here(name: &str) -> bool {
    let source = match name {
        // They come with the first time that they have something to count.
        "agentd_metrics_overflow_total" | "agentd_business_overflow_total" => return false,
        name if name.starts_with("node_pressure_") => "/proc/pressure/io",
        name if name.starts_with("node_disk_") => "/proc/diskstats",
        _ => return true,
    };
    fs::read(Path::new(source)).is_ok_and(|text| !text.is_empty())
}

#[test]
fn every_metric_of_the_dashboard_and_the_rules_is_shown() {
    let dir = dir();
    let path = dir.path().join("agentd.toml");
    let text = "[metrics]\ninterval = \"1s\"\n[detect]\nevery = \"1s\"\nseries = [\"node_load1\"]\n\
                [[probe.check]]\nname = \"root\"\ninterval = \"1s\"\njitter = \"0s\"\ntarget.file.path = \"/\"\n";
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let args = ["--config", path.to_str().unwrap()];
    let daemon = Daemon::start(&dir.path().join("data"), &args);

    let queries = tables::PANELS.iter().map(|panel| panel.query);
    let queries = queries.chain(tables::RULES.iter().map(|rule| rule.query));
    let wanted: BTreeSet<_> = queries.flat_map(names).collect();
    assert!(wanted.len() > 20, "{wanted:?}");
    // The bot brings these itself, under the names that the operator's page gives.
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    for name in wanted.iter().filter(|name| name.starts_with("bot_")) {
        let name = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }

    let wanted: Vec<_> =
        wanted.into_iter().filter(|name| !name.starts_with("bot_") && is_here(name)).collect();
    let metrics = until_some(|| {
        let metrics = daemon.request("/metrics").body;
        let is_shown = |series: &str| metrics.contains(series);
        let started = is_shown("agentd_detect_anomaly_score{")
            && is_shown("agentd_probe_up{check=\"root\"} ");
        started.then_some(metrics)
    });
    let shown = |name: &&str| {
        let series =
            |line: &str| line.strip_prefix(*name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        // Nothing was lost yet, and not every machine has a disk: there the family is known, without series.
        let may_be_empty = name.contains("_overflow_") || name.starts_with("node_");
        let family = format!("# TYPE {name} ");
        metrics.lines().any(|line| series(line) || may_be_empty && line.starts_with(&family))
    };
    let missing: Vec<_> = wanted.iter().filter(|name| !shown(name)).collect();
    assert!(missing.is_empty(), "{missing:?}\n{metrics}");
    for severity in ["warning", "error", "critical"] {
        assert!(metrics.contains(&format!("agentd_events_total{{severity=\"{severity}\"}} ")));
    }
}

const PAGE: &str = "../../docs/operator/bot-metrics.md";

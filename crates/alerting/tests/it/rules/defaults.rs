//! The rules that come with the program: each fires where it should and not where it should not.

use std::collections::BTreeSet;
use std::time::Duration;

use wardkit_alerting::Now;
use wardkit_alerting::rules::{
    AlertState, DEFAULT_RULES, RuleGroups, RuleHealth, RulesConfig, default_event_rules,
};
use wardkit_core::Timestamp;
use wardkit_promql::{Labels, MemorySource, Sample};

/// A series: its name, one label, its first value and what is added each minute.
type Line = (&'static str, (&'static str, &'static str), f64, f64);

const NONE: (&str, &str) = ("", "");
const ROOT: (&str, &str) = ("mountpoint", "/");

/// For each rule data on which it fires, and data on which it does not.
const CASES: &[(&str, &[Line], &[Line])] = &[
    (
        "MemoryExhausted",
        &[
            ("node_memory_MemAvailable_bytes", NONE, 4.0, 0.0),
            ("node_memory_MemTotal_bytes", NONE, 100.0, 0.0),
        ],
        &[
            ("node_memory_MemAvailable_bytes", NONE, 6.0, 0.0),
            ("node_memory_MemTotal_bytes", NONE, 100.0, 0.0),
        ],
    ),
    (
        "MemoryLow",
        &[
            ("node_memory_MemAvailable_bytes", NONE, 9.0, 0.0),
            ("node_memory_MemTotal_bytes", NONE, 100.0, 0.0),
        ],
        &[
            ("node_memory_MemAvailable_bytes", NONE, 11.0, 0.0),
            ("node_memory_MemTotal_bytes", NONE, 100.0, 0.0),
        ],
    ),
    (
        "MemoryStalls",
        &[("node_pressure_memory_stalled_seconds_total", NONE, 0.0, 9.0)],
        &[("node_pressure_memory_stalled_seconds_total", NONE, 0.0, 3.0)],
    ),
    (
        "ProcessKilledForMemory",
        &[("node_vmstat_oom_kill", NONE, 0.0, 1.0)],
        &[("node_vmstat_oom_kill", NONE, 7.0, 0.0)],
    ),
    (
        "FilesystemFull",
        &[
            ("node_filesystem_avail_bytes", ROOT, 2.0, 0.0),
            ("node_filesystem_size_bytes", ROOT, 100.0, 0.0),
        ],
        &[
            ("node_filesystem_avail_bytes", ROOT, 4.0, 0.0),
            ("node_filesystem_size_bytes", ROOT, 100.0, 0.0),
        ],
    ),
    (
        "FilesystemAlmostFull",
        &[
            ("node_filesystem_avail_bytes", ROOT, 8.0, 0.0),
            ("node_filesystem_size_bytes", ROOT, 100.0, 0.0),
        ],
        &[
            ("node_filesystem_avail_bytes", ROOT, 12.0, 0.0),
            ("node_filesystem_size_bytes", ROOT, 100.0, 0.0),
        ],
    ),
    (
        "FilesystemFillsUp",
        &[
            ("node_filesystem_avail_bytes", ROOT, 30_000.0, -30.0),
            ("node_filesystem_size_bytes", ROOT, 100_000.0, 0.0),
        ],
        &[
            ("node_filesystem_avail_bytes", ROOT, 30_000.0, -1.0),
            ("node_filesystem_size_bytes", ROOT, 100_000.0, 0.0),
        ],
    ),
    (
        "InodesLow",
        &[
            ("node_filesystem_files_free", ROOT, 4.0, 0.0),
            ("node_filesystem_files", ROOT, 100.0, 0.0),
        ],
        &[
            ("node_filesystem_files_free", ROOT, 0.0, 0.0),
            ("node_filesystem_files", ROOT, 0.0, 0.0),
        ],
    ),
    (
        "FilesystemBecameReadOnly",
        &[("node_filesystem_readonly", ROOT, -1.0, -1.0)],
        &[("node_filesystem_readonly", ROOT, 1.0, 0.0)],
    ),
    (
        "FilesystemDoesNotAnswer",
        &[("node_filesystem_device_error", ROOT, 1.0, 0.0)],
        &[("node_filesystem_device_error", ROOT, 0.0, 0.0)],
    ),
    (
        "FileDescriptorsOfHostLow",
        &[("node_filefd_allocated", NONE, 95.0, 0.0), ("node_filefd_maximum", NONE, 100.0, 0.0)],
        &[("node_filefd_allocated", NONE, 85.0, 0.0), ("node_filefd_maximum", NONE, 100.0, 0.0)],
    ),
    (
        "FileDescriptorsOfAgentLow",
        &[("process_open_fds", NONE, 90.0, 0.0), ("process_max_fds", NONE, 100.0, 0.0)],
        &[("process_open_fds", NONE, 70.0, 0.0), ("process_max_fds", NONE, 100.0, 0.0)],
    ),
    (
        "LoadHigh",
        &[
            ("node_load15", NONE, 5.0, 0.0),
            ("node_cpu_seconds_total", ("cpu", "0"), 0.0, 1.0),
            ("node_cpu_seconds_total", ("cpu", "1"), 0.0, 1.0),
        ],
        &[
            ("node_load15", NONE, 3.0, 0.0),
            ("node_cpu_seconds_total", ("cpu", "0"), 0.0, 1.0),
            ("node_cpu_seconds_total", ("cpu", "1"), 0.0, 1.0),
        ],
    ),
    (
        "ProcessorContended",
        &[("node_pressure_cpu_waiting_seconds_total", NONE, 0.0, 45.0)],
        &[("node_pressure_cpu_waiting_seconds_total", NONE, 0.0, 30.0)],
    ),
    (
        "DisksContended",
        &[("node_pressure_io_stalled_seconds_total", NONE, 0.0, 30.0)],
        &[("node_pressure_io_stalled_seconds_total", NONE, 0.0, 10.0)],
    ),
    (
        "ConnectionTrackingFull",
        &[
            ("node_nf_conntrack_entries", NONE, 95.0, 0.0),
            ("node_nf_conntrack_entries_limit", NONE, 100.0, 0.0),
        ],
        &[
            ("node_nf_conntrack_entries", NONE, 85.0, 0.0),
            ("node_nf_conntrack_entries_limit", NONE, 100.0, 0.0),
        ],
    ),
    (
        "ProcessNumbersLow",
        &[
            ("node_processes_threads", NONE, 95.0, 0.0),
            ("node_processes_max_processes", NONE, 100.0, 0.0),
        ],
        &[
            ("node_processes_threads", NONE, 85.0, 0.0),
            ("node_processes_max_processes", NONE, 100.0, 0.0),
        ],
    ),
    (
        "CgroupMemoryLow",
        &[
            ("cgroup_memory_usage_bytes", ("cgroup", "a"), 96.0, 0.0),
            ("cgroup_memory_limit_bytes", ("cgroup", "a"), 100.0, 0.0),
        ],
        &[
            ("cgroup_memory_usage_bytes", ("cgroup", "a"), 94.0, 0.0),
            ("cgroup_memory_limit_bytes", ("cgroup", "a"), 100.0, 0.0),
        ],
    ),
    (
        "CgroupProcessKilledForMemory",
        &[("cgroup_memory_oom_kills_total", ("cgroup", "a"), 0.0, 1.0)],
        &[("cgroup_memory_oom_kills_total", ("cgroup", "a"), 1.0, 0.0)],
    ),
    (
        "MemoryLeak",
        &[("agentd_detect_leak", NONE, 1.0, 0.0)],
        &[("agentd_detect_leak", NONE, 0.0, 0.0)],
    ),
    (
        "ResourceEndsSoon",
        &[("agentd_forecast_seconds", NONE, 80_000.0, -60.0)],
        &[("agentd_forecast_seconds", NONE, 99_000.0, 0.0)],
    ),
    ("TargetDown", &[("up", ("job", "a"), 0.0, 0.0)], &[("up", ("job", "a"), 1.0, 0.0)]),
    (
        "CheckFailing",
        &[("agentd_probe_up", ("check", "a"), 0.0, 0.0)],
        &[("agentd_probe_up", ("check", "a"), 1.0, 0.0)],
    ),
    (
        "PartDown",
        &[("agentd_part_up", ("part", "a"), 0.0, 0.0)],
        &[("agentd_part_up", ("part", "a"), 1.0, 0.0)],
    ),
    (
        "PartRestarts",
        &[("agentd_part_restarts_total", ("part", "a"), 0.0, 1.0)],
        &[("agentd_part_restarts_total", ("part", "a"), 0.0, 0.1)],
    ),
    (
        "ProcessesGone",
        &[("process_group_processes", ("group", "a"), 0.0, 0.0)],
        &[("process_group_processes", ("group", "a"), 2.0, 0.0)],
    ),
    (
        "HostRestarted",
        &[("node_boot_time_seconds", NONE, 7000.0, 0.0)],
        &[("node_boot_time_seconds", NONE, 100.0, 0.0)],
    ),
    (
        "HostNotMeasured",
        &[("agentd_metrics_sample_timestamp_seconds", NONE, 5000.0, 0.0)],
        &[("agentd_metrics_sample_timestamp_seconds", NONE, 0.0, 60.0)],
    ),
    (
        "RequestsFail",
        &[
            ("agentd_server_requests_total", ("class", "5xx"), 0.0, 10.0),
            ("agentd_server_requests_total", ("class", "2xx"), 0.0, 90.0),
        ],
        &[
            ("agentd_server_requests_total", ("class", "5xx"), 0.0, 1.0),
            ("agentd_server_requests_total", ("class", "2xx"), 0.0, 99.0),
        ],
    ),
    (
        "CheckUnreliable",
        &[
            ("agentd_probe_failures_total", ("check", "a"), 0.0, 3.0),
            ("agentd_probe_runs_total", ("check", "a"), 0.0, 10.0),
        ],
        &[
            ("agentd_probe_failures_total", ("check", "a"), 0.0, 1.0),
            ("agentd_probe_runs_total", ("check", "a"), 0.0, 10.0),
        ],
    ),
    (
        "NetworkErrors",
        &[
            ("node_network_receive_errs_total", ("device", "a"), 0.0, 90.0),
            ("node_network_transmit_errs_total", ("device", "a"), 0.0, 0.0),
        ],
        &[
            ("node_network_receive_errs_total", ("device", "a"), 0.0, 30.0),
            ("node_network_transmit_errs_total", ("device", "a"), 0.0, 0.0),
        ],
    ),
    (
        "HistoryNotWritten",
        &[("agentd_history_write_failures_total", NONE, 0.0, 1.0)],
        &[("agentd_history_write_failures_total", NONE, 1.0, 0.0)],
    ),
    (
        "HistoryLosesSamples",
        &[("agentd_history_lost_samples_total", NONE, 0.0, 1.0)],
        &[("agentd_history_lost_samples_total", NONE, 1.0, 0.0)],
    ),
    (
        "ConfigurationRefused",
        &[("agentd_config_last_reload_successful", NONE, 0.0, 0.0)],
        &[("agentd_config_last_reload_successful", NONE, 1.0, 0.0)],
    ),
    (
        "RequestsSlow",
        &[
            ("agentd_server_request_duration_seconds_bucket", ("le", "1"), 0.0, 1.0),
            ("agentd_server_request_duration_seconds_bucket", ("le", "5"), 0.0, 9.0),
            ("agentd_server_request_duration_seconds_bucket", ("le", "+Inf"), 0.0, 9.0),
        ],
        &[
            ("agentd_server_request_duration_seconds_bucket", ("le", "1"), 0.0, 9.0),
            ("agentd_server_request_duration_seconds_bucket", ("le", "+Inf"), 0.0, 9.0),
        ],
    ),
    (
        "CheckSlow",
        &[("agentd_probe_duration_seconds", ("check", "a"), 6.0, 0.0)],
        &[("agentd_probe_duration_seconds", ("check", "a"), 4.0, 0.0)],
    ),
    (
        "DiskReadsSlow",
        &[
            ("node_disk_read_time_seconds_total", ("device", "a"), 0.0, 30.0),
            ("node_disk_reads_completed_total", ("device", "a"), 0.0, 100.0),
        ],
        &[
            ("node_disk_read_time_seconds_total", ("device", "a"), 0.0, 3.0),
            ("node_disk_reads_completed_total", ("device", "a"), 0.0, 6.0),
        ],
    ),
    (
        "DiskWritesSlow",
        &[
            ("node_disk_write_time_seconds_total", ("device", "a"), 0.0, 30.0),
            ("node_disk_writes_completed_total", ("device", "a"), 0.0, 100.0),
        ],
        &[
            ("node_disk_write_time_seconds_total", ("device", "a"), 0.0, 3.0),
            ("node_disk_writes_completed_total", ("device", "a"), 0.0, 6.0),
        ],
    ),
    (
        "AuditTrailNotWritten",
        &[("agentd_trail_errors_total", NONE, 0.0, 1.0)],
        &[("agentd_trail_errors_total", NONE, 1.0, 0.0)],
    ),
    (
        "WritesRefused",
        &[("agentd_server_writes_refused_total", ("reason", "a"), 0.0, 1.0)],
        &[("agentd_server_writes_refused_total", ("reason", "a"), 0.0, 0.5)],
    ),
    (
        "ConnectionsRefused",
        &[("agentd_server_connections_refused_total", ("limit", "a"), 0.0, 600.0)],
        &[("agentd_server_connections_refused_total", ("limit", "a"), 0.0, 60.0)],
    ),
];

const MINUTES: u32 = 120;

/// Returns what the rule is after two hours of such data.
fn state(name: &str, lines: &[Line]) -> AlertState {
    let mut config = RulesConfig::default();
    let others = DEFAULT_RULES.iter().map(|rule| rule.name).filter(|own| *own != name);
    config.default_rules_off = others.map(str::to_owned).collect();
    let mut rules = RuleGroups::new(&config, "", Vec::new()).unwrap();
    let mut data = MemorySource::new();
    for minute in 0..=MINUTES {
        for (metric, (label, value), first, step) in lines {
            let labels: Labels = [("__name__", *metric), (*label, *value)]
                .into_iter()
                .filter(|(name, _)| !name.is_empty())
                .collect();
            // A file system that became read-only: half the time it was not.
            let value = if metric.ends_with("_readonly") && *first < 0.0 {
                f64::from(u8::from(minute > MINUTES / 2))
            } else {
                first + step * f64::from(minute)
            };
            data.append(&labels, Sample::new(i64::from(minute) * 60_000, value));
        }
        let now = Now {
            wall: Timestamp::from_unix_seconds(i64::from(minute) * 60),
            boot: Duration::from_secs(u64::from(minute) * 60),
        };
        let _ = rules.step(now, &data);
    }
    let view = &rules.views()[0].rules[0];
    assert_eq!((view.name.as_str(), &view.health), (name, &RuleHealth::Ok));
    for alert in &view.alerts {
        let summary = &alert.annotations["summary"];
        assert!(
            !summary.contains("error expanding") && !summary.contains("{{"),
            "{name}: {summary}"
        );
    }
    view.state
}

#[test]
fn every_shipped_rule_fires_where_it_should_and_nowhere_else() {
    let tested: Vec<_> = CASES.iter().map(|(name, _, _)| *name).collect();
    let shipped: Vec<_> = DEFAULT_RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(tested, shipped);
    let mut wrong = Vec::new();
    for (name, fires, quiet) in CASES {
        for (data, expected) in [(fires, AlertState::Firing), (quiet, AlertState::Inactive)] {
            let state = state(name, data);
            if state != expected {
                wrong.push(format!("{name} is {state:?} and not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shipped_rules_ask_for_metrics_that_agentd_has() {
    let page = include_str!("../../../../../docs/reference/metrics.md");
    let known: BTreeSet<&str> = page.split('`').collect();
    // What only a scrape has, and a counter that the kernel names.
    let others = ["up"];
    for rule in DEFAULT_RULES {
        let expr = wardkit_promql::Expr::parse(rule.expr).unwrap();
        for selector in expr.selectors() {
            let name = selector.name().unwrap();
            let family = name.strip_suffix("_bucket").unwrap_or(name);
            assert!(known.contains(family) || others.contains(&name), "{}: {name}", rule.name);
        }
    }
}

#[test]
fn shipped_rules_are_listed_for_the_operator() {
    let page = include_str!("../../../../../docs/operator/alert-rules.md");
    for rule in DEFAULT_RULES {
        let row = format!("| `{}` | {} | {} |", rule.name, rule.about, rule.severity);
        assert!(page.contains(&row), "missing: {row}");
    }
    for rule in default_event_rules() {
        assert!(page.contains(&format!("| `{}` |", rule.name)), "missing: {}", rule.name);
    }
}

#[test]
fn a_name_that_is_switched_off_and_unknown_is_told() {
    let mut config = RulesConfig::default();
    config.default_rules_off = vec!["MemoryLow".to_owned(), "MemoryLo".to_owned()];
    let problems = RuleGroups::new(&config, "", Vec::new()).unwrap_err();
    let expected = "default-rules-off: no rule that comes with the program is called \"MemoryLo\"";
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
}

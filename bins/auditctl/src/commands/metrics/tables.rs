//! What is worth a look, and what is worth an alert: one line each.

/// A panel of the dashboard.
pub(super) struct Panel {
    pub row: &'static str,
    pub title: &'static str,
    /// Grafana's name of the unit.
    pub unit: &'static str,
    pub query: &'static str,
    pub legend: &'static str,
}

/// A rule that raises an alert.
pub(super) struct Rule {
    pub name: &'static str,
    pub query: &'static str,
    /// How long it must hold.
    pub wait: &'static str,
    pub severity: &'static str,
    /// What is wrong, with where.
    pub summary: &'static str,
    /// What to do about it.
    pub action: &'static str,
}

const fn panel(
    row: &'static str,
    title: &'static str,
    unit: &'static str,
    query: &'static str,
    legend: &'static str,
) -> Panel {
    Panel { row, title, unit, query, legend }
}

/// `$instance` and `$__rate_interval` are Grafana's.
pub(super) const PANELS: &[Panel] = &[
    panel(
        "Is it well?",
        "Parts of agentd",
        "short",
        r#"agentd_part_up{instance=~"$instance"}"#,
        "{{part}}",
    ),
    panel(
        "Is it well?",
        "Health checks",
        "short",
        r#"agentd_probe_up{instance=~"$instance"}"#,
        "{{check}}",
    ),
    panel(
        "Is it well?",
        "Events a minute",
        "short",
        r#"60 * rate(agentd_events_total{instance=~"$instance",severity=~"warning|error|critical"}[$__rate_interval])"#,
        "{{severity}}",
    ),
    panel(
        "Is it well?",
        "Anomaly score",
        "percentunit",
        r#"agentd_detect_anomaly_score{instance=~"$instance"}"#,
        "{{series}}",
    ),
    panel(
        "Processor and memory",
        "Processor",
        "percentunit",
        r#"sum by (mode) (rate(node_cpu_seconds_total{instance=~"$instance",mode!="idle"}[$__rate_interval])) / scalar(count(count by (cpu) (node_cpu_seconds_total{instance=~"$instance"})))"#,
        "{{mode}}",
    ),
    panel("Processor and memory", "Load", "short", r#"node_load1{instance=~"$instance"}"#, "1 min"),
    panel(
        "Processor and memory",
        "Memory in use",
        "percentunit",
        r#"1 - node_memory_MemAvailable_bytes{instance=~"$instance"} / node_memory_MemTotal_bytes{instance=~"$instance"}"#,
        "memory",
    ),
    panel(
        "Processor and memory",
        "Stalled for want of processor",
        "percentunit",
        r#"rate(node_pressure_cpu_waiting_seconds_total{instance=~"$instance"}[$__rate_interval])"#,
        "some",
    ),
    panel(
        "Processor and memory",
        "Stalled for want of memory",
        "percentunit",
        r#"rate(node_pressure_memory_waiting_seconds_total{instance=~"$instance"}[$__rate_interval])"#,
        "some",
    ),
    panel(
        "Disks and network",
        "File systems in use",
        "percentunit",
        r#"1 - node_filesystem_avail_bytes{instance=~"$instance"} / node_filesystem_size_bytes{instance=~"$instance"}"#,
        "{{mountpoint}}",
    ),
    panel(
        "Disks and network",
        "Stalled for want of disk",
        "percentunit",
        r#"rate(node_pressure_io_waiting_seconds_total{instance=~"$instance"}[$__rate_interval])"#,
        "some",
    ),
    panel(
        "Disks and network",
        "Disks read",
        "Bps",
        r#"rate(node_disk_read_bytes_total{instance=~"$instance"}[$__rate_interval])"#,
        "{{device}}",
    ),
    panel(
        "Disks and network",
        "Disks written",
        "Bps",
        r#"rate(node_disk_written_bytes_total{instance=~"$instance"}[$__rate_interval])"#,
        "{{device}}",
    ),
    panel(
        "Disks and network",
        "Network received",
        "Bps",
        r#"rate(node_network_receive_bytes_total{instance=~"$instance"}[$__rate_interval])"#,
        "{{device}}",
    ),
    panel(
        "Disks and network",
        "Network sent",
        "Bps",
        r#"rate(node_network_transmit_bytes_total{instance=~"$instance"}[$__rate_interval])"#,
        "{{device}}",
    ),
    panel(
        "The bot",
        "Requests a second",
        "reqps",
        r#"sum by (handler, outcome) (rate(bot_requests_total{instance=~"$instance"}[$__rate_interval]))"#,
        "{{handler}} {{outcome}}",
    ),
    panel(
        "The bot",
        "Slowest in twenty",
        "s",
        r#"histogram_quantile(0.95, sum by (handler, le) (rate(bot_request_duration_seconds_bucket{instance=~"$instance"}[$__rate_interval])))"#,
        "{{handler}}",
    ),
    panel(
        "agentd itself",
        "Memory",
        "bytes",
        r#"process_resident_memory_bytes{instance=~"$instance"}"#,
        "resident",
    ),
    panel(
        "agentd itself",
        "Processor",
        "percentunit",
        r#"rate(process_cpu_seconds_total{instance=~"$instance"}[$__rate_interval])"#,
        "of one",
    ),
];

/// In the order in which an operator wants to hear of them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "AgentdDown",
        query: r#"up{job="agentd"} == 0"#,
        wait: "2m",
        severity: "critical",
        summary: "agentd on {{ $labels.instance }} does not answer",
        action: "Look at `systemctl status agentd` and its log; nothing on that host is watched meanwhile.",
    },
    Rule {
        name: "AgentdPartDown",
        query: "agentd_part_up == 0",
        wait: "2m",
        severity: "warning",
        summary: "the part {{ $labels.part }} of agentd on {{ $labels.instance }} does not do its work",
        action: "`auditctl status` says why.",
    },
    Rule {
        name: "HealthCheckDown",
        query: "agentd_probe_up == 0",
        wait: "1m",
        severity: "critical",
        summary: "the check {{ $labels.check }} on {{ $labels.instance }} fails",
        action: "`auditctl status` shows the last answer.",
    },
    Rule {
        name: "FileSystemFull",
        query: "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.05 and node_filesystem_readonly == 0",
        wait: "5m",
        severity: "critical",
        summary: "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} left",
        action: "`auditctl forecast` says when it is full; make room before that.",
    },
    Rule {
        name: "FileSystemOutOfInodes",
        query: "node_filesystem_files_free / node_filesystem_files < 0.05 and node_filesystem_readonly == 0",
        wait: "5m",
        severity: "critical",
        summary: "{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of its inodes left",
        action: "Look for a directory with very many small files.",
    },
    Rule {
        name: "MemoryShort",
        query: "rate(node_pressure_memory_waiting_seconds_total[5m]) > 0.10",
        wait: "5m",
        severity: "warning",
        summary: "tasks on {{ $labels.instance }} stand still for {{ $value | humanizePercentage }} of the time for want of memory",
        action: "`auditctl metrics top` shows who has it.",
    },
    Rule {
        name: "DiskShort",
        query: "rate(node_pressure_io_waiting_seconds_total[5m]) > 0.40",
        wait: "15m",
        severity: "warning",
        summary: "tasks on {{ $labels.instance }} stand still for {{ $value | humanizePercentage }} of the time for want of disk",
        action: "`auditctl bottleneck` names who reads and writes.",
    },
    Rule {
        name: "ProcessorShort",
        query: "rate(node_pressure_cpu_waiting_seconds_total[5m]) > 0.60",
        wait: "15m",
        severity: "warning",
        summary: "tasks on {{ $labels.instance }} wait for a processor {{ $value | humanizePercentage }} of the time",
        action: "`auditctl bottleneck` names who computes.",
    },
    Rule {
        name: "FileDescriptorsShort",
        query: "node_filefd_allocated / node_filefd_maximum > 0.90",
        wait: "5m",
        severity: "critical",
        summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its file descriptors in use",
        action: "Find the process that does not close what it opens.",
    },
    Rule {
        name: "SeriesLost",
        query: "increase(agentd_metrics_overflow_total[15m]) > 0 or increase(agentd_ingest_overflow_total[15m]) > 0 \
                or increase(agentd_business_overflow_total[15m]) > 0 \
                or increase(agentd_history_overflow_samples_total[15m]) > 0",
        wait: "0m",
        severity: "warning",
        summary: "agentd on {{ $labels.instance }} has no room for more series {{ $labels.family }}{{ $labels.metric }}",
        action: "A label holds something without end, such as a user's name: leave it out.",
    },
];

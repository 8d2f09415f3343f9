//! The rules that come with the program.

use std::collections::BTreeMap;
use std::time::Duration;

use super::config::{OnNoData, RuleConfig};

/// A rule on metrics that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DefaultRule {
    /// Its name, by which it can be switched off.
    pub name: &'static str,
    /// What it is about: `resources`, `downtime`, `errors`, `latency` or `security`.
    pub about: &'static str,
    /// The label `severity` of its alerts.
    pub severity: &'static str,
    /// When it fires.
    pub expr: &'static str,
    /// How long it must be so before it fires.
    pub hold: Duration,
    /// Where it resolves, when that is not where it fires.
    pub resolve: Resolve,
    /// What is said in one line.
    pub summary: &'static str,
}

/// Where a rule resolves.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Resolve {
    /// Where it fires.
    AtThreshold,
    /// Below this.
    Below(f64),
    /// Above this.
    Above(f64),
}

impl DefaultRule {
    /// Returns it as it would stand in a configuration.
    #[must_use]
    pub fn config(&self) -> RuleConfig {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        RuleConfig {
            name: self.name.to_owned(),
            expr: self.expr.to_owned(),
            hold: self.hold,
            resolve_below: match self.resolve {
                Resolve::Below(bound) => Some(bound),
                _ => None,
            },
            resolve_above: match self.resolve {
                Resolve::Above(bound) => Some(bound),
                _ => None,
            },
            no_data: OnNoData::Keep,
            labels: BTreeMap::from([pair("severity", self.severity)]),
            annotations: BTreeMap::from([pair("summary", self.summary)]),
            ..RuleConfig::default()
        }
    }

    const fn new(
        about: &'static str,
        name: &'static str,
        severity: &'static str,
        expr: &'static str,
        minutes: u64,
        summary: &'static str,
    ) -> Self {
        let hold = Duration::from_secs(minutes * 60);
        Self { name, about, severity, expr, hold, resolve: Resolve::AtThreshold, summary }
    }

    const fn above(mut self, bound: f64) -> Self {
        self.resolve = Resolve::Above(bound);
        self
    }

    const fn below(mut self, bound: f64) -> Self {
        self.resolve = Resolve::Below(bound);
        self
    }
}

/// The rules on metrics that come with the program.
pub const DEFAULT_RULES: &[DefaultRule] = &[
    DefaultRule::new(
        "resources",
        "MemoryExhausted",
        "critical",
        "100 * node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 5",
        5,
        "{{ $value | printf \"%.1f\" }} % of the memory is available",
    )
    .above(8.0),
    DefaultRule::new(
        "resources",
        "MemoryLow",
        "warning",
        "100 * node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 10",
        15,
        "{{ $value | printf \"%.1f\" }} % of the memory is available",
    )
    .above(15.0),
    DefaultRule::new(
        "resources",
        "MemoryStalls",
        "warning",
        "rate(node_pressure_memory_stalled_seconds_total[5m]) > 0.1",
        5,
        "all tasks wait for memory {{ $value | humanizePercentage }} of the time",
    ),
    DefaultRule::new(
        "resources",
        "ProcessKilledForMemory",
        "warning",
        "increase(node_vmstat_oom_kill[10m]) > 0",
        0,
        "the kernel killed a process for want of memory",
    ),
    DefaultRule::new(
        "resources",
        "FilesystemFull",
        "critical",
        "100 * node_filesystem_avail_bytes{fstype!~\"tmpfs|ramfs|squashfs|iso9660|overlay\"} \
         / node_filesystem_size_bytes < 3",
        5,
        "{{ $labels.mountpoint }} has {{ $value | printf \"%.1f\" }} % left",
    )
    .above(5.0),
    DefaultRule::new(
        "resources",
        "FilesystemAlmostFull",
        "warning",
        "100 * node_filesystem_avail_bytes{fstype!~\"tmpfs|ramfs|squashfs|iso9660|overlay\"} \
         / node_filesystem_size_bytes < 10",
        10,
        "{{ $labels.mountpoint }} has {{ $value | printf \"%.1f\" }} % left",
    )
    .above(12.0),
    DefaultRule::new(
        "resources",
        "FilesystemFillsUp",
        "warning",
        "predict_linear(node_filesystem_avail_bytes{fstype!~\"tmpfs|ramfs|squashfs|iso9660|overlay\"}[6h], 86400) < 0 \
         and node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.4",
        60,
        "{{ $labels.mountpoint }} will be full within a day",
    ),
    DefaultRule::new(
        "resources",
        "InodesLow",
        "critical",
        "100 * node_filesystem_files_free{fstype!~\"tmpfs|ramfs|squashfs|iso9660|overlay\"} \
         / node_filesystem_files < 5",
        10,
        "{{ $labels.mountpoint }} has room for {{ $value | printf \"%.1f\" }} % of its files",
    )
    .above(8.0),
    DefaultRule::new(
        "resources",
        "FilesystemBecameReadOnly",
        "critical",
        "node_filesystem_readonly == 1 and min_over_time(node_filesystem_readonly[1d]) == 0",
        1,
        "{{ $labels.mountpoint }} can no longer be written",
    ),
    DefaultRule::new(
        "resources",
        "FilesystemDoesNotAnswer",
        "critical",
        "node_filesystem_device_error{fstype!~\"fuse.*\"} == 1",
        5,
        "{{ $labels.mountpoint }} gives no answer or an error",
    ),
    DefaultRule::new(
        "resources",
        "FileDescriptorsOfHostLow",
        "critical",
        "100 * node_filefd_allocated / node_filefd_maximum > 90",
        5,
        "{{ $value | printf \"%.0f\" }} % of the host's open files are used",
    )
    .below(80.0),
    DefaultRule::new(
        "resources",
        "FileDescriptorsOfAgentLow",
        "warning",
        "100 * process_open_fds / process_max_fds > 80",
        5,
        "agentd uses {{ $value | printf \"%.0f\" }} % of the files that it may have open",
    )
    .below(60.0),
    DefaultRule::new(
        "resources",
        "LoadHigh",
        "warning",
        "node_load15 / scalar(count(count by (cpu) (node_cpu_seconds_total))) > 2",
        15,
        "{{ $value | printf \"%.1f\" }} tasks for each processor",
    )
    .below(1.5),
    DefaultRule::new(
        "resources",
        "ProcessorContended",
        "warning",
        "rate(node_pressure_cpu_waiting_seconds_total[5m]) > 0.6",
        15,
        "some task waits for a processor {{ $value | humanizePercentage }} of the time",
    )
    .below(0.5),
    DefaultRule::new(
        "resources",
        "DisksContended",
        "warning",
        "rate(node_pressure_io_stalled_seconds_total[5m]) > 0.4",
        15,
        "all tasks wait for disks {{ $value | humanizePercentage }} of the time",
    )
    .below(0.3),
    DefaultRule::new(
        "resources",
        "ConnectionTrackingFull",
        "critical",
        "100 * node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 90",
        5,
        "{{ $value | printf \"%.0f\" }} % of the connections that can be tracked are",
    )
    .below(80.0),
    DefaultRule::new(
        "resources",
        "ProcessNumbersLow",
        "critical",
        "100 * node_processes_threads / node_processes_max_processes > 90",
        5,
        "{{ $value | printf \"%.0f\" }} % of the numbers of processes are taken",
    )
    .below(80.0),
    DefaultRule::new(
        "resources",
        "CgroupMemoryLow",
        "warning",
        "100 * cgroup_memory_usage_bytes / cgroup_memory_limit_bytes > 95",
        10,
        "{{ $labels.cgroup }} uses {{ $value | printf \"%.0f\" }} % of its memory",
    )
    .below(90.0),
    DefaultRule::new(
        "resources",
        "CgroupProcessKilledForMemory",
        "warning",
        "increase(cgroup_memory_oom_kills_total[10m]) > 0",
        0,
        "a process of {{ $labels.cgroup }} was killed for want of memory",
    ),
    DefaultRule::new(
        "resources",
        "MemoryLeak",
        "warning",
        "agentd_detect_leak == 1",
        30,
        "memory grows and nothing is given back",
    ),
    DefaultRule::new(
        "resources",
        "ResourceEndsSoon",
        "warning",
        "agentd_forecast_seconds < 86400",
        60,
        "a resource ends within {{ $value | humanizeDuration }}",
    ),
    DefaultRule::new(
        "downtime",
        "TargetDown",
        "critical",
        "up == 0",
        5,
        "{{ $labels.job }} at {{ $labels.instance }} does not answer",
    ),
    DefaultRule::new(
        "downtime",
        "CheckFailing",
        "critical",
        "agentd_probe_up == 0",
        2,
        "the check {{ $labels.check }} does not pass",
    ),
    DefaultRule::new(
        "downtime",
        "PartDown",
        "critical",
        "agentd_part_up == 0",
        5,
        "{{ $labels.part }} of agentd does not do its work",
    ),
    DefaultRule::new(
        "downtime",
        "PartRestarts",
        "warning",
        "increase(agentd_part_restarts_total[15m]) > 3",
        0,
        "{{ $labels.part }} of agentd was restarted {{ $value | printf \"%.0f\" }} times",
    ),
    DefaultRule::new(
        "downtime",
        "ProcessesGone",
        "critical",
        "process_group_processes == 0",
        5,
        "no process of {{ $labels.group }} runs",
    ),
    DefaultRule::new(
        "downtime",
        "HostRestarted",
        "info",
        "time() - node_boot_time_seconds < 600",
        0,
        "the host was started {{ $value | humanizeDuration }} ago",
    ),
    DefaultRule::new(
        "downtime",
        "HostNotMeasured",
        "critical",
        "time() - agentd_metrics_sample_timestamp_seconds > 300",
        0,
        "the host was not measured for {{ $value | humanizeDuration }}",
    ),
    DefaultRule::new(
        "errors",
        "RequestsFail",
        "warning",
        "100 * sum by (route) (rate(agentd_server_requests_total{class=\"5xx\"}[5m])) \
         / sum by (route) (rate(agentd_server_requests_total[5m])) > 5",
        10,
        "{{ $value | printf \"%.0f\" }} % of the requests to {{ $labels.route }} fail",
    ),
    DefaultRule::new(
        "errors",
        "CheckUnreliable",
        "warning",
        "rate(agentd_probe_failures_total[30m]) / rate(agentd_probe_runs_total[30m]) > 0.2",
        15,
        "the check {{ $labels.check }} fails {{ $value | humanizePercentage }} of the time",
    ),
    DefaultRule::new(
        "errors",
        "NetworkErrors",
        "warning",
        "rate(node_network_receive_errs_total[5m]) + rate(node_network_transmit_errs_total[5m]) > 1",
        10,
        "{{ $labels.device }} has {{ $value | printf \"%.1f\" }} faulty packets a second",
    ),
    DefaultRule::new(
        "errors",
        "HistoryNotWritten",
        "critical",
        "increase(agentd_history_write_failures_total[15m]) > 0",
        0,
        "the history of metrics cannot be written",
    ),
    DefaultRule::new(
        "errors",
        "HistoryLosesSamples",
        "warning",
        "increase(agentd_history_lost_samples_total[15m]) > 0",
        0,
        "{{ $value | printf \"%.0f\" }} samples were lost",
    ),
    DefaultRule::new(
        "errors",
        "ConfigurationRefused",
        "warning",
        "agentd_config_last_reload_successful == 0",
        5,
        "agentd goes by an old configuration: the new one was refused",
    ),
    DefaultRule::new(
        "latency",
        "RequestsSlow",
        "warning",
        "histogram_quantile(0.99, sum by (le) (rate(agentd_server_request_duration_seconds_bucket[5m]))) > 1",
        10,
        "one of a hundred requests takes longer than {{ $value | humanizeDuration }}",
    ),
    DefaultRule::new(
        "latency",
        "CheckSlow",
        "warning",
        "agentd_probe_duration_seconds > 5",
        5,
        "the check {{ $labels.check }} takes {{ $value | humanizeDuration }}",
    ),
    DefaultRule::new(
        "latency",
        "DiskReadsSlow",
        "warning",
        "rate(node_disk_read_time_seconds_total[5m]) / rate(node_disk_reads_completed_total[5m]) > 0.2 \
         and rate(node_disk_reads_completed_total[5m]) > 1",
        15,
        "{{ $labels.device }} takes {{ $value | humanizeDuration }} to read",
    ),
    DefaultRule::new(
        "latency",
        "DiskWritesSlow",
        "warning",
        "rate(node_disk_write_time_seconds_total[5m]) / rate(node_disk_writes_completed_total[5m]) > 0.2 \
         and rate(node_disk_writes_completed_total[5m]) > 1",
        15,
        "{{ $labels.device }} takes {{ $value | humanizeDuration }} to write",
    ),
    DefaultRule::new(
        "security",
        "AuditTrailNotWritten",
        "critical",
        "increase(agentd_trail_errors_total[15m]) > 0",
        0,
        "the audit trail cannot be written",
    ),
    DefaultRule::new(
        "security",
        "WritesRefused",
        "warning",
        "sum(increase(agentd_server_writes_refused_total[15m])) > 10",
        0,
        "{{ $value | printf \"%.0f\" }} requests to write had no right to",
    ),
    DefaultRule::new(
        "security",
        "ConnectionsRefused",
        "warning",
        "sum(rate(agentd_server_connections_refused_total[5m])) > 5",
        5,
        "{{ $value | printf \"%.0f\" }} connections a second are refused",
    ),
];

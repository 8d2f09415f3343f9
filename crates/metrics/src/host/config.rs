//! What is collected of the host.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::Violation;

/// What is collected of the host, and what is left out.
///
/// The defaults leave out what `node_exporter` leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HostConfig {
    /// Collectors that are left out.
    pub without: Vec<HostPart>,
    /// Mount points that are left out, with everything below them.
    pub exclude_mount_points: Vec<PathBuf>,
    /// Types of file systems that are left out.
    pub exclude_file_systems: Vec<String>,
    /// How long one collection waits for all file systems, and for a single one a quarter of it. One that has not
    /// answered by then is told as `node_filesystem_device_error` and is not asked again while its answer is due.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub file_system_deadline: Duration,
    /// Disks that are left out: names, `*` at the end stands for any rest. Partitions of disks are always left out.
    pub exclude_disks: Vec<String>,
    /// Network devices that are left out: names, `*` at the end stands for any rest.
    pub exclude_network_devices: Vec<String>,
    /// Control groups to tell apart, as paths below the hierarchy's root: `/system.slice/shop-bot.service`. In a
    /// container `/` is the container's own.
    pub cgroups: Vec<String>,
    /// Groups of processes that are summed up.
    pub processes: Vec<ProcessGroup>,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            without: Vec::new(),
            exclude_mount_points: EXCLUDED_MOUNT_POINTS.iter().map(PathBuf::from).collect(),
            exclude_file_systems: EXCLUDED_FILE_SYSTEMS.map(str::to_owned).to_vec(),
            file_system_deadline: Duration::from_secs(1),
            exclude_disks: vec!["ram*".to_owned(), "loop*".to_owned(), "fd*".to_owned()],
            exclude_network_devices: Vec::new(),
            cgroups: vec!["/".to_owned()],
            processes: Vec::new(),
        }
    }
}

impl HostConfig {
    /// Returns everything that is wrong with the configuration.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if !(LEAST_DEADLINE..=MOST_DEADLINE).contains(&self.file_system_deadline) {
            let reason = format!("not between {LEAST_DEADLINE:?} and {MOST_DEADLINE:?}");
            found.push(Violation::new("file-system-deadline", reason));
        }
        for (index, path) in self.exclude_mount_points.iter().enumerate() {
            if !path.is_absolute() {
                found.push(Violation::new(
                    format!("exclude-mount-points[{index}]"),
                    "not an absolute path",
                ));
            }
        }
        if self.cgroups.len() > MOST_CGROUPS {
            found.push(Violation::new("cgroups", format!("more than {MOST_CGROUPS}")));
        }
        let mut cgroups = BTreeSet::new();
        for (index, cgroup) in self.cgroups.iter().enumerate() {
            if let Err(reason) = check_cgroup(cgroup) {
                found.push(Violation::new(format!("cgroups[{index}]"), reason));
            }
            if !cgroups.insert(cgroup) {
                found.push(Violation::new(format!("cgroups[{index}]"), "is named twice"));
            }
        }
        if self.processes.len() > MOST_GROUPS {
            found.push(Violation::new("processes", format!("more than {MOST_GROUPS}")));
        }
        let mut names = BTreeSet::new();
        for (index, group) in self.processes.iter().enumerate() {
            group.validate(&format!("processes[{index}]"), &mut found);
            if !names.insert(&group.name) {
                found.push(Violation::new(
                    format!("processes[{index}].name"),
                    format!("`{}` is the name of another group", group.name),
                ));
            }
        }
        found
    }

    pub(super) fn wants(&self, part: HostPart) -> bool {
        !self.without.contains(&part)
    }
}

/// A collector of the host, by the name that it has in `node_scrape_collector_success`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum HostPart {
    /// Seconds by processor and mode, boot time, forks, context switches, running and blocked processes.
    Cpu,
    /// Memory.
    Meminfo,
    /// Paging, swapping and kills for want of memory.
    Vmstat,
    /// Load averages.
    Loadavg,
    /// Open files of the whole host.
    Filefd,
    /// The kernel.
    Uname,
    /// Time lost for want of processor, memory and disk.
    Pressure,
    /// Tracked connections.
    Conntrack,
    /// Disks.
    Diskstats,
    /// File systems.
    Filesystem,
    /// Network devices.
    Netdev,
    /// Counters of the network protocols.
    Netstat,
    /// Sockets.
    Sockstat,
    /// Control groups.
    Cgroup,
    /// Processes.
    Processes,
}

impl HostPart {
    /// Returns the name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Meminfo => "meminfo",
            Self::Vmstat => "vmstat",
            Self::Loadavg => "loadavg",
            Self::Filefd => "filefd",
            Self::Uname => "uname",
            Self::Pressure => "pressure",
            Self::Conntrack => "conntrack",
            Self::Diskstats => "diskstats",
            Self::Filesystem => "filesystem",
            Self::Netdev => "netdev",
            Self::Netstat => "netstat",
            Self::Sockstat => "sockstat",
            Self::Cgroup => "cgroup",
            Self::Processes => "processes",
        }
    }
}

/// Processes that are summed up under one name: those selected and everything that they started.
///
/// A process belongs to the first group that selects it or one of its ancestors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ProcessGroup {
    /// The group's name, the label `group` of its metrics.
    pub name: String,
    /// The name of a process as the kernel keeps it: its program's, cut after 15 bytes.
    pub command: Option<String>,
    /// A file with the number of a process.
    pub pid_file: Option<PathBuf>,
    /// A control group, as a path below the hierarchy's root. All processes in it and below are meant.
    pub cgroup: Option<String>,
}

impl ProcessGroup {
    /// Creates a group of the processes with this name, and what they started.
    #[must_use]
    pub fn by_command(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self { name: name.into(), command: Some(command.into()), ..Self::default() }
    }

    /// Creates a group of the process whose number is in a file, and what it started.
    #[must_use]
    pub fn by_pid_file(name: impl Into<String>, pid_file: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), pid_file: Some(pid_file.into()), ..Self::default() }
    }

    /// Creates a group of the processes in a control group, and what they started.
    #[must_use]
    pub fn by_cgroup(name: impl Into<String>, cgroup: impl Into<String>) -> Self {
        Self { name: name.into(), cgroup: Some(cgroup.into()), ..Self::default() }
    }

    fn validate(&self, path: &str, found: &mut Vec<Violation>) {
        if self.name.is_empty() || self.name.len() > LONGEST_NAME {
            let reason = format!("must have between 1 and {LONGEST_NAME} bytes");
            found.push(Violation::new(format!("{path}.name"), reason));
        }
        let selectors = usize::from(self.command.is_some())
            + usize::from(self.pid_file.is_some())
            + usize::from(self.cgroup.is_some());
        if selectors != 1 {
            found.push(Violation::new(path, "needs one of `command`, `pid-file` and `cgroup`"));
        }
        if let Some(command) = &self.command
            && !(1..=LONGEST_COMMAND).contains(&command.len())
        {
            let reason = format!(
                "must have between 1 and {LONGEST_COMMAND} bytes: the kernel keeps no more of a process's name"
            );
            found.push(Violation::new(format!("{path}.command"), reason));
        }
        if self.pid_file.as_deref().is_some_and(|file| !file.is_absolute()) {
            found.push(Violation::new(format!("{path}.pid-file"), "not an absolute path"));
        }
        if let Some(Err(reason)) = self.cgroup.as_deref().map(check_cgroup) {
            found.push(Violation::new(format!("{path}.cgroup"), reason));
        }
    }
}

/// Where the kernel shows itself. Tests and containers have it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostPaths {
    /// The mount point of `proc`.
    pub proc: PathBuf,
    /// The mount point of `sysfs`, with the control groups in `fs/cgroup`.
    pub sys: PathBuf,
    /// Where the host's root is seen: mount points are asked below it and told without it.
    pub root: PathBuf,
}

impl HostPaths {
    /// Creates the paths of a host that is seen below `root`: `/host` in a container that has it mounted there.
    #[must_use]
    pub fn below(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { proc: root.join("proc"), sys: root.join("sys"), root }
    }
}

impl Default for HostPaths {
    fn default() -> Self {
        Self::below("/")
    }
}

fn check_cgroup(cgroup: &str) -> Result<(), &'static str> {
    let path = Path::new(cgroup);
    if !path.is_absolute() {
        return Err("must begin with `/`, the hierarchy's root");
    }
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.components().all(plain) || cgroup.contains('\0') {
        return Err("must be a path without `..`");
    }
    Ok(())
}

/// Below it a busy machine is taken for one that hangs.
const LEAST_DEADLINE: Duration = Duration::from_millis(10);
/// Above it a collection outlasts the interval.
const MOST_DEADLINE: Duration = Duration::from_mins(1);
const MOST_CGROUPS: usize = 1000;
const MOST_GROUPS: usize = 100;
const LONGEST_NAME: usize = 128;
/// `TASK_COMM_LEN` without its zero.
const LONGEST_COMMAND: usize = 15;

const EXCLUDED_MOUNT_POINTS: [&str; 6] =
    ["/dev", "/proc", "/run/credentials", "/sys", "/var/lib/docker", "/var/lib/containers/storage"];

const EXCLUDED_FILE_SYSTEMS: [&str; 24] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

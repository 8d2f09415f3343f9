//! Where there is no procfs.

use std::collections::HashSet;
use std::fmt;

use sysinfo::{DiskRefreshKind, Disks, Networks, ProcessRefreshKind, ProcessesToUpdate, System};

use super::HostConfig;
use crate::{Collector, Error, Family, Kind, Samples};

/// Collects what every system has of the host's metrics: memory, load, boot, file systems, network devices and how
/// many processes there are, under the same names as `Host`.
///
/// For systems without procfs. It does not know groups of processes, and a file system that never answers holds it up.
///
/// ```
/// use wardkit_metrics::host::{HostConfig, SystemHost};
/// use wardkit_metrics::{Collector, Samples};
///
/// let mut host = SystemHost::new(HostConfig::default())?;
/// let mut samples = Samples::new();
/// host.collect(&mut samples)?;
/// assert!(samples.families().any(|family| family.name() == "node_memory_MemTotal_bytes"));
/// # Ok::<(), wardkit_metrics::Error>(())
/// ```
pub struct SystemHost {
    config: HostConfig,
    system: System,
    disks: Disks,
    networks: Networks,
}

impl SystemHost {
    /// Creates a collector.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the configuration has violations, [`Error::Unmeasured`] when the system cannot be asked
    /// at all.
    pub fn new(config: HostConfig) -> Result<Self, Error> {
        let violations = config.validate();
        if !violations.is_empty() {
            return Err(Error::Refused { violations });
        }
        Ok(Self {
            config,
            system: System::new().map_err(unmeasured("the system"))?,
            disks: Disks::new().map_err(unmeasured("file systems"))?,
            networks: Networks::new().map_err(unmeasured("network devices"))?,
        })
    }

    fn push_memory(&mut self, out: &mut Samples) {
        self.system.refresh_memory();
        for (family, value) in [
            (gauge("node_memory_MemTotal_bytes", "Memory."), self.system.total_memory()),
            (
                gauge("node_memory_MemFree_bytes", "Memory that nothing uses."),
                self.system.free_memory(),
            ),
            (
                gauge("node_memory_MemAvailable_bytes", "Memory that programs can still have."),
                self.system.available_memory(),
            ),
            (gauge("node_memory_SwapTotal_bytes", "Swap."), self.system.total_swap()),
            (gauge("node_memory_SwapFree_bytes", "Swap that is free."), self.system.free_swap()),
        ] {
            out.single(family, sample(value));
        }
    }

    fn push_processes(&mut self, out: &mut Samples) {
        let what = ProcessRefreshKind::nothing().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let count = self.system.processes().len() as u64;
        out.single(gauge("node_processes_pids", "Processes."), sample(count));
    }

    fn push_file_systems(&mut self, out: &mut Samples) {
        self.disks.refresh_specifics(true, DiskRefreshKind::nothing().with_storage());
        let mut seen = HashSet::new();
        let mut rows: Vec<_> = Vec::new();
        for disk in &self.disks {
            let kind = disk.file_system().to_string_lossy().into_owned();
            let is_left_out = self.config.exclude_file_systems.contains(&kind)
                || self
                    .config
                    .exclude_mount_points
                    .iter()
                    .any(|path| disk.mount_point().starts_with(path));
            let point = disk.mount_point().to_string_lossy().into_owned();
            if !is_left_out && seen.insert(point.clone()) {
                rows.push((disk.name().to_string_lossy().into_owned(), kind, point, disk));
            }
        }
        let mut push = |family, value: &dyn Fn(&sysinfo::Disk) -> f64| {
            out.family(family);
            for (device, kind, point, disk) in &rows {
                out.push(
                    &[("device", device), ("fstype", kind), ("mountpoint", point)],
                    value(disk),
                );
            }
        };
        push(gauge("node_filesystem_size_bytes", "The size of a file system."), &|disk| {
            sample(disk.total_space())
        });
        push(
            gauge("node_filesystem_avail_bytes", "What ordinary users can still write."),
            &|disk| sample(disk.available_space()),
        );
        push(
            gauge("node_filesystem_readonly", "Whether a file system is mounted for reading only."),
            &|disk| f64::from(u8::from(disk.is_read_only())),
        );
    }

    fn push_networks(&mut self, out: &mut Samples) {
        self.networks.refresh(true);
        for (family, value) in NETWORK {
            out.family(family);
            for (device, data) in &self.networks {
                let device = &device.to_string_lossy();
                let patterns = &self.config.exclude_network_devices;
                if !patterns.iter().any(|pattern| super::matches_name(pattern, device)) {
                    out.push(&[("device", device)], sample(value(data)));
                }
            }
        }
    }
}

impl Collector for SystemHost {
    fn name(&self) -> &'static str {
        "host"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        self.push_memory(out);
        self.push_processes(out);
        self.push_file_systems(out);
        self.push_networks(out);
        let boot = System::boot_time().map_err(unmeasured("the time of boot"))?;
        out.single(
            gauge("node_boot_time_seconds", "When the host booted, in Unix time."),
            sample(boot),
        );
        let load = System::load_average().map_err(unmeasured("load"))?;
        for (family, value) in [
            (gauge("node_load1", "Tasks that run or want to, mean of one minute."), load.one),
            (gauge("node_load5", "Tasks that run or want to, mean of five minutes."), load.five),
            (
                gauge("node_load15", "Tasks that run or want to, mean of fifteen minutes."),
                load.fifteen,
            ),
        ] {
            out.single(family, value);
        }
        Ok(())
    }
}

impl fmt::Debug for SystemHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemHost").field("config", &self.config).finish_non_exhaustive()
    }
}

fn unmeasured(what: &'static str) -> impl Fn(sysinfo::Error) -> Error {
    move |source| Error::Unmeasured { what, source: Box::new(source) }
}

/// Above 2^53 the nearest number that a sample can hold.
#[expect(clippy::cast_precision_loss, reason = "samples are floating point by their format")]
fn sample(value: u64) -> f64 {
    value as f64
}

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

type Value = fn(&sysinfo::NetworkData) -> u64;

const NETWORK: [(Family<'static>, Value); 6] = [
    (counter("node_network_receive_bytes_total", "Bytes received."), |data| data.total_received()),
    (counter("node_network_receive_packets_total", "Packets received."), |data| {
        data.total_packets_received()
    }),
    (counter("node_network_receive_errs_total", "Faulty packets received."), |data| {
        data.total_errors_on_received()
    }),
    (counter("node_network_transmit_bytes_total", "Bytes sent."), |data| data.total_transmitted()),
    (counter("node_network_transmit_packets_total", "Packets sent."), |data| {
        data.total_packets_transmitted()
    }),
    (counter("node_network_transmit_errs_total", "Packets that could not be sent."), |data| {
        data.total_errors_on_transmitted()
    }),
];

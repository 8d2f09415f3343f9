//! `/proc/diskstats`.

use std::collections::HashMap;

use super::file::KeptFile;
use super::parse::{lines, number, sample, words};
use super::{Part, Scope};
use crate::host::{DiskUse, HostConfig, HostPaths, matches_name};
use crate::{Error, Family, Kind};

/// The columns after the name; a kernel tells 11, 15 or 17 of them.
type Columns = [u64; 17];

#[derive(Debug)]
pub(super) struct Disks {
    diskstats: KeptFile,
    exclude: Vec<String>,
    now: Vec<Disk>,
    /// Time with work and weighted time, in milliseconds, at the last collection.
    before: HashMap<String, (u64, u64)>,
}

#[derive(Debug)]
struct Disk {
    name: String,
    columns: Columns,
    told: usize,
}

impl Disks {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig) -> Self {
        Self {
            diskstats: KeptFile::new(paths.proc.join("diskstats")),
            exclude: config.exclude_disks.clone(),
            now: Vec::new(),
            before: HashMap::new(),
        }
    }

    fn takes(&self, name: &str) -> bool {
        !is_partition(name) && !self.exclude.iter().any(|pattern| matches_name(pattern, name))
    }
}

impl Part for Disks {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, elapsed } = scope;
        self.now.clear();
        for line in lines(self.diskstats.read(scratch)?) {
            let mut words = words(line).skip(2);
            let Some(name) = words.next() else { continue };
            let name = String::from_utf8_lossy(name);
            if !self.takes(&name) || self.now.len() == MOST_DISKS {
                continue;
            }
            let mut columns = Columns::default();
            let mut told = 0;
            for (column, word) in columns.iter_mut().zip(words) {
                *column = number(word).unwrap_or_default();
                told += 1;
            }
            if told >= LEAST_COLUMNS && self.now.iter().all(|disk| disk.name != name) {
                self.now.push(Disk { name: name.into_owned(), columns, told });
            }
        }
        for (at, factor, family) in COLUMNS {
            if self.now.iter().all(|disk| disk.told <= at) {
                continue;
            }
            out.family(family);
            for disk in self.now.iter().filter(|disk| disk.told > at) {
                out.push(&[("device", &disk.name)], sample(disk.columns[at]) * factor);
            }
        }
        for disk in &self.now {
            let (busy, weighted) = (disk.columns[BUSY], disk.columns[WEIGHTED]);
            let before = self.before.get(&disk.name).copied().zip(elapsed);
            let share = |now: u64, of: fn((u64, u64)) -> u64| {
                let (before, elapsed) = before?;
                Some(sample(now.saturating_sub(of(before))) * MILLI / elapsed.as_secs_f64())
            };
            facts.disks.push(DiskUse {
                device: disk.name.clone(),
                busy: share(busy, |(busy, _)| busy).map(|share| share.min(1.0)),
                queue: share(weighted, |(_, weighted)| weighted),
            });
        }
        self.before.clear();
        self.before.extend(
            self.now
                .drain(..)
                .map(|disk| (disk.name, (disk.columns[BUSY], disk.columns[WEIGHTED]))),
        );
        Ok(())
    }
}

/// Tells whether it is a part of a disk, as `node_exporter` does: `sda1`, `nvme0n1p2`.
fn is_partition(name: &str) -> bool {
    let stem = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    if stem.len() == name.len() {
        return false;
    }
    if let Some(disk) = stem.strip_prefix("nvme") {
        // `0n1p` is left of `nvme0n1p2`.
        let parts = disk.strip_suffix('p').and_then(|disk| disk.split_once('n'));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        return parts.is_some_and(|(one, two)| is_number(one) && is_number(two));
    }
    ["hd", "sd", "vd", "xvd"].iter().any(|kind| {
        let letter = stem.strip_prefix(kind);
        letter.is_some_and(|letter| letter.len() == 1 && letter.as_bytes()[0].is_ascii_lowercase())
    })
}

const MOST_DISKS: usize = 4096;
/// Since Linux 2.6.25; shorter lines are of partitions then.
const LEAST_COLUMNS: usize = 11;
const BUSY: usize = 9;
const WEIGHTED: usize = 10;

const MILLI: f64 = 0.001;
/// The kernel's sectors, whatever the disk's are.
const SECTOR: f64 = 512.0;

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

/// Where a value is, what it is multiplied with, and what it is called.
const COLUMNS: [(usize, f64, Family<'static>); 17] = [
    (0, 1.0, counter("node_disk_reads_completed_total", "Reads completed.")),
    (1, 1.0, counter("node_disk_reads_merged_total", "Reads merged with others.")),
    (2, SECTOR, counter("node_disk_read_bytes_total", "Bytes read.")),
    (3, MILLI, counter("node_disk_read_time_seconds_total", "Seconds spent by all reads.")),
    (4, 1.0, counter("node_disk_writes_completed_total", "Writes completed.")),
    (5, 1.0, counter("node_disk_writes_merged_total", "Writes merged with others.")),
    (6, SECTOR, counter("node_disk_written_bytes_total", "Bytes written.")),
    (7, MILLI, counter("node_disk_write_time_seconds_total", "Seconds spent by all writes.")),
    (8, 1.0, Family { name: "node_disk_io_now", help: "Requests in progress.", kind: Kind::Gauge }),
    (BUSY, MILLI, counter("node_disk_io_time_seconds_total", "Seconds with requests in progress.")),
    (
        WEIGHTED,
        MILLI,
        counter(
            "node_disk_io_time_weighted_seconds_total",
            "Seconds spent by all requests together.",
        ),
    ),
    (11, 1.0, counter("node_disk_discards_completed_total", "Discards completed.")),
    (12, 1.0, counter("node_disk_discards_merged_total", "Discards merged with others.")),
    (13, 1.0, counter("node_disk_discarded_sectors_total", "Sectors discarded.")),
    (14, MILLI, counter("node_disk_discard_time_seconds_total", "Seconds spent by all discards.")),
    (15, 1.0, counter("node_disk_flush_requests_total", "Flushes completed.")),
    (
        16,
        MILLI,
        counter("node_disk_flush_requests_time_seconds_total", "Seconds spent by all flushes."),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_told_from_disks() {
        for (name, expected) in [
            ("sda", false),
            ("sda1", true),
            ("vdb12", true),
            ("xvda1", true),
            ("nvme0n1", false),
            ("nvme0n1p2", true),
            ("mmcblk0p1", false),
            ("dm-0", false),
            ("md0", false),
            ("zram0", false),
            ("sdaa1", false),
            ("1", false),
            ("", false),
            ("nvmep1", false),
        ] {
            assert_eq!(is_partition(name), expected, "{name}");
        }
    }
}

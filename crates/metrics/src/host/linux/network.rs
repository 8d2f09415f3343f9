//! `/proc/net/dev`.

use std::collections::HashMap;
use std::path::PathBuf;

use super::file::{KeptFile, Scratch, open};
use super::parse::{decimal, lines, number, sample, words};
use super::{Part, Scope};
use crate::host::{HostConfig, HostPaths, NetworkUse, matches_name};
use crate::{Error, Family, Kind};

/// Eight columns received, eight sent.
type Columns = [u64; 16];

#[derive(Debug)]
pub(super) struct Networks {
    dev: KeptFile,
    sys: PathBuf,
    exclude: Vec<String>,
    now: Vec<(String, Columns)>,
    known: HashMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    columns: Columns,
    /// Asked once a device: the kernel takes a lock for it that is shared with all changes of devices.
    capacity: Option<f64>,
}

impl Networks {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig) -> Self {
        Self {
            dev: KeptFile::new(paths.proc.join("net/dev")),
            sys: paths.sys.join("class/net"),
            exclude: config.exclude_network_devices.clone(),
            now: Vec::new(),
            known: HashMap::new(),
        }
    }

    fn capacity(&self, device: &str, scratch: &mut Scratch) -> Option<f64> {
        // No name of a device has a slash; one from elsewhere leads nowhere.
        if device.contains('/') || device.starts_with('.') {
            return None;
        }
        let file = open(&self.sys.join(device).join("speed")).ok()?;
        let megabits = words(scratch.read_small(&file).ok()?).next().and_then(decimal)?;
        // -1 is what devices say that do not know.
        (megabits > 0.0).then_some(megabits * BYTES_IN_MEGABIT)
    }
}

impl Part for Networks {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, elapsed } = scope;
        self.now.clear();
        // Two lines of headings.
        for line in lines(self.dev.read(scratch)?).skip(2) {
            let Some(colon) = memchr::memrchr(b':', line) else { continue };
            let name = String::from_utf8_lossy(line[..colon].trim_ascii());
            let excluded = self.exclude.iter().any(|pattern| matches_name(pattern, &name));
            let is_known = self.now.iter().any(|(known, _)| *known == name);
            if excluded || is_known || self.now.len() == MOST_DEVICES {
                continue;
            }
            let mut columns = Columns::default();
            for (column, word) in columns.iter_mut().zip(words(&line[colon + 1..])) {
                *column = number(word).unwrap_or_default();
            }
            self.now.push((name.into_owned(), columns));
        }
        for (at, family) in COLUMNS.into_iter().enumerate() {
            out.family(family);
            for (name, columns) in &self.now {
                out.push(&[("device", name)], sample(columns[at]));
            }
        }
        let mut known = HashMap::with_capacity(self.now.len());
        for (name, columns) in std::mem::take(&mut self.now) {
            let before = self.known.get(&name);
            let rate = |of: &[usize]| {
                let (before, elapsed) = before.zip(elapsed)?;
                let grown = of.iter().map(|&at| columns[at].saturating_sub(before.columns[at]));
                Some(sample(grown.fold(0, u64::saturating_add)) / elapsed.as_secs_f64())
            };
            let capacity = match before {
                Some(before) => before.capacity,
                None => self.capacity(&name, scratch),
            };
            facts.networks.push(NetworkUse {
                device: name.clone(),
                received: rate(&[RECEIVED]),
                sent: rate(&[SENT]),
                packets: rate(&[RECEIVED + 1, SENT + 1]),
                lost: rate(&[RECEIVED + 2, RECEIVED + 3, SENT + 2, SENT + 3]),
                capacity,
            });
            known.insert(name, Known { columns, capacity });
        }
        self.known = known;
        Ok(())
    }
}

const MOST_DEVICES: usize = 4096;
const BYTES_IN_MEGABIT: f64 = 125_000.0;
const RECEIVED: usize = 0;
const SENT: usize = 8;

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

const COLUMNS: [Family<'static>; 16] = [
    counter("node_network_receive_bytes_total", "Bytes received."),
    counter("node_network_receive_packets_total", "Packets received."),
    counter("node_network_receive_errs_total", "Faulty packets received."),
    counter("node_network_receive_drop_total", "Packets dropped when received."),
    counter("node_network_receive_fifo_total", "Packets lost because a receive queue was full."),
    counter("node_network_receive_frame_total", "Frames received with faults."),
    counter("node_network_receive_compressed_total", "Compressed packets received."),
    counter("node_network_receive_multicast_total", "Multicast packets received."),
    counter("node_network_transmit_bytes_total", "Bytes sent."),
    counter("node_network_transmit_packets_total", "Packets sent."),
    counter("node_network_transmit_errs_total", "Packets that could not be sent."),
    counter("node_network_transmit_drop_total", "Packets dropped when they were to be sent."),
    counter("node_network_transmit_fifo_total", "Packets lost because a send queue was full."),
    counter("node_network_transmit_colls_total", "Collisions."),
    counter("node_network_transmit_carrier_total", "Losses of the carrier while sending."),
    counter("node_network_transmit_compressed_total", "Compressed packets sent."),
];

//! A disk with a cache before it, whose power can go.

use std::collections::BTreeMap;
use std::path::Path;

use super::trace::Call;

/// What becomes of that which was not synchronised.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// All of it arrived: the program died, not the power.
    None,
    /// None of it did.
    All,
    /// Some of it did, sector by sector, by the dice of this number.
    Some(u64),
}

/// The files of one directory. Names are as durable as the directory's last synchronisation.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct File {
    durable: Vec<u8>,
    waiting: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl Disk {
    pub(crate) fn take(&mut self, call: &Call) {
        match call {
            Call::Create { name } => {
                if !self.names.contains_key(name) {
                    self.names.insert(name.clone(), self.files.len());
                    self.files.push(File::default());
                }
            }
            Call::Write { name, at, bytes } => {
                self.file(name).waiting.push(Change::Write(*at, bytes.clone()));
            }
            Call::Cut { name, length } => self.file(name).waiting.push(Change::Cut(*length)),
            Call::Sync { name } if name.is_empty() => self.durable = self.names.clone(),
            Call::Sync { name } => {
                let file = self.file(name);
                for change in std::mem::take(&mut file.waiting) {
                    change.apply(&mut file.durable);
                }
            }
            Call::Rename { from, to } => {
                let file = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), file);
            }
            Call::Remove { name } => drop(self.names.remove(name)),
            Call::Said(_) => {}
        }
    }

    /// Writes what is there after the power is back.
    pub(crate) fn leave(&self, dir: &Path, loss: Loss) {
        let mut dice = match loss {
            Loss::Some(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            _ => 1,
        };
        let mut roll = || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % 2 == 0
        };
        let names = match loss {
            Loss::None => &self.names,
            Loss::Some(_) if roll() => &self.names,
            Loss::All | Loss::Some(_) => &self.durable,
        };
        for (name, file) in names {
            let File { durable, waiting } = &self.files[*file];
            let mut content = durable.clone();
            for change in waiting {
                match (loss, change) {
                    (Loss::None, change) => change.apply(&mut content),
                    (Loss::All, _) => {}
                    (Loss::Some(_), Change::Cut(_)) => {
                        if roll() {
                            change.apply(&mut content);
                        }
                    }
                    (Loss::Some(_), Change::Write(at, bytes)) => {
                        // Up to the next sector, and then whole ones.
                        let first = (SECTOR - at % SECTOR).min(bytes.len());
                        let (head, rest) = bytes.split_at(first);
                        let mut at = *at;
                        for sector in std::iter::once(head).chain(rest.chunks(SECTOR)) {
                            if roll() {
                                Change::Write(at, sector.to_vec()).apply(&mut content);
                            }
                            at += sector.len();
                        }
                    }
                }
            }
            std::fs::write(dir.join(name), content).unwrap();
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        &mut self.files[self.names[name]]
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Cut(length) => content.resize(*length, 0),
        }
    }
}

const SECTOR: usize = 512;

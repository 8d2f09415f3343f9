//! Imports: everything that is known goes into a new file, which then takes the place of the old one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use wardkit_core::Timestamp;

use super::sources::{self, Known};
use super::{
    About, Block, Coverage, Database, HEAD, Head, LARGEST_BLOCK, Table, VERSION, entries,
    name_hash, short_hash,
};
use crate::{Advisory, Ecosystem, Error};

/// An import of advisories into an index.
///
/// ```no_run
/// use std::path::Path;
/// use wardkit_audit_deps::{Database, Import};
///
/// let index = Path::new("osv.index");
/// let imported = Import::new().from(Path::new("PyPI/all.zip"))?.write(index)?;
/// assert!(imported.advisories > 0);
/// assert!(Database::open(index)?.about().ecosystems.contains_key("PyPI"));
/// # Ok::<(), wardkit_audit_deps::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Import {
    /// JSON of what is known, by ecosystem and name.
    known: BTreeMap<(Ecosystem, String), Vec<Vec<u8>>>,
    dates: BTreeMap<Ecosystem, String>,
    date: Option<String>,
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Advisories, one for each package that one is about.
    pub advisories: usize,
    /// Packages.
    pub packages: usize,
    /// The length of the index.
    pub bytes: u64,
}

impl Import {
    /// Creates an import of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says of which day the data is that is read from now on, instead of believing the newest advisory.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Day`] for what is no day.
    pub fn of_day(mut self, date: &str) -> Result<Self, Error> {
        day(date).ok_or_else(|| Error::Day { text: date.to_owned() })?;
        self.date = Some(date.to_owned());
        Ok(self)
    }

    /// Reads an archive of OSV, a folder of its JSON, or a checkout of `RustSec`'s advisories.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] for what cannot be read, [`Error::Archive`] for an archive that is broken or was made to do
    /// harm, [`Error::Advisory`] for an advisory that is none, and [`Error::Empty`] where there is none at all.
    pub fn from(mut self, place: &Path) -> Result<Self, Error> {
        let mut has_any = false;
        sources::each(place, &mut |known| {
            let Known::Of { modified, advisories } = known else { return Ok(()) };
            has_any = true;
            for (ecosystem, name, advisory) in advisories {
                let modified = self.date.as_ref().unwrap_or(&modified);
                let date = self.dates.entry(ecosystem).or_default();
                if day(modified).is_some() && *date < *modified {
                    date.clone_from(modified);
                }
                let json = serde_json::to_vec(&advisory).map_err(|error| Error::Advisory {
                    path: place.to_owned(),
                    entry: advisory.id,
                    reason: error.to_string(),
                })?;
                self.known.entry((ecosystem, name)).or_default().push(json);
            }
            Ok(())
        })?;
        if has_any { Ok(self) } else { Err(Error::Empty { path: place.to_owned() }) }
    }

    /// Takes over the ecosystems of another index that this import has nothing of.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] and [`Error::Index`] when the other index cannot be read.
    pub fn keeping(mut self, other: &Database) -> Result<Self, Error> {
        let new: Vec<Ecosystem> = self.dates.keys().copied().collect();
        for number in 0..other.blocks.len() {
            let block = other.block(u32::try_from(number).unwrap_or(u32::MAX))?;
            for (_, bytes) in entries(&block) {
                let Some((ecosystem, name, list)) = stored(bytes) else {
                    return Err(other.damaged("an entry is broken"));
                };
                if new.contains(&ecosystem) {
                    continue;
                }
                let advisories = list.iter().map(serde_json::to_vec).collect::<Result<_, _>>();
                let advisories = advisories.map_err(|_| other.damaged("an entry is broken"))?;
                self.known.insert((ecosystem, name), advisories);
            }
        }
        for (name, coverage) in &other.about.ecosystems {
            let ecosystem = Ecosystem::from_osv_name(name).filter(|one| !new.contains(one));
            if let Some(ecosystem) = ecosystem {
                self.dates.insert(ecosystem, coverage.date.clone());
            }
        }
        Ok(self)
    }

    /// Writes the index: to a new file beside it first, so that readers have the old one or the new one.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] when it cannot be written.
    pub fn write(self, path: &Path) -> Result<Imported, Error> {
        let beside = beside(path);
        let unwritten = |source| Error::File { path: path.to_owned(), action: "written", source };
        let written = File::create(&beside).and_then(|file| {
            let imported = self.write_to(&file)?;
            file.sync_all()?;
            fs::rename(&beside, path)?;
            Ok(imported)
        });
        if written.is_err() {
            // What is left of it helps nobody; that it cannot be removed changes nothing.
            let _ = fs::remove_file(&beside);
        }
        written.map_err(unwritten)
    }

    fn write_to(self, file: &File) -> io::Result<Imported> {
        let mut table = Table { about: self.about(), names: Vec::new(), blocks: Vec::new() };
        let mut writer = io::BufWriter::new(file);
        writer.write_all(&[0; HEAD])?;
        let (mut block, mut offset) = (Vec::new(), HEAD as u64);
        let mut imported = Imported { packages: self.known.len(), ..Imported::default() };
        for ((ecosystem, name), mut advisories) in self.known {
            // Two exports may have the same.
            advisories.sort_unstable();
            advisories.dedup();
            imported.advisories += advisories.len();
            let hash = name_hash(ecosystem, &name);
            let bytes = together(ecosystem, &name, &advisories);
            table.names.push((hash, u32::try_from(table.blocks.len()).unwrap_or(u32::MAX)));
            block.extend(hash.to_le_bytes());
            block.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            block.extend(bytes);
            if block.len() >= BLOCK {
                offset += close(&mut block, offset, &mut table, &mut writer)?;
            }
        }
        offset += close(&mut block, offset, &mut table, &mut writer)?;
        table.names.sort_unstable();
        let bytes = table.bytes()?;
        writer.write_all(&bytes)?;
        let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let head = Head {
            version: VERSION,
            table_at: offset,
            table_length: bytes.len() as u64,
            hash: short_hash(&bytes),
        };
        io::Seek::rewind(&mut file)?;
        file.write_all(&head.bytes())?;
        imported.bytes = offset + bytes.len() as u64;
        Ok(imported)
    }

    fn about(&self) -> About {
        let mut about = About::default();
        for (ecosystem, date) in &self.dates {
            let coverage = Coverage { date: date.clone(), ..Coverage::default() };
            about.ecosystems.insert(ecosystem.osv_name(), coverage);
        }
        for ((ecosystem, _), advisories) in &self.known {
            let coverage = about.ecosystems.entry(ecosystem.osv_name()).or_default();
            coverage.packages += 1;
            coverage.advisories += advisories.len();
        }
        about
    }
}

/// Packs a block and writes it.
fn close(
    block: &mut Vec<u8>,
    offset: u64,
    table: &mut Table,
    writer: &mut impl io::Write,
) -> io::Result<u64> {
    if block.is_empty() {
        return Ok(0);
    }
    if block.len() > LARGEST_BLOCK {
        return Err(io::Error::other("a package has more advisories than a block can hold"));
    }
    let packed = zstd::bulk::compress(block, LEVEL)?;
    block.clear();
    let length = u32::try_from(packed.len()).map_err(io::Error::other)?;
    table.blocks.push(Block { offset, length, hash: short_hash(&packed) });
    writer.write_all(&packed)?;
    Ok(u64::from(length))
}

/// Puts what is known of a package into one entry: the ecosystem, the name, the list.
fn together(ecosystem: Ecosystem, name: &str, advisories: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = serde_json::json!([ecosystem.osv_name(), name]).to_string().into_bytes();
    bytes.pop();
    bytes.extend(b",[");
    bytes.extend(advisories.join(&b','));
    bytes.extend(b"]]");
    bytes
}

/// Reads an entry.
pub(super) fn stored(bytes: &[u8]) -> Option<(Ecosystem, String, Vec<Advisory>)> {
    let (ecosystem, name, advisories): (String, String, _) = serde_json::from_slice(bytes).ok()?;
    Some((Ecosystem::from_osv_name(&ecosystem)?, name, advisories))
}

/// Two imports at once do not write the same file.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

/// Reads a day such as `2026-11-22`.
pub(super) fn day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_possible =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if text.len() != 10 || parts.next().is_some() || !is_possible {
        return None;
    }
    // Days from the civil calendar, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp::from_unix_seconds(days * 86_400))
}

/// Large enough to pack well, small enough that a thousand of them are unpacked in some ten milliseconds.
const BLOCK: usize = 32 << 10;

/// Higher levels take twice as long for a tenth.
const LEVEL: i32 = 12;

//! Bills of materials.

mod cyclonedx;
mod spdx;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wardkit_audit::{Audit, Check, Engine, Project, Sink};
use wardkit_core::Clock;

use crate::{Error, Inventory, Package, Source, engine, purl};

/// What a tree depends on, as a document that other tools read.
///
/// The same tree gives the same bytes: there is no time in it, and its serial number is made of its content.
///
/// ```
/// use wardkit_audit_deps::{Bill, BillForm};
/// use wardkit_core::SystemClock;
///
/// # let tree = tempfile::tempdir()?;
/// std::fs::write(tree.path().join("requirements.txt"), "aiogram==3.4.1\n")?;
/// let bill = Bill::of_tree(tree.path(), "my-bot", &SystemClock)?;
/// assert!(bill.render(BillForm::CycloneDx).contains("pkg:pypi/aiogram@3.4.1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Bill {
    name: String,
    parts: BTreeMap<String, Part>,
    unread: Vec<String>,
}

/// The form of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BillForm {
    /// JSON of `CycloneDX` 1.6.
    CycloneDx,
    /// JSON of SPDX 2.3.
    Spdx,
}

#[derive(Debug)]
struct Part {
    name: String,
    version: String,
    licence: Option<String>,
    hashes: BTreeSet<String>,
    is_direct: bool,
    /// Package URLs.
    needs: BTreeSet<String>,
    /// Where it is written.
    places: BTreeSet<String>,
}

impl Bill {
    /// Reads a tree. `name` is what the program is called.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Document`] when the tree cannot be entered.
    pub fn of_tree(root: &Path, name: &str, clock: &dyn Clock) -> Result<Self, Error> {
        let kept = std::sync::Mutex::new(Vec::new());
        let report = Audit::new(clock).with_engine(Reader { kept: &kept }).of_tree(root);
        let report =
            report.map_err(|error| Error::Document { what: "tree", reason: error.to_string() })?;
        let inventories = kept.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let unread =
            report.notes.iter().filter(|note| note.kind == wardkit_audit::NoteKind::Unread);
        let unread = unread.map(|note| format!("{}: {}", note.path, note.message)).collect();
        Ok(Self { name: name.to_owned(), parts: parts(&inventories), unread })
    }

    /// Returns the number of packages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether the tree depends on nothing that is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Returns what could not be read, so that the bill lacks it.
    #[must_use]
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Returns the document.
    #[must_use]
    pub fn render(&self, form: BillForm) -> String {
        let value = match form {
            BillForm::CycloneDx => cyclonedx::document(self),
            BillForm::Spdx => spdx::document(self),
        };
        format!("{value:#}\n")
    }

    /// Returns a number that is the same for the same content, in the form of a UUID of version 8.
    fn serial(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name.as_bytes());
        for (url, part) in &self.parts {
            hasher.update(&[0]).update(url.as_bytes());
            for need in &part.needs {
                hasher.update(&[1]).update(need.as_bytes());
            }
            for hash in &part.hashes {
                hasher.update(&[2]).update(hash.as_bytes());
            }
        }
        let hex = hasher.finalize().to_hex();
        let hex = hex.as_str();
        format!(
            "{}-{}-8{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..15],
            &hex[15..18],
            &hex[18..30]
        )
    }
}

/// An engine that finds nothing and keeps what it read.
struct Reader<'a> {
    kept: &'a std::sync::Mutex<Vec<Inventory>>,
}

impl Engine for Reader<'_> {
    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        let read = engine::inventories(project, sink);
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.extend(read);
    }
}

fn parts(inventories: &[Inventory]) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for inventory in inventories {
        let mut urls: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for package in &inventory.packages {
            urls.entry(&package.name).or_default().push(purl::of(package));
        }
        for package in inventory.packages.iter().filter(|one| one.source != Source::Path) {
            let part = parts.entry(purl::of(package)).or_insert_with(|| part(package));
            part.hashes.extend(package.hashes.iter().cloned());
            part.is_direct |= package.is_direct;
            part.licence = part.licence.take().or_else(|| package.licence.clone());
            part.places.insert(inventory.path.clone());
            // Lockfiles that have a name in two versions do not all say which one is needed.
            part.needs.extend(
                package.needs.iter().filter_map(|need| urls.get(need.as_str())).flatten().cloned(),
            );
        }
    }
    let known: BTreeSet<String> = parts.keys().cloned().collect();
    for part in parts.values_mut() {
        part.needs.retain(|need| known.contains(need));
    }
    parts
}

fn part(package: &Package) -> Part {
    Part {
        name: package.name.clone(),
        version: package.version.clone(),
        licence: package.licence.clone(),
        hashes: BTreeSet::new(),
        is_direct: false,
        needs: BTreeSet::new(),
        places: BTreeSet::new(),
    }
}

/// Returns the algorithm of a hash and its content in hexadecimal digits: `sha256:…` and `sha512-…` are how they are written.
fn hash_of(text: &str) -> Option<(&'static str, String)> {
    let known = [
        ("sha1", "SHA-1", 20),
        ("sha256", "SHA-256", 32),
        ("sha384", "SHA-384", 48),
        ("sha512", "SHA-512", 64),
    ];
    let (name, content) = text.split_once([':', '-'])?;
    let (_, algorithm, length) = known.iter().find(|(known, ..)| *known == name)?;
    let is_hex =
        content.len() == length * 2 && content.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hex = if is_hex { content.to_ascii_lowercase() } else { hex_of_base64(content)? };
    (hex.len() == length * 2).then_some((algorithm, hex))
}

fn hex_of_base64(text: &str) -> Option<String> {
    use std::fmt::Write as _;
    let (mut bits, mut count, mut hex) = (0_u32, 0, String::new());
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            // Writing to a String cannot fail.
            let _ = write!(hex, "{:02x}", (bits >> count) & 0xFF);
        }
    }
    Some(hex)
}

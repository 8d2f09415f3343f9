//! What engines said of files before, by what the files hold.

mod place;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::Sink;
use crate::finding::Anchor;
use crate::{Fact, Finding, Note, NoteKind, Outcome};

/// What engines said of files before, in a folder of the user's own.
///
/// A file is known by its path and a hash of its whole content, and what was said of it counts only for the same checks,
/// the same [versions](crate::Engine::version) of engines and the same build of the program. So a file is read on every audit, and
/// judged again when anything about it or about the checks is new. What is damaged, was written by another account or
/// may be written by one is not read, and is replaced. An audit with a cache says what it says without one.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    build: String,
}

impl Cache {
    /// Creates a cache in a folder, which need not be there. `build` tells one build of the program from another.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, build: impl Into<String>) -> Self {
        Self { folder: folder.into(), build: build.into() }
    }

    /// Reads what was said of the files of a tree. `rules` are the checks and the engines that are asked today.
    ///
    /// There is no cache for a tree that the cache itself lies in: it would change what is audited.
    pub(crate) fn of_tree<'a>(
        &self,
        root: &Path,
        rules: impl Iterator<Item = &'a str>,
    ) -> Option<Pages> {
        let root = root.canonicalize().ok()?;
        let mut name = blake3::Hasher::new_derive_key("wardkit audit cache v2");
        let path = root.as_os_str().as_encoded_bytes();
        for part in [path, env!("CARGO_PKG_VERSION").as_bytes(), self.build.as_bytes()] {
            add(&mut name, part);
        }
        rules.for_each(|rule| add(&mut name, rule.as_bytes()));
        let name = name.finalize().to_hex()[..NAME].to_owned();
        let place = place::Place::open(&self.folder, &root, name)?;
        let pages = place.read().and_then(|text| serde_json::from_slice(&text).ok());
        Some(Pages { place, pages: pages.unwrap_or_default() })
    }
}

/// What is known of the files of a tree, by their keys.
#[derive(Debug)]
pub(crate) struct Pages {
    place: place::Place,
    pages: HashMap<String, Page>,
}

impl Pages {
    /// Returns the key of a file: of its path and its content.
    pub(crate) fn key(path: &str, content: &[u8]) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("wardkit audit cached file v1");
        add(&mut hasher, path.as_bytes());
        hasher.update(content);
        hasher.finalize().to_hex()[..KEY].to_owned()
    }

    pub(crate) fn page(&self, key: &str) -> Option<&Page> {
        self.pages.get(key)
    }

    /// Keeps what this audit used and what is new. What it did not use is of files that are gone or other now.
    pub(crate) fn keep(mut self, seen: Vec<(String, Option<Page>)>) {
        let is_as_before =
            seen.len() == self.pages.len() && seen.iter().all(|(_, page)| page.is_none());
        if is_as_before && !seen.is_empty() {
            return self.place.refresh();
        }
        let kept = seen.into_iter().filter_map(|(key, page)| {
            let page = page.or_else(|| self.pages.remove(&key))?;
            Some((key, page))
        });
        let kept: HashMap<String, Page> = kept.collect();
        if let Ok(text) = serde_json::to_vec(&kept) {
            self.place.write(&text);
        }
    }
}

/// What the engines said of one file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Page {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<(Finding, Anchor)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<Outcome>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Note>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    facts: Vec<Fact>,
}

impl Page {
    /// Returns what a sink took. What could not be looked at may be seen the next time, and is not kept.
    pub(crate) fn of(sink: &Sink) -> Option<Self> {
        if sink.notes.iter().any(|note| note.kind == NoteKind::Unread) {
            return None;
        }
        let findings = sink.findings.iter().map(|one| (one.clone(), one.anchor.clone()));
        Some(Self {
            findings: findings.collect(),
            outcomes: sink.outcomes.clone(),
            notes: sink.notes.clone(),
            facts: sink.facts.clone(),
        })
    }

    /// Gives a sink what it took before.
    pub(crate) fn replay(&self, sink: &mut Sink) {
        let findings = self
            .findings
            .iter()
            .map(|(finding, anchor)| Finding { anchor: anchor.clone(), ..finding.clone() });
        sink.findings.extend(findings);
        sink.outcomes.extend(self.outcomes.iter().cloned());
        sink.notes.extend(self.notes.iter().cloned());
        sink.facts.extend(self.facts.iter().cloned());
    }
}

/// With its length before it no two lists of parts are the same bytes.
fn add(hasher: &mut blake3::Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// 128 bits: two trees never share a name by chance.
const NAME: usize = 32;

/// 256 bits: somebody who writes both files cannot make two that share a key.
const KEY: usize = 64;

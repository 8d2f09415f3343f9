//! The texts of configuration files, secrets masked, kept to show what changed in them.

use std::path::PathBuf;

use wardkit_integrity::{
    Baseline, Change, ChangeKind, EntryKind, Field, Kept, Policy, Profile, Snapshot, TextDiff,
    TextStore,
};

use crate::mask::Recognised;
use crate::{Baselines, Error};

impl Baselines {
    /// Keeps the texts of those files that the policy's rules show differences of, with their secrets masked, and
    /// returns for how many there was no room: their changes are reported without the lines.
    ///
    /// # Errors
    ///
    /// When a text cannot be written for another reason than a full disk.
    pub fn keep_texts(&self, now: &Snapshot, policy: &Policy) -> Result<u64, Error> {
        if policy.rules().iter().all(|rule| rule.profile() != Profile::Config) {
            return Ok(0);
        }
        let mut store = None;
        let mut left_out = 0;
        for entry in now.entries() {
            let is_text = entry.kind == EntryKind::File
                && entry.content.is_some()
                && policy.rule(&entry.path).profile() == Profile::Config;
            if !is_text {
                continue;
            }
            let store = match &mut store {
                Some(store) => store,
                none => none.insert(open(self.path().join(TEXTS))?),
            };
            let kept =
                store.remember_file(wardkit_integrity::Known::algorithm(now), &entry.path)?;
            left_out += u64::from(kept == Kept::NoRoom);
        }
        Ok(left_out)
    }

    /// Returns what changed in a text, secrets masked, where the policy asks for it and the old text was kept.
    #[must_use]
    pub fn text_diff(
        &self,
        baseline: &Baseline,
        policy: &Policy,
        change: &Change,
    ) -> Option<TextDiff> {
        let is_asked_for = change.kind == ChangeKind::Modified
            && change.field(Field::Content).is_some()
            && policy.rule(&change.path).profile() == Profile::Config;
        let dir = self.path().join(TEXTS);
        // Opening makes the directory: who only looks makes none.
        if !is_asked_for || !dir.is_dir() {
            return None;
        }
        let old = baseline.entry(&change.path)?.content?;
        let found = change.field(Field::Content)?.new.as_ref()?.to_string().parse().ok()?;
        let store = open(dir).ok()?;
        let diff = store.diff_file(baseline.algorithm(), &old, &found, &change.path)?;
        (!diff.is_empty()).then_some(diff)
    }
}

/// Opens the texts. The same has to mask what is kept and what it is compared with.
fn open(dir: PathBuf) -> Result<TextStore, Error> {
    Ok(TextStore::open(dir)?.with_redact(Recognised::new()))
}

/// The directory beside the generations.
const TEXTS: &str = "texts";

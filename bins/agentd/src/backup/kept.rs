//! What is remembered of backups and drills from one start of agentd to the next.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wardkit_backup::dr::{Manifest, Rolling};
use wardkit_core::Timestamp;

use crate::app::App;

/// What is remembered of backups and drills.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// When the last backup began, whatever became of it.
    pub backup_tried: Option<Timestamp>,
    /// When the last one began that made a snapshot.
    pub backup_stored: Option<Timestamp>,
    /// When the last one began that has everything.
    pub backup_complete: Option<Timestamp>,
    /// The snapshot that the manifest is of.
    pub snapshot: Option<String>,
    /// When the last drill began.
    pub drill_tried: Option<Timestamp>,
    /// When the last one began that proved everything.
    pub drill_green: Option<Timestamp>,
    /// How long its restore took, in milliseconds.
    pub restore_millis: Option<u64>,
    /// The name of the last report of a drill.
    pub report: Option<String>,
    /// How far each replica is.
    pub replicas: BTreeMap<String, Replica>,
    /// When the newest backup began that is in as many places as it has to be.
    pub copies_enough: Option<Timestamp>,
    /// When the last removal of what is not to stay began.
    pub prune_tried: Option<Timestamp>,
    /// When the last one began that did it.
    pub pruned: Option<Timestamp>,
}

/// How far a replica is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Replica {
    /// When it was last tried to bring it up to date.
    pub tried: Option<Timestamp>,
    /// When the newest backup began that it has.
    pub holds: Option<Timestamp>,
    /// When the oldest backup began that it does not have.
    pub behind_since: Option<Timestamp>,
}

impl Kept {
    /// Reads what was kept. What cannot be read is as if nothing had been kept: a backup is made sooner then.
    pub(crate) fn read(app: &App) -> Self {
        let path = app.data_dir().join(STATE);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(path = %path.display(), %error, "what is known of backups is damaged");
                Self::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "what is known of backups cannot be read");
                Self::default()
            }
        }
    }

    /// Takes in which replicas there are; a new one has no backup yet.
    pub(crate) fn settle_replicas<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let new = Replica { behind_since: self.backup_stored, ..Replica::default() };
        let mut known = std::mem::take(&mut self.replicas);
        for name in names {
            let replica = known.remove(name).unwrap_or_else(|| new.clone());
            self.replicas.insert(name.to_owned(), replica);
        }
    }

    /// Whether a replica does not have the newest backup.
    pub(crate) fn is_behind(&self, replica: &str) -> bool {
        let holds = self.replicas.get(replica).and_then(|known| known.holds);
        self.backup_stored.is_some_and(|stored| holds != Some(stored))
    }

    /// Notes a new backup, which no replica has yet.
    pub(crate) fn stored(&mut self, at: Timestamp) {
        self.backup_stored = Some(at);
        for replica in self.replicas.values_mut() {
            replica.behind_since.get_or_insert(at);
        }
    }

    /// Keeps it.
    pub(crate) fn write(&self, app: &App) -> io::Result<()> {
        app.write_file(STATE, &serde_json::to_vec_pretty(self)?)
    }
}

/// Reads which packs were proven when. Nothing that is missing or damaged does harm: packs are read sooner then.
pub(super) fn rolling(app: &App) -> Rolling {
    let text = fs::read_to_string(app.data_dir().join(VERIFIED)).unwrap_or_default();
    Rolling::from_text(&text)
}

pub(super) fn keep_rolling(app: &App, rolling: &Rolling) -> io::Result<()> {
    app.write_file(VERIFIED, rolling.to_text().as_bytes())
}

/// Reads the manifest of the last snapshot; none, where it is missing or damaged.
pub(super) fn manifest(data_dir: &Path) -> Option<Manifest> {
    let file = fs::File::open(data_dir.join(MANIFEST)).ok()?;
    match Manifest::read(io::BufReader::new(file)) {
        Ok(manifest) => Some(manifest),
        Err(error) => {
            tracing::warn!(%error, "the manifest of the last backup cannot be used");
            None
        }
    }
}

pub(super) fn keep_manifest(app: &App, manifest: &Manifest) -> io::Result<()> {
    let mut text = Vec::new();
    manifest.write(&mut text).map_err(io::Error::other)?;
    app.write_file(MANIFEST, &text)
}

const STATE: &str = "backup-state.json";
const VERIFIED: &str = "backup-verified.txt";
const MANIFEST: &str = "backup-manifest.txt";

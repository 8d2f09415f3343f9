use zeroize::Zeroizing;

use crate::chunker::{Chunker, KeyedFastCdc, Polynomial, Rabin, Sizes};
use crate::engine::{Event, Observer, SnapshotList};
use crate::format::{MasterKey, RepoConfig, Snapshot};

/// Where the files of a repository are cut.
pub(super) enum Chunking {
    /// As only this crate does.
    Keyed(Box<KeyedFastCdc>),
    /// As restic does, so that its chunks are found again.
    Rabin(Box<Rabin>),
}

impl Chunking {
    /// Restic's chunks as soon as another program wrote a snapshot, and from then on. Every snapshot of this crate says
    /// how its files were cut, so that the answer stays when those of the other program are forgotten.
    pub(super) fn choose(
        (config, master): (&RepoConfig, &MasterKey),
        snapshots: &SnapshotList,
        observer: &dyn Observer,
    ) -> Self {
        let all = &snapshots.snapshots;
        if all.iter().any(|(_, snapshot)| !is_keyed(snapshot)) {
            match Polynomial::new(config.chunker_polynomial) {
                Ok(polynomial) => return Self::Rabin(Box::new(Rabin::new(polynomial))),
                Err(error) => {
                    let text = format!("cannot cut files as restic does: {error}");
                    observer.event(&Event::Warning { path: None, text: &text });
                }
            }
        }
        let secret = Zeroizing::new(master.derive(SECRET));
        Self::Keyed(Box::new(KeyedFastCdc::new(&secret, Sizes::default())))
    }

    /// What a snapshot says of its program, and of how files were cut.
    pub(super) const fn program_version(&self) -> &'static str {
        match self {
            Self::Keyed(_) => KEYED,
            Self::Rabin(_) => RABIN,
        }
    }

    /// One for each thread that reads.
    pub(super) fn chunker(&self) -> Box<dyn Chunker> {
        match self {
            Self::Keyed(chunker) => chunker.clone(),
            Self::Rabin(chunker) => chunker.clone(),
        }
    }
}

fn is_keyed(snapshot: &Snapshot) -> bool {
    let version = &snapshot.program_version;
    version.starts_with(PROGRAM) && version.ends_with(KEYED_SUFFIX)
}

const PROGRAM: &str = "wardkit ";
const KEYED_SUFFIX: &str = " fastcdc";
const KEYED: &str = concat!("wardkit ", env!("CARGO_PKG_VERSION"), " fastcdc");
const RABIN: &str = concat!("wardkit ", env!("CARGO_PKG_VERSION"), " rabin");

/// Of all that follows from the master key, only the chunker's secret does from this text.
const SECRET: &str = "wardkit-backup 2026-11-22 secret of the chunker";

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crossbeam_channel::{Sender, bounded};

use super::budget::Budget;
use super::chunking::Chunking;
use super::parent;
use super::report::with_causes;
use super::shared::{Shared, Tally};
use super::stop::Stop;
use super::threads::{Threads, joined, start};
use super::upload::upload;
use super::{BackupOptions, BackupReport, Counts, Ended, Outcome};
use crate::engine::host::ThisProcess;
use crate::engine::packer::{FullPack, Packer};
use crate::engine::role::Adds;
use crate::engine::tree_reader::TreeReader;
use crate::engine::{
    Error, Event, Index, IndexWriter, KnownBlobs, LockKind, Observer, Repository, Stage, objects,
    time,
};
use crate::format::{Id, Snapshot};
use crate::source::{Source, SourceError};

impl<R: Adds> Repository<R> {
    /// Backs a source up into a new snapshot.
    ///
    /// What was stored before an error or the end of the process stays, and the next backup need not store it again;
    /// the snapshot is written last of all.
    ///
    /// # Errors
    ///
    /// When there is no snapshot: there is nothing to back up, the source says that what was read is not to be kept, the
    /// store fails, another program holds a lock, or the observer cancels. What cannot be read of a source is no error;
    /// the report tells it.
    pub fn backup(
        &self,
        source: &mut dyn Source,
        options: &BackupOptions,
        observer: &dyn Observer,
    ) -> Result<BackupReport, Error> {
        let (now, begin) = (self.clock().now(), self.clock().uptime());
        source.prepare()?;
        let lock = self.lock(LockKind::Shared, observer)?;
        let index = Arc::new(self.load_index(observer)?);
        let snapshots = self.snapshots()?;
        let this = ThisProcess::new();
        let host = options.host.clone().unwrap_or_else(|| this.host.clone());
        let paths = names(source.paths());
        let parent = parent::choose(&snapshots, (&host, &paths), options.parent)?;
        let chunking = Chunking::choose((self.config(), self.master_key()), &snapshots, observer);
        let plan = Plan {
            chunking: &chunking,
            parent: parent.as_ref().map(|(_, snapshot)| snapshot.tree),
            index,
        };
        let (tree, outcome, counts) = self.store_tree(source, &plan, options, observer)?;
        let mut snapshot = Snapshot::new(time::to_words(now), tree, paths);
        snapshot.parent = parent.map(|(id, _)| id);
        snapshot.hostname = host;
        snapshot.username = options.user.clone().unwrap_or(this.user);
        (snapshot.uid, snapshot.gid) = (this.uid, this.gid);
        snapshot.excludes.clone_from(&options.excludes);
        snapshot.tags.clone_from(&options.tags);
        chunking.program_version().clone_into(&mut snapshot.program_version);
        lock.check()?;
        let id = self.save_snapshot(&snapshot)?;
        if let Err(error) = lock.release() {
            // The snapshot is there; the lock is in the way of others until it is old.
            observer.event(&Event::Warning { path: None, text: &with_causes(&error) });
        }
        let took = self.clock().uptime().saturating_sub(begin);
        Ok(BackupReport { snapshot: id, tree, parent: snapshot.parent, outcome, counts, took })
    }

    /// Stores everything but the snapshot.
    fn store_tree(
        &self,
        source: &mut dyn Source,
        plan: &Plan<'_>,
        options: &BackupOptions,
        observer: &dyn Observer,
    ) -> Result<(Id, Outcome, Counts), Error> {
        observer.event(&Event::Stage(Stage::Backup));
        let threads = options.threads.map_or_else(usual_threads, usize::from);
        let shared = Shared {
            options,
            observer,
            master: self.master_key(),
            format: (self.config().version, self.options().compression),
            known: KnownBlobs::new(Arc::clone(&plan.index)),
            packer: Packer::new(self.master_key(), packs(options), options.pack_size),
            budget: Budget::new((options.memory / PART_AHEAD).max(threads * LEAST_AHEAD)),
            stop: Stop::default(),
            tally: Tally::default(),
            failures: Mutex::default(),
        };
        let index = IndexWriter::new(self);
        let earlier = TreeReader::new(self, &plan.index)?;
        let (root, is_stored) = thread::scope(|scope| {
            let (packs_out, packs) = bounded(PACKS);
            let uploaders = [(); UPLOADERS].map(|()| {
                let (shared, index, packs) = (&shared, &index, packs.clone());
                let upload = move || upload(shared, self.store(), index, &packs);
                start(scope, &shared.stop, "backup-upload", upload)
            });
            drop(packs);
            let threads =
                Threads { scope, shared: &shared, chunking: plan.chunking, count: threads };
            let root = threads.read(source, (earlier, plan.parent), &packs_out);
            let root = root.and_then(|root| finish(&shared, source, &packs_out).map(|()| root));
            drop(packs_out);
            (root, uploaders.into_iter().all(|uploader| joined(uploader).is_ok()))
        });
        // What is stored is told also when there will be no snapshot, unless the store is what failed.
        if is_stored && let Err(error) = index.finish() {
            shared.stop.because(error);
        }
        let Shared { stop, failures, tally, .. } = shared;
        stop.into_result()?;
        let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        match root {
            Ok(Some(root)) => Ok((root, Outcome::of(failures), tally.counts())),
            Ok(None) => Err(SourceError::Nothing { failures }.into()),
            Err(Ended) => Err(Error::Panicked),
        }
    }
}

/// What a backup goes by.
struct Plan<'a> {
    chunking: &'a Chunking,
    /// The tree that tells which files did not change.
    parent: Option<Id>,
    index: Arc<Index>,
}

/// Asks the source whether what was read is to be kept, and hands over the packs that are not full.
fn finish(
    shared: &Shared<'_>,
    source: &mut dyn Source,
    packs: &Sender<FullPack>,
) -> Result<(), Ended> {
    shared.go_on()?;
    shared.or_stop(source.finish())?;
    let nonces = || shared.or_stop(objects::random());
    for pack in shared.packer.rest(nonces)? {
        let pack = shared.or_unwritable("a pack", pack)?;
        packs.send(FullPack { pack, room: None }).map_err(|_| Ended)?;
    }
    Ok(())
}

fn names(paths: Vec<PathBuf>) -> Vec<String> {
    let mut names: Vec<_> =
        paths.into_iter().map(|path| path.to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// How many packs are filled at once. The memory has room for one more, which is stored meanwhile, and for as much again
/// as one for all else.
fn packs(options: &BackupOptions) -> usize {
    (options.memory / options.pack_size.max(1)).clamp(LEAST_PACKS + 2, MOST_PACKS + 2) - 2
}

fn usual_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
}

/// More threads do not make a disk faster.
const MOST_THREADS: usize = 8;

/// With one pack only, the order of chunks would be that of a file.
const LEAST_PACKS: usize = 2;

/// Threads seldom meet in a pack: what they do there takes a small part of their time.
const MOST_PACKS: usize = 4;

/// One waits for the disk or the network while the other one sends.
const UPLOADERS: usize = 2;

/// Packs that wait for an uploader: none but those that whoever filled them holds.
const PACKS: usize = 0;

/// The part of the memory that chunks of large files take which wait for a worker; packs take most of the rest.
const PART_AHEAD: usize = 8;

/// For each thread, the chunk in its hands and another one.
const LEAST_AHEAD: usize = 4 << 20;

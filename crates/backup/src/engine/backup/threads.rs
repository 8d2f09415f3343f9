use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Ended;
use super::chunking::Chunking;
use super::read::Cutter;
use super::seal::Sealer;
use super::shared::Shared;
use super::stop::Stop;
use super::trees::{Found, Trees};
use super::walk::Walker;
use super::work::{Job, Spare, read_large, work};
use crate::engine::Error;
use crate::engine::packer::FullPack;
use crate::engine::tree_reader::TreeReader;
use crate::format::Id;
use crate::source::Source;

/// The threads that read a source.
pub(super) struct Threads<'scope, 'env> {
    pub(super) scope: &'scope Scope<'scope, 'env>,
    pub(super) shared: &'scope Shared<'scope>,
    pub(super) chunking: &'scope Chunking,
    /// How many store contents.
    pub(super) count: usize,
}

/// A thread that was started, if it could be.
pub(super) type Started<'scope, T> = Option<ScopedJoinHandle<'scope, Result<T, Ended>>>;

impl<'scope> Threads<'scope, '_> {
    /// Reads everything, and returns when all threads of it have ended: the tree of `/`, if there is anything in it.
    pub(super) fn read(
        &self,
        source: &mut dyn Source,
        earlier: (TreeReader<'_>, Option<Id>),
        packs: &Sender<FullPack>,
    ) -> Result<Option<Id>, Ended> {
        let shared = self.shared;
        let (met_out, met) = bounded(MET);
        let (small, jobs) = bounded(JOBS);
        let (large, files) = bounded(LARGE);
        let (found_out, found) = bounded(FOUND);
        let (put, take) = bounded(SPARE);
        let spare = Spare { put, take };
        let workers: Vec<_> = (0..self.count.max(1))
            .map(|_| self.worker(packs.clone(), jobs.clone(), found_out.clone(), spare.clone()))
            .collect();
        drop(jobs);
        let reader = {
            let (cutter, small) = (Cutter::new(self.chunking.chunker()), small.clone());
            let read = move || read_large(shared, cutter, &files, &small, (&found_out, &spare));
            start(self.scope, &shared.stop, "backup-reader", read)
        };
        let trees = {
            let packs = packs.clone();
            let build = move || Trees::new(shared, Sealer::new(shared, packs)?).build(met, &found);
            start(self.scope, &shared.stop, "backup-trees", build)
        };
        let walked = guarded(&shared.stop, || {
            Walker::new(shared, (met_out, small, large), earlier).walk(source)
        });
        let mut read = Ok(());
        for thread in workers.into_iter().chain([reader]) {
            read = read.and(joined(thread));
        }
        let root = joined(trees);
        walked.and(read).and(root)
    }

    fn worker(
        &self,
        packs: Sender<FullPack>,
        jobs: Receiver<Job<'scope>>,
        found: Sender<Vec<Found>>,
        spare: Spare,
    ) -> Started<'scope, ()> {
        let shared = self.shared;
        let cutter = Cutter::new(self.chunking.chunker());
        let work = move || {
            let sealer = Sealer::new(shared, packs)?;
            work(shared, (sealer, cutter), &jobs, &found, &spare)
        };
        start(self.scope, &shared.stop, "backup-worker", work)
    }
}

/// Starts a thread; all are ended when it cannot be started, or when it panics.
pub(super) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    stop: &'scope Stop,
    name: &str,
    work: impl FnOnce() -> Result<T, Ended> + Send + 'scope,
) -> Started<'scope, T> {
    let builder = Builder::new().name(name.to_owned());
    match builder.spawn_scoped(scope, move || guarded(stop, work)) {
        Ok(thread) => Some(thread),
        Err(error) => {
            stop.because(Error::Thread(error));
            None
        }
    }
}

/// What a thread returned.
pub(super) fn joined<T>(thread: Started<'_, T>) -> Result<T, Ended> {
    thread.and_then(|thread| thread.join().ok()).unwrap_or(Err(Ended))
}

/// Ends all threads when this one panics. None of them uses what the panic may have left in between.
fn guarded<T>(stop: &Stop, work: impl FnOnce() -> Result<T, Ended>) -> Result<T, Ended> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        stop.because(Error::Panicked);
        Err(Ended)
    })
}

/// What the walker met, many at once.
const MET: usize = 8;

/// Small files, several at once, and chunks, which are counted in bytes too.
const JOBS: usize = 64;

/// Large files.
const LARGE: usize = 16;

/// What was found, several at once.
const FOUND: usize = 64;

/// Memory of chunks that is kept for others.
const SPARE: usize = 2;

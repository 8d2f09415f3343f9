use crossbeam_channel::{Receiver, Sender};

use super::Ended;
use super::budget::Permit;
use super::read::{Cutter, FileJob, Sink, read_file};
use super::seal::Sealer;
use super::shared::Shared;
use super::trees::Found;
use crate::engine::Event;
use crate::format::{BlobKind, Id};

/// What a worker does next.
pub(super) enum Job<'a> {
    /// Reads files that are hardly worth more than one thread.
    Files(Vec<FileJob>),
    /// Stores a chunk of a large file.
    Chunk(Chunk<'a>),
}

/// A chunk of a file that another thread reads.
pub(super) struct Chunk<'a> {
    sequence: u64,
    index: u64,
    /// The chunk, and behind it space.
    bytes: Vec<u8>,
    length: usize,
    _permit: Permit<'a>,
}

/// Memory of chunks that were stored, for those that are read.
#[derive(Clone)]
pub(super) struct Spare {
    pub(super) put: Sender<Vec<u8>>,
    pub(super) take: Receiver<Vec<u8>>,
}

/// Does jobs until there are no more.
pub(super) fn work<'a>(
    shared: &'a Shared<'a>,
    (mut sealer, mut cutter): (Sealer<'a>, Cutter),
    jobs: &Receiver<Job<'a>>,
    found: &Sender<Vec<Found>>,
    spare: &Spare,
) -> Result<(), Ended> {
    for job in jobs {
        shared.go_on()?;
        match job {
            Job::Files(jobs) => {
                let mut ends = Vec::with_capacity(jobs.len());
                for job in jobs {
                    shared.go_on()?;
                    shared.observer.event(&Event::Path(&job.path));
                    let sequence = job.sequence;
                    let mut sink = StoredHere { shared, sealer: &mut sealer, chunks: Vec::new() };
                    let (_, end) = read_file(&job, &mut cutter, &mut sink)?;
                    ends.push(Found::File { sequence, chunks: sink.chunks, end });
                }
                tell(found, ends)?;
            }
            Job::Chunk(Chunk { sequence, index, bytes, length, _permit }) => {
                let id = sealer.store(BlobKind::Data, &bytes[..length])?;
                // Who has enough of them lets this one go.
                let _ = spare.put.try_send(bytes);
                shared.observer.event(&Event::Done { files: 0, bytes: length as u64 });
                tell(found, vec![Found::Chunk { sequence, index, id }])?;
            }
        }
    }
    Ok(())
}

/// Reads large files ahead of those who store them.
pub(super) fn read_large<'a>(
    shared: &'a Shared<'a>,
    mut cutter: Cutter,
    files: &Receiver<FileJob>,
    jobs: &Sender<Job<'a>>,
    (found, spare): (&Sender<Vec<Found>>, &Spare),
) -> Result<(), Ended> {
    for job in files {
        shared.go_on()?;
        shared.observer.event(&Event::Path(&job.path));
        let sequence = job.sequence;
        let mut sink = StoredByAll { shared, jobs, spare, sequence };
        let (sent, end) = read_file(&job, &mut cutter, &mut sink)?;
        tell(found, vec![Found::End { sequence, sent, end }])?;
    }
    Ok(())
}

struct StoredHere<'s, 'a> {
    shared: &'a Shared<'a>,
    sealer: &'s mut Sealer<'a>,
    chunks: Vec<Id>,
}

impl Sink for StoredHere<'_, '_> {
    fn take(&mut self, cutter: &mut Cutter, length: usize, _: u64) -> Result<(), Ended> {
        self.shared.go_on()?;
        let id = self.sealer.store(BlobKind::Data, cutter.front(length))?;
        cutter.pass(length);
        self.shared.observer.event(&Event::Done { files: 0, bytes: length as u64 });
        self.chunks.push(id);
        Ok(())
    }
}

struct StoredByAll<'s, 'a> {
    shared: &'a Shared<'a>,
    jobs: &'s Sender<Job<'a>>,
    spare: &'s Spare,
    sequence: u64,
}

impl Sink for StoredByAll<'_, '_> {
    fn take(&mut self, cutter: &mut Cutter, length: usize, index: u64) -> Result<(), Ended> {
        self.shared.go_on()?;
        let permit = self.shared.budget.take(cutter.held());
        let spare = self.spare.take.try_recv().unwrap_or_default();
        let bytes = cutter.detach(length, spare);
        let chunk = Chunk { sequence: self.sequence, index, bytes, length, _permit: permit };
        self.jobs.send(Job::Chunk(chunk)).map_err(|_| Ended)
    }
}

fn tell(found: &Sender<Vec<Found>>, what: Vec<Found>) -> Result<(), Ended> {
    found.send(what).map_err(|_| Ended)
}

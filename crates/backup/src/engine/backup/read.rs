use std::io;
use std::mem;
use std::ops::Range;
use std::path::PathBuf;

use super::Ended;
use crate::chunker::{Chunker, End};
use crate::source::{Content, Failure, MOST_READS, Metadata, Opened};

/// A file that has to be read.
#[derive(Debug)]
pub(super) struct FileJob {
    /// Its place among all entries.
    pub(super) sequence: u64,
    pub(super) path: PathBuf,
    pub(super) content: Box<dyn Content>,
}

/// What became of a file that was read.
#[derive(Debug)]
pub(super) enum FileEnd {
    /// It goes into its tree.
    Read {
        /// Which of the chunks that went to the sink are its content.
        chunks: Range<u64>,
        /// What the system said of it when it was opened.
        metadata: Box<Metadata>,
        /// How many bytes it has.
        size: u64,
        /// That it is no single state of the file.
        failure: Option<Failure>,
    },
    /// It cannot be read.
    Missing(Failure),
}

/// Who takes the chunks of a file.
pub(super) trait Sink {
    /// Takes the chunk of this length at the front of what was read; `index` counts the chunks of the file.
    fn take(&mut self, cutter: &mut Cutter, length: usize, index: u64) -> Result<(), Ended>;
}

/// Reads a file into chunks, again and again while it changes. With what became of it comes the number of chunks that
/// went to the sink.
pub(super) fn read_file(
    job: &FileJob,
    cutter: &mut Cutter,
    sink: &mut dyn Sink,
) -> Result<(u64, FileEnd), Ended> {
    let mut sent = 0;
    for read in 1..=MOST_READS {
        let first = sent;
        let (what, error) = match read_once(job, cutter, sink, &mut sent)? {
            Ok((metadata, size, as_opened)) if as_opened || read == MOST_READS => {
                let failure = (!as_opened).then(|| Failure::changed(&job.path));
                let end = FileEnd::Read { chunks: first..sent, metadata, size, failure };
                return Ok((sent, end));
            }
            Ok(_) => continue,
            Err(failed) => failed,
        };
        return Ok((sent, FileEnd::Missing(Failure::new(&job.path, what, error))));
    }
    Ok((sent, FileEnd::Missing(Failure::changed(&job.path))))
}

/// What the system says of the file, its size, and whether it is as it was opened; or what could not be done.
type ReadOnce = Result<(Box<Metadata>, u64, bool), (&'static str, io::Error)>;

fn read_once(
    job: &FileJob,
    cutter: &mut Cutter,
    sink: &mut dyn Sink,
    sent: &mut u64,
) -> Result<ReadOnce, Ended> {
    cutter.restart();
    let mut file = match job.content.open() {
        Ok(file) => file,
        Err(error) => return Ok(Err(("open", error))),
    };
    let mut size = 0;
    loop {
        match cutter.next_cut(&mut *file) {
            Ok(Some(length)) => {
                sink.take(cutter, length, *sent)?;
                *sent += 1;
                size += length as u64;
            }
            Ok(None) => break,
            Err(error) => return Ok(Err(("read", error))),
        }
    }
    Ok(match file.is_as_opened() {
        Ok(as_opened) => Ok((Box::new(file.metadata().clone()), size, as_opened)),
        Err(error) => Err(("read", error)),
    })
}

/// Reads files ahead and cuts them; its memory is used again.
pub(super) struct Cutter {
    chunker: Box<dyn Chunker>,
    /// What was read, and behind it space to read into.
    ahead: Vec<u8>,
    filled: usize,
    ended: bool,
}

impl Cutter {
    pub(super) fn new(chunker: Box<dyn Chunker>) -> Self {
        Self { chunker, ahead: Vec::new(), filled: 0, ended: false }
    }

    /// The bytes of the chunk at the front.
    pub(super) fn front(&self, length: usize) -> &[u8] {
        &self.ahead[..length]
    }

    /// How much memory is held for what was read.
    pub(super) fn held(&self) -> usize {
        self.ahead.len()
    }

    /// Goes on behind the chunk at the front.
    pub(super) fn pass(&mut self, length: usize) {
        self.ahead.copy_within(length..self.filled, 0);
        self.filled -= length;
    }

    /// The chunk at the front, in memory of its own: its first `length` bytes. What comes behind it goes into `spare`.
    pub(super) fn detach(&mut self, length: usize, mut spare: Vec<u8>) -> Vec<u8> {
        let behind = &self.ahead[length..self.filled];
        if spare.len() < behind.len() {
            spare.resize(behind.len(), 0);
        }
        spare[..behind.len()].copy_from_slice(behind);
        self.filled -= length;
        mem::replace(&mut self.ahead, spare)
    }

    fn restart(&mut self) {
        self.chunker.restart();
        self.filled = 0;
        self.ended = false;
    }

    /// Reads until the next chunk is known. Without one, the file was read to its end.
    fn next_cut(&mut self, file: &mut dyn Opened) -> io::Result<Option<usize>> {
        loop {
            let end = if self.ended { End::Reached } else { End::Open };
            if let Some(length) = self.chunker.next_cut(&self.ahead[..self.filled], end) {
                return Ok(Some(length));
            }
            if self.ended {
                return Ok(None);
            }
            self.read(file)?;
        }
    }

    fn read(&mut self, file: &mut dyn Opened) -> io::Result<()> {
        if self.ahead.len() < self.filled + LEAST_READ {
            self.ahead.resize(self.filled + STEP, 0);
        }
        match file.read(&mut self.ahead[self.filled..]) {
            Ok(0) => self.ended = true,
            Ok(length) => self.filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Small files, which are most, are read at once, and with a second look that finds the end.
const STEP: usize = (512 << 10) + LEAST_READ;

/// Reads of less than this are not worth a call of the system.
const LEAST_READ: usize = 64 << 10;

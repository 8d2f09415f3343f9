//! What a command writes, as a file.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use super::path::absolute;
use super::process::{Output, Running};
use super::{
    Content, Entry, EntryKind, Failure, FileTime, Metadata, Opened, Program, Source, SourceError,
};

/// What a command writes to its standard output, as a file of the snapshot.
///
/// There is a snapshot only if the command ends with success: half a dump is none. Otherwise what it said is in the
/// error. It is ended with all of its process group when its time is over or the backup fails.
#[derive(Debug)]
pub struct CommandStdout {
    path: PathBuf,
    program: Program,
    taken: FileTime,
    running: Option<Running>,
    output: Arc<Mutex<State>>,
    entries: VecDeque<Entry>,
}

/// Where the output is.
#[derive(Debug)]
enum State {
    NotStarted,
    Waits(Output),
    /// Somebody reads it, or gave up.
    Taken,
    Read,
}

#[derive(Debug)]
struct CommandContent {
    metadata: Metadata,
    output: Arc<Mutex<State>>,
}

struct CommandOutput {
    metadata: Metadata,
    output: Output,
    state: Arc<Mutex<State>>,
}

impl CommandStdout {
    /// Backs up what a program writes as a file of this path and this time.
    ///
    /// # Errors
    ///
    /// When the path is not absolute.
    pub fn new(
        path: impl AsRef<Path>,
        program: Program,
        taken: FileTime,
    ) -> Result<Self, SourceError> {
        let path = absolute(path.as_ref())?;
        if path.parent().is_none() {
            return Err(SourceError::NotAbsolute { path });
        }
        let output = Arc::new(Mutex::new(State::NotStarted));
        Ok(Self { path, program, taken, running: None, output, entries: VecDeque::new() })
    }

    fn metadata(&self, kind: EntryKind, mode: u32) -> Metadata {
        let (modified, changed, accessed) = (self.taken, self.taken, self.taken);
        Metadata { modified, changed, accessed, ..Metadata::plain(kind, mode) }
    }
}

impl Source for CommandStdout {
    fn paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }

    fn claims(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        let (running, output) = self.program.start(Stdio::piped())?;
        self.running = Some(running);
        self.output = Arc::new(Mutex::new(output.map_or(State::Taken, State::Waits)));

        let metadata = self.metadata(EntryKind::File, 0o644);
        let content =
            CommandContent { metadata: metadata.clone(), output: Arc::clone(&self.output) };
        let content: Box<dyn Content> = Box::new(content);
        let file = Entry { path: self.path.clone(), metadata, content: Some(content) };
        let way = self.path.ancestors().skip(1).filter(|path| path.parent().is_some());
        let metadata = self.metadata(EntryKind::Directory, 0o755);
        let directory = |path: &Path| Entry {
            path: path.to_owned(),
            metadata: metadata.clone(),
            content: None,
        };
        let mut entries: VecDeque<_> = way.map(directory).collect();
        entries.make_contiguous().reverse();
        entries.push_back(file);
        self.entries = entries;
        Ok(())
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        self.entries.pop_front().map(Ok)
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        let program = || self.program.program.to_string_lossy().into_owned();
        // A command that nobody reads from would wait for ever.
        let state = std::mem::replace(&mut *lock(&self.output), State::Taken);
        let was_read = matches!(state, State::Read);
        drop(state);
        let Some(mut running) = self.running.take() else {
            return Err(SourceError::NotRead { program: program() });
        };
        running.finish()?;
        if was_read { Ok(()) } else { Err(SourceError::NotRead { program: program() }) }
    }
}

impl Content for CommandContent {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        let mut state = lock(&self.output);
        let output = match std::mem::replace(&mut *state, State::Taken) {
            State::Waits(output) => output,
            other => {
                *state = other;
                return Err(io::Error::other("what a command writes can be read once only"));
            }
        };
        let metadata = self.metadata.clone();
        Ok(Box::new(CommandOutput { metadata, output, state: Arc::clone(&self.output) }))
    }

    fn is_told_by_metadata(&self) -> bool {
        false
    }
}

impl Opened for CommandOutput {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Read for CommandOutput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.output.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            *lock(&self.state) = State::Read;
        }
        Ok(read)
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Signals for the program, which come to its holder.

use std::io::{self, PipeReader, PipeWriter, Write as _};
use std::pin::Pin;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// What is caught from now on.
pub(super) struct Signals {
    /// Each byte is the number of one.
    pub(super) source: PipeReader,
    /// Takes them, until the process ends.
    pub(super) waiting: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(super) runtime: Runtime,
}

impl Signals {
    /// Catches every signal by which somebody may ask for something.
    pub(super) fn catch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (source, way) = io::pipe()?;
        let mut caught = Vec::new();
        let inside = runtime.enter();
        for number in PASSED_ON {
            caught.push((number, signal(SignalKind::from_raw(number.into()))?, way.try_clone()?));
        }
        drop(inside);
        let waiting = Box::pin(async move {
            let mut tasks = JoinSet::new();
            for (number, mut stream, way) in caught {
                tasks.spawn(async move {
                    while stream.recv().await.is_some() {
                        pass(&way, number);
                    }
                });
            }
            tasks.join_all().await;
        });
        Ok(Self { source, waiting, runtime })
    }
}

fn pass(mut way: &PipeWriter, number: u8) {
    // Who reads them has ended.
    let _ = way.write_all(&[number]);
}

/// HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CONT, TSTP and WINCH: the others tell of faults or of the holder's own affairs.
const PASSED_ON: [u8; 10] = [1, 2, 3, 10, 12, 14, 15, 18, 20, 28];

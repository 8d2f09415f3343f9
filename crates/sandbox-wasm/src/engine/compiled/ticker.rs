use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wardkit_sandbox::SandboxError;
use wasmtime::Engine;

/// A thread that makes running code look at the clock; it rests while nothing runs.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// Something runs, until this is dropped.
pub(super) struct Ticking(Arc<Ticker>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    ends: bool,
}

impl Ticker {
    pub(super) fn start(engine: Engine) -> Result<Self, SandboxError> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("plugin-ticks".into())
            .spawn(move || tick(&theirs, &engine))
            .map_err(|source: io::Error| SandboxError::Setup {
                step: "starting the ticks",
                source,
            })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn run(ticker: &Arc<Self>) -> Ticking {
        let mut state = ticker.shared.lock();
        state.running += 1;
        if state.running == 1 {
            ticker.shared.changed.notify_one();
        }
        drop(state);
        Ticking(Arc::clone(ticker))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().ends = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic, and if it did, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.shared.lock().running -= 1;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tick(shared: &Shared, engine: &Engine) {
    let mut state = shared.lock();
    while !state.ends {
        if state.running == 0 {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let waited = shared.changed.wait_timeout(state, TICK);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        engine.increment_epoch();
    }
}

/// A tenth of the time in which a call has to end after its deadline.
const TICK: Duration = Duration::from_millis(5);

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Refused};

use crate::abi;

/// Puts a module's questions to whoever answers them.
#[derive(Clone)]
pub(crate) struct Asker {
    capabilities: Arc<dyn Capabilities>,
    granted: Arc<BTreeSet<String>>,
    questions: Questions,
}

/// How questions are put.
#[derive(Clone, Debug)]
pub(crate) enum Questions {
    /// Each on a thread of its own, so that one that takes too long holds nobody up.
    Apart {
        /// Those that are being answered, also when nobody waits for them any more.
        open: Arc<AtomicUsize>,
        most: usize,
    },
    /// On the thread that asks, where whoever answers keeps the deadline.
    Here,
}

impl Asker {
    pub(crate) fn new(
        capabilities: Arc<dyn Capabilities>,
        granted: Arc<BTreeSet<String>>,
        questions: Questions,
    ) -> Self {
        Self { capabilities, granted, questions }
    }

    /// Returns the name when it was granted and is one to be asked for.
    pub(crate) fn granted(&self, name: &[u8]) -> Option<String> {
        let name = std::str::from_utf8(name).ok()?;
        let has_an_import = [abi::LOG, abi::CLOCK, abi::RANDOM].contains(&name);
        (!has_an_import && self.granted.contains(name)).then(|| name.to_owned())
    }

    pub(crate) fn ask(
        &self,
        name: &str,
        request: &[u8],
        deadline: Duration,
    ) -> Result<Vec<u8>, Refused> {
        let failed = |why: &str| Refused::Failed(why.into());
        let Questions::Apart { open, most } = &self.questions else {
            return self.capabilities.ask(name, request, deadline);
        };
        let open = Open::enter(open, *most).ok_or_else(|| failed("too many questions are open"))?;
        let (send, receive) = sync_channel(1);
        let capabilities = Arc::clone(&self.capabilities);
        let (name, request) = (name.to_owned(), request.to_vec());
        thread::Builder::new()
            .name("plugin-ask".into())
            .spawn(move || {
                let answer = capabilities.ask(&name, &request, deadline);
                drop(open);
                // Nobody listens any more when the deadline has passed.
                let _ = send.send(answer);
            })
            .map_err(|_| failed("there is no thread for it"))?;
        match receive.recv_timeout(deadline) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(failed("it took too long")),
            Err(RecvTimeoutError::Disconnected) => Err(failed("whoever answers has failed")),
        }
    }
}

/// One open question; closed also when whoever answers panics.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn enter(open: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let entered = open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < most).then_some(n + 1));
        entered.is_ok().then(|| Self(Arc::clone(open)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

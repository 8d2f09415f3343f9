//! Who keeps a program to its deadline and its share: the loop that watches over it and, while the loop is handing on what
//! the program gave, a thread in its place.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};
use std::time::Duration;

use wardkit_core::Clock;

use super::throttle::Throttle;
use crate::native::start::Running;

pub(crate) struct Guard<'a> {
    running: &'a Running,
    clock: &'a dyn Clock,
    deadline: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    throttle: Option<Throttle>,
    turn: Turn,
    has_relief: bool,
}

/// Whose turn it is to look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Loop,
    Relief,
    /// The program is about to be reaped, and its number may be another's soon.
    Nobody,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(
        running: &'a Running,
        clock: &'a dyn Clock,
        deadline: Duration,
        throttle: Option<Throttle>,
    ) -> Self {
        let state = State { throttle, turn: Turn::Loop, has_relief: false };
        Self { running, clock, deadline, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Stops or continues the program as its share demands; returns when to look again. `None` at its deadline.
    pub(crate) fn step(&self, now: Duration) -> Option<Duration> {
        self.look(&mut self.lock(), now)
    }

    /// Passes something on while another thread looks at the clock. Whoever never passes anything on has no such thread.
    pub(crate) fn pass_on<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        pass: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.lock().has_relief {
            Builder::new().name("sandbox-guard".into()).spawn_scoped(scope, || self.relieve())?;
            self.lock().has_relief = true;
        }
        let _turn = Passing::begin(self);
        pass()
    }

    /// From here on nobody stops, continues or ends the program.
    pub(crate) fn end(&self) {
        self.give(Turn::Nobody);
    }

    /// Returns how long the program stood still for want of a share.
    pub(crate) fn stood_still(&self) -> Option<Duration> {
        self.lock().throttle.as_ref().map(|throttle| throttle.stood_still)
    }

    fn relieve(&self) {
        let mut state = self.lock();
        loop {
            state = match state.turn {
                Turn::Nobody => return,
                Turn::Loop => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Turn::Relief => {
                    let now = self.clock.uptime();
                    let Some(wake) = self.look(&mut state, now) else {
                        // The loop finds out when it comes back.
                        self.running.kill();
                        return;
                    };
                    let longest = wake.saturating_sub(now);
                    let waited = self.changed.wait_timeout(state, longest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn look(&self, state: &mut State, now: Duration) -> Option<Duration> {
        if now >= self.deadline {
            return None;
        }
        let throttled = state.throttle.as_mut().map(|throttle| throttle.step(now, self.running));
        Some(throttled.map_or(self.deadline, |wake| wake.min(self.deadline)))
    }

    fn give(&self, turn: Turn) {
        self.lock().turn = turn;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While something is passed on; also when that panics, it ends.
struct Passing<'a>(&'a Guard<'a>);

impl<'a> Passing<'a> {
    fn begin(guard: &'a Guard<'a>) -> Self {
        guard.give(Turn::Relief);
        Self(guard)
    }
}

impl Drop for Passing<'_> {
    fn drop(&mut self) {
        self.0.give(Turn::Loop);
    }
}

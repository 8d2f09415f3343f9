//! What is measured: each topic with the same work for every subject that can do it.

mod asynchronous;
mod blocking;
mod breaker;
pub mod history;
mod masking;
pub mod metrics;
mod ours;
mod pipeline;
mod policy;
pub mod validation;

use std::fmt;
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use seatbelt::RecoveryInfo;
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::rounds::Case;

/// A table of the report.
pub struct Topic {
    /// Names the table, and the criterion group.
    pub name: &'static str,
    /// What one measured time consists of.
    pub what: &'static str,
    /// What wardkit shall not exceed.
    pub goal: Option<Goal>,
    /// The length of the text, where one time is about one.
    pub bytes: Option<u32>,
    /// The subjects.
    pub cases: Vec<Case>,
}

/// A limit on wardkit's own row, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// On the median itself.
    Nanos(f64),
    /// On the difference to the plain call.
    NanosOverPlain(f64),
    /// On the median as a multiple of this peer's.
    Times(f64, &'static str),
}

/// Returns every topic of the retry report, in its order.
#[must_use]
pub fn topics() -> Vec<Topic> {
    vec![
        blocking::topic(),
        asynchronous::topic(),
        policy::build(),
        policy::delays(),
        pipeline::topic(),
        breaker::closed(),
        breaker::open(),
    ]
}

/// The error of the measured call. It does not occur, but the compiler cannot know that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("busy")
    }
}

impl std::error::Error for Busy {}

impl wardkit_core::Transient for Busy {
    fn is_transient(&self) -> bool {
        true
    }
}

/// The call that everything is wrapped around: succeeds for every input but one.
#[inline(never)]
fn call(input: u64) -> Result<u64, Busy> {
    if black_box(input) == u64::MAX { Err(Busy) } else { Ok(input ^ 1) }
}

/// The same as a future that is ready at once.
async fn call_async(input: u64) -> Result<u64, Busy> {
    call(input)
}

/// Polls a future that does not wait.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a call that succeeds at once has nothing to wait for"),
    }
}

/// Sends `input` through a tower service that does not wait, as tower demands: readiness first.
fn ready_call<S: Service<u64>>(service: &mut S, input: u64) -> Result<S::Response, S::Error> {
    ready(async {
        std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(input).await
    })
}

/// What seatbelt is told of a result.
fn recovery(result: &Result<u64, Busy>) -> RecoveryInfo {
    match result {
        Ok(_) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}

/// The clock of the crate that takes one, on a runtime of this process.
fn clock() -> tick::Clock {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("this host has threads and timers")
    });
    let _entered = RUNTIME.enter();
    tick::Clock::new_tokio()
}

/// Calls `once` for each of `times` inputs and keeps the compiler from leaving out what it returns.
fn repeat<T>(times: u64, mut once: impl FnMut(u64) -> T) {
    for input in 0..times {
        black_box(once(black_box(input)));
    }
}

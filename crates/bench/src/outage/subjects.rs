//! The clients of the simulation: each crate's default where it has one, through its own asynchronous driver.

use std::cell::OnceCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use backon::Retryable;
use tokio_retry2::RetryError;
use tokio_retry2::strategy::{ExponentialFactorBackoff, jitter};
use tower_resilience::retry::RetryLayer;
use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, ByTransient, Idempotency, Retry, RetryPolicy,
};

use super::clock::VirtualClock;
use super::{Client, Server, Subject};
use crate::cases::Busy;
use crate::report::OURS;

/// Returns the crates under test: those without retries first, ours with everything last.
///
/// Not among them are the crates that cannot run in virtual time: seatbelt's timers go by the system's clock.
#[must_use]
pub fn subjects() -> Vec<Subject> {
    vec![
        subject("no retry", "one attempt a call", |_| {
            |server: Arc<Server>| async move { server.attempt().is_ok() }
        }),
        subject("backon", "its default: 3 retries after 1, 2, 4 s, no jitter", |_| backon),
        subject("backon", "the same, with jitter", |_| backon_with_jitter),
        subject("backoff", "its default: until 15 minutes have passed", |_| backoff),
        subject("tokio-retry2", "it has none: 3 retries from 0.5 s, doubling, with jitter", |_| {
            tokio_retry2
        }),
        subject("tower-resilience", "its default: 2 retries after 0.1, 0.2 s, no jitter", |_| {
            tower_resilience
        }),
        ours("http preset alone", policy),
        ours("http preset and default budget", |seed| policy(seed).with_budget(budget())),
        in_one_process(),
        ours("http preset, default budget and breaker", |seed| {
            policy(seed).with_budget(budget()).with_breaker(breaker(seed))
        }),
    ]
}

/// Wraps a function that makes clients; a client is a function that makes calls.
fn subject<C, F>(
    name: &'static str,
    policy: &'static str,
    client: impl Fn(u32) -> C + 'static,
) -> Subject
where
    C: Fn(Arc<Server>) -> F + 'static,
    F: Future<Output = bool> + 'static,
{
    Subject { name, policy, client: Box::new(move |number| Rc::new(Function(client(number)))) }
}

struct Function<C>(C);

impl<C: Fn(Arc<Server>) -> F, F: Future<Output = bool> + 'static> Client for Function<C> {
    fn call(&self, server: Arc<Server>) -> Pin<Box<dyn Future<Output = bool>>> {
        Box::pin((self.0)(server))
    }
}

async fn backon(server: Arc<Server>) -> bool {
    let attempt = || async { server.attempt() };
    attempt.retry(backon::ExponentialBuilder::default()).await.is_ok()
}

async fn backon_with_jitter(server: Arc<Server>) -> bool {
    let attempt = || async { server.attempt() };
    attempt.retry(backon::ExponentialBuilder::default().with_jitter()).await.is_ok()
}

async fn backoff(server: Arc<Server>) -> bool {
    let attempt = || async { server.attempt().map_err(backoff::Error::transient) };
    backoff::future::retry(backoff::ExponentialBackoff::default(), attempt).await.is_ok()
}

async fn tokio_retry2(server: Arc<Server>) -> bool {
    let waits = ExponentialFactorBackoff::from_millis(500, 2.0).map(jitter).take(3);
    let attempt = || async { server.attempt().map_err(RetryError::<Busy>::transient) };
    tokio_retry2::Retry::spawn(waits, attempt).await.is_ok()
}

async fn tower_resilience(server: Arc<Server>) -> bool {
    let layer = RetryLayer::<Arc<Server>, u64, Busy>::builder().build();
    let service = tower::service_fn(|server: Arc<Server>| async move { server.attempt() });
    tower::ServiceExt::oneshot(tower::Layer::layer(&layer, service), server).await.is_ok()
}

type OurRetry = Retry<ByTransient, VirtualClock>;

fn ours(policy: &'static str, retry: impl Fn(u64) -> OurRetry + 'static) -> Subject {
    subject(OURS, policy, move |number| {
        let retry = Rc::new(retry(u64::from(number)));
        move |server: Arc<Server>| {
            let retry = Rc::clone(&retry);
            async move { retry.run(|| async { server.attempt() }).await.is_ok() }
        }
    })
}

/// The same clients as callers within one process, which share a breaker and a budget.
fn in_one_process() -> Subject {
    let shared = OnceCell::new();
    ours("http preset, one default budget and breaker for all clients", move |seed| {
        let (budget, breaker) = shared.get_or_init(|| (budget(), breaker(0)));
        policy(seed).with_budget(Arc::clone(budget)).with_breaker(Arc::clone(breaker))
    })
}

fn policy(seed: u64) -> OurRetry {
    let retry =
        Retry::new(RetryPolicy::http(), Idempotency::Safe).expect("the preset is a valid policy");
    retry.with_clock(VirtualClock::new(seed))
}

fn budget() -> Arc<Budget> {
    Arc::new(Budget::new(BudgetConfig::default()).expect("the default is a valid budget"))
}

fn breaker(seed: u64) -> Arc<Breaker> {
    let breaker =
        Breaker::new("server", BreakerConfig::default()).expect("the default is a valid breaker");
    Arc::new(breaker.with_seed(seed))
}

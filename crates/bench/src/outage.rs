//! A minute without the server: what a thousand clients do to it, and how fast they are back.
//!
//! The crates' own drivers run, as shipped, in tokio's virtual time; only the server and the arrival of calls are
//! modelled. See [`Model`] for what is assumed.

mod clock;
pub mod subjects;

use std::cell::RefCell;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep_until};

use crate::cases::Busy;

/// What is simulated. Every client makes about one call a second, at its own pace, whatever became of its earlier
/// calls. The server answers or refuses at once.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// How many clients there are. Each has a policy, and a breaker and a budget where its crate has one, of its own.
    pub clients: u32,
    /// When the server begins to refuse everything.
    pub down_from: Duration,
    /// When it answers again.
    pub down_until: Duration,
    /// When no more calls are made.
    pub end: Duration,
    /// The calls that the server answers in a tenth of a second; it refuses what comes beyond.
    pub capacity: u32,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            clients: 1_000,
            down_from: Duration::from_secs(10),
            down_until: Duration::from_secs(70),
            end: Duration::from_secs(130),
            // Twice the load without retries.
            capacity: 200,
        }
    }
}

/// One client of one crate.
pub trait Client {
    /// Makes one call to `server`, with as many attempts as the policy allows, and returns whether it succeeded.
    fn call(&self, server: Arc<Server>) -> Pin<Box<dyn Future<Output = bool>>>;
}

/// A crate under test.
pub struct Subject {
    /// The crate.
    pub name: &'static str,
    /// Its policy.
    pub policy: &'static str,
    /// Makes a client; the number tells the clients apart.
    pub client: Box<dyn Fn(u32) -> Rc<dyn Client>>,
}

/// What one crate's clients did.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The crate.
    pub name: &'static str,
    /// Its policy.
    pub policy: &'static str,
    /// The attempts during the outage, per call that was made meanwhile.
    pub load: f64,
    /// The fullest tenth of a second of the outage, per tenth of a second without retries.
    pub burst: f64,
    /// The fullest tenth of a second from the tenth second of the outage on, when the first burst is over: per mean,
    /// or per tenth of a second without retries where that is more, for a peak in next to no load is no wave.
    pub wave: f64,
    /// The fullest tenth of a second in the ten seconds after the outage, per tenth of a second without retries.
    pub return_wave: f64,
    /// How long after the outage more than one call of a hundred was still not good; `None` if to the end.
    pub recovery: Option<Duration>,
    /// The share of the calls made during the outage that succeeded in the end.
    pub rescued: f64,
}

/// The server: counts attempts, refuses them while it is down or full.
pub struct Server {
    model: Model,
    start: Instant,
    attempts: Mutex<Vec<u32>>,
}

impl Server {
    fn new(model: Model) -> Self {
        Self { model, start: Instant::now(), attempts: Mutex::default() }
    }

    /// Takes one attempt.
    ///
    /// # Errors
    ///
    /// Returns [`Busy`] while the server is down or full.
    pub fn attempt(&self) -> Result<u64, Busy> {
        let now = self.start.elapsed();
        let up = now < self.model.down_from || now >= self.model.down_until;
        let count = count_in(&mut self.attempts(), bin(now));
        if up && count <= self.model.capacity { Ok(1) } else { Err(Busy) }
    }

    fn attempts(&self) -> MutexGuard<'_, Vec<u32>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls that were made in one tenth of a second, and what became of them.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    made: u32,
    succeeded: u32,
    /// Those that succeeded within [`GOOD_WITHIN`].
    good: u32,
}

/// Runs the model with the clients of one crate.
///
/// # Panics
///
/// Panics when a client does.
#[must_use]
pub fn simulate(model: Model, subject: &Subject) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("this host has threads and timers");
    let (attempts, calls) = LocalSet::new().block_on(&runtime, run(model, subject));
    judge(model, subject, &attempts, &calls)
}

fn judge(model: Model, subject: &Subject, attempts: &[u32], calls: &[Calls]) -> Outcome {
    let outage = bin(model.down_from)..bin(model.down_until);
    let settled = bin(model.down_from + SETTLING)..outage.end;
    let after = outage.end..bin(model.down_until + Duration::from_secs(10));
    let usual = f64::from(model.clients) / f64::from(BINS_PER_SECOND);
    let (total, peak) = total_and_peak(attempts, &outage);
    let (settled_total, settled_peak) = total_and_peak(attempts, &settled);
    let settled_bins = f64::from(u32::try_from(settled.len()).unwrap_or(u32::MAX));
    let sum = |of: fn(&Calls) -> u32| f64::from(calls[outage.clone()].iter().map(of).sum::<u32>());
    Outcome {
        name: subject.name,
        policy: subject.policy,
        load: total / sum(|calls| calls.made),
        burst: peak / usual,
        wave: settled_peak / usual.max(settled_total / settled_bins),
        return_wave: total_and_peak(attempts, &after).1 / usual,
        recovery: recovery(&calls[outage.end..]),
        rescued: sum(|calls| calls.succeeded) / sum(|calls| calls.made),
    }
}

/// Returns when the last tenth of a second with too few good calls was over; `None` when it is the very last.
fn recovery(calls: &[Calls]) -> Option<Duration> {
    let is_bad = |calls: &Calls| (calls.made - calls.good) * 100 > calls.made;
    let bad = calls.iter().rposition(is_bad).map_or(0, |at| at + 1);
    (bad < calls.len()).then(|| BIN * u32::try_from(bad).unwrap_or(u32::MAX))
}

/// What the clients share: the server, and the books about their calls.
struct World {
    server: Arc<Server>,
    calls: RefCell<Vec<Calls>>,
}

/// Runs the model and returns the attempts and the calls of each tenth of a second.
async fn run(model: Model, subject: &Subject) -> (Vec<u32>, Vec<Calls>) {
    let calls = RefCell::new(vec![Calls::default(); bin(model.end)]);
    let world = Rc::new(World { server: Arc::new(Server::new(model)), calls });
    let clients = (0..model.clients).map(|number| {
        let (first, period) = pace(number, model.clients);
        spawn_local(make_calls(Rc::clone(&world), (subject.client)(number), first, period))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("no client panics");
    }
    let attempts = std::mem::take(&mut *world.server.attempts());
    (attempts, world.calls.take())
}

/// Returns when a client makes its first call, and how long it is between its calls: 0.9 to 1.1 s, spread evenly, so
/// that clients do not stay in step. Whole milliseconds, which is what tokio's timers count.
fn pace(number: u32, clients: u32) -> (Duration, Duration) {
    // Multiples of the golden ratio's fraction, here of 2^32, fill an interval evenly and in no visible order.
    let scattered = number.wrapping_mul(0x9e37_79b9);
    let period = 900 + ((u64::from(scattered) * 200) >> 32);
    let first = period * u64::from(number) / u64::from(clients);
    (Duration::from_millis(first), Duration::from_millis(period))
}

/// Makes the calls of one client, and waits for the end of all of them.
async fn make_calls(world: Rc<World>, client: Rc<dyn Client>, first: Duration, period: Duration) {
    let mut under_way = Vec::new();
    let mut at = first;
    while at < world.server.model.end {
        sleep_until(world.server.start + at).await;
        under_way.push(spawn_local(make_call(Rc::clone(&world), Rc::clone(&client), at)));
        at += period;
    }
    for call in under_way {
        call.await.expect("no call panics");
    }
}

async fn make_call(world: Rc<World>, client: Rc<dyn Client>, start: Duration) {
    world.calls.borrow_mut()[bin(start)].made += 1;
    let succeeded = client.call(Arc::clone(&world.server)).await;
    let took = world.server.start.elapsed().saturating_sub(start);
    let calls = &mut world.calls.borrow_mut()[bin(start)];
    calls.succeeded += u32::from(succeeded);
    calls.good += u32::from(succeeded && took <= GOOD_WITHIN);
}

fn bin(at: Duration) -> usize {
    usize::try_from(at.as_nanos() / BIN.as_nanos()).unwrap_or(usize::MAX)
}

fn count_in(bins: &mut Vec<u32>, at: usize) -> u32 {
    if bins.len() <= at {
        bins.resize(at + 1, 0);
    }
    bins[at] += 1;
    bins[at]
}

/// The attempts of a range, and those of its fullest bin. Bins beyond the last attempt are empty.
fn total_and_peak(bins: &[u32], range: &Range<usize>) -> (f64, f64) {
    let bins = &bins[range.start.min(bins.len())..range.end.min(bins.len())];
    (f64::from(bins.iter().sum::<u32>()), f64::from(bins.iter().copied().max().unwrap_or_default()))
}

const BIN: Duration = Duration::from_millis(100);
const BINS_PER_SECOND: u32 = 10;

/// By then clients that saved up retries have spent them.
const SETTLING: Duration = Duration::from_secs(10);

/// A call is good when it has succeeded within this time: who waits longer counts it as failed.
pub const GOOD_WITHIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// A small model, so that the tests are fast without optimisation.
    fn small() -> Model {
        Model {
            clients: 50,
            down_from: Duration::from_secs(2),
            down_until: Duration::from_secs(22),
            end: Duration::from_secs(30),
            capacity: 10,
        }
    }

    fn outcome_of(name: &str) -> Outcome {
        let subject =
            subjects::subjects().into_iter().find(|subject| subject.name == name).unwrap();
        simulate(small(), &subject)
    }

    #[test]
    fn without_retries_the_load_is_the_calls_and_nothing_is_rescued() {
        let outcome = outcome_of("no retry");
        assert_eq!(
            [outcome.load, outcome.rescued].map(f64::to_bits),
            [1.0_f64, 0.0].map(f64::to_bits)
        );
        assert!(
            [outcome.burst, outcome.wave, outcome.return_wave].iter().all(|peak| *peak < 3.0),
            "{outcome:?}"
        );
        assert_eq!(outcome.recovery, Some(Duration::ZERO));
    }

    #[test]
    fn a_thousand_clients_keep_the_load_even_without_retries() {
        let mut bins = vec![0; 1_000];
        for number in 0..1_000 {
            let (phase, period) = pace(number, 1_000);
            (0..120)
                .map(|call| bin(phase + period * call))
                .filter(|at| *at < 1_000)
                .for_each(|at| bins[at] += 1);
        }
        let (total, peak) = total_and_peak(&bins, &(0..1_000));
        assert!((total / 1_000.0 - 100.0).abs() < 1.0 && peak < 130.0, "{total} {peak}");
    }

    #[test]
    fn three_retries_multiply_the_load() {
        let outcome = outcome_of("backon");
        // Calls of the last seven seconds have some of their retries after the outage.
        assert!((2.5..=4.0).contains(&outcome.load), "{outcome:?}");
        assert!(outcome.rescued > 0.0, "{outcome:?}");
    }

    #[test]
    fn our_clients_with_a_breaker_do_the_same_in_every_run() {
        let subject = subjects::subjects().pop().unwrap();
        assert_eq!(subject.name, crate::report::OURS);
        let outcome = simulate(small(), &subject);
        assert_eq!(outcome, simulate(small(), &subject));
        assert!(outcome.load < 1.1, "{outcome:?}");
    }

    #[test]
    fn recovery_ends_with_the_last_bad_tenth_of_a_second() {
        let (bad, fair) = (
            Calls { made: 100, succeeded: 98, good: 98 },
            Calls { made: 100, succeeded: 99, good: 99 },
        );
        assert_eq!(recovery(&[bad, fair, bad, fair]), Some(Duration::from_millis(300)));
        assert_eq!(recovery(&[fair]), Some(Duration::ZERO));
        assert_eq!(recovery(&[fair, bad]), None);
    }
}

//! A target that goes down for a while, and the clients that call it: deterministic, on simulated time.
//!
//! Clients are closures, so that any retry library with an exchangeable sleep can stand in for this crate's.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use wardkit_core::Clock;
use wardkit_retry::{SleepAsync, TestClock};

/// A request under way; true when it was answered.
pub(super) type Request = Pin<Box<dyn Future<Output = bool>>>;
/// A client: starts a request to the target.
pub(super) type Client = Rc<dyn Fn(Rc<Target>) -> Request>;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    /// How many clients there are; each is a process of its own.
    pub(super) clients: u64,
    /// The mean time between two requests of one client, which come at random.
    pub(super) pause: Duration,
    /// How long all is well at first.
    pub(super) before: Duration,
    /// How long the target is down.
    pub(super) outage: Duration,
    /// How long all is well again.
    pub(super) after: Duration,
    /// The seed of everything random.
    pub(super) seed: u64,
}

impl Scenario {
    /// A thousand clients, half a second between requests, an outage of a minute.
    pub(super) const STANDARD: Self = Self {
        clients: 1_000,
        pause: Duration::from_millis(500),
        before: Duration::from_secs(20),
        outage: Duration::from_mins(1),
        after: Duration::from_secs(20),
        seed: 1,
    };

    fn end_of_outage(&self) -> Duration {
        self.before + self.outage
    }

    fn end(&self) -> Duration {
        self.end_of_outage() + self.after
    }

    fn is_down(&self, at: Duration) -> bool {
        (self.before..self.end_of_outage()).contains(&at)
    }
}

/// What came of it, in bins of 100 ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// Attempts that reached the target.
    pub(super) attempts: Vec<u64>,
    /// Requests by the time at which they began, and how many of these were answered.
    pub(super) requests: Vec<(u64, u64)>,
}

pub(super) const BIN: Duration = Duration::from_millis(100);

fn bin(at: Duration) -> usize {
    usize::try_from(at.as_nanos() / BIN.as_nanos()).unwrap()
}

impl Report {
    /// Attempts between two points in time.
    pub(super) fn attempts_between(&self, from: Duration, to: Duration) -> u64 {
        self.attempts[bin(from)..bin(to)].iter().sum()
    }

    /// Attempts of the fullest bin between two points in time, over those of the mean one.
    pub(super) fn peak_over_mean(&self, from: Duration, to: Duration) -> f64 {
        let bins = bin(to) - bin(from);
        self.peak(from, to) * bins as f64 / self.attempts_between(from, to) as f64
    }

    /// Attempts of the fullest bin between two points in time.
    pub(super) fn peak(&self, from: Duration, to: Duration) -> f64 {
        *self.attempts[bin(from)..bin(to)].iter().max().unwrap() as f64
    }

    /// How long after the outage every half second that begins later has at least 99 % of its requests answered.
    pub(super) fn recovery(&self, scenario: &Scenario) -> Duration {
        let recovered = |bins: &&[(u64, u64)]| share(bins) >= 0.99;
        let after = &self.requests[bin(scenario.end_of_outage())..];
        // The last requests may still be under way at the end.
        let halves = after[..after.len() - 5].windows(5);
        let well = halves.rev().take_while(recovered).count();
        BIN * u32::try_from(after.len() - 5 - 4 - well).unwrap()
    }
}

/// The share of the requests that were answered.
fn share(bins: &[(u64, u64)]) -> f64 {
    let (made, answered) = bins.iter().fold((0, 0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1));
    answered as f64 / made as f64
}

/// The target of all requests: answers within milliseconds, or refuses while it is down.
pub(super) struct Target {
    clock: TestClock,
    scenario: Scenario,
    attempts: RefCell<Vec<u64>>,
}

impl Target {
    /// Makes one attempt.
    pub(super) async fn call(&self) -> io::Result<()> {
        let now = self.clock.uptime();
        if let Some(count) = self.attempts.borrow_mut().get_mut(bin(now)) {
            *count += 1;
        }
        if self.scenario.is_down(now) {
            self.clock.sleep_async(Duration::from_millis(1)).await;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.clock.sleep_async(Duration::from_millis(10)).await;
        Ok(())
    }
}

/// Runs a scenario with the clients that `client` makes from their number.
pub(super) fn simulate(
    scenario: Scenario,
    clock: &TestClock,
    mut client: impl FnMut(u64) -> Client,
) -> Report {
    let bins = bin(scenario.end());
    let target =
        Rc::new(Target { clock: clock.clone(), scenario, attempts: RefCell::new(vec![0; bins]) });
    let requests = Rc::new(RefCell::new(vec![(0, 0); bins]));
    let crowd = Crowd::default();
    for number in 0..scenario.clients {
        let arrivals = Arrivals {
            client: client(number),
            target: Rc::clone(&target),
            requests: Rc::clone(&requests),
            crowd: crowd.clone(),
            random: Cell::new(scenario.seed.wrapping_mul(1_000_003).wrapping_add(number)),
        };
        crowd.spawn(arrivals.run());
    }
    clock.block_on(crowd);
    let attempts = target.attempts.take();
    Report { attempts, requests: requests.take() }
}

/// The requests of one client, at random times, whatever became of earlier ones.
struct Arrivals {
    client: Client,
    target: Rc<Target>,
    requests: Rc<RefCell<Vec<(u64, u64)>>>,
    crowd: Crowd,
    random: Cell<u64>,
}

impl Arrivals {
    async fn run(self) {
        let clock = self.target.clock.clone();
        loop {
            clock.sleep_async(self.pause()).await;
            let begun = bin(clock.uptime());
            if begun >= self.requests.borrow().len() {
                return;
            }
            self.requests.borrow_mut()[begun].0 += 1;
            let request = (self.client)(Rc::clone(&self.target));
            let requests = Rc::clone(&self.requests);
            self.crowd.spawn(async move {
                if request.await {
                    requests.borrow_mut()[begun].1 += 1;
                }
            });
        }
    }

    /// Exponentially distributed, as the pauses between independent events are.
    fn pause(&self) -> Duration {
        let mut bits = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(bits);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let unit = ((bits >> 11) as f64 + 1.0) / (1_u64 << 53) as f64;
        self.target.scenario.pause.mul_f64(-unit.ln())
    }
}

/// Many tasks on one thread: each is polled only when it was woken.
#[derive(Clone, Default)]
struct Crowd {
    tasks: Rc<RefCell<Vec<Option<Pin<Box<dyn Future<Output = ()>>>>>>>,
    vacant: Rc<RefCell<Vec<usize>>>,
    woken: Arc<Mutex<Woken>>,
}

#[derive(Default)]
struct Woken {
    tasks: VecDeque<usize>,
    parent: Option<Waker>,
}

impl Crowd {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let vacant = self.vacant.borrow_mut().pop();
        let mut tasks = self.tasks.borrow_mut();
        let index = vacant.unwrap_or(tasks.len());
        if index == tasks.len() {
            tasks.push(None);
        }
        tasks[index] = Some(Box::pin(task));
        self.woken.lock().unwrap().tasks.push_back(index);
    }

    fn next_woken(&self) -> Option<usize> {
        self.woken.lock().unwrap().tasks.pop_front()
    }
}

impl Future for Crowd {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.woken.lock().unwrap().parent = Some(context.waker().clone());
        while let Some(index) = self.next_woken() {
            let Some(mut task) = self.tasks.borrow_mut()[index].take() else {
                continue;
            };
            let waker = Waker::from(Arc::new(TaskWaker { index, woken: Arc::clone(&self.woken) }));
            match task.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(()) => self.vacant.borrow_mut().push(index),
                Poll::Pending => self.tasks.borrow_mut()[index] = Some(task),
            }
        }
        if self.vacant.borrow().len() == self.tasks.borrow().len() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

struct TaskWaker {
    index: usize,
    woken: Arc<Mutex<Woken>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut woken = self.woken.lock().unwrap();
        woken.tasks.push_back(self.index);
        if let Some(parent) = &woken.parent {
            parent.wake_by_ref();
        }
    }
}

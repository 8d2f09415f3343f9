// A program written against `backoff` 0.4. It is included as text, once beside `use ... as backoff` of the original
// and once of our own module, and what it returns must be the same to the letter.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use backoff::backoff::{Backoff, Constant, Stop, Zero};
use backoff::{
    Clock, Error, ExponentialBackoff, ExponentialBackoffBuilder, Notify, SystemClock, exponential,
    retry, retry_notify,
};

/// Everything the program sees, one observation a line.
pub(crate) fn transcript() -> Vec<String> {
    let mut lines = Vec::new();
    constants(&mut lines);
    intervals(&mut lines);
    time_limit(&mut lines);
    spread(&mut lines);
    errors(&mut lines);
    blocking(&mut lines);
    schedules(&mut lines);
    lines
}

fn constants(lines: &mut Vec<String>) {
    use backoff::default::{
        INITIAL_INTERVAL_MILLIS, MAX_ELAPSED_TIME_MILLIS, MAX_INTERVAL_MILLIS, MULTIPLIER,
        RANDOMIZATION_FACTOR,
    };
    lines.push(format!("constants: {INITIAL_INTERVAL_MILLIS} {RANDOMIZATION_FACTOR} {MULTIPLIER}"));
    lines.push(format!("constants: {MAX_INTERVAL_MILLIS} {MAX_ELAPSED_TIME_MILLIS}"));
    let literal =
        ExponentialBackoff { initial_interval: Duration::from_secs(3), ..Default::default() };
    lines.push(format!("default: {}", fields(&literal)));
    let built = ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_secs(2))
        .with_randomization_factor(0.25)
        .with_multiplier(3.0)
        .with_max_interval(Duration::from_secs(9))
        .with_max_elapsed_time(None)
        .build();
    lines.push(format!("built: {}", fields(&built)));
    let built = ExponentialBackoffBuilder::default().build();
    lines.push(format!("built: {}", fields(&built)));
    let of_clock: exponential::ExponentialBackoff<SystemClock> =
        exponential::ExponentialBackoffBuilder::new().build();
    lines.push(format!("built: {}", fields(&of_clock)));
    lines.push(format!(
        "elapsed below a minute: {}",
        built.get_elapsed_time() < Duration::from_mins(1)
    ));
    lines.push(format!("{:?} {:?} {:?}", Constant::new(Duration::from_secs(1)), Stop {}, Zero {}));
}

fn fields<C>(backoff: &exponential::ExponentialBackoff<C>) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        backoff.current_interval,
        backoff.initial_interval,
        backoff.randomization_factor,
        backoff.multiplier,
        backoff.max_interval,
        backoff.max_elapsed_time,
    )
}

/// A clock that is set by hand.
#[derive(Clone, Debug)]
struct Hand {
    start: Instant,
    passed: Rc<Cell<Duration>>,
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        self.start + self.passed.get()
    }
}

/// A backoff with the default values, without jitter, and its clock.
fn steady() -> (exponential::ExponentialBackoff<Hand>, Hand) {
    let clock = Hand { start: SystemClock::default().now(), passed: Rc::default() };
    let backoff = exponential::ExponentialBackoff {
        current_interval: Duration::from_millis(500),
        initial_interval: Duration::from_millis(500),
        randomization_factor: 0.0,
        multiplier: 1.5,
        max_interval: Duration::from_mins(1),
        start_time: clock.now(),
        max_elapsed_time: Some(Duration::from_mins(15)),
        clock: clock.clone(),
    };
    (backoff, clock)
}

fn intervals(lines: &mut Vec<String>) {
    let (mut backoff, clock) = steady();
    for _ in 0..16 {
        lines.push(format!("interval: {:?}", backoff.next_backoff()));
    }
    clock.passed.set(Duration::from_secs(7));
    lines.push(format!("elapsed: {:?}", backoff.get_elapsed_time()));
    backoff.reset();
    lines.push(format!("reset: {:?} {:?}", backoff.current_interval, backoff.get_elapsed_time()));
    for (interval, multiplier) in [
        (59_999, 1.5),
        (40_000, 1.5),
        (39_999, 1.5),
        (100_000, 1.5),
        (1_000, 0.5),
        (1_000, 1.0),
        (1_000, -1.0),
        (7, 1e9),
        (0, 1.5),
    ] {
        let (mut backoff, _clock) = steady();
        backoff.current_interval = Duration::from_millis(interval);
        backoff.multiplier = multiplier;
        let waits = [backoff.next_backoff(), backoff.next_backoff(), backoff.next_backoff()];
        lines.push(format!("from {interval} ms by {multiplier}: {waits:?}"));
    }
}

fn time_limit(lines: &mut Vec<String>) {
    for millis in [0, 899_499, 899_500, 899_501, 900_000, 900_001] {
        let (mut backoff, clock) = steady();
        clock.passed.set(Duration::from_millis(millis));
        let wait = backoff.next_backoff();
        lines.push(format!("after {millis} ms: {wait:?}, then {:?}", backoff.current_interval));
    }
    let (mut backoff, clock) = steady();
    backoff.max_elapsed_time = None;
    clock.passed.set(Duration::from_secs(1_000_000));
    lines.push(format!("without limit: {:?}", backoff.next_backoff()));
}

/// Says where random waits lie: all inside the range, each tenth of it hit as often as the others.
fn spread(lines: &mut Vec<String>) {
    const DRAWS: usize = 50_000;
    for (factor, low, width) in [(0.1, 450, 100), (0.5, 250, 500), (1.0, 0, 1_000)] {
        let (mut backoff, _clock) = steady();
        backoff.randomization_factor = factor;
        backoff.multiplier = 1.0;
        let (mut tenths, mut outside) = ([0_usize; 10], 0);
        for _ in 0..DRAWS {
            let wait = backoff.next_backoff().unwrap_or_default();
            let above = wait.checked_sub(Duration::from_millis(low));
            let tenth = above.map(|above| above.as_nanos() / u128::from(width * 100_000_u64));
            match tenth.and_then(|tenth| tenths.get_mut(usize::try_from(tenth).ok()?)) {
                Some(count) => *count += 1,
                None => outside += 1,
            }
        }
        // 4500 to 5500 of the expected 5000 is seven standard deviations.
        let even = tenths.iter().all(|count| (4_500..=5_500).contains(count));
        lines.push(format!(
            "spread {factor} from {low} ms over {width} ms: {outside} outside, even {even}"
        ));
    }
    for nanos in [0, 1, 2, 10] {
        let (mut backoff, _clock) = steady();
        backoff.randomization_factor = 0.5;
        backoff.current_interval = Duration::from_nanos(nanos);
        backoff.multiplier = 1.0;
        let seen: BTreeSet<_> = (0..2_000).filter_map(|_| backoff.next_backoff()).collect();
        lines.push(format!("spread of {nanos} ns: {seen:?}"));
    }
}

/// An error with a cause.
#[derive(Debug, PartialEq)]
struct Refused(fmt::Error);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn errors(lines: &mut Vec<String>) {
    fn question_mark() -> Result<(), Error<Refused>> {
        Err(Refused(fmt::Error))?;
        Ok(())
    }
    let all = [
        Error::permanent(Refused(fmt::Error)),
        Error::Permanent(Refused(fmt::Error)),
        Error::transient(Refused(fmt::Error)),
        Error::retry_after(Refused(fmt::Error), Duration::from_secs(1)),
        Error::from(Refused(fmt::Error)),
        question_mark().expect_err("it always fails"),
    ];
    for error in &all {
        let source = std::error::Error::source(error).map(ToString::to_string);
        let same: Vec<_> = all.iter().map(|other| other == error).collect();
        let wait = match error {
            Error::Permanent(_) => None,
            Error::Transient { err: _, retry_after } => Some(*retry_after),
        };
        lines.push(format!("error: {error} {error:?} {source:?} {same:?} {wait:?}"));
    }
}

/// A schedule that writes down when it is called.
struct Spy {
    log: Rc<RefCell<Vec<String>>>,
    waits: u32,
}

impl Backoff for Spy {
    fn next_backoff(&mut self) -> Option<Duration> {
        self.log.borrow_mut().push("next".to_owned());
        self.waits = self.waits.checked_sub(1)?;
        Some(Duration::from_nanos(1))
    }

    fn reset(&mut self) {
        self.log.borrow_mut().push("reset".to_owned());
    }
}

/// Writes down what it is told.
struct Notes(Rc<RefCell<Vec<String>>>);

impl Notify<u32> for Notes {
    fn notify(&mut self, err: u32, duration: Duration) {
        self.0.borrow_mut().push(format!("notify {err} {duration:?}"));
    }
}

/// What an operation does, attempt by attempt: these errors, then success.
fn scripts() -> Vec<(u32, Vec<Error<u32>>)> {
    vec![
        (0, vec![]),
        (0, vec![Error::permanent(1)]),
        (0, vec![Error::transient(1)]),
        (2, vec![Error::transient(1), Error::transient(2)]),
        (1, vec![Error::transient(1), Error::transient(2)]),
        (2, vec![Error::transient(1), Error::permanent(2)]),
        (0, vec![Error::retry_after(1, Duration::from_nanos(7)), Error::transient(2)]),
        (
            0,
            vec![
                Error::retry_after(1, Duration::ZERO),
                Error::retry_after(2, Duration::from_nanos(9)),
            ],
        ),
    ]
}

fn blocking(lines: &mut Vec<String>) {
    for (waits, script) in scripts() {
        let log = Rc::new(RefCell::new(Vec::new()));
        let mut failures = script.into_iter();
        let operation = || {
            log.borrow_mut().push("call".to_owned());
            failures.next().map_or(Ok("done"), Err)
        };
        let result =
            retry_notify(Spy { log: Rc::clone(&log), waits }, operation, Notes(Rc::clone(&log)));
        lines.push(format!("blocking: {result:?} {:?}", log.borrow()));
    }
    let mut calls = 0;
    let result: Result<u32, Error<&str>> = retry(Zero {}, || {
        calls += 1;
        if calls < 1_000 { Err("busy".into()) } else { Ok(calls) }
    });
    lines.push(format!("blocking: {result:?}"));
    let mut told = Vec::new();
    let stopped = retry_notify(
        Stop {},
        || Err::<(), _>(Error::transient("busy")),
        |err, wait| told.push((err, wait)),
    );
    lines.push(format!("blocking: {stopped:?} {told:?}"));
}

fn schedules(lines: &mut Vec<String>) {
    let boxed: Vec<Box<dyn Backoff>> = vec![
        Box::new(Stop {}),
        Box::new(Zero {}),
        Box::new(Constant::new(Duration::from_millis(3))),
        Box::new(steady().0),
    ];
    for mut backoff in boxed {
        backoff.reset();
        lines.push(format!("boxed: {:?} {:?}", backoff.next_backoff(), backoff.next_backoff()));
    }
}

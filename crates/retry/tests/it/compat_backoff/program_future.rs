// The asynchronous half of the program, included beside the first one.

use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use backoff::future::{Retry, Sleeper};

/// Everything the asynchronous half sees, one observation a line.
pub(crate) fn transcript_of_futures() -> Vec<String> {
    let mut lines = Vec::new();
    for (waits, script) in scripts() {
        with_own_sleeper(waits, script.clone_out(), &mut lines);
        with_tokio(waits, script, &mut lines);
    }
    lines
}

/// The original's error is not `Clone`.
trait CloneOut {
    fn clone_out(&self) -> Self;
}

impl CloneOut for Vec<Error<u32>> {
    fn clone_out(&self) -> Self {
        let copy = |error: &Error<u32>| match error {
            Error::Permanent(err) => Error::Permanent(*err),
            Error::Transient { err, retry_after } => {
                Error::Transient { err: *err, retry_after: *retry_after }
            }
        };
        self.iter().map(copy).collect()
    }
}

/// Sleeps at once and writes down how long it should have been.
struct Immediate(Rc<RefCell<Vec<String>>>);

impl Sleeper for Immediate {
    type Sleep = Ready<()>;

    fn sleep(&self, dur: Duration) -> Self::Sleep {
        self.0.borrow_mut().push(format!("sleep {dur:?}"));
        ready(())
    }
}

fn with_own_sleeper(waits: u32, script: Vec<Error<u32>>, lines: &mut Vec<String>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let (spy, notes) = (Spy { log: Rc::clone(&log), waits }, Notes(Rc::clone(&log)));
    let future = Retry::new(Immediate(Rc::clone(&log)), spy, notes, operation(script, &log));
    let made = log.borrow().len();
    let result = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    lines.push(format!("own sleeper: {made} before the poll, {result:?} {:?}", log.borrow()));
}

fn with_tokio(waits: u32, script: Vec<Error<u32>>, lines: &mut Vec<String>) {
    let log = Rc::new(RefCell::new(Vec::new()));
    let (spy, notes) = (Spy { log: Rc::clone(&log), waits }, Notes(Rc::clone(&log)));
    let future = backoff::future::retry_notify(spy, operation(script, &log), notes);
    let made = log.borrow().len();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let result = runtime.map(|runtime| runtime.block_on(future)).expect("a runtime on this thread");
    lines.push(format!("tokio: {made} before the poll, {result:?} {:?}", log.borrow()));
    let quick = backoff::future::retry(Zero {}, || ready(Err::<(), _>(Error::permanent("no"))));
    lines.push(format!(
        "tokio: {:?}",
        pin!(quick).poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(Err("no"))
    ));
}

fn operation(
    script: Vec<Error<u32>>,
    log: &Rc<RefCell<Vec<String>>>,
) -> impl FnMut() -> Ready<Result<&'static str, Error<u32>>> {
    let (log, mut failures) = (Rc::clone(log), script.into_iter());
    move || {
        log.borrow_mut().push("call".to_owned());
        ready(failures.next().map_or(Ok("done"), Err))
    }
}

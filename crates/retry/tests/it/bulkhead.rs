use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use wardkit_core::{Clock, SystemClock};
use wardkit_retry::{Bulkhead, BulkheadConfig, Reason, TestClock};

use crate::support::secs;

fn bulkhead(concurrent: u32, queue: u32) -> Bulkhead {
    let mut config = BulkheadConfig::default();
    config.concurrent = concurrent;
    config.queue = queue;
    config.queue_deadline = secs(5);
    Bulkhead::new(config).unwrap()
}

#[test]
fn places_are_limited_and_given_back() {
    let bulkhead = bulkhead(2, 0);
    let (one, two) = (bulkhead.try_enter().unwrap(), bulkhead.try_enter().unwrap());
    assert!(bulkhead.try_enter().is_none());
    drop(one);
    assert_eq!(bulkhead.free(), 1);
    drop(two);
    assert_eq!(bulkhead.free(), 2);
}

#[test]
fn full_queue_refuses_at_once_and_long_waits_end() {
    let (clock, bulkhead) = (TestClock::new(1), bulkhead(1, 1));
    let _place = bulkhead.try_enter().unwrap();
    clock.block_on(async {
        let mut waits = pin!(bulkhead.enter(&clock));
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(bulkhead.queued(), 1);
        assert_eq!(bulkhead.enter(&clock).await.unwrap_err(), Reason::QueueFull);
        assert_eq!(waits.await.unwrap_err(), Reason::QueueTimeout);
    });
    assert_eq!((clock.uptime(), bulkhead.queued()), (secs(5), 0));
}

#[test]
fn those_who_came_first_enter_first() {
    let (clock, bulkhead) = (TestClock::new(1), bulkhead(1, 9));
    let mut context = Context::from_waker(Waker::noop());
    let place = bulkhead.try_enter().unwrap();
    let mut first = Box::pin(bulkhead.enter(&clock));
    let mut second = Box::pin(bulkhead.enter(&clock));
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert!(second.as_mut().poll(&mut context).is_pending());
    drop(place);
    assert!(bulkhead.try_enter().is_none());
    assert!(second.as_mut().poll(&mut context).is_pending());
    // Called, but gone before noticing: the place goes to the next.
    drop(first);
    assert!(second.as_mut().poll(&mut context).is_ready());
    drop(second);
    assert_eq!((bulkhead.free(), bulkhead.queued()), (1, 0));
}

#[test]
fn threads_wait_their_turn() {
    let bulkhead = Arc::new(bulkhead(1, 9));
    let place = bulkhead.try_enter().unwrap();
    let waiting = {
        let bulkhead = Arc::clone(&bulkhead);
        std::thread::spawn(move || bulkhead.enter_blocking(&SystemClock).map(|_| ()))
    };
    while bulkhead.queued() == 0 {
        std::thread::yield_now();
    }
    drop(place);
    assert_eq!(waiting.join().unwrap(), Ok(()));
    assert_eq!(bulkhead.free(), 1);
}

#[test]
fn blocked_thread_gives_up_at_the_deadline() {
    let (clock, bulkhead) = (TestClock::new(1), bulkhead(1, 9));
    let _place = bulkhead.try_enter().unwrap();
    assert_eq!(bulkhead.enter_blocking(&clock).unwrap_err(), Reason::QueueTimeout);
    assert_eq!((clock.uptime(), bulkhead.queued()), (secs(5), 0));
}

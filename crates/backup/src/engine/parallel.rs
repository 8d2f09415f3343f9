use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::Error;

/// Does something with each item on several threads; after the first error nothing new is begun, and that error is
/// returned. A panic of `each` is an error too.
pub(crate) fn for_each<T: Sync>(
    threads: usize,
    items: &[T],
    each: impl Fn(&T) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let first = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            if let Err(error) = each(item) {
                stop.store(true, Ordering::Relaxed);
                first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    let whole = thread::scope(|scope| {
        let started: Vec<_> = (0..threads.clamp(1, items.len().max(1)))
            .map(|number| {
                thread::Builder::new()
                    .name(format!("repository-{number}"))
                    .spawn_scoped(scope, work)
                    .map_err(Error::Thread)
            })
            .collect();
        // One thread is enough to do all the work.
        let any = started.iter().any(Result::is_ok);
        let mut whole = Ok(());
        for thread in started {
            match thread {
                Ok(thread) => {
                    if thread.join().is_err() {
                        whole = Err(Error::Panicked);
                    }
                }
                Err(error) if !any => whole = Err(error),
                Err(_) => {}
            }
        }
        whole
    });
    match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_taken_once() {
        let seen: Vec<_> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        for_each(4, &(0..100).collect::<Vec<usize>>(), |item| {
            seen[*item].fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        for_each(4, &[], |_: &u8| Err(Error::Cancelled)).unwrap();
    }

    #[test]
    fn the_first_error_ends_it() {
        let done = AtomicUsize::new(0);
        let result = for_each(1, &[1, 2, 3], |item| {
            done.fetch_add(1, Ordering::Relaxed);
            if *item == 2 { Err(Error::Cancelled) } else { Ok(()) }
        });
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert_eq!(done.into_inner(), 2);
    }

    #[test]
    fn a_panic_is_an_error() {
        let result = for_each(2, &[1, 2], |item| {
            assert_ne!(*item, 2, "this one panics");
            Ok(())
        });
        assert!(matches!(result, Err(Error::Panicked)), "{result:?}");
    }
}

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::ManualClock;
use wardkit_integrity::{ChangeSource as _, Lost, LostReason, PollWatch, WatchOptions};

#[test]
fn a_scan_is_due_at_once_and_then_at_every_interval() {
    let clock = Arc::new(ManualClock::default());
    let interval = Duration::from_mins(1);
    let options = WatchOptions::new(["/srv/a", "/srv/b"]).with_poll_interval(interval);
    let mut source = PollWatch::new(&options, Arc::clone(&clock));
    let both = |reason| {
        ["/srv/a", "/srv/b"].map(|scope| Lost { scope: Path::new(scope).to_owned(), reason })
    };

    assert_eq!(source.next(Duration::ZERO).unwrap().lost, both(LostReason::Started));
    assert!(source.next(Duration::ZERO).unwrap().is_empty());
    clock.advance(Duration::from_nanos(59_999_999_999));
    assert!(source.next(Duration::ZERO).unwrap().is_empty());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(source.next(Duration::MAX).unwrap().lost, both(LostReason::Polled));
    assert!(source.next(Duration::ZERO).unwrap().is_empty());
    // A driver that was held up for long has one scan to do, not one for each interval that it missed.
    clock.advance(interval * 10);
    assert_eq!(source.next(Duration::ZERO).unwrap().lost, both(LostReason::Polled));
    assert!(source.next(Duration::ZERO).unwrap().is_empty());
}

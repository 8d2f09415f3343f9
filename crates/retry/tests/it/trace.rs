use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use wardkit_retry::{Breaker, BreakerConfig, TestClock, Tracing, Trip};

use crate::support::{PERMANENT, Script, TRANSIENT, retry};

/// Writes down every event as one line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn events_have_stable_names_and_fields() {
    let lines = Lines::default();
    let clock = TestClock::new(1);
    let mut config = BreakerConfig::default();
    config.trip = Trip::Consecutive { failures: 2 };
    let breaker = Breaker::new("search", config).unwrap().with_observer(Arc::new(Tracing));
    let retry = retry(&clock, |_| ())
        .with_name("search")
        .with_observer(Tracing)
        .with_breaker(Arc::new(breaker));
    tracing::subscriber::with_default(lines.clone(), || {
        let script = Script::new([Err(TRANSIENT), Ok(()), Err(TRANSIENT), Err(PERMANENT)]);
        retry.run_blocking(|| script.next()).unwrap();
        retry.run_blocking(|| script.next()).unwrap_err();
    });
    let failed = r#"policy="search" number=1 class="transient""#;
    assert_eq!(
        *lines.0.lock().unwrap(),
        [
            format!("DEBUG wardkit_retry message=attempt failed {failed}"),
            format!("DEBUG wardkit_retry message=waiting {failed} seconds=1.0"),
            format!("DEBUG wardkit_retry message=attempt failed {failed}"),
            format!("DEBUG wardkit_retry message=waiting {failed} seconds=1.0"),
            r#"DEBUG wardkit_retry message=attempt failed policy="search" number=2 class="permanent""#
                .to_owned(),
            r#"WARN wardkit_retry message=gave up policy="search" attempts=2 reason="permanent""#
                .to_owned(),
        ]
    );
}

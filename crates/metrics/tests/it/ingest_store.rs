//! What programs told last, and for how long it is kept.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::ManualClock;
use wardkit_metrics::ingest::{IngestConfig, Ingested};
use wardkit_metrics::{Collector, Exposition, Samples};

struct Bench {
    clock: Arc<ManualClock>,
    store: Ingested,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut IngestConfig)) -> Self {
        let mut config = IngestConfig::default();
        change(&mut config);
        let clock = Arc::new(ManualClock::default());
        let store = Ingested::new(config, "agentd_", clock.clone());
        Self { clock, store }
    }

    fn push(&self, body: &str) -> [usize; 4] {
        let taken = self.store.push(body.as_bytes()).unwrap();
        [taken.samples, taken.overflowed, taken.reserved, taken.conflicting]
    }

    fn text(&mut self) -> String {
        let mut samples = Samples::new();
        self.store.collect(&mut samples).unwrap();
        let mut text = String::new();
        Exposition::Text.write([&samples], &mut text, |name| panic!("{name} is there twice"));
        text
    }

    /// Returns the samples whose names begin like this, one a line.
    fn lines(&mut self, start: &str) -> Vec<String> {
        self.text().lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }
}

#[test]
fn a_push_sets_totals_and_a_restart_of_the_bot_shows() {
    let mut bench = Bench::new();
    let body = "# HELP bot_requests_total Requests.\n# TYPE bot_requests_total counter\n\
                bot_requests_total{handler=\"start\"} 7\nbot_requests_total{handler=\"help\"} 2\n";
    assert_eq!(bench.push(body), [2, 0, 0, 0]);
    assert_eq!(
        bench.push("# TYPE bot_requests_total counter\nbot_requests_total{handler=\"start\"} 1\n"),
        [1, 0, 0, 0]
    );
    let expected = "# HELP bot_requests_total Requests.\n# TYPE bot_requests_total counter\n\
                    bot_requests_total{handler=\"start\"} 1\nbot_requests_total{handler=\"help\"} 2\n";
    assert!(bench.text().contains(expected), "{}", bench.text());
    assert_eq!(bench.store.len(), 2);
    assert_eq!(
        bench.lines("agentd_ingest_pushes"),
        [
            "agentd_ingest_pushes_total{outcome=\"taken\"} 2",
            "agentd_ingest_pushes_total{outcome=\"refused\"} 0",
        ]
    );
}

#[test]
fn a_broken_body_leaves_everything_as_it_was() {
    let mut bench = Bench::new();
    bench.push("bot_up 1\n");
    assert!(bench.store.push(b"bot_up 0\nbot_down 1\nbroken\n").is_err());
    assert_eq!(bench.lines("bot_"), ["bot_up 1"]);
    assert_eq!(bench.lines("agentd_ingest_pushes_total{outcome=\"refused\"}").len(), 1);
    assert!(bench.text().contains("agentd_ingest_pushes_total{outcome=\"refused\"} 1\n"));
}

#[test]
fn a_histogram_goes_in_and_comes_out() {
    let mut bench = Bench::new();
    let body = "# HELP took_seconds Took.\n# TYPE took_seconds histogram\n\
                took_seconds_bucket{handler=\"a\",le=\"0.5\"} 1\ntook_seconds_bucket{handler=\"a\",le=\"2.5\"} 3\n\
                took_seconds_bucket{handler=\"a\",le=\"10.0\"} 4\ntook_seconds_bucket{handler=\"a\",le=\"+Inf\"} 4\n\
                took_seconds_sum{handler=\"a\"} 5.5\ntook_seconds_count{handler=\"a\"} 4\n";
    assert_eq!(bench.push(body), [6, 0, 0, 0]);
    assert!(bench.text().contains(body), "{}", bench.text());
}

#[test]
fn a_bot_that_comes_back_with_other_buckets_has_none_of_the_old() {
    let histogram = |handler: &str, bound: &str, sum: &str| {
        format!(
            "h_bucket{{handler=\"{handler}\",le=\"{bound}\"}} 1\nh_bucket{{handler=\"{handler}\",le=\"+Inf\"}} 2\n\
             h_sum{{handler=\"{handler}\"}} {sum}\nh_count{{handler=\"{handler}\"}} 2\n"
        )
    };
    let mut bench = Bench::new();
    let both = format!("{}{}", histogram("a", "5", "9"), histogram("b", "5", "9"));
    assert_eq!(bench.push(&format!("# TYPE h histogram\n{both}")), [8, 0, 0, 0]);
    assert_eq!(bench.lines("h_").concat(), both.replace('\n', ""));
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(
        bench.push(&format!("# TYPE h histogram\n{}", histogram("a", "2", "9"))),
        [4, 0, 0, 0]
    );
    let both = format!("{}{}", histogram("a", "2", "9"), histogram("b", "5", "9"));
    assert_eq!(bench.lines("h_").concat(), both.replace('\n', ""));
    // What was seconds once is no number now.
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(
        bench.push(&format!("# TYPE h histogram\n{}", histogram("a", "2", "NaN"))),
        [2, 0, 0, 0]
    );
    assert_eq!(bench.lines("h_sum{"), ["h_sum{handler=\"b\"} 9"]);
    assert_eq!(bench.store.len(), 6);
    bench.push(&format!("# TYPE h histogram\n{}", histogram("a", "2", "3")));
    assert_eq!(bench.lines("h_sum{handler=\"a\"}"), ["h_sum{handler=\"a\"} 3"]);
}

#[test]
fn a_hundred_thousand_series_are_cut_and_counted() {
    let mut bench = Bench::new();
    let body: String = (0..100_000)
        .map(|n| format!("bot_messages_total{{user=\"u{n}\"}} {n}\n"))
        .collect::<Vec<_>>()
        .concat();
    let body = format!("# TYPE bot_messages_total counter\n{body}");
    assert_eq!(bench.push(&body), [20_000, 80_000, 0, 0]);
    assert_eq!(bench.push(&body), [20_000, 80_000, 0, 0]);
    assert_eq!(bench.lines("bot_messages_total{").len(), 20_000);
    assert_eq!(
        bench.lines("agentd_ingest_overflow_total{"),
        ["agentd_ingest_overflow_total{family=\"bot_messages_total\"} 160000",]
    );
    // What was there keeps its place: a second bomb changes nothing but its own count.
    let bomb: String = (0..50_000)
        .map(|n| format!("bot_messages_total{{x=\"{n}\"}} 1\n"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(
        bench.push(&format!("# TYPE bot_messages_total counter\n{bomb}")),
        [0, 50_000, 0, 0]
    );
    assert_eq!(bench.store.len(), 20_000);
}

#[test]
fn there_is_an_end_to_all_series_and_families() {
    let mut bench = Bench::with(|config| {
        config.max_series = 10;
        config.max_families = 4;
    });
    let five = |name: &str| -> String {
        (0..5).map(|n| format!("{name}{{n=\"{n}\"}} 1\n")).collect::<Vec<_>>().concat()
    };
    assert_eq!(bench.push(&five("a")), [5, 0, 0, 0]);
    assert_eq!(bench.push(&(five("b") + "c 1\n")), [5, 1, 0, 0]);
    assert_eq!(bench.push("a{n=\"0\"} 2\na{n=\"9\"} 2\n"), [1, 1, 0, 0]);
    assert_eq!(bench.store.len(), 10);
    assert_eq!(
        bench.lines("agentd_ingest_overflow_total"),
        [
            "agentd_ingest_overflow_total{family=\"a\"} 1",
            "agentd_ingest_overflow_total{family=\"c\"} 1",
        ]
    );
    let bench = Bench::with(|config| config.max_families = 2);
    bench.push("a 1\nb 1\n");
    assert_eq!(bench.push("c 1\n"), [0, 1, 0, 0]);
}

#[test]
fn a_histogram_finds_room_whole_or_not_at_all() {
    let bench = Bench::with(|config| config.max_series = 5);
    let one = |bot: &str| {
        format!(
            "# TYPE h histogram\nh_bucket{{bot=\"{bot}\",le=\"+Inf\"}} 1\nh_sum{{bot=\"{bot}\"}} 1\nh_count{{bot=\"{bot}\"}} 1\n"
        )
    };
    assert_eq!(bench.push(&one("a")), [3, 0, 0, 0]);
    assert_eq!(bench.push(&one("b")), [0, 3, 0, 0]);
    assert_eq!(bench.store.len(), 3);
}

#[test]
fn names_of_the_programs_own_are_left_out_and_counted() {
    let mut bench = Bench::new();
    let body = "process_cpu_seconds_total 1\nnode_load1 2\nagentd_up 3\ncgroup_pids 4\nbot_up 5\n";
    assert_eq!(bench.push(body), [1, 0, 4, 0]);
    assert_eq!(bench.store.len(), 1);
    assert_eq!(bench.lines("agentd_ingest_reserved_total").len(), 4);
    bench.store = bench.store.reserve(&["plugin_errors"]);
    assert_eq!(bench.push("plugin_errors_total 1\nplugin_mistakes_total 1\n"), [1, 0, 1, 0]);
}

#[test]
fn families_of_two_bots_do_not_hide_one_another() {
    let mut bench = Bench::new();
    let body =
        "# TYPE a gauge\na 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 3\nh_count 1\n";
    assert_eq!(bench.push(body), [4, 0, 0, 0]);
    assert_eq!(bench.push("# TYPE a counter\na{bot=\"2\"} 1\n"), [0, 0, 0, 1]);
    assert_eq!(bench.push("h_count 5\n"), [0, 0, 0, 1]);
    assert_eq!(bench.push("b_sum 1\n# TYPE b summary\nb_count 1\n"), [1, 0, 0, 1]);
    assert_eq!(bench.lines("h_count"), ["h_count 1"]);
    // Once the first is gone, the name is free.
    bench.clock.advance(Duration::from_mins(6));
    assert_eq!(bench.push("# TYPE a counter\na{bot=\"2\"} 1\n"), [1, 0, 0, 0]);
}

#[test]
fn a_series_that_nobody_pushes_is_forgotten() {
    let mut bench = Bench::with(|config| config.expire_after = Duration::from_mins(1));
    bench.push("a{n=\"1\"} 1\na{n=\"2\"} 1\nb 1\n");
    bench.clock.advance(Duration::from_secs(50));
    bench.push("a{n=\"2\"} 2\n");
    bench.clock.advance(Duration::from_secs(50));
    assert_eq!(bench.lines("a{"), ["a{n=\"2\"} 2"]);
    assert_eq!(bench.lines("b"), [""; 0]);
    bench.push("a{n=\"1\"} 3\n");
    assert_eq!(bench.lines("a{"), ["a{n=\"2\"} 2", "a{n=\"1\"} 3"]);
    assert_eq!(bench.lines("agentd_ingest_expired_total "), ["agentd_ingest_expired_total 2"]);
    assert_eq!(bench.lines("agentd_ingest_series "), ["agentd_ingest_series 2"]);
    // The host's clock does not matter.
    bench.clock.set_wall(wardkit_core::Timestamp::MAX);
    assert_eq!(bench.lines("a{").len(), 2);
}

#[test]
fn other_limits_leave_what_was_pushed() {
    let mut bench = Bench::new();
    bench.push("a{n=\"1\"} 1\na{n=\"2\"} 1\n");
    let mut smaller = IngestConfig::default();
    smaller.max_series = 2;
    bench.store = bench.store.with_limits(smaller);
    assert_eq!(bench.push("a{n=\"2\"} 2\na{n=\"3\"} 1\n"), [1, 1, 0, 0]);
    assert_eq!(bench.lines("a{"), ["a{n=\"1\"} 1", "a{n=\"2\"} 2"]);
}

#[test]
fn limits_that_make_no_sense_are_refused_by_key() {
    let mut config = IngestConfig::default();
    assert_eq!(config.violations(), []);
    config.max_series_per_family = 50_000;
    config.expire_after = Duration::ZERO;
    config.max_body = 0;
    let keys: Vec<_> = config.violations().into_iter().map(|violation| violation.path).collect();
    assert_eq!(keys, ["max-body", "max-series-per-family", "expire-after"]);
}

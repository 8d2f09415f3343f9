//! Instruments, their limits, and what is gathered beside them.

use wardkit_metrics::{
    Collector, Error, Exposition, Family, Histogram, Kind, Limits, Registry, Samples,
};

fn text(registry: &Registry) -> String {
    let mut out = String::new();
    registry.write(Exposition::Text, &[], &mut out);
    out
}

fn registry() -> Registry {
    Registry::new("bot").expect("a sound prefix")
}

#[test]
fn instruments_are_scraped_under_the_programs_prefix() {
    let registry = registry();
    let messages =
        registry.counter("messages_total", "Messages.", ["chat", "kind"]).expect("sound");
    messages.with(["a", "b"]).add(1);
    messages.with(["a", "c\"\\\n"]).add(2);
    messages.with(["a", "b"]).add_f64(0.5);
    registry.gauge("queue_length", "Waiting.", []).expect("sound").with([]).set(-3.0);
    let took = registry.histogram("took_seconds", "Time.", ["step"], &[0.5, 1.0]).expect("sound");
    for value in [0.25, 0.5, 0.75, 9.0, f64::NAN] {
        took.with(["x"]).observe(value);
    }
    assert_eq!(
        text(&registry),
        "# HELP bot_messages_total Messages.\n\
         # TYPE bot_messages_total counter\n\
         bot_messages_total{chat=\"a\",kind=\"b\"} 1.5\n\
         bot_messages_total{chat=\"a\",kind=\"c\\\"\\\\\\n\"} 2\n\
         # HELP bot_queue_length Waiting.\n\
         # TYPE bot_queue_length gauge\n\
         bot_queue_length -3\n\
         # HELP bot_took_seconds Time.\n\
         # TYPE bot_took_seconds histogram\n\
         bot_took_seconds_bucket{step=\"x\",le=\"0.5\"} 2\n\
         bot_took_seconds_bucket{step=\"x\",le=\"1.0\"} 3\n\
         bot_took_seconds_bucket{step=\"x\",le=\"+Inf\"} 4\n\
         bot_took_seconds_sum{step=\"x\"} 10.5\n\
         bot_took_seconds_count{step=\"x\"} 4\n"
    );
}

#[test]
fn a_declaration_made_twice_gives_the_same_instruments() {
    let registry = registry();
    let first = registry.counter("a_total", "A.", ["x"]).expect("sound");
    let again = registry.counter("a_total", "A.", ["x"]).expect("the same");
    first.with(["1"]).add(1);
    again.with(["1"]).add(1);
    assert!(text(&registry).contains("bot_a_total{x=\"1\"} 2\n"));
}

#[test]
fn declarations_that_prometheus_would_not_take_are_refused() {
    let registry = registry();
    registry.counter("a_total", "A.", ["x"]).expect("sound");
    registry.histogram("h", "H.", [], &[1.0]).expect("sound");
    registry.gauge("g", "G.", []).expect("sound");
    registry.gauge("k_count", "K.", []).expect("sound");
    registry.gauge("g_count", "G.", []).expect("a gauge takes no suffix");
    let refusals = [
        registry.counter("a", "A.", []).map(drop),
        registry.gauge("a", "A.", []).map(drop),
        registry.gauge("h_sum", "H.", []).map(drop),
        registry.histogram("k", "K.", [], &[]).map(drop),
        registry.counter("a_total", "A.", ["y"]).map(drop),
        registry.gauge("a_total", "A.", ["x"]).map(drop),
        registry.gauge("b", "B.", ["x", "x"]).map(drop),
        registry.gauge("b", "B.", ["__x"]).map(drop),
        registry.gauge("b", "B.", ["x y"]).map(drop),
        registry.gauge("b", "B.", ["overflow"]).map(drop),
        registry.gauge("", "B.", []).map(drop),
        registry.gauge("b:c", "B.", []).map(drop),
        registry.histogram("h", "H.", [], &[2.0]).map(drop),
        registry.histogram("i", "H.", ["le"], &[2.0]).map(drop),
        registry.histogram("i", "H.", [], &[2.0, 2.0]).map(drop),
        registry.histogram("i", "H.", [], &[f64::INFINITY]).map(drop),
    ];
    for (row, refusal) in refusals.into_iter().enumerate() {
        let error = refusal.expect_err(&format!("row {row}"));
        assert!(matches!(error, Error::BadName { .. } | Error::BadMetric { .. }), "{error}");
    }
    assert!(matches!(Registry::new("9bot"), Err(Error::BadName { .. })));
}

#[test]
fn limits_that_cannot_be_used_are_refused_by_their_keys() {
    let mut limits = Limits::default();
    assert_eq!(limits.violations(), []);
    limits.max_series = 0;
    limits.max_label_bytes = 1 << 20;
    let error = Registry::with_limits("bot", limits).expect_err("both are wrong").to_string();
    assert!(error.contains("max-series: 0 is not between 1 and 200000"), "{error}");
    assert!(error.contains("max-label-bytes: 1048576 is not between 1 and 4096"), "{error}");
}

#[test]
fn a_label_bomb_ends_in_one_series_and_is_counted() {
    let mut limits = Limits::default();
    limits.max_series = 3;
    limits.max_label_bytes = 8;
    let registry = Registry::with_limits("bot", limits).expect("a sound prefix");
    let users = registry.counter("users_total", "Users.", ["user"]).expect("sound");
    for user in 0..1_000 {
        users.with([&user.to_string()]).add(1);
    }
    users.with(["1"]).add(1);
    users.with(["far too long"]).add(1);
    let text = text(&registry);
    assert!(text.contains("bot_users_total{user=\"1\"} 2\n"), "{text}");
    assert!(text.contains("bot_users_total{overflow=\"true\"} 998\n"), "{text}");
    assert!(
        text.contains("bot_metrics_overflow_total{family=\"bot_users_total\"} 998\n"),
        "{text}"
    );
    assert_eq!(text.matches("bot_users_total{").count(), 4, "{text}");
}

#[test]
fn twenty_thousand_series_are_found_again() {
    let registry = registry();
    let family = registry.counter("n_total", "N.", ["high", "low"]).expect("sound");
    let names: Vec<_> = (0..150).map(|number| number.to_string()).collect();
    for _ in 0..2 {
        for (high, low) in names.iter().flat_map(|high| names.iter().map(move |low| (high, low))) {
            family.with([high, low]).add(1);
        }
    }
    let text = text(&registry);
    assert_eq!(text.lines().filter(|line| line.ends_with("} 2")).count(), 20_000);
    assert!(text.contains("bot_n_total{overflow=\"true\"} 5000\n"));
}

#[test]
fn threads_that_meet_at_a_new_series_count_in_one() {
    let registry = registry();
    let family = registry.counter("n_total", "N.", ["x"]).expect("sound");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..2_000 {
                    family.with([&(number % 500).to_string()]).add(1);
                }
            });
        }
    });
    let mut samples = Samples::new();
    registry.gather(&mut samples);
    let view = samples.families().next().expect("one family");
    let values: Vec<_> = view.samples().map(|sample| sample.value.to_string()).collect();
    assert_eq!(values, vec!["16"; 500]);
}

#[test]
fn what_others_register_with_prometheus_is_gathered_too() {
    let registry = registry();
    let options = prometheus::HistogramOpts::new("foreign_seconds", "F.").buckets(vec![1.0]);
    let histogram = prometheus::Histogram::with_opts(options).expect("sound");
    histogram.observe(0.5);
    let counter = prometheus::IntCounter::new("foreign_total", "F.").expect("sound");
    counter.inc_by(7);
    registry.prometheus().register(Box::new(histogram)).expect("new");
    registry.prometheus().register(Box::new(counter)).expect("new");
    assert_eq!(
        text(&registry),
        "# HELP foreign_seconds F.\n\
         # TYPE foreign_seconds histogram\n\
         foreign_seconds_bucket{le=\"1.0\"} 1\n\
         foreign_seconds_bucket{le=\"+Inf\"} 1\n\
         foreign_seconds_sum 0.5\n\
         foreign_seconds_count 1\n\
         # HELP foreign_total F.\n\
         # TYPE foreign_total counter\n\
         foreign_total 7\n"
    );
}

struct HalfBroken;

impl Collector for HalfBroken {
    fn name(&self) -> &'static str {
        "half"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        out.single(Family { name: "half", help: "Half.", kind: Kind::Gauge }, 0.5);
        Err(Error::BadName { name: "half".to_owned() })
    }
}

#[test]
fn a_collector_that_fails_is_counted_and_what_it_had_is_kept() {
    let registry = registry();
    registry.collect_with(HalfBroken);
    let text = text(&registry);
    assert!(text.contains("\nhalf 0.5\n"), "{text}");
    assert!(text.contains("bot_metrics_collector_errors_total{collector=\"half\"} 1\n"), "{text}");
}

#[test]
fn a_cached_handle_is_the_instrument_itself() {
    let registry = registry();
    let family = registry.histogram("x_seconds", "X.", [], Histogram::SECONDS).expect("sound");
    let kept = family.with([]).clone();
    kept.observe_duration(std::time::Duration::from_millis(20));
    assert_eq!((family.with([]).count(), family.with([]).sum()), (1, 0.02));
}

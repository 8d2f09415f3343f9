//! Metrics that an operator declares.

use std::time::Duration;

use wardkit_metrics::business::{
    AggregateConfig, AggregateOp, Aggregates, BusinessConfig, DeclaredKind, HttpMetricConfig,
    LogMetricConfig, LogMetrics, Unit,
};
use wardkit_metrics::{Collector, Family, Kind, Registry, Samples};

fn registry() -> Registry {
    Registry::new("agentd").unwrap()
}

fn lines(samples: &Samples) -> Vec<String> {
    let families = samples.families();
    families
        .flat_map(|family| family.samples())
        .map(|sample| format!("{} {}", sample.series, sample.value))
        .collect()
}

fn collected(collector: &mut impl Collector) -> Vec<String> {
    let mut samples = Samples::new();
    collector.collect(&mut samples).unwrap();
    lines(&samples)
}

fn counted(registry: &Registry, name: &str) -> Vec<String> {
    let mut samples = Samples::new();
    registry.gather(&mut samples);
    lines(&samples).into_iter().filter(|line| line.starts_with(name)).collect()
}

fn log_metric(name: &str, kind: DeclaredKind) -> LogMetricConfig {
    let mut config = LogMetricConfig::default();
    config.file = "/var/log/bot.log".into();
    config.pattern = "(?<handler>.*) (?<value>.*)".into();
    config.name = name.into();
    config.kind = kind;
    config.labels = vec!["handler".to_owned()];
    config
}

fn observe(metrics: &LogMetrics, index: usize, groups: &[(&str, &str)]) {
    metrics.observe(index, |name| {
        groups.iter().find(|(group, _)| *group == name).map(|(_, text)| *text)
    });
}

#[test]
fn lines_become_counters_gauges_and_histograms() {
    let mut took = log_metric("bot_took_seconds", DeclaredKind::Histogram);
    took.unit = Unit::Milliseconds;
    took.buckets = vec![0.01, 0.1];
    let declared = [
        log_metric("bot_lines_total", DeclaredKind::Counter),
        log_metric("bot_depth", DeclaredKind::Gauge),
        took,
        log_metric("bot_lines_total", DeclaredKind::Counter),
    ];
    let registry = registry();
    let mut metrics = LogMetrics::new(&declared, &registry).unwrap();
    observe(&metrics, 0, &[("handler", "start")]);
    observe(&metrics, 3, &[("handler", "start"), ("value", "2.5")]);
    observe(&metrics, 1, &[("handler", "start"), ("value", "-3")]);
    observe(&metrics, 2, &[("handler", "start"), ("value", "17")]);
    observe(&metrics, 2, &[("handler", "start"), ("value", "2"), ("unit", "s")]);
    observe(&metrics, 9, &[]);
    assert_eq!(
        collected(&mut metrics),
        [
            "bot_depth{handler=\"start\"} -3",
            "bot_lines_total{handler=\"start\"} 3.5",
            "bot_took_seconds_bucket{handler=\"start\",le=\"0.01\"} 0",
            "bot_took_seconds_bucket{handler=\"start\",le=\"0.1\"} 1",
            "bot_took_seconds_bucket{handler=\"start\",le=\"+Inf\"} 2",
            "bot_took_seconds_sum{handler=\"start\"} 2.017",
            "bot_took_seconds_count{handler=\"start\"} 2",
        ]
    );
    assert_eq!(counted(&registry, "agentd_business"), [""; 0]);
}

#[test]
fn values_that_are_no_numbers_are_counted() {
    let registry = registry();
    let declared = [
        log_metric("bot_lines_total", DeclaredKind::Counter),
        log_metric("bot_took_seconds", DeclaredKind::Histogram),
    ];
    let mut metrics = LogMetrics::new(&declared, &registry).unwrap();
    for value in ["many", "", "-1", "NaN", "inf", "1,5", "\u{664}"] {
        observe(&metrics, 0, &[("handler", "a"), ("value", value)]);
    }
    observe(&metrics, 1, &[("handler", "a")]);
    observe(&metrics, 1, &[("handler", "a"), ("value", "1"), ("unit", "fortnights")]);
    assert_eq!(collected(&mut metrics), [""; 0]);
    assert_eq!(
        counted(&registry, "agentd_business_unusable_total"),
        [
            "agentd_business_unusable_total{metric=\"bot_lines_total\"} 7",
            "agentd_business_unusable_total{metric=\"bot_took_seconds\"} 2",
        ]
    );
}

#[test]
fn a_label_bomb_in_the_log_is_cut_and_counted() {
    let registry = registry();
    let mut bomb = log_metric("bot_lines_total", DeclaredKind::Counter);
    bomb.max_series = 3;
    let mut metrics = LogMetrics::new(&[bomb], &registry).unwrap();
    for user in 0..10 {
        observe(&metrics, 0, &[("handler", &user.to_string())]);
    }
    observe(&metrics, 0, &[("handler", &"x".repeat(100_000))]);
    let lines = collected(&mut metrics);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[3], "bot_lines_total{overflow=\"true\"} 8");
    assert_eq!(
        counted(&registry, "agentd_business_overflow_total"),
        ["agentd_business_overflow_total{metric=\"bot_lines_total\"} 8",]
    );
}

#[test]
fn units_become_seconds_bytes_and_shares() {
    for (name, value, expected) in [
        ("ms", 17.0, 0.017),
        ("\u{b5}s", 5.0, 0.000_005),
        ("min", 2.0, 120.0),
        ("%", 50.0, 0.5),
        ("KiB", 2.0, 2048.0),
        ("MB", 1.0, 1_000_000.0),
        ("s", 3.0, 3.0),
    ] {
        assert_eq!(Unit::named(name).map(|unit| unit.convert(value)), Some(expected), "{name}");
    }
    assert_eq!(Unit::named("parsec"), None);
}

/// Two handlers' requests and errors, as a bot counts them.
fn requests(start: f64, help: f64, start_errors: f64) -> Samples {
    let mut samples = Samples::new();
    let counter = |name| Family { name, help: "", kind: Kind::Counter };
    samples.family(counter("bot_requests_total"));
    samples.push(&[("handler", "start"), ("outcome", "ok")], start);
    samples.push(&[("handler", "start"), ("outcome", "error")], start_errors);
    samples.push(&[("handler", "help"), ("outcome", "ok")], help);
    samples.family(Family { name: "bot_took_seconds", help: "", kind: Kind::Histogram });
    samples.push_text("_sum{handler=\"start\"}", start / 10.0);
    samples.push_text("_count{handler=\"start\"}", start);
    samples
}

fn aggregate(op: AggregateOp, change: impl FnOnce(&mut AggregateConfig)) -> AggregateConfig {
    let mut config = AggregateConfig::default();
    config.name = "out".into();
    config.of = "bot_requests_total".into();
    config.op = op;
    change(&mut config);
    config
}

fn step(aggregates: &mut Aggregates, seconds: u64, samples: &Samples) -> Vec<String> {
    let mut out = Samples::new();
    aggregates.step(Duration::from_secs(seconds), samples, &mut out);
    lines(&out)
}

#[test]
fn series_are_put_together_by_the_labels_that_are_kept() {
    let by = |labels: &'static [&'static str]| {
        move |config: &mut AggregateConfig| {
            config.by = labels.iter().map(|label| (*label).to_owned()).collect();
        }
    };
    for (config, expected) in [
        (aggregate(AggregateOp::Sum, by(&[])), vec!["out 15"]),
        (
            aggregate(AggregateOp::Sum, by(&["handler"])),
            vec!["out{handler=\"help\"} 4", "out{handler=\"start\"} 11"],
        ),
        (aggregate(AggregateOp::Avg, by(&[])), vec!["out 5"]),
        (aggregate(AggregateOp::Min, by(&[])), vec!["out 1"]),
        (aggregate(AggregateOp::Max, by(&["absent"])), vec!["out 10"]),
        (
            aggregate(AggregateOp::Count, |config| {
                config.of_where.insert("outcome".to_owned(), "ok".to_owned());
            }),
            vec!["out 2"],
        ),
        (aggregate(AggregateOp::Sum, |config| config.of = "absent".to_owned()), vec![]),
    ] {
        let mut aggregates = Aggregates::new(std::slice::from_ref(&config), &registry()).unwrap();
        assert_eq!(step(&mut aggregates, 0, &requests(10.0, 4.0, 1.0)), expected, "{config:?}");
    }
}

#[test]
fn a_ratio_of_counters_is_that_of_their_growth_over_the_window() {
    let errors = aggregate(AggregateOp::Ratio, |config| {
        config.of_where.insert("outcome".to_owned(), "error".to_owned());
        config.over = "bot_requests_total".into();
        config.window = Duration::from_secs(20);
    });
    let mut aggregates = Aggregates::new(&[errors], &registry()).unwrap();
    // A thousand good answers before this began say nothing about now.
    assert_eq!(step(&mut aggregates, 0, &requests(1000.0, 0.0, 0.0)), [""; 0]);
    assert_eq!(step(&mut aggregates, 10, &requests(1008.0, 0.0, 2.0)), ["out 0.2"]);
    assert_eq!(step(&mut aggregates, 20, &requests(1018.0, 0.0, 2.0)), ["out 0.1"]);
    // The first ten seconds are over.
    assert_eq!(step(&mut aggregates, 30, &requests(1028.0, 0.0, 2.0)), ["out 0"]);
    // The bot began anew: what it counted since is growth.
    assert_eq!(step(&mut aggregates, 40, &requests(5.0, 0.0, 1.0)), ["out 0.0625"]);
    // Nothing happened for as long as the window.
    assert_eq!(step(&mut aggregates, 50, &requests(5.0, 0.0, 1.0)).len(), 1);
    assert_eq!(step(&mut aggregates, 60, &requests(5.0, 0.0, 1.0)), [""; 0]);
}

#[test]
fn a_mean_is_the_ratio_of_a_histograms_sum_and_count() {
    let mean = aggregate(AggregateOp::Ratio, |config| {
        config.of = "bot_took_seconds_sum".into();
        config.over = "bot_took_seconds_count".into();
        config.by = vec!["handler".to_owned()];
    });
    let rate = aggregate(AggregateOp::Rate, |config| {
        config.name = "rate".into();
        config.of = "bot_took_seconds_count".into();
    });
    let mut aggregates = Aggregates::new(&[mean, rate], &registry()).unwrap();
    assert_eq!(step(&mut aggregates, 0, &requests(10.0, 0.0, 0.0)), [""; 0]);
    let after = step(&mut aggregates, 10, &requests(30.0, 0.0, 0.0));
    assert_eq!(after, ["out{handler=\"start\"} 0.1", "rate 2"]);
}

#[test]
fn gauges_named_like_a_histograms_parts_are_no_counters() {
    let share = aggregate(AggregateOp::Ratio, |config| {
        config.of = "queue_count".into();
        config.over = "queue_bucket".into();
    });
    let mut samples = Samples::new();
    for (name, value) in [("queue", 7.0), ("queue_count", 1.0), ("queue_bucket", 4.0)] {
        samples.single(Family { name, help: "", kind: Kind::Gauge }, value);
    }
    let mut aggregates = Aggregates::new(&[share], &registry()).unwrap();
    assert_eq!(step(&mut aggregates, 0, &samples), ["out 0.25"]);
}

#[test]
fn a_window_remembers_little_however_often_it_is_asked() {
    let rate = aggregate(AggregateOp::Rate, |config| config.window = Duration::from_mins(1));
    let mut aggregates = Aggregates::new(&[rate], &registry()).unwrap();
    let mut last = Vec::new();
    for tick in 0..10_000_u32 {
        let mut out = Samples::new();
        let now = Duration::from_millis(100) * tick;
        aggregates.step(now, &requests(f64::from(tick), 0.0, 0.0), &mut out);
        last = lines(&out);
    }
    let rate: f64 = last[0].strip_prefix("out ").unwrap().parse().unwrap();
    assert!((9.9..10.1).contains(&rate), "{rate}");
    assert!(format!("{aggregates:?}").matches("Grown {").count() < 70);
}

#[test]
fn groups_without_end_are_cut_and_counted() {
    let registry = registry();
    let sum = aggregate(AggregateOp::Sum, |config| config.by = vec!["user".to_owned()]);
    let mut aggregates = Aggregates::new(&[sum], &registry).unwrap();
    let mut samples = Samples::new();
    samples.family(Family { name: "bot_requests_total", help: "", kind: Kind::Counter });
    for user in 0..5000 {
        samples.push(&[("user", &user.to_string())], 1.0);
    }
    assert_eq!(step(&mut aggregates, 0, &samples).len(), 1000);
    assert_eq!(
        counted(&registry, "agentd_business_overflow_total"),
        ["agentd_business_overflow_total{metric=\"out\"} 4000",]
    );
}

#[test]
fn a_declaration_that_makes_no_sense_is_refused_by_key() {
    let mut config = BusinessConfig::default();
    assert_eq!(config.violations(), []);
    config.log = vec![
        log_metric("bot_lines_total", DeclaredKind::Counter),
        log_metric("bot_lines_total", DeclaredKind::Gauge),
        LogMetricConfig::default(),
    ];
    let mut http = HttpMetricConfig::default();
    http.url = "ftp://bot".into();
    http.pointer = "/a/*/b/*".into();
    http.name = "bot_lines_total".into();
    config.http = vec![http];
    config.aggregate = vec![
        aggregate(AggregateOp::Ratio, |_| ()),
        aggregate(AggregateOp::Rate, |config| config.window = Duration::ZERO),
    ];
    let keys: Vec<_> = config.violations().into_iter().map(|violation| violation.path).collect();
    assert_eq!(
        keys,
        [
            "log[1].name",
            "log[2].file",
            "log[2].pattern",
            "log[2].name",
            "log[2].name",
            "http[0].url",
            "http[0].pointer",
            "http[0].each",
            "http[0].name",
            "aggregate[0].over",
            "aggregate[1].window",
            "log[1].name",
            "http[0].name",
            "aggregate[1].name",
        ]
    );
}

#[cfg(feature = "serde")]
#[test]
fn declarations_are_read_by_their_keys() {
    let config: BusinessConfig = serde_json::from_str(
        r#"{"log": [{"file": "/var/log/bot.log", "pattern": "took (?<value>\\d+) (?<handler>\\w+)", "name": "took_seconds",
                     "help": "Took.", "kind": "histogram", "labels": ["handler"], "unit": "milliseconds",
                     "buckets": [0.1, 1.0], "max-series": 10}],
            "http": [{"url": "http://127.0.0.1/", "interval": "1m 30s", "pointer": "/a/*", "each": "queue",
                      "name": "depth", "help": "Depth.", "kind": "gauge", "labels": {"bot": "shop"}}],
            "aggregate": [{"name": "error_ratio", "help": "Errors.", "op": "ratio", "of": "requests_total",
                           "where": {"outcome": "error"}, "over": "requests_total", "over-where": {"bot": "shop"},
                           "by": ["handler"], "window": "10m"}]}"#,
    )
    .unwrap();
    assert_eq!(config.violations(), []);
    assert_eq!(config.log[0].unit, Unit::Milliseconds);
    assert_eq!(config.http[0].interval, Duration::from_secs(90));
    assert_eq!(config.aggregate[0].of_where["outcome"], "error");
    let again = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
    assert_eq!(config, again);
    for unknown in
        [r#"{"logs": []}"#, r#"{"log": [{"path": "/a"}]}"#, r#"{"http": [{"interval": 5}]}"#]
    {
        assert!(serde_json::from_str::<BusinessConfig>(unknown).is_err(), "{unknown}");
    }
}

#[cfg(feature = "json")]
mod json {
    use super::*;
    use wardkit_metrics::business::{HttpMetrics, HttpProblem};

    fn metric(pointer: &str, change: impl FnOnce(&mut HttpMetricConfig)) -> HttpMetricConfig {
        let mut config = HttpMetricConfig::default();
        config.url = "http://127.0.0.1:8000/stats".into();
        config.name = "bot_value".into();
        config.pointer = pointer.into();
        change(&mut config);
        config
    }

    #[test]
    fn numbers_are_read_where_the_pointer_points() {
        let body = br#"{"depth": 3, "ok": true, "name": "x", "took": 250,
            "queues": {"in": {"n": 1}, "o\"ut": {"n": 2}, "odd": {}}, "list": [5, 6], "a/b": 7}"#;
        let each = |config: &mut HttpMetricConfig| config.each = "queue".to_owned();
        for (config, expected) in [
            (metric("/depth", |_| ()), Ok(vec!["bot_value 3"])),
            (metric("/ok", |_| ()), Ok(vec!["bot_value 1"])),
            (metric("/a~1b", |_| ()), Ok(vec!["bot_value 7"])),
            (
                metric("/took", |config| config.unit = Unit::Milliseconds),
                Ok(vec!["bot_value 0.25"]),
            ),
            (
                metric("/depth", |config| {
                    config.labels.insert("bot".to_owned(), "shop".to_owned());
                }),
                Ok(vec!["bot_value{bot=\"shop\"} 3"]),
            ),
            (
                metric("/queues/*/n", each),
                Ok(vec!["bot_value{queue=\"in\"} 1", "bot_value{queue=\"o\\\"ut\"} 2"]),
            ),
            (
                metric("/list/*", each),
                Ok(vec!["bot_value{queue=\"0\"} 5", "bot_value{queue=\"1\"} 6"]),
            ),
            (metric("/absent", |_| ()), Err(HttpProblem::Nothing)),
            (metric("/absent/*", each), Err(HttpProblem::Nothing)),
            (metric("/name", |_| ()), Err(HttpProblem::NotANumber)),
            (metric("", |_| ()), Err(HttpProblem::NotANumber)),
        ] {
            let mut metrics = HttpMetrics::new(std::slice::from_ref(&config), &registry()).unwrap();
            let problems = metrics.answered(0, body);
            let values = collected(&mut metrics).split_off(1);
            match expected {
                Ok(lines) => assert_eq!(
                    (values, problems),
                    (lines.into_iter().map(str::to_owned).collect(), vec![])
                ),
                Err(problem) => {
                    assert_eq!(problems, [("bot_value".to_owned(), problem)], "{config:?}");
                }
            }
        }
    }

    #[test]
    fn a_service_that_does_not_answer_has_no_values() {
        let mut metrics = HttpMetrics::new(&[metric("/n", |_| ())], &registry()).unwrap();
        assert_eq!(collected(&mut metrics), [""; 0]);
        assert_eq!(metrics.answered(0, b"{\"n\": 1}"), []);
        assert_eq!(
            collected(&mut metrics),
            ["agentd_business_http_up{metric=\"bot_value\"} 1", "bot_value 1",]
        );
        metrics.failed(0);
        assert_eq!(collected(&mut metrics), ["agentd_business_http_up{metric=\"bot_value\"} 0"]);
        let deep = "[".repeat(1_000_000);
        let problems = metrics.answered(0, deep.as_bytes());
        assert_eq!(problems, [("bot_value".to_owned(), HttpProblem::NotJson)]);
        assert_eq!(metrics.answered(7, b""), []);
    }

    #[test]
    fn metrics_of_one_address_share_its_answer() {
        let other = metric("/b", |config| {
            config.name = "bot_other".into();
            config.interval = Duration::from_secs(5);
        });
        let mut metrics = HttpMetrics::new(&[metric("/a", |_| ()), other], &registry()).unwrap();
        let sources: Vec<_> =
            metrics.sources().map(|source| (source.url.to_owned(), source.interval)).collect();
        assert_eq!(sources, [("http://127.0.0.1:8000/stats".to_owned(), Duration::from_secs(5))]);
        assert_eq!(metrics.answered(0, br#"{"a": 1, "b": 2}"#), []);
        assert_eq!(collected(&mut metrics).split_off(2), ["bot_value 1", "bot_other 2"]);
    }

    #[test]
    fn elements_without_end_are_cut_and_counted() {
        let registry = registry();
        let all = metric("/*", |config| config.each = "n".to_owned());
        let mut metrics = HttpMetrics::new(&[all], &registry).unwrap();
        let body = format!("[{}1]", "1,".repeat(4999));
        assert_eq!(metrics.answered(0, body.as_bytes()), []);
        assert_eq!(collected(&mut metrics).len(), 1001);
        assert_eq!(
            counted(&registry, "agentd_business_overflow_total"),
            ["agentd_business_overflow_total{metric=\"bot_value\"} 4000",]
        );
    }
}

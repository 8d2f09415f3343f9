//! OpenTelemetry's instruments beside the registry's own.

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use wardkit_metrics::{Error, Exposition, Limits, Registry, otel};

fn text(registry: &Registry) -> String {
    let mut out = String::new();
    registry.write(Exposition::Text, &[], &mut out);
    out
}

#[test]
fn instruments_of_opentelemetry_are_scraped_with_the_rest() {
    let registry = Registry::new("bot").expect("sound");
    registry.gauge("own", "Own.", []).expect("sound").with([]).set(1.0);
    let provider = otel::meter_provider(&registry).expect("the first").build();
    let meter = provider.meter("tests");
    meter.u64_counter("messages").build().add(2, &[KeyValue::new("kind", "a\"b")]);
    meter.f64_histogram("took").with_unit("s").with_boundaries(vec![1.0]).build().record(0.5, &[]);
    let text = text(&registry);
    for line in [
        "bot_own 1\n",
        "# TYPE messages_total counter\nmessages_total{kind=\"a\\\"b\"} 2\n",
        "took_seconds_bucket{le=\"1.0\"} 1\ntook_seconds_bucket{le=\"+Inf\"} 1\n",
        "took_seconds_sum 0.5\ntook_seconds_count 1\n",
        "# TYPE target_info gauge\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn the_cap_is_the_registrys_and_overflow_is_counted() {
    let mut limits = Limits::default();
    limits.max_series = 3_000;
    let registry = Registry::with_limits("bot", limits).expect("sound");
    let provider = otel::meter_provider(&registry).expect("the first").build();
    let counter = provider.meter("tests").u64_counter("users").build();
    let count = |users: std::ops::Range<i64>| {
        users.for_each(|user| counter.add(1, &[KeyValue::new("user", user)]));
    };
    count(0..3_000);
    let before = text(&registry);
    assert!(!before.contains("overflow"), "{before}");
    assert_eq!(before.matches("\nusers_total{").count(), 3_000);
    count(3_000..3_500);
    let after = text(&registry);
    assert!(after.contains("users_total{otel_metric_overflow=\"true\"} 500\n"), "{after}");
    assert!(after.contains("bot_metrics_overflow_total{family=\"users_total\"} 1\n"), "{after}");
}

#[test]
fn a_registry_has_one_meter_provider() {
    let registry = Registry::new("bot").expect("sound");
    let provider = otel::meter_provider(&registry).expect("the first").build();
    assert!(matches!(otel::meter_provider(&registry), Err(Error::Meter { .. })));
    drop(provider);
}

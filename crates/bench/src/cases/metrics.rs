//! Metrics: counting and scraping, beside the crates that do the same.

use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, TextEncoder};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter as TypedCounter;
use prometheus_client::metrics::family::Family as TypedFamily;
use prometheus_client::metrics::histogram::Histogram as TypedHistogram;
use prometheus_client::registry::Registry as TypedRegistry;
use wardkit_metrics::{Exposition, Histogram, Registry};

use super::{Goal, Topic, repeat};
use crate::report::METRICS;
use crate::rounds::Case;

/// Returns every topic of counting and scraping, in its order.
#[must_use]
pub fn topics() -> Vec<Topic> {
    vec![counting(), handles(), histograms(), scraping()]
}

fn counting() -> Topic {
    let ours = Registry::new("").expect("no prefix is a prefix");
    let ours = ours.counter("messages_total", "Messages.", LABELS).expect("it is new");
    let theirs = prometheus_counters();
    let typed = TypedFamily::<Set, TypedCounter>::default();
    let exporter = PrometheusBuilder::new().build_recorder();
    let (provider, counter) = otel();
    let cases = vec![
        case(METRICS, "", move |values| ours.with(*values).add(1)),
        case(PROMETHEUS, "", move |values| theirs.with_label_values(values).inc()),
        case("prometheus-client", "labels of a type", move |values| {
            _ = typed.get_or_create(&Set::of(values)).inc();
        }),
        case("metrics", "", move |[chat, kind, outcome]| {
            ::metrics::with_local_recorder(&exporter, || {
                ::metrics::counter!("messages_total", "chat" => *chat, "kind" => *kind, "outcome" => *outcome)
                    .increment(1);
            });
        }),
        case("opentelemetry", "by `otel::meter_provider`", move |values| {
            let _ = &provider;
            counter.add(1, &attributes(values));
        }),
    ];
    Topic {
        name: "counter-by-labels",
        what: "adding to a counter that is looked up by its three labels, one of 48 sets in turn",
        goal: Some(Goal::Times(1.25, PROMETHEUS)),
        bytes: None,
        cases,
    }
}

fn handles() -> Topic {
    let ours = Registry::new("").expect("no prefix is a prefix");
    let ours = ours.counter("messages_total", "Messages.", LABELS).expect("it is new");
    let values = label_values()[0];
    let ours = ours.with(values).clone();
    let theirs = prometheus_counters().with_label_values(&values);
    let typed = TypedCounter::<u64>::default();
    let exporter = PrometheusBuilder::new().build_recorder();
    let handle = ::metrics::with_local_recorder(
        &exporter,
        || ::metrics::counter!("messages_total", "chat" => values[0]),
    );
    let (provider, counter) = otel();
    // A bare loop: what keeps the compiler from leaving out other things costs as much as what is measured here, and
    // nobody leaves out an atomic addition.
    let cases = vec![
        Case::new(METRICS, "", move |times| (0..times).for_each(|_| ours.add(1))),
        Case::new(PROMETHEUS, "", move |times| (0..times).for_each(|_| theirs.inc())),
        Case::new("prometheus-client", "", move |times| (0..times).for_each(|_| _ = typed.inc())),
        Case::new("metrics", "", move |times| (0..times).for_each(|_| handle.increment(1))),
        Case::new("opentelemetry", "no labels: it has no handles", move |times| {
            let _ = &provider;
            (0..times).for_each(|_| counter.add(1, &[]));
        }),
    ];
    Topic {
        name: "counter-by-handle",
        what: "adding to a counter that was looked up before",
        goal: Some(Goal::Nanos(5.0)),
        bytes: None,
        cases,
    }
}

fn histograms() -> Topic {
    let ours = Registry::new("").expect("no prefix is a prefix");
    let ours =
        ours.histogram("took_seconds", "Time.", LABELS, Histogram::SECONDS).expect("it is new");
    let options = HistogramOpts::new("took_seconds", "Time.").buckets(Histogram::SECONDS.to_vec());
    let theirs = HistogramVec::new(options, &LABELS).expect("it is sound");
    let typed =
        TypedFamily::<Set, TypedHistogram, fn() -> TypedHistogram>::new_with_constructor(|| {
            TypedHistogram::new(Histogram::SECONDS.iter().copied())
        });
    let exporter = PrometheusBuilder::new()
        .set_buckets(Histogram::SECONDS)
        .expect("there are some")
        .build_recorder();
    let (provider, _) = otel();
    let histogram = provider
        .meter("bench")
        .f64_histogram("took")
        .with_boundaries(Histogram::SECONDS.to_vec())
        .build();
    let cases = vec![
        case(METRICS, "", move |values| ours.with(*values).observe(0.07)),
        case(PROMETHEUS, "", move |values| theirs.with_label_values(values).observe(0.07)),
        case("prometheus-client", "labels of a type", move |values| {
            typed.get_or_create(&Set::of(values)).observe(0.07);
        }),
        case("metrics", "keeps every value until the scrape", move |[chat, kind, outcome]| {
            ::metrics::with_local_recorder(&exporter, || {
                ::metrics::histogram!("took_seconds", "chat" => *chat, "kind" => *kind, "outcome" => *outcome)
                    .record(0.07);
            });
        }),
        case("opentelemetry", "by `otel::meter_provider`", move |values| {
            let _ = &provider;
            histogram.record(0.07, &attributes(values));
        }),
    ];
    Topic {
        name: "histogram-by-labels",
        what: "counting a value into one of 12 buckets of a histogram that is looked up by its three labels",
        goal: Some(Goal::Times(1.25, PROMETHEUS)),
        bytes: None,
        cases,
    }
}

/// A scrape of as many series as a host with hundreds of services has.
fn scraping() -> Topic {
    let numbers: Vec<String> = (0..SERIES).map(|number| number.to_string()).collect();
    let sets = || numbers.iter().map(|number| [&**number, KINDS[0], OUTCOMES[0]]);

    let registry = Registry::new("").expect("no prefix is a prefix");
    let counter = registry.counter("messages_total", "Messages.", LABELS).expect("it is new");
    sets().for_each(|values| counter.with(values).add(1));
    let theirs = prometheus_counters();
    sets().for_each(|values| theirs.with_label_values(&values).inc());
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(theirs)).expect("it is new");
    let typed = TypedFamily::<OwnedSet, TypedCounter>::default();
    sets().for_each(|[chat, kind, outcome]| {
        let owned = OwnedSet { chat: chat.into(), kind: kind.into(), outcome: outcome.into() };
        _ = typed.get_or_create(&owned).inc();
    });
    let mut typed_registry = TypedRegistry::default();
    typed_registry.register("messages", "Messages", typed);
    let exporter = PrometheusBuilder::new().build_recorder();
    ::metrics::with_local_recorder(&exporter, || {
        sets().for_each(|[chat, kind, outcome]| {
            let (chat, kind, outcome) = (chat.to_owned(), kind.to_owned(), outcome.to_owned());
            ::metrics::counter!("messages_total", "chat" => chat, "kind" => kind, "outcome" => outcome)
                .increment(1);
        });
    });
    let bridged = Registry::new("").expect("no prefix is a prefix");
    let provider = wardkit_metrics::otel::meter_provider(&bridged).expect("the first").build();
    let counter = provider.meter("bench").u64_counter("messages").build();
    for [chat, kind, outcome] in sets() {
        let attributes = [
            KeyValue::new("chat", chat.to_owned()),
            KeyValue::new("kind", kind.to_owned()),
            KeyValue::new("outcome", outcome.to_owned()),
        ];
        counter.add(1, &attributes);
    }
    Topic {
        name: "scrape",
        what: "writing the page of 10 000 counters with three labels into a buffer that is used again",
        goal: Some(Goal::Times(1.0, PROMETHEUS)),
        bytes: None,
        cases: scrapes(registry, foreign, typed_registry, exporter.handle(), bridged, provider),
    }
}

fn scrapes(
    registry: Registry,
    foreign: prometheus::Registry,
    typed: TypedRegistry,
    exporter: metrics_exporter_prometheus::PrometheusHandle,
    bridged: Registry,
    provider: SdkMeterProvider,
) -> Vec<Case> {
    let ours = |registry: Registry| {
        let mut page = String::new();
        move |times| {
            repeat(times, |_| {
                page.clear();
                registry.write(Exposition::Text, &[], &mut page);
            });
        }
    };
    let (mut bytes, mut page) = (Vec::new(), String::new());
    let mut with_bridge = ours(bridged);
    vec![
        Case::new(METRICS, "", ours(registry)),
        Case::new(PROMETHEUS, "", move |times| {
            repeat(times, |_| {
                bytes.clear();
                TextEncoder::new().encode(&foreign.gather(), &mut bytes).expect("memory takes all");
            });
        }),
        Case::new("prometheus-client", "labels of a type", move |times| {
            repeat(times, |_| {
                page.clear();
                prometheus_client::encoding::text::encode(&mut page, &typed)
                    .expect("memory takes all");
            });
        }),
        Case::new("metrics", "its exporter", move |times| repeat(times, |_| exporter.render())),
        Case::new("opentelemetry", "by `otel::meter_provider`", move |times| {
            let _ = &provider;
            with_bridge(times);
        }),
    ]
}

/// A case that gets each set of labels in turn.
fn case(
    subject: &'static str,
    note: &'static str,
    mut run: impl FnMut(&[&'static str; 3]) + 'static,
) -> Case {
    let values = label_values();
    Case::new(subject, note, move |times| {
        let mut at = 0;
        repeat(times, |_| {
            run(&values[at]);
            at = if at + 1 < values.len() { at + 1 } else { 0 };
        });
    })
}

/// Returns the sets in an order in which no two that follow each other are alike.
fn label_values() -> Vec<[&'static str; 3]> {
    let mut all = Vec::new();
    for chat in CHATS {
        for kind in KINDS {
            all.extend(OUTCOMES.map(|outcome| [chat, kind, outcome]));
        }
    }
    (0..all.len()).map(|at| all[at * 17 % all.len()]).collect()
}

fn prometheus_counters() -> IntCounterVec {
    IntCounterVec::new(Opts::new("messages_total", "Messages."), &LABELS).expect("it is sound")
}

fn otel() -> (SdkMeterProvider, opentelemetry::metrics::Counter<u64>) {
    let registry = Registry::new("").expect("no prefix is a prefix");
    let provider = wardkit_metrics::otel::meter_provider(&registry).expect("the first").build();
    let counter = provider.meter("bench").u64_counter("messages").build();
    (provider, counter)
}

fn attributes(values: &[&'static str; 3]) -> [KeyValue; 3] {
    [0, 1, 2].map(|at| KeyValue::new(LABELS[at], values[at]))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Set {
    chat: &'static str,
    kind: &'static str,
    outcome: &'static str,
}

impl Set {
    fn of([chat, kind, outcome]: &[&'static str; 3]) -> Self {
        Self { chat, kind, outcome }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OwnedSet {
    chat: String,
    kind: String,
    outcome: String,
}

/// The peer that the goals are about.
const PROMETHEUS: &str = "prometheus";

const SERIES: u32 = 10_000;

const LABELS: [&str; 3] = ["chat", "kind", "outcome"];
const CHATS: [&str; 4] = ["-1001234567890", "-1009876543210", "1234567", "7654321"];
const KINDS: [&str; 4] = ["text", "photo", "callback_query", "command"];
const OUTCOMES: [&str; 3] = ["answered", "failed", "ignored"];

//! What the engine costs at the sizes of a busy host: ten thousand alerts, a thousand silences.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wardkit_alerting::{
    Alert, ChannelId, Engine, EngineConfig, GroupBy, Input, Now, Plan, Receiver, ReceiverChannel,
    SilenceRequest,
};
use wardkit_core::{Labels, Timestamp};

const ALERTS: usize = 10_000;
const SILENCES: usize = 1_000;

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ALERTS as u64));
    let batches: Vec<Vec<Alert>> = (0..100).map(|batch| alerts(batch * 100, 100)).collect();
    group.bench_function("post_10000_new_alerts", |bencher| {
        bencher.iter_batched(
            || (empty(), batches.clone()),
            |(mut engine, batches)| post(&mut engine, batches),
            BatchSize::LargeInput,
        );
    });
    let mut full = empty();
    post(&mut full, batches.clone());
    group.bench_function("post_10000_known_alerts", |bencher| {
        bencher.iter_batched(
            || batches.clone(),
            |batches| post(&mut full, batches),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("tell_10000_groups", |bencher| {
        bencher.iter_batched(
            || {
                let mut engine = empty();
                post(&mut engine, batches.clone());
                engine
            },
            |mut engine| {
                while engine.next_wake().is_some_and(|due| due <= at(60).boot) {
                    black_box(engine.step(at(60), Input::Tick));
                }
            },
            BatchSize::LargeInput,
        );
    });
    let records = full.records();
    group.bench_function("restore_10000_alerts", |bencher| {
        bencher.iter(|| {
            Engine::restore(plan(), EngineConfig::default(), "boot", black_box(&records), at(1))
        });
    });
    for number in 0..SILENCES {
        full.step(at(2), Input::SetSilence(silence(number)));
    }
    group.bench_function("mute_10000_alerts_by_1000_silences", |bencher| {
        bencher.iter(|| black_box(&full).suppressed().count());
    });
    group.finish();
}

fn post(engine: &mut Engine, batches: Vec<Vec<Alert>>) -> usize {
    let mut effects = 0;
    for alerts in batches {
        let source = "api".to_owned();
        effects += engine.step(at(1), Input::Alerts { source, alerts }).len();
    }
    effects
}

fn empty() -> Engine {
    Engine::new(plan(), EngineConfig::default(), "boot")
}

fn plan() -> Plan {
    let mut plan = Plan::default();
    "ops".clone_into(&mut plan.route.receiver);
    plan.route.group_by = GroupBy::All;
    let mut receiver = Receiver::default();
    receiver.channels = vec![ReceiverChannel::new(ChannelId::new("ops", "webhook", 0))];
    plan.receivers = [("ops".to_owned(), receiver)].into();
    plan
}

fn alerts(first: usize, count: usize) -> Vec<Alert> {
    let alert = |number: usize| {
        let instance = format!("web-{number}:9100");
        let cluster = format!("cluster-{}", number % 100);
        let pairs = [
            ("alertname", "InstanceDown"),
            ("cluster", &*cluster),
            ("instance", &*instance),
            ("job", "node"),
            ("severity", "warning"),
        ];
        Alert {
            labels: Labels::from_pairs(pairs).expect("they are sound"),
            annotations: [("summary".to_owned(), format!("{instance} is down"))].into(),
            starts_at: at(0).wall,
            ends_at: None,
            generator_url: "http://prometheus:9090/graph?g0.expr=up".to_owned(),
        }
    };
    (first..first + count).map(alert).collect()
}

fn silence(number: usize) -> SilenceRequest {
    let matchers = format!("alertname=\"InstanceDown\",instance=\"web-{}:9100\"", number * 7);
    SilenceRequest {
        matchers: matchers.parse().expect("it is sound"),
        starts_at: at(0).wall,
        ends_at: at(100_000).wall,
        ..SilenceRequest::default()
    }
}

fn at(seconds: u64) -> Now {
    let boot = Duration::from_secs(seconds);
    Now { wall: Timestamp::from_unix_seconds(1_700_000_000).saturating_add(boot), boot }
}

criterion_group!(benches, engine);
criterion_main!(benches);

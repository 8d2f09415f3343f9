//! What an alert pays beyond the labels that come with it. `gate.toml` holds the limits, as ratios to measurements of
//! the same run.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wardkit_alerting::{
    Alert, ChannelId, ChannelSettings, Effect, Engine, EngineConfig, GroupBy, Input, Notification,
    Now, Outbox, OutboxChanges, OutboxConfig, Outcome, Plan, Receiver, ReceiverChannel, Route,
    Router, SilenceRequest,
};
use wardkit_core::{Labels, Timestamp};

const ALERTS: usize = 1_000;

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let new: Vec<Alert> = (0..ALERTS).map(alert).collect();
    // What every server of alerts does with each: writes it as JSON.
    group.bench_function("write_alerts", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&new)));
    });
    group.bench_function("post_new_alerts", |bencher| {
        bencher.iter_batched(
            || (engine(), new.clone()),
            |(mut engine, alerts)| post(&mut engine, alerts),
            BatchSize::LargeInput,
        );
    });
    let mut full = engine();
    post(&mut full, new.clone());
    group.bench_function("post_known_alerts", |bencher| {
        bencher.iter_batched(
            || new.clone(),
            |alerts| post(&mut full, alerts),
            BatchSize::LargeInput,
        );
    });
    full.step(now(), Input::SetSilence(silence(0)));
    group.bench_function("mute_by_one_silence", |bencher| {
        bencher.iter(|| black_box(&full).suppressed().count());
    });
    for number in 1..1_000 {
        full.step(now(), Input::SetSilence(silence(number)));
    }
    group.bench_function("mute_by_1000_silences", |bencher| {
        bencher.iter(|| black_box(&full).suppressed().count());
    });
    group.finish();
}

fn outbox(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let mut engine = engine();
    post(&mut engine, (0..ALERTS).map(alert).collect());
    let later = Now { boot: Duration::from_mins(2), ..now() };
    let mut told: Vec<Notification> = Vec::new();
    while engine.next_wake().is_some_and(|due| due <= later.boot) {
        told.extend(engine.step(later, Input::Tick).into_iter().filter_map(
            |effect| match effect {
                Effect::Notify(notification) => Some(*notification),
                _ => None,
            },
        ));
    }
    assert_eq!(told.len(), ALERTS, "each alert is a group");
    group.bench_function("write_notifications", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&told)));
    });
    let channel = ChannelId::new("ops", "webhook", 0);
    group.bench_function("deliver_notifications", |bencher| {
        bencher.iter_batched(
            || {
                let channels = [(channel.clone(), ChannelSettings::default())].into();
                let empty = Outbox::new(OutboxConfig::default(), channels, Vec::new(), 0, later);
                (empty, told.clone())
            },
            |(outbox, told)| deliver(outbox, told, later),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Queues all, then leases and ends them until nothing waits.
fn deliver(mut outbox: Outbox, told: Vec<Notification>, now: Now) -> usize {
    let mut changes = OutboxChanges::default();
    for notification in told {
        outbox.enqueue(now, notification, &mut changes);
    }
    let mut attempts = 0;
    while !outbox.is_empty() {
        changes = OutboxChanges::default();
        outbox.lease(now, &mut changes);
        for lease in std::mem::take(&mut changes.leases) {
            attempts += 1;
            let sent = Outcome::Sent { receipt: None };
            outbox.finish(now, lease.sequence, sent, &mut changes);
        }
    }
    attempts
}

fn post(engine: &mut Engine, alerts: Vec<Alert>) -> usize {
    engine.step(now(), Input::Alerts { source: "api".to_owned(), alerts }).len()
}

fn engine() -> Engine {
    let mut plan = Plan::default();
    "ops".clone_into(&mut plan.route.receiver);
    plan.route.group_by = GroupBy::All;
    let mut receiver = Receiver::default();
    receiver.channels = vec![ReceiverChannel::new(ChannelId::new("ops", "webhook", 0))];
    plan.receivers = [("ops".to_owned(), receiver)].into();
    Engine::new(plan, EngineConfig::default(), "boot")
}

fn alert(number: usize) -> Alert {
    let instance = format!("web-{number}:9100");
    let pairs = [
        ("alertname", "InstanceDown"),
        ("cluster", "north"),
        ("instance", &*instance),
        ("job", "node"),
        ("severity", "warning"),
    ];
    Alert {
        labels: Labels::from_pairs(pairs).expect("they are sound"),
        annotations: [("summary".to_owned(), format!("{instance} is down"))].into(),
        starts_at: now().wall,
        ends_at: None,
        generator_url: "http://prometheus:9090/graph?g0.expr=up".to_owned(),
    }
}

/// One in ten silences an alert that lasts.
fn silence(number: usize) -> SilenceRequest {
    let matchers = format!("alertname=InstanceDown,instance=\"web-{}:9100\"", number * 10);
    SilenceRequest {
        matchers: matchers.parse().expect("it is sound"),
        starts_at: now().wall,
        ends_at: now().wall.saturating_add(Duration::from_hours(1)),
        ..SilenceRequest::default()
    }
}

fn now() -> Now {
    Now { wall: Timestamp::from_unix_seconds(1_700_000_000), boot: Duration::from_secs(1) }
}

fn route(matchers: &str, routes: Vec<Route>) -> Route {
    let mut route = Route::default();
    route.matchers = matchers.parse().expect("it is sound");
    route.routes = routes;
    route
}

/// Routes of services, each of which has those of severities: four for each service, and the services.
fn router(services: usize) -> Router {
    let severities = || {
        ["critical", "warning|info", "page"]
            .map(|value| route(&format!("severity=~\"{value}\",environment!=\"test\""), Vec::new()))
    };
    let service = |number| route(&format!("job=\"service-{number}\""), severities().into());
    Router::new(&route("", (0..services).map(service).collect()))
}

fn routes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    for (name, services) in [("route_in_12", 3), ("route_in_1000", 250)] {
        let router = router(services);
        let alerts: Vec<Labels> = (0..ALERTS)
            .map(|number| {
                let job = format!("service-{}", number % services);
                let instance = format!("web-{number}:9100");
                let severity = ["critical", "warning", "page", "other"][number % 4];
                let pairs = [
                    ("alertname", "InstanceDown"),
                    ("instance", &*instance),
                    ("job", &*job),
                    ("severity", severity),
                ];
                Labels::from_pairs(pairs).expect("they are sound")
            })
            .collect();
        group.throughput(Throughput::Elements(ALERTS as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| alerts.iter().map(|labels| router.route(labels).len()).sum::<usize>());
        });
    }
    group.finish();
}

criterion_group!(benches, gate, outbox, routes);
criterion_main!(benches);

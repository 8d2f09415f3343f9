//! What a guardian between master and service costs. `gate.toml` holds the limits, as ratios to measurements of the same
//! run.

use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_guardian::{Client, Event, Options, Spawn, Then};

fn round_trips(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("command", |b| {
        b.iter(|| {
            let mut child =
                Command::new("/bin/true").stdin(Stdio::null()).spawn().expect("it is there");
            child.wait().expect("it is a child")
        });
    });
    let folder = tempfile::tempdir().expect("there is room");
    let mut options = Options::default();
    options.socket = folder.path().join("guardian.sock");
    options.guardian = vec![env!("CARGO_BIN_EXE_wardkit-guardian").into()];
    options.master.instance = "bench".into();
    let mut client = Client::start(&options).expect("it starts");
    let mut generation = 0;
    group.bench_function("guarded", |b| {
        b.iter(|| {
            generation += 1;
            // A name for each, so that no tree of an earlier start is looked for.
            let name = format!("s{generation}");
            client.spawn(&Spawn::new(&name, 1, ["/bin/true"])).expect("it is there");
            let event = client.wait_event(Duration::from_secs(10)).expect("it lives");
            assert!(matches!(event, Some(Event::Ended(_))));
            client.acknowledge(&name, 1).expect("it has ended");
        });
    });
    group.finish();
    client.stop_all(&[], Then::End).expect("it lives");
}

criterion_group!(gate, round_trips);
criterion_main!(gate);

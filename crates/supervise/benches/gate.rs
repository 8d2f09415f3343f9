//! What the decisions cost beside what they are about: starting a process. `gate.toml` holds the limits.

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_supervise::{
    Action, Config, Ending, Exit, Host, Input, Now, Process, ServiceSpec, Supervisor,
};

const SERVICES: usize = 1_000;

/// Long enough that each run was a stable one: no restart is put off.
const LIFE: Duration = Duration::from_mins(10);

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("process", |bencher| {
        bencher.iter(|| Command::new("/bin/true").status().expect("every host has it"));
    });
    let mut now = Now::default();
    let (mut supervisor, mut generation) = (started(now), 1);
    let service: Arc<str> = "service-500".into();
    group.bench_function("restart_of_one_in_a_thousand", |bencher| {
        bencher.iter(|| {
            now.boot += LIFE;
            let ending = Ending::new(Exit::Code(1));
            let exited = Input::Exited { service: service.clone(), generation, ending };
            black_box(supervisor.step(now, exited));
            let gone = Input::TreeGone { service: service.clone(), generation };
            let actions = black_box(supervisor.step(now, gone));
            let next = actions.iter().find_map(|action| match action {
                Action::Spawn { generation, .. } => Some(*generation),
                _ => None,
            });
            generation = next.expect("it is started again at once");
            run(&mut supervisor, now, spawned(service.clone(), generation));
        });
    });
    group.bench_function("start_of_a_thousand", |bencher| bencher.iter(|| started(now)));
    group.bench_function("a_hundred_processes", |bencher| {
        bencher.iter(|| {
            for _ in 0..100 {
                Command::new("/bin/true").status().expect("every host has it");
            }
        });
    });
    group.finish();
}

/// A thousand services, each of which needs another, all of them running.
fn started(now: Now) -> Supervisor {
    let of = |number: usize| {
        let mut spec = ServiceSpec::new(format!("service-{number}"), ["/usr/bin/bot"]);
        if number > 0 {
            spec.depends = vec![format!("service-{}", number / 2)];
        }
        spec
    };
    let config = Config::new((0..SERVICES).map(of).collect::<Vec<_>>());
    let mut supervisor = Supervisor::new(config, Vec::new(), now, Host::new("boot", 7));
    run(&mut supervisor, now, Input::Tick);
    assert!(supervisor.status().iter().all(|status| status.state.as_str() == "running"));
    supervisor
}

/// Hands an input over and has all started that is to start.
fn run(supervisor: &mut Supervisor, now: Now, input: Input) {
    let mut inputs = vec![input];
    while let Some(input) = inputs.pop() {
        for action in supervisor.step(now, input) {
            if let Action::Spawn { service, generation } = action {
                inputs.push(spawned(service, generation));
            }
        }
    }
}

fn spawned(service: Arc<str>, generation: u64) -> Input {
    Input::Spawned { service, generation, process: Process::new(1, "1") }
}

criterion_group!(benches, gate);
criterion_main!(benches);

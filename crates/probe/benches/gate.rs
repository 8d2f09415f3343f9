//! What the state machine costs beside the shortest check there is. `gate.toml` holds the limit.

use std::hint::black_box;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_core::Timestamp;
use wardkit_probe::{Action, CheckConfig, Checks, Config, Input, Moment, Outcome, TcpTarget};

/// More than most hosts have.
const CHECKS: u32 = 100;

/// So that each of them runs every 30 seconds.
const STEP: Duration = Duration::from_millis(300);

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    group.bench_function("connect", |bencher| {
        bencher.iter(|| {
            let stream = TcpStream::connect(address).expect("it listens");
            drop(listener.accept());
            stream
        });
    });

    let mut config = Config::default();
    for number in 0..CHECKS {
        let mut check = CheckConfig::new(format!("check-{number}"), TcpTarget::new("127.0.0.1:1"));
        check.jitter = Duration::ZERO;
        // One is due in each step, where all of them would be in one step of a hundred.
        check.start_delay = STEP * number;
        if number > 0 {
            check.depends_on = vec![format!("check-{}", number / 2)];
        }
        config.checks.push(check);
    }
    let mut now = Moment { wall: Timestamp::UNIX_EPOCH, uptime: Duration::ZERO };
    let mut checks = Checks::new(config, now, 7).expect("it is sound");
    group.bench_function("run_of_one_in_a_hundred", |bencher| {
        bencher.iter(|| {
            now.uptime += STEP;
            let mut actions = checks.step(now, Input::Tick);
            // Whatever has begun ends at once, and makes room for what waits for it.
            while let Some(Action::Start { check, run }) = actions.pop() {
                let took = Duration::from_millis(1);
                let outcome = Outcome::Passed;
                let finished = Input::Finished { check, run, outcome, took };
                actions.extend(checks.step(now, black_box(finished)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);

//! Tasks, once and by a schedule, with real processes at a real time that is shifted to just before a minute.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use wardkit_core::{Clock, SystemClock, Timestamp};
use wardkit_runner::Then;
use wardkit_supervise::{Config, Kind, RestartPolicy, ServiceSpec};

use crate::scene::{Scene, block_on, eventually, lives, shell};

/// The system's clock, shifted by its first reading to half a second before a full minute, and on from there.
struct Shifted {
    later: Duration,
    shift: OnceLock<Duration>,
}

impl Shifted {
    fn before_a_minute(later: Duration) -> Arc<Self> {
        Arc::new(Self { later, shift: OnceLock::new() })
    }
}

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        let shift = self.shift.get_or_init(|| {
            let of_minute = now.as_unix_nanos().rem_euclid(60_000_000_000).cast_unsigned();
            let before = Duration::from_millis(119_500);
            before.saturating_sub(Duration::from_nanos(of_minute)) + self.later
        });
        now.saturating_add(*shift)
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime()
    }
}

fn task(name: &str, schedule: &str, script: &str) -> ServiceSpec {
    let mut task = shell(name, script);
    task.kind = Kind::Task;
    task.schedule = (!schedule.is_empty()).then(|| schedule.to_owned());
    task
}

fn runs(file: &Path) -> usize {
    fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

#[test]
fn task_runs_at_its_time_and_is_caught_up_when_nothing_ran_then() {
    let mut scene = Scene::new();
    let file = scene.path("runs");
    let config =
        Config::new([task("minutely", "* * * * *", &format!("echo ran >> {}", file.display()))]);
    scene.start_at(config.clone(), Shifted::before_a_minute(Duration::ZERO));
    eventually(|| (runs(&file) == 1).then_some(()));
    scene.until_run("minutely", "finished", 1);
    let explained = scene.services().explain("minutely").unwrap().explanation;
    assert!(explained.next[0].starts_with("runs by its schedule at "), "{:?}", explained.next);
    assert_eq!(explained.exits.len(), 1);

    // Two hours later it runs once for all that was missed.
    block_on(scene.services.take().unwrap().shutdown(Then::Stop));
    let later = Shifted::before_a_minute(Duration::from_secs(2 * 3_600 - 20));
    scene.start_at(config, later);
    scene.until_run("minutely", "finished", 2);
    assert_eq!(runs(&file), 2);
}

#[test]
fn task_that_runs_once_is_tried_again_until_it_succeeds() {
    let mut scene = Scene::new();
    let file = scene.path("tries");
    let script = format!("echo try >> {0}; test $(wc -l < {0}) -ge 3", file.display());
    let mut once = task("once", "", &script);
    once.restart = RestartPolicy::OnFailure;
    once.backoff.initial = Duration::from_millis(1);
    let mut after = task("after", "", "exit 0");
    after.depends = vec!["once".to_owned()];
    scene.start(Config::new([once, after]));
    scene.until("after", "finished");
    assert_eq!(runs(&file), 3);
    assert_eq!(scene.state("once").as_str(), "finished");
}

#[test]
fn time_that_comes_while_a_task_runs_is_left_out() {
    let mut scene = Scene::new();
    let file = scene.path("runs");
    let script = format!("echo $$ >> {}; sleep 1000", file.display());
    scene.start_at(
        Config::new([task("long", "* * * * *", &script)]),
        Shifted::before_a_minute(Duration::ZERO),
    );
    let pid = scene.until("long", "running").unwrap();
    // A stop of ours, and the next master comes after two more times of the schedule.
    block_on(scene.services.take().unwrap().shutdown(Then::LeaveRunning));
    scene.start_at(
        Config::new([task("long", "* * * * *", &script)]),
        Shifted::before_a_minute(Duration::from_mins(2)),
    );
    assert_eq!(scene.until("long", "running"), Some(pid));
    eventually(|| lives(pid).then_some(()));
    assert_eq!((runs(&file), scene.processes("long")), (1, vec![pid]));
}

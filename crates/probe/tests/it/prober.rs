//! The driver on tokio.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wardkit_core::{Clock, Event, Timestamp};
use wardkit_probe::{
    CheckConfig, Config, ExecTarget, HttpAnswer, HttpGet, HttpQuestion, HttpTarget, NoHttp, Prober,
    State, TcpTarget,
};

/// The clock of tokio, which stands still in tests while anything can be done.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(self.uptime())
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}

fn prober(checks: Vec<CheckConfig>, http: impl HttpGet + 'static) -> Prober {
    let mut config = Config::default();
    config.checks = checks;
    Prober::new(config, Arc::new(http), Arc::new(Paused(Instant::now())), 7).unwrap()
}

/// Runs until this many events were told.
async fn told(prober: &Prober, count: usize) -> Vec<String> {
    let (stop, stopped) = oneshot::channel::<()>();
    let (mut stop, mut told) = (Some(stop), Vec::new());
    let publish = |event: Event| {
        told.push(format!("{} {} {}", event.at, event.subject, event.kind));
        if told.len() == count {
            drop(stop.take());
        }
    };
    prober.run(publish, async { drop(stopped.await) }).await;
    told
}

#[tokio::test(start_paused = true)]
async fn a_day_of_a_page_that_comes_and_goes() {
    let asked = Mutex::new(0_u32);
    let answers = move |_: &HttpQuestion| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let status = if (100..200).contains(&*asked) { 503 } else { 200 };
        Ok(HttpAnswer::new(status, ""))
    };
    let mut check = CheckConfig::new("page", HttpTarget::new("http://127.0.0.1/"));
    check.jitter = Duration::ZERO;
    let prober = prober(vec![check], answers);
    let expected = [
        "1970-01-01T00:00:00Z page probe.check.passed",
        "1970-01-01T00:50:30Z page probe.check.failed",
        "1970-01-01T01:40:00Z page probe.check.recovered",
    ];
    let said: Vec<String> = told(&prober, 3).await;
    // Timers of tokio are rounded up to its milliseconds.
    let said: Vec<String> = said.iter().map(|line| whole_seconds(line)).collect();
    assert_eq!(said, expected);
    assert_eq!(prober.status()[0].runs, 201);
    assert_eq!(prober.history("page").len(), 60);
    assert_eq!(prober.latency("page").unwrap().count(), 201);
}

fn whole_seconds(line: &str) -> String {
    let (at, rest) = line.split_once(' ').unwrap();
    format!("{}Z {rest}", at.trim_end_matches('Z').split('.').next().unwrap())
}

#[tokio::test]
async fn programs_and_ports_are_asked_side_by_side() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = TcpTarget::new(listener.local_addr().unwrap().to_string());
    let checks = vec![
        CheckConfig::new("port", port),
        CheckConfig::new("true", ExecTarget::new(["/bin/true"])),
    ];
    let prober = prober(checks, NoHttp);
    let said = told(&prober, 2).await;
    assert_eq!(said.len(), 2);
    assert!(prober.status().iter().all(|status| status.state == State::Up));
    assert!(prober.health().iter().all(|(_, health)| health.is_ready()));
}

#[tokio::test]
async fn the_driver_runs_as_a_task_and_a_stop_is_its_end() {
    let prober = prober(vec![CheckConfig::new("true", ExecTarget::new(["/bin/true"]))], NoHttp);
    let (stop, stopped) = oneshot::channel::<()>();
    let driver = prober.clone();
    let task = tokio::spawn(async move { driver.run(|_| {}, async { drop(stopped.await) }).await });
    drop(stop);
    task.await.unwrap();
    assert!(prober.status()[0].runs <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_fails_the_run_and_no_more() {
    let panics = |_: &HttpQuestion| panic!("a bug");
    let mut check = CheckConfig::new("page", HttpTarget::new("http://127.0.0.1/"));
    check.fall = 1;
    let prober = prober(vec![check], panics);
    assert_eq!(told(&prober, 1).await.len(), 1);
    assert_eq!(
        prober.status()[0].state,
        State::Down { reason: "the check itself broke off".to_owned() }
    );
}

#[tokio::test]
async fn stopping_kills_what_runs() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("alive");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    // Holds the pipe open as long as it lives.
    let script = format!("exec 3>{}; sleep 1000 & wait", fifo.display());
    let mut check = CheckConfig::new("late", ExecTarget::new(["/bin/sh", "-c", &script]));
    check.timeout = Duration::from_mins(10);
    check.jitter = Duration::ZERO;
    let prober = prober(vec![check], NoHttp);
    let (sender, mut opened) = mpsc::channel(1);
    let reading = std::thread::spawn(move || {
        let mut pipe = std::fs::File::open(fifo).unwrap();
        sender.blocking_send(()).unwrap();
        std::io::copy(&mut pipe, &mut std::io::sink()).unwrap()
    });
    prober.run(|_| {}, async { assert_eq!(opened.recv().await, Some(())) }).await;
    // Its end comes when the last process has let go of it.
    assert_eq!(tokio::task::spawn_blocking(|| reading.join().unwrap()).await.unwrap(), 0);
    assert_eq!(prober.status()[0].state, State::Starting);
}

#[tokio::test(start_paused = true)]
async fn a_changed_configuration_keeps_what_is_known_of_the_same_checks() {
    let clock = Arc::new(Paused(Instant::now()));
    let answers = |question: &HttpQuestion| {
        Ok(HttpAnswer::new(if question.url.ends_with("down") { 503 } else { 200 }, ""))
    };
    let page = |name: &str, to: &str| {
        CheckConfig::new(name, HttpTarget::new(format!("http://127.0.0.1/{to}")))
    };
    let prober_of = |checks: [CheckConfig; 3]| {
        let mut config = Config::default();
        config.checks = checks.into();
        Prober::new(config, Arc::new(answers), Arc::clone(&clock) as Arc<dyn Clock>, 7).unwrap()
    };
    let before = prober_of([page("same", "down"), page("changed", "up"), page("gone", "up")]);
    assert_eq!(told(&before, 3).await.len(), 3);
    let mut changed = page("changed", "up");
    changed.fall = 7;
    let after = prober_of([page("new", "up"), changed, page("same", "down")]);
    after.take_over(&before);
    let (old, new) = (before.status(), after.status());
    assert_eq!(new[2], old[0]);
    assert_eq!((new[2].state.as_str(), new[2].runs), ("down", 3));
    assert_eq!(after.history("same"), before.history("same"));
    assert_eq!((&new[0].state, &new[1].state), (&State::Starting, &State::Starting));
    // What was down is not told again, and goes on being asked.
    let said = told(&after, 2).await;
    assert!(said.iter().all(|line| line.ends_with("passed")), "{said:?}");
    assert_eq!(after.status()[2].state.as_str(), "down");
}

//! Futures as services.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use wardkit_core::{Clock, Event, Health, Timestamp};
use wardkit_supervise::tasks::{Context, Outcome, Tasks};
use wardkit_supervise::{GroupConfig, ProbeConfig, ServiceSpec, Strategy};

/// The time of a paused runtime.
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_700_000_000).saturating_add(self.uptime())
    }

    fn uptime(&self) -> Duration {
        self.0.elapsed()
    }
}

fn tasks() -> (Tasks, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = events.clone();
    let clock = Arc::new(Paused(tokio::time::Instant::now()));
    (
        Tasks::new(clock, move |event| told.lock().expect("nobody panics with it").push(event)),
        events,
    )
}

fn spec(name: &str) -> ServiceSpec {
    ServiceSpec::in_process(name)
}

async fn until_stopped(context: Context) -> Outcome {
    context.set_health(Health::Up);
    context.stopped().await;
    Ok(())
}

/// Runs the tasks while `during` lasts, and then to their end.
async fn run<T>(tasks: &Tasks, during: impl Future<Output = T>) -> T {
    let handle = tasks.clone();
    let during = async {
        let done = during.await;
        handle.shutdown();
        done
    };
    tokio::join!(tasks.run(), during).1
}

#[tokio::test(start_paused = true)]
async fn task_that_fails_or_panics_is_started_again_and_the_rest_lives_on() {
    let (tasks, _) = tasks();
    let runs = Arc::new(AtomicU64::new(0));
    tasks.start(spec("steady"), until_stopped).unwrap();
    let shaky = move |context| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move {
            match run {
                0 => panic!("out of luck"),
                1 => Err("disk on fire".into()),
                2 => Ok(()),
                _ => until_stopped(context).await,
            }
        }
    };
    tasks.start(spec("shaky"), shaky).unwrap();
    run(&tasks, async {
        tasks.wait_until(|all| all[1].restarts == 3 && all[1].health == Health::Up).await;
        assert_eq!(tasks.status()[0].restarts, 0);
    })
    .await;
    let exits = tasks.explain("shaky").unwrap().exits;
    let reasons: Vec<String> = exits.iter().map(|ended| ended.reason.to_string()).collect();
    assert_eq!(
        reasons,
        ["panicked: out of luck", "disk on fire", "ended without being told to", "shutdown"]
    );
}

#[tokio::test(start_paused = true)]
async fn task_that_cannot_even_be_made_is_in_a_crash_loop_and_told_once() {
    let (tasks, events) = tasks();
    let make = |_| -> std::future::Ready<Outcome> { panic!("no socket") };
    tasks.start(spec("stuck"), make).unwrap();
    run(&tasks, tokio::time::sleep(Duration::from_hours(1))).await;
    let events = events.lock().unwrap();
    let loops = events.iter().filter(|event| event.kind.as_str() == "supervise.crash_loop");
    assert_eq!(loops.count(), 1);
    assert_eq!(tasks.status()[0].restarts, 5 + 11);
}

#[tokio::test(start_paused = true)]
async fn replaced_task_ends_before_its_successor_begins() {
    let (tasks, _) = tasks();
    let (tell, ended) = oneshot::channel::<()>();
    let mut tell = Some(tell);
    let old = move |context: Context| {
        let tell = tell.take();
        async move {
            context.stopped().await;
            context.set_health(Health::down("late word of the old run"));
            drop(tell);
            Ok(())
        }
    };
    tasks.start(spec("http"), old).unwrap();
    run(&tasks, async {
        tasks.wait_until(|all| all[0].health == Health::Up).await;
        tasks.start(spec("http"), until_stopped).unwrap();
        assert!(ended.await.is_err(), "the old run was told to end");
        tasks.wait_until(|all| all[0].health == Health::Up).await;
        assert_eq!(tasks.explain("http").unwrap().status.generation, 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deaf_task_is_dropped_at_its_stop_timeout() {
    let (tasks, _) = tasks();
    let started = tokio::time::Instant::now();
    tasks.start(spec("deaf"), |_| std::future::pending::<Outcome>()).unwrap();
    run(&tasks, tasks.wait_until(|all| all[0].health == Health::Up)).await;
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn task_waits_for_the_word_of_the_one_it_needs() {
    let (tasks, _) = tasks();
    let mut store = spec("store");
    store.probes.readiness = Some(ProbeConfig::notify());
    let mut http = spec("http");
    http.depends = vec!["store".into()];
    let wrong = tasks.start(http.clone(), until_stopped).unwrap_err();
    assert_eq!(wrong[0].to_string(), "service[0].depends: there is no service `store`");
    let (open, opened) = oneshot::channel::<()>();
    let mut opened = Some(opened);
    let make = move |context: Context| {
        let opened = opened.take();
        async move {
            if let Some(opened) = opened {
                opened.await?;
            }
            until_stopped(context).await
        }
    };
    tasks.start(store, make).unwrap();
    tasks.start(http, until_stopped).unwrap();
    run(&tasks, async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let health: Vec<Health> = tasks.status().into_iter().map(|task| task.health).collect();
        assert_eq!(health, [Health::Starting, Health::Starting]);
        open.send(()).unwrap();
        tasks.wait_until(|all| all.iter().all(|task| task.health == Health::Up)).await;
        tasks.end("store");
        tasks.wait_until(|all| all.len() == 1).await;
        assert_eq!(tasks.status()[0].health, Health::Up);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn group_is_started_again_together() {
    let (tasks, _) = tasks();
    let (fail, failed) = oneshot::channel::<()>();
    let mut failed = Some(failed);
    let make = move |context: Context| {
        let failed = failed.take();
        async move {
            match failed {
                Some(failed) => Ok(failed.await?),
                None => until_stopped(context).await,
            }
        }
    };
    tasks.start(spec("a"), until_stopped).unwrap();
    tasks.start(spec("b"), make).unwrap();
    let group = GroupConfig::new("both", Strategy::OneForAll, ["a", "b"]);
    tasks.group(vec![group]).unwrap();
    run(&tasks, async {
        tasks.wait_until(|all| all.iter().all(|task| task.health == Health::Up)).await;
        fail.send(()).unwrap();
        tasks.wait_until(|all| all.iter().all(|task| task.restarts == 1)).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn task_that_is_let_go_ends_beside_its_successor_and_cannot_speak_for_it() {
    let (tasks, _) = tasks();
    let (let_end, may_end) = oneshot::channel::<()>();
    let mut may_end = Some(may_end);
    let old = move |context: Context| {
        let may_end = may_end.take();
        async move {
            context.set_health(Health::Up);
            context.stopped().await;
            may_end.expect("it runs once").await?;
            context.set_health(Health::down("late word of the old run"));
            Ok(())
        }
    };
    tasks.start(spec("http"), old).unwrap();
    run(&tasks, async {
        tasks.wait_until(|all| all[0].health == Health::Up).await;
        tasks.let_go("http");
        assert_eq!(tasks.status(), []);
        tasks.start(spec("http"), until_stopped).unwrap();
        tasks.wait_until(|all| all[0].health == Health::Up).await;
        let_end.send(()).expect("the old run is still there");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let status = &tasks.status()[0];
        assert_eq!((status.health.clone(), status.restarts), (Health::Up, 0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn task_that_is_let_go_before_it_began_never_begins() {
    let (tasks, _) = tasks();
    let make = |_| -> std::future::Ready<Outcome> { panic!("it was let go") };
    tasks.start(spec("early"), make).unwrap();
    tasks.let_go("early");
    tasks.start(spec("early"), until_stopped).unwrap();
    run(&tasks, tasks.wait_until(|all| all[0].health == Health::Up)).await;
    assert_eq!(tasks.status()[0].restarts, 0);
}

#[tokio::test(start_paused = true)]
async fn end_of_the_set_waits_for_what_was_let_go() {
    let (tasks, _) = tasks();
    let drains = |context: Context| async move {
        context.stopped().await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        Ok(())
    };
    tasks.start(spec("drains"), drains).unwrap();
    let started = tokio::time::Instant::now();
    run(&tasks, async {
        tasks.wait_until(|all| all[0].health == Health::Up).await;
        tasks.let_go("drains");
    })
    .await;
    assert_eq!(started.elapsed(), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn task_that_is_never_given_up_is_told_once_for_each_reason_and_waits_as_scheduled() {
    let (tasks, events) = tasks();
    let changes = Arc::new(Mutex::new(Vec::new()));
    let heard = changes.clone();
    let tasks = tasks.with_health_changes(move |name, old, new| {
        let change = format!("{name}: {} to {}", old.as_str(), new.as_str());
        heard.lock().expect("nobody panics with it").push(change);
    });
    let mut runs = 0;
    let make = move |context| {
        runs += 1;
        async move {
            match runs {
                1..4 => Err("no such directory".into()),
                4 => Err("not its owner".into()),
                _ => until_stopped(context).await,
            }
        }
    };
    let mut stuck = spec("stuck");
    stuck.probes.readiness = Some(ProbeConfig::notify());
    stuck.intensity.max_restarts = 0;
    stuck.backoff.jitter = wardkit_retry::Jitter::None;
    tasks.start(stuck, make).unwrap();
    let delays = [1, 2].map(Duration::from_secs).to_vec();
    tasks
        .adjust(|spec| {
            spec.backoff.schedule = Some(wardkit_retry::Schedule::List { delays: delays.clone() });
        })
        .unwrap();
    let started = tokio::time::Instant::now();
    run(&tasks, tasks.wait_until(|all| all[0].health == Health::Up)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(1 + 2 + 2 + 2));
    let events = events.lock().unwrap();
    let told: Vec<_> = events
        .iter()
        .filter(|event| event.severity == wardkit_core::Severity::Warning)
        .map(|event| (event.message.as_str(), event.details["restart_in_seconds"].to_string()))
        .collect();
    assert_eq!(told, [("no such directory", "1".into()), ("not its owner", "2".into())]);
    let changes = changes.lock().unwrap();
    let back = ["stuck: starting to down", "stuck: down to starting"];
    assert_eq!(changes[..8], [back; 4].concat());
    assert_eq!(changes[8..], ["stuck: starting to up"], "the shutdown is no news");
}

#[tokio::test(start_paused = true)]
async fn senseless_schedule_is_refused() {
    let (tasks, _) = tasks();
    let mut wrong = spec("wrong");
    wrong.backoff.schedule = Some(wardkit_retry::Schedule::List { delays: Vec::new() });
    let wrong = tasks.start(wrong, until_stopped).unwrap_err();
    assert!(wrong[0].to_string().starts_with("service[0].backoff.schedule"), "{}", wrong[0]);
}

//! Channels that take nothing for a while.

use std::time::Duration;

use wardkit_alerting::{MemoryStore, Outcome, Route};

use super::support::{Behaviour, World, alert, channel_of};

#[tokio::test]
async fn a_channel_that_hangs_delays_no_other() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web", "mail"]);
    let (mut plan, channels) = world.configuration(&["web", "mail"]);
    let mut mail = Route::default();
    (mail.receiver, mail.matchers) = ("mail".to_owned(), "alertname=~\"Mail.*\"".parse().unwrap());
    (mail.group_by, mail.group_wait) = (plan.route.group_by.clone(), Duration::ZERO);
    plan.route.routes = vec![mail];
    world.handle.reload(plan, channels).await.unwrap();
    world.wire("mail").behave(Behaviour::Hang);
    let mails = (0..50).map(|number| alert(&format!("Mail{number}"))).collect();
    world.handle.bring("api", mails).await.unwrap();
    // As many as may be under way at a time.
    world.wire("mail").asked(4).await;
    for number in 0..20 {
        world.handle.bring("api", vec![alert(&format!("Web{number}"))]).await.unwrap();
        world.taken(number + 1).await;
    }
    assert_eq!(world.wire("mail").taken_names(), Vec::<String>::new());
    world.wire("mail").release();
    world.wire("mail").wait(50).await;
    world.idle().await;
    assert_eq!(world.wire("mail").taken_names().len(), 50);
    assert_eq!(world.wire("web").taken_names().len(), 20);
}

#[tokio::test]
async fn after_an_hour_of_failures_each_incident_is_told_once_as_it_is_then() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    world.wire("web").behave(Behaviour::Fail);
    world.handle.bring("api", vec![alert("Lasts"), alert("Ends")]).await.unwrap();
    for minute in 0..60 {
        world.pass(Duration::from_mins(1)).await;
        if minute == 20 {
            let mut over = alert("Ends");
            over.ends_at = Some(over.starts_at.saturating_add(Duration::from_mins(1)));
            world.handle.bring("api", vec![over]).await.unwrap();
        }
    }
    let metrics = world.handle.metrics().await.unwrap();
    let web = metrics.outbox.channels.iter().find(|one| one.channel == channel_of("web")).unwrap();
    // Twice ten until the pauses are ten minutes long, and then some.
    assert!((4..60).contains(&web.failed_total), "{}", web.failed_total);
    world.wire("web").behave(Behaviour::Take);
    while world.handle.read(|_, outbox| outbox.len()).await.unwrap() > 0 {
        world.pass(Duration::from_mins(1)).await;
    }
    let mut names = world.wire("web").taken_names();
    names.sort();
    assert_eq!(names, ["Ends", "Lasts"]);
}

#[tokio::test]
async fn what_waited_for_a_receiver_that_is_gone_after_a_restart_goes_to_that_of_everything() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web", "mail"]);
    world.wire("web").behave(Behaviour::Fail);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.wire("web").asked(1).await;
    world.dies().await;
    let world = World::start(&store, &["mail"]);
    while world.wire("mail").taken_names().is_empty() {
        world.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(world.wire("mail").taken_names(), ["Down"]);
    assert_eq!(world.handle.dead(10).await.unwrap(), []);
}

#[tokio::test]
async fn when_nobody_takes_anything_all_of_it_is_kept_and_can_be_sent_again() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web", "mail"]);
    for name in ["web", "mail"] {
        world.wire(name).behave(Behaviour::Refuse);
    }
    world.handle.bring("api", vec![alert("Down"), alert("Full")]).await.unwrap();
    world.idle().await;
    let mut dead = world.handle.dead(100).await.unwrap();
    // Both, and word of each channel that failed, which is not told of again.
    while dead.len() < 3 {
        world.pass(Duration::from_secs(1)).await;
        dead = world.handle.dead(100).await.unwrap();
    }
    let told = world.events.lock().unwrap().clone();
    assert!(told.iter().filter(|kind| *kind == "alerting.delivery.died").count() >= 3, "{told:?}");
    world.dies().await;
    let world = World::start(&store, &["web", "mail"]);
    let test = world.handle.test(channel_of("web"), "ann".to_owned()).await.unwrap();
    assert_eq!(test, Outcome::Sent { receipt: None });
    let keys = dead.iter().map(|head| head.sequence).collect();
    assert_eq!(world.handle.replay(keys).await.unwrap(), dead.len());
    while world.handle.read(|_, outbox| outbox.len()).await.unwrap() > 0 {
        world.pass(Duration::from_secs(1)).await;
    }
    let names = world.wire("web").taken_names();
    assert!(names.contains(&"Down".to_owned()) && names.contains(&"Full".to_owned()), "{names:?}");
}

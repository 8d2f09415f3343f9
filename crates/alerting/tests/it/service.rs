//! The service: what is answered is kept, what is kept is sent.

mod crash;
mod outages;
mod support;
mod trouble;

use std::time::Duration;

use wardkit_alerting::{HistoryQuery, MemoryStore, MessageState, Outcome, service::ServiceError};
use wardkit_core::Health;

use support::{Behaviour, World, alert, channel_of, names};

#[tokio::test]
async fn brought_alert_is_kept_before_the_answer_and_then_sent() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    let before = store.commits();
    assert_eq!(world.handle.bring("api", vec![alert("Down")]).await.unwrap(), []);
    assert!(store.commits() > before);
    world.taken(1).await;
    world.idle().await;
    assert_eq!(world.wire("web").taken_names(), ["Down"]);
    let rows = world.handle.history(HistoryQuery::default()).await.unwrap();
    let what: Vec<&str> = rows.iter().rev().map(|row| row.transition.what.as_str()).collect();
    for expected in ["alert.fired", "incident.opened", "delivery.sent"] {
        assert!(what.contains(&expected), "{expected} is not in {what:?}");
    }
    let metrics = world.handle.metrics().await.unwrap();
    assert_eq!(metrics.latency[&channel_of("web")].count, 1);
    assert_eq!(world.handle.health().await, Health::Up);
}

#[tokio::test]
async fn restart_sends_nothing_again() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.taken(1).await;
    world.idle().await;
    world.stop().await;
    let world = World::start(&store, &["web"]);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.idle().await;
    assert_eq!(world.wire("web").taken_names(), Vec::<String>::new());
}

#[tokio::test]
async fn dead_message_becomes_an_alert_on_another_channel_and_can_be_replayed() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web", "mail"]);
    world.wire("web").behave(Behaviour::Refuse);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.wire("mail").wait(1).await;
    world.idle().await;
    assert_eq!(world.wire("mail").taken_names(), ["NotificationFailed"]);
    let dead = world.handle.dead(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    world.wire("web").behave(Behaviour::Take);
    assert_eq!(world.handle.replay(vec![dead[0].sequence, 999]).await.unwrap(), 1);
    world.wire("web").wait(1).await;
    world.idle().await;
    assert_eq!(world.wire("web").taken_names(), ["Down"]);
    assert_eq!(world.handle.dead(10).await.unwrap(), []);
}

#[tokio::test]
async fn channel_that_panics_is_asked_again() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    world.wire("web").behave(Behaviour::PanicOnce);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.wire("web").asked(1).await;
    while world.wire("web").taken_names().is_empty() {
        world.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(world.wire("web").taken_names(), ["Down"]);
}

#[tokio::test]
async fn reload_without_a_receiver_loses_nothing_of_what_waits_for_it() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web", "mail"]);
    world.wire("web").behave(Behaviour::Fail);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.wire("web").asked(1).await;
    let (plan, channels) = world.configuration(&["mail"]);
    world.handle.reload(plan, channels).await.unwrap();
    world.wire("web").behave(Behaviour::Take);
    while world.wire("web").taken_names().is_empty() {
        world.pass(Duration::from_secs(1)).await;
    }
    assert_eq!(world.wire("web").taken_names(), ["Down"]);
    world.handle.bring("api", vec![alert("Full")]).await.unwrap();
    world.wire("mail").wait(1).await;
    assert_eq!(names(&world.wire("mail").taken()).last().unwrap(), "Full");
}

#[tokio::test]
async fn channel_is_tested_past_the_queue() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    let outcome = world.handle.test(channel_of("web"), "alice".to_owned()).await.unwrap();
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    assert_eq!(world.wire("web").taken_names(), ["Test"]);
    world.wire("web").behave(Behaviour::Refuse);
    let outcome = world.handle.test(channel_of("web"), "alice".to_owned()).await.unwrap();
    assert_eq!(outcome, Outcome::Permanent { reason: "refused".to_owned() });
    let error = world.handle.test(channel_of("nobody"), "alice".to_owned()).await.unwrap_err();
    assert!(matches!(error, ServiceError::NoChannel(_)));
}

#[tokio::test]
async fn shutdown_waits_for_what_is_under_way() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    world.wire("web").behave(Behaviour::Hang);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.wire("web").asked(1).await;
    world.handle.shutdown(Duration::from_mins(1));
    world.wire("web").release();
    world.ended().await;
    let mut store = store;
    let query = wardkit_alerting::MessageQuery::default();
    let messages = wardkit_alerting::Store::messages(&mut store, &query).unwrap();
    assert_eq!(messages[0].state, MessageState::Sent);
}

#[tokio::test]
async fn service_that_has_ended_says_so() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    let handle = world.handle.clone();
    world.stop().await;
    let error = handle.bring("api", vec![alert("Down")]).await.unwrap_err();
    assert!(matches!(error, ServiceError::Stopped));
    assert_eq!(handle.health().await.as_str(), "down");
}

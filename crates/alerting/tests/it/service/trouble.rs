//! A store that keeps nothing for a while.

use std::time::Duration;

use wardkit_alerting::MemoryStore;
use wardkit_alerting::service::ServiceError;
use wardkit_core::Health;

use super::support::{World, alert};

#[tokio::test]
async fn full_disk_is_answered_with_an_error_and_alerts_still_leave() {
    let store = MemoryStore::new();
    let world = World::start(&store, &["web"]);
    world.handle.bring("api", vec![alert("Before")]).await.unwrap();
    world.taken(1).await;
    world.idle().await;
    store.fail_commits();
    let error = world.handle.bring("api", vec![alert("Down")]).await.unwrap_err();
    assert!(matches!(error, ServiceError::Unavailable { .. }) && error.is_transient());
    // The alert itself and word of the store, which need no disk.
    world.taken(3).await;
    let mut names = world.wire("web").taken_names();
    names.sort();
    assert_eq!(names, ["AlertStoreFailed", "Before", "Down"]);
    assert!(matches!(world.handle.health().await, Health::Degraded { .. }));
    store.heal();
    world.pass(Duration::from_secs(2)).await;
    world.idle().await;
    assert_eq!(world.handle.health().await, Health::Up);
    let events = world.events.lock().unwrap().clone();
    let store_events: Vec<&String> =
        events.iter().filter(|kind| kind.starts_with("alerting.store.")).collect();
    assert_eq!(store_events, ["alerting.store.failed", "alerting.store.recovered"]);
    // What was held in memory is on the disk now: nothing is told again.
    world.stop().await;
    let world = World::start(&store, &["web"]);
    world.handle.bring("api", vec![alert("Down")]).await.unwrap();
    world.idle().await;
    assert_eq!(world.wire("web").taken_names(), Vec::<String>::new());
}

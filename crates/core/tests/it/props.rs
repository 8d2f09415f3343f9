use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::{Health, Id, Timestamp};

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![
        Just(Health::Up),
        Just(Health::Starting),
        "[a-z]{1,5}".prop_map(Health::degraded),
        "[a-z]{1,5}".prop_map(Health::down),
    ]
}

proptest! {
    #[test]
    fn timestamp_text_round_trips(nanos: i64) {
        let timestamp = Timestamp::from_unix_nanos(nanos);
        prop_assert_eq!(timestamp.to_string().parse(), Ok(timestamp));
    }

    #[test]
    fn adding_and_subtracting_undo_each_other(nanos in -(1_i64 << 60)..1 << 60, by in 0_u64..1 << 60) {
        let (timestamp, by) = (Timestamp::from_unix_nanos(nanos), Duration::from_nanos(by));
        prop_assert_eq!(timestamp.saturating_add(by).duration_since(timestamp), Some(by));
        prop_assert_eq!(timestamp.saturating_add(by).saturating_sub(by), timestamp);
    }

    #[test]
    fn parsing_any_text_never_panics(text in "\\PC{0,40}") {
        let _ = text.parse::<Timestamp>();
        let _ = text.parse::<Id>();
    }

    #[test]
    fn id_text_round_trips_and_sorts_alike(a: u128, b: u128) {
        let (a, b) = (Id::from(a), Id::from(b));
        prop_assert_eq!(a.to_string().parse(), Ok(a));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn merged_state_does_not_depend_on_order(parts in prop::collection::vec(health(), 0..6)) {
        let forward = Health::merge(parts.iter().cloned().map(|part| ("p", part)));
        let backward = Health::merge(parts.iter().rev().cloned().map(|part| ("p", part)));
        prop_assert_eq!(forward.as_str(), backward.as_str());
        prop_assert_eq!(forward.is_ready(), parts.iter().all(Health::is_ready));
    }
}

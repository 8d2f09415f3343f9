//! What actors usually do, and when they do not.

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_detect::profile::{Config, Profiles, Reason};

fn at(day: i64, hour: i64, second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(day * 86_400 + hour * 3600 + second)
}

/// Makes profiles with an operator who works for some days from 8 to 18, twelve actions an hour.
fn worked(days: i64) -> Profiles {
    let mut profiles = Profiles::default();
    for day in 0..days {
        for hour in 8..18 {
            for action in 0..12 {
                let command = if action == 0 { "deploy" } else { "status" };
                let told = profiles.observe("operator", command, at(day, hour, action * 300));
                assert_eq!(told, None, "day {day}, {hour}:00");
            }
        }
    }
    profiles
}

#[test]
fn nothing_is_told_of_who_is_hardly_known() {
    let mut profiles = worked(2);
    assert_eq!(profiles.observe("operator", "erase", at(2, 3, 0)), None);
    assert_eq!(profiles.observe("stranger", "erase", at(2, 3, 0)), None);
}

#[test]
fn a_new_command_is_told_once() {
    let mut profiles = worked(10);
    let told = profiles.observe("operator", "erase", at(10, 9, 0)).unwrap();
    assert_eq!(told.reason, Reason::NewCommand { actions: 1200 });
    assert!((told.score - (1.0 - 3.0 / 1202.0)).abs() < 1e-12);
    assert_eq!(profiles.observe("operator", "erase", at(10, 10, 0)), None);
}

#[test]
fn an_hour_at_which_nobody_works_is_told_once_an_hour() {
    let mut profiles = worked(10);
    let told = profiles.observe("operator", "status", at(10, 3, 0)).unwrap();
    assert_eq!(told.to_string(), "active about 03:00 UTC, as in 0 of 1200 actions before");
    assert_eq!(profiles.observe("operator", "status", at(10, 3, 9)), None);
    assert!(profiles.observe("operator", "status", at(10, 4, 0)).is_some());
}

#[test]
fn after_two_weeks_the_weekend_is_another_time() {
    let mut profiles = Profiles::default();
    // The first day was a Thursday; days 2 and 3 of each week are free.
    for day in (0..21).filter(|day| !(2..4).contains(&(day % 7))) {
        for action in 0..200 {
            assert_eq!(
                profiles.observe("operator", "status", at(day, 9 + action / 20, action)),
                None
            );
        }
    }
    let told = profiles.observe("operator", "status", at(23, 12, 0)).unwrap();
    assert_eq!(told.reason, Reason::OddHour { hour: 12, seen: 0, actions: 3000 });
}

#[test]
fn far_more_than_ever_is_told_when_it_happens() {
    let mut profiles = worked(10);
    let told: Vec<_> = (0..100)
        .filter_map(|second| {
            Some((second, profiles.observe("operator", "status", at(10, 9, second))?))
        })
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, told[0].1.reason), (36, Reason::Rate { now: 37, most: 12 }));
}

#[test]
fn a_rare_command_that_becomes_the_most_is_told() {
    let mut profiles = worked(10);
    let told = (0..30).find_map(|second| profiles.observe("operator", "deploy", at(10, 9, second)));
    assert_eq!(
        told.unwrap().to_string(),
        "20 of 20 actions in this hour with a command that is rarer otherwise"
    );
}

#[test]
fn who_invents_actors_does_not_make_the_known_forgotten() {
    let mut config = Config::default();
    config.actors = 100;
    let mut profiles = Profiles::new(config);
    for day in 0..5 {
        for action in 0..100 {
            profiles.observe("operator", "status", at(day, 9, action));
        }
    }
    for stranger in 0..10_000 {
        profiles.observe(&stranger.to_string(), "hello", at(5, 9, 0));
        assert!(profiles.len() <= 100);
    }
    assert_eq!(profiles.len(), 100);
    assert!(profiles.observe("operator", "erase", at(5, 9, 0)).is_some());
}

#[test]
fn a_flood_of_commands_is_bounded_and_no_news_in_the_end() {
    let mut profiles = worked(10);
    let told = (0..10_000).filter_map(|second| {
        profiles.observe("operator", &second.to_string(), at(10, 9, second / 4))
    });
    // The first new one, and the rate.
    assert_eq!(told.count(), 2);
    let mut nobody = Profiles::new({
        let mut config = Config::default();
        config.actors = 0;
        config
    });
    assert_eq!(nobody.observe("operator", "status", at(0, 0, 0)), None);
    assert!(nobody.is_empty());
}

proptest! {
    #[test]
    fn any_history_is_survived_in_bounded_room(
        actions in prop::collection::vec((0_u8..20, 0_u8..60, any::<i64>(), 0_i64..2_000_000), 0..400),
        actors in 0_usize..12,
        wild in any::<bool>(),
    ) {
        let mut config = Config::default();
        (config.actors, config.actions) = (actors, 5);
        let mut profiles = Profiles::new(config);
        for (actor, command, nanos, seconds) in actions {
            let at = if wild { Timestamp::from_unix_nanos(nanos) } else { Timestamp::from_unix_seconds(seconds) };
            if let Some(told) = profiles.observe(&actor.to_string(), &command.to_string(), at) {
                prop_assert!((0.0..=1.0).contains(&told.score));
            }
            prop_assert!(profiles.len() <= actors);
        }
    }
}

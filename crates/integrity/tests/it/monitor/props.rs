//! Nothing is lost and nothing is told twice, whatever happens in whichever order.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_integrity::{Input, LostReason, Report, Ruling, Verdict};

use super::{World, options, vouched};

#[derive(Clone, Debug)]
enum Move {
    Write(u8, u64),
    Answer,
    Scan,
    Lose,
    Advance(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..12_u8, 0..4_u64).prop_map(|(file, state)| Move::Write(file, state)),
        6 => Just(Move::Answer),
        1 => Just(Move::Scan),
        1 => Just(Move::Lose),
        3 => (0..40_000_u64).prop_map(Move::Advance),
        3 => (0..1_500_u64).prop_map(Move::Advance),
    ];
    prop::collection::vec(one, 0..120)
}

fn play(world: &mut World, moves: Vec<Move>) {
    for one in moves {
        match one {
            Move::Write(file, state) => world.write(&format!("/srv/{}/{file}", file % 3), state),
            Move::Answer => {
                world.answer();
            }
            Move::Scan => world.scan(Path::new("/srv")),
            Move::Lose => world.lose("/srv", LostReason::Overflow),
            Move::Advance(millis) => {
                // Time passes, and answers are still owed.
                world.clock.advance(Duration::from_millis(millis));
                world.step(Input::Tick);
            }
        }
    }
    world.advance(Duration::from_hours(1));
}

proptest! {
    #[test]
    fn every_change_is_in_exactly_one_report(moves in moves()) {
        let mut world = World::new(options().with_rate(2, Duration::from_secs(30)));
        world.assessor = |path| match path.as_os_str().len() % 3 {
            0 => vouched(),
            1 => Verdict { ruling: Ruling::Differs, ..vouched() },
            _ => Verdict { ruling: Ruling::Pending, package: None },
        };
        play(&mut world, moves);
        prop_assert_eq!(world.told(), world.news);
        prop_assert_eq!(world.detected, world.news);
        prop_assert_eq!(world.monitor.wake_at(), None);
        prop_assert_eq!(world.monitor.waiting(), 0);
    }

    #[test]
    fn nothing_is_lost_where_there_is_no_room(moves in moves()) {
        let mut world = World::new(options().with_most_paths(2));
        play(&mut world, moves);
        prop_assert!(world.told() >= world.news, "{} of {}", world.told(), world.news);
        prop_assert_eq!(world.monitor.waiting(), 0);
    }

    #[test]
    fn what_packages_do_not_vouch_for_is_never_in_a_group_for_the_record(moves in moves()) {
        let mut world = World::new(options());
        world.assessor = |path| match path.as_os_str().len() % 2 {
            0 => vouched(),
            _ => Verdict { ruling: Ruling::Differs, ..vouched() },
        };
        play(&mut world, moves);
        for report in &world.reports {
            if let Report::Group(group) = report {
                let worst = group.findings.iter().map(|one| one.severity).max();
                prop_assert_eq!(worst, Some(group.severity));
            }
        }
    }
}

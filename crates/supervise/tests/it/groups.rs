//! Who is started again with whom.

use wardkit_supervise::{Config, Exit, GroupConfig, Strategy};

use crate::support::{World, service};

/// The generations of four services in a group of the first three, after the second has failed.
fn after_failure(strategy: Strategy) -> (Vec<u64>, Vec<String>) {
    let mut config = Config::new(["a", "b", "c", "d"].map(service));
    config.groups = vec![GroupConfig::new("all", strategy, ["a", "b", "c"])];
    let mut world = World::with(config);
    world.settle();
    world.starts.clear();
    world.exit("b", Exit::Code(1));
    assert!(world.states().iter().all(|state| state == "running"), "{strategy:?}");
    let generations = ["a", "b", "c", "d"].map(|name| world.generation(name));
    (generations.to_vec(), world.starts.into_iter().map(|(_, name)| name).collect())
}

#[test]
fn strategy_decides_who_is_started_again_and_in_which_order() {
    for (strategy, generations, order) in [
        (Strategy::OneForOne, [1, 2, 1, 1], &["b"][..]),
        (Strategy::RestForOne, [1, 2, 2, 1], &["b", "c"]),
        (Strategy::OneForAll, [2, 2, 2, 1], &["a", "b", "c"]),
    ] {
        let (found, started) = after_failure(strategy);
        assert_eq!(found, generations, "{strategy:?}");
        assert_eq!(started, order, "{strategy:?}");
    }
}

#[test]
fn group_is_stopped_in_reverse_before_any_of_it_starts_again() {
    let mut config = Config::new(["a", "b", "c"].map(service));
    config.groups = vec![GroupConfig::new("all", Strategy::OneForAll, ["a", "b", "c"])];
    let mut world = World::with(config);
    world.settle();
    world.starts.clear();
    world.exits("a", Exit::Code(1));
    let mut ended = Vec::new();
    while let Some(answer) = world.answers.pop_front() {
        if let wardkit_supervise::Input::Exited { service, .. } = &answer {
            ended.push(service.to_string());
        }
        if ended.len() < 3 {
            assert!(world.starts.is_empty());
        }
        world.step(answer);
    }
    assert_eq!(ended, ["a", "c", "b"]);
}

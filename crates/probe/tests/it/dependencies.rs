//! Checks that need others.

use std::time::Duration;

use wardkit_core::Health;
use wardkit_probe::{Checks, Config, Error, Moment, Outcome, State};

use crate::support::{INTERVAL, World, blocked, check, down, failed};

fn stack() -> World {
    World::new([check("site", &["app"]), check("app", &["db"]), check("db", &[])])
}

#[test]
fn what_depends_on_a_check_waits_for_its_first_pass() {
    let mut world = stack();
    assert_eq!(world.pass(Duration::ZERO), ["db"]);
    world.end("db", Outcome::Passed);
    assert_eq!(world.pass(Duration::ZERO), ["app"]);
    world.end("app", Outcome::Passed);
    assert_eq!(world.pass(Duration::ZERO), ["site"]);
    world.end("site", Outcome::Passed);
    assert_eq!(world.told, ["db passed", "app passed", "site passed"]);
}

#[test]
fn a_failed_dependency_blocks_and_only_it_is_blamed() {
    let mut world = stack();
    world.rounds(1, |_| Outcome::Passed);
    // All three fail together, as they do when the database goes.
    let told = world.rounds(3, |_| failed());
    assert_eq!(told, ["db failed", "app blocked", "site blocked"]);
    assert_eq!(world.state("db"), down());
    assert_eq!(world.state("app"), blocked(&["db"]));
    assert_eq!(world.state("site"), blocked(&["db"]));
    assert_eq!(world.status("site").health(), Health::down("blocked by db"));
    // What is blocked is not asked.
    assert_eq!(world.pass(INTERVAL), ["db"]);
    world.end("db", Outcome::Passed);
    let told = world.rounds(1, |_| Outcome::Passed);
    assert_eq!(told, ["db recovered", "app recovered", "site recovered"]);
}

#[test]
fn a_dependency_is_asked_before_another_is_blamed() {
    let mut db = check("db", &[]);
    db.interval = Duration::from_hours(1);
    db.fall = 1;
    let mut app = check("app", &["db"]);
    app.fall = 1;
    let mut world = World::new([db, app]);
    world.rounds(1, |_| Outcome::Passed);
    world.pass(INTERVAL);
    world.end("app", failed());
    assert_eq!(world.state("app"), State::Up, "it is not known yet who is to blame");
    assert_eq!(world.pass(Duration::ZERO), ["db"], "though it is due in an hour");
    world.end("db", failed());
    assert_eq!(world.told[2..], ["db failed", "app blocked"]);
}

#[test]
fn a_check_whose_dependencies_pass_is_to_blame_itself() {
    let mut world = stack();
    world.rounds(1, |_| Outcome::Passed);
    let fails = |name: &str| if name == "app" { failed() } else { Outcome::Passed };
    assert_eq!(world.rounds(4, fails), ["app failed", "site blocked"]);
    assert_eq!(world.state("site"), blocked(&["app"]));
    assert_eq!(world.state("db"), State::Up);
}

#[test]
fn a_dependency_that_never_decides_is_not_waited_for_forever() {
    let mut db = check("db", &[]);
    db.fall = 100;
    let mut world = World::new([db, check("app", &["db"])]);
    world.rounds(1, |_| Outcome::Passed);
    assert_eq!(world.rounds(5, |_| failed()), [""; 0]);
    assert_eq!(world.rounds(1, |_| failed()), ["app failed"]);
}

#[test]
fn a_run_from_before_the_block_does_not_count() {
    let mut app = check("app", &["db"]);
    app.fall = 1;
    let mut db = check("db", &[]);
    db.fall = 1;
    let mut world = World::new([db, app]);
    world.rounds(1, |_| Outcome::Passed);
    world.pass(INTERVAL);
    world.end("db", failed());
    assert_eq!(world.state("app"), blocked(&["db"]));
    world.end("app", failed());
    assert_eq!(world.state("app"), blocked(&["db"]));
    assert_eq!(world.status("app").failures, 1, "it happened nevertheless");
}

#[test]
fn an_unblocked_check_is_asked_anew_as_soon_as_its_old_run_ends() {
    let mut app = check("app", &["db"]);
    app.interval = Duration::from_hours(1);
    let mut db = check("db", &[]);
    (db.fall, db.rise) = (1, 1);
    let mut world = World::new([db, app]);
    world.pass(Duration::ZERO);
    world.end("db", Outcome::Passed);
    assert_eq!(world.pass(INTERVAL), ["app", "db"]);
    world.end("db", failed());
    world.pass(INTERVAL);
    world.end("db", Outcome::Passed);
    assert_eq!(world.state("app"), State::Starting, "its run is older than the block");
    world.end("app", Outcome::Passed);
    assert_eq!(world.state("app"), State::Starting);
    assert_eq!(world.pass(Duration::ZERO), ["app"]);
    world.end("app", Outcome::Passed);
    assert_eq!(world.state("app"), State::Up);
}

#[test]
fn all_that_block_are_named() {
    let mut world = World::new([check("b", &[]), check("a", &[]), check("site", &["a", "b", "a"])]);
    world.rounds(3, |_| failed());
    assert_eq!(world.state("site"), blocked(&["a", "b"]));
}

#[test]
fn a_circle_is_named() {
    type Needs = &'static [(&'static str, &'static [&'static str])];
    let rows: [(Needs, &str); 5] = [
        (
            &[("a", &["b"]), ("b", &["c"]), ("c", &["a"])],
            "check[0].depends-on: goes in a circle: a -> b -> c -> a",
        ),
        (&[("a", &["a"])], "check[0].depends-on: goes in a circle: a -> a"),
        (
            &[("x", &["a"]), ("a", &["b"]), ("b", &["a"])],
            "check[1].depends-on: goes in a circle: a -> b -> a",
        ),
        (&[("a", &["z"])], "check[0].depends-on: there is no check `z`"),
        (&[("a", &[]), ("a", &[])], "check[1].name: `a` is the name of check[0] too"),
    ];
    for (checks, expected) in rows {
        let mut config = Config::default();
        config.checks = checks.iter().map(|(name, needs)| check(name, needs)).collect();
        let Err(Error::Invalid { violations }) = Checks::new(config, Moment::default(), 0) else {
            panic!("{expected} was not found");
        };
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].to_string(), expected);
    }
}

#[test]
fn a_chain_as_long_as_the_configuration_is_sound() {
    let name = |number: usize| format!("c{number}");
    let mut config = Config::default();
    config.checks =
        (0..1000).map(|number| check(&name(number), &[&name(number + 1)])).take(999).collect();
    config.checks.push(check(&name(999), &[]));
    assert_eq!(config.violations(), []);
    let mut world = World::of(config);
    assert_eq!(world.rounds(3, |_| failed()).len(), 1000);
    assert_eq!(world.state("c0"), blocked(&["c999"]));
}

//! What holds whatever happens: `World` itself asserts that nothing is started twice, that what is kept is what is
//! known, and that nothing is woken for what is not done.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_supervise::{
    Command, Config, Exit, GroupConfig, Input, ProbeConfig, ProbeResult, RestartPolicy,
    ServiceSpec, SpawnError, SpawnErrorClass, State, Strategy as Group,
};

use crate::support::World;

const COUNT: usize = 6;

/// What befalls the services.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Pass(u64),
    Deliver,
    /// The answer that would come last comes first.
    Overtake,
    /// An answer comes twice.
    Repeat,
    Exit(usize, i32),
    Command(usize, u8),
    Probes(bool),
    Deaf(usize),
    Immortal(usize),
    Litter(usize),
    Unstartable(usize, u8),
    Kill,
    KillInMidStep(usize, usize),
    Reboot,
    Reload(usize),
}

fn fate() -> impl Strategy<Value = Fate> {
    let service = 0..COUNT;
    prop_oneof![
        4 => prop_oneof![0_u64..200, 200_u64..20_000, 20_000_u64..400_000].prop_map(Fate::Pass),
        12 => Just(Fate::Deliver),
        1 => Just(Fate::Overtake),
        1 => Just(Fate::Repeat),
        6 => (service.clone(), prop_oneof![Just(0), Just(1), Just(78), Just(-9)])
            .prop_map(|(service, code)| Fate::Exit(service, code)),
        4 => (service.clone(), 0_u8..5).prop_map(|(service, command)| Fate::Command(service, command)),
        3 => any::<bool>().prop_map(Fate::Probes),
        1 => service.clone().prop_map(Fate::Deaf),
        1 => service.clone().prop_map(Fate::Immortal),
        1 => service.clone().prop_map(Fate::Litter),
        1 => (service.clone(), 0_u8..3).prop_map(|(service, class)| Fate::Unstartable(service, class)),
        1 => Just(Fate::Kill),
        2 => (service.clone(), 0_usize..4).prop_map(|(service, actions)| Fate::KillInMidStep(service, actions)),
        1 => Just(Fate::Reboot),
        1 => service.prop_map(Fate::Reload),
    ]
}

/// Services that only need those before them, so that there is no circle.
fn services() -> impl Strategy<Value = Config> {
    let one = (
        prop::collection::vec(0..COUNT, 0..3),
        0_u8..4,
        prop_oneof![
            4 => Just(RestartPolicy::Always),
            1 => Just(RestartPolicy::OnFailure),
            1 => Just(RestartPolicy::Never),
        ],
        0_u8..6,
    );
    (prop::collection::vec(one, COUNT), 0_u8..4).prop_map(|(drawn, group)| {
        let mut services = Vec::new();
        for (at, (others, relation, restart, probes)) in drawn.into_iter().enumerate() {
            let mut spec = ServiceSpec::new(name(at), ["/bin/true"]);
            let others: BTreeSet<String> =
                others.into_iter().filter(|other| *other < at).map(name).collect();
            let others = others.into_iter().collect();
            match relation {
                0 => spec.depends = others,
                1 => spec.binds_to = others,
                2 => spec.after = others,
                _ => spec.wants = others,
            }
            spec.restart = restart;
            if probes == 0 {
                spec.probes.readiness = Some(ProbeConfig::exec(["ready"]));
                spec.start_timeout = Duration::from_secs(30);
            }
            if probes == 1 {
                spec.probes.liveness = Some(ProbeConfig::exec(["alive"]));
            }
            services.push(spec);
        }
        let mut config = Config::new(services);
        config.max_probes = 2;
        let strategy = match group {
            0 => Group::OneForAll,
            1 => Group::RestForOne,
            _ => return config,
        };
        config.groups = vec![GroupConfig::new("some", strategy, [name(1), name(2), name(4)])];
        config
    })
}

fn name(at: usize) -> String {
    format!("s{at}")
}

fn befall(world: &mut World, fate: Fate) {
    match fate {
        Fate::Pass(millis) => {
            world.advance(Duration::from_millis(millis));
            world.tick();
        }
        Fate::Deliver => {
            if let Some(answer) = world.answers.pop_front() {
                world.step(answer);
            }
        }
        Fate::Overtake => {
            if let Some(answer) = world.answers.pop_back() {
                world.step(answer);
            }
        }
        Fate::Repeat => {
            if let Some(answer) = world.answers.front().cloned() {
                world.step(answer);
            }
        }
        Fate::Exit(service, code) => {
            world.exits(&name(service), exit_of(code));
        }
        Fate::Command(service, command) => world.order(&name(service), command_of(command)),
        Fate::Probes(passed) => {
            let failed = ProbeResult::Failed("no".into());
            let result = if passed { ProbeResult::Passed } else { failed };
            for (service, generation, run) in std::mem::take(&mut world.probes) {
                let result = result.clone();
                world.step(Input::Probed { service, generation, run, result });
            }
        }
        Fate::Deaf(service) => drop(world.deaf.insert(name(service))),
        Fate::Immortal(service) => drop(world.immortal.insert(name(service))),
        Fate::Litter(service) => drop(world.littering.insert(name(service))),
        Fate::Unstartable(service, class) => {
            let class = match class {
                0 => SpawnErrorClass::Transient,
                1 => SpawnErrorClass::Program,
                _ => SpawnErrorClass::Configuration,
            };
            world.unstartable.insert(name(service), SpawnError::new(class, "no"));
        }
        Fate::Kill => world.restart_program(),
        Fate::KillInMidStep(service, actions) => {
            world.exits(&name(service), Exit::Code(1));
            if let Some(answer) = world.answers.pop_back() {
                world.step_but(answer, actions);
            }
            world.restart_program();
        }
        Fate::Reboot => world.reboot(),
        Fate::Reload(service) => {
            world.config.services[service].command.push("-v".into());
            let config = Box::new(world.config.clone());
            world.step(Input::Reload(config));
        }
    }
}

fn exit_of(code: i32) -> Exit {
    match code {
        -9 => Exit::Signal { signal: 9, core: false },
        code => Exit::Code(code),
    }
}

fn command_of(command: u8) -> Command {
    match command {
        0 => Command::Start,
        1 => Command::Stop,
        2 => Command::Restart,
        3 => Command::BeginMaintenance { comment: String::new() },
        _ => Command::EndMaintenance,
    }
}

/// Lets the host be as it should be, and everything come to rest.
fn recover(world: &mut World) {
    world.deaf.clear();
    world.immortal.clear();
    world.littering.clear();
    world.unstartable.clear();
    world.settle();
    for at in 0..COUNT {
        world.command(&name(at), Command::EndMaintenance);
    }
    // A probe waits for its answer for a second.
    for _ in 0..700 {
        for (service, generation, run) in std::mem::take(&mut world.probes) {
            let result = ProbeResult::Passed;
            world.step(Input::Probed { service, generation, run, result });
        }
        world.settle();
        world.pass(Duration::from_millis(900));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// No double start and no lost record on the way; and in the end all that is to run runs, if what it needs does.
    #[test]
    fn services_come_to_rest_as_they_should_be_whatever_befell_them(
        config in services(),
        fates in prop::collection::vec(fate(), 0..80),
    ) {
        prop_assume!(config.violations(&BTreeSet::new()).is_empty());
        let mut world = World::with(config);
        for fate in fates {
            befall(&mut world, fate);
        }
        recover(&mut world);
        for status in world.supervisor.status() {
            let spec = world.supervisor.spec(&status.name).unwrap().clone();
            let needs: Vec<&String> = spec.depends.iter().chain(&spec.binds_to).collect();
            let ready = |need: &&String| {
                let status = world.supervisor.status_of(need).unwrap();
                status.state == State::Running { ready: true }
            };
            match &status.state {
                State::Running { ready } => prop_assert!(ready, "{status:?}"),
                State::Stopped | State::Failed { .. } => {
                    prop_assert!(!world.procs.contains_key(&status.name), "{status:?}");
                }
                State::Held { by } => {
                    // What comes before it, also in its group, may itself be held by what has ended well.
                    let groups = world.config.groups.iter().map(|group| &group.services);
                    let group = groups.filter(|all| all.contains(&spec.name)).flatten();
                    let others = group.take_while(|one| **one != spec.name);
                    let mut before = needs.iter().copied().chain(&spec.after).chain(others);
                    prop_assert!(!by.is_empty() && !before.all(|one| ready(&one)), "{status:?}");
                }
                state => prop_assert!(false, "{}: {state:?}", status.name),
            }
        }
    }

    /// After a shutdown nothing is left, whatever befell the services before.
    #[test]
    fn shutdown_leaves_nothing_behind(
        config in services(),
        fates in prop::collection::vec(fate(), 0..40),
    ) {
        prop_assume!(config.violations(&BTreeSet::new()).is_empty());
        let mut world = World::with(config);
        for fate in fates {
            befall(&mut world, fate);
        }
        world.step(Input::Shutdown);
        recover(&mut world);
        prop_assert!(world.supervisor.is_down());
        prop_assert!(world.procs.is_empty(), "{:?}", world.procs);
    }
}

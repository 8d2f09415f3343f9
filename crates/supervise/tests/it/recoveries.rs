//! What is done instead of a restart.

use std::collections::BTreeSet;

use wardkit_supervise::{
    Config, Ending, Exit, Input, Kind, ReasonKind, RecoveryConfig, RestartPolicy, Step,
};

use crate::support::{World, needing, secs, service};

#[test]
fn steps_are_done_in_their_order_before_the_restart() {
    let mut bot = service("bot");
    let steps = [
        Step::Escalate,
        Step::Task("mend".into()),
        Step::Restore("bot-data".into()),
        Step::Restart,
        Step::RestartDependants,
    ];
    bot.recoveries = vec![RecoveryConfig::new([ReasonKind::Core], steps)];
    let mut mend = service("mend");
    mend.kind = Kind::Task;
    mend.autostart = false;
    let mut config = Config::new([bot, mend, needing("web", &["bot"])]);
    config.services[0].restart = RestartPolicy::Never;
    // Whoever has these parts says so.
    let mut world = World::with_parts(config, ["alerting", "backup"]);
    world.settle();
    world.exit("bot", Exit::Signal { signal: 11, core: true });
    assert_eq!(world.recoveries.len(), 1);
    assert_eq!(world.recoveries[0].1, Step::Escalate);
    assert_eq!(world.states(), ["recovering", "running", "running"]);
    world.exit("mend", Exit::Code(0));
    assert_eq!(world.recoveries[1].1, Step::Restore("bot-data".into()));
    assert_eq!(world.states(), ["recovering", "finished", "running"]);
    world.pass(secs(60));
    assert_eq!(world.state("bot"), "recovering");
    let (service, step) = world.recoveries[1].clone();
    world.step(Input::Recovered { service, step, error: None });
    world.settle();
    assert_eq!(world.states(), ["running", "finished", "running"]);
    assert_eq!(world.generation("web"), 2);
}

#[test]
fn data_that_cannot_be_restored_leaves_the_service_down() {
    let mut bot = service("bot");
    let steps = [Step::Restore("bot-data".into()), Step::Restart];
    bot.recoveries = vec![RecoveryConfig::new([ReasonKind::Code], steps.clone())];
    let mut world = World::with_parts(Config::new([bot]), ["backup"]);
    world.settle();
    world.exit("bot", Exit::Code(1));
    let error = Some("no backup".to_owned());
    let step = steps[0].clone();
    world.step(Input::Recovered { service: "bot".into(), step, error });
    assert_eq!(world.state("bot"), "failed");
    assert_eq!(world.told("supervise.recovery_failed", "bot"), 1);
}

#[test]
fn recovery_is_for_its_reasons_only() {
    let mut bot = service("bot");
    bot.recoveries = vec![RecoveryConfig::new([ReasonKind::Oom], [])];
    let mut world = World::started([bot]);
    world.exit("bot", Exit::Code(1));
    assert_eq!(world.state("bot"), "running");
    let mut ending = Ending::new(Exit::Signal { signal: 9, core: false });
    ending.out_of_memory = true;
    ending.memory_limit = Some(1 << 20);
    ending.memory_peak = Some(1 << 20);
    let generation = world.generation("bot");
    world.procs.clear();
    world.step(Input::Exited { service: "bot".into(), generation, ending });
    world.settle();
    assert_eq!(world.state("bot"), "failed");
    let why = &world.supervisor.explain("bot").unwrap().why;
    assert_eq!(why[0], "killed for lack of memory (OOM): limit 1 MiB, peak 1 MiB");
}

#[test]
fn step_whose_part_is_absent_is_a_mistake_that_names_the_part() {
    let mut bot = service("bot");
    let steps = [Step::Restore("data".into()), Step::Isolate, Step::Escalate];
    bot.recoveries = vec![RecoveryConfig::new([ReasonKind::Probe], steps)];
    let parts = BTreeSet::from(["alerting"]);
    let found: Vec<String> =
        Config::new([bot]).violations(&parts).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "service[0].recovery[0].do: `restore:data` needs the part `backup`, which this program does not have",
            "service[0].recovery[0].do: `isolate` needs the part `sandbox`, which this program does not have",
        ]
    );
}

//! Probes, and what follows from them.

use wardkit_supervise::{
    Action, Command, Config, Exit, Input, Measure, Notice, ProbeAction, ProbeConfig, ProbePhase,
    ProbeResult, ResourceRule, ServiceSpec, Topic,
};

use crate::support::{World, millis, secs, service};

fn passed() -> ProbeResult {
    ProbeResult::Passed
}

fn failed() -> ProbeResult {
    ProbeResult::Failed("refused".into())
}

fn every(period: u64, command: &str) -> ProbeConfig {
    let mut probe = ProbeConfig::exec([command]);
    probe.period = millis(period);
    probe
}

fn last_reason(world: &World, service: &str) -> String {
    let explained = world.supervisor.explain(service).expect("it is there");
    explained.exits.last().expect("it ended once").reason.to_string()
}

#[test]
fn other_probes_wait_for_startup() {
    let mut bot = service("bot");
    bot.probes.startup = Some(every(100, "started"));
    bot.probes.readiness = Some(every(100, "ready"));
    bot.probes.liveness = Some(every(100, "alive"));
    let mut world = World::started([bot]);
    for _ in 0..2 {
        assert_eq!(world.answer_probes(&failed()), 1);
        world.pass(millis(100));
    }
    assert_eq!(world.answer_probes(&passed()), 1);
    assert_eq!(world.state("bot"), "starting");
    assert_eq!(world.answer_probes(&passed()), 2);
    assert_eq!(world.state("bot"), "running");
    assert_eq!(world.told("supervise.ready", "bot"), 1);
}

#[test]
fn word_of_readiness_that_comes_before_startup_has_passed_is_not_lost() {
    let mut bot = service("bot");
    bot.probes.startup = Some(every(100, "started"));
    bot.probes.readiness = Some(ProbeConfig::notify());
    let mut world = World::started([bot]);
    let notice = Notice::Ready;
    world.step(Input::Notified { service: "bot".into(), generation: 1, notice });
    assert_eq!(world.state("bot"), "starting");
    assert_eq!(world.answer_probes(&passed()), 1);
    assert_eq!(world.state("bot"), "running");
}

#[test]
fn liveness_that_fails_thrice_in_a_row_restarts_the_service() {
    let mut bot = service("bot");
    bot.probes.liveness = Some(every(100, "alive"));
    let mut world = World::started([bot]);
    for result in [failed(), failed(), passed(), failed(), failed()] {
        world.answer_probes(&result);
        world.pass(millis(100));
    }
    assert_eq!(world.generation("bot"), 1);
    world.answer_probes(&failed());
    assert_eq!(world.generation("bot"), 2);
    assert_eq!(last_reason(&world, "bot"), "liveness probe: refused");
    assert_eq!(world.told("supervise.probe_failed", "bot"), 1);
}

#[test]
fn liveness_that_only_alerts_restarts_nothing() {
    let mut bot = service("bot");
    let mut probe = every(100, "alive");
    probe.action = ProbeAction::Alert;
    bot.probes.liveness = Some(probe);
    let mut world = World::started([bot]);
    for _ in 0..10 {
        world.answer_probes(&failed());
        world.pass(millis(100));
    }
    assert_eq!(world.generation("bot"), 1);
    assert_eq!(world.told("supervise.probe_failed", "bot"), 1);
}

#[test]
fn probe_that_hangs_is_cancelled_and_counts_as_a_failure() {
    let mut bot = service("bot");
    let mut probe = every(2_000, "hang");
    probe.failures = 1;
    bot.probes.liveness = Some(probe);
    let mut world = World::started([bot]);
    assert_eq!(world.probes.len(), 1);
    let (service, generation, run) = world.probes[0].clone();
    world.pass(millis(999));
    assert_eq!(world.generation("bot"), 1);
    world.pass(millis(1));
    assert_eq!(last_reason(&world, "bot"), "liveness probe: no answer within 1s");
    // Its answer comes after all, to a run that is over.
    world.step(Input::Probed { service, generation, run, result: passed() });
    assert_eq!(world.generation("bot"), 2);
}

#[test]
fn readiness_that_is_lost_stops_nobody_and_holds_new_starts() {
    let mut db = service("db");
    db.probes.readiness = Some(every(100, "ready"));
    let mut bot = service("bot");
    bot.depends = vec!["db".into()];
    let mut world = World::started([db, bot]);
    world.answer_probes(&passed());
    assert_eq!(world.states(), ["running", "running"]);
    for _ in 0..3 {
        world.pass(millis(100));
        world.answer_probes(&failed());
    }
    assert_eq!(world.told("supervise.not_ready", "db"), 1);
    assert_eq!(world.states(), ["running", "running"]);
    world.exit("bot", Exit::Code(1));
    assert_eq!(world.states(), ["running", "held"]);
    world.pass(millis(100));
    world.answer_probes(&passed());
    assert_eq!(world.states(), ["running", "running"]);
}

#[test]
fn watchdog_that_falls_silent_restarts_the_service() {
    let mut bot = service("bot");
    let mut probe = ProbeConfig::notify();
    probe.period = secs(2);
    probe.failures = 1;
    bot.probes.liveness = Some(probe);
    let mut world = World::started([bot]);
    for _ in 0..5 {
        world.pass(secs(1));
        let notice = Notice::Watchdog;
        world.step(Input::Notified { service: "bot".into(), generation: 1, notice });
    }
    world.pass(millis(1_999));
    assert_eq!(world.generation("bot"), 1);
    world.pass(millis(1));
    assert_eq!(world.generation("bot"), 2);
    assert!(last_reason(&world, "bot").starts_with("watchdog"));
}

#[test]
fn line_of_the_log_makes_ready_and_more_time_may_be_asked_for() {
    let mut bot = service("bot");
    let mut probe = ProbeConfig::default();
    probe.log = Some("listening on .*".into());
    bot.probes.readiness = Some(probe);
    bot.start_timeout = secs(5);
    let mut world = World::started([bot]);
    let notice = Notice::ExtendTimeout(secs(20));
    world.step(Input::Notified { service: "bot".into(), generation: 1, notice });
    world.pass(secs(19));
    assert_eq!(world.state("bot"), "starting");
    let phase = ProbePhase::Readiness;
    world.step(Input::LogMatched { service: "bot".into(), generation: 1, phase });
    assert_eq!(world.state("bot"), "running");
    world.pass(secs(60));
    assert_eq!(world.generation("bot"), 1);
}

#[test]
fn only_so_many_probes_run_at_a_time_and_all_get_their_turn() {
    let services: Vec<ServiceSpec> = (0..10)
        .map(|n| {
            let mut bot = service(&format!("bot{n}"));
            bot.probes.liveness = Some(every(1_000, "alive"));
            bot
        })
        .collect();
    let mut config = Config::new(services);
    config.max_probes = 3;
    let mut world = World::with(config);
    world.settle();
    let mut answered = 0;
    while answered < 10 {
        assert!((1..=3).contains(&world.probes.len()), "{}", world.probes.len());
        answered += world.answer_probes(&passed());
    }
    assert_eq!((answered, world.probes.len()), (10, 0));
}

#[test]
fn maintenance_leaves_a_service_alone_whatever_it_does() {
    let mut bot = service("bot");
    bot.probes.liveness = Some(every(100, "alive"));
    let mut world = World::started([bot]);
    world.command("bot", Command::BeginMaintenance { comment: "upgrade".into() });
    for _ in 0..10 {
        world.answer_probes(&failed());
        world.pass(millis(100));
    }
    assert_eq!(world.generation("bot"), 1);
    world.exit("bot", Exit::Code(1));
    world.pass(secs(60));
    assert_eq!(world.state("bot"), "maintenance");
    world.restart_program();
    world.settle();
    assert_eq!(world.state("bot"), "maintenance");
    world.command("bot", Command::EndMaintenance);
    assert_eq!(world.state("bot"), "running");
}

#[test]
fn too_much_for_too_long_is_told_and_then_ends_the_run() {
    let mut bot = service("bot");
    let mut rule = ResourceRule::new(Measure::Memory);
    rule.soft = Some("400MiB".parse().unwrap());
    rule.hard = Some("512MiB".parse().unwrap());
    rule.lasting = secs(30);
    bot.rules = vec![rule];
    let mut world = World::started([bot]);
    let mebibyte = 1024.0 * 1024.0;
    let sample = |world: &mut World, mebibytes: f64| {
        world.pass(secs(10));
        let (service, generation) = ("bot".into(), world.generation("bot"));
        let value = mebibytes * mebibyte;
        world.step(Input::Measured { service, generation, measure: Measure::Memory, value });
        world.settle();
    };
    // A peak is no trouble.
    for mebibytes in [600.0, 600.0, 100.0, 450.0, 450.0, 450.0] {
        sample(&mut world, mebibytes);
    }
    assert_eq!(world.told("supervise.resource_exceeded", "bot"), 0);
    sample(&mut world, 450.0);
    assert_eq!(world.told("supervise.resource_exceeded", "bot"), 1);
    for _ in 0..4 {
        sample(&mut world, 600.0);
    }
    assert_eq!(world.generation("bot"), 2);
    assert_eq!(last_reason(&world, "bot"), "memory 600 MiB above 512 MiB for 30s");
}

#[test]
fn probes_of_a_run_end_with_it() {
    let mut bot = service("bot");
    bot.probes.liveness = Some(every(1_000, "alive"));
    let mut world = World::started([bot]);
    let run = world.probes[0].2;
    let service = "bot".into();
    let command = Command::Stop;
    let by = "ann".to_owned();
    let actions = world.supervisor.step(world.now, Input::Command { service, command, by });
    assert!(actions.contains(&Action::CancelProbe { service: "bot".into(), run }));
}

#[test]
fn a_remark_is_told_when_it_changes_and_shown_while_it_holds() {
    let mut world = World::started([service("bot")]);
    let remark = |world: &mut World, topic, text: &[&str]| {
        let text = text.iter().map(|line| (*line).to_owned()).collect();
        world.step(Input::Remarked { service: "bot".into(), topic, text });
    };
    let limit = "limits.cpu is not enforced: the host has no cgroups";
    remark(&mut world, Topic::Limits, &[limit]);
    remark(&mut world, Topic::Leak, &["grows 1 MB an hour"]);
    remark(&mut world, Topic::Limits, &[limit]);
    assert_eq!(world.told("supervise.not_enforced", "bot"), 1);
    assert_eq!(world.told("supervise.leak", "bot"), 1);
    let why = world.supervisor.explain("bot").unwrap().why;
    assert_eq!(why, [limit, "grows 1 MB an hour"]);
    remark(&mut world, Topic::Limits, &[]);
    assert_eq!(world.told("supervise.not_enforced", "bot"), 1);
    assert_eq!(world.supervisor.explain("bot").unwrap().why, ["grows 1 MB an hour"]);
}

#[test]
fn a_planned_restart_is_no_failure_and_waits_for_the_end_of_a_maintenance() {
    let mut world = World::started([service("bot")]);
    let plan = |world: &mut World, generation| {
        let why = "it leaks".to_owned();
        world.step(Input::Planned { service: "bot".into(), generation, why });
        world.settle();
    };
    world.command("bot", Command::BeginMaintenance { comment: "upgrade".to_owned() });
    plan(&mut world, 1);
    assert_eq!(world.generation("bot"), 1);
    world.command("bot", Command::EndMaintenance);
    plan(&mut world, 1);
    assert_eq!((world.generation("bot"), world.state("bot").as_str()), (2, "running"));
    // It was meant for the run before.
    plan(&mut world, 1);
    assert_eq!(world.generation("bot"), 2);
    assert_eq!(last_reason(&world, "bot"), "planned restart: it leaks");
    let explained = world.supervisor.explain("bot").unwrap();
    assert_eq!((explained.status.restarts, explained.gives_up_at), (1, None));
}

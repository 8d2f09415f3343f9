//! What services may use, and what becomes of those that use more. Each test holds on hosts with and without cgroups.

use std::fs;
use std::time::Duration;

use wardkit_process::Procfs;
use wardkit_supervise::{Amount, Measure, ReasonKind, ResourceRule, RestartPolicy, ServiceSpec};

use crate::scene::{Scene, eventually, shell, sleeper};

fn limited(mut spec: ServiceSpec) -> ServiceSpec {
    spec.limits.memory_max = Some(Amount::new(32.0 * 1024.0 * 1024.0));
    spec.restart = RestartPolicy::Never;
    spec
}

/// Returns whether this host enforces a limit; where it does not, it has been said.
fn is_enforced(scene: &Scene, service: &str, limit: &str) -> bool {
    scene.until(service, "running");
    let why = scene.services().explain(service).expect("it is there").explanation.why;
    let remark = format!("limits.{limit} is not enforced: ");
    match why.iter().find(|line| line.starts_with(&remark)) {
        Some(remark) => {
            assert!(scene.told("supervise.not_enforced", service).contains(remark));
            false
        }
        None => true,
    }
}

#[test]
pub(crate) fn a_service_that_takes_too_much_memory_is_told_from_one_that_was_killed() {
    // It keeps the one line that it is given.
    let eater = limited(ServiceSpec::new("eater", ["tail", "/dev/zero"]));
    let scene = Scene::with([limited(sleeper("limited"))]);
    if !is_enforced(&scene, "limited", "memory_max") {
        return;
    }
    let scene = Scene::with([eater, limited(sleeper("limited"))]);
    scene.until("eater", "failed");
    let explained = scene.services().explain("eater").unwrap();
    let ended = &explained.explanation.exits[0];
    assert_eq!(ended.reason.kind(), ReasonKind::Oom);
    let text = explained.to_string();
    assert!(text.contains("killed for lack of memory (OOM): limit 32 MiB, peak 32 MiB"), "{text}");

    let pid = scene.until("limited", "running").unwrap();
    crate::scene::kill(pid);
    scene.until("limited", "failed");
    let exits = scene.services().explain("limited").unwrap().explanation.exits;
    assert_eq!(exits[0].reason.kind(), ReasonKind::Signal);
}

#[test]
pub(crate) fn a_service_starts_no_more_processes_than_it_may() {
    let mut storm =
        shell("storm", "i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done; wait");
    storm.limits.processes = Some(12);
    storm.restart = RestartPolicy::Never;
    let mut calm = sleeper("calm");
    calm.limits.processes = Some(12);
    let scene = Scene::with([calm, storm]);
    if !is_enforced(&scene, "calm", "processes") {
        return;
    }
    // A shell that cannot fork says so and ends; what it has started is ended with it.
    scene.until("storm", "failed");
    assert_eq!(scene.processes("storm"), [0; 0]);
}

#[test]
pub(crate) fn services_are_killed_for_memory_before_those_who_look_after_them() {
    let mut first = sleeper("first");
    first.limits.oom_score_adj = Some(800);
    let scene = Scene::with([first, sleeper("second")]);
    let adj = |pid: u32| -> i32 {
        let path = format!("/proc/{pid}/oom_score_adj");
        fs::read_to_string(path).unwrap().trim().parse().unwrap()
    };
    let pid = |service| scene.until(service, "running").unwrap();
    let (first, second, ours) = (pid("first"), pid("second"), std::process::id());
    let guardian = Procfs::default().stat(second).unwrap().parent;
    assert_eq!((adj(first), adj(guardian)), (800, adj(ours)));
    assert!(adj(ours) < adj(second) && adj(second) < 800, "{} {}", adj(ours), adj(second));
}

#[test]
pub(crate) fn groups_of_runs_end_with_them() {
    let scene = Scene::with([sleeper("bot")]);
    let pid = scene.until("bot", "running").unwrap();
    let instance = format!("wardkit-{}", scene.options.instance);
    let group = Procfs::default().cgroup(pid).unwrap_or_default();
    let is_own = group.components().any(|part| part.as_os_str() == instance.as_str());
    if !is_own {
        return;
    }
    assert!(group.ends_with(format!("{instance}/bot.1")), "{group:?}");
    crate::scene::kill(pid);
    let pid = scene.until_run("bot", "running", 2).unwrap();
    let group = Procfs::default().cgroup(pid).unwrap_or_default();
    assert!(group.ends_with(format!("{instance}/bot.2")), "{group:?}");
    drop(scene);
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let fields = |line: &str| line.split(' ').nth(4).map(str::to_owned);
    let unified = mounts.lines().filter(|line| line.contains(" - cgroup2 ")).find_map(fields);
    let below = group.parent().unwrap().strip_prefix("/").unwrap();
    let parent = std::path::Path::new(&unified.unwrap()).join(below);
    eventually(|| (!parent.exists()).then_some(()));
}

#[test]
pub(crate) fn a_service_that_uses_too_much_for_too_long_is_told_and_started_again() {
    let mut crowd = shell("crowd", "sleep 1000 & sleep 1000 & wait");
    let mut rule = ResourceRule::new(Measure::Processes);
    rule.hard = Some("2".parse().unwrap());
    rule.lasting = Duration::from_millis(500);
    crowd.rules = vec![rule];
    let mut calm = sleeper("calm");
    let rules = [
        (Measure::Memory, "1TiB"),
        (Measure::Cpu, "100"),
        (Measure::OpenFiles, "1000"),
        (Measure::MemoryPressure, "200%"),
    ];
    calm.rules = rules
        .map(|(measure, most)| {
            let mut rule = ResourceRule::new(measure);
            rule.hard = Some(most.parse().unwrap());
            rule.lasting = Duration::from_millis(500);
            rule
        })
        .into();
    let scene = Scene::with([crowd, calm]);
    scene.until_run("crowd", "running", 2);
    let why = scene.told("supervise.resource_exceeded", "crowd");
    assert_eq!(why, "processes 3 above 2 for 500ms");
    let exits = scene.services().explain("crowd").unwrap().explanation.exits;
    assert_eq!(exits[0].reason.kind(), ReasonKind::ResourceRule);
    // What is measured of the other is within its limits.
    let calm = scene.services().explain("calm").unwrap().explanation;
    assert_eq!((calm.status.generation, calm.exits.len()), (1, 0));
    assert!(calm.why.iter().all(|line| !line.contains("nothing is measured")), "{:?}", calm.why);
}

use std::fs;
use std::path::Path;

use wardkit_core::Timestamp;
use wardkit_process::{Cgroup, Identity, Launch, Signal};
use wardkit_supervise::{LeakConfig, ResourceRule};

use super::*;

fn rule(measure: Measure, lasting: u64) -> ResourceRule {
    let mut rule = ResourceRule::new(measure);
    rule.lasting = Duration::from_secs(lasting);
    rule
}

fn watched(rules: Vec<ResourceRule>) -> Watched {
    let mut spec = ServiceSpec::new("bot", ["/usr/bin/bot"]);
    spec.rules = rules;
    Watched {
        service: "bot".into(),
        generation: 3,
        spec: Arc::new(spec),
        run: "boot/7/100".to_owned(),
        tree: Tree::new(Identity::new("boot", u32::MAX - 1, 1)),
        groups: Groups::default(),
    }
}

fn at(millis: u64) -> Now {
    Now { wall: Timestamp::UNIX_EPOCH, boot: Duration::from_millis(millis) }
}

fn take(samples: &mut Samples, told: Told, millis: u64) {
    samples.take(told, at(millis), &mut Kept::read(Path::new("/nonexistent")));
}

/// Measures, and returns what was asked for and what was sent.
fn sample(
    samples: &mut Samples,
    millis: u64,
    mut reading: impl FnMut(What) -> Result<Reading, String>,
) -> (Vec<What>, Vec<Input>) {
    let mut asked = Vec::new();
    let sent = samples.sample(at(millis), |_, what, _| {
        asked.push(what);
        reading(what)
    });
    (asked, sent)
}

fn now(value: f64) -> Reading {
    Reading { value, grows: false, remark: None }
}

fn measured(measure: Measure, value: f64) -> Input {
    Input::Measured { service: "bot".into(), generation: 3, measure, value }
}

fn remarked(topic: Topic, text: &[&str]) -> Input {
    let text = text.iter().map(|line| (*line).to_owned()).collect();
    Input::Remarked { service: "bot".into(), topic, text }
}

#[test]
fn each_rule_is_measured_as_often_as_it_needs_and_all_at_the_same_moments() {
    let mut samples = Samples::default();
    assert_eq!(samples.due(), None);
    // The rule that needs it most often decides; none more often than sensible, none too seldom to count.
    let rules = vec![
        rule(Measure::Memory, 40),
        rule(Measure::Memory, 8),
        rule(Measure::Threads, 0),
        rule(Measure::Processes, 3600),
    ];
    take(&mut samples, Told::Began(Box::new(watched(rules))), 700);
    let mut seen = Vec::new();
    while let Some(due) = samples.due().filter(|due| *due <= Duration::from_secs(31)) {
        let millis = u64::try_from(due.as_millis()).unwrap();
        let (asked, _) = sample(&mut samples, millis, |_| Ok(now(1.0)));
        seen.extend(asked.into_iter().map(|what| (what, millis)));
    }
    let times = |measure| -> Vec<u64> {
        let of = seen.iter().filter(|(what, _)| *what == What::Rule(measure));
        of.map(|(_, millis)| *millis).collect()
    };
    assert_eq!(times(Measure::Memory), (1..=15).map(|two| two * 2000).collect::<Vec<_>>());
    assert_eq!(times(Measure::Threads).get(..3), Some(&[750, 1000, 1250][..]));
    assert_eq!(times(Measure::Processes), [30_000]);
    // A thread that was held up does not catch up.
    let (asked, _) = sample(&mut samples, 300_000, |_| Ok(now(1.0)));
    assert_eq!(asked.len(), 3);
    assert!(samples.due().unwrap() > Duration::from_mins(5));
}

#[test]
fn what_only_grows_counts_by_the_second() {
    let mut samples = Samples::default();
    take(&mut samples, Told::Began(Box::new(watched(vec![rule(Measure::Cpu, 8)]))), 0);
    let mut at_second = |second: u64, value| {
        let reading = Ok(Reading { value, grows: true, remark: None });
        let (_, sent) = sample(&mut samples, second * 1000, |_| reading.clone());
        sent.into_iter().find_map(|input| match input {
            Input::Measured { value, .. } => Some(value),
            _ => None,
        })
    };
    assert_eq!(at_second(2, 100.0), None);
    assert_eq!(at_second(4, 103.0), Some(1.5));
    // A process has ended that nobody waited for.
    assert_eq!(at_second(6, 80.0), Some(0.0));
    assert_eq!(at_second(10, 81.0), Some(0.25));
}

#[test]
fn what_cannot_be_measured_is_remarked_once_and_until_it_can() {
    let mut samples = Samples::default();
    take(&mut samples, Told::Began(Box::new(watched(vec![rule(Measure::OpenFiles, 1)]))), 0);
    let refused = || Err("process 7: Permission denied".to_owned());
    let remark = "the rule on open_files: nothing is measured: process 7: Permission denied";
    assert_eq!(sample(&mut samples, 250, |_| refused()).1, [remarked(Topic::Rules, &[remark])]);
    assert_eq!(sample(&mut samples, 500, |_| refused()).1, []);
    let expected = [measured(Measure::OpenFiles, 9.0), remarked(Topic::Rules, &[])];
    assert_eq!(sample(&mut samples, 750, |_| Ok(now(9.0))).1, expected);
    assert_eq!(sample(&mut samples, 1000, |_| Ok(now(9.0))).1, [measured(Measure::OpenFiles, 9.0)]);
}

#[test]
fn a_run_is_measured_until_it_ends_and_as_it_is_declared_now() {
    let mut samples = Samples::default();
    let watch = watched(vec![rule(Measure::Threads, 8)]);
    take(&mut samples, Told::Began(Box::new(watch.clone())), 0);
    take(&mut samples, Told::Ended("bot".into(), 2), 0);
    let mut spec = (*watch.spec).clone();
    spec.rules = vec![rule(Measure::Memory, 4)];
    spec.leak = Some(LeakConfig::default());
    take(&mut samples, Told::Declared(Arc::new(spec)), 0);
    assert_eq!(sample(&mut samples, 1000, |_| Ok(now(1.0))).0, [What::Rule(Measure::Memory)]);
    let (asked, _) = sample(&mut samples, 60_000, |_| Ok(now(1.0)));
    let memory = What::Rule(Measure::Memory);
    assert_eq!(asked, [memory, What::Anonymous, memory]);
    take(&mut samples, Told::Ended("bot".into(), 3), 0);
    assert_eq!(samples.due(), None);
}

#[test]
fn a_leak_is_told_and_its_restart_is_planned_for_the_run_that_leaks() {
    let mut samples = Samples::default();
    let mut watch = watched(Vec::new());
    let mut spec = (*watch.spec).clone();
    let mut leak = LeakConfig::default();
    leak.limit = Some("150MB".parse().unwrap());
    spec.leak = Some(leak);
    watch.spec = Arc::new(spec);
    take(&mut samples, Told::Began(Box::new(watch)), 0);
    let (mut told, mut planned) = (Vec::new(), None);
    for minute in 1..24 * 60 * 5_u32 {
        let elapsed = Duration::from_secs(u64::from(minute) * 60);
        let moment = Now { wall: Timestamp::UNIX_EPOCH.saturating_add(elapsed), boot: elapsed };
        // Half a megabyte an hour, of a hundred.
        let value = 100e6 + f64::from(minute) / 120.0 * 1e6;
        for input in samples.sample(moment, |_, _, _| Ok(now(value))) {
            match input {
                Input::Remarked { topic: Topic::Leak, text, .. } => told.extend(text),
                Input::Planned { generation, why, .. } => {
                    planned.get_or_insert((generation, minute / 60, why));
                }
                _ => {}
            }
        }
    }
    assert_eq!(told.len(), 1, "{told:?}");
    let (generation, hour, why) = planned.unwrap();
    assert_eq!((generation, hour), (3, 98), "{why}");
}

#[test]
fn numbers_come_from_groups_where_they_tell() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let meter = Meter::default();
    let mut run = watched(Vec::new());
    let mut read = |groups: Groups, what| {
        run.groups = groups;
        meter.read(&run, what, &Scan::default()).map(|reading| (reading.value, reading.grows))
    };
    let group = Cgroup::at(folder.path());
    let unified = Groups { unified: Some(group.clone()), memory_v1: None };
    let legacy = Groups { unified: None, memory_v1: Some(group) };
    write("memory.current", "1000\n");
    write("memory.usage_in_bytes", "2000\n");
    let stat = "anon 500\ninactive_file 300\ntotal_rss 700\ntotal_inactive_file 400\n";
    write("memory.stat", stat);
    write("cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
    write("cpu.pressure", "some avg10=0.00 total=1500000\n");
    let memory = What::Rule(Measure::Memory);
    assert_eq!(read(unified.clone(), memory), Ok((700.0, false)));
    assert_eq!(read(legacy.clone(), memory), Ok((1600.0, false)));
    assert_eq!(read(unified.clone(), What::Anonymous), Ok((500.0, false)));
    assert_eq!(read(legacy, What::Anonymous), Ok((700.0, false)));
    assert_eq!(read(unified.clone(), What::Rule(Measure::Cpu)), Ok((2.5, true)));
    assert_eq!(read(unified, What::Rule(Measure::CpuPressure)), Ok((1.5, true)));
}

#[test]
fn numbers_of_processes_are_added_up() {
    let script = "exec 8</dev/null 9</dev/null; sleep 1000 & wait";
    let shell = Launch::new(["/bin/sh", "-c", script]).start().unwrap();
    let mut run = watched(Vec::new());
    run.tree = Tree::new(shell.identity().clone());
    let meter = Meter::default();
    let read = |measure| meter.read(&run, What::Rule(measure), &Scan::default()).unwrap().value;
    // Until the shell has started the other.
    while read(Measure::Processes) < 2.0 || read(Measure::OpenFiles) < 10.0 {
        assert!(!shell.wait(Some(Duration::from_millis(10))).unwrap());
    }
    assert_eq!((read(Measure::Processes), read(Measure::Threads)), (2.0, 2.0));
    // Three of its own each, and two more that the other inherits.
    assert!((read(Measure::OpenFiles) - 10.0).abs() < 0.5);
    let memory = read(Measure::Memory);
    assert!((4096.0..64e6).contains(&memory), "{memory}");
    assert!(read(Measure::Disk) < 1e9 && read(Measure::Cpu) < 60.0);
    let anonymous = meter.read(&run, What::Anonymous, &Scan::default()).unwrap().value;
    assert!((4096.0..=memory).contains(&anonymous), "{anonymous} {memory}");
    Tree::new(shell.identity().clone()).kill().unwrap();
    shell.signal(Signal::KILL).unwrap();
    shell.wait(None).unwrap();
    shell.state().unwrap();
}

#[test]
fn what_was_seen_of_a_leak_outlives_this_program() {
    let folder = tempfile::tempdir().unwrap();
    let watch = {
        let mut watch = watched(Vec::new());
        let mut spec = (*watch.spec).clone();
        spec.leak = Some(LeakConfig::default());
        watch.spec = Arc::new(spec);
        watch
    };
    // Two days each, of which neither is enough to tell.
    let mut told = Vec::new();
    for days in [0..2_u32, 2..4] {
        let mut kept = Kept::read(folder.path());
        let mut samples = Samples::default();
        samples.take(Told::Began(Box::new(watch.clone())), at(0), &mut kept);
        for minute in days.start * 1440..days.end * 1440 {
            let elapsed = Duration::from_mins(u64::from(minute) + 1);
            let moment = Now { wall: Timestamp::UNIX_EPOCH.saturating_add(elapsed), boot: elapsed };
            let value = 100e6 + f64::from(minute) / 120.0 * 1e6;
            for input in samples.sample(moment, |_, _, _| Ok(now(value))) {
                if let Input::Remarked { topic: Topic::Leak, text, .. } = input {
                    told.extend(text);
                }
            }
        }
        kept.write(&samples.watches()).unwrap();
        assert_eq!(told.len(), usize::from(days.end == 4), "{told:?}");
    }
}

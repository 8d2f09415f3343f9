//! One sentence says what is short.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_detect::bottleneck::{
    CgroupUsage, DiskUsage, LimitUsage, NetworkUsage, Pressure, ProcessUsage, Resource, Usage,
    judge,
};

fn idle() -> Usage {
    let mut usage = Usage::default();
    usage.cpu.cores = 4.0;
    usage.cpu.busy = 0.2;
    usage.memory.total = 8e9;
    usage.memory.available = 5e9;
    usage.disks = vec![DiskUsage::new("sda", 0.1)];
    usage.descriptors = Some(LimitUsage { used: 900.0, limit: 65_536.0 });
    usage.threads = Some(LimitUsage { used: 300.0, limit: 0.0 });
    let mut bot = ProcessUsage::new(7, "bot");
    (bot.cpu, bot.resident, bot.descriptors) = (0.5, 3e8, 40.0);
    usage.processes = vec![ProcessUsage::new(1, "init"), bot];
    usage
}

fn check(change: impl FnOnce(&mut Usage), expected: &str) {
    let mut usage = idle();
    change(&mut usage);
    assert_eq!(judge(&usage).to_string(), expected);
}

#[test]
fn one_sentence_names_what_is_short_and_who_uses_it() {
    check(|_| {}, "nothing is short");
    check(|usage| *usage = Usage::default(), "nothing was measured");
    check(
        |usage| usage.cpu.pressure = Some(Pressure { some: 0.42, full: 0.0 }),
        "cpu: 42 % of the last minute stalled; top user pid 7 bot",
    );
    check(
        |usage| {
            usage.io_pressure = Some(Pressure { some: 0.31, full: 0.2 });
            usage.processes[1].read = 10.0;
            usage.processes[0].written = 9.0;
        },
        "disk io: 31 % of the last minute stalled; busiest disk sda 10 %; top reader pid 7 bot",
    );
    check(
        |usage| usage.memory.killed = 1,
        "memory: 100 % of the last minute stalled; 1 process was killed for want of it; top user pid 7 bot",
    );
    check(
        |usage| usage.descriptors = Some(LimitUsage { used: 65_000.0, limit: 65_536.0 }),
        "file descriptors: 99 % of all taken; top user pid 7 bot",
    );
    check(
        |usage| {
            let mut group = CgroupUsage::new("shop.service");
            group.throttled = 0.25;
            usage.cgroup = Some(group);
            usage.window = Duration::from_mins(5);
        },
        "cpu quota: 25 % of the last 5 minutes stalled; group shop.service; top user pid 7 bot",
    );
    check(
        |usage| {
            let mut eth = NetworkUsage::new("eth0");
            (eth.lost, eth.capacity) = (0.03, 125e6);
            usage.networks = vec![NetworkUsage::new("lo"), eth];
            usage.window = Duration::from_secs(10);
        },
        "network: 30 % of the last 10 s stalled; eth0 loses 3.0 % of its packets",
    );
}

#[test]
fn what_stood_still_longest_comes_first() {
    check(
        |usage| {
            usage.cpu.pressure = Some(Pressure { some: 0.2, full: 0.0 });
            usage.memory.pressure = Some(Pressure { some: 0.3, full: 0.1 });
            usage.io_pressure = Some(Pressure { some: 0.25, full: 0.1 });
        },
        "memory: 30 % of the last minute stalled; top user pid 7 bot; also short: disk io, cpu",
    );
}

#[test]
fn without_pressure_it_is_estimated_from_what_is_always_there() {
    check(|usage| (usage.cpu.busy, usage.cpu.runnable) = (1.0, 4.0), "nothing is short");
    check(
        |usage| (usage.cpu.busy, usage.cpu.runnable) = (1.0, 16.0),
        "cpu: 75 % of the last minute stalled; top user pid 7 bot",
    );
    check(
        |usage| usage.memory.available = 8e7,
        "memory: 80 % of the last minute stalled; top user pid 7 bot",
    );
    check(
        |usage| usage.disks.push(DiskUsage::new("sdb", 0.98)),
        "disk io: 80 % of the last minute stalled; busiest disk sdb 98 %",
    );
    check(
        |usage| {
            let mut group = CgroupUsage::new("shop");
            group.memory = LimitUsage { used: 99.0, limit: 100.0 };
            usage.cgroup = Some(group);
        },
        "memory: 80 % of the last minute stalled; group shop uses 99 % of its limit; top user pid 7 bot",
    );
}

#[test]
fn the_table_has_a_row_for_everything_that_was_measured() {
    let report = judge(&idle());
    assert_eq!(
        format!("{report:#}"),
        "resource           used   stalled  most used by\n\
         cpu                20 %       0 %  top user pid 7 bot\n\
         memory             38 %       0 %  top user pid 7 bot\n\
         disk io            10 %       0 %\n\
         file descriptors    1 %       0 %  top user pid 7 bot\n"
    );
    assert_eq!(report.short().count(), 0);
    assert_eq!(report.rows[0].resource, Resource::Cpu);
}

#[test]
fn a_process_name_cannot_write_to_the_terminal() {
    check(
        |usage| {
            usage.cpu.pressure = Some(Pressure { some: 0.5, full: 0.0 });
            usage.processes[1].name = "a\u{1b}[2J\nb".to_owned();
        },
        "cpu: 50 % of the last minute stalled; top user pid 7 a\\u{1b}[2J\\nb",
    );
}

proptest! {
    #[test]
    fn any_numbers_give_shares_and_a_line(numbers in prop::collection::vec(any::<f64>(), 12)) {
        let mut usage = idle();
        usage.cpu.cores = numbers[0];
        usage.cpu.busy = numbers[1];
        usage.cpu.runnable = numbers[2];
        usage.memory.total = numbers[3];
        usage.memory.available = numbers[4];
        usage.io_pressure = Some(Pressure { some: numbers[5], full: numbers[6] });
        usage.disks = vec![DiskUsage::new("a", numbers[7]), DiskUsage::new("b", numbers[8])];
        usage.descriptors = Some(LimitUsage { used: numbers[9], limit: numbers[10] });
        usage.processes[0].cpu = numbers[11];
        let report = judge(&usage);
        for row in &report.rows {
            prop_assert!((0.0..=1.0).contains(&row.stalled));
            prop_assert!(row.used.is_none_or(|used| (0.0..=1.0).contains(&used)));
        }
        prop_assert!(!report.to_string().contains('\n'));
    }
}

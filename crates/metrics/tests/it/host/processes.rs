//! Processes and groups of them.

use std::collections::BTreeMap;

use wardkit_metrics::host::{Host, HostPart, ProcessGroup};

use super::tree::{Tree, collect, everything, make_pipe, only, success};

/// A process in a made-up tree.
#[derive(Clone, Copy)]
struct Fake {
    pid: u32,
    parent: u32,
    name: &'static str,
    start: u64,
    user: u64,
}

const BOT: Fake = Fake { pid: 100, parent: 1, name: "bot", start: 500, user: 200 };

impl Fake {
    fn write(self, tree: &Tree) {
        let Self { pid, parent, name, start, user } = self;
        let line = format!(
            "{pid} ({name}) S {parent} 1 1 0 -1 0 0 0 0 0 {user} 100 9 9 20 0 3 0 {start} 9999 10 1\n"
        );
        tree.write(&format!("proc/{pid}/stat"), line);
    }

    /// Ends it: who has its file open reads nothing more.
    fn end(self, tree: &Tree) {
        tree.write(&format!("proc/{}/stat", self.pid), "");
        tree.remove(&format!("proc/{}", self.pid));
    }
}

fn value(found: &BTreeMap<String, f64>, family: &str, labels: &str) -> f64 {
    found[&format!("process_group_{family}{{group={labels}}}")]
}

fn cpu(host: &mut Host, group: &str) -> f64 {
    value(&collect(host), "cpu_seconds_total", &format!("\"{group}\",mode=\"user\""))
}

fn host(tree: &Tree, groups: Vec<ProcessGroup>) -> Host {
    let mut config = only(&[HostPart::Cpu, HostPart::Processes]);
    config.processes = groups;
    tree.write("proc/stat", "cpu 1\ncpu0 1\nbtime 1000\n");
    tree.host(config)
}

#[test]
fn a_group_is_the_processes_named_and_all_that_they_started() {
    let tree = Tree::new();
    for fake in [
        Fake { pid: 1, parent: 0, name: "init", start: 1, user: 1 },
        BOT,
        Fake { pid: 101, parent: 100, name: "sh", start: 600, ..BOT },
        Fake { pid: 99, parent: 101, name: "grep", start: 700, ..BOT },
        Fake { pid: 102, parent: 1, name: "other", ..BOT },
    ] {
        fake.write(&tree);
    }
    tree.write("proc/100/io", "rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\n");
    for fd in 0..4 {
        tree.write(&format!("proc/100/fd/{fd}"), "");
    }
    let mut host = host(&tree, vec![ProcessGroup::by_command("shop", "bot")]);
    let found = collect(&mut host);
    let page = f64::from(u32::try_from(rustix::param::page_size()).unwrap());
    assert_eq!(value(&found, "processes", "\"shop\""), 3.0);
    assert_eq!(value(&found, "threads", "\"shop\""), 9.0);
    assert_eq!(value(&found, "resident_memory_bytes", "\"shop\""), 30.0 * page);
    assert_eq!(value(&found, "cpu_seconds_total", "\"shop\",mode=\"user\""), 6.0);
    assert_eq!(value(&found, "cpu_seconds_total", "\"shop\",mode=\"system\""), 3.0);
    assert_eq!(value(&found, "oldest_start_time_seconds", "\"shop\""), 1005.0);
    assert_eq!(value(&found, "read_bytes_total", "\"shop\""), 4096.0);
    assert_eq!(value(&found, "written_bytes_total", "\"shop\""), 8192.0);
    // Two of them have neither `io` nor `fd` here.
    assert_eq!(value(&found, "unreadable_processes", "\"shop\""), 2.0);
    assert_eq!(found["node_processes_pids"], 5.0);
    assert_eq!(found["node_processes_threads"], 15.0);
    assert_eq!(found["node_processes_state{state=\"S\"}"], 5.0);
}

#[test]
fn what_a_group_allocated_itself_is_told_when_it_is_known_of_each() {
    let tree = Tree::new();
    let mut host = host(&tree, vec![ProcessGroup::by_command("shop", "bot")]);
    let shown = |host: &mut Host| {
        collect(host).get("process_group_anonymous_memory_bytes{group=\"shop\"}").copied()
    };
    let page = f64::from(u32::try_from(rustix::param::page_size()).unwrap());
    assert_eq!(shown(&mut host), None);
    BOT.write(&tree);
    tree.write("proc/100/statm", "9999 10 4 1 0 7 0\n");
    assert_eq!(shown(&mut host), Some(6.0 * page));
    Fake { pid: 101, parent: 100, name: "sh", ..BOT }.write(&tree);
    assert_eq!(shown(&mut host), None);
    tree.write("proc/101/statm", "9999 10\n");
    assert_eq!(shown(&mut host), None);
    // The kernel counts them at different moments.
    tree.write("proc/101/statm", "9999 10 11 1 0 7 0\n");
    assert_eq!(shown(&mut host), Some(6.0 * page));
}

#[test]
fn what_a_process_used_stays_counted_when_it_ends() {
    let tree = Tree::new();
    let mut host = host(&tree, vec![ProcessGroup::by_command("shop", "bot")]);
    BOT.write(&tree);
    assert_eq!(cpu(&mut host, "shop"), 2.0);
    Fake { user: 300, ..BOT }.write(&tree);
    let shell = Fake { pid: 101, parent: 100, name: "sh", user: 50, ..BOT };
    shell.write(&tree);
    assert_eq!(cpu(&mut host, "shop"), 3.5);
    shell.end(&tree);
    assert_eq!(cpu(&mut host, "shop"), 3.5);
    // The same number again is another process.
    BOT.end(&tree);
    Fake { start: 9000, user: 10, ..BOT }.write(&tree);
    assert_eq!(cpu(&mut host, "shop"), 3.6);
    BOT.end(&tree);
    let found = collect(&mut host);
    assert_eq!(value(&found, "cpu_seconds_total", "\"shop\",mode=\"user\""), 3.6);
    assert_eq!(value(&found, "processes", "\"shop\""), 0.0);
    assert!(!found.contains_key("process_group_oldest_start_time_seconds{group=\"shop\"}"));
}

#[test]
fn who_joins_a_group_brings_nothing_from_before() {
    let tree = Tree::new();
    let pids = tree.path("run/bot.pid");
    let mut host = host(&tree, vec![ProcessGroup::by_pid_file("shop", &pids)]);
    BOT.write(&tree);
    let found = collect(&mut host);
    assert_eq!(value(&found, "processes", "\"shop\""), 0.0);
    tree.write("run/bot.pid", "100\n");
    Fake { user: 300, ..BOT }.write(&tree);
    assert_eq!(cpu(&mut host, "shop"), 0.0);
    Fake { user: 350, ..BOT }.write(&tree);
    assert_eq!(cpu(&mut host, "shop"), 0.5);
}

#[test]
fn the_nearest_ancestor_decides_and_the_first_group_wins() {
    let tree = Tree::new();
    for fake in [
        BOT,
        Fake { pid: 101, parent: 100, name: "worker", ..BOT },
        Fake { pid: 102, parent: 101, name: "sh", ..BOT },
        Fake { pid: 103, parent: 100, name: "sh", ..BOT },
    ] {
        fake.write(&tree);
    }
    let groups = vec![
        ProcessGroup::by_command("workers", "worker"),
        ProcessGroup::by_command("bots", "bot"),
        ProcessGroup::by_command("bots again", "bot"),
    ];
    let found = collect(&mut host(&tree, groups));
    for (group, expected) in [("workers", 2.0), ("bots", 2.0), ("bots again", 0.0)] {
        assert_eq!(value(&found, "processes", &format!("\"{group}\"")), expected, "{group}");
    }
}

#[test]
fn members_of_a_control_group_and_those_below_it_are_a_group() {
    for root in ["", "unified", "systemd"] {
        let tree = Tree::new();
        for pid in [100, 101, 102] {
            Fake { pid, ..BOT }.write(&tree);
        }
        let at = |path: &str| format!("sys/fs/cgroup/{root}/{path}");
        tree.write(&at("cgroup.controllers"), "");
        tree.write(&at("a.service/cgroup.procs"), "100\n4000\n");
        tree.write(&at("a.service/below/cgroup.procs"), "101\nx\n");
        let groups =
            vec![ProcessGroup::by_cgroup("a", "/a.service"), ProcessGroup::by_cgroup("b", "/b")];
        let found = collect(&mut host(&tree, groups));
        assert_eq!(value(&found, "processes", "\"a\""), 2.0, "{root}");
        assert_eq!(value(&found, "processes", "\"b\""), 0.0, "{root}");
    }
}

#[test]
fn parents_in_a_circle_belong_to_nobody() {
    let tree = Tree::new();
    Fake { pid: 5, parent: 6, ..BOT }.write(&tree);
    Fake { pid: 6, parent: 5, ..BOT }.write(&tree);
    Fake { pid: 7, parent: 7, ..BOT }.write(&tree);
    let found = collect(&mut host(&tree, vec![ProcessGroup::by_command("x", "x")]));
    assert_eq!(value(&found, "processes", "\"x\""), 0.0);
}

#[test]
fn odd_names_and_broken_files_are_looked_past() {
    let tree = Tree::new();
    BOT.write(&tree);
    Fake { pid: 7, name: "a) R 1 (\n", ..BOT }.write(&tree);
    tree.write("proc/8/stat", "not a process");
    tree.write(
        "proc/9/stat",
        "10 (not nine) S 1 1 1 0 -1 0 0 0 0 0 1 1 9 9 20 0 3 0 1 9999 10 1\n",
    );
    tree.write("proc/10/other", "");
    tree.write("proc/99999999999/stat", "");
    tree.write("proc/self/stat", "");
    let found = collect(&mut host(&tree, vec![ProcessGroup::by_command("odd", "a) R 1 (\n")]));
    assert_eq!(found["node_processes_pids"], 2.0);
    assert_eq!(value(&found, "processes", "\"odd\""), 1.0);
}

#[test]
fn a_pid_file_may_be_anything_and_holds_nothing_up() {
    for (text, expected) in
        [("100", 1.0), ("  100\n200\n", 1.0), ("", 0.0), ("-100", 0.0), ("bot", 0.0)]
    {
        let tree = Tree::new();
        BOT.write(&tree);
        tree.write("bot.pid", text);
        let mut host = host(&tree, vec![ProcessGroup::by_pid_file("shop", tree.path("bot.pid"))]);
        assert_eq!(value(&collect(&mut host), "processes", "\"shop\""), expected, "{text:?}");
    }
    let tree = Tree::new();
    make_pipe(&tree.path("bot.pid"));
    let mut host = host(&tree, vec![ProcessGroup::by_pid_file("shop", tree.path("bot.pid"))]);
    let all = everything(&mut host);
    assert_eq!(success(&all, HostPart::Processes), 0.0);
    assert_eq!(value(&all, "processes", "\"shop\""), 0.0);
}

#[test]
fn the_processes_that_use_most_are_named() {
    let tree = Tree::new();
    for pid in 1..50 {
        Fake { pid: pid + 200, name: "idle", user: 1, ..BOT }.write(&tree);
    }
    BOT.write(&tree);
    let mut host = host(&tree, Vec::new());
    collect(&mut host);
    tree.wait(2);
    Fake { user: 500, ..BOT }.write(&tree);
    collect(&mut host);
    let processes = &host.snapshot().processes;
    assert!(processes.len() <= 15, "{}", processes.len());
    let bot = processes.iter().find(|found| found.pid == 100).unwrap();
    assert_eq!((bot.name.as_str(), bot.cpu, bot.threads), ("bot", Some(1.5), 3));
    assert_eq!(bot.written, None);
}

#[test]
fn who_uses_disks_is_asked_while_disks_are_short() {
    let tree = Tree::new();
    BOT.write(&tree);
    let mut config = only(&[HostPart::Pressure, HostPart::Processes]);
    config.processes.clear();
    let mut host = tree.host(config);
    for resource in ["cpu", "memory", "io"] {
        let line =
            "some avg10=20.00 avg60=0 avg300=0 total=0\nfull avg10=0 avg60=0 avg300=0 total=0\n";
        tree.write(&format!("proc/pressure/{resource}"), line);
    }
    tree.write("proc/100/io", "read_bytes: 0\nwrite_bytes: 100\n");
    collect(&mut host);
    tree.wait(2);
    tree.write("proc/100/io", "read_bytes: 50\nwrite_bytes: 1100\n");
    Fake { user: 201, ..BOT }.write(&tree);
    collect(&mut host);
    let bot = &host.snapshot().processes[0];
    assert_eq!((bot.pid, bot.read, bot.written), (100, Some(25.0), Some(500.0)));
}

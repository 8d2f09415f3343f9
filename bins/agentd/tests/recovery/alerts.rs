//! Alerting on a disk that is full, without room for names or read-only, without a resolver, and in a storm.

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::SmallDisk;
use super::alert_support::{Hook, bring, config, everything_to, lasting, post, start};
use super::support::{Daemon, agentd, dir, until_some};

#[test]
fn on_a_full_disk_alerts_leave_and_nobody_is_told_that_they_are_kept() {
    let disk = SmallDisk::new();
    let hook = Hook::start();
    let daemon = start(disk.dir.path(), &everything_to(&hook));
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    disk.fill();
    let mut brought: BTreeSet<String> = ["Before".to_owned()].into();
    // The log of the database may have some room of its own.
    until_some(|| {
        let name = format!("Down{}", brought.len());
        let status = bring(&daemon, &[&name]);
        brought.insert(name);
        (status == 503).then_some(())
    });
    let last = format!("Down{}", brought.len() - 1);
    hook.hears(&[&last, "AlertStoreFailed"]);
    fs::remove_file(disk.dir.path().join("ballast")).unwrap();
    until_some(|| (bring(&daemon, &["Later"]) == 200).then_some(()));
    hook.hears(&["Later"]);
    brought.insert("Later".to_owned());
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(disk.dir.path(), &everything_to(&hook));
    assert_eq!(lasting(&daemon), brought);
}

#[test]
fn without_room_for_another_name_alerts_are_kept_and_told() {
    let disk = SmallDisk::with(c"size=8m,nr_inodes=100,mode=0700");
    let hook = Hook::start();
    let daemon = start(disk.dir.path(), &everything_to(&hook));
    let names = (0..).map(|number| disk.dir.path().join(format!("{number}")));
    let made = names.take_while(|path| fs::File::create(path).is_ok()).count();
    assert!(made < 100, "{made}");
    assert_eq!(bring(&daemon, &["Down"]), 200);
    hook.hears(&["Down"]);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    for number in 0..made {
        fs::remove_file(disk.dir.path().join(number.to_string())).unwrap();
    }
    let daemon = start(disk.dir.path(), &everything_to(&hook));
    assert_eq!(lasting(&daemon), ["Down".to_owned()].into());
}

/// A file system in a file, which can be made read-only under those who write to it, as the kernel does after an error.
struct Image {
    dir: tempfile::TempDir,
}

impl Image {
    fn new() -> Self {
        let image = Self { dir: dir() };
        let file = fs::File::create(image.file()).unwrap();
        file.set_len(32 << 20).unwrap();
        tool(Command::new("mkfs.ext4").arg("-q").arg(image.file()));
        fs::create_dir(image.root()).unwrap();
        image.mount();
        image
    }

    fn file(&self) -> std::path::PathBuf {
        self.dir.path().join("image")
    }

    fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("root")
    }

    fn mount(&self) {
        let options = "loop,errors=remount-ro";
        tool(Command::new("mount").args(["-o", options]).arg(self.file()).arg(self.root()));
    }

    fn fail(&self) {
        tool(Command::new("mount").args(["-o", "remount,abort"]).arg(self.root()));
    }

    /// What an operator does: nobody writes to it any more.
    fn repair(&self) {
        tool(Command::new("umount").arg(self.root()));
        // It says by its status what it repaired.
        Command::new("e2fsck").arg("-fy").arg(self.file()).output().unwrap();
        self.mount();
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Left mounted it would only outlive the test.
        let _ = Command::new("umount").arg("--lazy").arg(self.root()).output();
    }
}

fn tool(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

#[test]
fn on_a_disk_that_becomes_read_only_alerts_leave_and_those_that_were_kept_are_there_after_a_repair()
{
    let image = Image::new();
    let (hook, configs) = (Hook::start(), dir());
    let path = config(configs.path(), &everything_to(&hook));
    let data = image.root().join("data");
    let start = || Daemon::start(&data, &["--config", path.to_str().unwrap()]);
    let daemon = start();
    assert_eq!(bring(&daemon, &["Before"]), 200);
    hook.hears(&["Before"]);
    image.fail();
    assert_eq!(bring(&daemon, &["Down"]), 503);
    hook.hears(&["Down", "AlertStoreFailed"]);
    assert_eq!(daemon.request("/healthz").status, 200);
    daemon.signal("TERM");
    daemon.ended();
    image.repair();
    let daemon = start();
    assert_eq!(lasting(&daemon), ["Before".to_owned()].into());
    assert_eq!(bring(&daemon, &["Down"]), 200);
}

#[test]
fn a_resolver_that_never_answers_delays_nobody_who_needs_none() {
    let (dir, hook) = (dir(), Hook::start());
    // Takes questions and is silent. The address is nobody else's.
    let pid = std::process::id().to_be_bytes();
    let silent = UdpSocket::bind((std::net::Ipv4Addr::new(127, pid[1] | 1, pid[2], pid[3]), 53));
    let silent = silent.unwrap();
    let resolver = dir.path().join("resolv.conf");
    fs::write(&resolver, format!("nameserver {}\n", silent.local_addr().unwrap().ip())).unwrap();
    let text = format!(
        "{}[[alerting.receivers]]\nname = \"far\"\n[[alerting.receivers.channels]]\nkind = \"webhook\"\n\
         url = \"http://hook.wardkit.example/\"\nparallel = 8\n\
         [[alerting.route]]\nmatchers = ['alertname=~\"Far.*\"']\nreceiver = \"far\"\n",
        everything_to(&hook)
    );
    let path = config(dir.path(), &text);
    let mut shell = Command::new("unshare");
    let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    shell.args(["--mount", "sh", "-c", script]).arg(&resolver).arg(agentd(&[]).get_program());
    shell.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
    let args = ["--config", path.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let daemon = Daemon::spawn(shell, &dir.path().join("data"), &args);
    let far: Vec<String> = (0..40).map(|number| format!("Far{number}")).collect();
    assert_eq!(bring(&daemon, &far.iter().map(String::as_str).collect::<Vec<_>>()), 200);
    let mut question = [0; 512];
    silent.recv(&mut question).unwrap();
    for number in 0..5 {
        let name = format!("Near{number}");
        assert_eq!(bring(&daemon, &[&name]), 200);
        assert_eq!(hook.next().names(), [name]);
    }
    assert_eq!(daemon.request("/readyz").status, 200);
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
}

#[test]
fn a_storm_is_told_in_digests_keeps_its_memory_and_leaves_room_for_what_is_critical() {
    let (dir, hook) = (dir(), Hook::start());
    let text = everything_to(&hook);
    let limits = "[alerting.limits]\nmax-alerts = 20_000\nstorm-alerts-per-minute = 1_000\n";
    let daemon = start(dir.path(), &format!("{text}{limits}"));
    let mut refused = 0;
    for batch in 0..100 {
        let alert = |number: u32| {
            json!({"labels": {"alertname": format!("A{batch}-{number}"), "job": "storm"},
                "annotations": {"summary": "one of very many"}, "endsAt": "2120-01-01T00:00:00Z"})
        };
        let body = Value::from((0..1_000).map(alert).collect::<Vec<_>>());
        match post(&daemon, "/api/v2/alerts", &body.to_string()).status {
            200 => {}
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!((80..=85).contains(&refused), "{refused}");
    let critical = json!([{"labels": {"alertname": "Worst", "severity": "critical"}}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &critical.to_string()).status, 200);
    let heard = hook.hears(&["Worst"]);
    // What came before the storm was one is told alert by alert, the rest is not.
    assert!(heard.len() < 4_000, "{}", heard.len());
    let worst = heard.last().unwrap();
    assert_eq!(worst.names(), ["Worst"]);
    let peak = peak_memory(&daemon);
    assert!(peak < 400 << 20, "{peak} bytes");
    assert_eq!(daemon.request("/healthz").status, 200);
}

fn peak_memory(daemon: &Daemon) -> u64 {
    let status =
        fs::read_to_string(Path::new("/proc").join(daemon.child.id().to_string()).join("status"));
    let status = status.unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

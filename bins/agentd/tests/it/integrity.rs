use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use wardkit_auditlog::{Entry, Query};
use wardkit_custody::{Acceptor, Custody, Proposal, Rules};
use wardkit_integrity::{Comparison, Policy, ScanOptions};

use crate::support::{Daemon, agentd, dir, run, until_some};

/// A directory to watch, and an agentd that watches it.
struct Watched {
    dir: TempDir,
    root: PathBuf,
    /// Of the part `integrity`, below its head.
    config: String,
    /// Who runs agentd, where not who runs the test.
    user: Option<u32>,
}

impl Watched {
    fn new() -> Self {
        let dir = dir();
        let root = dir.path().canonicalize().unwrap().join("watched");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("a"), "one").unwrap();
        fs::write(root.join("b"), "one").unwrap();
        let watched = Self { dir, root, config: "settle = \"100ms\"\n".to_owned(), user: None };
        watched.configure(&[&watched.root]);
        watched
    }

    /// Watches for a user who has no rights.
    fn by_nobody() -> Self {
        let mut watched = Self::new();
        watched.user = Some(65534);
        let data = watched.data();
        fs::create_dir(&data).unwrap();
        for path in [watched.dir.path(), &watched.root, &watched.file(), &data] {
            std::os::unix::fs::chown(path, watched.user, watched.user).unwrap();
        }
        fs::set_permissions(data, fs::Permissions::from_mode(0o700)).unwrap();
        watched
    }

    fn configure(&self, roots: &[&Path]) {
        let text = if roots.is_empty() {
            String::new()
        } else {
            format!("[integrity]\nroots = {roots:?}\n{}", self.config)
        };
        fs::write(self.file(), text).unwrap();
    }

    fn with(mut self, config: &str) -> Self {
        self.config.push_str(config);
        self.configure(&[&self.root]);
        self
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("agentd.toml")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn baseline(&self) -> PathBuf {
        self.data().join("baseline")
    }

    /// Starts agentd, and waits until it has looked at everything.
    fn start(&self) -> Daemon {
        let daemon = self.spawn();
        self.until(|entries| {
            let since = entries.iter().rposition(|entry| entry.kind == "agentd.started");
            let entries = &entries[since.unwrap_or(0)..];
            is_up(&daemon) && entries.iter().any(|entry| entry.kind == "agentd.started")
        });
        daemon
    }

    fn spawn(&self) -> Daemon {
        let file = self.file();
        let args = ["--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        let command = self.user.map_or_else(|| agentd(&[]), |user| self.agentd_of(user));
        Daemon::spawn(command, &self.data(), &args)
    }

    /// Where agentd was built only root may get to.
    fn agentd_of(&self, user: u32) -> Command {
        let program = self.dir.path().join("agentd");
        if !program.exists() {
            fs::copy(env!("CARGO_BIN_EXE_agentd"), &program).unwrap();
        }
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).uid(user).gid(user);
        command
    }

    fn entries(&self) -> Vec<Entry> {
        let read = Query::new().read(self.data().join("trail")).unwrap();
        // The last line may be half written.
        read.map_while(Result::ok).map(|record| record.entry).collect()
    }

    /// Waits until the trail holds what is wanted, and returns it.
    fn until(&self, holds: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        until_some(|| Some(self.entries()).filter(|entries| holds(entries)))
    }

    /// Waits until so many changes are on the trail, and then for one that is made afterwards: what precedes it has
    /// been told by then.
    fn changes(&self, expected: usize) -> Vec<Entry> {
        let found = self.until(|entries| changes(entries).len() >= expected).len();
        let mark = self.root.join(format!("mark-{found}"));
        fs::write(&mark, "").unwrap();
        let is_told = |entry: &Entry| Path::new(&entry.subject) == mark;
        let all = self.until(|entries| entries.iter().any(is_told));
        fs::remove_file(&mark).unwrap();
        changes(&all)
    }

    fn custody(&self) -> Custody {
        Custody::new(self.data(), "any")
    }

    /// Accepts whatever is other, as `auditctl integrity update --accept all` does.
    fn accept_all(&self) {
        let baselines = self.custody().baselines(self.baseline());
        let trail = self.custody().trail(self.data().join("trail")).unwrap();
        let previous = Arc::new(baselines.newest().unwrap());
        let policy = Policy::everything();
        let now = ScanOptions::new([&self.root]).run().unwrap();
        let comparison = Comparison::new(&previous, &policy);
        let found = comparison.of_snapshot(&now).changes;
        let proposal = Proposal::new(&previous, &comparison, &now, &found);
        let rules = Rules::new(&policy, None);
        baselines.accept(&proposal, rules, |_| true, Acceptor::new(&trail, "test")).unwrap();
    }
}

/// Returns what was told of paths of the tree, other than of the marks and of the time of its top.
fn changes(entries: &[Entry]) -> Vec<Entry> {
    let is_change = |entry: &&Entry| {
        let name = entry.subject.rsplit('/').next().unwrap();
        entry.kind.starts_with("integrity.file.") && name != "watched" && !name.starts_with("mark-")
    };
    entries.iter().filter(is_change).cloned().collect()
}

fn kinds(entries: &[Entry], part: &str) -> Vec<String> {
    let kinds = entries.iter().map(|entry| entry.kind.clone());
    kinds.filter(|kind| kind.starts_with(part)).collect()
}

fn health(daemon: &Daemon) -> Option<serde_json::Value> {
    let status = daemon.status();
    let parts = status["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "integrity")?;
    Some(part["health"].clone())
}

fn is_up(daemon: &Daemon) -> bool {
    health(daemon).is_some_and(|health| health["state"] == "up")
}

fn is_down(daemon: &Daemon) -> bool {
    health(daemon).is_some_and(|health| health["state"] == "down")
}

fn metric(daemon: &Daemon, name: &str) -> Option<String> {
    let metrics = daemon.request("/metrics").body;
    metrics.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
}

fn detail(entry: &Entry) -> &serde_json::Value {
    &entry.detail["details"]
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn first_run_makes_one_baseline_and_says_so_once() {
    let watched = Watched::new();
    let daemon = watched.start();
    let entries = watched.until(|entries| kinds(entries, "integrity.watch").len() == 1);
    assert_eq!(
        kinds(&entries, "integrity."),
        [
            "integrity.baseline.proposed",
            "integrity.baseline.created",
            "integrity.baseline.created",
            "integrity.watch.started"
        ],
        "on record before and after it is written, and told once"
    );
    let told: Vec<_> = daemon.status()["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "integrity.baseline.created")
        .cloned()
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["details"]["entries"], 3);
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_generation ").unwrap(), "1");
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_entries ").unwrap(), "3");
    assert_eq!(changes(&watched.entries()), []);
}

fn one_change_is_one_event(watched: &Watched) -> Entry {
    let _daemon = watched.start();
    fs::write(watched.root.join("a"), "other").unwrap();
    let found = watched.changes(1);
    let [change] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(change.kind, "integrity.file.changed");
    assert_eq!(change.subject, watched.root.join("a").to_str().unwrap());
    let fields: Vec<&str> = detail(change)["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    assert!(fields[0].starts_with("content: ") && fields[0].contains(" -> "), "{fields:?}");
    assert!(fields.contains(&"size: 3 -> 5"), "{fields:?}");
    change.clone()
}

#[test]
fn change_is_one_event_with_what_changed_and_who_changed_it() {
    let watched = Watched::new();
    let change = one_change_is_one_event(&watched);
    let actors = detail(&change)["actors"].as_array();
    if is_root() {
        let actor = actors.unwrap()[0].as_str().unwrap();
        let me = std::env::current_exe().unwrap();
        let expected = format!("{} pid {} uid 0 (exact)", me.display(), std::process::id());
        assert_eq!(actor, expected);
    } else {
        assert_eq!(actors, None);
    }
}

#[test]
fn who_has_no_rights_watches_all_the_same() {
    let watched = if is_root() { Watched::by_nobody() } else { Watched::new() };
    let change = one_change_is_one_event(&watched);
    assert!(detail(&change)["actors"].is_null(), "{change:?}");
    let started = watched.until(|entries| !kinds(entries, "integrity.watch.started").is_empty());
    let started = started.iter().find(|entry| entry.kind == "integrity.watch.started").unwrap();
    assert_eq!(detail(started)["mode"], "inotify");
    assert!(detail(started)["refused"][0].as_str().unwrap().starts_with("fanotify: "));
}

#[test]
fn scans_alone_find_what_changed() {
    let watched = Watched::new().with("watch = \"poll\"\nscan-every = \"1s\"\n");
    one_change_is_one_event(&watched);
}

#[test]
fn what_changed_while_agentd_was_away_is_told_and_no_new_baseline_is_made() {
    let watched = Watched::new();
    let mut daemon = watched.start();
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    fs::write(watched.root.join("a"), "other").unwrap();
    fs::remove_file(watched.root.join("b")).unwrap();
    let daemon = watched.start();
    let found = watched.changes(2);
    let told: Vec<_> = found
        .iter()
        .map(|entry| (entry.kind.as_str(), &entry.subject[entry.subject.len() - 1..]))
        .collect();
    assert_eq!(told, [("integrity.file.changed", "a"), ("integrity.file.removed", "b")]);
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_generation ").unwrap(), "1");
    assert_eq!(kinds(&watched.entries(), "integrity.baseline.created").len(), 2);
}

#[test]
fn baseline_that_is_taken_away_is_refused_and_the_watch_goes_on() {
    let watched = Watched::new();
    let daemon = watched.start();
    let aside = watched.data().join("aside");
    fs::rename(watched.baseline(), &aside).unwrap();
    until_some(|| is_down(&daemon).then_some(()));
    let refused = watched.until(|entries| !kinds(entries, "integrity.baseline.refused").is_empty());
    assert_eq!(kinds(&refused, "integrity.baseline.refused").len(), 1);
    fs::write(watched.root.join("a"), "other").unwrap();
    assert_eq!(watched.changes(1).len(), 1);

    drop(daemon);
    let daemon = watched.spawn();
    until_some(|| is_down(&daemon).then_some(()));
    assert!(!watched.baseline().exists(), "no new one is made");
    fs::rename(&aside, watched.baseline()).unwrap();
    until_some(|| is_up(&daemon).then_some(()));
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_generation ").unwrap(), "1");
}

#[test]
fn earlier_generation_that_is_put_back_is_refused() {
    let watched = Watched::new();
    let daemon = watched.start();
    fs::write(watched.root.join("a"), "other").unwrap();
    watched.changes(1);
    watched.accept_all();
    until_some(|| (metric(&daemon, "agentd_integrity_baseline_generation ")? == "2").then_some(()));
    for name in ["baseline-2.fim", "baseline-2.note"] {
        fs::remove_file(watched.baseline().join(name)).unwrap();
    }
    until_some(|| is_down(&daemon).then_some(()));
    drop(daemon);
    let daemon = watched.spawn();
    until_some(|| is_down(&daemon).then_some(()));
    let reason = health(&daemon).unwrap().to_string();
    assert!(reason.contains("generation 1 is older than 2, which was accepted before"), "{reason}");
    assert!(!watched.baseline().join("baseline-2.fim").exists());
}

#[test]
fn accepted_change_is_taken_over_and_told_no_more() {
    let watched = Watched::new();
    let daemon = watched.start();
    fs::write(watched.root.join("a"), "other").unwrap();
    assert_eq!(watched.changes(1).len(), 1);
    watched.accept_all();
    let entries = watched.until(|entries| kinds(entries, "integrity.baseline.accepted").len() >= 2);
    let told = entries.iter().rfind(|entry| entry.kind == "integrity.baseline.accepted").unwrap();
    assert_eq!(detail(told)["generation"], 2, "{told:?}");
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_generation ").unwrap(), "2");
    drop(daemon);
    let _daemon = watched.start();
    assert_eq!(watched.changes(1).len(), 1, "nothing since");
    fs::write(watched.root.join("a"), "again").unwrap();
    assert_eq!(watched.changes(2).len(), 2, "what differs from the new one is told");
}

#[test]
fn reload_turns_the_part_on_and_off_and_changes_what_is_watched() {
    let watched = Watched::new();
    watched.configure(&[]);
    let daemon = watched.spawn();
    assert_eq!(health(&daemon), None);
    watched.configure(&[&watched.root]);
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    until_some(|| is_up(&daemon).then_some(()));
    let other = watched.dir.path().canonicalize().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    watched.configure(&[&watched.root, &other]);
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    until_some(|| is_up(&daemon).then_some(()));
    fs::write(other.join("new"), "").unwrap();
    watched.until(|entries| {
        entries.iter().any(|entry| {
            entry.kind == "integrity.file.added" && entry.subject.ends_with("/other/new")
        })
    });
    watched.configure(&[]);
    assert_eq!(daemon.command(&["reload"]).code, Some(0));
    until_some(|| health(&daemon).is_none().then_some(()));
    assert_eq!(metric(&daemon, "agentd_integrity_baseline_generation "), None);
}

#[test]
fn changed_policy_is_gone_by_without_a_reload() {
    let watched = Watched::new();
    let policy = watched.dir.path().join("policy.toml");
    fs::write(&policy, "").unwrap();
    let watched = watched.with(&format!("policy = {policy:?}\n"));
    let daemon = watched.start();
    let text = "[[rule]]\nmatch = \"/**/a\"\nprofile = \"ignore\"\nreason = \"a test\"\n";
    fs::write(&policy, text).unwrap();
    watched.until(|entries| kinds(entries, "integrity.watch.started").len() == 2);
    fs::write(watched.root.join("a"), "other").unwrap();
    fs::write(watched.root.join("b"), "other").unwrap();
    let found = watched.changes(1);
    assert!(found.iter().all(|entry| entry.subject.ends_with("/b")), "{found:#?}");
    fs::write(&policy, "[[rule]]\nmatch = 7\n").unwrap();
    until_some(|| is_down(&daemon).then_some(()));
    let reason = health(&daemon).unwrap().to_string();
    assert!(reason.contains("policy.toml:2: "), "{reason}");
}

#[test]
fn secrets_of_a_changed_configuration_are_neither_on_the_trail_nor_in_the_log() {
    let watched = Watched::new();
    let token = ["gh", "p_16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    let config = |port: u16, password: &str| {
        format!("port = {port}\ncreate = IDENTIFIED BY '{password}'\nremote = x://{token}@host/\n")
    };
    fs::write(watched.root.join("a"), config(80, "sesame")).unwrap();
    let policy = watched.dir.path().join("policy.toml");
    fs::write(&policy, "[[rule]]\nmatch = \"/**/a\"\nprofile = \"config\"\n").unwrap();
    let watched = watched.with(&format!("policy = {policy:?}\n"));
    let daemon = watched.start();
    fs::write(watched.root.join("a"), config(81, "swordfish")).unwrap();
    let found = watched.changes(1);
    let diff = detail(&found[0])["diff"].as_str().unwrap();
    for line in [
        "-port = 80\n",
        "+port = 81\n",
        "-create = IDENTIFIED BY '***",
        "+create = IDENTIFIED BY '***",
    ] {
        assert!(diff.contains(line), "{diff}");
    }
    let shown = daemon.status().to_string() + &daemon.request("/").body;
    let said = {
        daemon.signal("TERM");
        daemon.log_to_the_end()
    };
    let kept = fs::read_to_string(watched.data().join("trail/000000000000.jsonl")).unwrap();
    for secret in [&*token, "sesame", "swordfish"] {
        for text in [&shown, &said, &kept] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

#[test]
fn secret_in_the_name_of_a_file_does_not_reach_the_log() {
    let watched = Watched::new();
    let daemon = watched.start();
    fs::write(watched.root.join("password=hunter2"), "").unwrap();
    let line = daemon.logged(&["watched/password=***"]);
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn stop_waits_for_no_scan_and_is_no_failure() {
    let watched = Watched::new();
    for index in 0..2_000 {
        fs::write(watched.root.join(format!("file-{index}")), vec![7; 4096]).unwrap();
    }
    let watched = watched.with("byte-rate = 4096\n");
    // Reading all of it takes half an hour.
    let daemon = watched.spawn();
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    let entries = watched.entries();
    assert_eq!(kinds(&entries, "integrity."), Vec::<String>::new());
    assert!(!watched.baseline().exists());
}

#[test]
fn many_files_of_a_burst_are_all_told() {
    let watched = Watched::new();
    let _daemon = watched.start();
    for index in 0..500 {
        fs::write(watched.root.join(format!("new-{index}")), "").unwrap();
    }
    let count = |entries: &[Entry]| -> u64 {
        let single = changes(entries).len() as u64;
        let merged = entries.iter().filter(|entry| entry.kind == "integrity.burst.merged");
        merged.map(|entry| detail(entry)["count"].as_u64().unwrap()).sum::<u64>() + single
    };
    let entries = watched.until(|entries| count(entries) >= 500);
    // The directory itself changed as well.
    assert!((500..=502).contains(&count(&entries)), "{}", count(&entries));
    assert!(changes(&entries).len() <= 50);
}

#[test]
fn bad_policy_is_an_error_of_the_configuration_by_line() {
    let watched = Watched::new();
    let policy = watched.dir.path().join("policy.toml");
    let watched = watched.with(&format!("policy = {policy:?}\n"));
    let check = || run(&["check-config", "--config", watched.file().to_str().unwrap()]);
    let missing = check();
    assert_eq!(missing.code, Some(78), "{missing:?}");
    let words = format!("{}: cannot be read as the policy", policy.display());
    assert!(missing.stderr.contains(&words), "{missing:?}");
    fs::write(&policy, "[[rule]]\nmatch = 7\n").unwrap();
    let bad = check();
    assert_eq!(bad.code, Some(78), "{bad:?}");
    assert!(bad.stderr.contains(&format!("{}:2: rule.match: ", policy.display())), "{bad:?}");
    fs::write(&policy, "").unwrap();
    assert_eq!(check().code, Some(0));
}

#[test]
fn directory_that_is_gated_must_be_watched() {
    let watched = Watched::new().with("enforce = [\"/usr/bin\"]\n");
    let checked = run(&["check-config", "--config", watched.file().to_str().unwrap()]);
    assert_eq!(checked.code, Some(78), "{checked:?}");
    let words = "integrity.enforce: each must lie below one of `roots`";
    assert!(checked.stderr.contains(words), "{checked:?}");
}

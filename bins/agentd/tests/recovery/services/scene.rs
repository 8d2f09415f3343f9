//! agentd with services in a folder of its own, whose processes are told from all others and end with the test.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use wardkit_process::{Process, Procfs, Signal, Stat};

use crate::support::{dir, until_some};

/// Nobody in particular: neither root nor whoever runs the tests as root.
pub(crate) const NOBODY: u32 = 65534;

/// agentd and its services in a folder of their own.
pub(crate) struct Scene {
    dir: TempDir,
    user: Option<u32>,
    /// Stands before agentd, such as what gives it another host.
    pub(crate) wrapper: Vec<String>,
    /// The agentd that this test has started; the guardian's are nobody's children here.
    child: Option<Child>,
}

/// What runs of a scene.
#[derive(Debug, Default)]
pub(crate) struct Census {
    pub(crate) mains: Vec<u32>,
    pub(crate) guardians: Vec<u32>,
    /// The first processes of each service: those whose parent does not belong to it.
    pub(crate) roots: BTreeMap<String, Vec<u32>>,
    /// All processes of each service.
    pub(crate) members: BTreeMap<String, Vec<u32>>,
    /// Ended children that the guardian or main did not ask for.
    pub(crate) zombies: Vec<u32>,
}

impl Scene {
    /// Creates a scene with this configuration, which has everything but the profile.
    pub(crate) fn new(config: &str) -> Self {
        Self::of(None, config)
    }

    /// Creates a scene of a user that is not root, if the tests are root.
    pub(crate) fn of(user: Option<u32>, config: &str) -> Self {
        let user = user.filter(|_| rustix::process::geteuid().is_root());
        let scene = Self { dir: dir(), user, wrapper: Vec::new(), child: None };
        fs::create_dir(scene.path("data")).unwrap();
        fs::set_permissions(scene.path("data"), fs::Permissions::from_mode(0o700)).unwrap();
        scene.install();
        fs::write(scene.path("service.sh"), SERVICE).unwrap();
        scene.configure(config);
        for name in ["", "data"] {
            std::os::unix::fs::chown(scene.path(name), user, user).unwrap();
        }
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts the program there.
    fn install(&self) {
        let [built, here] = [Path::new(env!("CARGO_BIN_EXE_agentd")), &self.path("agentd")];
        if fs::hard_link(built, here).is_err() {
            copy(built, here);
        }
    }

    /// Replaces the program by another file, as an upgrade does.
    pub(crate) fn upgrade(&self) {
        let new = self.path("agentd.new");
        copy(Path::new(env!("CARGO_BIN_EXE_agentd")), &new);
        fs::rename(new, self.path("agentd")).unwrap();
    }

    pub(crate) fn configure(&self, config: &str) {
        let config = config.replace("SCENE", self.dir.path().to_str().unwrap());
        fs::write(self.path("agentd.toml"), format!("profile = \"supervise\"\n{config}")).unwrap();
    }

    /// Returns agentd with these arguments, which finds this scene's data and configuration.
    pub(crate) fn agentd(&self, args: &[&str]) -> Command {
        let agentd = self.path("agentd").to_str().unwrap().to_owned();
        let mut words = self.wrapper.iter().cloned().chain([agentd]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(args);
        command.arg("--data-dir").arg(self.path("data"));
        command.arg("--config").arg(self.path("agentd.toml"));
        command.env_clear().env("PATH", PATH).env("WARDKIT_SCENE", self.dir.path());
        command.stdin(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Starts agentd and waits until it answers.
    pub(crate) fn start(&mut self) {
        self.spawn();
        until_some(|| self.ask(&json!({"do": "list"})).or_else(|| self.assert_alive()));
    }

    /// Starts agentd.
    pub(crate) fn spawn(&mut self) {
        assert!(self.child.is_none());
        let log = fs::File::options().append(true).create(true).open(self.path("agentd.log"));
        let log = log.unwrap();
        let mut command = self.agentd(&["run"]);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until agentd answers, and starts it when neither main nor guardian is there, as the service manager of the
    /// host does.
    pub(crate) fn revive(&mut self) {
        let found = until_some_of(|| {
            let census = self.census();
            if census.mains.is_empty() && census.guardians.is_empty() {
                self.ended();
                self.start();
            }
            self.ask(&json!({"do": "list"}))
        });
        assert!(found.is_some(), "nobody answers: {:?}\n{}", self.census(), self.log());
    }

    /// Has everything from now on take place on a host that was started anew.
    pub(crate) fn boot(&mut self, boot_id: &str) {
        let file = self.path("boot_id");
        fs::write(&file, format!("{boot_id}\n")).unwrap();
        let script = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"";
        let words = ["unshare", "--mount", "sh", "-c", script, file.to_str().unwrap()];
        self.wrapper = words.map(str::to_owned).to_vec();
    }

    /// Tells agentd to end with all its services, and returns when nothing is left.
    pub(crate) fn stop(&mut self) {
        for pid in self.census().mains {
            signal(pid, Signal::TERM);
        }
        assert!([None, Some(0)].contains(&self.ended()), "{}", self.log());
        self.is_empty();
    }

    /// Returns the processes of all services.
    pub(crate) fn services(&self) -> Vec<u32> {
        self.census().roots.into_values().flatten().collect()
    }

    /// Starts agentd with these services and waits until all of them run.
    pub(crate) fn begin(&mut self, names: &[&str]) {
        self.start();
        for name in names {
            self.until(name, "running");
        }
    }

    /// Nobody starts again what ends before anybody is there who would.
    fn assert_alive(&mut self) -> Option<Value> {
        let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
        if let Some(status) = ended {
            panic!("agentd has ended: {status}\n{}", self.log());
        }
        None
    }

    /// Waits until the agentd that this test has started has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.take().and_then(|mut child| child.wait().unwrap().code())
    }

    /// Returns what agentd and the guardian have said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("agentd.log")).unwrap_or_default()
    }

    /// Returns what a service has written, also what was put aside.
    pub(crate) fn output(&self, service: &str) -> String {
        let file = self.path("data/services/logs").join(format!("{service}.log"));
        fs::read_to_string(file).unwrap_or_default()
    }

    /// Sends a command to the control socket; `None` when nobody answers.
    pub(crate) fn ask(&self, command: &Value) -> Option<Value> {
        let (status, body) = self.tell(command)?;
        (status == 200).then_some(body)
    }

    /// Sends a command to the control socket and returns status and body; `None` when nobody answers.
    pub(crate) fn tell(&self, command: &Value) -> Option<(u16, Value)> {
        let mut stream = UnixStream::connect(self.path("data/control.sock")).ok()?;
        let body = command.to_string();
        let head = format!(
            "POST /v1/services HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    }

    /// Has something done to a service, and returns when it is done.
    pub(crate) fn command(&self, what: &str, name: &str) -> (u16, Value) {
        let command = json!({"do": what, "name": name, "by": "operator test"});
        let mut told = self.tell(&command).unwrap();
        while let Some(ticket) = told.1["ticket"].as_u64() {
            told = self.tell(&json!({"do": "wait", "ticket": ticket})).unwrap();
        }
        told
    }

    /// Returns what is known of a service, if somebody answers.
    pub(crate) fn find(&self, name: &str) -> Option<Value> {
        let list = self.ask(&json!({"do": "list"}))?;
        list.as_array()?.iter().find(|service| service["name"] == name).cloned()
    }

    /// Waits until a service is so, and returns what is known of it.
    pub(crate) fn until(&self, name: &str, state: &str) -> Value {
        self.until_that(name, |service| service["state"] == state)
    }

    /// Waits until that holds of a service, and returns what is known of it.
    pub(crate) fn until_that(&self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        let found = until_some_of(|| {
            last = self.find(name);
            last.clone().filter(&holds)
        });
        found.unwrap_or_else(|| panic!("{name}: {last:?}\n{}", self.log()))
    }

    /// Waits until a service has another process than that one, and runs.
    pub(crate) fn until_other(&self, name: &str, pid: u32) -> u32 {
        let is_other = |service: &Value| {
            let is_new = service["pid"].as_u64().is_some_and(|new| new != u64::from(pid));
            is_new && service["state"] == "running"
        };
        number(&self.until_that(name, is_other)["pid"])
    }

    pub(crate) fn pid(&self, name: &str) -> u32 {
        number(&self.until(name, "running")["pid"])
    }

    /// Returns what agentd says of a service.
    pub(crate) fn explain(&self, name: &str) -> Value {
        self.ask(&json!({"do": "explain", "name": name})).unwrap()
    }

    /// Waits until something of this kind has happened to a service, and returns all that agentd says of it.
    pub(crate) fn until_told(&self, name: &str, kind: &str) -> Value {
        let found = until_some_of(|| {
            let said = self.ask(&json!({"do": "explain", "name": name}))?;
            let has_it = said["events"].as_array()?.iter().any(|event| event["kind"] == kind);
            has_it.then_some(said)
        });
        found.unwrap_or_else(|| panic!("{name}: no {kind}\n{}", self.log()))
    }

    /// Waits until that holds of what agentd says of a service.
    pub(crate) fn until_said(&self, name: &str, holds: impl Fn(&str) -> bool) {
        let mut last = String::new();
        let found = until_some_of(|| {
            last = self.ask(&json!({"do": "explain", "name": name}))?.to_string();
            holds(&last).then_some(())
        });
        assert!(found.is_some(), "{name}: {last}\n{}", self.log());
    }

    /// Counts what runs of this scene.
    pub(crate) fn census(&self) -> Census {
        let procfs = Procfs::default();
        let all = procfs.processes().unwrap();
        let mut census = Census::default();
        let mut services: BTreeMap<u32, String> = BTreeMap::new();
        for stat in all.iter().filter(|stat| !stat.has_ended()) {
            match self.role(&procfs, stat.pid) {
                Some(Role::Main) => census.mains.push(stat.pid),
                Some(Role::Guardian) => census.guardians.push(stat.pid),
                Some(Role::Service(name)) => drop(services.insert(stat.pid, name)),
                None => {}
            }
        }
        let parent_of = |stat: &Stat| services.get(&stat.parent);
        for stat in &all {
            let Some(name) = services.get(&stat.pid) else { continue };
            census.members.entry(name.clone()).or_default().push(stat.pid);
            if parent_of(stat) != Some(name) {
                census.roots.entry(name.clone()).or_default().push(stat.pid);
            }
        }
        let ours: BTreeSet<u32> = census.mains.iter().chain(&census.guardians).copied().collect();
        let zombies = all.iter().filter(|stat| stat.has_ended() && ours.contains(&stat.parent));
        census.zombies = zombies.map(|stat| stat.pid).collect();
        census
    }

    fn role(&self, procfs: &Procfs, pid: u32) -> Option<Role> {
        let mine = self.dir.path().as_os_str().as_encoded_bytes();
        let command_line = procfs.command_line(pid).ok()?;
        let words: Vec<&[u8]> = command_line.split(|byte| *byte == 0).collect();
        let is_agentd =
            words.first().is_some_and(|word| word.starts_with(mine) && word.ends_with(b"/agentd"));
        if is_agentd {
            return match words.get(1) {
                Some(&b"run") => Some(Role::Main),
                Some(&b"--guardian") => Some(Role::Guardian),
                // It stands for a service, whose name it carries.
                Some(&b"--sandboxed") => self.service(procfs, pid),
                _ => None,
            };
        }
        if procfs.variable(pid, OsStr::new("WARDKIT_SCENE")).is_some()
            && procfs.variable(pid, OsStr::new("WARDKIT_SERVICE")).is_some()
        {
            return self.service(procfs, pid);
        }
        // Some write their title over their environment; such a service has the name of its program.
        let is_ours = command_line.windows(mine.len()).any(|part| part == mine);
        let name = command_line.split(|byte| [0, b' '].contains(byte)).next()?;
        is_ours.then(|| Role::Service(String::from_utf8_lossy(name).into_owned()))
    }

    /// Returns the service that a process says it belongs to.
    fn service(&self, procfs: &Procfs, pid: u32) -> Option<Role> {
        let scene = procfs.variable(pid, OsStr::new("WARDKIT_SCENE"))?;
        let marker = procfs.variable(pid, OsStr::new("WARDKIT_SERVICE"))?;
        let name = String::from_utf8(marker).ok()?.split('/').nth(1)?.to_owned();
        let is_mine = scene == self.dir.path().as_os_str().as_encoded_bytes();
        is_mine.then_some(Role::Service(name))
    }

    /// Waits until there is one main that answers, one guardian, one process of each of these services and none of
    /// others, and nothing that ended and was not asked for.
    pub(crate) fn settles(&self, names: &[&str]) -> Census {
        let wanted: BTreeSet<&str> = names.iter().copied().collect();
        let mut census = Census::default();
        let settled = until_some_of(|| {
            let list = self.ask(&json!({"do": "list"}))?;
            census = self.census();
            let is_alone = census.roots.values().all(|pids| pids.len() == 1);
            let is_known = list.as_array()?.iter().all(|service| {
                let pids = census.roots.get(service["name"].as_str().unwrap_or_default());
                let pid = service["pid"].as_u64();
                pids.and_then(|pids| pids.first()).map(|pid| u64::from(*pid)) == pid
            });
            let holds = census.mains.len() == 1
                && census.guardians.len() == 1
                && census.zombies.is_empty()
                && is_alone
                && is_known
                && census.roots.keys().map(String::as_str).collect::<BTreeSet<_>>() == wanted;
            holds.then_some(())
        });
        let list = self.ask(&json!({"do": "list"}));
        assert!(settled.is_some(), "{census:?}\n{list:?}\n{}", self.log());
        census
    }

    /// Waits until nothing of this scene runs.
    pub(crate) fn is_empty(&self) {
        let mut census = Census::default();
        let empty = until_some_of(|| {
            census = self.census();
            let is_empty = census.mains.is_empty() && census.guardians.is_empty();
            (is_empty && census.members.is_empty()).then_some(())
        });
        assert!(empty.is_some(), "{census:?}\n{}", self.log());
    }

    /// Kills main, whoever has started it.
    pub(crate) fn kill_main(&mut self) {
        let mut pids = self.census().mains;
        // One that has only just begun is not known by its command line.
        pids.extend(self.child.as_ref().map(Child::id));
        pids.iter().copied().for_each(kill);
        self.ended();
        until_some(|| (!pids.iter().copied().any(lives)).then_some(()));
    }

    pub(crate) fn kill_guardian(&self) {
        let pids = self.census().guardians;
        pids.iter().copied().for_each(kill);
        until_some(|| (!pids.iter().copied().any(lives)).then_some(()));
    }

    /// Kills main and guardian, so that neither starts the other again.
    pub(crate) fn kill_both(&mut self) {
        until_some(|| {
            let census = self.census();
            let pids: Vec<u32> = census.guardians.into_iter().chain(census.mains).collect();
            for pid in &pids {
                signal(*pid, Signal::STOP);
            }
            pids.iter().copied().for_each(kill);
            pids.is_empty().then_some(())
        });
        self.ended();
    }

    /// Kills everything, as a loss of power does.
    pub(crate) fn kill_all(&mut self) {
        self.kill_both();
        for pid in self.census().members.into_values().flatten() {
            kill(pid);
        }
        self.is_empty();
    }

    /// Asserts that the numbered lines of a service are all there, once each and in order, for each of its runs.
    pub(crate) fn assert_lines(&self, service: &str) {
        let wanted = self.written(service);
        let missing = |got: &BTreeMap<u64, Vec<u64>>| {
            wanted.iter().find(|(generation, last)| {
                got.get(generation).is_none_or(|lines| lines.len() as u64 <= **last)
            })
        };
        let mut got = BTreeMap::new();
        until_some_of(|| {
            got = self.lines(service);
            missing(&got).is_none().then_some(())
        });
        assert_eq!(missing(&got), None, "{service}: {}", self.output(service));
        for (generation, lines) in got {
            let all: Vec<u64> = (0..lines.len() as u64).collect();
            assert_eq!(lines, all, "run {generation} of {service}");
        }
    }

    /// Returns the numbers that a service has written to its log, by run.
    pub(crate) fn lines(&self, service: &str) -> BTreeMap<u64, Vec<u64>> {
        let mut all: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for line in self.output(service).lines() {
            let numbers: Option<Vec<u64>> = line.split(' ').map(|word| word.parse().ok()).collect();
            if let Some([generation, number]) = numbers.as_deref() {
                all.entry(*generation).or_default().push(*number);
            }
        }
        all
    }

    /// Returns the last number that each run of a service has noted after it was written.
    fn written(&self, service: &str) -> BTreeMap<u64, u64> {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(self.dir.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let Some(generation) = name.strip_prefix(&format!("{service}.written.")) else {
                continue;
            };
            let text = fs::read_to_string(entry.path()).unwrap();
            // The last line may be half written.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(last) = whole.lines().last() {
                all.insert(generation.parse().unwrap(), last.parse().unwrap());
            }
        }
        all
    }

    /// Returns the starts that found something of an earlier one.
    pub(crate) fn doubles(&self) -> String {
        fs::read_to_string(self.path("doubles")).unwrap_or_default()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A test that failed has said so already.
        for _ in 0..100 {
            let census = self.census();
            let services = census.members.into_values().flatten();
            let all: Vec<u32> =
                census.guardians.into_iter().chain(census.mains).chain(services).collect();
            if all.is_empty() {
                break;
            }
            all.into_iter().for_each(kill);
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Copies a program. Another process does it: here, whatever another test starts meanwhile would hold the file open, and
/// nothing that is written to can be executed.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}

enum Role {
    Main,
    Guardian,
    Service(String),
}

/// Kills a process, which may have ended.
pub(crate) fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

/// Sends a signal to a process, which may have ended.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Ok(process) = Process::with_pid(pid) {
        // It may end right now.
        let _ = process.signal(signal);
    }
}

/// Tells whether a process is there and has not ended.
pub(crate) fn lives(pid: u32) -> bool {
    Procfs::default().stat(pid).is_ok_and(|stat| !stat.has_ended())
}

/// A service that writes numbered lines, and notes when another one of its name is there already.
pub(crate) fn numbered(name: &str, more: &str) -> String {
    let script = "SCENE/service.sh";
    format!(
        "[[service]]\nname = \"{name}\"\ncommand = [\"sh\", \"{script}\", \"{name}\"]\n{more}\n"
    )
}

/// A service that is a script.
pub(crate) fn scripted(name: &str, script: &str, more: &str) -> String {
    format!("[[service]]\nname = \"{name}\"\ncommand = [\"sh\", \"-c\", '''{script}''']\n{more}\n")
}

pub(crate) fn number(value: &Value) -> u32 {
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or_else(|| panic!("{value}"))
}

/// Asks again until there is an answer, for a minute.
fn until_some_of<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    (0..1200).find_map(|_| {
        let answer = ask();
        if answer.is_none() {
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
        answer
    })
}

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const SERVICE: &str = r#"# Writes a line with its run and a number, and then notes the number.
name=$1
run=${WARDKIT_SERVICE##*/}
cd "$WARDKIT_SCENE" || exit 3
exec 9>>"$name.lock"
flock --nonblock 9 || echo "$name $run $$" >>doubles
number=0
while :; do
    echo "$run $number"
    echo "$number" >>"$name.written.$run"
    number=$((number + 1))
    sleep 0.05
done
"#;

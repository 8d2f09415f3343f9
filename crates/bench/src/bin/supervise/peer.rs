//! A supervisor with its services, in a folder of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use wardkit_core::{Clock as _, SystemClock};

use crate::service::{MARK, nanos};
use crate::{Result, until};

/// More than so many do not tell the harness themselves: what they would run for it would be what is measured.
const TELLING: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Supervisord,
    Monit,
    Agentd,
}

pub(crate) struct Peer {
    kind: Kind,
    program: PathBuf,
    /// What its only service runs; many run the harness's program.
    command: Vec<String>,
    folder: TempDir,
    socket: UnixDatagram,
    running: BTreeMap<String, u32>,
    main: Option<Child>,
}

impl Peer {
    pub(crate) fn supervisord() -> Result<Self> {
        Self::new(Kind::Supervisord, "supervisord".into(), &[])
    }

    pub(crate) fn monit() -> Result<Self> {
        Self::new(Kind::Monit, "monit".into(), &[])
    }

    pub(crate) fn agentd(program: &Path, command: &[&str]) -> Result<Self> {
        Self::new(Kind::Agentd, program.into(), command)
    }

    fn new(kind: Kind, program: PathBuf, command: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = UnixDatagram::bind(folder.path().join("told"))?;
        let command = command.iter().map(|&word| word.to_owned()).collect();
        Ok(Self { kind, program, command, folder, socket, running: BTreeMap::new(), main: None })
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Supervisord => "supervisord",
            Kind::Monit => "monit",
            Kind::Agentd => "agentd",
        }
    }

    pub(crate) fn is_agentd(&self) -> bool {
        self.kind == Kind::Agentd
    }

    /// Starts so many services; returns how long it took until all ran.
    pub(crate) fn start(&mut self, count: usize) -> Result<Duration> {
        self.configure(count)?;
        let begin = SystemClock.uptime();
        self.launch()?;
        if count > TELLING || !self.command.is_empty() {
            return until("all services", || Ok(self.listed()?.len() == count));
        }
        while self.running.len() < count {
            self.hear()?;
        }
        Ok(SystemClock.uptime().saturating_sub(begin))
    }

    fn launch(&mut self) -> Result<()> {
        let config = self.config();
        let mut command = Command::new(&self.program);
        match self.kind {
            Kind::Supervisord => command.arg("-n").arg("-c").arg(config),
            Kind::Monit => command.arg("-I").arg("-c").arg(config),
            Kind::Agentd => {
                command.arg("run").arg("--config").arg(config).arg("--data-dir").arg(self.data())
            }
        };
        let log = fs::File::options().create(true).append(true).open(self.path("log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.main = Some(command.spawn()?);
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn config(&self) -> PathBuf {
        self.path("config")
    }

    fn configure(&self, count: usize) -> Result<()> {
        let (folder, told) = (self.folder.path().display(), self.path("told"));
        let (us, told) = (std::env::current_exe()?.display().to_string(), told.display());
        let mut text = match self.kind {
            Kind::Supervisord => format!(
                "[supervisord]\nlogfile={folder}/main.log\npidfile={folder}/pid\nchildlogdir={folder}\n\
                 [program:s]\ncommand={us} --service s%(process_num)04d {told}\nnumprocs={count}\n\
                 process_name=s%(process_num)04d\nautorestart=true\n"
            ),
            Kind::Monit => format!(
                "set daemon 1\nset logfile {folder}/main.log\nset pidfile {folder}/pid\n\
                 set idfile {folder}/id\nset statefile {folder}/state\n"
            ),
            Kind::Agentd => "profile = \"supervise\"\n".to_owned(),
        };
        for number in 0..count {
            let name = format!("s{number:04}");
            match self.kind {
                Kind::Supervisord => {}
                Kind::Monit => write!(
                    text,
                    "check process {name} with pidfile {folder}/{name}.pid\n  start program = \"{us} --daemon {name} {told} {folder}/{name}.pid\"\n"
                )?,
                Kind::Agentd => {
                    let (name, command) = if !self.command.is_empty() {
                        ("storm", format!("{:?}", self.command))
                    } else if count > TELLING {
                        (name.as_str(), "[\"sleep\", \"31536000\"]".to_owned())
                    } else {
                        (
                            name.as_str(),
                            format!("{:?}", [&us, "--service", &name, &told.to_string()]),
                        )
                    };
                    write!(
                        text,
                        "[[service]]\nname = \"{name}\"\ncommand = {command}\nenv = {{ {MARK} = \"{told}/{name}\" }}\nstop_timeout = \"1s\"\n"
                    )?;
                }
            }
        }
        fs::write(self.config(), text)?;
        // monit reads no other.
        Ok(fs::set_permissions(self.config(), fs::Permissions::from_mode(0o600))?)
    }

    /// Takes what a service tells: its name, and when it ran.
    fn hear(&mut self) -> Result<(String, u64)> {
        self.socket.set_read_timeout(Some(Duration::from_mins(2)))?;
        let mut buffer = [0; 256];
        let length =
            self.socket.recv(&mut buffer).map_err(|error| format!("{}: {error}", self.name()))?;
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let [name, pid, nanos] = text.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("told {text:?}").into());
        };
        self.running.insert(name.to_owned(), pid.parse()?);
        Ok((name.to_owned(), nanos.parse()?))
    }

    /// Kills a service; returns after how many milliseconds it ran again.
    pub(crate) fn kill(&mut self, name: &str) -> Result<f64> {
        let Some(pid) = self.running.get(name).copied() else {
            let before = self.listed()?;
            let pid = *before.get(name).ok_or_else(|| format!("no {name}"))?;
            send(pid, Signal::KILL)?;
            let again =
                |listed: BTreeMap<String, u32>| listed.get(name).is_some_and(|now| *now != pid);
            return Ok(until(name, || Ok(again(self.listed()?)))?.as_secs_f64() * 1e3);
        };
        let begin = nanos();
        send(pid, Signal::KILL)?;
        loop {
            let (told, nanos) = self.hear()?;
            if told == name {
                return Ok(nanos.saturating_sub(begin) as f64 / 1e6);
            }
        }
    }

    /// What agentd says that runs.
    fn listed(&self) -> Result<BTreeMap<String, u32>> {
        let output = self.auditctl(&["list", "--format", "json"])?;
        let listed: serde_json::Value = serde_json::from_slice(&output).unwrap_or_default();
        let running = |one: &serde_json::Value| {
            let pid = one["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())?;
            (one["state"] == "running")
                .then(|| (one["name"].as_str().unwrap_or_default().to_owned(), pid))
        };
        Ok(listed.as_array().into_iter().flatten().filter_map(running).collect())
    }

    fn auditctl(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let mut command = Command::new(self.program.with_file_name("auditctl"));
        command.arg("--data-dir").arg(self.data()).arg("services").args(arguments);
        Ok(command.stderr(Stdio::null()).output()?.stdout)
    }

    /// Stops a service; returns when agentd says that nothing of it is left.
    pub(crate) fn stop(&self, name: &str) -> Result<Duration> {
        let begin = SystemClock.uptime();
        self.auditctl(&["stop", name])?;
        Ok(SystemClock.uptime().saturating_sub(begin))
    }

    pub(crate) fn has_cgroups(&self) -> bool {
        let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let below = text.lines().find_map(|line| line.strip_prefix("0::"));
        below.is_some()
            && fs::read_to_string(self.path("log")).is_ok_and(|log| log.contains("cgroup"))
    }

    /// The numbers of the supervisor's own processes.
    pub(crate) fn processes(&self) -> Result<Vec<u32>> {
        let config = self.config();
        let program = fs::canonicalize(&self.program).ok();
        pids(|pid, words| {
            let is_ours = || fs::read_link(format!("/proc/{pid}/exe")).ok() == program;
            words.iter().any(|word| Path::new(word) == config)
                || (self.is_agentd()
                    && words.get(1).is_some_and(|word| word == "--guardian")
                    && is_ours())
        })
    }

    fn guardian(&self) -> Result<Option<u32>> {
        let config = self.config();
        let is_main = |pid: &u32| words(*pid).iter().any(|word| Path::new(word) == config);
        Ok(self.processes()?.into_iter().find(|pid| !is_main(pid)))
    }

    /// The processes of services by name, however many there are of each.
    pub(crate) fn running(&self) -> Result<Vec<(String, u32)>> {
        let prefix = format!("{MARK}={}/", self.path("told").display());
        let named = |pid: u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let mut variables = environment.split(|byte| *byte == 0);
            let value = variables.find_map(|one| one.strip_prefix(prefix.as_bytes()))?;
            Some((String::from_utf8_lossy(value).into_owned(), pid))
        };
        let mut found: Vec<(String, u32)> =
            pids(|_, _| true)?.into_iter().filter_map(named).collect();
        found.sort();
        Ok(found)
    }

    pub(crate) fn storm(&self) -> Result<Vec<(String, u32)>> {
        self.running()
    }

    /// Whom to kill.
    pub(crate) fn crashes(&self) -> &'static [&'static str] {
        if self.is_agentd() { &["main", "guardian", "both"] } else { &["itself"] }
    }

    /// Kills the supervisor; returns how long it took until it, or its successor, knew all its services again.
    pub(crate) fn crash(&mut self, whom: &str) -> Result<Duration> {
        let guardian = self.guardian()?;
        let mains = self.processes()?.into_iter().filter(|pid| Some(*pid) != guardian);
        let mains: Vec<u32> = mains.collect();
        let victims: Vec<u32> = match whom {
            "guardian" => guardian.into_iter().collect(),
            "both" => guardian.into_iter().chain(mains).collect(),
            _ => mains,
        };
        for pid in &victims {
            send(*pid, Signal::KILL)?;
        }
        if let Some(main) = self.main.as_mut().filter(|main| victims.contains(&main.id())) {
            main.wait()?;
            self.main = None;
        }
        let begin = SystemClock.uptime();
        if whom != "main" && whom != "guardian" {
            self.launch()?;
        }
        if !self.is_agentd() {
            return Ok(SystemClock.uptime().saturating_sub(begin));
        }
        let count = self.running.len();
        until("all services again", || {
            let is_new = !self.processes()?.iter().any(|pid| victims.contains(pid));
            Ok(is_new && self.processes()?.len() == 2 && self.listed()?.len() == count)
        })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let processes = self.processes().unwrap_or_default();
        let guardian = self.guardian().ok().flatten();
        for pid in processes.iter().filter(|pid| Some(**pid) != guardian) {
            let _ = send(*pid, Signal::TERM);
        }
        if let Some(mut main) = self.main.take() {
            let _ = main.wait();
        }
        let _ = until("the end", || Ok(self.processes()?.is_empty()));
        // What they leave behind.
        for (_, pid) in self.running().unwrap_or_default() {
            let _ = send(pid, Signal::KILL);
        }
    }
}

fn send(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid.cast_signed()).ok_or("no process")?;
    Ok(kill_process(pid, signal)?)
}

fn words(pid: u32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).into_owned();
    line.split('\0').map(str::to_owned).collect()
}

fn pids(is_wanted: impl Fn(u32, &[String]) -> bool) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if is_wanted(pid, &words(pid)) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Returns the version that a program tells.
pub(crate) fn version(program: &str, argument: &str) -> Result<String> {
    let output = Command::new(program).arg(argument).output();
    let text = output.map_err(|error| format!("{program}: {error}; install it"))?.stdout;
    let text = String::from_utf8(text)?;
    let word =
        text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    Ok(word.unwrap_or("?").to_owned())
}

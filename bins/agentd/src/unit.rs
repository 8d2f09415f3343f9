//! The systemd unit that fits what agentd is configured to do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_cli::{Kind, Report};
use wardkit_supervise::Graph;

use crate::app::Fixed;
use crate::cli::Cli;
use crate::config::{Config, PluginIsolation, ReloadConfig};
use crate::{reload, run};

/// Returns the unit for what the command line names.
pub(crate) fn of(cli: &Cli, user: Option<&str>) -> Result<String, Report> {
    let fixed = Fixed { config_file: cli.config.as_deref().map(run::absolute), listen: cli.listen };
    let loaded = reload::load(&fixed, &ReloadConfig::default().retry)
        .map_err(|bad| run::bad_config(bad, &fixed))?;
    let program = std::env::current_exe().map_err(|error| Report::new(Kind::Io, error))?;
    let mut arguments = vec![program.clone(), "run".into()];
    if let Some(file) = &fixed.config_file {
        arguments.extend(["--config".into(), file.clone()]);
    }
    let data_dir = run::absolute(&cli.data_dir()?);
    arguments.extend(["--data-dir".into(), data_dir.clone()]);
    if let Some(listen) = fixed.listen {
        arguments.extend(["--listen".into(), listen.to_string().into()]);
    }
    let ask = [program, "reload".into(), "--data-dir".into(), data_dir.clone()];
    let name = |text: &str| quoted(Path::new(text));
    let wanted = Wanted {
        start: command(&arguments)?,
        reload: command(&ask)?,
        data_dir: &data_dir,
        user: user.map(name).transpose()?,
        config: &loaded.config,
    };
    wanted.unit()
}

/// What the unit is made of.
struct Wanted<'w> {
    start: String,
    reload: String,
    data_dir: &'w Path,
    user: Option<String>,
    config: &'w Config,
}

impl Wanted<'_> {
    fn unit(&self) -> Result<String, Report> {
        let supervises = !self.config.service.is_empty();
        let mut lines = vec![
            "# Made by `agentd config systemd-unit`; make it anew when the configuration gets or loses services."
                .to_owned(),
            "[Unit]".to_owned(),
            "Description=wardkit agent".to_owned(),
            "After=network.target".to_owned(),
            String::new(),
            "[Service]".to_owned(),
            "Type=notify".to_owned(),
            format!("ExecStart={}", self.start),
            format!("ExecReload={}", self.reload),
        ];
        lines.extend(self.user.iter().map(|user| format!("User={user}")));
        lines.extend(COMMON.map(str::to_owned));
        lines.push(format!("TimeoutStopSec={}", self.stop_timeout().as_secs()));
        lines.extend(self.data_directory()?);
        if supervises {
            lines.extend(SUPERVISING.map(str::to_owned));
        } else {
            // What was setuid when it was backed up is when it is restored.
            let fits = |line: &&str| !self.drills() || *line != "RestrictSUIDSGID=yes";
            let lets = |line: &&str| !self.fences() || !UNFIT_FOR_FENCES.contains(line);
            let confined = CONFINED.iter().copied().filter(fits).filter(lets);
            lines.extend(confined.map(str::to_owned));
            let filter = if self.fences() { "" } else { " @mount" };
            lines.push(format!("SystemCallFilter={REFUSED_CALLS}{filter}"));
            if self.fences() {
                lines.extend(FENCING.map(str::to_owned));
            }
            lines.push(format!("CapabilityBoundingSet={}", self.capabilities()));
            lines.push(format!("PrivateTmp={}", yes(!self.needs_tmp())));
            for rule in &self.config.cleanup.rules {
                // A directory that is not there yet is no reason not to start.
                lines.push(format!("ReadWritePaths=-{}", quoted(&rule.path)?));
            }
            for path in self.config.backup.written() {
                lines.push(format!("ReadWritePaths=-{}", quoted(&path)?));
            }
        }
        lines.extend(["", "[Install]", "WantedBy=multi-user.target", ""].map(str::to_owned));
        Ok(lines.join("\n"))
    }

    /// Returns how long a stop takes at most: each wave of services after the other, then the listener's own.
    fn stop_timeout(&self) -> Duration {
        let services = self.config.supervise();
        let timeout = |name: &&str| {
            let spec = services.services.iter().find(|spec| spec.name == **name);
            spec.map(|spec| spec.stop_timeout).unwrap_or_default()
        };
        let slowest = |wave: &Vec<&str>| wave.iter().map(timeout).max().unwrap_or_default();
        let graph = Graph::new(&services);
        let waves = graph.waves();
        let all = waves.iter().map(slowest).fold(Duration::ZERO, Duration::saturating_add);
        let own = self.config.listen.drain_timeout.saturating_add(STOP_MARGIN);
        all.saturating_add(own).min(LONGEST_STOP)
    }

    /// Returns the lines that let agentd write where it keeps its data.
    fn data_directory(&self) -> Result<Vec<String>, Report> {
        // systemd makes it, and gives it to the user.
        if let Ok(below) = self.data_dir.strip_prefix("/var/lib")
            && below.components().next().is_some()
        {
            let state = format!("StateDirectory={}", quoted(below)?);
            return Ok(vec![state, "StateDirectoryMode=0700".to_owned()]);
        }
        Ok(vec![format!("ReadWritePaths={}", quoted(self.data_dir)?)])
    }

    /// Whether agentd puts calls of plugins behind the kernel's fences.
    fn fences(&self) -> bool {
        let plugins = &self.config.plugins;
        plugins.is_enabled() && plugins.isolation == PluginIsolation::Process
    }

    fn drills(&self) -> bool {
        self.config.backup.is_enabled() && self.config.backup.drill.is_enabled()
    }

    fn needs_tmp(&self) -> bool {
        let is_tmp = |path: &PathBuf| path.starts_with("/tmp") || path.starts_with("/var/tmp");
        let cleaned = self.config.cleanup.rules.iter().map(|rule| &rule.path);
        let watched = self.config.integrity.roots.iter();
        let read = self.config.backup.read();
        cleaned.chain(watched).chain(read).chain([&self.data_dir.to_owned()]).any(is_tmp)
            || self.config.backup.written().any(|path| is_tmp(&path))
    }

    /// Returns what root may do beyond its own files; any other user nothing.
    fn capabilities(&self) -> String {
        let own = self.own_capabilities();
        if self.user.is_some() || !self.fences() {
            return own.to_owned();
        }
        let all: BTreeSet<&str> = own.split(' ').chain(TO_FENCE).collect();
        all.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn own_capabilities(&self) -> &'static str {
        match (&self.user, self.config.integrity.is_off()) {
            (Some(_), _) => "",
            (None, true) if self.drills() => DRILLING,
            (None, false) if self.drills() => DRILLING_AND_WATCHING,
            // Reading, cleaning up, and seeing what processes of others have open.
            (None, true) => "CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_PTRACE",
            // fanotify asks for the first.
            (None, false) => {
                "CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_SYS_PTRACE"
            }
        }
    }
}

/// A drill gives files their owners and starts a program as another user.
const DRILLING: &str = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD \
                        CAP_SETGID CAP_SETUID CAP_SYS_PTRACE";
const DRILLING_AND_WATCHING: &str = "CAP_SYS_ADMIN CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD \
     CAP_SETGID CAP_SETUID CAP_SYS_PTRACE";

/// What root needs to make a program of a plugin another user, in namespaces of its own.
const TO_FENCE: [&str; 3] = ["CAP_SETFCAP", "CAP_SETGID", "CAP_SETUID"];

const fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Returns a command line, each word quoted; `$` begins a variable in one.
fn command(words: &[PathBuf]) -> Result<String, Report> {
    let words: Result<Vec<_>, _> = words.iter().map(|word| quoted(word)).collect();
    Ok(words?.join(" ").replace('$', "$$"))
}

/// Returns a word as systemd reads it back: `%` begins a specifier.
fn quoted(word: &Path) -> Result<String, Report> {
    let unfit = || {
        let shown = wardkit_cli::escaped(&word.display().to_string());
        Report::new(Kind::CouldNotRun, format!("{shown} cannot stand in a unit"))
            .with_hint("use a path of printable letters")
    };
    let text = word.to_str().ok_or_else(unfit)?;
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(unfit());
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:@+,=".contains(letter);
    if text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    Ok(format!("\"{escaped}\""))
}

/// For agentd with and without services.
const COMMON: [&str; 6] = [
    "WatchdogSec=30",
    "Restart=on-failure",
    "RestartSec=1",
    "# 78: the configuration is not acceptable; starting again cannot cure it.",
    "RestartPreventExitStatus=78",
    "OOMPolicy=continue",
];

/// Whatever is taken from agentd is taken from its services, so only what no service may have is.
const SUPERVISING: [&str; 14] = [
    "# The guardian starts agentd again, and says who it is.",
    "NotifyAccess=all",
    "ExitType=cgroup",
    "# agentd ends the services itself, each in its turn; what is left then is killed.",
    "KillMode=mixed",
    "# A group for each service.",
    "Delegate=yes",
    "# Ours is beside theirs, or theirs could be given no limits (systemd 254; older ones pass it over).",
    "DelegateSubgroup=wardkit-main",
    "TasksMax=infinity",
    "# Rather a service is killed than who starts it again; services get their own score.",
    "OOMScoreAdjust=-500",
    "ProtectKernelModules=yes",
    "LockPersonality=yes",
];

/// Without services agentd needs little.
const CONFINED: [&str; 22] = [
    "NotifyAccess=main",
    "UMask=0077",
    "KillMode=mixed",
    "OOMScoreAdjust=-500",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
];

/// What is not waited for, such as the last word on the trail, takes less.
const STOP_MARGIN: Duration = Duration::from_secs(10);
/// A shutdown of the host does not wait for longer.
const LONGEST_STOP: Duration = Duration::from_mins(15);

const REFUSED_CALLS: &str = "~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap";

/// Not where agentd makes namespaces, mounts in them and groups for calls of plugins.
const UNFIT_FOR_FENCES: [&str; 2] = ["ProtectControlGroups=yes", "RestrictNamespaces=yes"];
const FENCING: [&str; 5] = [
    "# Calls of plugins are processes in namespaces of their own, each in a group of its own.",
    "RestrictNamespaces=cgroup ipc mnt pid user uts",
    "Delegate=yes",
    "# Beside ours, which has a process (systemd 254; older ones pass it over, and such calls are refused).",
    "DelegateSubgroup=wardkit-main",
];

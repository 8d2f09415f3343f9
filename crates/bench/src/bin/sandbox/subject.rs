//! Who starts the program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use wardkit_core::{Clock as _, SystemClock};
use wardkit_sandbox::{
    Capabilities, Ended, Guarantee, Native, Policy, Prepared, Sandbox as _, Strength,
};

use crate::cost::Batch;
use crate::{Result, tiny};

/// One way to start the program.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    how: How,
    starts: usize,
}

enum How {
    Command(Command),
    Library(Box<dyn Prepared>, Arc<dyn Capabilities>),
    Server(Server),
}

pub(crate) const LIBRARY: &str = "wardkit, the library";
pub(crate) const COMMAND: &str = "wardkit, `auditctl sandbox run`";
pub(crate) const BWRAP: &str = "bwrap `--unshare-all`";
pub(crate) const FIREJAIL: &str = "firejail `--noprofile --net=none`";
pub(crate) const SANDLOCK: &str = "sandlock, the library";

impl Subject {
    /// Finds everybody; who is not there is left out.
    pub(crate) fn all(auditctl: &Path, program: &Path) -> Result<Vec<Self>> {
        let command = |name: &str, arguments: &[&str]| {
            let mut command = Command::new(name);
            command.args(arguments).arg(program).stdin(Stdio::null());
            How::Command(command)
        };
        let path = program.to_str().ok_or("the temporary folder's name is no text")?;
        let bare = ["--unshare-all", "--ro-bind", path, path];
        let hard = [&bare[..], &HARDENED].concat();
        let auditctl = auditctl.to_str().ok_or("the path of auditctl is no text")?;
        let firejail = ["--quiet", "--noprofile", "--net=none"];
        let firejail_hard =
            [&firejail[..], &["--seccomp", "--caps.drop=all", "--nonewprivs"]].concat();
        let mut all = vec![
            ("no sandbox", How::Command(Command::new(program)), MANY),
            (LIBRARY, library()?, MANY),
            ("wardkit, the library, without cgroups", without_cgroups()?, MANY),
            (COMMAND, command(auditctl, &["sandbox", "run", "--"]), MANY),
            (BWRAP, command("bwrap", &bare), MANY),
            ("bwrap, hardened by its options", command("bwrap", &hard), MANY),
            (FIREJAIL, command("firejail", &firejail), FEW),
            ("firejail, hardened by its options", command("firejail", &firejail_hard), FEW),
        ];
        if let Some(server) = Server::start(program)? {
            all.push((SANDLOCK, How::Server(server), MANY));
        }
        Ok(all.into_iter().map(|(name, how, starts)| Self { name, how, starts }).collect())
    }

    /// Starts the program some times.
    pub(crate) fn batch(&mut self) -> Result<Batch> {
        if let How::Server(server) = &mut self.how {
            return server.batch(self.starts);
        }
        let mut walls = Vec::with_capacity(self.starts);
        let before = cpu()?;
        for _ in 0..self.starts {
            let begun = SystemClock.uptime();
            self.how.start()?;
            walls.push(SystemClock.uptime().saturating_sub(begun));
        }
        Ok(Batch { walls, cpu: cpu()?.saturating_sub(before) })
    }
}

impl How {
    fn start(&mut self) -> Result<()> {
        match self {
            Self::Command(command) => {
                let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
                status
                    .success()
                    .then_some(())
                    .ok_or_else(|| format!("{command:?}: {status}").into())
            }
            Self::Library(prepared, nobody) => {
                let ended = prepared.call(b"", nobody)?.ended;
                (ended == Ended::Exited(0)).then_some(()).ok_or_else(|| format!("{ended:?}").into())
            }
            Self::Server(_) => Ok(()),
        }
    }
}

/// Everything, as the default policy demands it.
fn library() -> Result<How> {
    let prepared = Native::new().prepare(&tiny::nothing(), &Policy::default())?;
    Ok(How::Library(prepared, Arc::new(())))
}

/// As an ordinary user has it, to whom no cgroup was delegated.
fn without_cgroups() -> Result<How> {
    let mut policy = Policy::default();
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Approximate)).into();
    let native = Native::danger_without(&[wardkit_sandbox::Layer::Cgroups]);
    Ok(How::Library(native.prepare(&tiny::nothing(), &policy)?, Arc::new(())))
}

/// The processor time of this process and of all its children that have ended.
fn cpu() -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let used = getrusage(who)?;
        for time in [used.user_time(), used.system_time()] {
            let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
            sum += Duration::from_micros(u64::try_from(micros)?);
        }
    }
    Ok(sum)
}

/// A Python that holds sandlock ready and measures itself, as its library is used.
struct Server {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Server {
    fn start(program: &Path) -> Result<Option<Self>> {
        let mut command = Command::new("python3");
        command.args(["-c", include_str!("sandlock.py")]).arg(program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let told = BufReader::new(child.stdout.take().ok_or("it has no output")?);
        let mut server = Self { child, told };
        // It is quick to say that it is ready, and ends at once where there is no sandlock.
        Ok((server.line()? == "ready").then_some(server))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.told.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    fn batch(&mut self, starts: usize) -> Result<Batch> {
        let stdin = self.child.stdin.as_mut().ok_or("it has no input")?;
        writeln!(stdin, "{starts}")?;
        let line = self.line()?;
        let mut nanos = line.split(' ').map(str::parse::<u64>);
        let cpu = nanos.next().ok_or("sandlock's Python ended")??;
        let walls = nanos
            .map(|one| one.map(Duration::from_nanos))
            .collect::<std::result::Result<_, _>>()?;
        Ok(Batch { walls, cpu: Duration::from_nanos(cpu) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends at the end of its input.
        let _ = self.child.wait();
    }
}

/// Returns what the peers say of themselves.
pub(crate) fn versions() -> String {
    let told = [
        ("bwrap", &["--version"][..]),
        ("firejail", &["--version"]),
        (
            "python3",
            &["-c", "import importlib.metadata as m; print('sandlock', m.version('sandlock'))"],
        ),
        ("uname", &["-sr"]),
    ]
    .map(|(name, arguments)| {
        let output = Command::new(name).args(arguments).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let text = text.unwrap_or_default();
        text.lines().next().unwrap_or("not there").to_owned()
    });
    told.join(", ")
}

/// What bubblewrap's options can do without a filter that its user writes.
const HARDENED: [&str; 7] = [
    "--clearenv",
    "--disable-userns",
    "--unshare-user",
    "--cap-drop",
    "ALL",
    "--new-session",
    "--die-with-parent",
];

/// Starts in a batch.
const MANY: usize = 10;
const FEW: usize = 2;

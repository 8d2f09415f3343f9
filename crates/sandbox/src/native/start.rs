//! Everything from a policy to a running program.

use std::ffi::CString;
use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::pipe::PipeFlags;
use rustix::process::Resource;

use super::cgroups::{self, Controller, Group};
use super::child::{self, Orders, Program, STATUS};
use super::files::Layout;
use super::filter::{self, Condition, Instruction, Otherwise};
use super::image::lifted;
use super::layer::{Layer, Layers};
use super::probe::{Host, Identity};
use super::sys::{self, Strings};
use super::{calls, landlock};
use crate::{Policy, SandboxError};

/// A program that can be started any number of times.
#[derive(Debug)]
pub(crate) struct Ready {
    pub policy: Policy,
    pub layers: Layers,
    pub layout: Layout,
    pub landlock: Option<OwnedFd>,
    pub filter: Option<Vec<Instruction>>,
    pub image: Image,
    pub arguments: Vec<CString>,
    /// Where the program starts, as it sees it; the root if nowhere.
    pub directory: Option<CString>,
}

/// What is started.
#[derive(Debug)]
pub(crate) enum Image {
    Nothing,
    File(OwnedFd),
    Path(CString),
}

/// A child that is on its way to be a program, or is one.
#[derive(Debug)]
pub(crate) struct Running {
    pub pid: u32,
    pub pidfd: OwnedFd,
    pub status: OwnedFd,
    pub input: Option<OwnedFd>,
    pub output: OwnedFd,
    pub errors: OwnedFd,
    pub group: Group,
}

impl Ready {
    /// Does everything that is the same for every start.
    pub(crate) fn new(
        host: &Host,
        layers: Layers,
        policy: &Policy,
        layout: Layout,
        image: Image,
        arguments: Vec<CString>,
    ) -> Result<Self, SandboxError> {
        let has_landlock = layers.has(Layer::Landlock);
        let landlock = has_landlock
            .then(|| landlock::rules(policy, &layout, host.landlock))
            .transpose()?
            .map(lifted)
            .transpose()
            .map_err(setup("keeping the rules of Landlock"))?;
        let filter = layers.has(Layer::SystemCalls).then(|| program(policy, layers, &image));
        Ok(Self {
            policy: policy.clone(),
            layers,
            layout,
            landlock,
            filter,
            image,
            arguments,
            directory: None,
        })
    }

    /// Starts it once.
    pub(crate) fn start(&self, host: &Host, group: Group) -> Result<Running, SandboxError> {
        let (ours, theirs) = channel().map_err(setup("making pipes"))?;
        let [input, output, errors] = pipes().map_err(setup("making pipes"))?;
        let arguments = Strings::new(self.arguments.clone());
        let environment = Strings::new(environment(&self.policy)?);
        let identity = host.identity;
        let has_root = self.layers.has(Layer::Namespaces);
        let is_privileged = identity != Identity::Own;
        let user = host.user();
        let has_user_namespace = has_root && self.layers.has(Layer::UserNamespace);
        let doors = group.doors().and_then(|doors| doors.into_iter().map(lifted).collect());
        let orders = Orders {
            groups: doors.map_err(setup("opening a cgroup"))?,
            status: theirs,
            stdio: [input.1, output.1, errors.1],
            closes: self.layers.has(Layer::Descriptors),
            user: if has_user_namespace { INSIDE } else { user },
            leaves_groups: is_privileged,
            has_user_namespace,
            root: has_root.then(|| (&self.layout, self.trees(is_privileged))),
            limits: self.limits(host, &group),
            directory: self.directory.as_deref(),
            landlock: self.landlock.as_ref(),
            filter: self.filter.as_deref(),
            listens: self.layers.has(Layer::Telemetry),
            program: match &self.image {
                Image::Nothing => Program::Nothing,
                Image::File(file) => Program::File(file),
                Image::Path(path) => Program::Path(path),
            },
            arguments: &arguments,
            environment: &environment,
        };
        let entrance = group.entrance().map_err(setup("opening a cgroup"))?;
        let entrance = entrance.as_ref().map(|entrance| entrance.as_fd());
        let child = sys::child(self.namespaces(), entrance, || child::obey(&orders));
        let (pid, pidfd) = child.map_err(setup(CLONING))?;
        let running = Running {
            pid,
            pidfd,
            status: ours,
            input: Some(input.0),
            output: output.0,
            errors: errors.0,
            group,
        };
        drop(orders);
        if let Err(error) = release(&running, has_user_namespace, user, is_privileged) {
            running.kill();
            let _ = sys::reap(running.pidfd.as_fd(), true);
            return Err(error);
        }
        Ok(running)
    }

    /// Takes hold of the granted places, which an unprivileged process leaves to its child.
    fn trees(&self, is_privileged: bool) -> Vec<Option<OwnedFd>> {
        if is_privileged {
            self.layout
                .trees()
                .into_iter()
                .map(|tree| tree.and_then(|tree| lifted(tree).ok()))
                .collect()
        } else {
            self.layout.binds.iter().map(|_| None).collect()
        }
    }

    /// Makes the groups of one start.
    pub(crate) fn group(&self, host: &Host) -> Group {
        if !self.layers.has(Layer::Cgroups) {
            return Group::default();
        }
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        Group::make(&host.controllers, &cgroups::name(&number.to_string()), &self.policy.limits)
    }

    fn namespaces(&self) -> u64 {
        if !self.layers.has(Layer::Namespaces) {
            return 0;
        }
        let user = if self.layers.has(Layer::UserNamespace) { CLONE_NEWUSER } else { 0 };
        // The dearest of all: not where no system call makes a socket anyway.
        let is_needed = !self.policy.grants.network && !self.layers.has(Layer::SystemCalls);
        let network = if is_needed { CLONE_NEWNET } else { 0 };
        user | network | CLONE_NAMESPACES
    }

    fn limits(&self, host: &Host, group: &Group) -> Vec<(Resource, u64)> {
        if !self.layers.has(Layer::Limits) {
            return Vec::new();
        }
        let limits = &self.policy.limits;
        let mut wanted = vec![
            (Resource::Core, 0),
            (Resource::Msgqueue, 0),
            (Resource::Nofile, u64::from(limits.descriptors)),
        ];
        if !self.policy.grants.binds.iter().any(|bind| bind.writable) {
            wanted.push((Resource::Fsize, 0));
        }
        // Counted by user: only where the user is the program's own, or counted by its namespace.
        if host.identity == Identity::High || self.layers.has(Layer::UserNamespace) {
            wanted.push((Resource::Nproc, u64::from(limits.tasks)));
        }
        if group.keeps(Controller::Memory).is_none() {
            wanted.push((Resource::As, limits.memory.0));
        }
        if group.keeps(Controller::Cpu).is_none() {
            wanted.push((Resource::Cpu, cpu_seconds(&self.policy)));
        }
        for (resource, most) in &mut wanted {
            // Nobody may raise a hard limit.
            let hard = rustix::process::getrlimit(*resource).maximum.unwrap_or(u64::MAX);
            *most = hard.min(*most);
        }
        wanted
    }
}

impl Running {
    /// Ends it and everything that it started.
    pub(crate) fn kill(&self) {
        let kill = rustix::process::Signal::KILL;
        // Each may find nothing left; the first is enough where it is the first process of a namespace.
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, kill);
        self.signal_all(kill);
        self.group.kill();
    }

    /// Sends a signal to all of it: the filter lets nobody leave the group of the first process.
    pub(crate) fn signal_all(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

/// Returns the most processor time that a run can use when it keeps its share, in whole seconds.
pub(crate) fn cpu_seconds(policy: &Policy) -> u64 {
    let limits = &policy.limits;
    let millis = u128::from(limits.cpu.thousandths()) * limits.timeout.as_millis() / 1_000;
    u64::try_from(millis / 1_000).unwrap_or(u64::MAX).saturating_add(1)
}

fn program(policy: &Policy, layers: Layers, image: &Image) -> Vec<Instruction> {
    let mut rules = calls::rules(policy);
    match image {
        // Nobody else can name that address before exec, and nothing is left to run after it.
        Image::File(_) => calls::allow(
            &mut rules,
            "execveat",
            vec![
                Condition::Is(1, sys::exec_file_address()),
                Condition::Is(4, libc::AT_EMPTY_PATH.unsigned_abs().into()),
            ],
        ),
        Image::Path(_) => calls::allow(&mut rules, "execve", Vec::new()),
        Image::Nothing => {}
    }
    // The child hands over its listener; a program has neither that descriptor nor any other socket.
    let status = Condition::Is(0, u64::from(STATUS.unsigned_abs()));
    calls::allow(&mut rules, "sendmsg", vec![status]);
    let tells = layers.has(Layer::Telemetry);
    filter::program(&rules, if tells { Otherwise::Tell } else { Otherwise::Refuse })
}

/// Does the parent's part for a child that waits, and lets it go on.
fn release(
    running: &Running,
    has_user_namespace: bool,
    user: u32,
    is_privileged: bool,
) -> Result<(), SandboxError> {
    if has_user_namespace {
        map(running.pid, user, is_privileged).map_err(setup(MAPPING))?;
    }
    rustix::io::write(&running.status, &[1]).map_err(|errno| setup("starting")(errno.into()))?;
    Ok(())
}

/// Says who the child's user is outside.
fn map(pid: u32, user: u32, is_privileged: bool) -> io::Result<()> {
    let (user, group) = if is_privileged {
        (user, user)
    } else {
        (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
    };
    if !is_privileged {
        write(pid, "setgroups", "deny")?;
    }
    write(pid, "uid_map", &format!("{INSIDE} {user} 1"))?;
    write(pid, "gid_map", &format!("{INSIDE} {group} 1"))
}

fn write(pid: u32, name: &str, text: &str) -> io::Result<()> {
    let mut path = String::with_capacity(32);
    let _ = write!(path, "/proc/{pid}/{name}");
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes())?;
    Ok(())
}

fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok((ours, lifted(theirs)?))
}

/// Returns the pipes of input, output and errors: our end, which does not block, and the child's.
fn pipes() -> io::Result<[(OwnedFd, OwnedFd); 3]> {
    let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
    let ours = |fd: OwnedFd| -> io::Result<OwnedFd> {
        rustix::fs::fcntl_setfl(&fd, OFlags::NONBLOCK)?;
        Ok(fd)
    };
    let (input, output, errors) = (pipe()?, pipe()?, pipe()?);
    Ok([
        (ours(input.1)?, lifted(input.0)?),
        (ours(output.0)?, lifted(output.1)?),
        (ours(errors.0)?, lifted(errors.1)?),
    ])
}

fn environment(policy: &Policy) -> Result<Vec<CString>, SandboxError> {
    let pairs = policy.grants.environment.iter();
    let texts = pairs.map(|(name, value)| (name, format!("{name}={value}")));
    texts
        .map(|(name, text)| {
            CString::new(text).map_err(|_| SandboxError::Invalid {
                what: format!("the variable {name}"),
                reason: "has a NUL byte".into(),
            })
        })
        .collect()
}

pub(crate) fn setup(step: &'static str) -> impl FnOnce(io::Error) -> SandboxError {
    move |source| SandboxError::Setup { step, source }
}

/// The steps that a probe knows by name.
pub(crate) const CLONING: &str = "making a process in namespaces";
pub(crate) const MAPPING: &str = "mapping the user";

/// `nobody`, as whom a program sees itself.
const INSIDE: u32 = 65_534;

/// The number of the next run in this process.
static RUNS: AtomicU32 = AtomicU32::new(0);

const CLONE_NEWUSER: u64 = 0x1000_0000;
const CLONE_NEWNET: u64 = 0x4000_0000;
/// Mounts, cgroups, host names, System V objects, processes.
const CLONE_NAMESPACES: u64 = 0x2_0000 | 0x200_0000 | 0x400_0000 | 0x800_0000 | 0x2000_0000;

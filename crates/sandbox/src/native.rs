//! Native programs, held by the Linux kernel.

mod attest;
mod calls;
mod cgroups;
mod child;
mod files;
mod filter;
mod image;
mod landlock;
mod layer;
mod names;
mod probe;
mod start;
mod sys;
mod watch;

use std::ffi::{CString, OsStr, OsString};
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use wardkit_core::{Clock, SystemClock};

use crate::{
    Attendant, Capabilities, HostCaps, Input, Outcome, Policy, Prepared, Sandbox, SandboxError,
    Sink,
};
use cgroups::{Controller, Controllers};
use files::Layout;
use image::Kind;
pub use layer::Layer;
use layer::Layers;
#[cfg(feature = "selftest")]
pub(crate) use names::number as call_number;
use probe::Host;
use start::{Image, Ready, setup};
#[cfg(feature = "selftest")]
pub(crate) use sys::{attempt, end};

/// Puts this process under a filter that knows no such calls.
#[cfg(feature = "selftest")]
pub(crate) fn refuse_calls(numbers: &[u32]) -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    sys::filter(&filter::refusing(numbers), false).map(drop)
}

/// Runs native programs with an empty root, in namespaces, under Landlock, a filter of system calls and limits.
///
/// What the host can enforce is found out once, by the first call, with a process that does nothing.
///
/// ```
/// use std::path::Path;
/// use wardkit_sandbox::{Ended, Guarantee, Input, Native, Policy, Strength};
///
/// let mut policy = Policy::default();
/// for guarantee in Guarantee::ALL {
///     policy.at_least.insert(guarantee, Strength::Absent); // so that this runs on any host
/// }
/// let mut given = (Vec::new(), Vec::new());
/// let echo = Path::new("/bin/echo");
/// let outcome =
///     Native::new().run(echo, &["hello".into()], &policy, Input::Bytes(b""), &mut given)?;
/// assert_eq!(outcome.ended, Ended::Exited(0));
/// assert_eq!(given.0, b"hello\n");
/// # Ok::<(), wardkit_sandbox::SandboxError>(())
/// ```
pub struct Native {
    inner: Arc<Inner>,
    /// Whether nothing is tried out before the first program.
    is_hasty: bool,
}

impl Native {
    /// Enforces everything that this host can, in groups below the one that this process is in.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Groups::Own, Layers::ALL, Arc::new(SystemClock))
    }

    /// As [`new`](Self::new), for a process that [runs](Self::run) one program and ends: nothing is tried out before. What
    /// this host cannot do shows when the program is started, and only then everything is tried and what fails left out.
    #[must_use]
    pub fn once() -> Self {
        let mut native = Self::new();
        native.is_hasty = true;
        native
    }

    /// Makes its groups below this cgroup of version 2, which was delegated to this process and has none itself.
    #[must_use]
    pub fn with_cgroup(path: &Path) -> Self {
        Self::with(Groups::Delegated(path.into()), Layers::ALL, Arc::new(SystemClock))
    }

    /// Leaves walls out, so that a test can see what they held back. What a policy demands is refused as on a host that
    /// does not have them.
    #[must_use]
    pub fn danger_without(layers: &[Layer]) -> Self {
        let left = layers.iter().fold(Layers::ALL, |left, layer| left.without(*layer));
        Self::with(Groups::Own, left, Arc::new(SystemClock))
    }

    /// Runs a program of the host once and passes on what it gives as it comes, up to its end.
    ///
    /// The program sees itself at its own path, and what it needs to start at all: a script or a program that is linked
    /// dynamically also sees what [`Grants::runtime`](crate::Grants::runtime) shows. The outcome has no output.
    ///
    /// # Errors
    ///
    /// When the program could not be started, or when this host cannot keep what the policy demands.
    pub fn run(
        &self,
        program: &Path,
        arguments: &[OsString],
        policy: &Policy,
        input: Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Outcome, SandboxError> {
        if self.is_hasty && self.inner.host.get().is_none() {
            let hasty = self.assuming_everything();
            // What is wrong with the policy or the program is so with another host, too, and told below.
            if let Ok(ready) = hasty.of_path(program, arguments, policy) {
                match hasty.inner.run(&ready, input, &mut Unattended(sink)) {
                    // The program has not begun then, and nothing of its input was taken.
                    Err(error) if probe::is_for_want_of_a_layer(&error) => {}
                    ended => return ended,
                }
            }
        }
        let ready = self.of_path(program, arguments, policy)?;
        self.inner.run(&ready, input, &mut Unattended(sink))
    }

    /// Runs a program of the host that lives long, from this directory as it sees it, until it has ended; otherwise as
    /// [`run`](Self::run). It is handed no input.
    ///
    /// It dies with the thread that calls this.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and when the program does not see the directory.
    pub fn hold(
        &self,
        program: &Path,
        arguments: &[OsString],
        directory: Option<&Path>,
        policy: &Policy,
        attendant: &mut dyn Attendant,
    ) -> Result<Outcome, SandboxError> {
        let mut ready = self.of_path(program, arguments, policy)?;
        ready.directory = directory.map(|path| argument(path.as_os_str())).transpose()?;
        let outcome = self.inner.run(&ready, Input::Bytes(b""), attendant);
        outcome.map_err(|error| match (error, directory) {
            (SandboxError::Setup { step: child::ENTERING_DIRECTORY, source }, Some(directory)) => {
                let reason = format!("the program cannot start there, {source}; grant it");
                SandboxError::Invalid { what: directory.display().to_string(), reason }
            }
            (error, _) => error,
        })
    }

    /// Finds out whether a policy can be kept here, as far as that can be known before a program runs.
    ///
    /// # Errors
    ///
    /// When the policy is wrong, when a place that it grants is not there, or when this host cannot keep what it demands.
    pub fn check(&self, policy: &Policy) -> Result<(), SandboxError> {
        policy.check()?;
        Layout::new(policy, None)?;
        let host = self.inner.host();
        let kept = |controller: Controller| host.kept.get(&controller).copied();
        attest::attest(host, host.layers, &kept, policy).satisfies(policy)
    }

    /// Ends this very process by a signal, so that whoever waits for it learns how the program in its place ended. Whatever
    /// this process did about the signal is forgotten, and no core is written.
    ///
    /// It returns when the signal ends nobody.
    pub fn end_this_process_by(signal: i32) {
        let Some(signal) = rustix::process::Signal::from_named_raw(signal) else { return };
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
        sys::reset_signals();
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }

    /// Returns the same, for a host of which nothing is known to fail.
    fn assuming_everything(&self) -> Self {
        let Inner { groups, wanted, clock, .. } = &*self.inner;
        let host = OnceLock::from(Host::assumed(groups.controllers(), *wanted));
        let inner =
            Inner { groups: groups.clone(), wanted: *wanted, clock: Arc::clone(clock), host };
        Self { inner: Arc::new(inner), is_hasty: false }
    }

    /// Readies a program of the host, which sees itself and what it needs to start.
    fn of_path(
        &self,
        program: &Path,
        arguments: &[OsString],
        policy: &Policy,
    ) -> Result<Ready, SandboxError> {
        policy.check()?;
        let path = program.canonicalize().map_err(|error| SandboxError::Invalid {
            what: program.display().to_string(),
            reason: error.to_string(),
        })?;
        let mut policy = policy.clone();
        policy.grants.runtime |= Kind::of_file(&path)? != Kind::Static;
        let layout = Layout::new(&policy, Some(&path))?;
        let first = std::iter::once(program.as_os_str());
        let all = first.chain(arguments.iter().map(OsString::as_os_str));
        let arguments = all.map(argument).collect::<Result<_, _>>()?;
        let image = Image::Path(argument(path.as_os_str())?);
        self.inner.ready(&policy, layout, image, arguments)
    }
}

impl Default for Native {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("host", &self.inner.host.get()).finish_non_exhaustive()
    }
}

impl Sandbox for Native {
    fn probe(&self) -> HostCaps {
        let host = self.inner.host();
        let kept = |controller: Controller| host.kept.get(&controller).copied();
        HostCaps::new(attest::attest(host, host.layers, &kept, &Policy::default()))
    }

    /// Copies the program to sealed memory. It is told nothing but its input, on standard input; what it writes to
    /// standard output is what it gives.
    fn prepare(&self, program: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        policy.check()?;
        let invalid = |reason: &str| {
            Err(SandboxError::Invalid { what: "the program".into(), reason: reason.into() })
        };
        match Kind::of(program) {
            None => return invalid("is no program for this machine"),
            Some(Kind::Script) => return invalid("is a script, which is run by its path"),
            Some(Kind::Dynamic) if !policy.grants.runtime => {
                return invalid("is linked dynamically: link it statically, or grant `runtime`");
            }
            Some(Kind::Dynamic | Kind::Static) => {}
        }
        let layout = Layout::new(policy, None)?;
        let image = Image::File(image::sealed(program).map_err(setup("copying the program"))?);
        let ready = self.inner.ready(policy, layout, image, vec![c"program".into()])?;
        Ok(Box::new(Sealed { inner: Arc::clone(&self.inner), ready }))
    }
}

/// A program in sealed memory.
#[derive(Debug)]
struct Sealed {
    inner: Arc<Inner>,
    ready: Ready,
}

impl Prepared for Sealed {
    /// A native program has no way to ask for anything.
    fn call(&self, input: &[u8], _: &Arc<dyn Capabilities>) -> Result<Outcome, SandboxError> {
        let most = self.ready.policy.limits.input.0;
        if u64::try_from(input.len()).unwrap_or(u64::MAX) > most {
            return Err(SandboxError::Invalid {
                what: "the input".into(),
                reason: format!("has {} bytes, and {most} are allowed", input.len()),
            });
        }
        let mut given = (Vec::new(), Vec::new());
        let input = Input::Bytes(input);
        let mut outcome = self.inner.run(&self.ready, input, &mut Unattended(&mut given))?;
        (outcome.output, outcome.errors) = given;
        Ok(outcome)
    }
}

/// Only takes what a program gives.
struct Unattended<'a>(&'a mut dyn Sink);

impl Attendant for Unattended<'_> {}

impl Sink for Unattended<'_> {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        self.0.output(part)
    }

    fn errors(&mut self, part: &[u8]) -> io::Result<()> {
        self.0.errors(part)
    }
}

struct Inner {
    groups: Groups,
    wanted: Layers,
    clock: Arc<dyn Clock>,
    host: OnceLock<Host>,
}

/// Where cgroups are made.
#[derive(Clone, Debug)]
enum Groups {
    Own,
    Delegated(std::path::PathBuf),
}

impl Groups {
    fn controllers(&self) -> Controllers {
        match self {
            Self::Own => Controllers::find(),
            Self::Delegated(path) => Controllers::delegated(path),
        }
    }
}

impl Native {
    fn with(groups: Groups, wanted: Layers, clock: Arc<dyn Clock>) -> Self {
        let inner = Inner { groups, wanted, clock, host: OnceLock::new() };
        Self { inner: Arc::new(inner), is_hasty: false }
    }
}

impl Inner {
    fn host(&self) -> &Host {
        self.host.get_or_init(|| Host::find(self.groups.controllers(), self.wanted))
    }

    /// Refuses what this host cannot keep before anything is started.
    fn ready(
        &self,
        policy: &Policy,
        layout: Layout,
        image: Image,
        arguments: Vec<CString>,
    ) -> Result<Ready, SandboxError> {
        let host = self.host();
        let kept = |controller: Controller| host.kept.get(&controller).copied();
        attest::attest(host, host.layers, &kept, policy).satisfies(policy)?;
        Ready::new(host, host.layers, policy, layout, image, arguments)
    }

    fn run(
        &self,
        ready: &Ready,
        input: Input<'_>,
        attendant: &mut dyn Attendant,
    ) -> Result<Outcome, SandboxError> {
        let host = self.host();
        let group = ready.group(host);
        // A group that could not be made this time counts too.
        let report = {
            let kept = |controller: Controller| group.keeps(controller);
            attest::attest(host, ready.layers, &kept, &ready.policy)
        };
        report.satisfies(&ready.policy)?;
        attendant.starts(&report);
        let running = ready.start(host, group)?;
        let (ended, usage) = watch::over(running, &ready.policy, &*self.clock, input, attendant)?;
        let mut outcome = Outcome::new(ended, Vec::new(), report);
        outcome.usage = usage;
        Ok(outcome)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("groups", &self.groups).finish_non_exhaustive()
    }
}

fn argument(text: &OsStr) -> Result<CString, SandboxError> {
    CString::new(text.as_bytes()).map_err(|_| SandboxError::Invalid {
        what: "an argument".into(),
        reason: "has a NUL byte".into(),
    })
}

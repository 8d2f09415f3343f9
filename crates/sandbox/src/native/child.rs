//! What the child does between clone and exec: system calls, and nothing that allocates or locks.

use std::ffi::CStr;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, UnmountFlags,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::{Resource, Rlimit, Signal};
use rustix::thread::{CapabilitySet, CapabilitySets, Gid, Uid};

use super::files::{self, Layout};
use super::filter::Instruction;
use super::sys::{self, Strings};

/// Everything that the child needs, made by its parent.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one step that is taken or not")]
pub(crate) struct Orders<'a> {
    /// Groups that it enters.
    pub groups: Vec<OwnedFd>,
    /// The parent's messages, and the way to it.
    pub status: OwnedFd,
    pub stdio: [OwnedFd; 3],
    /// Descriptors that its own are closed over; off only where the corpus shows what that opens.
    pub closes: bool,
    pub user: u32,
    /// Whether it may leave its groups, which nobody may without privileges.
    pub leaves_groups: bool,
    /// Whether it has a user namespace, in which its user exists from the start.
    pub has_user_namespace: bool,
    /// Its own root, where it has a mount namespace.
    pub root: Option<(&'a Layout, Vec<Option<OwnedFd>>)>,
    pub limits: Vec<(Resource, u64)>,
    /// Where it starts, as it sees it.
    pub directory: Option<&'a CStr>,
    pub landlock: Option<&'a OwnedFd>,
    pub filter: Option<&'a [Instruction]>,
    pub listens: bool,
    pub program: Program<'a>,
    pub arguments: &'a Strings,
    pub environment: &'a Strings,
}

/// What the child becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program<'a> {
    /// Nothing: it ends well once everything is done that comes before.
    Nothing,
    File(&'a OwnedFd),
    Path(&'a CStr),
}

/// What the child does, in its order; told to the parent by its number when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    Group,
    Stdio,
    Root,
    Bind,
    User,
    Limits,
    Privileges,
    Directory,
    Landlock,
    Filter,
    Listener,
    Exec,
}

impl Step {
    pub(crate) const ALL: [Self; 12] = [
        Self::Group,
        Self::Stdio,
        Self::Root,
        Self::Bind,
        Self::User,
        Self::Limits,
        Self::Privileges,
        Self::Directory,
        Self::Landlock,
        Self::Filter,
        Self::Listener,
        Self::Exec,
    ];

    /// Returns what it does, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Group => "entering a cgroup",
            Self::Stdio => "handing over the pipes",
            Self::Root => "making an empty root",
            Self::Bind => "showing a granted place",
            Self::User => "becoming another user",
            Self::Limits => "setting limits",
            Self::Privileges => "dropping privileges",
            Self::Directory => ENTERING_DIRECTORY,
            Self::Landlock => "entering Landlock",
            Self::Filter => "filtering system calls",
            Self::Listener => "listening to denied system calls",
            Self::Exec => "starting the program",
        }
    }
}

/// Does everything and becomes the program; on the way to the parent are the listener and what failed.
pub(crate) fn obey(orders: &Orders<'_>) {
    let Err((step, error)) = follow(orders) else { sys::end(0) };
    let errno = error.raw_os_error().unwrap_or(libc::EIO).to_le_bytes();
    let message = [step as u8, errno[0], errno[1], errno[2], errno[3]];
    // By the number that it has by then, or by the one that it had.
    let told = rustix::io::write(&orders.status, &message);
    sys::end(if told.is_ok() { 126 } else { 125 });
}

fn follow(orders: &Orders<'_>) -> Result<(), (Step, io::Error)> {
    let at = |step: Step| move |error: io::Error| (step, error);
    for group in &orders.groups {
        rustix::io::write(group, b"0").map_err(|errno| (Step::Group, errno.into()))?;
    }
    let status = begin(orders).map_err(at(Step::Stdio))?;
    if orders.has_user_namespace {
        become_user(orders).map_err(at(Step::User))?;
    }
    if let Some((layout, trees)) = &orders.root {
        let root = empty_root().map_err(at(Step::Root))?;
        fill(&root, layout, trees).map_err(at(Step::Bind))?;
        enter(&root).map_err(at(Step::Root))?;
    } else {
        rustix::process::chdir(c"/").map_err(|errno| (Step::Root, errno.into()))?;
    }
    for (resource, most) in &orders.limits {
        let limit = Rlimit { current: Some(*most), maximum: Some(*most) };
        rustix::process::setrlimit(*resource, limit)
            .map_err(|errno| (Step::Limits, errno.into()))?;
    }
    drop_bounding_set();
    if !orders.has_user_namespace {
        become_user(orders).map_err(at(Step::User))?;
    }
    drop_privileges().map_err(at(Step::Privileges))?;
    if let Some(directory) = orders.directory {
        rustix::process::chdir(directory).map_err(|errno| (Step::Directory, errno.into()))?;
    }
    if let Some(rules) = orders.landlock {
        sys::landlock_enter(rules.as_fd()).map_err(at(Step::Landlock))?;
    }
    if orders.closes {
        close_rest(orders).map_err(at(Step::Stdio))?;
    }
    if let Some(filter) = orders.filter {
        let step = if orders.listens { Step::Listener } else { Step::Filter };
        if let Some(listener) = sys::filter(filter, orders.listens).map_err(at(step))? {
            send(&status, &listener).map_err(at(Step::Listener))?;
        }
    }
    Err(at(Step::Exec)(match orders.program {
        Program::Nothing => return Ok(()),
        Program::File(file) => sys::exec_file(file.as_fd(), orders.arguments, orders.environment),
        Program::Path(path) => sys::exec_path(path, orders.arguments, orders.environment),
    }))
}

/// Closes what only the steps before needed, and what other threads of the parent had open.
fn close_rest(orders: &Orders<'_>) -> io::Result<()> {
    let program = match orders.program {
        Program::File(file) => file.as_raw_fd(),
        Program::Nothing | Program::Path(_) => STATUS,
    };
    sys::close_all_but([STATUS, orders.status.as_raw_fd(), program])
}

/// Waits until the parent has done its part, and takes its place among the processes.
fn begin(orders: &Orders<'_>) -> io::Result<OwnedFd> {
    let mut go = [0];
    if rustix::io::read(&orders.status, &mut go)? != 1 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let [input, output, errors] = &orders.stdio;
    rustix::stdio::dup2_stdin(input)?;
    rustix::stdio::dup2_stdout(output)?;
    rustix::stdio::dup2_stderr(errors)?;
    if orders.closes {
        sys::close_on_exec()?;
    }
    let status = sys::move_to(orders.status.as_fd(), STATUS)?;
    // A session of its own has no terminal.
    rustix::process::setsid()?;
    sys::reset_signals();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    Ok(status)
}

/// The step that fails when the program's directory is not among what it sees.
pub(crate) const ENTERING_DIRECTORY: &str = "entering its directory";

/// The number of the descriptor by which the child talks to its parent: what the filter knows it by.
pub(crate) const STATUS: RawFd = 3;

fn become_user(orders: &Orders<'_>) -> io::Result<()> {
    if orders.leaves_groups {
        rustix::thread::set_thread_groups(&[])?;
    }
    let (user, group) = (Uid::from_raw(orders.user), Gid::from_raw(orders.user));
    if orders.leaves_groups || orders.has_user_namespace {
        rustix::thread::set_thread_res_gid(group, group, group)?;
        rustix::thread::set_thread_res_uid(user, user, user)?;
    }
    // Another user's process forgets who it is to die with, so that this comes after.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// Mounts an empty file system above the host's root, which stays ours until we leave it.
fn empty_root() -> io::Result<OwnedFd> {
    let _ = rustix::system::sethostname(b"sandbox");
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change(c"/", private)?;
    let tmpfs = rustix::mount::fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in [(c"size", c"64k"), (c"nr_inodes", c"4096"), (c"mode", c"755")] {
        rustix::mount::fsconfig_set_string(tmpfs.as_fd(), key, value)?;
    }
    rustix::mount::fsconfig_create(tmpfs.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    let root = rustix::mount::fsmount(tmpfs.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(root.as_fd(), c"", CWD, c"/", flags)?;
    Ok(root)
}

fn fill(root: &OwnedFd, layout: &Layout, trees: &[Option<OwnedFd>]) -> io::Result<()> {
    for folder in &layout.folders {
        rustix::fs::mkdirat(root, folder.as_c_str(), Mode::from_raw_mode(0o755))?;
    }
    for (to, at) in &layout.links {
        rustix::fs::symlinkat(to.as_c_str(), root, at.as_c_str())?;
    }
    for file in &layout.empty_files {
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
        rustix::fs::openat(root, file.as_c_str(), flags, Mode::from_raw_mode(0o444))?;
    }
    for (place, tree) in layout.binds.iter().zip(trees) {
        match tree {
            Some(tree) => show(root, tree.as_fd(), place)?,
            None => show(root, files::tree(place)?.as_fd(), place)?,
        }
    }
    Ok(())
}

fn show(root: &OwnedFd, tree: BorrowedFd<'_>, place: &files::Place) -> io::Result<()> {
    sys::set_mount(tree, place.attributes, true)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(rustix::mount::move_mount(tree, c"", root.as_fd(), place.inside.as_c_str(), flags)?)
}

/// Makes the new root read-only, moves into it and leaves the host's behind.
fn enter(root: &OwnedFd) -> io::Result<()> {
    sys::set_mount(root.as_fd(), files::MOUNT_READ_ONLY, false)?;
    rustix::process::fchdir(root)?;
    rustix::process::pivot_root(c".", c".")?;
    // The old root lies above the new one now.
    rustix::mount::unmount(c".", UnmountFlags::DETACH)?;
    Ok(rustix::process::chdir(c"/")?)
}

/// Where this fails the process has no privilege to drop anything, and none to gain after the next step.
fn drop_bounding_set() {
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if rustix::thread::remove_capability_from_bounding_set(capability).is_err() {
            break;
        }
    }
}

fn drop_privileges() -> io::Result<()> {
    let none = CapabilitySet::empty();
    let _ = rustix::thread::clear_ambient_capability_set();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    rustix::thread::set_capabilities(None, sets)?;
    Ok(rustix::thread::set_no_new_privs(true)?)
}

/// Hands the parent the listener. The filter lets this one call through, by the number of the descriptor.
fn send(status: &OwnedFd, listener: &OwnedFd) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let handed = [listener.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&handed));
    let message = [IoSlice::new(&[LISTENER])];
    rustix::net::sendmsg(status, &message, &mut control, SendFlags::empty())?;
    Ok(())
}

/// The message with which the listener comes; no step has this number.
pub(crate) const LISTENER: u8 = u8::MAX;

//! The doors. Each is tried in a process of its own, and none does harm where it is open.

use std::fs;
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;

use super::scene::Told;
use crate::native::{attempt, call_number};

/// One way out.
pub(crate) struct Door {
    pub name: &'static str,
    pub is_open: fn(&Told) -> bool,
}

pub(crate) const DOORS: &[Door] = &[
    // Files.
    door("a-secret-file", |told| fs::read(told.folder.join("secret")).is_ok()),
    door("passwords", |_| fs::read("/etc/passwd").is_ok()),
    door("the-environment-of-others", |_| fs::read("/proc/1/environ").is_ok()),
    door("its-own-proc", |_| fs::read("/proc/self/maps").is_ok()),
    door("the-root-by-proc", |_| fs::read(Path::new("/proc/self/root").join("etc/passwd")).is_ok()),
    door("a-path-out", |_| fs::read("/../../../etc/passwd").is_ok()),
    door("a-link-out", |told| {
        let link = told.folder.join("link");
        std::os::unix::fs::symlink("/etc/passwd", &link).is_ok_and(|()| fs::read(link).is_ok())
    }),
    door("the-root-of-the-host", |_| fs::read_dir("/").is_ok_and(|mut all| all.next().is_some())),
    door("a-file-in-the-root", |_| fs::write("/wardkit-door", "").is_ok()),
    door("a-file-in-tmp", |told| fs::write(told.folder.join("new"), "").is_ok()),
    door("a-file-among-programs", |_| fs::write("/usr/wardkit-door", "").is_ok()),
    door("the-memory-of-the-kernel", |_| fs::File::open("/dev/kmsg").is_ok()),
    // The network and the host's sockets.
    door("a-port-of-the-host", |told| TcpStream::connect(("127.0.0.1", told.port)).is_ok()),
    door("a-datagram", |told| {
        UdpSocket::bind(("127.0.0.1", 0))
            .and_then(|socket| socket.send_to(b"x", ("127.0.0.1", told.port)))
            .is_ok()
    }),
    door("an-abstract-socket", |told| {
        SocketAddr::from_abstract_name(&told.name)
            .and_then(|address| UnixStream::connect_addr(&address))
            .is_ok()
    }),
    door("a-socket-in-a-folder", |told| UnixStream::connect(told.folder.join("socket")).is_ok()),
    door("netlink", |_| is_made("socket", [16, 3, 0, 0, 0, 0])),
    door("a-raw-socket", |_| is_made("socket", [2, 3, 1, 0, 0, 0])),
    door("packets", |_| is_made("socket", [17, 3, 0, 0, 0, 0])),
    door("the-hypervisor", |_| is_made("socket", [40, 1, 0, 0, 0, 0])),
    door("the-kernels-ciphers", |_| is_made("socket", [38, 5, 0, 0, 0, 0])),
    door("a-socket-pair", |_| is_reached("socketpair", [1, 1, 0, 0, 0, 0])),
    // Other processes.
    door("a-signal-to-its-parent", |told| is_made("kill", [told.parent, 0, 0, 0, 0, 0])),
    door("tracing", |_| is_reached("ptrace", [16, u64::MAX >> 33, 0, 0, 0, 0])),
    door("the-memory-of-others", |told| {
        is_reached("process_vm_readv", [told.parent, 0, 0, 0, 0, 0])
    }),
    door("writing-to-the-memory-of-others", |told| {
        is_reached("process_vm_writev", [told.parent, 0, 0, 0, 0, 0])
    }),
    door("the-memory-of-the-first", |_| fs::File::open("/proc/1/mem").is_ok()),
    door("a-descriptor-of-others", |_| is_reached("pidfd_getfd", [u64::MAX, 0, 0, 0, 0, 0])),
    door("a-handle-of-a-process", |told| is_made("pidfd_open", [told.parent, 0, 0, 0, 0, 0])),
    // The kernel.
    door("io-uring", |_| is_reached("io_uring_setup", [1, 0, 0, 0, 0, 0])),
    door("userfaultfd", |_| is_reached("userfaultfd", [1, 0, 0, 0, 0, 0])),
    door("bpf", |_| is_reached("bpf", [0; 6])),
    door("performance-counters", |_| is_reached("perf_event_open", [0; 6])),
    door("keys", |_| is_reached("keyctl", [0, u64::MAX - 2, 0, 0, 0, 0])),
    door("a-new-user-namespace", |_| is_made("unshare", [0x1000_0000, 0, 0, 0, 0, 0])),
    door("another-namespace", |_| is_reached("setns", [u64::MAX, 0, 0, 0, 0, 0])),
    door("a-mount", |_| is_reached("mount", [0; 6])),
    door("another-root", |_| is_reached("pivot_root", [0; 6])),
    door("clone3", |_| is_reached("clone3", [0; 6])),
    door("a-file-by-handle", |_| is_reached("open_by_handle_at", [0; 6])),
    door("a-file-in-memory", |_| is_reached("memfd_create", [0; 6])),
    door("shared-memory", |_| is_made("shmget", [0, 4096, 0o1600, 0, 0, 0])),
    door("another-personality", |_| is_made("personality", [0x004_0000, 0, 0, 0, 0, 0])),
    door("another-user", |_| is_reached("setresuid", [0; 6])),
    // CAP_SYS_ADMIN in the set that bounds what a program can ever have.
    door("a-capability", |_| {
        call_number("prctl")
            .is_some_and(|prctl| attempt(prctl, [23, 21, 0, 0, 0, 0]).is_ok_and(|is| is == 1))
    }),
    door("the-terminals-input", |_| is_reached("ioctl", [0, 0x5412, 0, 0, 0, 0])),
    door("numbers-of-another-architecture", |_| attempt(0x4000_0027, [0; 6]).is_ok()),
    // What it was born with.
    door("a-leaked-descriptor", |told| is_made("fcntl", [told.leaked, 1, 0, 0, 0, 0])),
    door("a-variable-of-the-environment", |_| std::env::vars_os().next().is_some()),
    // Resources.
    door("another-process", |_| forks()),
    door("a-thread", |_| std::thread::Builder::new().spawn(|| ()).is_ok()),
    door("too-many-descriptors", |_| (0..256).all(|_| is_made("dup", [1, 0, 0, 0, 0, 0]))),
    // The limit of descriptors, from an address that is none.
    door("higher-limits", |_| is_reached("prlimit64", [0, 7, 1, 0, 0, 0])),
    door("too-much-memory", |_| too_much_memory()),
];

const fn door(name: &'static str, is_open: fn(&Told) -> bool) -> Door {
    Door { name, is_open }
}

/// Whether a call succeeds.
fn is_made(call: &str, arguments: [u64; 6]) -> bool {
    call_number(call).is_some_and(|number| attempt(number, arguments).is_ok())
}

/// Whether a call is looked at by the kernel at all: it complains of anything but a lack of permission.
fn is_reached(call: &str, arguments: [u64; 6]) -> bool {
    let Some(number) = call_number(call) else { return false };
    let closed = [libc::EPERM, libc::EACCES, libc::ENOSYS];
    match attempt(number, arguments) {
        Ok(_) => true,
        Err(error) => !error.raw_os_error().is_some_and(|errno| closed.contains(&errno)),
    }
}

fn forks() -> bool {
    // SIGCHLD alone: what every older fork is.
    let result = call_number("clone").map_or_else(
        || Err(io::ErrorKind::Unsupported.into()),
        |number| attempt(number, [17, 0, 0, 0, 0, 0]),
    );
    if matches!(result, Ok(0)) {
        // The child has nothing to say.
        crate::native::end(0);
    }
    result.is_ok()
}

fn too_much_memory() -> bool {
    let mut memory: Vec<u8> = Vec::new();
    if memory.try_reserve_exact(MUCH).is_err() {
        return false;
    }
    memory.resize(MUCH, 1);
    memory.iter().step_by(4096).all(|byte| *byte == 1)
}

/// Four times what the default policy allows.
const MUCH: usize = 200_000_000;

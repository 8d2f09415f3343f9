//! What lies outside of the sandbox, to be reached by whoever gets out.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Listeners, a secret and a descriptor that nobody closed.
#[derive(Debug)]
pub(crate) struct Scene {
    folder: PathBuf,
    leaked: OwnedFd,
    tcp: TcpListener,
    name: String,
    _abstract: UnixListener,
    _path: UnixListener,
}

impl Scene {
    pub(crate) fn set() -> io::Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("wardkit-corpus-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir(&folder)?;
        let mut secret = std::fs::File::create(folder.join("secret"))?;
        secret.write_all(b"secret")?;
        // As a library leaks it that does not mark what it opens; far from the numbers that a new program gets.
        let leaked = rustix::io::fcntl_dupfd_cloexec(&secret, 200)?;
        rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty())?;
        Ok(Self {
            leaked,
            tcp: TcpListener::bind(("127.0.0.1", 0))?,
            _abstract: UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?,
            _path: UnixListener::bind(folder.join("socket"))?,
            folder,
            name,
        })
    }

    /// What the program inside is told: it is to fail although it knows everything.
    pub(crate) fn told(&self) -> Vec<OsString> {
        let port = self.tcp.local_addr().map_or(0, |address| address.port());
        let leaked = self.leaked.as_raw_fd();
        let parent = std::process::id();
        vec![
            self.folder.clone().into(),
            self.name.clone().into(),
            port.to_string().into(),
            leaked.to_string().into(),
            parent.to_string().into(),
        ]
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // A leftover in the temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The scene as the program inside knows it.
#[derive(Debug)]
pub(crate) struct Told {
    pub folder: PathBuf,
    pub name: String,
    pub port: u16,
    pub leaked: u64,
    pub parent: u64,
}

impl Told {
    pub(crate) fn read(arguments: &[OsString]) -> Option<Self> {
        let [folder, name, port, leaked, parent] = arguments else { return None };
        Some(Self {
            folder: folder.into(),
            name: name.to_str()?.into(),
            port: port.to_str()?.parse().ok()?,
            leaked: leaked.to_str()?.parse().ok()?,
            parent: parent.to_str()?.parse().ok()?,
        })
    }
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

//! Real servers: Redis and Postgres with each way to sign in.
//!
//! `cargo xtask ci` installs them and runs this; by hand, with Debian's `redis-server` and `postgresql`:
//! `cargo test -p wardkit-probe --features interop --test interop`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod postgres;
mod redis;

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_probe::{NoHttp, Outcome, Target, ask};

/// A directory for a server, which is run by somebody who is not root.
struct Home {
    dir: TempDir,
    /// Whom the server is run as, when that is not us.
    user: Option<u32>,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(dir.path()).unwrap().uid() == 0;
        let home = Self { dir, user: is_root.then_some(NOBODY) };
        home.give(home.dir.path());
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self.give(&path);
        path
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.dir.path());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    fn give(&self, path: &Path) {
        if let Some(user) = self.user {
            chown(path, Some(user), Some(user)).unwrap();
        }
    }
}

/// A server that runs, and is told to end when this is dropped.
struct Running(Child);

impl Running {
    /// Waits until the server says that it is ready.
    fn wait_for(mut child: Child, output: impl Read + Send + 'static, sign: &str) -> Self {
        let mut said = String::new();
        let mut lines = BufReader::new(output);
        while !said.contains(sign) {
            let count = lines.read_line(&mut said).unwrap();
            assert!(count > 0, "{:?}: {said}", child.wait());
        }
        // It must not be stopped by a pipe that nobody reads.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self(child)
    }

    fn stop(&mut self) {
        let told = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(told.unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.stop();
        }
    }
}

async fn asked(target: impl Into<Target>) -> Outcome {
    ask(&target.into(), &NoHttp, Duration::from_mins(1)).await
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Debian's user and group for what must own nothing else.
const NOBODY: u32 = 65534;

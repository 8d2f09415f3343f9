//! Real guardians, masters and services, killed in every order.

mod deaths;
mod many;
mod output;
mod refusals;
mod services;
mod stops;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_guardian::{Client, Ended, Event, Held, Options, Spawn, Then};
use wardkit_process::Procfs;

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A guardian in a folder of its own, which ends with the test.
struct Scene {
    folder: TempDir,
    options: Options,
    client: Option<Client>,
}

impl Scene {
    fn new(instance: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let mut options = Options::default();
        options.socket = folder.path().join("guardian.sock");
        options.guardian = vec![env!("CARGO_BIN_EXE_wardkit-guardian").into(), "--guardian".into()];
        options.master.instance = format!("{instance}-{}", std::process::id());
        let client = Some(Client::start(&options).expect("it starts"));
        Self { folder, options, client }
    }

    fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("it is attached")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spawn(&mut self, service: &str, generation: u64, script: &str) -> Held {
        let spawn = shell(service, generation, script);
        self.client().spawn(&spawn).expect("it starts")
    }

    /// Attaches anew, or to a new guardian.
    fn restart(&mut self) -> &mut Client {
        self.client = None;
        let options = self.options.clone();
        // The guardian that was killed may still be closing its socket, or our own connection is noticed late.
        self.client = Some(eventually(|| Client::start(&options).ok()));
        self.client()
    }
}

/// Ends everything, also when a test has failed.
impl Drop for Scene {
    fn drop(&mut self) {
        self.client = None;
        // It may not have noticed yet that its master is gone.
        let attach = || match Client::start(&self.options) {
            Err(error) if error.is_transient() => None,
            started => Some(started),
        };
        let Ok(mut client) = eventually(attach) else { return };
        let held = client.list().unwrap_or_default();
        let kill = |held: &Held| {
            wardkit_guardian::Stop::kill(held.record.service.clone(), held.record.generation)
        };
        let stops: Vec<_> = held.iter().map(kill).collect();
        if client.stop_all(&stops, Then::End).is_ok() {
            while client.wait_event(PATIENCE).is_ok_and(|event| event.is_some()) {}
        }
    }
}

fn shell(service: &str, generation: u64, script: &str) -> Spawn {
    let mut spawn = Spawn::new(service, generation, ["/bin/sh", "-c", script]);
    spawn.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    spawn
}

/// Waits for the next event.
fn event(client: &mut Client) -> Event {
    client.wait_event(PATIENCE).expect("the guardian lives").expect("something happens")
}

/// Waits for the end of a service, and takes notice of it.
fn ended(client: &mut Client, service: &str) -> Ended {
    loop {
        if let Event::Ended(held) = event(client)
            && held.record.service == service
        {
            client.acknowledge(service, held.record.generation).expect("it has ended");
            return held.ended.expect("it has ended");
        }
    }
}

fn lives(pid: u32) -> bool {
    Procfs::default().stat(pid).is_ok_and(|stat| !stat.has_ended())
}

/// Reads the numbers in a file, once there are as many as wanted.
fn pids(file: &Path, wanted: usize) -> Vec<u32> {
    eventually(|| {
        let text = std::fs::read_to_string(file).ok()?;
        let pids: Vec<u32> = text.lines().map_while(|line| line.parse().ok()).collect();
        (pids.len() >= wanted && text.ends_with('\n')).then_some(pids)
    })
}

/// Waits until a condition holds, asking now and then.
fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    for _ in 0..3_000 {
        if let Some(found) = condition() {
            return found;
        }
        // Of no descriptor anything is heard: the pause passes.
        let _ = rustix::event::poll(&mut [], Some(&pause));
    }
    panic!("it never came to hold");
}

use std::io::Write;
use std::sync::Mutex;

use tracing_subscriber::fmt::MakeWriter;
use wardkit_core::Health;

use super::*;
use crate::{Asked, BoxFuture, ControlClient, ReloadRefused, Reloaded, Status};

/// A daemon that nobody may ask. It learns who tried.
#[derive(Default)]
struct Untouchable(Mutex<Vec<(Caller, Asked)>>);

impl Daemon for Untouchable {
    fn health(&self) -> Vec<(String, Health)> {
        panic!("asked for its health")
    }

    fn status(&self) -> Status {
        panic!("asked for its status")
    }

    fn write_metrics(&self, _: &mut String) {
        panic!("asked for its metrics")
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        panic!("told to reload")
    }

    fn asked(&self, by: Caller, what: Asked) {
        self.0.lock().unwrap().push((by, what));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn another_user_is_refused_and_the_log_says_so() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let mut server = ControlServer::bind(&path).unwrap();
    // This process is neither of them, even when it runs as root.
    server.socket.welcome = [u32::MAX - 1; 2];
    let client = ControlClient::new(&path);
    let daemon = Arc::new(Untouchable::default());
    let calls = async {
        assert!(
            matches!(client.status().await, Err(Error::Denied { path: named }) if named == path)
        );
        assert!(matches!(client.reload().await, Err(Error::Denied { .. })));
    };
    tokio::select! {
        () = server.serve(Arc::clone(&daemon) as Arc<dyn Daemon>, std::future::pending()) => {}
        () = calls => {}
    }
    let own = rustix::process::geteuid().as_raw();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let refusals: Vec<_> = log.lines().filter(|line| line.contains("user refused")).collect();
    assert_eq!(refusals.len(), 2, "{log}");
    let caller = Caller::new(own, i32::try_from(std::process::id()).ok());
    assert_eq!(*daemon.0.lock().unwrap(), [(caller, Asked::Refused); 2]);
    assert!(refusals[0].contains("WARN") && refusals[0].contains(&format!("uid={own}")), "{log}");
}

#[test]
fn the_daemons_user_and_root_are_welcome() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let _runtime = runtime.enter();
    let directory = tempfile::tempdir().unwrap();
    let server = ControlServer::bind(directory.path().join("control.sock")).unwrap();
    assert_eq!(server.socket.welcome, [rustix::process::geteuid().as_raw(), 0]);
}

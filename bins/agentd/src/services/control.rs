//! The part `control`: the socket that the local commands speak to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wardkit_api::{ControlServer, Error};
use wardkit_core::Health;

use crate::app::App;

/// Opens the socket.
pub(crate) fn open(path: PathBuf) -> Result<(ControlServer, PathBuf), Error> {
    ControlServer::bind(&path).map(|server| (server, path))
}

/// Starts the part with the socket that is open; a restart opens a new one.
pub(crate) fn start(app: &App, (server, path): (ControlServer, PathBuf)) {
    let daemon = app.clone();
    let first = Mutex::new(Some(server));
    app.parts.start("control", move |context| {
        let open = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (path, daemon) = (path.clone(), Arc::new(daemon.clone()));
        async move {
            let server = open.map_or_else(|| ControlServer::bind(&path), Ok)?;
            context.set_health(Health::Up);
            server.serve(daemon, context.stopped()).await;
            Ok(())
        }
    });
}

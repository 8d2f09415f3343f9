//! The part `http`: the listener.

use std::sync::Arc;

use wardkit_api::{Error, HttpConfig, HttpServer, WriteToken};
use wardkit_core::Health;

use crate::app::{App, Listening};

/// An open address. It outlives the servers on it, so that a restart or a reload refuses nobody; the configuration
/// in force owns it, so that it is free again as soon as another address is in force.
pub(crate) type Listener = Arc<HttpServer>;

/// Reads the token that those who write must bring.
pub(crate) async fn token(config: &HttpConfig) -> Result<Option<WriteToken>, Error> {
    let (config, path) = (config.clone(), config.token_file.clone());
    let read = tokio::task::spawn_blocking(move || config.read_token()).await;
    read.unwrap_or_else(|panic| Err(Error::Token { path, source: panic.into() }))
}

/// Opens the address.
pub(crate) async fn open(config: &HttpConfig) -> Result<Listener, Error> {
    let server = HttpServer::bind(config.clone()).await?;
    Ok(Arc::new(server.with_program_name("agentd")))
}

/// Starts the part, or replaces it; the old server finishes its requests beside the new one.
pub(crate) fn start(app: &App, listener: &Listener, config: HttpConfig, token: Option<WriteToken>) {
    app.set_listening(Listening {
        address: Some(listener.local_addr()),
        drain: config.drain_timeout,
    });
    let (daemon, listener) = (app.clone(), Arc::downgrade(listener));
    app.parts.start("http", move |context| {
        let (listener, config, token, daemon) =
            (listener.clone(), config.clone(), token.clone(), Arc::new(daemon.clone()));
        async move {
            let Some(open) = listener.upgrade() else {
                // Another address is in force, and this part has been replaced.
                context.stopped().await;
                return Ok(());
            };
            let server = open.with_config(config)?.with_write_token(token);
            drop(open);
            context.set_health(Health::Up);
            server.serve(daemon, context.stopped()).await;
            Ok(())
        }
    });
}

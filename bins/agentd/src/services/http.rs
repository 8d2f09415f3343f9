//! The part `http`: the listener.

use std::sync::Arc;

use wardkit_api::{Error, HttpConfig, HttpServer};
use wardkit_core::Health;

use crate::app::{App, Listening};

/// An open address. It outlives the servers on it, so that a restart or a reload refuses nobody; the configuration
/// in force owns it, so that it is free again as soon as another address is in force.
pub(crate) type Listener = Arc<HttpServer>;

/// Opens the address.
pub(crate) async fn open(config: &HttpConfig) -> Result<Listener, Error> {
    let server = HttpServer::bind(config.clone()).await?;
    Ok(Arc::new(server.with_program_name("agentd")))
}

/// Starts the part, or replaces it; the old server finishes its requests beside the new one.
pub(crate) fn start(app: &App, listener: &Listener, config: HttpConfig) {
    app.set_listening(Listening { address: listener.local_addr(), drain: config.drain_timeout });
    let (daemon, listener) = (app.clone(), Arc::downgrade(listener));
    app.parts.start("http", move |context| {
        let (listener, config, daemon) =
            (listener.clone(), config.clone(), Arc::new(daemon.clone()));
        async move {
            let Some(open) = listener.upgrade() else {
                // Another address is in force, and this part has been replaced.
                context.stop.cancelled().await;
                return Ok(());
            };
            let server = open.with_config(config)?;
            drop(open);
            context.set_health(Health::Up);
            server.serve(daemon, context.stop.cancelled()).await;
            Ok(())
        }
    });
}

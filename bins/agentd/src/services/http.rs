//! The part `http`: the listener.

use std::sync::Arc;

use wardkit_api::{Error, HttpConfig, HttpServer};
use wardkit_core::Health;

use crate::app::App;

/// An open address. It outlives the servers on it, so that a restart or a reload refuses nobody.
pub(crate) type Listener = Arc<HttpServer>;

/// Opens the address.
pub(crate) async fn open(config: &HttpConfig) -> Result<Listener, Error> {
    let server = HttpServer::bind(config.clone()).await?;
    Ok(Arc::new(server.with_program_name("agentd")))
}

/// Starts the part, or replaces it; the old server finishes its requests beside the new one.
pub(crate) fn start(app: &App, listener: Listener, config: HttpConfig) {
    app.set_listen(listener.local_addr());
    let daemon = app.clone();
    app.parts.start("http", move |context| {
        let (listener, config, daemon) =
            (listener.clone(), config.clone(), Arc::new(daemon.clone()));
        async move {
            let server = listener.with_config(config)?;
            context.set_health(Health::Up);
            server.serve(daemon, context.stop.cancelled()).await;
            Ok(())
        }
    });
}

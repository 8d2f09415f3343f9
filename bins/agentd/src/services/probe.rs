//! The part `probe`: health checks of what runs beside agentd.

use std::sync::Arc;

use wardkit_core::{Health, SystemClock};
use wardkit_probe::{Config, Prober};
use wardkit_supervise::tasks::Context;

use crate::app::App;
use crate::telemetry::Web;

/// Starts the part, replaces it, or ends it where there is nothing to check.
pub(crate) fn start(app: &App, config: &Config) {
    if config.checks.is_empty() {
        app.parts.end("probe");
        app.telemetry.set_checks(None);
        return;
    }
    let (app_of_part, config) = (app.clone(), config.clone());
    app.parts.start("probe", move |context| run(app_of_part.clone(), context, config.clone()));
}

async fn run(
    app: App,
    context: Context,
    config: Config,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let web = Arc::new(Web::new(&config)?);
    let prober = Prober::new(config, web, Arc::new(SystemClock), u64::from(std::process::id()))?;
    if let Some(before) = app.telemetry.checks() {
        prober.take_over(&before);
    }
    app.telemetry.set_checks(Some(prober.clone()));
    context.set_health(Health::Up);
    prober.run(|event| app.events.publish(event), context.stopped()).await;
    Ok(())
}

//! Configurations of Alertmanager: what it refuses, where it routes, what its templates say.

mod config;
mod routes;
mod server;
mod templates;

use std::path::Path;

use wardkit_alerting::alertmanager::Alertmanager;

/// Reads a configuration without files of templates.
fn read(text: &str) -> Result<Alertmanager, String> {
    Alertmanager::parse(Path::new("/nowhere/am.yml"), text, &mut |_| Ok(Vec::new()))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

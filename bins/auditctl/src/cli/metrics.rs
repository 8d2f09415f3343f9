//! The command line of `auditctl metrics`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Metrics {
    #[command(subcommand)]
    pub command: MetricsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MetricsCommand {
    /// Prints what Prometheus and Grafana need to show and judge agentd's metrics
    Files {
        /// Which file
        #[arg(value_enum)]
        file: MetricsFile,
        /// Where Prometheus reaches agentd: `HOST:PORT`; may be given several times
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9180", value_parser = target)]
        target: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetricsFile {
    /// A configuration of Prometheus that scrapes the targets
    PrometheusScrape,
    /// Rules by which Prometheus raises alerts
    PrometheusRules,
    /// A dashboard to import into Grafana
    Grafana,
}

/// A host and a port, and nothing that could end a line of YAML.
fn target(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("give HOST:PORT")?;
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    if !is_host {
        return Err("the host is a name or an address; one of IPv6 in brackets");
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(text.to_owned()),
        _ => Err("the port is a number from 1 to 65535"),
    }
}

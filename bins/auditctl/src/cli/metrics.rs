//! The command line of `auditctl metrics`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Metrics {
    #[command(subcommand)]
    pub command: MetricsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MetricsCommand {
    /// Shows the processes that use most
    Top {
        /// How many
        #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        most: u16,
    },
    /// Shows what series are worth now, or were over a time
    #[command(after_help = QUERY_HELP)]
    Query(Query),
    /// Prints what series were over a time as CSV, for `detect`, `forecast` or a spreadsheet
    Export(Query),
    /// Tells when what a series counts comes to its end, from the daemon's history
    Forecast {
        /// The series: `name{label="value"}`
        series: String,
        /// The value at its end; without it the daemon's own idea of it, or nothing left
        #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
        limit: Option<f64>,
    },
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

#[derive(Clone, Debug, Args)]
pub(crate) struct Query {
    /// The series: `name{label="value"}`
    pub series: String,
    /// From how long ago on: `6h`, `7d`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub since: Option<Duration>,
    /// How far apart the values are; without it as far as reads well
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub step: Option<Duration>,
    /// What becomes of the samples within a step: `avg`, `min`, `max`, `sum`, `count`, `last`, `rate`, `increase`, or
    /// a quantile such as `q0.95`
    #[arg(long, value_name = "NAME")]
    pub aggregate: Option<String>,
}

pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    let day = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let days = day.map(|days| Duration::from_hours(24) * days);
    days.or_else(|| wardkit_retry::duration::parse(text))
        .ok_or("give a duration such as 90s, 6h or 7d")
}

const QUERY_HELP: &str = "\
Examples:
  auditctl metrics query node_load1
  auditctl metrics query 'node_filesystem_avail_bytes{mountpoint=\"/\"}' --since 7d
  auditctl metrics query node_network_receive_bytes_total --since 1h --aggregate rate
  auditctl metrics export node_load1 --since 7d --step 5m | auditctl detect -";

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

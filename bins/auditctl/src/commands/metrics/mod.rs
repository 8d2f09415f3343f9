//! `auditctl metrics`.

mod asked;
mod grafana;
mod prometheus;
mod tables;

use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report};

pub(super) use asked::bottleneck;

use super::print;
use crate::cli::{Metrics, MetricsCommand, MetricsFile};

/// Runs the command.
pub(super) fn run(common: &Common, metrics: &Metrics) -> Result<ExitCode, Report> {
    match &metrics.command {
        MetricsCommand::Top { most } => asked::top(common, *most),
        MetricsCommand::Query(query) => asked::query(common, query),
        MetricsCommand::Export(query) => asked::export(common, query),
        MetricsCommand::Forecast { series, limit } => asked::forecast(common, series, *limit),
        MetricsCommand::Files { file, target } => files(common.format, *file, target),
    }
}

fn files(format: Format, file: MetricsFile, targets: &[String]) -> Result<ExitCode, Report> {
    let text = match file {
        MetricsFile::PrometheusScrape => prometheus::scrape(targets),
        MetricsFile::PrometheusRules => prometheus::rules(),
        MetricsFile::Grafana => format!("{:#}\n", grafana::dashboard()),
    };
    print(&match format {
        Format::Text => text,
        Format::Json => format!("{}\n", json!({ "content": text })),
    })?;
    Ok(ExitCode::SUCCESS)
}

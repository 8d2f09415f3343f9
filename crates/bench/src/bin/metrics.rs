//! Measures metrics beside their peers and writes the report.
//!
//! `metrics [--out DIR] [--recording FILE] [--quick]`: without `--out` the report goes to standard output; what a sample
//! takes on the disk is measured with what a machine told, one text after another behind lines `# moment SECONDS`;
//! `--quick` is for trying the programs, not for figures.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use wardkit_bench::cases::{Topic, history, metrics};
use wardkit_bench::report::{self, Host, Measured};
use wardkit_bench::rounds::{Effort, measure};
use wardkit_bench::{host_scrape, recorded};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut out, mut recording) = (None, None);
    let mut effort = Effort { rounds: 51, slice: Duration::from_millis(10) };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => {
                out = Some(PathBuf::from(arguments.next().ok_or("--out needs a directory")?));
            }
            "--recording" => {
                recording =
                    Some(PathBuf::from(arguments.next().ok_or("--recording needs a file")?));
            }
            "--quick" => effort = Effort { rounds: 5, slice: Duration::from_millis(1) },
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let before = Host::here();
    let recorded = recorded::section(recording.as_deref())?;
    let measured = |topics: Vec<Topic>| -> Vec<Measured> {
        let topics = topics.into_iter().map(|mut topic| Measured {
            name: topic.name,
            what: topic.what,
            goal: topic.goal,
            bytes: topic.bytes,
            outcomes: measure(&mut topic.cases, effort),
        });
        topics.collect()
    };
    let sections =
        |measured: &[Measured]| measured.iter().map(report::section).collect::<Vec<_>>().join("\n");
    let (counted, kept) = (measured(metrics::topics()), measured(history::topics()));
    let host = host_scrape::section(if effort.rounds > 5 { 200 } else { 20 })?;
    let mut values = report::circumstances(&before, &Host::here(), effort, PACKAGES);
    values.extend([
        ("chart", CHART.to_owned()),
        ("sections", sections(&counted)),
        ("host", host),
        ("recorded", recorded),
        ("history", sections(&kept)),
    ]);
    let page = report::fill(include_str!("../report/metrics.md"), &values);
    report::publish(out.as_deref(), (PAGE, &page), (CHART, &report::chart(&counted)))?;
    Ok(())
}

const PAGE: &str = "metrics.md";
const CHART: &str = "metrics.svg";

/// The packages whose versions the page names.
const PACKAGES: &[&str] = &[
    "wardkit-metrics",
    "prometheus",
    "prometheus-client",
    "metrics",
    "metrics-exporter-prometheus",
    "opentelemetry_sdk",
    "opentelemetry-prometheus",
    "rusqlite",
    "sysinfo",
];

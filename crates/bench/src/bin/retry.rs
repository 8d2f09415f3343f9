//! Measures the retry crates side by side and writes the report.
//!
//! `retry [--out DIR] [--quick]`: without `--out` the report goes to standard output; `--quick` is for trying the
//! programs, not for figures.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use wardkit_bench::cases::topics;
use wardkit_bench::outage::subjects::subjects;
use wardkit_bench::outage::{Model, simulate};
use wardkit_bench::report::{self, Host, Measured};
use wardkit_bench::rounds::{Effort, measure};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = None;
    let mut effort = Effort { rounds: 51, slice: Duration::from_millis(10) };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => {
                out = Some(PathBuf::from(arguments.next().ok_or("--out needs a directory")?));
            }
            "--quick" => effort = Effort { rounds: 5, slice: Duration::from_millis(1) },
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let before = Host::here();
    let measured: Vec<_> = topics()
        .into_iter()
        .map(|mut topic| {
            let outcomes = measure(&mut topic.cases, effort);
            Measured {
                name: topic.name,
                what: topic.what,
                goal: topic.goal,
                bytes: topic.bytes,
                outcomes,
            }
        })
        .collect();
    let after = Host::here();
    report::publish(
        out.as_deref(),
        (PAGE, &page(&before, &after, effort, &measured)),
        (CHART, &report::chart(&measured)),
    )?;
    Ok(())
}

/// Fills in the page.
fn page(before: &Host, after: &Host, effort: Effort, measured: &[Measured]) -> String {
    let model = Model::default();
    let outage: Vec<_> = subjects().iter().map(|subject| simulate(model, subject)).collect();
    let sections: Vec<_> = measured.iter().map(report::section).collect();
    let mut values = report::circumstances(before, after, effort, PACKAGES);
    values.extend([
        ("chart", CHART.to_owned()),
        ("clients", model.clients.to_string()),
        ("sections", sections.join("\n")),
        ("outage", report::outage_table(&outage)),
        ("outage-verdicts", report::outage_verdicts(&outage)),
    ]);
    report::fill(include_str!("../report/retry.md"), &values)
}

const PAGE: &str = "retry.md";
const CHART: &str = "retry.svg";

/// The packages whose versions the page names.
const PACKAGES: &[&str] = &[
    "wardkit-retry",
    "backoff",
    "backon",
    "failsafe",
    "recloser",
    "seatbelt",
    "tokio-retry2",
    "tower-resilience",
];

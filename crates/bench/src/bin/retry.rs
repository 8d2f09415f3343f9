//! Measures the retry crates side by side and writes the report.
//!
//! `retry [--out DIR] [--quick]`: without `--out` the report goes to standard output; `--quick` is for trying the
//! programs, not for figures.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use wardkit_bench::cases::topics;
use wardkit_bench::outage::subjects::subjects;
use wardkit_bench::outage::{Model, simulate};
use wardkit_bench::report::{self, Host, Measured};
use wardkit_bench::rounds::{Effort, measure};
use wardkit_core::{Clock, SystemClock};

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
    publish(out.as_deref(), &page(&before, &after, effort, &measured), &report::chart(&measured))
}

/// Fills in the page.
fn page(before: &Host, after: &Host, effort: Effort, measured: &[Measured]) -> String {
    let model = Model::default();
    let outage: Vec<_> = subjects().iter().map(|subject| simulate(model, subject)).collect();
    let versions: Vec<_> = report::versions(PACKAGES)
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let sections: Vec<_> = measured.iter().map(report::section).collect();
    let date = SystemClock.now().to_string();
    let values = [
        ("date", date.split('T').next().unwrap_or_default().to_owned()),
        ("processor", before.processor.clone()),
        ("processors", before.processors.to_string()),
        ("compiler", before.compiler.clone()),
        ("load-before", before.load.clone()),
        ("load-after", after.load.clone()),
        ("rounds", effort.rounds.to_string()),
        ("slice", effort.slice.as_millis().to_string()),
        ("versions", versions.join(", ")),
        ("chart", CHART.to_owned()),
        ("clients", model.clients.to_string()),
        ("sections", sections.join("\n")),
        ("outage", report::outage_table(&outage)),
        ("outage-verdicts", report::outage_verdicts(&outage)),
    ];
    let template = include_str!("../report/retry.md").to_owned();
    let page = values
        .iter()
        .fold(template, |page, (key, value)| page.replace(&format!("{{{{{key}}}}}"), value));
    format!("{}\n", page.trim_end())
}

#[expect(clippy::print_stdout, reason = "the report is this program's output")]
fn publish(out: Option<&Path>, page: &str, chart: &str) -> Result<(), Box<dyn Error>> {
    let Some(out) = out else {
        println!("{page}");
        return Ok(());
    };
    fs::write(out.join(PAGE), page)?;
    fs::write(out.join(CHART), chart)?;
    Ok(())
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

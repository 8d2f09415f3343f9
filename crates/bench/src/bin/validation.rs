//! Measures validation beside its peers and writes the report.
//!
//! `validation [--out DIR] [--quick] [--corpus FILE]`: without `--out` the report goes to standard output. The corpus
//! is labelled messages, one JSON object a line: `{"payload", "class", "expected": "attack"|"benign", "tier"}`; with
//! it the report says what is found, beside libinjection.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use wardkit_bench::cases::validation::topics;
use wardkit_bench::detection;
use wardkit_bench::report::{self, Host, Measured};
use wardkit_bench::rounds::{Effort, measure};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut out, mut corpus) = (None, None);
    let mut effort = Effort { rounds: 51, slice: Duration::from_millis(10) };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => {
                out = Some(PathBuf::from(arguments.next().ok_or("--out needs a directory")?));
            }
            "--corpus" => {
                corpus = Some(PathBuf::from(arguments.next().ok_or("--corpus needs a file")?));
            }
            "--quick" => effort = Effort { rounds: 5, slice: Duration::from_millis(1) },
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let detection = match corpus {
        None => "Not measured in this run: no corpus was given.\n".to_owned(),
        Some(path) => detection::table(&fs::read_to_string(path)?)?,
    };
    let before = Host::here();
    let measured: Vec<_> = topics()
        .into_iter()
        .map(|mut topic| Measured {
            name: topic.name,
            what: topic.what,
            goal: topic.goal,
            bytes: topic.bytes,
            outcomes: measure(&mut topic.cases, effort),
        })
        .collect();
    let page = page(&before, &Host::here(), effort, &measured, &detection);
    report::publish(out.as_deref(), (PAGE, &page), (CHART, &report::chart(&measured)))?;
    Ok(())
}

/// Fills in the page.
fn page(
    before: &Host,
    after: &Host,
    effort: Effort,
    measured: &[Measured],
    detection: &str,
) -> String {
    let sections: Vec<_> = measured.iter().map(report::section).collect();
    let mut values = report::circumstances(before, after, effort, PACKAGES);
    values.extend([
        ("chart", CHART.to_owned()),
        ("detection", detection.to_owned()),
        ("sections", sections.join("\n")),
    ]);
    report::fill(include_str!("../report/validation.md"), &values)
}

const PAGE: &str = "validation.md";
const CHART: &str = "validation.svg";

/// The packages whose versions the page names.
const PACKAGES: &[&str] =
    &["wardkit-validation", "ammonia", "governor", "libinjectionrs", "regex", "unicode-security"];

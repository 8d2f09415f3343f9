//! What every page has in common: under which circumstances it was made, and where it goes.

use std::fs;
use std::io;
use std::path::Path;

use wardkit_core::{Clock, SystemClock};

use super::{Host, versions};
use crate::rounds::Effort;

/// Values for the places of a template, by their names.
pub type Values = Vec<(&'static str, String)>;

/// Returns the day, the machine before and after, the effort and the versions of packages.
#[must_use]
pub fn circumstances(before: &Host, after: &Host, effort: Effort, packages: &[&str]) -> Values {
    let date = SystemClock.now().to_string();
    let versions: Vec<_> =
        versions(packages).iter().map(|(name, version)| format!("{name} {version}")).collect();
    vec![
        ("date", date.split('T').next().unwrap_or_default().to_owned()),
        ("processor", before.processor.clone()),
        ("processors", before.processors.to_string()),
        ("compiler", before.compiler.clone()),
        ("load-before", before.load.clone()),
        ("load-after", after.load.clone()),
        ("rounds", effort.rounds.to_string()),
        ("slice", effort.slice.as_millis().to_string()),
        ("versions", versions.join(", ")),
    ]
}

/// Fills in a template.
#[must_use]
pub fn fill(template: &str, values: &[(&str, String)]) -> String {
    let page = values.iter().fold(template.to_owned(), |page, (key, value)| {
        page.replace(&format!("{{{{{key}}}}}"), value)
    });
    format!("{}\n", page.trim_end())
}

/// Writes a page and its chart, each with its name, to a directory; without one the page goes to standard output.
///
/// # Errors
///
/// When a file cannot be written.
#[expect(clippy::print_stdout, reason = "the report is the programs' output")]
pub fn publish(out: Option<&Path>, page: (&str, &str), chart: (&str, &str)) -> io::Result<()> {
    let Some(out) = out else {
        println!("{}", page.1);
        return Ok(());
    };
    fs::write(out.join(page.0), page.1)?;
    fs::write(out.join(chart.0), chart.1)
}

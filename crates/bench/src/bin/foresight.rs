//! Measures how often forecasts and the leak rule are right, and writes the report.
//!
//! `foresight [--out DIR] [--quick]`: without `--out` the report goes to standard output.

use std::env;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use wardkit_bench::foresight;
use wardkit_bench::report;
use wardkit_core::{Clock as _, SystemClock};

#[expect(clippy::print_stdout, reason = "the report is the program's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut out = None;
    let (mut disks, mut processes) = (200, 300);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => {
                out = Some(PathBuf::from(arguments.next().ok_or("--out needs a directory")?));
            }
            "--quick" => (disks, processes) = (20, 10),
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let date = SystemClock.now().to_string();
    let values = [
        ("date", date.split('T').next().unwrap_or_default().to_owned()),
        ("disk-count", disks.to_string()),
        ("process-count", processes.to_string()),
        ("disks", foresight::disks(disks)),
        ("leaks", foresight::leaks(processes)),
    ];
    let page = report::fill(include_str!("../report/foresight.md"), &values);
    match out {
        None => print!("{page}"),
        Some(out) => fs::write(out.join("foresight.md"), page)?,
    }
    Ok(())
}

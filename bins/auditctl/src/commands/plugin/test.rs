//! `auditctl plugin test`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use wardkit_cli::{Format, Report, escaped};
use wardkit_plugin::sdk::{self, CaseEnded, TestReport};
use wardkit_sandbox::Size;

use super::{build, here, opened};
use crate::commands::{could_not_run, print};

/// Builds a plugin and runs its tests under the limits that it asks for. Ends with 1 when one fails.
pub(super) fn test(format: Format, folder: &Path) -> Result<ExitCode, Report> {
    build::build(folder)?;
    let package = opened(folder)?;
    let sandbox = here::sandbox(folder, &package)?;
    let tested = sdk::test(&package, &*sandbox, &here::answers(&package)).map_err(could_not_run)?;
    print(&match format {
        Format::Text => text(&tested),
        Format::Json => format!(
            "{}\n",
            json!({"passed": tested.passed(), "ok": tested.is_success(), "report": tested})
        ),
    })?;
    Ok(ExitCode::from(u8::from(!tested.is_success())))
}

fn text(tested: &TestReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for case in &tested.cases {
        let name = escaped(&case.name);
        let _ = match &case.ended {
            CaseEnded::Failed(reason) => writeln!(text, "FAILED  {name}: {}", escaped(reason)),
            _ => writeln!(text, "ok      {name}"),
        };
    }
    text += &used(tested);
    text += &proposed(tested);
    let failed = tested.cases.len() - tested.passed();
    if failed > 0 {
        let _ = writeln!(text, "{failed} failed");
    }
    let _ = writeln!(text, "{} passed", tested.passed());
    text
}

/// The most that one call used, beside what a call may.
fn used(tested: &TestReport) -> String {
    let (most, limits) = (&tested.most, &tested.limits);
    let time = limits.deadline();
    // A share of a processor for as long as a call may take.
    let processor = time * limits.cpu.thousandths() / 1000;
    let bytes = |used: u64, limit: Size| {
        (format!("{used} bytes"), limit.to_string(), share(used.into(), limit.0.into()))
    };
    let times = |used: Duration, limit: Duration| {
        (millis(used), millis(limit), share(used.as_micros(), limit.as_micros()))
    };
    let rows = [
        ("memory", bytes(most.peak_memory, limits.memory)),
        ("time", times(most.wall, time)),
        ("processor", times(most.cpu, processor)),
        ("output", bytes(tested.longest_output, limits.output)),
    ];
    let mut text = "\nthe most that one call used, of what it may:\n".to_owned();
    // Writing to a String cannot fail.
    for (what, (used, limit, share)) in rows {
        let _ = writeln!(text, "  {what:<10} {used} of {limit}, {share}");
    }
    if !most.throttled.is_zero() {
        let (still, cpu) = (millis(most.throttled), limits.cpu);
        let _ = writeln!(
            text,
            "  of its time it stood still for {still}: its share is {cpu} of a processor"
        );
    }
    for denied in &most.denied {
        let _ = writeln!(text, "  denied: {}, {} times", escaped(&denied.name), denied.count);
    }
    text
}

/// What the manifest should ask for, when that is not what it does.
fn proposed(tested: &TestReport) -> String {
    let proposal = &tested.proposal;
    let mut text = "\n".to_owned();
    for one in &proposal.missing {
        let _ = writeln!(text, "not asked for, and tried: {}", escaped(one));
    }
    for one in &proposal.unused {
        let _ = writeln!(text, "{}: {}; leave it out", escaped(&one.key), one.why);
    }
    if proposal.unused.is_empty() {
        return text;
    }
    let least = proposal.to_toml();
    if least.is_empty() {
        text += "these tests need no permission at all\n\n";
        return text;
    }
    text += "the permissions that these tests need:\n\n";
    for line in least.lines() {
        let _ = writeln!(text, "    {}", escaped(line));
    }
    text + "\n"
}

fn share(used: u128, limit: u128) -> String {
    let tenths = (used * 1000).checked_div(limit).unwrap_or_default();
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

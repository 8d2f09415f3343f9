//! `auditctl sandbox`.

mod corpus;
mod launch;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_sandbox::{Native, Sandbox as _, Strength};

use super::{could_not_run, print};
use crate::cli::{Sandbox, SandboxCommand};

pub(super) fn run(common: &Common, sandbox: &Sandbox) -> Result<ExitCode, Report> {
    match &sandbox.command {
        SandboxCommand::Probe => probe(common),
        SandboxCommand::Selftest => corpus::selftest(common),
        SandboxCommand::Door { arguments } => {
            Ok(ExitCode::from(wardkit_sandbox::selftest::try_door(arguments)))
        }
        SandboxCommand::Run(run) => launch::launch(common, run),
    }
}

/// Tells what this host can enforce.
fn probe(common: &Common) -> Result<ExitCode, Report> {
    let found = Native::new().probe();
    print(&match common.format {
        Format::Text => text(&found.best),
        Format::Json => format!("{}\n", json!({ "guarantees": found.best })),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(report: &wardkit_sandbox::Report) -> String {
    let mut text = String::new();
    for (guarantee, found) in report.iter() {
        let strength = found.strength.to_string();
        let mechanism = escaped(&found.mechanism);
        let _ = writeln!(text, "{:<14}{strength:<13}{mechanism}", guarantee.name());
        if let Some(remedy) = found.remedy.as_ref().filter(|_| found.strength < Strength::Enforced)
        {
            let _ = writeln!(text, "{:<27}better: {}", "", escaped(remedy));
        }
    }
    text
}

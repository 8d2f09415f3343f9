//! The command line.

mod alerts;
pub(crate) mod backup;
mod check;
mod cleanup;
mod deps;
mod detect;
mod forecast;
mod form;
mod harden;
mod integrity;
mod mask;
mod metrics;
mod plugin;
mod probe;
mod report;
mod rules;
mod sandbox;
mod services;
mod trail;
mod validate;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use wardkit_cli::Common;

pub(crate) use alerts::{
    Alerts, AlertsCommand, Analytics, AnalyticsForm, By, Moment, ScheduleCommand, Silence,
    SilenceCommand,
};
pub(crate) use backup::Backup;
pub(crate) use check::{
    Baseline, BaselineVerb, Check, CheckCommand, Chosen, Explain, Grade, HostAudit, Output,
    ProfileName, ReportForm,
};
pub(crate) use cleanup::{Cleanup, CleanupCommand};
pub(crate) use deps::{BillName, Db, DbCommand, Knowledge, Sbom};
pub(crate) use detect::Detect;
pub(crate) use forecast::Forecast;
pub(crate) use harden::{Harden, ProfileKind};
pub(crate) use integrity::{
    Depth, Effort, ExportFormat, Integrity, IntegrityCommand, ListFormat, Scope, Store,
};
pub(crate) use mask::{KeySource, Mask, MaskCommand};
pub(crate) use metrics::{Metrics, MetricsCommand, MetricsFile, Query};
pub(crate) use plugin::{Plugin, PluginCommand, PluginInstall};
pub(crate) use probe::LiveProbe;
pub(crate) use report::{AuditReport, DocumentForm, Subject};
pub(crate) use rules::{Rules, RulesCommand};
pub(crate) use sandbox::{Sandbox, SandboxCommand, SandboxRun};
pub(crate) use services::{GraphForm, ImportFormat, Services, ServicesCommand};
pub(crate) use trail::{Export, Form, Place, Search, Trail, TrailCommand};
pub(crate) use validate::{Validate, ValidateCommand};

/// Asks the running agentd, from the machine that it runs on, and audits what is kept there
#[derive(Debug, Parser)]
#[command(name = "auditctl", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub common: Common,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows what the running daemon does and how well
    Status,
    /// Audits a folder with a bot's sources and configuration; needs no daemon
    Check(Box<Check>),
    /// Audits a folder and writes what one reader wants to know of it; needs no daemon
    Report(Box<AuditReport>),
    /// Audits the host that bots run on; needs no daemon
    Host(Box<HostAudit>),
    /// Audits a running bot of yours by asking it; needs no daemon
    Probe(Box<LiveProbe>),
    /// Tells what a check looks for, why, and what to do
    Explain(Explain),
    /// Keeps the advisories that dependencies are judged by; needs no daemon and no network
    Db(Db),
    /// Lists what a folder depends on, as `CycloneDX` or SPDX; needs no daemon
    Sbom(Sbom),
    /// Records what is, and says what of it changed
    Integrity(Integrity),
    /// Takes backups that restic can read, restores them and proves that they are whole
    Backup(Box<Backup>),
    /// Writes, proves and reads the audit trail
    Trail(Trail),
    /// Tells what is dangerous in texts: one a line from standard input
    Validate(Validate),
    /// Masks secrets and personal data in a stream of log lines
    Mask(Mask),
    /// Shows alerts and incidents, and what is to be done about them
    Alerts(Alerts),
    /// Shows, starts, stops and explains the services that agentd keeps up
    Services(Services),
    /// Shows, asks for and exports metrics
    Metrics(Metrics),
    /// Says in one sentence what the host is short of
    Bottleneck,
    /// Scores the rows of a CSV file: what is unusual, compared with the rows before
    Detect(Detect),
    /// Tells when the series in a CSV file gets to its limit
    Forecast(Forecast),
    /// Removes old temporary files by the rules of a configuration; needs no daemon
    Cleanup(Cleanup),
    /// Prints a profile of AppArmor, SELinux, systemd or seccomp for a program; needs no daemon
    Harden(Harden),
    /// Checks and tests alert rules in the format of Prometheus; needs no daemon
    Rules(Rules),
    /// Runs programs that cannot touch the host; needs no daemon
    Sandbox(Sandbox),
    /// Makes, checks, packs, signs and installs plugins
    Plugin(Plugin),
    /// Prints the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const AFTER_HELP: &str = "\
Exit codes:
  0  clean
  1  findings: for `status`, a part that does not do its work; for `trail`, a log that is not what it was;
     for `alerts list`, an alert that nobody takes care of; for `alerts test`, a channel that does not take it;
     for `alerts dead`, a message that no channel took; for `alerts rules`, a rule that fails;
     for `services list --fail`, a service that is not as it should be;
     for `rules`, a file that is wrong or a test that fails; for `integrity`, something changed;
     for `plugin check`, a plugin that would not be run; for `plugin install`, one that is refused;
     for `plugin verify`, a file that nobody proved;
     for `validate --fail`, an attack; for `check`, `host` and `probe`, something as grave as --fail-on;
     for `detect --fail`, an anomaly; for `forecast --fail-within`, an end that near
  2  could not run
  3  ran, but incomplete
  4  for `check --baseline-strict`, a baseline that is not what is found";

//! What became of a call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use wardkit_core::Event;
use wardkit_plugin::{Broker, Error};
use wardkit_sandbox::{Ended, Outcome, Report, SandboxError};

use crate::reload::error_chain;

/// What became of a call.
#[derive(Debug)]
pub(super) struct Called {
    pub result: Result<Given, Failure>,
    /// What it used, when it ran.
    pub used: Option<Used>,
    /// How many calls of this plugin may run at a time, when that is known.
    pub concurrency: Option<usize>,
    /// Whether the plugin is not as it was before: it is called no more, or another version is.
    pub is_changed: bool,
}

/// What a plugin gave.
#[derive(Debug)]
pub(super) struct Given {
    pub value: Value,
    /// The events in it.
    pub events: Vec<Event>,
}

/// What a call used.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    pub wall: Duration,
    pub throttled: Duration,
    pub memory: u64,
    /// What it tried and was denied, by the engine, the kernel or the broker.
    pub denied: u64,
    /// Names of it, each with the reason where there is one.
    pub denials: BTreeMap<String, String>,
    /// What enforced each guarantee.
    pub report: Option<Report>,
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub reason: Reason,
    /// The same for people.
    pub text: String,
}

/// Why a call gave nothing, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Too many calls wait.
    Busy,
    Cpu,
    /// It said itself that it failed.
    Exit,
    /// It is not installed, quarantined, revoked.
    Inactive,
    Input,
    Killed,
    Memory,
    /// It answers other methods at this address; the text has them.
    Method,
    /// It has no such address.
    NoEndpoint,
    /// It does not answer this address without a token.
    NoToken,
    /// It was not granted what it is called on.
    NotGranted,
    Output,
    Quota,
    /// What is installed is not taken.
    Refused,
    Registry,
    /// This host cannot keep what the policy demands, or the engine refuses the program.
    Sandbox,
    Timeout,
    Trap,
}

impl Called {
    /// A call that did not begin.
    pub(super) fn refused(failure: Failure) -> Self {
        Self { result: Err(failure), used: None, concurrency: None, is_changed: false }
    }
}

impl Failure {
    pub(super) fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = match &error {
            Error::Data { what: "input", .. } => Reason::Input,
            Error::Data { .. } => Reason::Output,
            Error::Quota { .. } => Reason::Quota,
            Error::Store { .. } => Reason::Registry,
            Error::State { .. } => Reason::Inactive,
            Error::Sandbox { source: SandboxError::Busy { .. }, .. } => Reason::Busy,
            Error::Sandbox { .. } => Reason::Sandbox,
            _ => Reason::Refused,
        };
        Self { reason, text: error_chain(&error) }
    }
}

impl Reason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Cpu => "cpu",
            Self::Exit => "exit",
            Self::Inactive => "inactive",
            Self::Input => "input",
            Self::Killed => "killed",
            Self::Memory => "memory",
            Self::Method => "method",
            Self::NoEndpoint => "no_endpoint",
            Self::NoToken => "no_token",
            Self::NotGranted => "not_granted",
            Self::Output => "output",
            Self::Quota => "quota",
            Self::Refused => "refused",
            Self::Registry => "registry",
            Self::Sandbox => "sandbox",
            Self::Timeout => "timeout",
            Self::Trap => "trap",
        }
    }

    /// Whether the plugin is to blame: too many of these in a row, and it is not called any more.
    pub(super) const fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Cpu | Self::Killed | Self::Memory | Self::Output | Self::Timeout | Self::Trap
        )
    }

    /// Whether whoever asked is to blame.
    pub(super) const fn is_callers(self) -> bool {
        matches!(self, Self::Input | Self::Method | Self::NoEndpoint | Self::NoToken)
    }

    /// Whether it ran at all.
    pub(super) const fn has_run(self) -> bool {
        self.is_fault() || matches!(self, Self::Exit)
    }
}

/// Returns why an outcome is no answer.
pub(super) fn failure_of(ended: &Ended) -> Failure {
    match ended {
        Ended::Exited(status) => {
            Failure::new(Reason::Exit, format!("it ended with status {status}"))
        }
        Ended::Trapped(why) => Failure::new(Reason::Trap, format!("it trapped: {why}")),
        Ended::Timeout => Failure::new(Reason::Timeout, "it was ended at its deadline"),
        Ended::OutOfMemory => {
            Failure::new(Reason::Memory, "it wanted more memory than it may have")
        }
        Ended::CpuBudget => {
            Failure::new(Reason::Cpu, "it used all the time of the processor that it may")
        }
        Ended::OutputLimit => Failure::new(Reason::Output, "it gave more than it may"),
        Ended::Killed(signal) => {
            Failure::new(Reason::Killed, format!("it was ended by signal {signal}"))
        }
        _ => Failure::new(Reason::Trap, "it did not end by itself"),
    }
}

impl Used {
    /// Takes what an outcome says; what the broker refused is in it, without the reasons.
    pub(super) fn of(outcome: &Outcome, broker: &Broker) -> Self {
        let usage = &outcome.usage;
        let mut denials = broker.why_refused();
        for denied in &usage.denied {
            denials.entry(shown(&denied.name)).or_insert_with(|| NOT_GRANTED.to_owned());
        }
        Self {
            wall: usage.wall,
            throttled: usage.throttled,
            memory: usage.peak_memory,
            denied: usage.denied.iter().map(|denied| denied.count).sum(),
            denials,
            report: Some(outcome.report.clone()),
        }
    }

    /// Takes what the broker refused in a call that has no outcome.
    pub(super) fn refused(wall: Duration, broker: &Broker) -> Self {
        let denied = broker.refused().values().sum();
        Self { wall, denied, denials: broker.why_refused(), ..Self::default() }
    }
}

/// Names of what WebAssembly asks for are the plugin's, and so is what stands in them.
fn shown(name: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b);
    let is_name = !name.is_empty() && name.len() <= MOST_NAME && name.bytes().all(is_plain);
    if is_name { name.to_owned() } else { "unknown".to_owned() }
}

const NOT_GRANTED: &str = "it was not granted";
/// No system call has a longer one.
const MOST_NAME: usize = 32;

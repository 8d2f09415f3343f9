//! The escape corpus: doors that a program tries from inside, on this host.

mod doors;
mod scene;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::native::{call_number, refuse_calls};
use crate::{Ended, Guarantee, Input, Native, Policy, SandboxError, Strength};
use doors::DOORS;
use scene::Scene;

/// What trying one door gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Tried {
    /// The door's name.
    pub door: &'static str,
    /// Whether it is open.
    pub is_open: bool,
    /// What happened.
    pub how: String,
}

/// Returns the names of all doors.
#[must_use]
pub fn doors() -> Vec<&'static str> {
    DOORS.iter().map(|door| door.name).collect()
}

/// Tries one door from inside; for the program that the corpus starts, with the arguments that the corpus gave it.
/// Returns its exit status.
#[must_use]
pub fn try_door(arguments: &[OsString]) -> u8 {
    let Some((name, scene)) = arguments.split_first() else { return UNKNOWN };
    let door = DOORS.iter().find(|door| name == door.name);
    let (Some(door), Some(scene)) = (door, scene::Told::read(scene)) else { return UNKNOWN };
    if (door.is_open)(&scene) { OPEN } else { CLOSED }
}

/// Has a program try one door in a sandbox. The program calls [`try_door`] with the arguments behind `first`.
///
/// # Errors
///
/// When it could not be run, or when there is no such door.
pub fn knock(
    native: &Native,
    program: &Path,
    first: &[OsString],
    door: &str,
) -> Result<Tried, SandboxError> {
    let invalid = |reason: &str| SandboxError::Invalid { what: door.into(), reason: reason.into() };
    let found = DOORS.iter().find(|one| one.name == door);
    let door = found.ok_or_else(|| invalid("is no door of the corpus"))?.name;
    let scene =
        Scene::set().map_err(|source| SandboxError::Setup { step: "setting the scene", source })?;
    let mut arguments = first.to_vec();
    arguments.push(door.into());
    arguments.extend(scene.told());
    let mut given = (Vec::new(), Vec::new());
    let nothing = Input::Bytes(b"");
    let outcome = native.run(program, &arguments, &policy(), nothing, &mut given)?;
    let (is_open, how) = match outcome.ended {
        Ended::Exited(OPEN) => (true, "it is open".to_owned()),
        Ended::Exited(CLOSED) => (false, "it is closed".to_owned()),
        Ended::Exited(status) => (true, format!("nobody knows: status {status}")),
        // Whoever was killed at the door did not come through.
        ended => (false, format!("it ended: {ended:?}")),
    };
    Ok(Tried { door, is_open, how })
}

/// Has this process and its children live on a host whose kernel does not have these system calls, for good.
///
/// # Errors
///
/// When the kernel has no filters, or when there is no such call.
pub fn live_without(calls: &[&str]) -> io::Result<()> {
    let number = |call: &&str| call_number(call).ok_or(io::ErrorKind::InvalidInput.into());
    let numbers = calls.iter().map(number).collect::<io::Result<Vec<u32>>>()?;
    refuse_calls(&numbers)
}

/// The default policy; the corpus shows what a host can do, and is told how well by the probe.
fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_secs(10);
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    policy
}

const OPEN: u8 = 42;
const CLOSED: u8 = 43;
const UNKNOWN: u8 = 2;

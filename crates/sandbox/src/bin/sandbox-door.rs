//! The program that the escape corpus starts in its sandbox; told `all`, the
//! corpus; told `probe`, what a host could enforce that lacks something;
//! told `cat`, its input, by way of a program that is run there once.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::ExitCode;

use wardkit_sandbox::{Ended, Guarantee, Input, Native, Policy, Sandbox as _, Strength, selftest};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "all") {
        return ExitCode::from(u8::from(!all_are_closed()));
    }
    if let Some((_, calls)) = arguments.split_first().filter(|(first, _)| *first == "probe") {
        return ExitCode::from(u8::from(!probe(calls)));
    }
    if let Some((_, calls)) = arguments.split_first().filter(|(first, _)| *first == "cat") {
        return ExitCode::from(u8::from(cat(calls).is_none()));
    }
    ExitCode::from(selftest::try_door(&arguments))
}

/// Passes its input through `cat` in a sandbox, on a host that has everything but these system calls.
fn cat(calls: &[OsString]) -> Option<()> {
    let calls: Vec<&str> = calls.iter().filter_map(|call| call.to_str()).collect();
    if !calls.is_empty() {
        selftest::live_without(&calls).ok()?;
    }
    let mut policy = Policy::default();
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    let (stdin, mut given) = (std::io::stdin(), (Vec::new(), Vec::new()));
    let input = Input::Open(stdin.as_fd());
    let outcome =
        Native::once().run(Path::new("/bin/cat"), &[], &policy, input, &mut given).ok()?;
    std::io::stdout().write_all(&given.0).ok()?;
    (outcome.ended == Ended::Exited(0)).then_some(())
}

/// Tells what a host could enforce that has everything but these system calls.
fn probe(calls: &[OsString]) -> bool {
    let calls: Vec<&str> = calls.iter().filter_map(|call| call.to_str()).collect();
    if !calls.is_empty() && selftest::live_without(&calls).is_err() {
        return false;
    }
    Native::new().probe().best.iter().all(|(guarantee, found)| {
        let remedy = found.remedy.as_deref().unwrap_or_default();
        let (strength, mechanism) = (found.strength, &found.mechanism);
        writeln!(std::io::stdout(), "{guarantee}: {strength}: {mechanism}: {remedy}").is_ok()
    })
}

/// Tries all doors, and tells which are open.
fn all_are_closed() -> bool {
    let native = Native::new();
    let Ok(own) = std::env::current_exe() else { return false };
    let mut are_closed = true;
    for door in selftest::doors() {
        let how = match selftest::knock(&native, &own, &[], door) {
            Ok(tried) if !tried.is_open => continue,
            Ok(tried) => tried.how,
            Err(error) => error.to_string(),
        };
        are_closed = false;
        // Whoever cannot read it sees the status.
        let _ = writeln!(std::io::stdout(), "{door}: {how}");
    }
    are_closed
}

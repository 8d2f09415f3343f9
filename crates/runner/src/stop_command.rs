//! A program that asks a service to end.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};
use wardkit_process::{Launch, Process, State, Tree};
use wardkit_supervise::ServiceSpec;

use crate::ended::ended;
use crate::part::Inputs;
use crate::start;

/// Runs the stop command of a service as the service's user, and kills it with all that it started when it takes longer
/// than the service may. What goes wrong is told; the service is killed in time all the same.
pub(crate) fn run(
    spec: &Arc<ServiceSpec>,
    generation: u64,
    main: Option<u32>,
    inherited: &[(std::ffi::OsString, std::ffi::OsString)],
    now: Timestamp,
    inputs: &Inputs,
) {
    let tell = {
        let (service, inputs) = (spec.name.clone(), inputs.clone());
        move |message: String| {
            let event =
                Event::new(now, "supervise.stop_command_failed", Severity::Warning, "supervise");
            inputs.publish(event.with_subject(service).with_message(message));
        }
    };
    let process = match launch(spec, generation, main, inherited) {
        Ok(process) => process,
        Err(reason) => return tell(reason),
    };
    let timeout = spec.stop_timeout;
    tokio::spawn(async move {
        if let Some(failure) = wait(process, timeout).await {
            tell(failure);
        }
    });
}

fn launch(
    spec: &ServiceSpec,
    generation: u64,
    main: Option<u32>,
    inherited: &[(std::ffi::OsString, std::ffi::OsString)],
) -> Result<Process, String> {
    let spawn = start::spawn(spec, generation, inherited).map_err(|error| error.reason)?;
    let mut launch = Launch::new(&spec.stop_command);
    launch.environment = spawn.environment;
    launch.environment.extend(main.map(|pid| ("MAINPID".into(), pid.to_string().into())));
    (launch.directory, launch.account) = (spawn.directory, spawn.account);
    launch.start().map_err(|error| start::chain(&error))
}

/// Waits for its end; returns what went wrong.
async fn wait(process: Process, timeout: Duration) -> Option<String> {
    let in_time = tokio::time::timeout(timeout, ended(&process)).await;
    if in_time.is_err() {
        let tree = Tree::new(process.identity().clone());
        // What could not be killed is nobody the service waits for.
        let _ = tree.kill();
        ended(&process).await;
    }
    match process.state() {
        _ if in_time.is_err() => Some("was killed: it took longer than the service may".to_owned()),
        Ok(State::Ended { exit, .. }) if !exit.is_success() => Some(exit.to_string()),
        _ => None,
    }
}

//! Has services that are declared so start in the native sandbox.
//!
//! In place of the service's program the guardian starts a holder, which is the program of [`Options::holder`] and calls
//! [`hold`](crate::sandboxed::hold): it makes the sandbox, passes on what goes in and comes out, and ends as the program
//! ended. Neither the guardian nor its protocol knows of sandboxes: it holds, signals, kills and adopts the holder like any
//! other service, also after the deaths of others. When the holder dies the kernel kills the program, and with it the whole
//! namespace of processes, so that nothing of a service outlives the process that the guardian knows.
//!
//! What the holder is to do is in its environment, which its own user and root can read, and which is fixed with the start:
//! nothing on the disk can be exchanged between the check of a policy and its use, and the command line shows nothing. The
//! program in the sandbox gets another environment, has no `/proc`, and cannot see the holder.

use std::sync::Arc;

use serde_json::{Value, json};
use wardkit_guardian::Spawn;
use wardkit_supervise::{ServiceSpec, SpawnError, SpawnErrorClass};

use crate::Options;
use crate::part::Part;

/// The part for sandboxes. It comes after all that add to the environment.
pub(crate) struct Confine {
    holder: Vec<std::ffi::OsString>,
}

impl Confine {
    pub(crate) fn new(options: &Options) -> Self {
        Self { holder: options.holder.clone() }
    }
}

impl Part for Confine {
    fn prepare(
        &mut self,
        spec: &Arc<ServiceSpec>,
        _: u64,
        spawn: &mut Spawn,
    ) -> Result<(), SpawnError> {
        let Some(sandbox) = &spec.sandbox else { return Ok(()) };
        let wrong = |reason: String| {
            let reason = format!("sandbox `{}`: {reason}", sandbox.name());
            SpawnError::new(SpawnErrorClass::Configuration, reason)
        };
        if self.holder.is_empty() {
            return Err(wrong("this program has no sandbox for services".to_owned()));
        }
        let policy = sandbox.policy().map_err(|reason| wrong(reason.to_owned()))?;
        let policy = with_variables(policy, spec).map_err(|error| wrong(error.to_string()))?;
        let orders = json!({ "policy": policy, "directory": spec.working_directory });
        // The holder itself is given none of the service's variables: they could change what it does.
        spawn.environment.retain(|(name, value)| {
            let own = name.to_str().and_then(|name| spec.env.get(name));
            name == "PATH" || own.is_none_or(|own| value != own.as_str())
        });
        spawn.environment.push((ORDERS.into(), orders.to_string().into()));
        let program = std::mem::replace(&mut spawn.command, self.holder.clone());
        spawn.command.extend(program);
        Ok(())
    }
}

/// Adds the service's own variables to those that the policy grants.
fn with_variables(policy: &str, spec: &ServiceSpec) -> serde_json::Result<Value> {
    let mut policy: Value = serde_json::from_str(policy)?;
    for (name, value) in &spec.env {
        policy["grants"]["environment"][name] = value.as_str().into();
    }
    Ok(policy)
}

/// The variable with what a holder is to do.
pub(crate) const ORDERS: &str = "WARDKIT_SANDBOX";

#[cfg(test)]
mod tests {
    use wardkit_supervise::Sandbox;

    use super::*;

    fn sandboxed(read: Result<&str, &str>) -> Arc<ServiceSpec> {
        let mut spec = ServiceSpec::new("bot", ["/usr/bin/bot", "--all"]);
        spec.env.insert("LD_PRELOAD".to_owned(), "/tmp/own.so".to_owned());
        let mut sandbox = Sandbox::named("bot.toml");
        sandbox.keep(read.map(str::to_owned).map_err(str::to_owned));
        spec.sandbox = Some(sandbox);
        Arc::new(spec)
    }

    fn prepared(holder: &[&str], spec: &Arc<ServiceSpec>) -> Result<Spawn, SpawnError> {
        let mut options = Options::new("/nowhere", "test", ["guardian"]);
        options.holder = holder.iter().map(Into::into).collect();
        let mut spawn = crate::start::spawn(spec, 1, &[])?;
        Confine::new(&options).prepare(spec, 1, &mut spawn)?;
        Ok(spawn)
    }

    #[test]
    fn a_holder_is_started_with_its_orders() {
        let policy = r#"{"grants":{"environment":{"MODE":"dry"}}}"#;
        let spawn = prepared(&["agentd", "--sandboxed"], &sandboxed(Ok(policy)));
        let spawn = spawn.expect("it can be started");
        assert_eq!(spawn.command, ["agentd", "--sandboxed", "/usr/bin/bot", "--all"]);
        let [(name, orders)] = spawn.environment.as_slice() else {
            panic!("{:?}", spawn.environment)
        };
        assert_eq!(name, ORDERS);
        let orders: Value = serde_json::from_slice(orders.as_encoded_bytes()).expect("it is JSON");
        let variables = &orders["policy"]["grants"]["environment"];
        assert_eq!(variables, &json!({ "MODE": "dry", "LD_PRELOAD": "/tmp/own.so" }));
    }

    #[test]
    fn without_policy_or_holder_nothing_is_started() {
        let check = |holder: &[&str], read, words: &str| {
            let error = prepared(holder, &sandboxed(read)).expect_err("it must not start");
            assert_eq!(error.class, SpawnErrorClass::Configuration);
            assert!(error.reason.contains(words), "{}", error.reason);
        };
        check(&[], Ok("{}"), "no sandbox");
        check(&["agentd"], Err("line 3: no"), "line 3: no");
        check(&["agentd"], Ok("no JSON"), "sandbox `bot.toml`");
    }
}

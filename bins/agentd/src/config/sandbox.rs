//! The policies that `[[service]] sandbox` names: read with the configuration, and checked against this host.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use wardkit_sandbox::{Guarantee, Native, Policy, Size, Strength};
use wardkit_supervise::ServiceSpec;

use super::Watched;
use crate::alerting::LookedAt;
use crate::regular_file::read_trusted;

/// Reads the policy of a service and keeps it with the name; returns why the service cannot run under it, if so. What is
/// read here is in force until the configuration is read again.
pub(super) fn read(
    service: &mut ServiceSpec,
    folder: &Path,
    looked: &mut LookedAt,
) -> Option<String> {
    let name = service.sandbox.as_ref()?.name().to_owned();
    // What is wrong with the declaration itself is said there.
    if name.is_empty() || name.contains('\0') {
        return None;
    }
    let read = policy(&name, folder, looked).and_then(|policy| checked(&policy, service));
    let reason = read.as_ref().err().cloned();
    if let Some(sandbox) = &mut service.sandbox {
        sandbox.keep(read);
    }
    reason
}

/// Returns a policy by its name: that of `auditctl sandbox run` without a policy, or a file.
fn policy(name: &str, folder: &Path, looked: &mut LookedAt) -> Result<Policy, String> {
    if name == DEFAULT {
        let mut policy = Policy::default();
        policy.limits.tasks = USUAL_TASKS;
        policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Approximate)).into();
        return Ok(long_lived(policy, &toml::Table::new()));
    }
    let path = folder.join(name);
    let failed = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    looked.insert(Watched::File(path.clone()));
    let text = read_trusted(&path).map_err(|error| {
        failed(&format!("{error}; a sandbox is `{DEFAULT}` or the file of a policy"))
    })?;
    let text = String::from_utf8(text).map_err(|_| failed(&"not UTF-8 text"))?;
    let policy = Policy::from_toml(&text).map_err(|error| failed(&error))?;
    let named = text.parse().map_err(|_| failed(&"no TOML"))?;
    Ok(long_lived(policy, &named))
}

/// A service runs until it is stopped, and its log takes what it writes: a deadline and a limit of its output are what a
/// policy names, not what it would have without.
fn long_lived(mut policy: Policy, named: &toml::Table) -> Policy {
    let has = |key: &str| named.get("limits").is_some_and(|limits| limits.get(key).is_some());
    if !has("timeout") {
        policy.limits.timeout = A_LIFETIME;
    }
    if !has("output") {
        policy.limits.output = Size(u64::MAX);
    }
    policy
}

/// Returns a policy as whoever starts the service takes it, if this host can keep it.
fn checked(policy: &Policy, service: &ServiceSpec) -> Result<String, String> {
    if let Some(directory) = &service.working_directory {
        let is_shown = policy.grants.binds.iter().any(|bind| directory.starts_with(&bind.path))
            || SHOWN.iter().any(|shown| directory.starts_with(shown))
            || directory.parent().is_none();
        if !is_shown {
            let directory = directory.display();
            return Err(format!(
                "the working directory is not in the sandbox: grant it, [[grants.binds]] path = \"{directory}\""
            ));
        }
    }
    let mut here = policy.clone();
    // Whoever starts the service is in a group of its own, and only there it shows what that can limit.
    let unknown = [Guarantee::Memory, Guarantee::Cpu];
    let is_other = service.user.is_some();
    for guarantee in Guarantee::ALL.into_iter().filter(|one| is_other || unknown.contains(one)) {
        here.at_least.insert(guarantee, Strength::Absent);
    }
    let native = NATIVE.get_or_init(Native::new);
    native.check(&here).map_err(|error| error.to_string())?;
    serde_json::to_string(policy).map_err(|error| error.to_string())
}

/// Returns the folder that names in a configuration file start from.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    file.parent().unwrap_or(Path::new("/")).to_owned()
}

/// The host does not change under us: it is looked at once.
static NATIVE: OnceLock<Native> = OnceLock::new();

const DEFAULT: &str = "default";

/// Enough for scripts and for programs with threads, as `auditctl sandbox run` gives them.
const USUAL_TASKS: u32 = 16;

/// A hundred years.
const A_LIFETIME: Duration = Duration::from_hours(24 * 365 * 100);

/// What the grant `runtime` shows, which every program that is linked dynamically has.
const SHOWN: [&str; 4] = ["/usr", "/bin", "/sbin", "/lib"];

#[cfg(test)]
mod tests {
    use std::fs;

    use wardkit_supervise::Sandbox;

    use super::*;

    fn read_of(name: &str, text: &str) -> (Option<String>, ServiceSpec) {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("bot.toml"), text).expect("a file");
        let mut service = ServiceSpec::new("bot", ["/bin/true"]);
        service.user = Some("somebody".to_owned());
        service.sandbox = Some(Sandbox::named(name));
        let mut looked = LookedAt::new();
        let reason = read(&mut service, dir.path(), &mut looked);
        assert_eq!(looked.len(), usize::from(name != DEFAULT));
        (reason, service)
    }

    fn policy_of(name: &str, text: &str) -> Policy {
        let (reason, service) = read_of(name, text);
        assert_eq!(reason, None);
        let sandbox = service.sandbox.expect("it has one");
        serde_json::from_str(sandbox.policy().expect("it was read")).expect("it is a policy")
    }

    #[test]
    fn a_service_has_no_deadline_and_no_limit_of_output_but_those_that_are_named() {
        for policy in [policy_of("default", ""), policy_of("bot.toml", "[limits]\ntasks = 2\n")] {
            assert_eq!(policy.limits.timeout, A_LIFETIME);
            assert_eq!(policy.limits.output, Size(u64::MAX));
            assert_eq!(policy.limits.memory, Size(50_000_000));
        }
        let named = policy_of("bot.toml", "[limits]\ntimeout = \"30s\"\noutput = \"1MB\"\n");
        assert_eq!(named.limits.timeout, Duration::from_secs(30));
        assert_eq!(named.limits.output, Size(1_000_000));
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_named_and_nothing_is_kept() {
        let check = |name: &str, text: &str, words: &[&str]| {
            let (reason, service) = read_of(name, text);
            let reason = reason.expect("it is wrong");
            for word in words {
                assert!(reason.contains(word), "{word}: {reason}");
            }
            let sandbox = service.sandbox.expect("it has one");
            assert_eq!(sandbox.policy(), Err(reason.as_str()));
        };
        check("defualt", "", &["/defualt", "No such file", "`default`"]);
        check("bot.toml", "[limits]\nmemry = \"1MB\"\n", &["bot.toml", "line 2", "memry"]);
        check("bot.toml", "[[grants.binds]]\npath = \"/no/such\"\n", &["/no/such"]);
        check("bot.toml", "[[grants.binds]]\npath = \"../x\"\n", &["absolute"]);
    }

    #[test]
    fn a_working_directory_must_be_granted() {
        let check = |directory: &str, expected: bool| {
            let mut service = ServiceSpec::new("bot", ["/bin/true"]);
            service.user = Some("somebody".to_owned());
            service.working_directory = Some(directory.into());
            service.sandbox = Some(Sandbox::named(DEFAULT));
            let reason = read(&mut service, Path::new("/"), &mut LookedAt::new());
            assert_eq!(reason.is_none(), expected, "{reason:?}");
        };
        check("/usr/share", true);
        check("/", true);
        check("/srv/bot", false);
    }
}

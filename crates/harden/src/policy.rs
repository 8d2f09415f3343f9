use wardkit_sandbox::{Bind, Policy};

use crate::{Needs, Place, Subject};

/// Returns the policy of `wardkit-sandbox` under which a program has what it needs. Its limits are the defaults of
/// that crate, but for the number of processes: a service wants its own. A place that is not there has to be made, or
/// taken out, before it is used.
///
/// ```
/// use wardkit_harden::{Subject, manifest, policy};
///
/// let needs = manifest("writes = [\"/var/lib/bot/\"]")?;
/// let policy = policy(&Subject::new("/srv/bot/bot")?, &needs);
/// assert!(!policy.grants.network);
/// assert!(policy.grants.binds.iter().any(|bind| bind.writable && bind.path.ends_with("bot")));
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[must_use]
pub fn policy(subject: &Subject, needs: &Needs) -> Policy {
    let mut policy = Policy::default();
    let files = needs.distinct_files();
    let is_of = |place: &Place, directories: &[&str]| {
        directories.iter().any(|directory| place.is_below(directory))
    };
    policy.grants.runtime = files.iter().any(|(place, _)| is_of(place, &RUNTIME));
    let mut binds = vec![Bind::read_only(subject.program().path())];
    for (place, access) in files {
        let given = if access.write { &GIVEN[..] } else { &[&GIVEN[..], &RUNTIME].concat() };
        if place.path() == "/" || is_of(place, given) {
            continue;
        }
        binds.push(match access.write {
            // A file that is made anew, and journals beside it, need their directory; but not one of many.
            true if !place.is_tree() && place.parent().matches('/').count() > 1 => {
                Bind::writable(place.parent())
            }
            true => Bind::writable(place.path()),
            false => Bind::read_only(place.path()),
        });
    }
    // What may be changed comes first, and is not taken back.
    binds.sort_by(|one, other| (&one.path, other.writable).cmp(&(&other.path, one.writable)));
    binds.dedup_by(|one, other| one.path == other.path);
    policy.grants.binds = binds;
    let families = needs.known_network().families;
    policy.grants.network = families.iter().any(|family| family.name() != "unix");
    let makes_tasks = |name: &str| ["clone", "clone3", "fork", "vfork"].contains(&name);
    if needs.system_calls.is_empty()
        || needs.system_calls.iter().any(|call| makes_tasks(call.name()))
    {
        policy.limits.tasks = TASKS;
    }
    policy
}

/// What a sandbox shows to whom it shows the host's programs and libraries.
const RUNTIME: [&str; 7] =
    ["/bin", "/etc/alternatives", "/etc/ld.so.cache", "/lib", "/lib64", "/sbin", "/usr"];

/// What each sandbox has of its own, or has not at all.
const GIVEN: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Threads of a run-time, and a few children.
const TASKS: u32 = 64;

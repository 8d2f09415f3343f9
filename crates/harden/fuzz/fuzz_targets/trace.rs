//! Whatever a trace holds, its profiles are whole: no line of them is made by what was traced.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_harden::{Subject, Trace, apparmor, seccomp, selinux};

fuzz_target!(|bytes: &[u8]| {
    let (Ok(trace), Ok(subject)) = (Trace::read(bytes), Subject::new("/subject")) else { return };
    let profile = apparmor(&subject, &trace.needs);
    let rules = profile.lines().filter(|line| line.trim_start().starts_with('"')).count();
    assert!(rules <= 2 * trace.needs.files.len() + 1);
    let contexts = selinux(&subject, &trace.needs).file_contexts;
    assert!(contexts.lines().all(|line| line.split_ascii_whitespace().count() == 2));
    assert!(seccomp(&trace.needs).ends_with("}\n"));
});

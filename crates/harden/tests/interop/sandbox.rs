//! The same needs as a policy, enforced by `wardkit-sandbox`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wardkit_harden::{Needs, Subject, Trace, policy};
use wardkit_sandbox::{Ended, Guarantee, Input, Native, Strength};

use crate::{assert_ok, run};

#[test]
fn a_traced_program_runs_under_the_policy_of_its_needs() {
    let directory = tempfile::Builder::new().prefix("harden").tempdir_in("/var/lib").unwrap();
    let (trace, file) = (directory.path().join("trace"), directory.path().join("file"));
    let work =
        format!("import socket\nopen({file:?},'a').write('done')\nsocket.socket().close()\n");
    let arguments = ["-f", "-y", "-o", trace.to_str().unwrap(), PYTHON, "-I", "-c", &work];
    assert_ok(&run(directory.path(), "strace", &arguments), "the traced run");
    let needs = Trace::read(&*fs::read(&trace).unwrap()).unwrap().needs;
    // In the sandbox it is another user.
    fs::remove_file(&file).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(sandboxed(&needs, &work), Ended::Exited(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), "done");
    let elsewhere = directory.path().parent().unwrap().join("harden-elsewhere");
    assert_eq!(sandboxed(&needs, &format!("open({elsewhere:?},'w')")), Ended::Exited(1));
    assert_eq!(sandboxed(&needs, "open('/etc/passwd')"), Ended::Exited(1));
    assert!(!elsewhere.exists());
}

fn sandboxed(needs: &Needs, work: &str) -> Ended {
    let mut policy = policy(&Subject::new(PYTHON).unwrap(), needs);
    // Files are what is looked at here; hosts differ in what else they can keep.
    for guarantee in Guarantee::ALL {
        policy.at_least.insert(guarantee, Strength::Absent);
    }
    policy.at_least.insert(Guarantee::Files, Strength::Enforced);
    policy.limits.cpu = "200%".parse().unwrap();
    // What the trace names and is gone cannot be shown.
    policy.grants.binds.retain(|bind| bind.path.exists());
    let arguments: [OsString; 3] = ["-I".into(), "-c".into(), work.into()];
    let mut given = (Vec::new(), Vec::new());
    let outcome =
        Native::new().run(Path::new(PYTHON), &arguments, &policy, Input::Bytes(b""), &mut given);
    outcome.unwrap().ended
}

const PYTHON: &str = "/usr/bin/python3";

//! Filters are compiled by libseccomp, as OCI runtimes do it, and enforced by the kernel.

use std::fs;
use std::path::Path;
use std::process::Output;

use wardkit_harden::{Needs, Place, Subject, Trace, apparmor, manifest, seccomp};

use crate::{assert_ok, run};

#[test]
fn a_traced_program_runs_under_its_filter_and_nothing_else_does() {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let file = directory.path().join("file");
    let work = format!(
        "import socket,threading\nopen({file:?},'w').write('done')\nsocket.socket().close()\nt=threading.Thread(target=print)\nt.start()\nt.join()\n"
    );
    let arguments = ["-f", "-y", "-o", trace.to_str().unwrap(), PYTHON, "-I", "-c", &work];
    assert_ok(&run(directory.path(), "strace", &arguments), "the traced run");
    let traced = Trace::read(&*fs::read(&trace).unwrap()).unwrap();
    assert_eq!(traced.skipped, Trace::read(&b"1 read(3, \"\", 1) = 0\n"[..]).unwrap().skipped);
    let needs = traced.needs;
    // What was traced was understood.
    assert!(
        needs.files.keys().any(|place| place.covers(&Place::new(file.to_str().unwrap()).unwrap()))
    );
    let profile = apparmor(&Subject::new(PYTHON).unwrap(), &needs);
    assert!(
        profile.contains("network inet stream,") && !profile.contains("network inet6"),
        "{profile}"
    );

    fs::remove_file(&file).unwrap();
    let ended = under(directory.path(), &needs, &["-c", &work]);
    assert_ok(&ended, "the same work under the filter");
    assert_eq!(fs::read_to_string(&file).unwrap(), "done");
    // Calls that it did not make, a family of sockets that it did not use, and a namespace.
    for other in [
        "import os; os.mkdir('made')",
        "import os; os.nice(1)",
        "import socket; socket.socket(socket.AF_INET6)",
        "import ctypes,os; e=ctypes.CDLL(None,use_errno=True).unshare(0x10000000); raise OSError(ctypes.get_errno(),os.strerror(ctypes.get_errno())) if e else SystemExit(0)",
        "import ctypes; l=ctypes.CDLL(None,use_errno=True); e=l.syscall(56,0x10000011,0,0,0,0); raise PermissionError('Operation not permitted') if e<0 and ctypes.get_errno()==1 else SystemExit(0)",
    ] {
        let ended = under(directory.path(), &needs, &["-c", other]);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && told.contains("Operation not permitted"),
            "{other}: {told}"
        );
    }
    assert!(!directory.path().join("made").exists());
}

#[test]
fn programs_of_which_nothing_is_known_run_and_do_not_get_out() {
    let directory = tempfile::tempdir().unwrap();
    let needs = Needs::default();
    let work = "import os,socket,subprocess,threading\nos.mkdir('made')\nsocket.socket(socket.AF_INET6).close()\nt=threading.Thread(target=print)\nt.start()\nt.join()\nassert subprocess.run(['/bin/true']).returncode==0\n";
    assert_ok(&under(directory.path(), &needs, &["-c", work]), work);
    for other in [
        "import os; os.chroot('/')",
        "import socket; socket.socket(socket.AF_VSOCK)",
        "import time; time.clock_settime(time.CLOCK_REALTIME, time.time())",
    ] {
        let ended = under(directory.path(), &needs, &["-c", other]);
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            !ended.status.success() && told.contains("Operation not permitted"),
            "{other}: {told}"
        );
    }
}

#[test]
fn what_a_manifest_allows_beyond_the_usual_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let needs = manifest(
        "system-calls = [\"@system-service\", \"chroot\"]\n[network]\nfamilies = [\"unix\"]",
    )
    .unwrap();
    assert_ok(&under(directory.path(), &needs, &["-c", "import os; os.chroot('/')"]), "chroot");
    let ended = under(directory.path(), &needs, &["-c", "import socket; socket.socket()"]);
    assert!(!ended.status.success());
}

/// Runs Python under the filter that is made of needs.
fn under(directory: &Path, needs: &Needs, arguments: &[&str]) -> Output {
    fs::write(directory.join("filter.json"), seccomp(needs)).unwrap();
    let mut all = vec!["-I", "-c", ENFORCE, "filter.json", PYTHON, "-I"];
    all.extend(arguments);
    run(directory, PYTHON, &all)
}

/// The one that libseccomp's module is installed for.
const PYTHON: &str = "/usr/bin/python3";

/// Does what runtimes do with such a file: names that an architecture lacks are passed over, and nothing else is.
const ENFORCE: &str = r#"
import json, os, sys, seccomp
data = json.load(open(sys.argv[1]))
assert set(data) <= {"defaultAction", "defaultErrnoRet", "architectures", "syscalls"}, data.keys()
assert data["defaultAction"] == "SCMP_ACT_ERRNO"
filter = seccomp.SyscallFilter(seccomp.ERRNO(data["defaultErrnoRet"]))
archs = {"SCMP_ARCH_X86_64": seccomp.Arch.X86_64, "SCMP_ARCH_AARCH64": seccomp.Arch.AARCH64}
for name in data["architectures"]:
    if not filter.exist_arch(archs[name]):
        filter.add_arch(archs[name])
ops = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}
for rule in data["syscalls"]:
    assert set(rule) <= {"names", "action", "args", "errnoRet"} and rule["names"], rule
    action = {"SCMP_ACT_ALLOW": seccomp.ALLOW, "SCMP_ACT_ERRNO": None}[rule["action"]]
    if action is None:
        action = seccomp.ERRNO(rule["errnoRet"])
    args = []
    for arg in rule.get("args", []):
        assert set(arg) <= {"index", "value", "valueTwo", "op"}, arg
        masked = arg["op"] == "SCMP_CMP_MASKED_EQ"
        args.append(seccomp.Arg(arg["index"], ops[arg["op"]], arg["value"], arg.get("valueTwo", 0)) if masked
                    else seccomp.Arg(arg["index"], ops[arg["op"]], arg["value"]))
    for name in rule["names"]:
        if seccomp.resolve_syscall(seccomp.Arch(), name) == -1:
            continue
        filter.add_rule(action, name, *args)
filter.load()
os.execv(sys.argv[2], sys.argv[2:])
"#;

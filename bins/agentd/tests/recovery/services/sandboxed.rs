//! Services in the native sandbox: what they cannot do there, and through which deaths they stay there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use wardkit_process::{Procfs, Signal};

use super::scene::{NOBODY, Scene, kill, lives, signal};
use crate::support::until_some;

/// Tries doors of the host, says of each whether it opened, and stays.
const DOORS: &str = r#"import os, socket, sys, time
def door(name, attempt):
    try:
        attempt()
        print(name, "open", flush=True)
    except Exception:
        print(name, "shut", flush=True)
door("file", lambda: open("/etc/hostname").read())
door("socket", lambda: socket.socket(socket.AF_UNIX))
door("write", lambda: open(os.path.join(sys.argv[1], "written"), "a").write("x"))
door("process", lambda: os.listdir("/proc/1"))
print("done", flush=True)
while True:
    time.sleep(0.1)
"#;

const NAMES: [&str; 4] = ["file", "socket", "write", "process"];

/// A service that tries the doors, with more in its declaration.
fn doors(name: &str, more: &str) -> String {
    let command = format!("[\"/usr/bin/python3\", \"-c\", '''{DOORS}''', \"SCENE/open\"]");
    format!("[[service]]\nname = \"{name}\"\ncommand = {command}\n{more}\n")
}

/// A scene with a folder that everybody may write to, so that only a sandbox holds anybody back.
fn scene(user: Option<u32>, config: &str) -> Scene {
    let scene = Scene::of(user, config);
    fs::create_dir(scene.path("open")).unwrap();
    fs::set_permissions(scene.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(scene.path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    scene
}

/// Waits until a service has tried every door, and asserts how they were.
fn assert_doors(scene: &Scene, service: &str, expected: &str) {
    until_some(|| scene.output(service).contains("done").then_some(()));
    let output = scene.output(service);
    for name in NAMES {
        assert!(output.contains(&format!("{name} {expected}")), "{service}: {output}");
    }
}

/// Returns the program in the sandbox: the child of the process that stands for the service.
fn program(holder: u32) -> u32 {
    let all = Procfs::default().processes().unwrap();
    let child = all.iter().find(|stat| stat.parent == holder && !stat.has_ended());
    child.expect("it holds a program").pid
}

fn is_confined(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let own = fs::read_link("/proc/self/ns/pid").unwrap();
    let has = |line: &str| status.lines().any(|one| one == line);
    has("Seccomp:\t2")
        && has("NoNewPrivs:\t1")
        && fs::read_link(format!("/proc/{pid}/ns/pid")).unwrap() != own
}

#[test]
fn a_sandboxed_service_stays_in_its_sandbox_through_all_deaths() {
    stays_in(None);
}

#[test]
fn a_sandboxed_service_of_an_ordinary_user_stays_in_its_sandbox_through_all_deaths() {
    stays_in(Some(NOBODY));
}

fn stays_in(user: Option<u32>) {
    let config = [doors("free", ""), doors("held", "sandbox = \"default\"")].concat();
    let mut scene = scene(user, &config);
    scene.begin(&["free", "held"]);
    // The same program without a sandbox shows that the doors are doors.
    assert_doors(&scene, "free", "open");
    assert_doors(&scene, "held", "shut");
    let told = scene.until_told("held", "supervise.sandbox_denied").to_string();
    assert!(told.contains("socket"), "{told}");
    scene.until_told("held", "supervise.sandboxed");
    let trail = fs::read_to_string(scene.path("data/trail/000000000000.jsonl")).unwrap();
    assert!(trail.contains("supervise.sandboxed"), "{trail}");

    let holder = scene.pid("held");
    let inside = program(holder);
    assert!(is_confined(inside));
    scene.kill_main();
    scene.revive();
    scene.kill_guardian();
    scene.revive();
    assert_eq!(scene.pid("held"), holder, "{}", scene.log());
    assert!(lives(inside) && is_confined(inside));
    // Nothing is left of a program whose holder was killed, and the next one is held as the first.
    kill(holder);
    until_some(|| (!lives(inside)).then_some(()));
    let next = scene.until_other("held", holder);
    until_some(|| (scene.output("held").matches("done").count() == 2).then_some(()));
    assert!(is_confined(program(next)));
    assert!(!scene.output("held").contains("open"), "{}", scene.output("held"));

    let inside = program(next);
    assert_eq!(scene.command("stop", "held").0, 200);
    assert!(!lives(inside) && !lives(next));
    scene.stop();
}

#[test]
fn a_sandboxed_service_is_stopped_by_its_own_handler_and_reads_its_policy_anew() {
    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    let service = super::scene::scripted("held", script, "sandbox = \"held.toml\"");
    let mut scene = scene(None, &service);
    let at_least = "[at-least]\nmemory = \"approximate\"\ncpu = \"approximate\"\n";
    let policy = |tasks: u32| format!("[limits]\ntasks = {tasks}\n{at_least}");
    fs::write(scene.path("held.toml"), policy(4)).unwrap();
    scene.begin(&["held"]);
    until_some(|| scene.output("held").contains("up").then_some(()));
    let first = scene.pid("held");
    fs::write(scene.path("held.toml"), policy(5)).unwrap();
    for pid in scene.census().mains {
        signal(pid, Signal::HUP);
    }
    let second = scene.until_other("held", first);
    until_some(|| (scene.output("held").matches("up").count() == 2).then_some(()));
    assert_ne!(first, second);
    scene.stop();
    assert_eq!(scene.output("held").matches("bye").count(), 2, "{}", scene.output("held"));
}

#[test]
fn a_policy_that_is_not_there_or_cannot_be_kept_starts_nothing_and_keeps_no_other_from_running() {
    let config = [
        doors("free", ""),
        doors("absent", "sandbox = \"no-such.toml\""),
        doors("wrong", "sandbox = \"wrong.toml\""),
        doors("deaf", "sandbox = \"default\"\nprobes.readiness = { notify = true }"),
        // Its own user may make no cgroups, and its policy demands them: whoever starts it finds out.
        doors("unkept", &format!("user = \"{NOBODY}\"\nsandbox = \"unkept.toml\"")),
    ];
    let mut scene = scene(None, &config.concat());
    fs::write(scene.path("wrong.toml"), "[limits]\nmemry = \"1MB\"\n").unwrap();
    fs::write(scene.path("unkept.toml"), "[limits]\ntasks = 4\n").unwrap();
    let checked = scene.agentd(&["check-config"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(78), "{checked:?}");
    let said = String::from_utf8(checked.stderr).unwrap();
    for words in ["service[1].sandbox", "no-such.toml", "memry", "probes.readiness.notify"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    scene.begin(&["free"]);
    for name in ["absent", "wrong", "deaf", "unkept"] {
        scene.until(name, "failed");
        assert_eq!(scene.output(name).matches("open").count(), 0, "{}", scene.output(name));
    }
    assert!(scene.explain("absent").to_string().contains("no-such.toml"));
    let said = scene.explain("unkept");
    let kinds = |kind: &str| {
        let events = said["events"].as_array().unwrap();
        events.iter().filter(|event| event["kind"] == kind).count()
    };
    assert_eq!((kinds("supervise.failed"), kinds("supervise.sandbox_refused")), (1, 1), "{said}");
    scene.stop();
}

//! Hosts that lack something: the answer is told, never a silent downgrade.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The program that tells what it finds, where everybody can run it: what was built may lie below a folder that is its
/// owner's alone.
struct Prober(TempDir);

impl Prober {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for it");
        // By another process: a child of this one would hold a file open that we write, and nobody could run it.
        let copied = Command::new("install")
            .args(["-D", "-m", "755", env!("CARGO_BIN_EXE_sandbox-door")])
            .arg(folder.path().join("sandbox-door"))
            .status();
        assert!(copied.expect("there is `install`").success());
        let opened = Command::new("chmod").arg("755").arg(folder.path()).status();
        assert!(opened.expect("there is `chmod`").success());
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("sandbox-door")
    }
}

/// Returns what a host without these system calls can enforce, a line for each guarantee: to whom we are, and to an
/// ordinary user.
fn without(calls: &[&str]) -> Vec<Vec<String>> {
    let prober = Prober::new();
    let command = || {
        let mut command = Command::new(prober.path());
        command.arg("probe").args(calls).current_dir("/");
        command
    };
    let mut all = vec![lines(command())];
    if rustix::process::geteuid().is_root() {
        all.push(lines(as_nobody(command())));
    }
    all
}

fn as_nobody(mut command: Command) -> Command {
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn lines(mut command: Command) -> Vec<String> {
    let output = command.output().expect("it can be started");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).expect("it is text");
    told.lines().map(str::to_owned).collect()
}

fn check(calls: &[&str], expected: &[(&str, &str)]) {
    for told in without(calls) {
        tells(&told, expected);
    }
}

fn tells(told: &[String], expected: &[(&str, &str)]) {
    for (guarantee, start) in expected {
        let line = told.iter().find_map(|line| line.strip_prefix(&format!("{guarantee}: ")));
        let line = line.expect("every guarantee is told");
        assert!(line.starts_with(start), "{guarantee}: {line}");
    }
}

const NOBODY: u32 = 65_534;

#[test]
fn without_landlock_files_are_held_by_the_root_alone() {
    let told = "approximate: an empty read-only root, but the kernel has no Landlock";
    check(
        &["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
        &[("files", told), ("processes", "enforced"), ("network", "enforced")],
    );
}

#[test]
fn without_namespaces_landlock_and_the_filter_hold_what_they_can() {
    check(
        &["fsopen", "fsmount", "move_mount"],
        &[
            ("files", "approximate: Landlock version"),
            ("network", "enforced: no system call that makes a socket"),
            ("processes", "approximate: signals end at Landlock's scope"),
            ("deadline", "approximate"),
        ],
    );
}

#[test]
fn without_namespaces_and_landlock_nothing_holds_files() {
    check(&["fsopen", "landlock_create_ruleset"], &[("files", "absent"), ("processes", "absent")]);
}

#[test]
fn without_filters_system_calls_are_open_and_the_network_is_a_namespace() {
    check(
        &["seccomp"],
        &[
            ("system-calls", "absent: filtering system calls failed: Function not implemented"),
            ("telemetry", "absent"),
            ("network", "approximate: a network namespace"),
            ("files", "enforced"),
        ],
    );
}

#[test]
fn without_filters_and_namespaces_nothing_holds_a_program_that_leaves_its_group() {
    check(
        &["seccomp", "fsopen"],
        &[
            ("deadline", "absent: its process group is killed, and it can leave that"),
            ("network", "absent"),
            ("processes", "absent"),
            ("files", "approximate: Landlock version"),
        ],
    );
}

/// Where no user namespace can be made any more; in a user namespace of its own, so that the host keeps its setting.
fn without_user_namespaces(user: &[&str], prober: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.arg("--user").args(user).args(["/bin/sh", "-c"]).arg(SETTING).arg(prober);
    command.current_dir("/");
    command
}

/// Who is root there stays root; whoever is not gives up what let it change the setting.
const SETTING: &str = "\
    echo 0 > /proc/sys/user/max_user_namespaces || exit 1; \
    [ \"$(id -u)\" = 0 ] && exec \"$0\" probe; \
    exec setpriv --ambient-caps=-all --inh-caps=-all \"$0\" probe";

#[test]
fn without_user_namespaces_an_ordinary_user_is_told_the_setting() {
    let prober = Prober::new();
    let user = ["--map-user=65534", "--map-group=65534", "--keep-caps"];
    let told = lines(as_nobody(without_user_namespaces(&user, &prober.path())));
    let setting = "making a process in namespaces failed: No space left on device (os error 28): set the sysctl \
        user.max_user_namespaces to more than 0";
    let scope = format!("approximate: signals end at Landlock's scope, no ptrace; {setting}");
    let files = ("files", "approximate: Landlock version");
    tells(&told, &[files, ("processes", &scope), ("deadline", "approximate")]);
}

#[test]
fn without_user_namespaces_root_makes_the_others_and_keeps_everything() {
    let prober = Prober::new();
    let told = lines(without_user_namespaces(&["--map-root-user"], &prober.path()));
    let kept = ["files", "network", "processes", "privileges", "system-calls", "deadline"];
    tells(&told, &kept.map(|guarantee| (guarantee, "enforced")));
}

#[test]
fn without_cgroups_limits_are_approximate_and_say_what_would_help() {
    check(
        &["mkdir", "mkdirat"],
        &[
            (
                "memory",
                "approximate: the address space of each process: run it as root, or have systemd",
            ),
            ("cpu", "approximate: stopped and continued"),
        ],
    );
}

#[test]
fn a_program_that_is_run_without_a_trial_gets_all_of_its_input_also_where_layers_are_missing() {
    let prober = Prober::new();
    let input = "a line\n".repeat(20_000);
    let missing: [&[&str]; 5] = [
        &[],
        &["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
        &["landlock_restrict_self"],
        &["fsopen", "fsmount", "move_mount"],
        &["seccomp"],
    ];
    for calls in missing {
        let mut command = Command::new(prober.path());
        command.arg("cat").args(calls).current_dir("/");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let handed = input.clone();
        let writer = std::thread::spawn(move || stdin.write_all(handed.as_bytes()));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("it ends").expect("all of it is taken");
        assert!(output.status.success(), "{calls:?}: {output:?}");
        assert!(output.stdout == input.as_bytes(), "{calls:?}: {} bytes", output.stdout.len());
    }
}

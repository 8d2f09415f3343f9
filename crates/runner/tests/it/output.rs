//! What services write, from their FIFOs into their logs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_supervise::{Amount, Config, ProbeConfig, RestartPolicy, ServiceSpec};

use crate::scene::{Scene, eventually, kill, shell};

/// Runs a script once.
fn once(name: &str, script: &str) -> ServiceSpec {
    let mut spec = shell(name, script);
    spec.restart = RestartPolicy::Never;
    spec
}

fn log(scene: &Scene, name: &str) -> PathBuf {
    scene.services().log_path(name).unwrap()
}

/// Waits until a log ends with a line, and returns all lines.
fn until_line(scene: &Scene, name: &str, line: &str) -> Vec<String> {
    eventually(|| (scene.services().last_lines(name, 1) == [line]).then_some(()));
    scene.services().last_lines(name, usize::MAX)
}

#[test]
fn both_outputs_are_kept_in_their_order_with_the_line_that_has_no_end() {
    let scene =
        Scene::with([once("bot", "echo one; echo two >&2; echo three; printf end; exit 1")]);
    let lines = until_line(&scene, "bot", "end");
    assert_eq!(lines, ["one", "two", "three", "end"]);
    assert_eq!(scene.services().last_lines("bot", 2), ["three", "end"]);
    assert_eq!(scene.services().explain("bot").unwrap().log, ["one", "two", "three", "end"]);
    assert!(scene.services().last_lines("nobody", 2).is_empty());
    let mode = log(&scene, "bot").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0);
}

#[test]
fn runs_do_not_write_into_each_others_lines() {
    let mut bot = shell("bot", "echo begins; printf unfinished; sleep 0.01; exit 1");
    bot.intensity.max_restarts = 3;
    bot.backoff.initial = Duration::from_millis(1);
    let scene = Scene::with([bot]);
    scene.until("bot", "crash_loop");
    let expected = ["begins", "unfinished"].repeat(4);
    let lines = eventually(|| {
        let lines = scene.services().last_lines("bot", usize::MAX);
        (lines.len() >= expected.len()).then_some(lines)
    });
    assert_eq!(lines, expected);
}

#[test]
fn what_is_written_while_nobody_looks_is_taken_later() {
    let mut scene = Scene::new();
    let go = scene.path("go");
    let script = format!(
        "echo before; while [ ! -e {} ]; do sleep 0.01; done; \
         i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo last; sleep 1000",
        go.display()
    );
    scene.start(Config::new([shell("bot", &script)]));
    until_line(&scene, "bot", "before");
    // As if this program had been killed.
    scene.services = None;
    std::fs::write(go, "").unwrap();
    eventually(|| {
        let fifo = scene.options.directory.join("fifo/bot");
        ends_with(&fifo, "last\n").then_some(())
    });
    scene.start(Config::new([shell("bot", &script)]));
    let lines = until_line(&scene, "bot", "last");
    let mut expected: Vec<String> = (0..2000).map(|number| format!("line {number}")).collect();
    expected.insert(0, "before".to_owned());
    expected.push("last".to_owned());
    assert_eq!(lines, expected);
}

/// Looks into a FIFO without taking anything.
fn ends_with(fifo: &Path, end: &str) -> bool {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fifo = rustix::fs::open(fifo, flags, Mode::empty()).unwrap();
    let mut peek = wardkit_logs::writer::Peek::new().unwrap();
    peek.look(&fifo).unwrap().ends_with(end.as_bytes())
}

#[test]
fn a_flood_is_cut_marked_and_does_not_hold_the_service_up() {
    // Ninety megabytes, of which two may be kept. The last line is longer than what may be kept of an hour.
    let mut bot = once(
        "bot",
        "yes 'a line of a flood that nobody wants to read' | head -n 2000000; \
         head -c 4000 /dev/zero | tr '\\0' o; echo",
    );
    bot.logs.rate = Amount::new(1.0);
    bot.logs.burst = Amount::new(2e6);
    bot.logs.max_size = Amount::new(1e6);
    bot.logs.budget = Amount::new(4e6);
    let scene = Scene::with([bot]);
    scene.until("bot", "stopped");
    let lines = scene.services().last_lines("bot", 1);
    assert!(lines[0].ends_with("are left out here: more than its limit a second"), "{lines:?}");
    let metrics = scene.services().log_metrics();
    assert_eq!(metrics.bytes, 2_000_000 * 44 + 4_001);
    assert!(metrics.left_out > 1_900_000 && metrics.failures == 0, "{metrics:?}");
    let folder = scene.options.directory.join("logs");
    let size: u64 =
        std::fs::read_dir(folder).unwrap().map(|one| one.unwrap().metadata().unwrap().len()).sum();
    assert!(size < 4_000_000, "{size}");
}

#[test]
fn a_full_pipe_is_marked_where_its_writer_had_to_wait() {
    let mut scene = Scene::new();
    let go = scene.path("go");
    let script = format!(
        "echo $$ > {go}.pid; while [ ! -e {go} ]; do sleep 0.01; done; \
         yes 0123456789012345678901234567890123456789 | head -n 100000; echo over; sleep 1000",
        go = go.display()
    );
    let config = Config::new([shell("bot", &script)]);
    scene.start(config.clone());
    scene.until("bot", "running");
    scene.services = None;
    std::fs::write(go, "").unwrap();
    let fifo = scene.options.directory.join("fifo/bot");
    eventually(|| is_full(&fifo).then_some(()));
    scene.start(config);
    let lines = until_line(&scene, "bot", "over");
    let marks = lines.iter().filter(|line| line.starts_with("wardkit: nobody took this output"));
    assert_eq!(marks.count(), 1);
    // Nothing is missing.
    let whole = lines.iter().filter(|line| line.len() == 40 && line.starts_with('0'));
    assert_eq!(whole.count(), 100_000);
}

fn is_full(fifo: &Path) -> bool {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fifo = rustix::fs::open(fifo, flags, Mode::empty()).unwrap();
    wardkit_logs::writer::Peek::is_full(fifo).unwrap()
}

#[test]
fn a_log_that_cannot_be_written_is_told_once_and_goes_on_by_itself() {
    let mut scene = Scene::new();
    let go = scene.path("go");
    let script = format!(
        "yes 0123456789 | head -n 400000; echo >{go}; while [ -e {go} ]; do sleep 0.01; done; \
         echo back; sleep 1000",
        go = go.display()
    );
    // A directory stands where the log should.
    let blocked = scene.options.directory.join("logs/bot.log");
    std::fs::create_dir_all(&blocked).unwrap();
    scene.start(Config::new([shell("bot", &script)]));
    // It has written four times what a FIFO holds.
    eventually(|| go.exists().then_some(()));
    let told = scene.told("supervise.log_failed", "bot");
    assert!(told.contains("bot.log cannot be written: "), "{told}");
    std::fs::remove_dir(&blocked).unwrap();
    std::fs::remove_file(&go).unwrap();
    let lines = until_line(&scene, "bot", "back");
    assert!(lines[0].contains(" bytes are left out here: "), "{}", lines[0]);
    scene.told("supervise.log_recovered", "bot");
    assert_eq!(scene.outlet.find("supervise.log_failed", "bot").len(), 1);
}

#[test]
fn a_line_of_the_log_makes_a_service_ready_and_that_of_an_earlier_run_does_not() {
    let mut probe = ProbeConfig::default();
    probe.log = Some("^server (is )?up$".to_owned());
    let mut scene = Scene::new();
    let once = scene.path("once");
    // Only its first run says that it is up.
    let script = format!(
        "if mkdir {once}; then echo starting; sleep 0.05; echo server is up; fi; sleep 1000",
        once = once.display()
    );
    let mut bot = shell("bot", &script);
    bot.probes.readiness = Some(probe);
    let mut after = crate::scene::sleeper("after");
    after.depends = vec!["bot".to_owned()];
    scene.start(Config::new([bot, after]));
    scene.until("after", "running");
    let first = scene.until("bot", "running").unwrap();
    assert_eq!(scene.told("supervise.ready", "bot"), "");
    kill(first);
    scene.until_run("bot", "starting", 2);
    assert_eq!(scene.outlet.find("supervise.ready", "bot").len(), 1);
}

#[test]
fn logs_are_put_aside_compressed_and_read_back() {
    let mut bot = shell(
        "bot",
        "i=0; while [ $i -lt 4000 ]; do echo line number $i; i=$((i+1)); done; sleep 1000",
    );
    bot.logs.max_size = Amount::new(8192.0);
    bot.logs.keep = 100;
    let scene = Scene::with([bot]);
    let lines = until_line(&scene, "bot", "line number 3999");
    assert_eq!(lines.len(), 4000);
    let folder = scene.options.directory.join("logs");
    eventually(|| {
        let mut files = std::fs::read_dir(&folder).unwrap().map(|one| one.unwrap().path());
        let is_done = |file: PathBuf| {
            let ending = file.extension().unwrap().to_str().unwrap();
            ending == "log" || ending == "zst"
        };
        files.all(is_done).then_some(())
    });
    assert_eq!(scene.services().last_lines("bot", usize::MAX), lines);
}

//! As root every opener waits for the gate; everybody else is refused.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_integrity::{Answer, EnforceOptions, Enforcer, Error, Gate, Opens, Question};

use super::seen::directory;

/// Starts to gate, or asserts that it is refused where this is not root.
fn enforce(options: &EnforceOptions, gate: impl Gate + 'static) -> Option<Enforcer> {
    let enforcer = Enforcer::start(options, Arc::new(gate));
    if !rustix::process::geteuid().is_root() {
        let Err(Error::Watch { action: "start to gate", source }) = enforcer else {
            panic!("not refused: {enforcer:?}");
        };
        assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
        return None;
    }
    Some(enforcer.unwrap())
}

fn cat(path: &Path) -> Output {
    Command::new("cat").arg(path).env("LC_ALL", "C").output().unwrap()
}

fn assert_denied(output: &Output) {
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Operation not permitted"), "{said}");
}

/// Allows what does not begin with `bad`.
fn reads(question: &Question<'_>) -> Answer {
    let mut text = String::new();
    let mut file = fs::File::from(question.file.try_clone_to_owned().unwrap());
    file.read_to_string(&mut text).unwrap();
    if text.starts_with("bad") { Answer::Deny } else { Answer::Allow }
}

#[test]
fn an_opener_is_told_what_the_gate_decides() {
    let (_dir, root) = directory();
    fs::create_dir(root.join("below")).unwrap();
    let (good, bad) = (root.join("good"), root.join("below/bad"));
    fs::write(&good, "good").unwrap();
    fs::write(&bad, "bad").unwrap();
    let Some(enforcer) = enforce(&EnforceOptions::new([&root]), reads) else { return };

    assert_eq!(cat(&good).stdout, b"good");
    assert_denied(&cat(&bad));
    let counts = enforcer.counts();
    assert_eq!((counts.allowed, counts.denied, counts.late), (1, 1, 0));
    // This process is never asked, or its own gate would wait for itself.
    assert_eq!(fs::read(&bad).unwrap(), b"bad");
    drop(enforcer);
    assert_eq!(cat(&bad).stdout, b"bad");
}

#[test]
fn a_program_that_is_denied_does_not_start() {
    let (_dir, root) = directory();
    let program = root.join("program");
    fs::copy("/bin/true", &program).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let gate = {
        let seen = Arc::clone(&seen);
        move |question: &Question<'_>| {
            seen.lock().unwrap().push(question.path.to_owned());
            Answer::Deny
        }
    };
    let options = EnforceOptions::new([&root]).with_opens(Opens::Programs);
    let Some(enforcer) = enforce(&options, gate) else { return };
    let error = Command::new(&program).status().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert_eq!(*seen.lock().unwrap(), [program.as_path()]);
    // Reading it is no start.
    assert!(cat(&program).status.success());
    drop(enforcer);
    assert!(Command::new(&program).status().unwrap().success());
}

#[test]
fn an_unchanged_file_is_asked_for_once() {
    // A file that did not change lately: this crate's own.
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/watch/fanotify/parse");
    let file = directory.join("tests.rs");
    let asked = Arc::new(AtomicUsize::new(0));
    let gate = {
        let (asked, file) = (Arc::clone(&asked), file.clone());
        move |question: &Question<'_>| {
            asked.fetch_add(usize::from(question.path == file), Ordering::SeqCst);
            Answer::Allow
        }
    };
    let Some(enforcer) = enforce(&EnforceOptions::new([&directory]), gate) else { return };
    for _ in 0..3 {
        assert!(cat(&file).status.success());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(enforcer.counts().cached >= 2);
    enforcer.forget();
    assert!(cat(&file).status.success());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// A gate that hangs until its sender is dropped, and tells that it was called.
fn hangs() -> (impl Gate + 'static, Sender<()>, Receiver<()>) {
    let (go, wait) = channel();
    let (tell, called) = channel();
    let wait = Mutex::new(wait);
    let gate = move |_: &Question<'_>| {
        tell.send(()).ok();
        wait.lock().unwrap().recv().ok();
        Answer::Allow
    };
    (gate, go, called)
}

#[test]
fn nobody_hangs_when_the_gate_does() {
    let (_dir, root) = directory();
    fs::write(root.join("file"), "1").unwrap();
    for (late, succeeds) in [(Answer::Deny, false), (Answer::Allow, true)] {
        let (gate, _go, _called) = hangs();
        let options = EnforceOptions::new([&root]).with_timeout(Duration::from_millis(20), late);
        let Some(enforcer) = enforce(&options, gate) else { return };
        assert_eq!(cat(&root.join("file")).status.success(), succeeds);
        // The second finds the gate still busy.
        assert_eq!(cat(&root.join("file")).status.success(), succeeds);
        assert_eq!(enforcer.counts().late, 2);
    }
}

#[test]
fn a_gate_that_panics_is_late() {
    let (_dir, root) = directory();
    fs::write(root.join("file"), "1").unwrap();
    let gate = |_: &Question<'_>| -> Answer { panic!("this gate is broken, as the test wants") };
    let Some(enforcer) = enforce(&EnforceOptions::new([&root]), gate) else { return };
    assert_denied(&cat(&root.join("file")));
    assert_denied(&cat(&root.join("file")));
    assert_eq!(enforcer.counts().late, 2);
}

#[test]
fn who_waits_is_answered_when_the_enforcer_is_dropped() {
    let (_dir, root) = directory();
    let file = root.join("file");
    fs::write(&file, "1").unwrap();
    let (gate, _go, called) = hangs();
    let options = EnforceOptions::new([&root]).with_timeout(Duration::from_hours(1), Answer::Deny);
    let Some(enforcer) = enforce(&options, gate) else { return };
    let waiting = std::thread::spawn(move || cat(&file));
    called.recv().unwrap();
    drop(enforcer);
    assert_denied(&waiting.join().unwrap());
}

#[test]
fn what_is_no_regular_file_does_not_end_the_gate() {
    let (_dir, root) = directory();
    let bad = root.join("bad");
    fs::write(&bad, "bad").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), kind, 0o600.into(), 0).unwrap();
    let Some(_enforcer) = enforce(&EnforceOptions::new([&root]), reads) else { return };
    for name in ["socket", "pipe"] {
        // Opened for both ways a pipe waits for nobody.
        let opened = format!("exec 3<>'{}'", root.join(name).display());
        drop(Command::new("sh").args(["-c", &opened]).output().unwrap());
    }
    assert_denied(&cat(&bad));
}

/// The limit is the whole process's, so that this one has a process to itself.
#[test]
fn who_uses_up_the_descriptors_does_not_end_the_gate() {
    let name = "watch::enforce::who_uses_up_the_descriptors_does_not_end_the_gate";
    if std::env::args().all(|argument| argument != "--exact") {
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", name]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    let (_dir, root) = directory();
    for number in 0..40 {
        fs::write(root.join(number.to_string()), "good").unwrap();
    }
    fs::write(root.join("bad"), "bad").unwrap();
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let gate = move |question: &Question<'_>| {
        wait.lock().unwrap().recv().ok();
        reads(question)
    };
    let opens = "read -r line; for file in ?*; do test $file = bad || cat $file >&2 || echo refused & done; wait; \
                 cat bad && echo opened";
    let mut openers = Command::new("sh");
    openers.args(["-c", opens]).current_dir(&root);
    openers.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut openers = openers.spawn().unwrap();
    let options = EnforceOptions::new([&root]).with_timeout(Duration::from_hours(1), Answer::Deny);
    let Some(_enforcer) = enforce(&options, gate) else {
        openers.kill().unwrap();
        openers.wait().unwrap();
        return;
    };

    let open = fs::read_dir("/proc/self/fd").unwrap().count();
    let few = Some(u64::try_from(open).unwrap() + 8);
    let limit = rustix::process::Rlimit { current: few, maximum: few };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    openers.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut told = BufReader::new(openers.stdout.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert_eq!(line, "refused\n");
    drop(go);
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    openers.wait().unwrap();
    assert!(!rest.contains("opened"), "{rest}");
}

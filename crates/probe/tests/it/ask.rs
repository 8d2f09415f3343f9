//! One question at a time: programs, ports, sockets, files, pages.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use wardkit_probe::{
    ExecTarget, FileTarget, HttpAnswer, HttpQuestion, HttpTarget, NoHttp, Outcome, Target,
    TcpTarget, UnixTarget, ask,
};

/// Long enough for any machine; runs that are meant to be late have a short one.
const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(300);

async fn asked(target: impl Into<Target>) -> Outcome {
    ask(&target.into(), &NoHttp, LONG).await
}

fn shell(script: &str) -> ExecTarget {
    ExecTarget::new(["/bin/sh", "-c", script])
}

#[tokio::test]
async fn a_program_is_judged_by_its_exit_code() {
    let rows = [
        ("exit 0", Outcome::Passed),
        ("echo all is well", Outcome::Passed),
        ("exit 7", Outcome::failed("exit code 7")),
        (
            "echo; echo disk is full; echo more; exit 2",
            Outcome::failed("exit code 2: disk is full"),
        ),
        ("echo gone >&2; exit 2", Outcome::failed("exit code 2: gone")),
        ("echo 91 % full; exit 1", Outcome::degraded("exit code 1: 91 % full")),
        ("kill -9 $$", Outcome::failed("ended by signal 9")),
    ];
    for (script, expected) in rows {
        let mut target = shell(script);
        target.degraded_codes = vec![1];
        assert_eq!(asked(target).await, expected, "{script}");
    }
}

#[tokio::test]
async fn a_program_inherits_nothing() {
    let mut target = shell(
        "env | grep -c CARGO | grep -qx 0 && test \"$PWD\" = / && test \"$A\" = b && test \"$PATH\" = \"$WANTED\"",
    );
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    target.env.insert("A".to_owned(), "b".to_owned());
    target.env.insert("WANTED".to_owned(), path.to_owned());
    assert_eq!(asked(target).await, Outcome::Passed);
}

#[tokio::test]
async fn arguments_are_not_read_by_a_shell() {
    let target = ExecTarget::new(["/usr/bin/test", "$(id); `id` | x", "=", "$(id); `id` | x"]);
    assert_eq!(asked(target).await, Outcome::Passed);
}

#[tokio::test]
async fn a_program_that_is_late_dies_with_its_children() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let script = format!(
        "sleep 1000 & echo $! > {0}.new; echo $$ >> {0}.new; mv {0}.new {0}; wait",
        pids.display()
    );
    let target: Target = shell(&script).into();
    let mut timeout = SHORT;
    // On a slow machine the shell may not have come that far by then.
    let outcome = loop {
        let outcome = ask(&target, &NoHttp, timeout).await;
        if pids.exists() {
            break outcome;
        }
        timeout *= 2;
    };
    assert_eq!(outcome, Outcome::failed(format!("no answer within {timeout:?}")));
    for pid in fs::read_to_string(&pids).unwrap().lines() {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_program_that_passes_leaves_nobody_behind() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    // It has let go of both pipes, so nobody waits for it.
    let left = format!("sleep 1000 >/dev/null 2>&1 & echo $! > {}", pid.display());
    assert_eq!(asked(shell(&left)).await, Outcome::Passed);
    // The program itself may let go of them and live on.
    assert_eq!(asked(shell("exec >&- 2>&-; exit 3")).await, Outcome::failed("exit code 3"));
    let pid = fs::read_to_string(pid).unwrap();
    while is_alive(pid.trim()) {
        tokio::task::yield_now().await;
    }
}

/// A killed process may be a zombie for a moment, until its parent has looked.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim().starts_with('Z'))
}

#[tokio::test]
async fn a_program_that_never_stops_writing_is_stopped() {
    let outcome =
        asked(shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"))
            .await;
    assert_eq!(outcome, Outcome::failed("wrote more than 1048576 bytes"));
}

#[tokio::test]
async fn a_program_that_everybody_may_write_is_not_run() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("check");
    fs::write(&path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o757)).unwrap();
    let program = path.to_str().unwrap();
    let reason = "every user of this machine may write it; chmod o-w it";
    let expected = Outcome::failed(format!("cannot run {program}: {reason}"));
    assert_eq!(asked(ExecTarget::new([program])).await, expected);
}

#[tokio::test]
async fn a_program_that_is_not_there_fails() {
    let outcome = asked(ExecTarget::new(["/nonexistent/program"])).await;
    let expected = "cannot run /nonexistent/program: No such file or directory (os error 2)";
    assert_eq!(outcome, Outcome::failed(expected));
}

/// Accepts one connection, writes, and reads until its end.
fn server(says: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The other side may have heard enough.
        let _ = stream.write_all(says.as_bytes());
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        String::from_utf8_lossy(&heard).into_owned()
    });
    (address, serving)
}

#[tokio::test]
async fn a_port_is_asked_and_answers() {
    let (address, serving) = server("220 mail.example ESMTP\r\n");
    let mut target = TcpTarget::new(address);
    target.send = Some("QUIT\r\n".to_owned());
    target.expect = Some("ESMTP".to_owned());
    assert_eq!(asked(target).await, Outcome::Passed);
    assert_eq!(serving.join().unwrap(), "QUIT\r\n");
}

#[tokio::test]
async fn a_port_that_says_something_else_fails() {
    let (address, _serving) = server("busy");
    let mut target = TcpTarget::new(address);
    target.expect = Some("ready".to_owned());
    let outcome = ask(&target.into(), &NoHttp, SHORT).await;
    assert_eq!(outcome, Outcome::failed("no answer within 300ms"));
    let (address, _serving) = server(Box::leak("busy ".repeat(2000).into_boxed_str()));
    let mut target = TcpTarget::new(address);
    target.expect = Some("ready".to_owned());
    assert_eq!(asked(target).await, Outcome::failed("the first 4096 bytes lack \"ready\""));
}

#[tokio::test]
async fn a_closed_port_fails() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let expected = format!("cannot connect to {address}: Connection refused (os error 111)");
    assert_eq!(asked(TcpTarget::new(address.to_string())).await, Outcome::failed(expected));
}

#[tokio::test]
async fn a_unix_socket_is_asked_and_answers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bot.sock");
    let missing = asked(UnixTarget::new(&path)).await;
    assert!(missing.reason().unwrap().ends_with("No such file or directory (os error 2)"));
    let listener = UnixListener::bind(&path).unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"pong").unwrap();
    });
    let mut target = UnixTarget::new(&path);
    target.expect = Some("pong".to_owned());
    assert_eq!(asked(target.clone()).await, Outcome::Passed);
    serving.join().unwrap();
    let outcome = asked(target).await;
    // A program that another test starts at this moment holds the listener until it runs.
    let ends = ["Connection refused (os error 111)", "Connection reset by peer (os error 104)"];
    assert!(ends.iter().any(|end| outcome.reason().unwrap().ends_with(end)), "{outcome}");
}

#[tokio::test]
async fn a_file_is_judged_by_age_and_size() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("backup");
    let shown = path.display().to_string();
    fs::write(&path, "12345").unwrap();
    let judged = async |hours_ago: i64, change: fn(&mut FileTarget)| {
        let now = fs::metadata(directory.path()).unwrap().modified().unwrap();
        let hours = Duration::from_hours(hours_ago.unsigned_abs());
        let written = if hours_ago < 0 { now + hours } else { now - hours };
        fs::File::open(&path).unwrap().set_modified(written).unwrap();
        let mut target = FileTarget::new(&path);
        change(&mut target);
        let outcome = asked(target).await;
        outcome.reason().unwrap_or_default().replace(&shown, "F")
    };
    assert_eq!(judged(1000, |_| {}).await, "");
    assert_eq!(judged(20, |f| f.max_age = Some(Duration::from_hours(26))).await, "");
    let old = judged(30, |f| f.max_age = Some(Duration::from_hours(26))).await;
    assert!(old.starts_with("F was written 108"), "{old}");
    assert_eq!(judged(-1, |f| f.max_age = Some(Duration::from_hours(26))).await, "");
    let ahead = judged(-50, |f| f.max_age = Some(Duration::from_hours(26))).await;
    assert!(ahead.ends_with("which has not come yet"), "{ahead}");
    assert_eq!(judged(0, |f| f.min_size = Some(5)).await, "");
    assert_eq!(judged(0, |f| f.min_size = Some(6)).await, "F has 5 bytes, fewer than 6");
    assert_eq!(judged(0, |f| f.max_size = Some(4)).await, "F has 5 bytes, more than 4");
    let outcome = asked(FileTarget::new(directory.path())).await;
    assert!(outcome.reason().unwrap().ends_with("is no file"));
    fs::remove_file(&path).unwrap();
    let outcome = asked(FileTarget::new(&path)).await;
    assert!(outcome.reason().unwrap().ends_with("No such file or directory (os error 2)"));
}

#[tokio::test]
async fn a_page_is_judged_by_status_and_body() {
    let answers = |status: u16, body: &'static str| {
        move |question: &HttpQuestion| {
            assert_eq!(question.url, "http://127.0.0.1/healthz");
            assert_eq!(question.headers["accept"], "text/plain");
            Ok(HttpAnswer::new(status, body))
        }
    };
    let mut target = HttpTarget::new("http://127.0.0.1/healthz");
    target.status = vec![200, 204];
    target.headers.insert("accept".to_owned(), "text/plain".to_owned());
    target.contains = Some("well".to_owned());
    let target = target.into();
    let rows = [
        (200, "all is well", Outcome::Passed),
        (204, "well", Outcome::Passed),
        (200, "all is bad", Outcome::failed("the body lacks \"well\"")),
        (503, "well", Outcome::failed("status 503")),
        (301, "well", Outcome::failed("status 301")),
    ];
    for (status, body, expected) in rows {
        assert_eq!(ask(&target, &answers(status, body), LONG).await, expected);
    }
    let broken = |_: &HttpQuestion| Err(std::io::Error::other("no route").into());
    assert_eq!(ask(&target, &broken, LONG).await, Outcome::failed("no route"));
    let outcome = ask(&target, &NoHttp, LONG).await;
    assert_eq!(outcome, Outcome::failed("this program has no HTTP client"));
}

//! What agentd asks and pushes: checks that outlive a reload, secrets that stay secret, mistakes found before a start.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Daemon, Ended, agentd, dir, run, until_some};

fn config(dir: &Path, text: &str) -> String {
    let path = dir.join("agentd.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn checked(text: &str) -> Ended {
    let dir = dir();
    run(&["check-config", "--config", &config(dir.path(), text)])
}

#[test]
fn the_examples_for_operators_are_accepted() {
    let docs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operator"));
    for page in ["health-checks.md", "bot-metrics.md", "metrics.md"] {
        let text = fs::read_to_string(docs.join(page)).unwrap();
        let blocks: Vec<&str> =
            text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty(), "{page}");
        for block in blocks {
            let ended = checked(block);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{page}\n{block}");
        }
    }
}

#[test]
fn a_request_that_can_never_be_sent_is_refused_by_its_key() {
    let page = |url: &str| {
        format!("[[probe.check]]\n[[probe.check]]\nname = \"page\"\ntarget.http.url = \"{url}\"\n")
    };
    for (text, key) in [
        (page("http://me:hunter2@127.0.0.1/"), ":4: probe.check[1].target.http.url: is not http"),
        (page("http://127.0.0.1:99999/"), ":4: probe.check[1].target.http.url: is not http"),
        (page("ftp://127.0.0.1/"), ":4: probe.check[1].target.http.url: is no URL"),
        (
            page("http://a.example/") + "target.http.headers = { \"x y\" = \"hunter2\" }\n",
            ":5: probe.check[1].target.http.headers.x y: ",
        ),
        (
            page("http://a.example/") + "target.http.headers = { x = \"hunter2\\r\\ny: z\" }\n",
            ":5: probe.check[1].target.http.headers.x: ",
        ),
        (
            "[otlp]\nurl = \"http://127.0.0.1/\"\nheaders = { host = \"env:HUNTER2\" }\n"
                .to_owned(),
            "otlp.headers.host: ",
        ),
        ("[otlp]\nurl = \"http://me:hunter2@127.0.0.1/\"\n".to_owned(), "otlp.url: is not http"),
    ] {
        let ended = checked(&text);
        assert_eq!(ended.code, Some(78), "{text}\n{ended:?}");
        assert!(ended.stderr.contains(key), "{key}\n{}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[test]
fn a_reload_keeps_what_is_known_of_a_check_that_it_leaves_alone() {
    let dir = dir();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let check = |name: &str| {
        format!(
            "[[probe.check]]\nname = \"{name}\"\ninterval = \"500ms\"\njitter = \"0s\"\n\
             target.tcp.address = \"{nobody}\"\n"
        )
    };
    // The command reads it, and not the watch before.
    let unwatched = "[reload]\nwatch = false\n";
    let path = config(dir.path(), &format!("{unwatched}{}", check("gone")));
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    until_some(|| daemon.request("/readyz").body.contains("refused").then_some(()));
    daemon.logged(&["probe.check.failed", "gone"]);
    config(dir.path(), &format!("{unwatched}{}{}", check("other"), check("gone")));
    assert_eq!(daemon.command(&["reload"]).stdout, "changed: probe\n");
    // The other one fails for the first time and is told; the first one is down all the time, and told no more.
    daemon.logged(&["probe.check.failed", "other"]);
    let events = daemon.status()["events"].to_string();
    assert_eq!(events.matches("\"probe.check.failed\"").count(), 2, "{events}");
}

/// Answers each push with success, for as long as the test lives.
fn collector() -> String {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/metrics", sink.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in sink.incoming().map_while(Result::ok) {
            let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
            while !is_whole(&bytes) {
                match stream.read(&mut piece) {
                    Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    request.len() >= end + 4 + length.parse::<usize>().unwrap()
}

#[test]
fn a_secret_that_everybody_can_read_is_not_used_until_it_is_closed() {
    let dir = dir();
    let token = dir.path().join("token");
    fs::write(&token, "Bearer hunter2\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let text = format!(
        "[metrics]\ninterval = \"1s\"\n[otlp]\ninterval = \"1s\"\nurl = \"{}\"\n\
         headers = {{ authorization = \"file:{}\" }}\n",
        collector(),
        token.display()
    );
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let line = daemon.logged(&["otlp.push.failed"]);
    assert!(line.contains("chmod o-rwx") && !line.contains("hunter2"), "{line}");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    daemon.logged(&["otlp.push.resumed"]);
}

#[test]
fn a_secret_that_is_no_text_is_not_shown() {
    let dir = dir();
    let text = "[metrics]\ninterval = \"1s\"\n[otlp]\nurl = \"http://127.0.0.1:9/\"\n\
                headers = { authorization = \"env:TOKEN\" }\n";
    let path = config(dir.path(), text);
    let mut command = agentd(&[]);
    command.env("TOKEN", OsStr::from_bytes(b"hunter2\xff"));
    let args = ["--config", path.as_str(), "--listen", "127.0.0.1:0"];
    let daemon = Daemon::spawn(command, &dir.path().join("data"), &args);
    let line = daemon.logged(&["otlp.push.failed"]);
    assert!(line.contains("the variable TOKEN is not a text"), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn a_service_that_fails_now_this_way_and_now_that_is_told_once() {
    let dir = dir();
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = service.local_addr().unwrap();
    std::thread::spawn(move || {
        for (turn, stream) in service.incoming().map_while(Result::ok).enumerate() {
            let answer = match turn {
                0 => "404 Not Found\r\nContent-Length: 0",
                1 => "403 Forbidden\r\nContent-Length: 0",
                _ => "200 OK\r\nContent-Length: 1",
            };
            serve(stream, answer);
        }
    });
    let text = format!(
        "[[metrics.http]]\nurl = \"http://{address}/stats\"\ninterval = \"1s\"\npointer = \"\"\n\
         name = \"bot_queue_length\"\nhelp = \"Messages that wait.\"\nkind = \"gauge\"\n"
    );
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    daemon.logged(&["metrics.source.recovered"]);
    let events = daemon.status()["events"].to_string();
    assert_eq!(events.matches("\"metrics.source.failed\"").count(), 1, "{events}");
}

/// Answers with a head, and a 7 where it has a body.
fn serve(mut stream: std::net::TcpStream, head: &str) {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
    let _ = write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n7");
}

#[test]
fn a_stop_waits_for_nothing_that_hangs() {
    let dir = dir();
    // They take connections and never answer.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hanging.local_addr().unwrap();
    let program = dir.path().join("hang");
    fs::write(&program, "#!/bin/sh\ntrap '' TERM\necho > \"$MARK\"\nwhile :; do sleep 1; done\n")
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mark = dir.path().join("mark");
    let text = format!(
        "[metrics]\ninterval = \"1s\"\n[otlp]\ninterval = \"1s\"\nurl = \"http://{address}/v1/metrics\"\n\
         [[probe.check]]\nname = \"program\"\njitter = \"0s\"\ntarget.exec.command = [{program:?}]\n\
         target.exec.env = {{ MARK = {mark:?} }}\n\
         [[probe.check]]\nname = \"redis\"\njitter = \"0s\"\ntarget.redis.address = \"{address}\"\n\
         [[metrics.http]]\nurl = \"http://{address}/stats\"\ninterval = \"1s\"\npointer = \"\"\n\
         name = \"bot_queue_length\"\nhelp = \"Messages that wait.\"\nkind = \"gauge\"\n"
    );
    let path = config(dir.path(), &text);
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    // All of them are under way.
    let asked: Vec<_> = (0..3).map(|_| hanging.accept().unwrap()).collect();
    until_some(|| mark.exists().then_some(()));
    daemon.signal("TERM");
    assert_eq!(daemon.ended(), Some(0));
    drop(asked);
}

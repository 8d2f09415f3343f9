//! `auditctl probe`.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::auditctl;

/// A server that answers everything with its metrics, but not too often.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let body = "# TYPE bot_users gauge\nbot_users 5\n";
            let head =
                "HTTP/1.1 200 OK\r\nx-content-type-options: nosniff\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
        }
    });
    url
}

#[test]
fn a_running_bot_is_judged_in_every_format() {
    let url = serve();
    let run = |more: &[&str]| auditctl(&[&["probe", &url, "--burst", "3"], more].concat());
    let text = run(&[]);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.stdout.contains("live-metrics-open  http://127.0.0.1:"), "{text:?}");
    assert_eq!(run(&["--fail-on", "medium"]).code, Some(1));
    assert_eq!(run(&["--webhook", "/hook"]).code, Some(1));
    let json: Value = serde_json::from_str(&run(&["--format", "json"]).stdout).unwrap();
    let ids: Vec<&str> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"live-rate-limit"), "{ids:?}");
    for (format, begins) in
        [("sarif", "{"), ("junit", "<?xml"), ("md", "# Audit\n"), ("html", "<!DOCTYPE html>")]
    {
        assert!(run(&["--format", format]).stdout.starts_with(begins), "{format}");
    }
}

#[test]
fn what_may_not_be_asked_or_does_not_answer_exits_2() {
    for (args, expected) in [
        (&["http://192.0.2.1/"][..], "192.0.2.1 is not this host"),
        (&["http://127.0.0.1:1/"], "http://127.0.0.1:1/ does not answer"),
        (&["ftp://127.0.0.1/"], "neither http:// nor https://"),
        (&["http://bot:hunter2@127.0.0.1/"], "a name or a password"),
        (&["http://127.0.0.1:1/", "--burst", "101"], "101"),
        (&["http://127.0.0.1:1/", "--slowest", "soon"], "soon"),
        (&[], "<URL>"),
    ] {
        let ended = auditctl(&[&["probe"], args].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(expected) && !ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

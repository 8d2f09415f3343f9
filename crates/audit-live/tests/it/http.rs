//! What answers tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wardkit_audit::{Status, render};
use wardkit_audit_live::{Error, Owner, Probe};
use wardkit_core::SystemClock;

use crate::server::{Asked, raw, response, serve};
use crate::{ended, probe, report};

const HTML: &str = "content-type: text/html; charset=utf-8\r\n";

#[test]
fn a_server_that_is_wrong_in_every_way_is_told_so() {
    let port = serve(careless);
    let probe = probe(&format!("http://127.0.0.1:{port}/")).with_webhook("hook");
    let report = report(&probe);
    let told: Vec<&str> = report.findings.iter().map(|found| found.id.as_str()).collect();
    for id in [
        "live-headers",
        "live-version-told",
        "live-cors",
        "live-metrics-open",
        "live-debug-open",
        "live-health-detail",
        "live-error-leak",
        "live-rate-limit",
        "live-webhook-open",
    ] {
        assert!(told.contains(&id), "{id}: {told:?}");
    }
    let debug = report.findings.iter().find(|found| found.id == "live-debug-open").unwrap();
    let paths: Vec<&str> = debug
        .files
        .iter()
        .map(|place| place.path.rsplit_once(&port.to_string()).unwrap().1)
        .collect();
    assert_eq!(paths, ["/debug/vars", "/.env", "/.git/HEAD"]);
    // What a server shows may be a secret, and goes into no report.
    let text = render::json(&report) + &render::markdown(&report) + &render::sarif(&report);
    assert!(!text.contains("hunter2"), "{text}");
}

fn careless(asked: &Asked) -> String {
    let fields = format!(
        "{HTML}server: uvicorn/0.30.1\r\naccess-control-allow-credentials: true\r\n\
         access-control-allow-origin: {}\r\n",
        asked.head.lines().find_map(|line| line.strip_prefix("origin: ")).unwrap_or("*")
    );
    let plain = "content-type: text/plain\r\n";
    match asked.path() {
        "/" if asked.is_post() => {
            let trace = "Traceback (most recent call last):\n  File \"/srv/bot/app.py\", line 3\n";
            response("500 Internal Server Error", plain, trace)
        }
        "/" => response("200 OK", &fields, "<h1>bot</h1>"),
        "/metrics" => response("200 OK", plain, "# TYPE bot_users gauge\nbot_users 5\n"),
        "/debug/vars" => response("200 OK", plain, "{\"cmdline\":[\"bot\"],\"memstats\":{}}"),
        "/.env" => response("200 OK", plain, "BOT_TOKEN=hunter2\n"),
        "/.git/HEAD" => response("200 OK", plain, "ref: refs/heads/main\n"),
        "/health" => {
            let body = "{\"ok\":true,\"version\":\"1.2\",\"db\":\"postgres://bot:hunter2@db/bot\"}";
            response("200 OK", "content-type: application/json\r\n", body)
        }
        "/hook" => response("200 OK", plain, "ok"),
        _ => response("404 Not Found", plain, "nothing"),
    }
}

#[test]
fn a_server_that_takes_care_passes() {
    let count = AtomicUsize::new(0);
    let port = serve(move |asked| careful(asked, &count));
    let probe = probe(&format!("http://127.0.0.1:{port}/")).with_webhook("/hook").with_burst(50);
    let ended = ended(&probe);
    for (id, status) in &ended {
        let expected = match id.as_str() {
            "live-cleartext" | "live-store-open" | "live-tls-expiry" | "live-tls-old"
            | "live-tls-untrusted" => Status::NotApplicable,
            _ => Status::Pass,
        };
        assert_eq!(*status, expected, "{id}");
    }
    assert!(ended.len() >= 16, "{ended:?}");
}

/// Answers everything that it does not know with its front page, as sites of one page do.
fn careful(asked: &Asked, count: &AtomicUsize) -> String {
    let fields = format!(
        "{HTML}server: nginx\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'self'; frame-ancestors 'none'\r\n\
         access-control-allow-origin: *\r\n"
    );
    if count.fetch_add(1, Ordering::Relaxed) > 60 {
        return response("429 Too Many Requests", "retry-after: 1\r\n", "");
    }
    match asked.path() {
        "/hook" => {
            assert!(asked.is_post() && asked.body.contains("update_id"));
            response("401 Unauthorized", "", "")
        }
        "/healthz" => response("200 OK", "content-type: text/plain\r\n", "ok\n"),
        "/metrics" => response("401 Unauthorized", "www-authenticate: Bearer\r\n", ""),
        "/" if asked.is_post() => response("400 Bad Request", "", "{\"error\":\"id 7f3a\"}"),
        _ => response("200 OK", &fields, "<h1>DB_PASSWORD=<b>goroutine</b> memstats</h1>"),
    }
}

#[test]
fn what_a_webhook_says_decides() {
    let check = |answer: &'static str, expected| {
        let port = serve(move |asked| match asked.path() {
            "/hook" => response(answer, "", ""),
            _ => response("200 OK", "", ""),
        });
        let probe = probe(&format!("http://127.0.0.1:{port}/x")).with_webhook("/hook");
        assert_eq!(ended(&probe)["live-webhook-open"], expected, "{answer}");
    };
    check("200 OK", Status::Fail);
    check("204 No Content", Status::Fail);
    check("403 Forbidden", Status::Pass);
    check("404 Not Found", Status::Unknown);
    check("500 Internal Server Error", Status::Unknown);
}

#[test]
fn origins_are_compared_and_not_repeated() {
    let check = |fields: &'static str, expected| {
        let port = serve(move |_| response("200 OK", fields, ""));
        let status = ended(&probe(&format!("http://127.0.0.1:{port}/")))["live-cors"];
        assert_eq!(status, expected, "{fields}");
    };
    check(
        "access-control-allow-origin: https://wardkit-probe.invalid\r\naccess-control-allow-credentials: true\r\n",
        Status::Fail,
    );
    check(
        "access-control-allow-origin: null\r\naccess-control-allow-credentials: true\r\n",
        Status::Fail,
    );
    check("access-control-allow-origin: https://wardkit-probe.invalid\r\n", Status::Pass);
    check(
        "access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\n",
        Status::Pass,
    );
    check(
        "access-control-allow-origin: https://bot.example\r\naccess-control-allow-credentials: true\r\n",
        Status::Pass,
    );
}

#[test]
fn a_slow_server_is_slow() {
    let port = serve(|_| response("200 OK", "", ""));
    let probe = probe(&format!("http://127.0.0.1:{port}/")).with_slowest(Duration::ZERO);
    assert_eq!(ended(&probe)["live-slow"], Status::Fail);
}

#[test]
fn hostile_answers_end() {
    for answer in [
        "",
        "no http at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    ] {
        let port = raw(move |stream| {
            let _ = std::io::Read::read(stream, &mut [0; 1024]);
            let _ = std::io::Write::write_all(stream, answer.as_bytes());
        });
        let url = format!("http://127.0.0.1:{port}/");
        let refused = Probe::new(&url, Owner::Unknown).unwrap().run(Arc::new(SystemClock));
        assert!(matches!(refused, Err(Error::Unreachable { .. })), "{answer}");
    }
    // A page without an end is read to a limit.
    let port = raw(|stream| {
        let _ = std::io::Read::read(stream, &mut [0; 1024]);
        let mut sent = std::io::Write::write_all(stream, b"HTTP/1.1 200 OK\r\n\r\n");
        while sent.is_ok() {
            sent = std::io::Write::write_all(stream, &[b'\x1b'; 8192]);
        }
    });
    assert!(report(&probe(&format!("http://127.0.0.1:{port}/"))).findings.len() < 16);
}

#[test]
fn nothing_is_sent_to_strangers_or_to_what_is_not_there() {
    let check = |url: &str| {
        Probe::new(url, Owner::Unknown).unwrap().run(Arc::new(SystemClock)).unwrap_err()
    };
    assert!(matches!(check("http://192.0.2.7/"), Error::NotOwned { .. }));
    assert!(matches!(check("https://[2001:db8::1]/"), Error::NotOwned { .. }));
    assert!(matches!(check("http://127.0.0.1:1/"), Error::Unreachable { .. }));
}

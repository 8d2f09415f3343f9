use std::sync::Mutex;

use serde_json::{Value, json};
use wardkit_core::{Event, Health, Labels, Severity, Timestamp};

use crate::support::{Server, TestDaemon, config, status};

#[tokio::test]
async fn healthz_says_ok_while_the_process_serves() {
    let daemon = TestDaemon {
        health: Mutex::new(vec![("disk".to_owned(), Health::down("gone"))]),
        ..TestDaemon::default()
    };
    let server = Server::start_with(config(), daemon).await;
    let reply = server.get("/healthz").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "ok\n"));
}

#[tokio::test]
async fn readyz_tells_each_part_and_the_worst_of_them() {
    for (health, status, ready, state) in [
        (Health::Up, 200, true, "up"),
        (Health::degraded("slow"), 200, true, "degraded"),
        (Health::Starting, 503, false, "starting"),
        (Health::down("gone"), 503, false, "down"),
    ] {
        let parts = vec![("zeta".to_owned(), Health::Up), ("disk".to_owned(), health.clone())];
        let daemon = TestDaemon { health: Mutex::new(parts), ..TestDaemon::default() };
        let reply = Server::start_with(config(), daemon).await.get("/readyz").await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.field("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["ready"], ready);
        assert_eq!(body["health"]["state"], state);
        assert_eq!(body["parts"]["zeta"], json!({ "state": "up" }));
        assert_eq!(body["parts"]["disk"], serde_json::to_value(&health).unwrap());
    }
}

#[tokio::test]
async fn metrics_begin_with_the_listeners_and_end_with_the_daemons() {
    let server = Server::start(config()).await;
    server.get("/healthz").await;
    server.get("/nothing").await;
    server.request("DELETE /healthz HTTP/1.1").await;
    let reply = server.get("/metrics").await;
    assert_eq!(reply.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "# TYPE agentd_server_requests_total counter",
        "agentd_server_requests_total{route=\"healthz\",class=\"2xx\"} 1",
        "agentd_server_requests_total{route=\"none\",class=\"4xx\"} 2",
        "agentd_server_request_duration_seconds_bucket{le=\"+Inf\"} 1",
        "agentd_server_request_duration_seconds_count 1",
        "agentd_server_connections_accepted_total 4",
        "agentd_server_connections_refused_total{limit=\"total\"} 0",
        "agentd_server_timeouts_total{waiting_for=\"head\"} 0",
        "agentd_events_total 3",
    ] {
        assert!(reply.body.lines().any(|it| it == line), "{line}\n{}", reply.body);
    }
}

#[tokio::test]
async fn the_page_shows_health_parts_and_events() {
    let reply = Server::start(config()).await.get("/").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.field("content-type"), Some("text/html; charset=utf-8"));
    for text in [
        "<title>degraded · agentd</title>",
        "Works, with defects",
        "disk: 93 % full",
        "1 day 1 h",
        "/etc/agentd.toml",
        "127.0.0.1:9180",
        "<th scope=\"row\">disk</th><td><span class=\"badge degraded\">degraded</span>",
        "<code>service.restarted</code>",
        "<b>shop-bot</b> It stopped answering.",
        "<span>attempt=3</span>",
        "2023-11-14T22:13:20Z",
    ] {
        assert!(reply.body.contains(text), "{text}\n{}", reply.body);
    }
    assert!(!reply.body.contains("<script") && !reply.body.contains("style="));
}

#[tokio::test]
async fn hostile_texts_reach_the_page_as_text() {
    let hostile = "</title><script>alert('1')</script>\"\u{202e}&";
    let at = Timestamp::from_unix_seconds(1_700_000_000);
    let mut status = status();
    status.version = hostile.to_owned();
    status.data_dir = hostile.to_owned();
    status.config_file = Some(hostile.to_owned());
    status.health = Health::down(hostile);
    status.parts[0].name = hostile.to_owned();
    status.parts[0].health = Health::degraded(hostile);
    status.events[0] = Event::new(at, "a.b", Severity::Critical, "test")
        .with_subject(hostile)
        .with_message(hostile)
        .with_labels(Labels::from_pairs([("label", hostile)]).unwrap())
        .with_detail(hostile, hostile);
    let daemon = TestDaemon { status: Mutex::new(status), ..TestDaemon::default() };
    let page = Server::start_with(config(), daemon).await.get("/").await.body;
    assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
    assert_eq!(page.matches("</title>").count(), 1);
    // Version, data, configuration, headline, part, its reason, subject, message, label, detail and its name.
    assert_eq!(page.matches("&lt;script&gt;").count(), 11, "{page}");
}

#[tokio::test]
async fn the_page_without_parts_and_events_says_so() {
    let mut status = status();
    status.parts.clear();
    status.events.clear();
    status.config_file = None;
    status.listen = None;
    status.health = Health::Up;
    let daemon = TestDaemon { status: Mutex::new(status), ..TestDaemon::default() };
    let page = Server::start_with(config(), daemon).await.get("/").await.body;
    for text in [
        "Everything works",
        "No part is switched on.",
        "Nothing happened yet.",
        "built-in defaults",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let server = Server::start(config()).await;
    for path in ["/healthz", "/readyz", "/", "/style.css"] {
        let get = server.get(path).await;
        let mut client = server.connect().await;
        client
            .send(format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .await;
        let text = client.rest().await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "");
        let length = format!("content-length: {}", get.body.len());
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains(&length), "{head}");
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_with_problems() {
    let server = Server::start(config()).await;
    for (request, status, code, allow) in [
        ("GET /nothing", 404, "not-found", None),
        ("GET /healthz/", 404, "not-found", None),
        ("GET //healthz", 404, "not-found", None),
        ("GET /v1/status", 404, "not-found", None),
        ("POST /v1/reload", 404, "not-found", None),
        ("OPTIONS *", 404, "not-found", None),
        ("POST /healthz", 405, "method-not-allowed", Some("GET, HEAD")),
        ("TRACE /", 405, "method-not-allowed", Some("GET, HEAD")),
        ("BREW /metrics", 405, "method-not-allowed", Some("GET, HEAD")),
    ] {
        let reply = server.request(&format!("{request} HTTP/1.1")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, code), "{request}");
        assert_eq!(reply.field("allow"), allow, "{request}");
    }
    assert_eq!(server.get("/healthz?a=b").await.status, 200);
}

#[tokio::test]
async fn every_response_carries_the_security_fields() {
    let server = Server::start(config()).await;
    for request in [
        "GET / HTTP/1.1",
        "GET /style.css HTTP/1.1",
        "GET /metrics HTTP/1.1",
        "GET /nothing HTTP/1.1",
        "PUT / HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: localhost",
        "GET / HTTP/3.7",
        "GET / HTTP/1.1\r\nno field",
        "\u{16}\u{3}\u{1}",
    ] {
        let reply = server.request(request).await;
        let policy = reply.field("content-security-policy").expect(request);
        assert!(policy.starts_with("default-src 'none'; "), "{request}");
        assert!(policy.contains("frame-ancestors 'none'"), "{request}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.field(name), Some(value), "{request}");
        }
        assert!(reply.field("date").is_some_and(|date| date.ends_with(" GMT")), "{request}");
        assert!(reply.field("access-control-allow-origin").is_none());
        assert_eq!(reply.fields.iter().filter(|(name, _)| name == "content-type").count(), 1);
    }
}

#[tokio::test]
async fn a_panic_costs_its_client_a_500_and_nobody_else_anything() {
    let daemon = TestDaemon { panics: true, ..TestDaemon::default() };
    let server = Server::start_with(config(), daemon).await;
    let mut client = server.connect().await;
    for path in ["/readyz", "/"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        let reply = client.reply().await;
        assert_eq!((reply.status, reply.problem().as_str()), (500, "internal"));
        assert!(!reply.body.contains("asked to"));
    }
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn request_ids_differ() {
    let server = Server::start(config()).await;
    let first = server.get("/nothing").await;
    let second = server.get("/nothing").await;
    assert_ne!(first.field("x-request-id"), second.field("x-request-id"));
}

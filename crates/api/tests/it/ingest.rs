use wardkit_api::{WriteRefused, WriteToken};

use crate::support::{Reply, Seen, Server, TestDaemon, config};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn start(token: Option<&str>, open: bool) -> (Server, Seen) {
    let mut config = config();
    config.danger_open_writes = open;
    config.max_ingest_body = 100_000;
    let daemon = TestDaemon::default();
    let seen = daemon.seen.clone();
    let token = token.map(|token| WriteToken::new(token).unwrap());
    (Server::start_guarded(config, daemon, token).await, seen)
}

async fn post(server: &Server, fields: &str, body: &[u8]) -> Reply {
    let mut client = server.connect().await;
    let length = body.len();
    client
        .send(format!(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{fields}\r\n"
        ))
        .await;
    client.send(body).await;
    client.reply().await
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[tokio::test]
async fn metrics_are_taken_from_who_brings_the_token() {
    let (server, seen) = start(Some(TOKEN), false).await;
    let reply = post(&server, &bearer(TOKEN), b"up 1\n").await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_eq!(reply.field("content-type"), None);
    let reply = post(&server, "", b"up 2\n").await;
    assert_eq!((reply.status, reply.problem()), (401, "token-missing".to_owned()));
    assert_eq!(reply.field("www-authenticate"), Some("Bearer"));
    let reply = post(&server, &bearer("0123456789abcdef0123456789abcdeF"), b"up 3\n").await;
    assert_eq!((reply.status, reply.problem()), (401, "token-wrong".to_owned()));
    let foreign = format!("{}Origin: http://evil.example\r\n", bearer(TOKEN));
    let reply = post(&server, &foreign, b"up 4\n").await;
    assert_eq!((reply.status, reply.problem()), (403, "foreign-origin".to_owned()));
    assert_eq!(*seen.bodies.lock().unwrap(), [b"up 1\n"]);
    assert_eq!(
        *seen.refused.lock().unwrap(),
        [WriteRefused::NoToken, WriteRefused::WrongToken, WriteRefused::ForeignOrigin]
    );
    for reason in ["no_token", "wrong_token", "foreign_origin"] {
        let series = format!("agentd_server_writes_refused_total{{reason=\"{reason}\"}}");
        assert_eq!(server.metric(&series).await, 1, "{reason}");
    }
}

#[tokio::test]
async fn without_a_token_the_listener_takes_nothing_unless_it_is_opened() {
    let (server, seen) = start(None, false).await;
    for fields in ["", &bearer(TOKEN)] {
        let reply = post(&server, fields, b"up 1\n").await;
        assert_eq!((reply.status, reply.problem()), (403, "writes-closed".to_owned()));
    }
    assert!(seen.bodies.lock().unwrap().is_empty());
    let (server, seen) = start(None, true).await;
    assert_eq!(post(&server, "", b"up 1\n").await.status, 204);
    assert_eq!(post(&server, "Origin: http://localhost\r\n", b"up 2\n").await.status, 204);
    let reply = post(&server, "Origin: null\r\n", b"up 3\n").await;
    assert_eq!((reply.status, reply.problem()), (403, "foreign-origin".to_owned()));
    assert_eq!(seen.bodies.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_the_body_is_said_with_its_line() {
    let (server, seen) = start(None, true).await;
    let reply = post(&server, "", b"bad\n").await;
    assert_eq!((reply.status, reply.problem()), (400, "malformed-metrics".to_owned()));
    let problem: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(problem["errors"], serde_json::json!(["line 1: no value"]));
    for (fields, status) in [
        ("Content-Type: text/plain; version=0.0.4\r\n", 204),
        ("Content-Type: application/openmetrics-text\r\n", 204),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 204),
        ("Content-Type: application/json\r\n", 415),
        ("Content-Type: multipart/form-data; boundary=x\r\n", 415),
        ("Content-Encoding: gzip\r\n", 415),
        ("Content-Encoding: identity\r\n", 204),
    ] {
        assert_eq!(post(&server, fields, b"up 1\n").await.status, status, "{fields}");
    }
    assert_eq!(seen.bodies.lock().unwrap().len(), 4);
    let reply = server.get("/api/v1/ingest").await;
    assert_eq!((reply.status, reply.field("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_body_may_be_as_large_as_configured_and_no_larger() {
    let (server, seen) = start(None, true).await;
    assert_eq!(post(&server, "", &vec![b'#'; 100_000]).await.status, 204);
    let reply = post(&server, "", &vec![b'#'; 100_001]).await;
    assert_eq!((reply.status, reply.problem()), (413, "body-too-large".to_owned()));
    let mut client = server.connect().await;
    client
        .send(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        )
        .await;
    client.send(format!("{:x}\r\n{}\r\n", 100_001, "#".repeat(100_001))).await;
    assert_eq!(client.reply().await.status, 413);
    assert_eq!(seen.bodies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_panic_while_taking_metrics_in_is_one_500() {
    let mut config = config();
    config.danger_open_writes = true;
    let daemon = TestDaemon { panics: true, ..TestDaemon::default() };
    let server = Server::start_with(config, daemon).await;
    let reply = post(&server, "", b"up 1\n").await;
    assert_eq!((reply.status, reply.problem()), (500, "internal".to_owned()));
    assert_eq!(server.get("/healthz").await.status, 200);
}

use std::sync::Mutex;
use std::time::Duration;

use crate::support::{Reply, Server, TestDaemon, config};

const LOCAL: &str = "Host: localhost\r\n";

async fn send(server: &Server, request: &str) -> Reply {
    let mut client = server.connect().await;
    client.send(request).await;
    let text = client.rest().await;
    Reply::parse(&text)
}

#[tokio::test]
async fn a_target_beyond_its_limit_gets_414_however_long_it_is() {
    let server = Server::start(config()).await;
    let fits = format!("/healthz?{}", "a".repeat(4096 - "/healthz?".len()));
    assert_eq!(server.get(&fits).await.status, 200);
    for length in [4097, 16 * 1024, 100_000] {
        let target = format!("/{}", "a".repeat(length - 1));
        let reply = send(&server, &format!("GET {target} HTTP/1.1\r\n{LOCAL}\r\n")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (414, "target-too-long"), "{length}");
    }
}

#[tokio::test]
async fn a_head_beyond_its_limits_gets_431() {
    let server = Server::start(config()).await;
    let fields = |count| "a: b\r\n".repeat(count);
    let fits = format!("GET /healthz HTTP/1.1\r\n{LOCAL}Connection: close\r\n{}\r\n", fields(98));
    assert_eq!(send(&server, &fits).await.status, 200);
    for (name, head) in [
        ("too many fields", fields(100)),
        ("one large field", format!("a: {}\r\n", "b".repeat(17 * 1024))),
        ("many large fields", format!("a: {}\r\n", "b".repeat(1000)).repeat(90)),
        ("no end", format!("a: {}", "b".repeat(200_000))),
    ] {
        let reply = send(&server, &format!("GET /healthz HTTP/1.1\r\n{LOCAL}{head}\r\n")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (431, "head-too-large"), "{name}");
    }
}

#[tokio::test]
async fn configured_limits_of_the_head_hold() {
    let mut config = config();
    (config.max_headers, config.max_header_bytes, config.max_uri) = (20, 1024, 100);
    let server = Server::start(config).await;
    for (target, fields, status) in [
        ("/healthz".to_owned(), "a: b\r\n".repeat(19), 200),
        ("/healthz".to_owned(), "a: b\r\n".repeat(20), 431),
        ("/healthz".to_owned(), format!("a: {}\r\n", "b".repeat(1000)), 431),
        (format!("/{}", "a".repeat(100)), String::new(), 414),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\n{LOCAL}{fields}\r\n");
        let mut client = server.connect().await;
        client.send(request).await;
        assert_eq!(client.reply().await.status, status, "{target} {fields}");
    }
}

#[tokio::test]
async fn a_body_beyond_its_limit_gets_413() {
    let mut config = config();
    config.max_body = 1000;
    let server = Server::start(config).await;
    let chunks = format!("1f4\r\n{}\r\n", "a".repeat(500));
    for (fields, body, status) in [
        ("Content-Length: 1000\r\nConnection: close\r\n", "a".repeat(1000), 200),
        ("Content-Length: 1001\r\n", "a".repeat(1001), 413),
        ("Content-Length: 1000000000\r\n", String::new(), 413),
        (
            "Transfer-Encoding: chunked\r\nConnection: close\r\n",
            format!("{}0\r\n\r\n", chunks.repeat(2)),
            200,
        ),
        ("Transfer-Encoding: chunked\r\n", chunks.repeat(400), 413),
    ] {
        let reply =
            send(&server, &format!("GET /healthz HTTP/1.1\r\n{LOCAL}{fields}\r\n{body}")).await;
        assert_eq!(reply.status, status, "{fields}");
        if status == 413 {
            assert_eq!(reply.problem(), "body-too-large");
        }
    }
}

#[tokio::test]
async fn a_head_that_does_not_arrive_in_time_gets_408() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(80);
    let server = Server::start(config).await;
    let reply = send(&server, "GET /healthz HTTP/1.1\r\nHost: loc").await;
    assert_eq!((reply.status, reply.problem().as_str()), (408, "request-timeout"));
    assert_eq!(server.metric("agentd_server_timeouts_total{waiting_for=\"head\"}").await, 1);
}

#[tokio::test]
async fn a_head_that_trickles_in_gains_no_time() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(200);
    let server = Server::start(config).await;
    let mut client = server.connect().await;
    // Between two bytes the listener answers somebody else.
    let trickle = async {
        client.send("GET /healthz HTTP/1.1\r\n").await;
        let mut answer = [0_u8; 12];
        loop {
            client.send("a").await;
            assert_eq!(server.get("/healthz").await.status, 200);
            if client.0.try_read(&mut answer).is_ok() {
                return String::from_utf8_lossy(&answer).into_owned();
            }
        }
    };
    let status = tokio::time::timeout(crate::support::PATIENCE, trickle).await.unwrap();
    assert_eq!(status, "HTTP/1.1 408");
}

#[tokio::test]
async fn a_connection_without_a_byte_is_closed_in_silence() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(80);
    let server = Server::start(config).await;
    assert_eq!(server.connect().await.rest().await, "");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_head_timeout_and_ends_at_its_own() {
    let mut config = config();
    config.header_timeout = Duration::from_millis(50);
    config.idle_timeout = Duration::from_millis(600);
    let server = Server::start(config).await;
    let started = tokio::time::Instant::now();
    let mut client = server.connect().await;
    client.send(format!("GET /healthz HTTP/1.1\r\n{LOCAL}\r\n")).await;
    assert_eq!(client.reply().await.status, 200);
    assert_eq!(client.rest().await, "");
    assert!(started.elapsed() >= Duration::from_millis(600));
    assert_eq!(
        server.metric("agentd_server_timeouts_total{waiting_for=\"next_request\"}").await,
        1
    );
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_gets_408() {
    let mut config = config();
    config.request_timeout = Duration::from_millis(80);
    let server = Server::start(config).await;
    let request = format!("GET /healthz HTTP/1.1\r\n{LOCAL}Content-Length: 10\r\n\r\n123");
    let reply = send(&server, &request).await;
    assert_eq!((reply.status, reply.problem().as_str()), (408, "request-timeout"));
}

#[tokio::test]
async fn a_client_that_does_not_take_its_response_is_cut_off() {
    let mut config = config();
    config.request_timeout = Duration::from_millis(200);
    let daemon = TestDaemon {
        metrics: Mutex::new("# a comment that no socket buffer holds\n".repeat(250_000)),
        ..TestDaemon::default()
    };
    let server = Server::start_with(config, daemon).await;
    let mut client = server.connect().await;
    client.send(format!("GET /metrics HTTP/1.1\r\n{LOCAL}\r\n")).await;
    let overdue = async {
        let series = "agentd_server_timeouts_total{waiting_for=\"request\"} 1";
        // This client reads; the other is still stuck.
        while !server.get("/metrics").await.body.lines().any(|line| line == series) {}
    };
    assert!(tokio::time::timeout(crate::support::PATIENCE, overdue).await.is_ok());
    drop(client);
}

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::support::{Client, PATIENCE, Server, config};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
async fn full_of(server: &Server, count: usize, bytes: &str) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = server.connect().await;
        client.send(bytes).await;
        clients.push(client);
    }
    clients
}

#[tokio::test]
async fn a_new_connection_takes_the_place_of_the_oldest_idle_one() {
    let mut config = config();
    config.max_connections = 3;
    let server = Server::start(config).await;
    let mut clients = full_of(&server, 3, "").await;
    for client in &mut clients {
        client.send(GET).await;
        assert_eq!(client.reply().await.status, 200);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(clients.remove(0).rest().await, "");
    for client in &mut clients {
        client.send(GET).await;
        assert_eq!(client.reply().await.status, 200);
    }
}

#[tokio::test]
async fn nothing_that_a_client_lets_us_wait_for_keeps_others_out() {
    for bytes in [
        "",
        "G",
        "GET / HTTP/1.1\r\nHost: loc",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf of it",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    ] {
        let mut config = config();
        config.max_connections = 4;
        let server = Server::start(config).await;
        let _slow = full_of(&server, 4, bytes).await;
        for _ in 0..20 {
            assert_eq!(server.get("/healthz").await.status, 200, "{bytes}");
        }
    }
}

#[tokio::test]
async fn ten_thousand_slow_connections_leave_a_poller_served_promptly() {
    const CONNECTIONS: usize = 10_000;
    let mut config = config();
    config.max_connections = 200;
    let server = Server::start(config).await;
    let mut slow = VecDeque::new();
    let mut slowest = Duration::ZERO;
    for opened in 0..CONNECTIONS {
        let client = server.connect().await;
        // The listener may have displaced it already.
        let _ = client.0.try_write(b"GET / HTTP/1.1\r\nHost: localhost\r\nx: ");
        slow.push_back(client);
        if slow.len() > 300 {
            slow.pop_front();
        }
        if opened % 50 == 0 {
            let started = Instant::now();
            let reply = timeout(PATIENCE, server.get("/healthz")).await.expect("shut out");
            assert_eq!(reply.status, 200);
            slowest = slowest.max(started.elapsed());
        }
    }
    assert!(slowest < Duration::from_secs(2), "one poll took {slowest:?}");
    assert!(server.metric("agentd_server_connections_displaced_total").await >= 9_000);
    assert_eq!(server.metric("agentd_server_active_connections").await, 200);
}

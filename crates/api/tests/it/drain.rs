use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{PATIENCE, Server, config};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_request_under_way_is_finished_and_idle_connections_are_closed() {
    let server = Server::start(config()).await;
    let addr = server.addr;
    let mut idle = server.connect().await;
    idle.send(GET).await;
    assert_eq!(idle.reply().await.status, 200);
    let mut silent = server.connect().await;
    let mut busy = server.connect().await;
    busy.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await;
    // The body is being waited for: the request is under way.
    assert_eq!(busy.reply().await.status, 100);

    let serving = server.stop();
    assert_eq!(idle.rest().await, "");
    assert_eq!(silent.rest().await, "");
    assert!(TcpStream::connect(addr).await.is_err());
    assert!(!serving.is_finished());

    busy.send("ab").await;
    let reply = busy.reply().await;
    assert_eq!((reply.status, reply.field("connection")), (200, Some("close")));
    assert_eq!(busy.rest().await, "");
    timeout(PATIENCE, serving).await.expect("still serving").unwrap();
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off_at_the_drain_timeout() {
    let mut config = config();
    config.drain_timeout = Duration::from_millis(100);
    let server = Server::start(config).await;
    let mut busy = server.connect().await;
    busy.send(
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(busy.reply().await.status, 100);
    let started = Instant::now();
    let serving = server.stop();
    timeout(PATIENCE, serving).await.expect("still serving").unwrap();
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert_eq!(busy.rest().await, "");
}

#[tokio::test]
async fn an_address_is_free_again_after_the_drain() {
    let server = Server::start(config()).await;
    let mut again = config();
    again.listen = server.addr;
    let busy = wardkit_api::HttpServer::bind(again.clone()).await.unwrap_err();
    assert!(matches!(&busy, wardkit_api::Error::Bind { addr, .. } if *addr == again.listen));
    assert!(busy.is_transient());
    timeout(PATIENCE, server.stop()).await.unwrap().unwrap();
    assert_eq!(Server::start(again).await.get("/healthz").await.status, 200);
}

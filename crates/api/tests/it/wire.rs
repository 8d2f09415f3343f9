use crate::support::{Reply, Server, config};

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends bytes, says that no more will come, and returns everything that comes back.
async fn converse(server: &Server, bytes: impl AsRef<[u8]>) -> String {
    use tokio::io::AsyncWriteExt as _;
    let mut client = server.connect().await;
    client.send(bytes).await;
    // A server that has closed already is no error here.
    let _ = client.0.shutdown().await;
    client.rest().await
}

fn responses(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    client
        .send(
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n\
             GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
        .await;
    let text = client.rest().await;
    let order: Vec<_> =
        text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(order, ["200", "404", "200"]);
}

#[tokio::test]
async fn a_hundred_requests_share_a_connection() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    for _ in 0..100 {
        client.send(GET).await;
        assert_eq!(client.reply().await.status, 200);
    }
    assert_eq!(server.metric("agentd_server_connections_accepted_total").await, 2);
}

#[tokio::test]
async fn a_garbled_request_behind_a_good_one_gets_its_own_problem() {
    let server = Server::start(config()).await;
    let text = converse(&server, format!("{GET}\u{1}\u{2} nonsense\r\n\r\n")).await;
    assert_eq!(responses(&text), 2, "{text}");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(text.contains("HTTP/1.1 400 Bad Request\r\n"));
    assert!(text.contains("\"code\":\"malformed-request\""));
}

#[tokio::test]
async fn what_is_not_http_1_1_is_refused_once_and_closed() {
    let server = Server::start(config()).await;
    for bytes in [
        &b"GET /\r\n\r\n"[..],
        b"GET / HTTP/0.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 client hello \r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nbad field\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nname : value\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nname: a\x00b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n folded: line\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /heal thz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GE(T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ] {
        let text = converse(&server, [bytes, GET.as_bytes()].concat()).await;
        assert_eq!(responses(&text), 1, "{bytes:?}: {text}");
        let reply = Reply::parse(&text);
        assert_eq!(
            (reply.status, reply.problem().as_str()),
            (400, "malformed-request"),
            "{bytes:?}"
        );
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

/// In each pair one reader could see a second request where another sees a body: it must not be answered.
#[tokio::test]
async fn no_second_request_is_smuggled_in_a_body() {
    let server = Server::start(config()).await;
    let inner = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
    for (fields, body) in [
        // Both lengths: the chunks count, and the connection ends there.
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", format!("0\r\n\r\n{inner}")),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", format!("0\r\n\r\n{inner}")),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", format!("12345{inner}")),
        ("Content-Length: 5, 6\r\n", format!("12345{inner}")),
        ("Content-Length: +5\r\n", format!("12345{inner}")),
        ("Content-Length: -1\r\n", inner.to_owned()),
        ("Content-Length: 0x5\r\n", format!("12345{inner}")),
        ("Content-Length: 5 5\r\n", format!("12345{inner}")),
        ("Content-Length: 99999999999999999999\r\n", inner.to_owned()),
        ("Transfer-Encoding: chunked, identity\r\n", format!("0\r\n\r\n{inner}")),
        ("Transfer-Encoding: identity\r\n", inner.to_owned()),
        ("Transfer-Encoding: xchunked\r\n", format!("0\r\n\r\n{inner}")),
        ("Transfer-Encoding: chunked\r\n", format!("zz\r\n\r\n{inner}")),
        ("Transfer-Encoding: chunked\r\n", format!("-1\r\n\r\n{inner}")),
        ("Transfer-Encoding: chunked\r\n", format!("5\r\n1234567{inner}")),
        ("Transfer-Encoding: chunked\r\n", format!("ffffffffffffffff1\r\n{inner}")),
        ("Transfer-Encoding:\x0bchunked\r\n", format!("0\r\n\r\n{inner}")),
    ] {
        let text = converse(&server, format!("{post}{fields}\r\n{body}")).await;
        assert_eq!(responses(&text), 1, "{fields:?} {body:?}: {text}");
        assert!(!text.contains("HTTP/1.1 404"), "{fields:?} {body:?}: {text}");
    }
    assert_eq!(
        server.metric("agentd_server_requests_total{route=\"none\",class=\"2xx\"}").await,
        0
    );
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_is_read_and_the_next_request_answered() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    for (fields, body) in [
        ("Content-Length: 5\r\n", "12345"),
        ("Transfer-Encoding: chunked\r\n", "5\r\n12345\r\n0\r\n\r\n"),
        ("Content-Length: 0\r\n", ""),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"),
    ] {
        client
            .send(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n{body}"))
            .await;
        assert_eq!(client.reply().await.status, 200, "{fields}");
    }
    client.send(GET).await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn continue_is_sent_when_it_is_waited_for() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    client
        .send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.reply().await.status, 100);
    client.send("ab").await;
    assert_eq!(client.reply().await.status, 200);
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let server = Server::start(config()).await;
    let mut client = server.connect().await;
    client.send("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n").await;
    let text = client.rest().await;
    assert!(text.starts_with("HTTP/1.0 200 OK\r\n") && text.ends_with("\r\n\r\nok\n"), "{text}");
}

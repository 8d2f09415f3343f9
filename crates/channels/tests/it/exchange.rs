//! Requests and answers as they should be.

use std::sync::Arc;
use std::time::Duration;

use wardkit_channels::{HttpClient, HttpRequest, LongBody};
use wardkit_core::{ManualClock, Secret, Timestamp, Transient as _};
use wardkit_retry::Idempotency;
use wardkit_validation::SystemResolver;

use crate::support::{Server, ok, status};

#[tokio::test]
async fn an_answer_is_what_the_server_sent() {
    let server = Server::always(
        "HTTP/1.1 418 I'm a teapot\r\nX-Tea: green\r\nContent-Length: 5\r\n\r\nshort",
    );
    let answer = server.client().send(&HttpRequest::get(server.url("/a?b=c#d"))).await.unwrap();
    assert_eq!(answer.status(), 418);
    assert!(!answer.is_success());
    assert_eq!(answer.header("x-tea"), Some("green"));
    assert_eq!(answer.text(), Some("short"));
    let expected = format!(
        "GET /a?b=c HTTP/1.1\r\nuser-agent: wardkit\r\nhost: 127.0.0.1:{}\r\n\r\n",
        server.port()
    );
    assert_eq!(server.heard(), [expected]);
}

#[tokio::test]
async fn a_body_comes_in_chunks_or_until_the_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n";
    let until_end = "HTTP/1.0 200 OK\r\n\r\nabcde";
    for answer in [chunked, until_end] {
        let server = Server::of(move |peer, _| {
            peer.hear();
            peer.say(answer);
        });
        let answer = server.client().send(&HttpRequest::get(server.url("/"))).await.unwrap();
        assert_eq!(answer.into_body(), b"abcde");
    }
}

#[tokio::test]
async fn a_post_carries_headers_body_and_key() {
    let server = Server::always(ok("taken"));
    let token = Secret::new("Bearer hunter2".to_owned());
    let key = Idempotency::Key("event-7".to_owned());
    let request = HttpRequest::post(server.url("/v1"), "{}", key)
        .with_header("Content-Type", "application/json")
        .unwrap()
        .with_secret_header("authorization", &token)
        .unwrap();
    let answer = server.client().send(&request).await.unwrap();
    assert!(answer.is_success());
    let heard = &server.heard()[0];
    assert!(heard.starts_with("POST /v1 HTTP/1.1\r\n"), "{heard}");
    for line in [
        "content-type: application/json",
        "authorization: Bearer hunter2",
        "idempotency-key: event-7",
        "content-length: 2",
    ] {
        assert!(heard.contains(&format!("\r\n{line}\r\n")), "{heard}");
    }
    assert!(heard.ends_with("\r\n\r\n{}"), "{heard}");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let server = Server::always(ok("again"));
    let client = server.client();
    for _ in 0..5 {
        let answer = client.clone().send(&HttpRequest::get(server.url("/"))).await.unwrap();
        assert_eq!(answer.text(), Some("again"));
    }
    assert_eq!(server.connections(), 1);
    // What must not happen twice is not trusted to a connection that may be about to close.
    let pay = HttpRequest::post(server.url("/pay"), "1", Idempotency::Unsafe);
    client.send(&pay).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_many_tasks_get_their_own_answers() {
    let server = Server::of(|peer, _| {
        while peer.hear() {
            let path = peer.last_target();
            peer.say(ok(&path));
        }
    });
    let client = server.client();
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (client, path) = (client.clone(), format!("/{number}"));
            let get = HttpRequest::get(server.url(&path));
            tokio::spawn(async move {
                for _ in 0..5 {
                    assert_eq!(client.send(&get).await.unwrap().text(), Some(path.as_str()));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(server.heard().len(), 500);
}

#[tokio::test]
async fn connections_are_kept_for_a_while_and_no_more_than_allowed() {
    let server = Server::always(ok(""));
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let client = |max_idle| {
        let mut config = server.config();
        config.max_idle = max_idle;
        HttpClient::with_parts(config, Arc::new(SystemResolver), clock.clone()).unwrap()
    };
    let get = HttpRequest::get(server.url("/"));
    let keeps = client(16);
    keeps.send(&get).await.unwrap();
    clock.advance(Duration::from_secs(29));
    keeps.send(&get).await.unwrap();
    assert_eq!(server.connections(), 1);
    clock.advance(Duration::from_secs(30));
    keeps.send(&get).await.unwrap();
    assert_eq!(server.connections(), 2);
    let keeps_none = client(0);
    keeps_none.send(&get).await.unwrap();
    keeps_none.send(&get).await.unwrap();
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_not_used() {
    let server = Server::of(|peer, _| {
        peer.hear();
        peer.say(ok("once"));
    });
    let client = server.client();
    for _ in 0..3 {
        let answer = client.send(&HttpRequest::get(server.url("/"))).await.unwrap();
        assert_eq!(answer.text(), Some("once"));
    }
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_request_cut_off_by_a_closing_connection_is_sent_on_another() {
    // The first connection hears the second request and closes without a word.
    let server = Server::of(|peer, number| {
        peer.hear();
        peer.say(ok("once"));
        if number == 0 {
            peer.hear();
        }
    });
    let client = server.client();
    let get = HttpRequest::get(server.url("/"));
    client.send(&get).await.unwrap();
    assert_eq!(client.send(&get).await.unwrap().text(), Some("once"));
    assert_eq!((server.connections(), server.heard().len()), (2, 3));
}

#[tokio::test]
async fn the_beginning_of_a_long_body_can_be_enough() {
    let server = Server::always(ok(&"x".repeat(100_000)));
    let get = HttpRequest::get(server.url("/"));
    let client = server.client();
    let cut = client.send(&get.clone().with_max_body(1000, LongBody::CutOff)).await.unwrap();
    assert_eq!(cut.body().len(), 1000);
    let refused = client.send(&get.clone().with_max_body(1000, LongBody::Refused)).await;
    let expected =
        format!("the body of the answer of 127.0.0.1:{} is larger than 1000 bytes", server.port());
    assert_eq!(refused.unwrap_err().to_string(), expected);
    let exact = client.send(&get.with_max_body(100_000, LongBody::Refused)).await.unwrap();
    assert_eq!(exact.body().len(), 100_000);
}

#[tokio::test]
async fn a_status_without_a_body_has_none() {
    let server = Server::always("HTTP/1.1 204 No Content\r\n\r\n");
    let answer = server.client().send(&HttpRequest::get(server.url("/"))).await.unwrap();
    assert_eq!((answer.status(), answer.body().len()), (204, 0));
    let server = Server::always(status("304 Not Modified", ""));
    let answer = server.client().send(&HttpRequest::get(server.url("/"))).await.unwrap();
    assert_eq!(answer.status(), 304);
}

#[tokio::test]
async fn nobody_at_the_port_is_an_error_that_passes() {
    let server = Server::always(ok(""));
    let mut config = server.config();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    config.policy.ports.push(free.port());
    let client = HttpClient::new(config).unwrap();
    let error = client.send(&HttpRequest::get(format!("http://{free}/secret"))).await.unwrap_err();
    assert!(error.is_transient() && error.is_unsent());
    assert_eq!(error.to_string(), format!("cannot connect to {free}"));
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let server = Server::always(ok("hunter2"));
    let request = HttpRequest::put(server.url("/hunter2?key=hunter2"), "hunter2")
        .with_secret_header("x-token", &Secret::new("hunter2".to_owned()))
        .unwrap();
    let client = server.client();
    let answer = client.send(&request).await.unwrap();
    assert!(!format!("{request:?} {client:?} {answer:?}").contains("hunter2"));
    let bad = Secret::new("hunter2\r\n".to_owned());
    let error = HttpRequest::get("").with_secret_header("x-token", &bad).unwrap_err();
    let shown = format!("{} {error:?}", crate::support::chain(&error));
    assert!(!shown.contains("hunter2"), "{shown}");
}

//! Servers that mean harm: each costs a bounded time and a bounded memory.

use wardkit_channels::{Error, HttpClient, HttpClientConfig, HttpRequest, Phase};
use wardkit_core::Transient as _;

use crate::support::{Peer, SHORT, Server, chain};

async fn error_of(
    serve: impl Fn(&mut Peer, usize) + Send + Sync + 'static,
    change: impl Fn(&mut HttpClientConfig),
) -> Error {
    let server = Server::of(serve);
    let mut config = server.config();
    change(&mut config);
    let client = HttpClient::new(config).unwrap();
    client.send(&HttpRequest::get(server.url("/"))).await.unwrap_err()
}

fn phase(error: &Error) -> Option<Phase> {
    match error {
        Error::Timeout { phase, limit, .. } if *limit == SHORT => Some(*phase),
        _ => None,
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_given_up() {
    let silent = |peer: &mut Peer, _| peer.wait_for_end();
    let stuck = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nX-Slow: y");
        peer.wait_for_end();
    };
    for serve in [silent as fn(&mut Peer, usize), stuck] {
        let error = error_of(serve, |config| config.head_timeout = SHORT).await;
        assert_eq!(phase(&error), Some(Phase::Head), "{error}");
        assert!(error.is_transient() && !error.is_unsent());
    }
}

#[tokio::test]
async fn announcements_of_an_answer_are_no_answer() {
    // Faster than they can be read, so that no timer ever gets its turn.
    let continues = |peer: &mut Peer, _| {
        peer.hear();
        let many = "HTTP/1.1 100 Continue\r\n\r\n".repeat(4000);
        while peer.say(&many) {}
    };
    let error = error_of(continues, |_| {}).await;
    let expected = "there is no end of announcements before the answer";
    assert!(chain(&error).ends_with(expected), "{}", chain(&error));
    let one =
        Server::always(format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", crate::support::ok("x")));
    let answer = one.client().send(&HttpRequest::get(one.url("/"))).await.unwrap();
    assert_eq!((answer.status(), answer.text()), (200, Some("x")));
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let stuck = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc");
        peer.wait_for_end();
    };
    let error = error_of(stuck, |config| config.body_timeout = SHORT).await;
    assert_eq!(phase(&error), Some(Phase::Body), "{error}");
    // Chunks of nothing but extensions and trailers without an end.
    let trailers = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        while peer.say("X: y\r\n") {}
    };
    let error = error_of(trailers, |config| config.body_timeout = SHORT).await;
    assert!(matches!(error, Error::Interrupted { .. } | Error::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn a_body_without_end_is_cut() {
    let endless = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("{:x}\r\n{}\r\n", 65536, "x".repeat(65536));
        while peer.say(&chunk) {}
    };
    let error = error_of(endless, |_| {}).await;
    assert!(matches!(error, Error::BodyTooLarge { limit: 1_048_576, .. }), "{error}");
    let announced = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
        peer.wait_for_end();
    };
    let error = error_of(announced, |_| {}).await;
    // It is refused before a byte of it is read; the largest number is no length at all.
    assert!(matches!(error, Error::BodyTooLarge { .. } | Error::Malformed { .. }), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let many = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\n");
        for _ in 0..101 {
            peer.say("A: b\r\n");
        }
        peer.say("\r\n");
        peer.wait_for_end();
    };
    let long = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nA: ");
        while peer.say("x".repeat(4096)) {}
    };
    let endless = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\n");
        while peer.say("A: b\r\n") {}
    };
    for serve in [many as fn(&mut Peer, usize), long, endless] {
        let error = error_of(serve, |_| {}).await;
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
        assert!(chain(&error).ends_with("message head is too large"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let serve = move |peer: &mut Peer, _| {
            peer.hear();
            peer.say(answer);
            peer.wait_for_end();
        };
        let error = error_of(serve, |_| {}).await;
        assert!(matches!(error, Error::Malformed { .. }), "{answer:?}: {error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_an_error_that_passes() {
    let in_head = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-");
    };
    let in_body = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    };
    let in_chunk = |peer: &mut Peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc");
    };
    // Closed with the request unread, which resets the connection.
    let reset = |_: &mut Peer, _| {};
    for serve in [in_head as fn(&mut Peer, usize), in_body, in_chunk, reset] {
        let error = error_of(serve, |_| {}).await;
        assert!(matches!(error, Error::Interrupted { .. }), "{error}");
        assert!(error.is_transient() && !error.is_unsent());
    }
}

#[tokio::test]
async fn two_answers_to_one_request_do_not_become_that_of_the_next() {
    let server = Server::of(|peer, number| {
        while peer.hear() {
            let mine = crate::support::ok(if number == 0 { "first" } else { "second" });
            peer.say(format!("{mine}{}", crate::support::ok("smuggled")));
        }
    });
    let client = server.client();
    let get = HttpRequest::get(server.url("/"));
    assert_eq!(client.send(&get).await.unwrap().text(), Some("first"));
    assert_ne!(client.send(&get).await.unwrap().text(), Some("smuggled"));
}

#[tokio::test]
async fn the_whole_has_a_deadline_too() {
    let server = Server::of(|peer, _| peer.wait_for_end());
    let request = HttpRequest::get(server.url("/")).with_timeout(SHORT);
    let error = server.client().send(&request).await.unwrap_err();
    assert_eq!(phase(&error), Some(Phase::Whole), "{error}");
}

//! What is tried again, and what is not.

use std::time::Duration;

use wardkit_channels::{Error, HttpClient, HttpRequest};
use wardkit_retry::{Idempotency, Jitter, RetryPolicy, Schedule};

use crate::support::{Peer, Server, ok, status};

/// Three attempts, as soon as may be.
fn client(server: &Server) -> HttpClient {
    let mut config = server.config();
    config.retry = RetryPolicy::http();
    config.retry.jitter = Jitter::None;
    config.retry.schedule = Schedule::Fixed { delay: Duration::from_millis(1) };
    HttpClient::new(config).unwrap()
}

/// Refuses twice, then does it.
fn busy(headers: &'static str) -> Server {
    Server::of(move |peer: &mut Peer, number| {
        peer.hear();
        let answer = status("503 Service Unavailable", &format!("Connection: close\r\n{headers}"));
        peer.say(if number < 2 { answer } else { ok("done") });
    })
}

#[tokio::test]
async fn what_may_happen_twice_is_tried_again() {
    let keyed = Idempotency::Key("k".to_owned());
    for (idempotency, status, attempts) in
        [(Idempotency::Safe, 200, 3), (keyed, 200, 3), (Idempotency::Unsafe, 503, 1)]
    {
        let server = busy("");
        let request = HttpRequest::post(server.url("/"), "x", idempotency);
        let answer = client(&server).send(&request).await.unwrap();
        assert_eq!((answer.status(), server.heard().len()), (status, attempts));
    }
}

#[tokio::test]
async fn a_wait_that_the_server_asks_for_is_kept_or_not_waited_for() {
    let server = busy("Retry-After: 3600\r\n");
    let answer = client(&server).send(&HttpRequest::get(server.url("/"))).await.unwrap();
    assert_eq!((answer.status(), server.heard().len()), (503, 1));
    let server = busy("Retry-After: 0\r\n");
    let answer = client(&server).send(&HttpRequest::get(server.url("/"))).await.unwrap();
    assert_eq!((answer.status(), server.heard().len()), (200, 3));
}

#[tokio::test]
async fn once_is_once() {
    let server = busy("");
    let answer = client(&server).send(&HttpRequest::get(server.url("/")).once()).await.unwrap();
    assert_eq!((answer.status(), server.heard().len()), (503, 1));
}

#[tokio::test]
async fn what_keeps_failing_is_given_up() {
    let server = Server::of(|peer, _| assert!(peer.hear()));
    let error = client(&server).send(&HttpRequest::get(server.url("/"))).await.unwrap_err();
    let Error::GaveUp { attempts: 3, last } = error else { panic!("{error}") };
    assert!(matches!(*last, Error::Interrupted { .. }), "{last}");
    assert_eq!(server.heard().len(), 3);
    // It may have arrived: nobody knows.
    let server = Server::of(|peer, _| assert!(peer.hear()));
    let pay = HttpRequest::post(server.url("/"), "1", Idempotency::Unsafe);
    let error = client(&server).send(&pay).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error}");
    assert_eq!(server.heard().len(), 1);
}

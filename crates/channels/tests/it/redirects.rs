//! Redirects: not followed, or each judged as the first URL was.

use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};
use wardkit_core::Secret;
use wardkit_retry::{Idempotency, RetryPolicy};

use crate::support::{Server, chain, ok, status};

fn to(location: &str) -> String {
    status("302 Found", &format!("Location: {location}\r\n"))
}

fn client(servers: &[&Server]) -> HttpClient {
    let urls: Vec<String> = servers.iter().map(|server| server.url("/")).collect();
    let mut config = HttpClientConfig::default();
    config.policy = endpoint_policy(urls.iter().map(String::as_str)).unwrap();
    config.policy.max_redirects = 3;
    config.retry = RetryPolicy::never();
    HttpClient::new(config).unwrap()
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_asked_otherwise() {
    let server = Server::of(|peer, _| {
        peer.hear();
        peer.say(to("/there"));
        peer.hear();
        peer.say(ok("arrived"));
    });
    let client = client(&[&server]);
    let answer = client.send(&HttpRequest::get(server.url("/"))).await.unwrap();
    assert_eq!((answer.status(), answer.header("location")), (302, Some("/there")));
    let post = HttpRequest::post(server.url("/"), "", Idempotency::Unsafe).following_redirects();
    assert_eq!(client.send(&post).await.unwrap().status(), 302);
    let answer = client.send(&HttpRequest::get(server.url("/")).following_redirects()).await;
    assert_eq!(answer.unwrap().text(), Some("arrived"));
}

#[tokio::test]
async fn secrets_stay_with_the_host_that_they_are_for() {
    let other = Server::always(ok("arrived"));
    let location = other.url("/");
    let server = Server::always(to(&location));
    let request = HttpRequest::get(server.url("/"))
        .with_secret_header("x-token", &Secret::new("hunter2".to_owned()))
        .unwrap()
        .with_header("authorization", "hunter2")
        .unwrap()
        .with_header("accept", "text/plain")
        .unwrap()
        .following_redirects();
    let answer = client(&[&server, &other]).send(&request).await.unwrap();
    assert_eq!(answer.text(), Some("arrived"));
    assert_eq!(server.heard()[0].matches("hunter2").count(), 2);
    assert!(!other.heard()[0].contains("hunter2"), "{}", other.heard()[0]);
    assert!(other.heard()[0].contains("accept: text/plain"));
}

#[tokio::test]
async fn a_redirect_leads_nowhere_that_a_url_may_not() {
    for (location, why) in [
        ("http://169.254.169.254/latest/", "port 80 is not one that the policy allows"),
        ("http://127.0.0.1:1/", "port 1 is not one that the policy allows"),
        ("file:///etc/passwd", "the URL's scheme is not one that the policy allows"),
        ("/again", "more than 3 redirects"),
    ] {
        let server = Server::always(to(location));
        let request = HttpRequest::get(server.url("/")).following_redirects();
        let error = client(&[&server]).send(&request).await.unwrap_err();
        assert_eq!(
            chain(&error),
            format!("the URL of the request is refused: {why}"),
            "{location}"
        );
    }
}

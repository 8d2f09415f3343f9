//! The requests of plugins, granted by their broker.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wardkit_channels::{HttpClientConfig, PluginFetch};
use wardkit_plugin::{Broker, Grant};
use wardkit_sandbox::{Capabilities as _, Refused};
use wardkit_validation::UrlPolicy;

use crate::support::Server;

/// A broker that lets a plugin ask this server, and reach networks that are not public.
fn broker(server: &Server, rest: &str) -> Broker {
    let grant = format!(
        "[[http]]\nhost = \"bot.example\"\nmethods = [\"GET\", \"POST\"]\nschemes = [\"http\"]\n\
         ports = [{}]\nmax-bytes = \"1000\"\n{rest}",
        server.port()
    );
    let grant: Grant = toml::from_str(&grant).unwrap();
    let mut policy = UrlPolicy::default();
    policy.danger_allowed_networks = vec!["127.0.0.0/8".parse().unwrap()];
    Broker::within("org.example.hello", grant)
        .with_fetch(Arc::new(PluginFetch::new(HttpClientConfig::default()).unwrap()))
        .with_policy(policy)
        .with_resolver(|_: &str| Ok::<_, std::io::Error>(vec![IpAddr::from([127, 0, 0, 1])]))
}

fn ask(broker: &Broker, server: &Server, limit: Duration) -> Result<Value, Refused> {
    let request = json!({
        "method": "POST",
        "url": format!("http://bot.example:{}/path?q=1", server.port()),
        "headers": {"X-Key": "hunter2"},
        "body": "well?",
    });
    let answer = broker.ask("http", request.to_string().as_bytes(), limit)?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[test]
fn a_request_goes_to_the_address_that_was_judged() {
    let server =
        Server::always("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 4\r\n\r\nwell");
    let answer = ask(&broker(&server, ""), &server, Duration::from_secs(10)).unwrap();
    assert_eq!((&answer["status"], &answer["body"]), (&200.into(), &"well".into()));
    assert_eq!(answer["headers"]["x-a"], "1, 2");
    let heard = server.heard().join("");
    assert!(heard.starts_with("POST /path?q=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("x-key: hunter2") && heard.contains("host: bot.example"), "{heard}");
}

#[test]
fn redirects_are_answers_and_long_answers_are_none() {
    let server = Server::always(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    );
    let answer = ask(&broker(&server, ""), &server, Duration::from_secs(10)).unwrap();
    assert_eq!(answer["status"], 302);
    assert_eq!(server.connections(), 1);
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001));
    let server = Server::of(move |peer, _| {
        peer.hear();
        peer.say(long.as_bytes());
    });
    let refused = ask(&broker(&server, ""), &server, Duration::from_secs(10)).unwrap_err();
    assert!(refused.to_string().contains("larger than 1000 bytes"), "{refused}");
    assert!(!refused.to_string().contains("hunter2"));
}

#[test]
fn a_server_that_says_nothing_is_left_at_the_deadline() {
    let server = Server::of(|peer, _| while peer.hear() {});
    let refused = ask(&broker(&server, ""), &server, Duration::from_millis(200)).unwrap_err();
    assert!(refused.to_string().contains("took longer than 200ms"), "{refused}");
}

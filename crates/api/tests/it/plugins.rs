//! Calls of plugins, at both doors.

use std::sync::Arc;

use serde_json::{Value, json};
use wardkit_api::{CONTROL_SOCKET, ControlClient, ControlServer, Error, WriteToken};

use crate::support::{Server, TestDaemon, config};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_plugin_is_called_on_the_control_socket_and_refused_with_a_status_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(CONTROL_SOCKET);
    let server = ControlServer::bind(&path).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(Arc::new(TestDaemon::default()), async {
        let _ = stopped.await;
    }));
    let client = ControlClient::new(&path);
    let answer: Value = client.call_plugin("org.example.hello", "\"hi\"").await.unwrap();
    assert_eq!(answer, json!(["known", 4]));
    // More than a command may be.
    let long = "1".repeat(1 << 20);
    let answer: Value = client.call_plugin("org.example.hello", long).await.unwrap();
    assert_eq!(answer, json!(["known", 1 << 20]));
    let longer = "1".repeat((1 << 20) + 1);
    for (id, input, expected) in [
        ("org.example.hello", "\"bad\"", 400),
        ("org.example.hello", longer.as_str(), 413),
        ("unknown", "1", 404),
        ("revoked", "1", 409),
        ("often", "1", 429),
        ("trap", "1", 502),
        ("busy", "1", 503),
        ("a/b", "1", 404),
        ("..%2f", "1", 404),
    ] {
        match client.call_plugin::<Value>(id, input).await.unwrap_err() {
            Error::Answer { status, detail } => {
                assert_eq!(status, expected, "{id}: {detail}");
                let is_told = [404, 413, 503].contains(&status) || detail == "because";
                assert!(is_told, "{id}: {detail}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    drop(stop);
    serving.await.unwrap();
}

#[tokio::test]
async fn the_listener_calls_for_those_who_may_write() {
    let token = WriteToken::new(TOKEN).unwrap();
    let server = Server::start_guarded(config(), TestDaemon::default(), Some(token)).await;
    let call = async |fields: &str| {
        let mut client = server.connect().await;
        let head = "POST /v1/plugins/org.example.hello/call HTTP/1.1\r\nHost: localhost\r\n";
        client.send(format!("{head}Content-Length: 2\r\n{fields}\r\n{{}}")).await;
        let reply = client.reply().await;
        (reply.status, reply.body)
    };
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(call(&right).await, (200, "[\"unknown\",2]\n".to_owned()));
    assert_eq!(call("").await.0, 401);
    assert_eq!(call(&format!("{right}Origin: http://evil.example\r\n")).await.0, 403);
    assert_eq!(call(&format!("{right}Content-Type: text/plain\r\n")).await.0, 415);
    let series = "agentd_server_requests_total{route=\"plugin_call\",class=\"2xx\"}";
    assert_eq!(server.metric(series).await, 1);
}

#[tokio::test]
async fn addresses_of_plugins_are_answered_to_those_who_may_write_and_where_they_are_open() {
    let token = WriteToken::new(TOKEN).unwrap();
    let server = Server::start_guarded(config(), TestDaemon::default(), Some(token)).await;
    let ask = async |request: &str, fields: &str| {
        let mut client = server.connect().await;
        let head = format!("{request} HTTP/1.1\r\nHost: localhost\r\n");
        client.send(format!("{head}Content-Length: 2\r\n{fields}\r\n{{}}")).await;
        let reply = client.reply().await;
        (reply.status, reply.body)
    };
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    let answer = "[false,true,\"PUT org.a.b c/d [(\\\"n\\\", \\\"1 2\\\")]\",2]\n".to_owned();
    assert_eq!(ask("PUT /plugins/org.a.b/c/d?n=1+2", &right).await, (200, answer));
    for (request, fields, status) in [
        ("GET /plugins/org.a.b/c", "", 401),
        ("GET /plugins/org.a.b/c", "Authorization: Bearer 0123456789abcdef\r\n", 401),
        ("GET /plugins/org.a.b/open", "", 200),
        ("GET /plugins/org.a.b/open", "Authorization: Bearer 0123456789abcdef\r\n", 401),
        ("GET /plugins/org.a.b/open", "Origin: http://evil.example\r\n", 403),
        ("POST /plugins/org.a.b/open", "Content-Type: text/plain\r\n", 415),
        ("GET /plugins/org.a.b/closed", &right, 401),
        ("GET /plugins/org.a.b/nothing", &right, 404),
        ("GET /plugins/org.a.b/other", &right, 405),
        ("OPTIONS /plugins/org.a.b/open", &right, 405),
        ("GET /plugins/org.a.b/a?n=1&n=2", &right, 400),
        ("GET /plugins/org.a.b", &right, 404),
        ("GET /plugins/org.a.b/", &right, 404),
        ("GET /plugins//a", &right, 404),
        ("GET /plugins/org.a.b/a//b", &right, 404),
        ("GET /plugins/org.a.b/../b", &right, 404),
        ("GET /plugins/org.a.b/%61", &right, 404),
    ] {
        assert_eq!(ask(request, fields).await.0, status, "{request} {fields}");
    }
    let series = "agentd_server_requests_total{route=\"plugin_endpoint\",class=\"2xx\"}";
    assert_eq!(server.metric(series).await, 2);
}

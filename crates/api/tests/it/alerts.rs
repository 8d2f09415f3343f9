use wardkit_api::alerts::{Call, Command};
use wardkit_api::{CONTROL_SOCKET, ControlClient, ControlServer, WriteToken};

use crate::support::{Reply, Seen, Server, TestDaemon, config};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

async fn start() -> (Server, Seen) {
    let mut config = config();
    config.max_alerts_body = 2_000;
    let daemon = TestDaemon::default();
    let seen = daemon.seen.clone();
    (Server::start_guarded(config, daemon, WriteToken::new(TOKEN)).await, seen)
}

async fn send(server: &Server, line: &str, fields: &str, body: &str) -> Reply {
    let mut client = server.connect().await;
    let length = body.len();
    client
        .send(format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
        ))
        .await;
    client.reply().await
}

fn fields() -> String {
    format!("Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n")
}

#[tokio::test]
async fn alerts_are_taken_from_who_may_write_and_good_ones_beside_bad_ones() {
    let (server, seen) = start().await;
    let good = r#"[{"labels":{"alertname":"A"}}]"#;
    let reply = send(&server, "POST /api/v2/alerts", &fields(), good).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, ""));
    let reply = send(&server, "POST /api/v2/alerts", "", good).await;
    let missing = "{\"code\":401,\"message\":\"Writing takes Authorization: Bearer and the token, or the control socket.\"}";
    assert_eq!((reply.status, reply.body.as_str()), (401, missing));
    let mixed = r#"[{"labels":{"alertname":"B"}},{"labels":{"a-b":"c"}}]"#;
    let reply = send(&server, "POST /api/v2/alerts", &fields(), mixed).await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (400, "\"alert 1: label \\\"a-b\\\": not a name\"")
    );
    assert_eq!(reply.field("content-type"), Some("application/json"));
    let text = fields().replace("application/json", "text/plain");
    let reply = send(&server, "POST /api/v2/alerts", &text, good).await;
    let media = "{\"code\":415,\"message\":\"A body is taken as application/json, uncompressed.\"}";
    assert_eq!((reply.status, reply.body.as_str()), (415, media));
    let large = format!("[{}]", vec![r#"{"labels":{"a":"b"}}"#; 200].join(","));
    let reply = send(&server, "POST /api/v2/alerts", &fields(), &large).await;
    assert!(reply.status == 413 && reply.body.starts_with("{\"code\":413,"), "{reply:?}");

    let calls = seen.calls.lock().unwrap();
    let posted: Vec<_> = calls
        .iter()
        .map(|call| match call {
            Call::Post(alerts) => alerts.iter().map(|alert| alert.labels.to_string()).collect(),
            other => vec![format!("{other:?}")],
        })
        .collect();
    assert_eq!(posted, [["{alertname=\"A\"}"], ["{alertname=\"B\"}"]]);
}

#[tokio::test]
async fn refusals_are_told_as_alertmanager_tells_them() {
    let (server, _) = start().await;
    for (line, status, body) in [
        ("GET /api/v2/receivers", 200, "[{\"name\":\"team\"}]\n"),
        ("GET /api/v2/alerts?filter=%7Bbad", 400, "\"bad matcher format: {bad\""),
        ("GET /api/v2/alerts?filter=%7", 400, "\"a percent sign without two hexadecimal digits\""),
        (
            "GET /api/v2/silence/00000000-0000-4000-8000-000000000001",
            404,
            "\"silence 00000000-0000-4000-8000-000000000001 not found\"",
        ),
        (
            "GET /api/v2/silence/nope",
            422,
            r#"{"code":601,"message":"silenceID in path must be of type uuid: \"nope\""}"#,
        ),
        ("GET /api/v2/alerts/groups", 503, "\"the disk is full\""),
        ("DELETE /api/v2/silence/00000000-0000-4000-8000-000000000001", 200, ""),
        ("POST /api/v2/silences", 422, r#"{"code":602,"message":"silence in body is required"}"#),
    ] {
        let reply = send(&server, line, &fields(), "").await;
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{line}");
    }
    for (line, status, allow) in [
        ("PUT /api/v2/alerts", 405, Some("GET, HEAD, POST")),
        ("POST /api/v2/silence/a", 405, Some("GET, HEAD, DELETE")),
        ("DELETE /api/v2/status", 405, Some("GET, HEAD")),
        ("GET /-/healthy", 200, None),
        ("GET /-/ready", 200, None),
        ("GET /api/v2/silence/", 404, None),
        ("GET /api/v2/silence/a/b", 404, None),
        ("GET /api/v2/silence/a%2fb", 404, None),
        ("GET /v1/alerts", 404, None),
        ("POST /v1/alerts", 404, None),
    ] {
        let reply = send(&server, line, &fields(), "").await;
        assert_eq!((reply.status, reply.field("allow")), (status, allow), "{line}");
    }
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing_and_its_button_acknowledges() {
    let (server, _) = start().await;
    let page = send(&server, "GET /ack/good", "", "").await;
    assert_eq!((page.status, page.field("content-type")), (200, Some("text/html; charset=utf-8")));
    for text in
        ["Nobody takes care of it yet", "&lt;Down&gt;", "incident-7", "<form method=\"post\">"]
    {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    // The link is the proof: it works without a token, and from a page that tells no origin.
    let done = send(&server, "POST /ack/good", "Origin: null\r\n", "").await;
    assert!(done.status == 200 && done.body.contains("You take care of it"), "{done:?}");
    assert!(!done.body.contains("<form"));
    for line in ["GET /ack/bad", "POST /ack/bad"] {
        let reply = send(&server, line, "", "").await;
        assert!(reply.status == 404 && reply.body.contains("not &lt;ours&gt;"), "{reply:?}");
    }
    let long = format!("GET /ack/{}", "a".repeat(513));
    assert_eq!(send(&server, &long, "", "").await.status, 404);
}

#[tokio::test]
async fn the_control_socket_takes_commands_and_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(CONTROL_SOCKET);
    let server = ControlServer::bind(&path).unwrap();
    let daemon = TestDaemon::default();
    let seen = daemon.seen.clone();
    let client = ControlClient::new(&path);
    let asked = async {
        let incidents: Vec<String> = client.alerts(&Command::Incidents {}).await.unwrap();
        assert_eq!(incidents, ["one"]);
        let unack = Command::Unack { id: "7".to_owned(), by: String::new() };
        client.alerts::<()>(&unack).await.unwrap();
        unack
    };
    tokio::select! {
        () = server.serve(std::sync::Arc::new(daemon), std::future::pending()) => {}
        unack = asked => {
            let calls = seen.calls.lock().unwrap();
            assert_eq!(*calls, [Call::Command(Command::Incidents {}), Call::Command(unack)]);
        }
    }
}

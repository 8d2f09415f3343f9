use crate::support::{Reply, Server, config};

async fn ask(server: &Server, target: &str, fields: &str) -> Reply {
    let mut client = server.connect().await;
    client.send(format!("GET {target} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n")).await;
    client.reply().await
}

#[tokio::test]
async fn local_and_configured_hosts_are_served_with_any_port() {
    let mut config = config();
    config.allowed_hosts = vec!["status.example.org".to_owned()];
    let server = Server::start(config).await;
    for host in [
        "localhost",
        "localhost:1",
        "127.0.0.1:9180",
        "127.9.9.9",
        "[::1]:80",
        "STATUS.example.ORG:443",
    ] {
        assert_eq!(
            ask(&server, "/healthz", &format!("Host: {host}\r\n")).await.status,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn foreign_hosts_are_refused() {
    let server = Server::start(config()).await;
    for host in
        ["evil.example", "localhost.evil.example", "192.0.2.1", "localhost@evil", "a b", "é"]
    {
        let reply = ask(&server, "/healthz", &format!("Host: {host}\r\n")).await;
        assert_eq!((reply.status, reply.problem().as_str()), (421, "foreign-host"), "{host}");
    }
}

#[tokio::test]
async fn a_request_without_exactly_one_host_is_refused() {
    let server = Server::start(config()).await;
    for fields in
        ["", "Host: localhost\r\nHost: localhost\r\n", "Host:\r\n", "Host: a\r\nhost: b\r\n"]
    {
        let reply = ask(&server, "/healthz", fields).await;
        assert_eq!((reply.status, reply.problem().as_str()), (400, "host-field"), "{fields:?}");
    }
}

#[tokio::test]
async fn the_authority_of_an_absolute_target_is_checked_too() {
    let server = Server::start(config()).await;
    let local = "Host: localhost\r\n";
    assert_eq!(ask(&server, "http://127.0.0.1:80/healthz", local).await.status, 200);
    for target in ["http://evil.example/healthz", "http://localhost@evil.example/healthz"] {
        assert_eq!(ask(&server, target, local).await.status, 421, "{target}");
    }
    assert_eq!(
        ask(&server, "http://localhost/healthz", "Host: evil.example\r\n").await.status,
        421
    );
}

use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Runtime;
use wardkit_api::HttpConfig;

use crate::support::{Server, config};

fn on_a_server<T>(test: impl AsyncFnOnce(&Server) -> T) -> T {
    Runtime::new().unwrap().block_on(async {
        let server = Server::start(config()).await;
        test(&server).await
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_stop_the_server_or_get_anything_but_http(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2000),
            "(GET|POST|HEAD|X) /[a-z?%/.]{0,20} HTTP/1.[0-9]\r\n(Host: [a-z.:0-9]{0,12}\r\n){0,2}\
             ((Content-Length|Transfer-Encoding|Connection|Expect): [a-z0-9, -]{0,12}\r\n){0,3}\r\n[ -~\r\n]{0,40}"
                .prop_map(String::into_bytes),
        ],
    ) {
        on_a_server(async |server| {
            let mut client = server.connect().await;
            client.send(&bytes).await;
            let _ = client.0.shutdown().await;
            let text = client.rest().await;
            prop_assert!(text.is_empty() || text.starts_with("HTTP/1."), "{text}");
            prop_assert_eq!(server.get("/healthz").await.status, 200);
            Ok(())
        })?;
    }

    #[test]
    fn a_request_is_answered_alike_however_it_is_cut(cuts in prop::collection::vec(1_usize..30, 0..20)) {
        const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost:9180\r\nContent-Length: 3\r\n\r\nabc\
            GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        on_a_server(async |server| {
            let mut client = server.connect().await;
            client.0.set_nodelay(true).unwrap();
            let mut rest = REQUEST;
            for cut in cuts {
                let (piece, left) = rest.split_at(cut.min(rest.len()));
                client.send(piece).await;
                tokio::task::yield_now().await;
                rest = left;
            }
            client.send(rest).await;
            let text = client.rest().await;
            prop_assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
            prop_assert!(text.contains("\r\n\r\nok\nHTTP/1.1 404 Not Found\r\n"), "{text}");
            Ok(())
        })?;
    }

    #[test]
    fn a_valid_configuration_survives_being_written(
        head in 10_u64..86_400_000, connections in 1_usize..1_000_000, bytes in 5000_usize..1_000_000,
        hosts in prop::collection::vec("[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,3}", 0..4),
    ) {
        let mut config = HttpConfig::default();
        config.header_timeout = std::time::Duration::from_millis(head);
        config.max_connections = connections;
        config.max_header_bytes = bytes;
        config.allowed_hosts = hosts;
        prop_assert_eq!(config.validate(), []);
        let text = toml::to_string(&config).unwrap();
        prop_assert_eq!(toml::from_str::<HttpConfig>(&text).unwrap(), config);
    }
}

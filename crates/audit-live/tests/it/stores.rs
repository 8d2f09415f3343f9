//! Databases beside a bot.

use std::io::{Read as _, Write as _};

use wardkit_audit::Status;

use crate::server::{raw, response, serve};
use crate::{ended, probe};

/// A database that answers this.
fn answering(answer: &'static [u8]) -> u16 {
    raw(move |stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
    })
}

#[test]
fn a_database_that_lets_anybody_in_is_told() {
    let port = serve(|_| response("200 OK", "", ""));
    let url = format!("http://127.0.0.1:{port}/");
    let redis = |answer, expected| {
        let probe = probe(&url).with_redis(answering(answer));
        assert_eq!(ended(&probe)["live-store-open"], expected, "{answer:?}");
    };
    redis(b"+PONG\r\n", Status::Fail);
    redis(b"-NOAUTH Authentication required.\r\n", Status::Pass);
    redis(b"-DENIED Redis is running in protected mode\r\n", Status::Pass);
    redis(b"220 mail\r\n", Status::Unknown);
    redis(b"", Status::Unknown);
    let postgres = |answer, expected| {
        let probe = probe(&url).with_postgres(answering(answer));
        assert_eq!(ended(&probe)["live-store-open"], expected, "{answer:?}");
    };
    postgres(b"R\0\0\0\x08\0\0\0\0S", Status::Fail);
    postgres(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", Status::Pass);
    postgres(b"E\0\0\0\x50SFATAL\0", Status::Pass);
    postgres(b"HTTP/1.1 400 Bad Request\r\n", Status::Unknown);
    let closed = probe(&url).with_redis(1).with_postgres(1);
    assert_eq!(ended(&closed)["live-store-open"], Status::Pass);
    assert_eq!(ended(&probe(&url))["live-store-open"], Status::NotApplicable);
}

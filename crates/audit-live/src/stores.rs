//! Whether databases beside a bot do what anybody says. Nothing is read from them, and no password is tried.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::observed::{Store, StoreState};

/// Asks Redis whether it is there.
pub(crate) async fn redis(address: SocketAddr) -> Store {
    let state = asked(address, b"*1\r\n$4\r\nPING\r\n", |answer| {
        if answer.starts_with(b"+PONG") {
            StoreState::Open
        } else if [&b"-NOAUTH"[..], b"-NOPERM", b"-DENIED", b"-WRONGPASS"]
            .iter()
            .any(|refusal| answer.starts_with(refusal))
        {
            StoreState::Guarded
        } else {
            StoreState::Unclear("it does not answer as Redis does".to_owned())
        }
    });
    Store { name: "Redis", address: address.to_string(), state: state.await }
}

/// Asks Postgres to let the account `postgres` in, without a password.
pub(crate) async fn postgres(address: SocketAddr) -> Store {
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let mut message = Vec::new();
    let length = u32::try_from(8 + parameters.len()).unwrap_or_default();
    message.extend(length.to_be_bytes());
    // Version 3.0 of the protocol.
    message.extend([0, 3, 0, 0]);
    message.extend(parameters);
    let state = asked(address, &message, |answer| match answer {
        [b'R', _, _, _, _, 0, 0, 0, 0, ..] => StoreState::Open,
        [b'R' | b'E', ..] => StoreState::Guarded,
        _ => StoreState::Unclear("it does not answer as Postgres does".to_owned()),
    });
    Store { name: "Postgres", address: address.to_string(), state: state.await }
}

async fn asked(
    address: SocketAddr,
    question: &[u8],
    judge: impl Fn(&[u8]) -> StoreState,
) -> StoreState {
    let asking = async {
        let mut stream = match TcpStream::connect(address).await {
            Ok(stream) => stream,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                return StoreState::Closed;
            }
            Err(error) => return StoreState::Unclear(error.to_string()),
        };
        if let Err(error) = stream.write_all(question).await {
            return StoreState::Unclear(error.to_string());
        }
        let mut answer = Vec::new();
        // The shortest answer that says anything has seven bytes, the longest of use nine.
        while answer.len() < 9 && !answer.ends_with(b"\r\n") {
            match stream.read_buf(&mut answer).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return StoreState::Unclear(error.to_string()),
            }
        }
        judge(&answer)
    };
    let late = || StoreState::Unclear(format!("no answer within {} seconds", PATIENCE.as_secs()));
    timeout(PATIENCE, asking).await.unwrap_or_else(|_| late())
}

/// What drops packets is waited for no longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

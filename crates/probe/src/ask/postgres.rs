//! Signs in to Postgres and selects a number.

mod wire;

use std::net::SocketAddr;

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use wardkit_core::Secret;

use super::{Place, password, unreachable};
use crate::{Outcome, PostgresTarget};
use wire::Message;

pub(super) async fn ask(target: &PostgresTarget, place: &Place) -> Outcome {
    let password = match password::read(target.password_file.as_ref(), place).await {
        Ok(password) => password,
        Err(reason) => return Outcome::failed(reason),
    };
    let address = target.address.as_str();
    let asked = if address.starts_with('/') {
        match UnixStream::connect(address).await {
            Ok(stream) => Session { stream, target, password, is_local: true }.ask().await,
            Err(error) => return unreachable(&address, &error),
        }
    } else {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let is_local = stream.peer_addr().is_ok_and(is_loopback);
                Session { stream, target, password, is_local }.ask().await
            }
            Err(error) => return unreachable(&address, &error),
        }
    };
    asked.map_or_else(Outcome::failed, |()| Outcome::Passed)
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

struct Session<'a, S> {
    stream: S,
    target: &'a PostgresTarget,
    password: Option<Secret<String>>,
    /// Whether nobody on the way can listen.
    is_local: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    async fn ask(mut self) -> Result<(), String> {
        let target = self.target;
        self.send(&wire::startup(&target.user, &target.database)).await?;
        self.sign_in().await?;
        self.until_ready().await?;
        self.send(&wire::query("SELECT 1")).await?;
        let answer = self.until_ready().await?;
        // Politeness: without it the server logs a lost connection.
        let _ = self.send(&wire::terminate()).await;
        if answer.as_deref() == Some(b"1".as_slice()) {
            Ok(())
        } else {
            Err("the answer to SELECT 1 is not 1".to_owned())
        }
    }

    async fn sign_in(&mut self) -> Result<(), String> {
        loop {
            let Message { tag, body } = self.receive().await?;
            if tag != b'R' {
                return Err("the server asks for no sign-in: this is no Postgres".to_owned());
            }
            let (kind, rest) = wire::number(&body).ok_or(BROKEN)?;
            match kind {
                AUTH_OK => return Ok(()),
                AUTH_CLEAR => {
                    if !self.is_local && !self.target.danger_clear_password {
                        let reason = "the server asks for the password in the clear";
                        return Err(reason.to_owned());
                    }
                    let message = wire::password(self.password()?.expose().as_bytes());
                    self.send(&message).await?;
                }
                AUTH_MD5 => {
                    let salt = rest.try_into().map_err(|_| BROKEN)?;
                    let secret = self.password()?.expose();
                    let hash = md5_hash(self.target.user.as_bytes(), secret.as_bytes(), salt);
                    let message = wire::password(hash.as_bytes());
                    self.send(&message).await?;
                }
                AUTH_SASL => self.scram(rest).await?,
                _ => return Err(format!("the server asks for sign-in {kind}, which is not known")),
            }
        }
    }

    async fn scram(&mut self, mechanisms: &[u8]) -> Result<(), String> {
        if !mechanisms.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) {
            return Err("the server does not offer SCRAM-SHA-256".to_owned());
        }
        let secret = self.password()?.expose().as_bytes();
        let mut scram = ScramSha256::new(secret, ChannelBinding::unsupported());
        self.send(&wire::sasl_first(SCRAM_SHA_256, scram.message())).await?;
        let first = self.sasl(AUTH_SASL_CONTINUE).await?;
        // The server says how much work the hash is. Without a limit it could say: hours.
        let iterations = iterations(&first).ok_or(BROKEN)?;
        if iterations > MOST_ITERATIONS {
            return Err(format!("the server asks for {iterations} iterations of SCRAM"));
        }
        scram.update(&first).map_err(|_| BROKEN)?;
        self.send(&wire::sasl_next(scram.message())).await?;
        let last = self.sasl(AUTH_SASL_FINAL).await?;
        // The server has to know the password, too.
        scram.finish(&last).map_err(|_| "the server does not know the password itself".to_owned())
    }

    async fn sasl(&mut self, expected: u32) -> Result<Vec<u8>, String> {
        let Message { tag, body } = self.receive().await?;
        match wire::number(&body) {
            Some((kind, rest)) if tag == b'R' && kind == expected => Ok(rest.to_vec()),
            _ => Err(BROKEN.to_owned()),
        }
    }

    /// Waits until the server takes a query, and returns the first column of the last row on the way.
    async fn until_ready(&mut self) -> Result<Option<Vec<u8>>, String> {
        let mut value = None;
        // A server that never gets there is stopped by the deadline.
        loop {
            let Message { tag, body } = self.receive().await?;
            match tag {
                b'Z' => return Ok(value),
                b'D' => value = wire::first_column(&body),
                _ => {}
            }
        }
    }

    /// Returns the next message; an error of the server's is one of ours.
    async fn receive(&mut self) -> Result<Message, String> {
        let message = wire::read(&mut self.stream).await?;
        if message.tag == b'E' {
            return Err(wire::complaint(&message.body));
        }
        Ok(message)
    }

    async fn send(&mut self, message: &Secret<Vec<u8>>) -> Result<(), String> {
        let sent = self.stream.write_all(message.expose()).await;
        sent.map_err(|error| format!("cannot send: {error}"))
    }

    fn password(&self) -> Result<&Secret<String>, String> {
        self.password.as_ref().ok_or_else(|| "the server asks for a password".to_owned())
    }
}

/// Reads `i=` of the server's first message (RFC 5802, section 5.1).
fn iterations(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?;
    text.split(',').find_map(|attribute| attribute.strip_prefix("i="))?.parse().ok()
}

const BROKEN: &str = "the server does not keep to the protocol";

const AUTH_OK: u32 = 0;
const AUTH_CLEAR: u32 = 3;
const AUTH_MD5: u32 = 5;
const AUTH_SASL: u32 = 10;
const AUTH_SASL_CONTINUE: u32 = 11;
const AUTH_SASL_FINAL: u32 = 12;

/// Servers say 4096 by default; this many take a tenth of a second.
const MOST_ITERATIONS: u32 = 100_000;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, duplex};

    use super::*;

    /// Returns what becomes of a request for the password in the clear, and what the server hears of it.
    async fn asked_in_the_clear(is_local: bool, allowed: bool) -> (String, bool) {
        let mut target = PostgresTarget::new("db.example:5432", "probe");
        target.danger_clear_password = allowed;
        let password = Some(Secret::new("hunter2".to_owned()));
        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(b"R\0\0\0\x08\0\0\0\x03E\0\0\0\x04").await.unwrap();
        let session = Session { stream: ours, target: &target, password, is_local };
        let said = session.ask().await.unwrap_err();
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.unwrap();
        (said, String::from_utf8_lossy(&heard).contains("hunter2"))
    }

    #[tokio::test]
    async fn the_password_crosses_no_network_in_the_clear() {
        let refused = "the server asks for the password in the clear".to_owned();
        let sent = "the server says:  ()".to_owned();
        assert_eq!(asked_in_the_clear(false, false).await, (refused, false));
        assert_eq!(asked_in_the_clear(true, false).await, (sent.clone(), true));
        assert_eq!(asked_in_the_clear(false, true).await, (sent, true));
    }
}

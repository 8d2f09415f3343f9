//! Signs in to Redis and pings it.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use wardkit_core::Secret;

use super::{Place, password, unreachable};
use crate::{Outcome, RedisTarget};

pub(super) async fn ask(target: &RedisTarget, place: &Place) -> Outcome {
    let password = match password::read(target.password_file.as_ref(), place).await {
        Ok(password) => password,
        Err(reason) => return Outcome::failed(reason),
    };
    let address = target.address.as_str();
    let user = target.user.as_deref();
    let asked = if address.starts_with('/') {
        match UnixStream::connect(address).await {
            Ok(stream) => ping(stream, user, password.as_ref()).await,
            Err(error) => return unreachable(&address, &error),
        }
    } else {
        match TcpStream::connect(address).await {
            Ok(stream) => ping(stream, user, password.as_ref()).await,
            Err(error) => return unreachable(&address, &error),
        }
    };
    asked.map_or_else(Outcome::failed, |()| Outcome::Passed)
}

async fn ping(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    user: Option<&str>,
    password: Option<&Secret<String>>,
) -> Result<(), String> {
    if let Some(password) = password {
        let words: Vec<&str> =
            ["AUTH"].into_iter().chain(user).chain([password.expose().as_str()]).collect();
        say(&mut stream, &words).await?;
        let reply = hear(&mut stream).await?;
        if reply != "+OK" {
            // Some servers repeat a command that they do not know, password and all: only the error's code is shown.
            let code = reply.split(|c: char| !c.is_ascii_uppercase() && c != '-').next();
            let code = code.unwrap_or_default().trim_start_matches('-');
            return Err(format!("the sign-in was refused: {code}"));
        }
    }
    say(&mut stream, &["PING"]).await?;
    match hear(&mut stream).await?.as_str() {
        "+PONG" => Ok(()),
        other => match other.strip_prefix('-') {
            Some(error) => Err(format!("the server says: {error}")),
            None => Err("the answer to PING is not PONG: this is no Redis".to_owned()),
        },
    }
}

/// Sends a command as an array of strings with lengths: no text can end one and begin another.
async fn say(stream: &mut (impl AsyncWrite + Unpin), words: &[&str]) -> Result<(), String> {
    let mut message = Secret::new(format!("*{}\r\n", words.len()));
    for word in words {
        let more = format!("{}${}\r\n{word}\r\n", message.expose(), word.len());
        message = Secret::new(more);
    }
    let sent = stream.write_all(message.expose().as_bytes()).await;
    sent.map_err(|error| format!("cannot send: {error}"))
}

/// Returns the next line, without its end.
async fn hear(stream: &mut (impl AsyncRead + Unpin)) -> Result<String, String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        if line.len() >= LONGEST_LINE {
            return Err("the answer is longer than any of Redis".to_owned());
        }
        // Byte by byte: an answer has ten of them, and nothing beyond the line may be taken.
        match stream.read_u8().await {
            Ok(byte) => line.push(byte),
            Err(error) => return Err(format!("the connection broke: {error}")),
        }
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

const LONGEST_LINE: usize = 1024;

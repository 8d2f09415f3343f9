//! A few words over a connection.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::Outcome;

pub(super) async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    send: Option<&str>,
    expect: Option<&str>,
) -> Outcome {
    if let Some(send) = send
        && let Err(error) = stream.write_all(send.as_bytes()).await
    {
        return Outcome::failed(format!("cannot send: {error}"));
    }
    let Some(expect) = expect else { return Outcome::Passed };
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        if String::from_utf8_lossy(&answer).contains(expect) {
            return Outcome::Passed;
        }
        if answer.len() >= LONGEST_ANSWER {
            return Outcome::failed(format!("the first {LONGEST_ANSWER} bytes lack {expect:?}"));
        }
        let room = buffer.len().min(LONGEST_ANSWER - answer.len());
        match stream.read(&mut buffer[..room]).await {
            Ok(0) => return Outcome::failed(format!("the answer ended and lacks {expect:?}")),
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(error) => return Outcome::failed(format!("the connection broke: {error}")),
        }
    }
}

/// A greeting or a status line; looked through again for each piece, so it must be short.
const LONGEST_ANSWER: usize = 4096;

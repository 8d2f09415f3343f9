//! The few messages that it takes, of protocol 3.0.

use tokio::io::{AsyncRead, AsyncReadExt as _};
use wardkit_core::Secret;

pub(super) struct Message {
    pub(super) tag: u8,
    pub(super) body: Vec<u8>,
}

pub(super) fn startup(user: &str, database: &str) -> Secret<Vec<u8>> {
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    for text in ["user", user, "database", database, "application_name", "wardkit"] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    framed(None, &[&body])
}

pub(super) fn password(text: &[u8]) -> Secret<Vec<u8>> {
    framed(Some(b'p'), &[text, &[0]])
}

pub(super) fn sasl_first(mechanism: &str, data: &[u8]) -> Secret<Vec<u8>> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
    framed(Some(b'p'), &[mechanism.as_bytes(), &[0], &length, data])
}

pub(super) fn sasl_next(data: &[u8]) -> Secret<Vec<u8>> {
    framed(Some(b'p'), &[data])
}

pub(super) fn query(sql: &str) -> Secret<Vec<u8>> {
    framed(Some(b'Q'), &[sql.as_bytes(), &[0]])
}

pub(super) fn terminate() -> Secret<Vec<u8>> {
    framed(Some(b'X'), &[])
}

/// Puts a tag and a length, which counts itself, before the parts.
fn framed(tag: Option<u8>, parts: &[&[u8]]) -> Secret<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>() + 4;
    let mut message = Vec::with_capacity(length + 1);
    message.extend(tag);
    message.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    for part in parts {
        message.extend_from_slice(part);
    }
    Secret::new(message)
}

pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Message, String> {
    let broke = |error: std::io::Error| format!("the connection broke: {error}");
    let tag = stream.read_u8().await.map_err(broke)?;
    let length = usize::try_from(stream.read_u32().await.map_err(broke)?).unwrap_or(usize::MAX);
    let Some(length) = length.checked_sub(4).filter(|length| *length <= LONGEST_MESSAGE) else {
        return Err("the server does not speak the protocol of Postgres".to_owned());
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(broke)?;
    Ok(Message { tag, body })
}

/// Splits the number off that a message begins with.
pub(super) fn number(body: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = body.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// Returns the first column of a row, unless it is null.
pub(super) fn first_column(body: &[u8]) -> Option<Vec<u8>> {
    let (_columns, rest) = body.split_first_chunk::<2>()?;
    let (length, rest) = number(rest)?;
    Some(rest.get(..usize::try_from(length).ok()?)?.to_vec())
}

/// Reads what the server complains of: its code and its sentence.
pub(super) fn complaint(body: &[u8]) -> String {
    let (mut code, mut sentence) = (String::new(), String::new());
    for field in body.split(|byte| *byte == 0) {
        let Some((kind, text)) = field.split_first() else { continue };
        let text = || String::from_utf8_lossy(text).into_owned();
        match kind {
            b'C' => code = text(),
            b'M' => sentence = text(),
            _ => {}
        }
    }
    format!("the server says: {sentence} ({code})")
}

const PROTOCOL: u32 = 3 << 16;
/// The longest are notices; a row of ours has eleven bytes.
const LONGEST_MESSAGE: usize = 16 * 1024;

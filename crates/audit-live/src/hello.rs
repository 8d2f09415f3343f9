//! Whether a server still speaks TLS 1.0 or 1.1, which no library of today does.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::target::Resolved;

/// Old versions of TLS, as they stand in a hello.
pub(crate) const OLD: [(&str, u8); 2] = [("TLS 1.0", 1), ("TLS 1.1", 2)];

/// Says hello in an old version. Returns whether the server goes on in it.
pub(crate) async fn is_spoken(to: &Resolved, minor: u8) -> Result<bool, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(to.address).await.map_err(failed)?;
    stream.write_all(&hello(minor)).await.map_err(failed)?;
    let mut head = [0; 11];
    // A server that does not speak it sends an alert, or hangs up.
    if stream.read_exact(&mut head).await.is_err() {
        return Ok(false);
    }
    Ok(is_hello_back(&head, minor))
}

/// Returns a hello of a client (RFC 4346, section 7.4.1.2) with ciphers that servers of that time had. It names no host:
/// servers that need one say so with an alert, and are asked over HTTP by the libraries of today.
fn hello(minor: u8) -> Vec<u8> {
    let mut body = vec![3, minor];
    // Nothing is encrypted with it.
    body.extend([0x57; 32]);
    body.push(0);
    let ciphers = [0xc013_u16, 0xc014, 0xc009, 0xc00a, 0x002f, 0x0035, 0x000a];
    body.extend(two(ciphers.len() * 2));
    body.extend(ciphers.iter().flat_map(|cipher| cipher.to_be_bytes()));
    body.extend([1, 0]);
    // P-256, P-384; uncompressed points.
    let extensions = [0, 10, 0, 6, 0, 4, 0, 23, 0, 24, 0, 11, 0, 2, 1, 0];
    body.extend(two(extensions.len()));
    body.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(two(body.len()));
    message.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(two(message.len()));
    record.extend(message);
    record
}

/// Returns a length in two bytes; all of them are small.
fn two(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or_default().to_be_bytes()
}

/// Whether the first bytes of an answer are a server's hello in this version.
fn is_hello_back(head: &[u8; 11], minor: u8) -> bool {
    head[0] == 22 && head[5] == 2 && head[9..11] == [3, minor]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_what_follows() {
        let record = hello(2);
        assert_eq!(usize::from(u16::from_be_bytes([record[3], record[4]])), record.len() - 5);
        assert_eq!(usize::from(u16::from_be_bytes([record[7], record[8]])), record.len() - 9);
    }

    #[test]
    fn an_alert_is_no_hello() {
        assert!(is_hello_back(&[22, 3, 2, 0, 80, 2, 0, 0, 76, 3, 2], 2));
        assert!(!is_hello_back(&[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3], 2));
        assert!(!is_hello_back(&[21, 3, 1, 0, 2, 2, 70, 0, 0, 0, 0], 2));
    }
}

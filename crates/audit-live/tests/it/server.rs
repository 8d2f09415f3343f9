//! Servers that answer as a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What was asked: the first line, the other lines, and the body.
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn is_post(&self) -> bool {
        self.line.starts_with("POST ")
    }
}

/// Serves until the test ends, and returns the port.
pub(crate) fn serve(answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> u16 {
    raw(move |stream| {
        if let Some(asked) = read(stream) {
            let _ = stream.write_all(answer(&asked).as_bytes());
        }
    })
}

/// Serves connections as they come, each on a thread of its own.
pub(crate) fn raw(speak: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let speak = Arc::new(speak);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let speak = Arc::clone(&speak);
            std::thread::spawn(move || speak(&mut stream));
        }
    });
    port
}

/// Returns a response.
pub(crate) fn response(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut head) = (String::new(), String::new());
    reader.read_line(&mut line).ok()?;
    loop {
        let mut field = String::new();
        if reader.read_line(&mut field).ok()? == 0 || field == "\r\n" {
            break;
        }
        head.push_str(&field.to_ascii_lowercase());
    }
    let length = head.lines().find_map(|field| field.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, head, body: String::from_utf8_lossy(&body).into_owned() })
}

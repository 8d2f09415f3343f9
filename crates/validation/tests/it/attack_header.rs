//! Texts that would begin another header, another message or another mail, sent over a real connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wardkit_validation::{BeyondAscii, HeaderRules, HeaderSafe, Untrusted};

/// What attackers put between a value and the header that they want; and what a decoder that runs too late or too
/// early, or that cuts characters to bytes, would make a line break of.
const BREAKS: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\n\t",
    "\r\r\n",
    "\n\r",
    "\r\n\r\n",
    "\n\n",
    "\0\r\n",
    "\r\0\n",
    "\x0b",
    "\x0c",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "%0d%0a",
    "%0a",
    "%0D",
    "%0d%0a%20",
    "%250d%250a",
    "%25%30%61",
    "%u000a",
    "%u000d%u000a",
    "%E5%98%8D%E5%98%8A",
    "\u{560d}\u{560a}",
    "\u{10a}",
    "\u{10d}\u{10a}",
    "\u{ff0d}\u{ff0a}",
    "\\r\\n",
    "\\n",
    "\\u000d\\u000a",
    "\\x0d\\x0a",
    "&#13;&#10;",
    "&#xA;",
    "&NewLine;",
    "=0D=0A",
    "=?utf-8?Q?=0D=0A?=",
    "\u{8}\r\n",
    "\u{1b}E",
    "\u{1c}",
    "\u{1d}",
    "\u{1e}",
    "\u{7f}\n",
];

/// What they want.
const WISHES: &[&str] = &[
    "Set-Cookie: admin=1",
    "Location: https://evil.example",
    "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK",
    "Transfer-Encoding: chunked",
    "Bcc: everyone@evil.example",
    "X-Other: 1\r\n\r\n<script>alert(1)</script>",
];

#[test]
fn every_payload_stays_the_value_of_its_header() {
    assert!(BREAKS.len() * WISHES.len() >= 60);
    let mut strict = HeaderRules::default();
    let mut open = HeaderRules::default();
    (strict.beyond_ascii, open.beyond_ascii) = (BeyondAscii::Refused, BeyondAscii::Utf8);
    let mut sent = 0;
    for payload in payloads().map(Untrusted::new) {
        for rules in [strict, open] {
            let accepted = payload.validate_for(&rules).ok();
            for value in accepted.into_iter().chain([rules.sanitized(&payload).unwrap()]) {
                let received = send(&value);
                // The header's line and the empty one, and nothing else that anybody could take for a line.
                assert_eq!(received, format!("X-Title: {value}\r\n\r\n").as_bytes());
                assert_eq!(received.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count(), 4);
                assert!(!received.contains(&0));
                sent += 1;
            }
        }
    }
    assert!(sent > 2 * BREAKS.len() * WISHES.len());
}

#[test]
fn a_line_break_is_refused_in_every_place() {
    for breaks in BREAKS.iter().filter(|text| text.contains(['\r', '\n'])) {
        for value in [format!("a{breaks}b"), format!("{breaks}b"), format!("a{breaks}")] {
            assert!(HeaderSafe::new(&value).is_err(), "{value:?}");
        }
    }
}

fn payloads() -> impl Iterator<Item = String> {
    BREAKS.iter().flat_map(|breaks| WISHES.iter().map(move |wish| format!("hello{breaks}{wish}")))
}

/// Sends a header as a client would, and returns what arrived.
fn send(value: &HeaderSafe) -> Vec<u8> {
    thread_local! {
        static SERVER: TcpListener = TcpListener::bind("127.0.0.1:0").unwrap();
    }
    SERVER.with(|server| {
        let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        write!(client, "X-Title: {value}\r\n\r\n").unwrap();
        drop(client);
        let mut received = Vec::new();
        server.accept().unwrap().0.read_to_end(&mut received).unwrap();
        received
    })
}

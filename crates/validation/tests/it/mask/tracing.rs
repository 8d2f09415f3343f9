//! What `tracing` logs through the writer that masks.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use wardkit_validation::{Masker, MaskingMakeWriter};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn writer(&self) -> MaskingMakeWriter<impl Fn() -> Self + 'static> {
        let log = self.clone();
        MaskingMakeWriter::new(move || log.clone(), Masker::default())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Logs secrets in a message, in fields, and in a span around them.
fn log() {
    let error = io::Error::other("https://bob:s3cr3t@example.org/ refused");
    let span = tracing::info_span!("request", api_key = "q8ZkT3vN1xYb7LwR", user = "bob");
    let _entered = span.enter();
    tracing::info!(password = "hunter2", pass = "swordfish", port = 80, %error, "logged in");
    tracing::info!("DB_PASSWORD=sesame, went well");
}

const SECRETS: [&str; 5] = ["hunter2", "swordfish", "s3cr3t", "q8ZkT3vN1xYb7LwR", "sesame"];

fn check(text: &str, kept: &[&str]) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for kept in kept {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn secrets_of_events_and_spans_are_masked_with_and_without_colours() {
    for colours in [false, true] {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(colours).with_writer(log.writer());
        tracing::subscriber::with_default(subscriber.finish(), self::log);
        let text = log.text();
        assert_eq!(text.contains("\x1b["), colours);
        check(
            &text,
            &["logged in", "bob", "80", "https://bob:***@example.org/", "=***, went well"],
        );
    }
}

#[test]
fn secrets_in_json_are_masked_and_it_stays_json() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.writer());
    tracing::subscriber::with_default(subscriber.finish(), self::log);
    let text = log.text();
    check(&text, &["\"password\":\"***\"", "\"port\":80", "\"user\":\"bob\""]);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

//! Mails to a real SMTP server, aiosmtpd, which a script in Python tells what to refuse.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use wardkit_alerting::receiver::{ChannelConfig, ChannelKind, EmailConfig, EmailTls, SecretSource};
use wardkit_alerting::{AckLinks, Channel, ChannelId, Delivery, Outcome};
use wardkit_channels::notify::{NotifyOptions, build, test_notification};
use wardkit_core::Timestamp;

/// The server, which ends with its standard input.
struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    port: u16,
    directory: tempfile::TempDir,
}

impl Server {
    fn start(mode: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls");
        // Debian keeps the package for its own interpreter, which need not be the first one on the path.
        let mut child = Command::new("/usr/bin/python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/smtp_server.py"))
            .args([mode, directory.path().to_str().unwrap()])
            .args([tls.join("server.pem"), tls.join("server.key")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It tells at length of clients that do not trust it.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("no port: {line:?}"));
        let stdin = child.stdin.take();
        Self { child, stdin, port, directory }
    }

    fn config(&self, tls: EmailTls) -> ChannelConfig {
        let mut email = EmailConfig::default();
        email.to = vec!["Ops <ops@example.org>".to_owned()];
        "wardkit@example.org".clone_into(&mut email.from);
        (email.host, email.port, email.tls) = ("127.0.0.1".to_owned(), self.port, tls);
        "vps1.example.org".clone_into(&mut email.hello);
        email.ca_file = Some(ca_file());
        let mut config = ChannelConfig::new(email);
        config.timeout = Duration::from_secs(20);
        config
    }

    /// Returns the mails that it took, in their order.
    fn mails(&self) -> Vec<String> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

fn ca_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls/ca.pem")
}

fn channel(config: &ChannelConfig) -> Box<dyn Channel> {
    build(&ChannelId::new("ops", "email", 0), config, &NotifyOptions::default()).unwrap()
}

fn delivery() -> Delivery {
    let id = ChannelId::new("ops", "email", 0);
    Delivery {
        notification: test_notification("öps", &id, Timestamp::from_unix_seconds(1_795_262_400)),
        attempt: 1,
        links: AckLinks::default(),
        receipt: None,
    }
}

fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => reason,
        other => panic!("{other:?}"),
    }
}

fn email(config: &mut ChannelConfig) -> &mut EmailConfig {
    match &mut config.kind {
        ChannelKind::Email(email) => email,
        other => panic!("{other:?}"),
    }
}

fn with_password(mut config: ChannelConfig) -> ChannelConfig {
    let email = email(&mut config);
    (email.username, email.password) = ("ann".to_owned(), SecretSource::of("hunter2"));
    config
}

#[tokio::test]
async fn a_mail_arrives_by_starttls_with_a_password() {
    let server = Server::start("starttls");
    let outcome =
        channel(&with_password(server.config(EmailTls::Starttls))).send(&delivery()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    let mail = server.mails().pop().unwrap();
    let id = format!("Message-ID: <{}@wardkit>", delivery().notification.key);
    assert!(mail.contains(&id) && mail.contains("Subject: TEST [FIRING:1] TestAlert"), "{mail}");
    assert!(mail.contains("X-Peer-Tls: yes\nX-Peer-User: ann"), "{mail}");
}

#[tokio::test]
async fn a_mail_arrives_by_implicit_tls() {
    let server = Server::start("implicit");
    let outcome = channel(&server.config(EmailTls::Implicit)).send(&delivery()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    assert!(server.mails().pop().unwrap().contains("X-Peer-Tls: yes"));
}

#[tokio::test]
async fn what_is_refused_for_now_is_taken_later_with_the_same_id() {
    for mode in ["451-rcpt", "451-data"] {
        let server = Server::start(mode);
        let channel = channel(&server.config(EmailTls::Starttls));
        let first = channel.send(&delivery()).await;
        assert!(matches!(first, Outcome::Retry { .. }), "{first:?}");
        assert!(reason(first).ends_with("it answered 451"));
        assert_eq!(channel.send(&delivery()).await, Outcome::Sent { receipt: None }, "{mode}");
        assert!(server.mails().pop().unwrap().contains(delivery().notification.key.as_str()));
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    let server = Server::start("550-rcpt");
    let outcome = channel(&server.config(EmailTls::Starttls)).send(&delivery()).await;
    let expected = "127.0.0.1: RCPT: it answered 550".to_owned();
    assert_eq!(outcome, Outcome::Permanent { reason: expected });
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_nothing() {
    for (mode, tls) in [
        ("starttls", EmailTls::Starttls),
        ("implicit", EmailTls::Implicit),
        ("starttls", EmailTls::DangerOpportunistic),
    ] {
        let server = Server::start(mode);
        let strangers: fn(&mut EmailConfig) = |email| email.ca_file = None;
        let another_name: fn(&mut EmailConfig) = |email| "localhost".clone_into(&mut email.host);
        for change in [strangers, another_name] {
            let mut config = with_password(server.config(tls));
            change(email(&mut config));
            let outcome = channel(&config).send(&delivery()).await;
            let Outcome::Permanent { reason } = outcome else { panic!("{mode}: {outcome:?}") };
            assert!(reason.contains("TLS: ") && reason.contains("certificate"), "{reason}");
        }
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let server = Server::start("starttls");
    let mut config = with_password(server.config(EmailTls::Starttls));
    email(&mut config).password = SecretSource::of("wrong-hunter2");
    let outcome = channel(&config).send(&delivery()).await;
    let expected = "127.0.0.1: AUTH: it answered 535".to_owned();
    assert_eq!(outcome, Outcome::Permanent { reason: expected });
}

#[tokio::test]
async fn a_tarpit_and_a_dropped_connection_are_tried_later() {
    for (mode, expected) in [("tarpit", "DATA: no answer within"), ("drop", "")] {
        let server = Server::start(mode);
        let mut config = server.config(EmailTls::Starttls);
        config.timeout = Duration::from_secs(4);
        let outcome = channel(&config).send(&delivery()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        let reason = reason(outcome);
        assert!(reason.contains(expected), "{reason}");
    }
}

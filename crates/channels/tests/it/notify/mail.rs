//! Mails, to a server that says what a test tells it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{ChannelConfig, EmailConfig, EmailTls, SecretSource, Text};

use super::{TOKEN, channel, firing, reason, refusal, resolved};

/// A mail server without TLS.
struct Smtp {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    /// Answers what `answer` says to a command, and as usual where it says nothing.
    fn of(answer: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = Self { address: listener.local_addr().unwrap(), heard: Arc::clone(&heard) };
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // Somebody who hangs up in the middle ends the conversation.
                let _ = converse(stream, &answer, &heard);
            }
        });
        server
    }

    fn config(&self) -> EmailConfig {
        let mut email = EmailConfig::default();
        email.to = vec!["Ops <ops@example.org>".to_owned(), "b@example.org".to_owned()];
        "wardkit@example.org".clone_into(&mut email.from);
        (email.host, email.port) = ("127.0.0.1".to_owned(), self.address.port());
        (email.tls, email.hello) = (EmailTls::DangerNone, "vps1".to_owned());
        email
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Returns the mail that was heard last, with folded lines made whole.
    fn mail(&self) -> String {
        let heard = self.heard();
        let mail = heard.iter().rev().find(|text| text.contains("Message-ID")).unwrap();
        mail.replace("\r\n ", " ")
    }
}

fn converse(
    stream: TcpStream,
    answer: &impl Fn(&str) -> Option<&'static str>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    out.write_all(format!("{}\r\n", answer("").unwrap_or("220 hello")).as_bytes())?;
    let mut lines = BufReader::new(stream).lines();
    let mut mail: Option<String> = None;
    while let Some(line) = lines.next().transpose()? {
        let said = match &mut mail {
            Some(text) if line != "." => {
                text.push_str(&line);
                text.push_str("\r\n");
                continue;
            }
            Some(text) => {
                heard.lock().unwrap().push(std::mem::take(text));
                mail = None;
                "."
            }
            None => {
                heard.lock().unwrap().push(line.clone());
                line.as_str()
            }
        };
        let usual = match said {
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            command if command.starts_with("EHLO") => {
                "250-vps\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
            }
            _ => "250 ok",
        };
        let said = answer(said).unwrap_or(usual);
        if said.starts_with("354") {
            mail = Some(String::new());
        }
        out.write_all(format!("{said}\r\n").as_bytes())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_mail_is_the_same_with_every_attempt_and_hangs_on_its_incident() {
    let server = Smtp::of(|_| None);
    let channel = channel(&ChannelConfig::new(server.config()));
    assert_eq!(channel.send(&firing()).await, Outcome::Sent { receipt: None });
    let first = server.mail();
    assert_eq!(channel.send(&firing()).await, Outcome::Sent { receipt: None });
    let header = |mail: &str, name: &str| {
        let found = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_else(|| panic!("{name} in {mail}")).trim().to_owned()
    };
    let id = format!("<{}@wardkit>", firing().notification.key);
    for mail in [&first, &server.mail()] {
        assert_eq!(header(mail, "Message-ID"), id);
        assert_eq!(header(mail, "Subject"), "[FIRING:1] DiskFull on db1:9100 (critical)");
        assert_eq!(header(mail, "Date"), "Sat, 21 Nov 2026 12:00:00 +0000");
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert!(header(mail, "To").contains("Ops <ops@example.org>"));
        assert!(mail.contains("text/plain") && mail.contains("text/html"), "{mail}");
        assert!(mail.contains("&lt;full&gt;"), "{mail}");
    }
    let thread = header(&first, "References");
    assert_eq!(header(&first, "In-Reply-To"), thread);
    channel.send(&resolved()).await;
    assert_eq!(header(&server.mail(), "References"), thread);
    let heard = server.heard();
    assert_eq!(
        heard[..4],
        [
            "EHLO vps1",
            "MAIL FROM:<wardkit@example.org>",
            "RCPT TO:<ops@example.org>",
            "RCPT TO:<b@example.org>"
        ]
    );
}

#[tokio::test]
async fn what_a_server_answers_decides_what_becomes_of_the_mail() {
    type Answer = fn(&str) -> Option<&'static str>;
    let cases: [(Answer, bool, &str); 9] = [
        (|said| said.is_empty().then_some("421 busy"), true, "greeting: it answered 421"),
        (|said| said.is_empty().then_some("554 go away"), false, "greeting: it answered 554"),
        (|said| said.starts_with("MAIL").then_some("452 full"), true, "MAIL: it answered 452"),
        (|said| said.starts_with("RCPT").then_some("451 grey"), true, "RCPT: it answered 451"),
        (
            |said| said.starts_with("RCPT TO:<b").then_some("451 grey"),
            true,
            "RCPT: it answered 451",
        ),
        (|said| said.starts_with("RCPT").then_some("550 nobody"), false, "RCPT: it answered 550"),
        (|said| (said == "DATA").then_some("451 later"), true, "DATA: it answered 451"),
        (|said| (said == ".").then_some("451 later"), true, "the end of the mail: it answered 451"),
        (
            |said| (said == ".").then_some("552 too big"),
            false,
            "the end of the mail: it answered 552",
        ),
    ];
    for (answer, passes, expected) in cases {
        let server = Smtp::of(answer);
        let outcome = channel(&ChannelConfig::new(server.config())).send(&firing()).await;
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), passes, "{expected}: {outcome:?}");
        assert_eq!(reason(outcome), format!("127.0.0.1: {expected}"));
    }
}

#[tokio::test]
async fn one_refused_recipient_keeps_the_others_and_is_told() {
    let server = Smtp::of(|said| said.starts_with("RCPT TO:<b").then_some("550 nobody"));
    let outcome = channel(&ChannelConfig::new(server.config())).send(&firing()).await;
    let expected = "127.0.0.1: 1 of 2 recipients were refused, RCPT: it answered 550".to_owned();
    assert_eq!(outcome, Outcome::Permanent { reason: expected });
    assert!(server.mail().contains("DiskFull"));
}

#[tokio::test]
async fn nothing_goes_in_the_clear_that_must_not() {
    // None of these servers offers STARTTLS.
    let server = Smtp::of(|_| None);
    let mut email = server.config();
    email.tls = EmailTls::Starttls;
    let outcome = channel(&ChannelConfig::new(email.clone())).send(&firing()).await;
    assert_eq!(
        outcome,
        Outcome::Permanent {
            reason: "127.0.0.1: it offers no STARTTLS, and nothing goes without".to_owned()
        }
    );
    email.tls = EmailTls::DangerOpportunistic;
    let outcome = channel(&ChannelConfig::new(email.clone())).send(&firing()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    (email.username, email.password) = ("user".to_owned(), SecretSource::of(TOKEN));
    let outcome = channel(&ChannelConfig::new(email.clone())).send(&firing()).await;
    assert_eq!(
        outcome,
        Outcome::Permanent {
            reason: "127.0.0.1: it offers no STARTTLS, and no password goes without".to_owned()
        }
    );
    assert!(!server.heard().iter().any(|line| line.starts_with("AUTH")));
    // This machine's own server may see it.
    email.tls = EmailTls::DangerNone;
    let outcome = channel(&ChannelConfig::new(email)).send(&firing()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    // \0user\0hunter2hunter2
    assert!(
        server.heard().contains(&"AUTH PLAIN AHVzZXIAaHVudGVyMmh1bnRlcjI=".to_owned()),
        "{:?}",
        server.heard()
    );
}

#[tokio::test]
async fn nothing_is_slipped_in_before_tls() {
    let server = Smtp::of(|said| match said {
        "EHLO vps1" => Some("250-vps\r\n250 STARTTLS"),
        "STARTTLS" => Some("220 go on\r\n250-vps\r\n250 AUTH PLAIN"),
        _ => None,
    });
    let mut email = server.config();
    email.tls = EmailTls::Starttls;
    let outcome = channel(&ChannelConfig::new(email)).send(&firing()).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
    let reason = reason(outcome);
    assert!(reason.ends_with("something is slipped in before TLS"), "{reason}");
    assert_eq!(server.heard()[..2], ["EHLO vps1", "STARTTLS"]);
}

#[tokio::test]
async fn a_server_that_drips_floods_or_hangs_up_is_tried_later() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept() else { return };
            match number {
                // Says nothing.
                0 => kept.push(stream),
                // A line without end.
                1 => while stream.write_all(&[b'2'; 8192]).is_ok() {},
                // Lines without end.
                2 => while stream.write_all(b"220-more\r\n".repeat(1000).as_slice()).is_ok() {},
                _ => drop(stream),
            }
        }
    });
    let server = Smtp { address, heard: Arc::default() };
    let mut config = ChannelConfig::new(server.config());
    config.timeout = Duration::from_secs(1);
    for expected in ["no answer within 500ms", "", "", ""] {
        let outcome = channel(&config).send(&firing()).await;
        assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
        assert!(reason(outcome).contains(expected));
    }
}

#[tokio::test]
async fn no_alert_adds_a_header_or_ends_a_mail() {
    let server = Smtp::of(|_| None);
    let mut email = server.config();
    email.subject = Text::jinja("{{ common_annotations.summary }}");
    email.text = Text::jinja("{{ common_annotations.summary }}");
    email.headers.insert("X-Summary".to_owned(), Text::jinja("{{ common_annotations.summary }}"));
    let mut delivery = firing();
    let evil = "a\r\nBcc: evil@example.org\r\n.\r\nMAIL FROM:<evil@example.org>\r\n";
    delivery.notification.alerts[0].annotations.insert("summary".to_owned(), evil.to_owned());
    let outcome = channel(&ChannelConfig::new(email)).send(&delivery).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    let mail = server.mail();
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(head.contains("X-Summary: a Bcc: evil@example.org . MAIL"), "{head}");
    let senders = server.heard().iter().filter(|line| line.starts_with("MAIL FROM")).count();
    assert_eq!(senders, 1);
}

#[test]
fn addresses_and_headers_are_checked_before_the_first_alert() {
    let server = Smtp::of(|_| None);
    let check = |change: &dyn Fn(&mut EmailConfig), expected: &str| {
        let mut email = server.config();
        change(&mut email);
        let error = refusal(&ChannelConfig::new(email));
        assert!(error.contains(expected), "{error}");
    };
    check(&|email| email.to.push("nobody".to_owned()), "to: is not an address");
    check(&|email| email.from = "a@b\r\nBcc: c@d".to_owned(), "from: is not an address");
    check(&|email| email.hello = "a b".to_owned(), "hello: must be a host's name");
    check(&|email| email.subject = Text::jinja("{{ a"), "subject: line 1: ");
    check(
        &|email| drop(email.headers.insert("X Y".to_owned(), Text::jinja("a"))),
        "headers.X Y: is no name",
    );
    check(
        &|email| drop(email.headers.insert("bcc".to_owned(), Text::jinja("a"))),
        "headers.bcc: is set from other keys",
    );
}

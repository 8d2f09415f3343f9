use serde_json::json;

use super::*;

fn parsed(value: serde_json::Value) -> Result<ReceiverConfig, serde_json::Error> {
    serde_json::from_value(value)
}

#[test]
fn the_keys_of_a_kind_stand_beside_those_of_every_channel() {
    let receiver = parsed(json!({"name": "ops", "channels": [
        {"kind": "webhook", "url": "http://127.0.0.1:1/", "timeout": "5s", "send-resolved": false},
        {"kind": "telegram", "token": "env:BOT", "chat": "-5"},
        {"kind": "webhook", "secret-url": "file:/etc/hook", "fallback": "mail"},
    ]}));
    let receiver = receiver.unwrap();
    assert_eq!(receiver.violations(), []);
    let ids: Vec<_> = receiver.channels().into_iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["ops/webhook[0]", "ops/telegram[0]", "ops/webhook[1]"]);
    assert_eq!(receiver.channels[0].timeout, Duration::from_secs(5));
    let told: Vec<_> = receiver.receiver().channels.iter().map(|c| c.send_resolved).collect();
    assert_eq!(told, [false, true, true]);
    assert_eq!(parsed(serde_json::to_value(&receiver).unwrap()).unwrap(), receiver);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (channel, expected) in [
        (json!({"kind": "webhook", "ulr": "x"}), "unknown field `ulr`"),
        (json!({"kind": "pigeon"}), "unknown variant `pigeon`"),
        (json!({"kind": "slack", "token": "xoxb-1"}), "a secret must be env:NAME or file:PATH"),
        (json!({"kind": "file", "path": "/x", "timeout": "5"}), "not a duration"),
        (json!({"url": "http://x/"}), "missing field `kind`"),
    ] {
        let error = parsed(json!({"name": "a", "channels": [channel]})).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("xoxb"), "{error}");
    }
}

#[test]
fn every_wrong_key_is_named() {
    for (channel, expected) in [
        (json!({"kind": "webhook"}), "channels[0].url: exactly one"),
        (json!({"kind": "email", "to": ["a@b"], "from": "c@d"}), "channels[0].host: is needed"),
        (json!({"kind": "telegram", "token": "env:A", "chat": "x"}), "channels[0].chat: must be"),
        (json!({"kind": "exec", "command": ["sh"]}), "channels[0].command: must begin"),
        (json!({"kind": "file", "path": "x"}), "channels[0].path: must be"),
        (json!({"kind": "file", "path": "/x", "timeout": "1h"}), "channels[0].timeout: must be"),
        (json!({"kind": "syslog", "transport": "udp"}), "channels[0].address: must be"),
        (
            json!({"kind": "sms", "account": "A", "secret": "env:A", "from": "x", "to": "12"}),
            "channels[0].to: must be",
        ),
        (json!({"kind": "ntfy", "topic": "a/b"}), "channels[0].topic: must be"),
    ] {
        let receiver = parsed(json!({"name": "a", "channels": [channel]})).unwrap();
        let found = receiver.violations();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().starts_with(expected), "{}", found[0]);
    }
}

#[test]
fn a_password_without_tls_stays_on_this_machine() {
    let mut mail = EmailConfig::default();
    mail.to.push("a@b.example".to_owned());
    mail.from = "c@d.example".to_owned();
    mail.username = "u".to_owned();
    mail.password = SecretSource::of("p");
    mail.tls = EmailTls::DangerNone;
    for (host, sound) in [("mail.example", false), ("127.0.0.1", true)] {
        mail.host = host.to_owned();
        assert_eq!(ChannelConfig::new(mail.clone()).violations().is_empty(), sound, "{host}");
    }
}

#[test]
fn secrets_are_looked_up_and_never_shown() {
    let mut receiver = parsed(json!({"name": "ops", "channels": [
        {"kind": "pushover", "token": "env:TOKEN", "user": "file:/user"},
    ]}))
    .unwrap();
    let mut asked = Vec::new();
    let error = receiver.clone().resolve_secrets(|place| Err(format!("no {place}"))).unwrap_err();
    assert_eq!(error[1].to_string(), "channels[0].user: no file:/user");
    receiver
        .resolve_secrets(|place| {
            asked.push(place.to_owned());
            Ok("hunter2".to_owned().into())
        })
        .unwrap();
    assert_eq!(asked, ["env:TOKEN", "file:/user"]);
    let shown = format!("{receiver:?} {}", serde_json::to_string(&receiver).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    let ChannelKind::Pushover(config) = &receiver.channels[0].kind else { panic!() };
    assert_eq!(config.user.value().unwrap().expose(), "hunter2");
}

#[test]
fn receivers_are_told_apart_and_fall_back_to_others() {
    let mut one = ReceiverConfig::named("one");
    let file = FileConfig { path: "/x".into() };
    let mut channel = ChannelConfig::new(file);
    for (fallback, expected) in [
        ("", vec![]),
        ("two", vec![]),
        ("one", vec!["one/file[0]: fallback: is the receiver itself"]),
        ("three", vec!["one/file[0]: fallback: names a receiver that is not there"]),
    ] {
        channel.fallback = fallback.to_owned();
        one.channels = vec![channel.clone()];
        let found = receiver_violations(&[one.clone(), ReceiverConfig::named("two")]);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
    let found = receiver_violations(&[ReceiverConfig::named("two"), ReceiverConfig::named("two")]);
    assert_eq!(found[0].to_string(), "receiver `two`: name: is there twice");
}

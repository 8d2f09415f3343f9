use super::super::{ChannelConfig, ChannelKind, EmailTls, SecretSource, SyslogTransport};

fn read(address: &str) -> ChannelKind {
    ChannelConfig::from_address(address).unwrap_or_else(|error| panic!("{address}: {error}")).kind
}

fn value(secret: &SecretSource) -> &str {
    secret.value().map(|value| value.expose().as_str()).unwrap_or_default()
}

#[test]
fn addresses_become_channels() {
    let ChannelKind::Webhook(it) = read("jsons://u:p%40w@h:8443/a/b?c=d") else { panic!() };
    assert_eq!(value(&it.secret_url), "https://h:8443/a/b?c=d");
    assert_eq!((it.username.as_str(), value(&it.password)), ("u", "p@w"));
    let ChannelKind::Email(it) = read("mailto://u:p@mail.example:25?to=a@b,c@d") else { panic!() };
    assert_eq!(
        (it.to, it.from.as_str()),
        (vec!["a@b".to_owned(), "c@d".to_owned()], "u@mail.example")
    );
    assert_eq!((it.host.as_str(), it.port, it.tls), ("mail.example", 25, EmailTls::Starttls));
    let ChannelKind::Slack(it) = read("slack://T1/B2/x3") else { panic!() };
    assert_eq!(value(&it.webhook_url), "https://hooks.slack.com/services/T1/B2/x3");
    let ChannelKind::Discord(it) = read("discord://12/tok") else { panic!() };
    assert_eq!(value(&it.webhook_url), "https://discord.com/api/webhooks/12/tok");
    let ChannelKind::Telegram(it) = read("tgram://123:AB-c/-100") else { panic!() };
    assert_eq!((value(&it.token), it.chat.as_str()), ("123:AB-c", "-100"));
    let ChannelKind::Ntfy(it) = read("ntfy://alerts") else { panic!() };
    assert_eq!((it.url.as_str(), it.topic.as_str()), ("", "alerts"));
    let ChannelKind::Ntfy(it) = read("ntfys://tk_1@ntfy.example/alerts") else { panic!() };
    assert_eq!((it.url.as_str(), value(&it.token)), ("https://ntfy.example", "tk_1"));
    let ChannelKind::Matrix(it) = read("matrixs://tok@m.example/!room:m.example") else { panic!() };
    assert_eq!(
        (it.homeserver.as_str(), it.room.as_str()),
        ("https://m.example", "!room:m.example")
    );
    let ChannelKind::PagerDuty(it) = read("pagerduty://KEY") else { panic!() };
    assert_eq!(value(&it.routing_key), "KEY");
    let ChannelKind::Opsgenie(it) = read("opsgenie://KEY/") else { panic!() };
    assert_eq!(value(&it.api_key), "KEY");
    let ChannelKind::Pushover(it) = read("pover://user@token") else { panic!() };
    assert_eq!((value(&it.user), value(&it.token)), ("user", "token"));
    let ChannelKind::Sms(it) = read("twilio://AC1:tok@+493012/+493013456") else { panic!() };
    assert_eq!(
        (it.from.as_str(), it.to.as_str(), value(&it.secret)),
        ("+493012", "+493013456", "tok")
    );
    let ChannelKind::Alertmanager(it) = read("alertmanager://127.0.0.1:9093") else { panic!() };
    assert_eq!(it.url, "http://127.0.0.1:9093");
    let ChannelKind::Syslog(it) = read("syslog://log.example") else { panic!() };
    assert_eq!((it.transport, it.address.as_str()), (SyslogTransport::Udp, "log.example:514"));
    assert!(matches!(read("syslog://"), ChannelKind::Syslog(_)));
    let ChannelKind::File(it) = read("file:///var/log/alerts") else { panic!() };
    assert_eq!(it.path.to_str(), Some("/var/log/alerts"));
}

#[test]
fn what_is_no_address_is_refused_without_showing_it() {
    for address in [
        "",
        "secret",
        "secret://x",
        "slack://secret/b",
        "tgram://secret",
        "ntfy://a/b/secret",
        "mailto://u:secret@h",
        "json://h/%zz",
        "json://h/\nsecret",
        "matrixs://secret@h",
        "twilio://secret",
        "telegram://secret/chat",
        "file://",
        "ntfy://not%20a%20topic",
    ] {
        let error = ChannelConfig::from_address(address).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

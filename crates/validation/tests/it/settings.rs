//! Values of a configuration: what is taken, and why the rest is not.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_validation::{SecretRef, Setting, SettingFault as F, SettingKind as K, Settings};

fn fault(kind: K, value: &str) -> Option<F> {
    let known = [Setting::new("key", kind)];
    let faults = Settings::read(&known, [("key", value)]).err()?;
    let found: Vec<_> = faults.iter().map(|(_, fault)| fault.clone()).collect();
    assert_eq!(found.len(), 1, "{value}");
    found.into_iter().next()
}

#[test]
fn values_come_out_trimmed_and_typed() {
    let known = [
        Setting::new("host", K::Host),
        Setting::new("port", K::Port),
        Setting::new("path", K::Path),
        Setting::new("url", K::Url),
        Setting::new("wait", K::Duration),
        Setting::new("size", K::Size),
        Setting::new("count", K::Number).or("3"),
        Setting::new("on", K::Switch),
        Setting::new("token", K::Secret),
        Setting::new("key-file", K::Secret),
        Setting::new("greeting", K::Text).optional(),
    ];
    let pairs = [
        ("host", "\u{feff} example.org\r\n"),
        ("port", "\u{a0}443 "),
        ("path", "/var/lib/bot"),
        ("url", "https://[::1]:8443/hook?x=1"),
        ("wait", "1h30m"),
        ("size", "64 MiB"),
        ("on", "Yes"),
        ("token", "env:BOT_TOKEN"),
        ("key-file", "file:/run/secrets/key"),
    ];
    let settings = Settings::read(&known, pairs).unwrap();
    assert_eq!(settings.text("host"), Some("example.org"));
    assert_eq!(settings.port("port"), Some(443));
    assert_eq!(settings.path("path"), Some(Path::new("/var/lib/bot")));
    assert_eq!(settings.text("url"), Some("https://[::1]:8443/hook?x=1"));
    assert_eq!(settings.duration("wait"), Some(Duration::from_mins(90)));
    assert_eq!(settings.number("size"), Some(64 << 20));
    assert_eq!(settings.number("count"), Some(3));
    assert_eq!(settings.switch("on"), Some(true));
    assert_eq!(settings.secret("token"), Some(&SecretRef::Env("BOT_TOKEN".to_owned())));
    assert_eq!(settings.secret("key-file"), Some(&SecretRef::File("/run/secrets/key".into())));
    assert_eq!(settings.text("greeting"), None);
}

#[test]
fn what_examples_and_tools_leave_behind_is_refused() {
    for (value, expected) in [
        ("", Some(F::Empty)),
        (" \n", Some(F::Empty)),
        ("CHANGEME", Some(F::Placeholder)),
        ("change-me", Some(F::Placeholder)),
        ("<your-token>", Some(F::Placeholder)),
        ("[bot name]", Some(F::Placeholder)),
        ("YOUR_BOT_TOKEN", Some(F::Placeholder)),
        ("your-api-key-here", Some(F::Placeholder)),
        ("xxxxxxxx", Some(F::Placeholder)),
        ("****", Some(F::Placeholder)),
        (concat!("TO", "DO"), Some(F::Placeholder)),
        ("null", Some(F::Placeholder)),
        ("${TOKEN}", Some(F::Unexpanded)),
        ("a-${TOKEN:-b}", Some(F::Unexpanded)),
        ("$TOKEN", Some(F::Unexpanded)),
        ("%TOKEN%", Some(F::Unexpanded)),
        ("{{ token }}", Some(F::Unexpanded)),
        ("$(cat token)", Some(F::Unexpanded)),
        ("\"quoted\"", Some(F::Quoted)),
        ("'quoted'", Some(F::Quoted)),
        ("“quoted”", Some(F::Quoted)),
        ("a\0b", Some(F::Hidden)),
        ("a\nb", Some(F::Hidden)),
        ("a\u{200b}b", Some(F::Hidden)),
        ("a\u{202e}b", Some(F::Hidden)),
        ("costs $5, 100 %", None),
        ("it's \"so\"", None),
        ("<b>bold</b>", None),
        ("your order is on its way", None),
        ("Enter the room", None),
        ("example text", None),
        ("\u{1f469}\u{200d}\u{1f467}", None),
    ] {
        assert_eq!(fault(K::Text, value), expected, "{value:?}");
    }
    assert_eq!(fault(K::Text, &"a".repeat(5000)), Some(F::TooLong));
}

#[test]
fn values_of_another_kind_are_refused_with_what_they_must_be() {
    for (kind, wrong, right) in [
        (
            K::Host,
            &[
                "http://a",
                "a:80",
                "a b",
                "-a",
                "a..b",
                "1.2.3",
                "10.0.0.256",
                "a/b",
                "a@b",
                "[::1]",
            ][..],
            &["a", "a.b.", "10.0.0.1", "::1", "xn--bcher-kva.example"][..],
        ),
        (K::Port, &["0", "65536", "+1", "-1", "8080/tcp", "１"], &["1", "65535"]),
        (K::Path, &["../x", "/a/../b", "~/x"], &["a/b", "/", "./a"]),
        (
            K::Url,
            &[
                "example.org",
                "//a",
                "http://",
                "http://u:p@a/",
                "http://a\\@b",
                "http://a b/",
                "http://a:99999/",
                "http://::1/",
                "1http://a",
            ],
            &["http://a", "https://a.b:1/c?d#e", "postgres://db/x"],
        ),
        (K::Duration, &["5", "-5s", "5 s", "1.5h"], &["0s", "5s"]),
        (K::Size, &["10M", "1.5 GB", "-1", "99999999999 TiB", "MB"], &["0", "10 MB", "1KiB"]),
        (K::Number, &["-1", "1.0", "1e3", "0x1"], &["0", "18446744073709551615"]),
        (K::Switch, &["1", "maybe"], &["true", "OFF"]),
        (K::Identifier, &["1a", "a b", "é", "a/b"], &["a", "_a-b.c1"]),
    ] {
        for value in wrong {
            assert!(matches!(fault(kind, value), Some(F::WrongKind(_))), "{kind:?} {value}");
        }
        for value in right {
            assert_eq!(fault(kind, value), None, "{kind:?} {value}");
        }
    }
    for secret in ["123456:ABC-DEF", "env:", "env:A B", "file:relative", "file:/a/../b"] {
        assert_eq!(fault(K::Secret, secret), Some(F::InlineSecret), "{secret}");
    }
}

#[test]
fn every_fault_is_told_with_its_key_and_without_its_value() {
    let known = [
        Setting::new("port", K::Port),
        Setting::new("host", K::Host),
        Setting::new("n", K::Number).or("x"),
    ];
    let pairs = [("port", "70000"), ("port", "1"), ("prot", "1"), ("s3cr3t value!", "1")];
    let faults = Settings::read(&known, pairs).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "port: it must be a port from 1 to 65535\n\
         port: it stands twice; leave one\n\
         prot: there is no such setting\n\
         (a key that is no name): there is no such setting\n\
         host: it is missing\n\
         n: it must be a whole number"
    );
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(value in any::<String>(), near in "[a-z0-9:/.@\\[\\]$%<>{}~ -]{0,40}") {
        for kind in [K::Host, K::Port, K::Path, K::Url, K::Duration, K::Size, K::Switch, K::Identifier, K::Secret, K::Text] {
            let _ = fault(kind, &value);
            let _ = fault(kind, &near);
        }
    }
}

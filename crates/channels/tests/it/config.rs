//! What a configuration may be.

use std::time::Duration;

use wardkit_channels::{Error, HttpClient, HttpClientConfig, endpoint_policy};
use wardkit_validation::Accept as _;

#[test]
fn what_is_wrong_is_named_by_key() {
    type Change = fn(&mut HttpClientConfig);
    let rows: [(Change, &str); 7] = [
        (|c| c.head_timeout = Duration::ZERO, "head-timeout: 0ns is not between 10ms and 3600s"),
        (|c| c.max_head = 100, "max-head: 100 is not between 1024 and 1048576"),
        (|c| c.max_idle = usize::MAX, "max-idle: 18446744073709551615 is not between 0 and 1024"),
        (|c| c.user_agent = "a\r\nb".to_owned(), "user-agent: is no value of a header"),
        (
            |c| c.system_authorities = false,
            "ca-file: is needed where the system's authorities are not trusted",
        ),
        (
            |c| c.retry.budget = Some("b".to_owned()),
            "retry: names a budget, and there is none here",
        ),
        (|c| c.retry.max_attempts = 0, "retry: max-attempts: "),
    ];
    assert_eq!(HttpClientConfig::default().violations(), []);
    for (change, expected) in rows {
        let mut config = HttpClientConfig::default();
        change(&mut config);
        let Err(Error::Config { violations }) = HttpClient::new(config) else {
            panic!("{expected} was not found");
        };
        assert_eq!(violations.len(), 1);
        assert!(violations[0].to_string().starts_with(expected), "{}", violations[0]);
    }
}

#[test]
fn a_policy_of_endpoints_allows_them_and_nothing_else() {
    let policy = endpoint_policy([
        "http://127.0.0.1:4318/v1/metrics",
        "http://[::1]:4319/",
        "https://otel.internal/",
    ]);
    let policy = policy.unwrap();
    for (url, allowed) in [
        ("http://127.0.0.1:4318/v1/traces", true),
        ("http://[::1]:4319/", true),
        ("https://otel.internal/v1/metrics", true),
        ("https://otel.internal:22/", false),
        ("https://example.com/", false),
        ("https://8.8.8.8/", false),
        ("http://169.254.169.254:4318/", false),
        ("https://metadata.google.internal/", false),
    ] {
        assert_eq!(policy.accept(url).is_ok(), allowed, "{url}");
    }
    let nothing = endpoint_policy([]).unwrap();
    assert!(nothing.accept("https://example.com/").is_err());
    let only_addresses = endpoint_policy(["https://127.0.0.1/"]).unwrap();
    assert!(only_addresses.accept("https://example.com/").is_err());
}

#[test]
fn an_endpoint_that_is_no_url_is_named_by_place_and_not_shown() {
    let error = endpoint_policy(["http://a.example", "hunter2", "https://u:hunter2@b.example"]);
    let text = error.unwrap_err().to_string();
    let why = "is not http:// or https:// with a host and without a user";
    assert_eq!(text, format!("url[1]: {why}; url[2]: {why}"));
}

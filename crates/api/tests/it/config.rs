use std::time::Duration;

use wardkit_api::{Error, HttpConfig, HttpServer};

#[test]
fn the_default_is_valid_and_prints_every_key() {
    let config = HttpConfig::default();
    assert_eq!(config.validate(), []);
    assert_eq!(
        toml::to_string(&config).unwrap(),
        "address = \"127.0.0.1:9180\"\nallowed-hosts = []\ntoken-file = \"\"\n\
         danger-open-writes = false\nmax-ingest-body = 16777216\nmax-alerts-body = 4194304\nmax-connections = 1024\n\
         max-connections-per-peer = 64\nheader-timeout = \"5s\"\nidle-timeout = \"1m\"\n\
         request-timeout = \"10s\"\ndrain-timeout = \"10s\"\nmax-body = 65536\nmax-headers = 100\n\
         max-header-bytes = 16384\nmax-uri = 4096\n"
    );
}

#[test]
fn a_file_may_leave_out_anything_and_misspell_nothing() {
    let config: HttpConfig = toml::from_str("idle-timeout = \"1m 30s\"").unwrap();
    assert_eq!(config.idle_timeout, Duration::from_secs(90));
    assert_eq!(config.max_uri, HttpConfig::default().max_uri);
    for (text, reason) in [
        ("idle-timout = \"1m\"", "unknown field `idle-timout`"),
        ("idle-timeout = 60", "invalid type: integer `60`"),
        ("idle-timeout = \"soon\"", "not a duration such as 250ms"),
        ("idle-timeout = \"-5s\"", "not a duration such as 250ms"),
        ("address = \"localhost\"", "invalid socket address"),
        ("max-uri = -1", "invalid value: integer `-1`"),
    ] {
        let error = toml::from_str::<HttpConfig>(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn everything_wrong_is_found_at_once() {
    let mut config = HttpConfig::default();
    config.listen = "0.0.0.0:9180".parse().unwrap();
    config.allowed_hosts =
        ["ok.example", "*", "a:80", "", "-a", "a..b"].map(str::to_owned).to_vec();
    (config.max_connections, config.max_connections_per_peer) = (0, 0);
    (config.max_body, config.max_headers) = (0, 0);
    (config.max_header_bytes, config.max_uri) = (0, 0);
    config.header_timeout = Duration::ZERO;
    config.idle_timeout = Duration::ZERO;
    config.request_timeout = Duration::MAX;
    config.drain_timeout = Duration::ZERO;
    let paths: Vec<_> = config.validate().into_iter().map(|violation| violation.path).collect();
    assert_eq!(
        paths,
        [
            "address",
            "allowed-hosts[1]",
            "allowed-hosts[2]",
            "allowed-hosts[3]",
            "allowed-hosts[4]",
            "allowed-hosts[5]",
            "max-connections",
            "max-connections-per-peer",
            "max-body",
            "max-headers",
            "max-header-bytes",
            "max-uri",
            "max-uri",
            "header-timeout",
            "idle-timeout",
            "request-timeout",
            "drain-timeout",
        ]
    );
}

#[test]
fn only_loopback_is_listened_on() {
    for (address, refused) in [
        ("127.0.0.1:0", false),
        ("127.0.0.2:9180", false),
        ("[::1]:9180", false),
        ("0.0.0.0:9180", true),
        ("[::]:9180", true),
        ("192.0.2.1:9180", true),
        ("[::ffff:192.0.2.1]:9180", true),
    ] {
        let mut config = HttpConfig::default();
        config.listen = address.parse().unwrap();
        assert_eq!(!config.validate().is_empty(), refused, "{address}");
    }
}

#[tokio::test]
async fn a_refused_configuration_opens_nothing() {
    let mut config = HttpConfig::default();
    config.listen = "0.0.0.0:0".parse().unwrap();
    config.max_uri = 0;
    let error = HttpServer::bind(config).await.unwrap_err();
    assert!(matches!(&error, Error::Config { violations } if violations.len() == 2));
    let text = error.to_string();
    assert!(text.contains("address: 0.0.0.0 is not a loopback address"), "{text}");
    assert!(!error.is_transient());
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_describes_every_key() {
    let schema = schemars::schema_for!(HttpConfig);
    let properties = schema.as_value()["properties"].as_object().unwrap();
    let toml = toml::Table::try_from(HttpConfig::default()).unwrap();
    assert_eq!(properties.keys().collect::<Vec<_>>().len(), toml.len());
    for (key, value) in toml {
        let property = &properties[&key];
        assert!(property["description"].is_string(), "{key}");
        let kind = match value {
            toml::Value::String(_) => "string",
            toml::Value::Integer(_) => "integer",
            toml::Value::Boolean(_) => "boolean",
            _ => "array",
        };
        assert_eq!(property["type"], kind, "{key}");
    }
}

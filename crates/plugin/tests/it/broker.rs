//! What a plugin is answered.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wardkit_core::Secret;
use wardkit_plugin::{Broker, Fetch, FetchAnswer, FetchRequest, Grant};
use wardkit_sandbox::{Capabilities as _, Refused};

const HTTP: &str = "kv = \"32\"\nsecrets = [\"weather\"]\n[[http]]\nhost = \"*.example.com\"\nmethods = [\"GET\"]\n\
                    schemes = [\"https\"]\nports = [443]\nmax-bytes = \"64\"\n";

fn broker(grant: &str) -> Broker {
    let grant: Grant = toml::from_str(grant).unwrap();
    Broker::within("org.example.hello", grant)
}

fn ask(broker: &Broker, name: &str, request: &Value) -> Result<Value, Refused> {
    let answer = broker.ask(name, request.to_string().as_bytes(), Duration::from_secs(1))?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// Remembers what it was asked, and answers with so many bytes.
struct Client(usize, Mutex<Vec<String>>);

impl Fetch for Client {
    fn fetch(&self, request: &FetchRequest) -> Result<FetchAnswer, String> {
        let headers: Vec<String> = request
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.expose()))
            .collect();
        let said = format!("{:?} {} {:?}", request.to.addrs(), request.to.url().as_str(), headers);
        self.1.lock().unwrap().push(said);
        let mut answer = FetchAnswer::default();
        (answer.status, answer.body) = (200, vec![b'a'; self.0]);
        Ok(answer)
    }
}

fn reaching(address: [u8; 4], length: usize) -> (Broker, Arc<Client>) {
    let client = Arc::new(Client(length, Mutex::default()));
    let broker = broker(HTTP)
        .with_fetch(Arc::clone(&client) as Arc<dyn Fetch>)
        .with_secrets([
            ("weather".to_owned(), Secret::new("s3cret".to_owned())),
            ("other".to_owned(), Secret::new("0ther".to_owned())),
        ])
        .with_resolver(move |_: &str| Ok(vec![IpAddr::from(address)]));
    (broker, client)
}

#[test]
fn a_request_goes_to_the_address_that_was_judged_with_the_secret_in_it() {
    let (broker, client) = reaching([93, 184, 215, 14], 5);
    let headers =
        json!({"Authorization": {"secret": "weather", "prefix": "Bearer "}, "Accept": "*/*"});
    let request = json!({"url": "https://api.example.com/a?b", "headers": headers});
    let answer = ask(&broker, "http", &request).unwrap();
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("aaaaa")));
    let said = client.1.lock().unwrap().join("");
    assert!(said.contains("[93.184.215.14:443] https://api.example.com/a?b"), "{said}");
    assert!(said.contains("authorization=Bearer s3cret"), "{said}");
    assert!(!format!("{broker:?}").contains("s3cret"));
}

#[test]
fn what_was_not_granted_reaches_nobody() {
    let (broker, client) = reaching([93, 184, 215, 14], 5);
    let rows = [
        json!({"url": "https://example.com/"}),
        json!({"url": "https://api.example.org/"}),
        json!({"url": "http://api.example.com/"}),
        json!({"url": "https://api.example.com:8443/"}),
        json!({"url": "https://user@api.example.com/"}),
        json!({"url": "https://169.254.169.254/latest/meta-data"}),
        json!({"url": "https://2852039166/"}),
        json!({"url": "https://[::ffff:127.0.0.1]/"}),
        json!({"url": "file:///etc/passwd"}),
        json!({"url": "https://api.example.com/", "method": "POST"}),
        json!({"url": "https://api.example.com/", "body": "b".repeat(65)}),
        json!({"url": "https://api.example.com/", "headers": {"Host": "inside"}}),
        json!({"url": "https://api.example.com/", "headers": {"Transfer-Encoding": "chunked"}}),
        json!({"url": "https://api.example.com/", "headers": {"a": "b\r\nc: d"}}),
        json!({"url": "https://api.example.com/", "headers": {"a b": "c"}}),
        json!({"url": "https://api.example.com/", "headers": {"a": {"secret": "other"}}}),
        json!({"url": "https://api.example.com/", "proxy": "http://127.0.0.1"}),
        json!({}),
    ];
    for request in &rows {
        assert!(ask(&broker, "http", request).is_err(), "{request}");
    }
    assert_eq!(ask(&broker, "exec", &json!({})), Err(Refused::NotGranted));
    assert_eq!(client.1.lock().unwrap().len(), 0);
    let refused = broker.refused();
    assert_eq!((refused["http"], refused["unknown"]), (rows.len() as u64, 1));
}

#[test]
fn a_name_that_leads_inside_is_refused() {
    for address in
        [[127, 0, 0, 1], [10, 0, 0, 1], [169, 254, 169, 254], [192, 168, 1, 1], [0, 0, 0, 0]]
    {
        let (broker, client) = reaching(address, 5);
        let error = ask(&broker, "http", &json!({"url": "https://api.example.com/"})).unwrap_err();
        assert!(matches!(error, Refused::Invalid(_)), "{address:?}: {error}");
        assert_eq!(client.1.lock().unwrap().len(), 0);
    }
}

#[test]
fn an_answer_that_is_too_long_is_refused() {
    let (broker, _) = reaching([93, 184, 215, 14], 65);
    let error = ask(&broker, "http", &json!({"url": "https://api.example.com/"})).unwrap_err();
    assert!(matches!(error, Refused::Quota(_)), "{error}");
}

#[test]
fn keys_and_values_have_a_quota_of_bytes() {
    let broker = broker(HTTP);
    let set = |key: &str, value: &str| ask(&broker, "kv.set", &json!({"key": key, "value": value}));
    assert_eq!(ask(&broker, "kv.get", &json!({"key": "a"})).unwrap(), json!({"value": null}));
    set("a", &"x".repeat(31)).unwrap();
    assert!(matches!(set("b", ""), Err(Refused::Quota(_))), "the key counts, too");
    set("a", "short").unwrap();
    set("b", "more").unwrap();
    assert_eq!(ask(&broker, "kv.get", &json!({"key": "a"})).unwrap(), json!({"value": "short"}));
    assert_eq!(
        ask(&broker, "kv.list", &json!({"prefix": ""})).unwrap(),
        json!({"keys": ["a", "b"]})
    );
    ask(&broker, "kv.delete", &json!({"key": "a"})).unwrap();
    assert_eq!(ask(&broker, "kv.list", &json!({})).unwrap(), json!({"keys": ["b"]}));
    for request in [
        json!({"key": ""}),
        json!({}),
        json!({"key": "a", "x": 1}),
        json!({"key": "k".repeat(257)}),
    ] {
        assert!(ask(&broker, "kv.set", &request).is_err(), "{request}");
    }
    let nothing = Broker::within("org.example.hello", Grant::default());
    assert_eq!(ask(&nothing, "kv.get", &json!({"key": "a"})), Err(Refused::NotGranted));
}

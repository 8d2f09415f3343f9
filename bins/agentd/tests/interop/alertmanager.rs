//! A real Alertmanager beside agentd: both are asked the same, and answer the same but for what is listed here.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};

use super::curl;
use super::support::{Daemon, dir, until_some};

/// What both are asked.
struct Asked<'a> {
    method: &'a str,
    path: String,
    body: Option<String>,
    media: &'a str,
}

/// What one of them answered.
#[derive(Debug, PartialEq)]
struct Said {
    status: u16,
    body: Value,
}

#[test]
fn agentd_answers_what_alertmanager_answers() {
    let (dir, both) = Both::start();
    both.bring(&[
        json!({"labels": {"alertname": "Down", "host": "a", "severity": "critical"},
               "annotations": {"summary": "x"}, "generatorURL": "http://p/g"}),
        json!({"labels": {"alertname": "Down", "host": "b", "severity": "warning"}}),
        json!({"labels": {"alertname": "Up", "host": "c", "empty": ""}}),
    ]);
    for path in ["alerts", "alerts/groups", "receivers", "silences", "status"] {
        both.same(&get(path));
    }
    for filter in FILTERS {
        for path in ["alerts", "alerts/groups"] {
            both.same(&get(&format!("{path}?filter={}", encoded(filter))));
        }
    }
    let two = format!(
        "alerts?filter={}&filter={}",
        encoded("host=~\"a|b\""),
        encoded("severity!=warning")
    );
    both.same(&get(&two));
    for query in QUERIES {
        for path in ["alerts", "alerts/groups"] {
            both.same(&get(&format!("{path}?{query}")));
        }
    }
    for body in ALERTS {
        both.same(&post("alerts", body));
    }
    for media in ["text/plain", "application/x-www-form-urlencoded"] {
        both.same(&Asked { media, ..post("alerts", "[]") });
    }
    for media in ["application/json; charset=utf-8", "application/JSON"] {
        both.same(&Asked { media, ..post("alerts", "[]") });
    }
    for (method, path) in [
        ("PUT", "alerts"),
        ("DELETE", "alerts"),
        ("POST", "status"),
        ("GET", "nothing"),
        ("GET", "silence/"),
        ("GET", "silence/no-uuid"),
        ("DELETE", "silence/no-uuid"),
    ] {
        both.same(&Asked { method, ..get(path) });
    }
    drop(dir);
}

#[test]
fn silences_are_made_read_changed_and_ended_alike() {
    let (dir, both) = Both::start();
    both.bring(&[
        json!({"labels": {"alertname": "Down", "host": "a", "severity": "critical"}}),
        json!({"labels": {"alertname": "Down", "host": "b", "severity": "warning"}}),
        json!({"labels": {"alertname": "Up", "host": "c"}}),
    ]);
    for change in SILENCES {
        both.same(&post("silences", &silence(change)));
    }
    for body in ["", "{", "null", "[]", "7", "{}"] {
        both.same(&post("silences", body));
    }
    for missing in ["matchers", "comment", "createdBy", "startsAt", "endsAt"] {
        let mut body: Value = serde_json::from_str(&silence("{}")).unwrap();
        body.as_object_mut().unwrap().remove(missing);
        both.same(&post("silences", &body.to_string()));
    }
    // Those that were made hold alerts back in both.
    for path in ["alerts", "alerts?silenced=false", "alerts?active=false", "silences"] {
        both.same(&get(path));
    }
    for filter in ["host=\"a\"", "host=\"b\"", "severity=critical", "host=~\"(\"", "nothing"] {
        both.same(&get(&format!("silences?filter={}", encoded(filter))));
    }
    let ids = both.each(|address| {
        let made = ask(address, &post("silences", &silence("{}")));
        made.body["silenceID"].as_str().unwrap().to_owned()
    });
    let about = |id: &str| format!("silence/{id}");
    both.alike(&ids.each_ref().map(|id| get(&about(id))));
    let longer = ids
        .each_ref()
        .map(|id| silence(&json!({"id": id, "endsAt": "2121-01-01T00:00:00Z"}).to_string()));
    let changed = both.alike(&longer.each_ref().map(|body| post("silences", body)));
    assert_eq!(changed.each_ref().map(|said| said.status), [200, 200]);
    both.alike(&ids.each_ref().map(|id| Asked { method: "DELETE", ..get(&about(id)) }));
    both.alike(&ids.each_ref().map(|id| get(&about(id))));
    drop(dir);
}

/// What differs, and is documented: what Alertmanager answers, what agentd does.
#[test]
fn what_differs_differs_as_documented() {
    let (dir, both) = Both::start();
    let unknown = "silence/00000000-0000-4000-8000-000000000000";
    for (asked, alertmanager, agentd) in [
        // What is not there is not found.
        (Asked { method: "DELETE", ..get(unknown) }, 500, 404),
        // Braces around several matchers are a filter.
        (get(&format!("alerts?filter={}", encoded("{host=\"a\",alertname=\"Down\"}"))), 400, 200),
        // What is no parameter is not passed over.
        (get("alerts?filter=%zz"), 200, 400),
        // A body is a document and nothing behind it.
        (post("alerts", r#"[{"labels":{"a":"x"}}] x"#), 200, 400),
        // An alert without labels is one that is not taken, and keeps no other out.
        (post("alerts", "[{}]"), 422, 400),
        // Where to look is shown and never followed.
        (post("alerts", r#"[{"labels":{"a":"x"},"generatorURL":"::bad"}]"#), 422, 200),
        (Asked { media: "", ..post("alerts", "[]") }, 415, 200),
        (Asked { method: "OPTIONS", ..get("alerts") }, 405, 405),
        (get("alerts/"), 200, 404),
        // The first version is gone from Alertmanager since 0.27.
        (get("../v1/alerts"), 200, 404),
        // `agentd reload` and SIGHUP read files again.
        (post("../../-/reload", ""), 200, 404),
        (get("../../-/healthy"), 200, 200),
        (get("../../-/ready"), 200, 200),
    ] {
        let said = both.each(|address| ask(address, &asked).status);
        assert_eq!(
            said,
            [alertmanager, agentd],
            "{} {} {:?}",
            asked.method,
            asked.path,
            asked.body
        );
    }
    // Who asks for a silence that is not there is told which.
    let said = both.each(|address| ask(address, &get(unknown)));
    assert_eq!(said.each_ref().map(|said| said.status), [404, 404]);
    assert_eq!(said[0].body, Value::Null);
    assert!(said[1].body.as_str().unwrap().contains("00000000-0000"), "{said:?}");
    drop(dir);
}

const FILTERS: [&str; 17] = [
    "host=\"a\"",
    "host=a",
    "host!=\"a\"",
    "host=~\"a|b\"",
    "host!~\"a|b\"",
    "alertname=~\"D.*\"",
    "alertname=~\"D\"",
    "absent=\"\"",
    "absent!=\"\"",
    "host=\"a\" ",
    "host",
    "host=~\"(\"",
    "=a",
    "1a=\"b\"",
    "host=\"a\",\"b\"",
    "",
    "{}",
];

const QUERIES: [&str; 17] = [
    "active=false",
    "silenced=false",
    "inhibited=false",
    "unprocessed=false",
    "active=true",
    "active=maybe",
    "active=",
    "active=1",
    "active=T",
    "active=false&inhibited=false",
    "receiver=team",
    "receiver=pag.*",
    "receiver=age",
    "receiver=team|pager",
    "receiver=%28",
    "receiver=",
    "unknown=1",
];

const ALERTS: [&str; 23] = [
    "",
    "{",
    "{}",
    "null",
    "7",
    "[]",
    "[1]",
    r#"[{"labels":{}}]"#,
    r#"[{"labels":{"a":""}}]"#,
    r#"[{"labels":{"a":1}}]"#,
    r#"[{"labels":{"1a":"x"}}]"#,
    r#"[{"labels":{"a-b":"x"}}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":"nope"}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":"2023-11-14"}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":7}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":"2023-11-14T22:00:00Z","endsAt":"2023-11-14T21:00:00Z"}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":"2023-11-14T22:00:00+01:00"}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":""}]"#,
    r#"[{"labels":{"a":"x"},"startsAt":null,"generatorURL":""}]"#,
    r#"[{"labels":{"a":"x"},"annotations":null}]"#,
    r#"[{"labels":{"a":"x"},"annotations":{"b":""}}]"#,
    r#"[{"labels":{"a":"x"},"annotations":{"1a":"x"}}]"#,
    r#"[{"labels":{"a":"x"},"extra":1}]"#,
];

/// What is otherwise in a silence.
const SILENCES: [&str; 22] = [
    "{}",
    r#"{"comment":""}"#,
    r#"{"createdBy":""}"#,
    r#"{"comment":7}"#,
    r#"{"matchers":[]}"#,
    r#"{"matchers":null}"#,
    r#"{"matchers":[{"name":"severity","value":"critical"}]}"#,
    r#"{"matchers":[{"name":"severity","isRegex":false}]}"#,
    r#"{"matchers":[{"value":"critical","isRegex":false}]}"#,
    r#"{"matchers":[{"name":"1a","value":"b","isRegex":false}]}"#,
    r#"{"matchers":[{"name":"","value":"b","isRegex":false}]}"#,
    r#"{"matchers":[{"name":"a","value":"","isRegex":false}]}"#,
    r#"{"matchers":[{"name":"a","value":"(","isRegex":true}]}"#,
    r#"{"matchers":[{"name":"a","value":".*","isRegex":true}]}"#,
    r#"{"matchers":[{"name":"a","value":"b","isRegex":"x"}]}"#,
    r#"{"matchers":[{"name":"host","value":"c","isRegex":false,"isEqual":false}]}"#,
    r#"{"startsAt":"nope"}"#,
    r#"{"startsAt":7}"#,
    r#"{"startsAt":"2121-01-01T00:00:00Z"}"#,
    r#"{"endsAt":"2019-01-01T00:00:00Z"}"#,
    r#"{"endsAt":"2021-01-01T00:00:00Z"}"#,
    r#"{"extra":1}"#,
];

/// Returns a silence, with some of its fields otherwise.
fn silence(change: &str) -> String {
    let mut body = json!({"matchers": [{"name": "host", "value": "a", "isRegex": false}], "comment": "c",
        "createdBy": "me", "startsAt": "2120-01-01T00:00:00Z", "endsAt": "2120-02-01T00:00:00Z"});
    let change: Map<String, Value> = serde_json::from_str(change).unwrap();
    body.as_object_mut().unwrap().extend(change);
    body.to_string()
}

fn get(path: &str) -> Asked<'static> {
    Asked { method: "GET", path: path.to_owned(), body: None, media: "" }
}

fn post(path: &str, body: &str) -> Asked<'static> {
    let body = Some(body.to_owned());
    Asked { method: "POST", path: path.to_owned(), body, media: "application/json" }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
}

/// Asks one of them.
fn ask(address: SocketAddr, asked: &Asked<'_>) -> Said {
    let url = format!("http://{address}/api/v2/{}", asked.path);
    let media = format!("Content-Type: {}", asked.media);
    let mut args =
        vec!["--request", asked.method, "--header", &media, "--write-out", "\n%{http_code}"];
    if let Some(body) = &asked.body {
        args.extend(["--data-binary", body]);
    }
    args.push(&url);
    let output = curl(&args);
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    Said { status: status.parse().unwrap(), body }
}

/// Takes out of an answer what is another in each program: names that were made up, times, words for people.
fn comparable(said: Said) -> Said {
    fn walk(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(map) => {
                for (key, value) in map {
                    let made_up = match key.as_str() {
                        "id" | "silenceID" | "updatedAt" | "startsAt" | "endsAt" | "uptime"
                        | "branch" | "buildDate" | "buildUser" | "goVersion" | "revision"
                        | "version" => true,
                        "message" | "original" | "peers" | "status" => {
                            value.is_string() || value.is_array()
                        }
                        _ => false,
                    };
                    match value {
                        Value::Array(ids) if key == "silencedBy" => *value = json!(ids.len()),
                        _ if made_up => *value = Value::Null,
                        value => walk(value),
                    }
                }
            }
            _ => {}
        }
    }
    let Said { status, mut body } = said;
    if status != 200 && body.is_string() {
        body = json!("words");
    }
    walk(&mut body);
    // Their order is that of times.
    if let Some(items) = body.as_array_mut() {
        items.sort_by_cached_key(Value::to_string);
    }
    Said { status, body }
}

/// An Alertmanager and an agentd with the same configuration.
struct Both {
    alertmanager: Alertmanager,
    agentd: Daemon,
}

impl Both {
    fn start() -> (tempfile::TempDir, Self) {
        let dir = dir();
        fs::write(dir.path().join("alertmanager.yml"), CONFIG).unwrap();
        let alertmanager = Alertmanager::start(dir.path());
        let text = "[listen]\ndanger-open-writes = true\n[alerting]\nconfig = \"alertmanager.yml\"\n\
                    default-rules = false\n";
        let config = dir.path().join("agentd.toml");
        fs::write(&config, text).unwrap();
        let agentd =
            Daemon::start(&dir.path().join("data"), &["--config", config.to_str().unwrap()]);
        let both = Self { alertmanager, agentd };
        until_some(|| (ask(both.alertmanager.address, &get("status")).status == 200).then_some(()));
        (dir, both)
    }

    /// Does something with Alertmanager, then with agentd.
    fn each<T>(&self, mut what: impl FnMut(SocketAddr) -> T) -> [T; 2] {
        [self.alertmanager.address, self.agentd.address()].map(&mut what)
    }

    /// Brings alerts, and waits until both have looked at them.
    fn bring(&self, alerts: &[Value]) {
        let body = Value::from(alerts).to_string();
        for address in [self.alertmanager.address, self.agentd.address()] {
            assert_eq!(ask(address, &post("alerts", &body)).status, 200);
            until_some(|| {
                let groups = ask(address, &get("alerts/groups")).body;
                let inhibited = groups.to_string().contains("\"inhibitedBy\":[\"");
                (groups.as_array().map(Vec::len) == Some(3) && inhibited).then_some(())
            });
        }
    }

    /// Asks both the same, and wants the same.
    fn same(&self, asked: &Asked<'_>) {
        let [alertmanager, agentd] = self.each(|address| ask(address, asked));
        let words = format!(
            "{} {} {:?}\n{alertmanager:?}\n{agentd:?}",
            asked.method, asked.path, asked.body
        );
        assert_eq!(comparable(agentd), comparable(alertmanager), "{words}");
    }

    /// Asks each its own, and wants the same.
    fn alike(&self, asked: &[Asked<'_>; 2]) -> [Said; 2] {
        let mut asked = asked.iter();
        let said = self.each(|address| comparable(ask(address, asked.next().unwrap())));
        assert_eq!(said[0], said[1]);
        said
    }
}

const CONFIG: &str = "\
route:
  receiver: team
  group_by: [alertname]
  group_wait: 1h
  routes:
  - receiver: pager
    matchers: ['severity=\"critical\"']
receivers:
- name: pager
- name: team
inhibit_rules:
- source_matchers: ['severity=\"critical\"']
  target_matchers: ['severity=\"warning\"']
  equal: [alertname]
";

/// A real Alertmanager, killed when dropped.
struct Alertmanager {
    child: Child,
    address: SocketAddr,
}

impl Alertmanager {
    fn start(dir: &Path) -> Self {
        // A port that was free a moment ago: Alertmanager does not tell which one it took.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", dir.join("alertmanager.yml").display()))
            .arg(format!("--storage.path={}", dir.join("alertmanager").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, address }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

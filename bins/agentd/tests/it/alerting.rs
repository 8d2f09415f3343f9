use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};
use wardkit_alerting::rules::DEFAULT_RULES;
use wardkit_promql::Expr;

use crate::support::{Answer, Daemon, PATIENCE, dir, request, run, until_some};

/// Writes a configuration that lets everybody write.
fn config(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("agentd.toml");
    fs::write(&path, format!("[listen]\ndanger-open-writes = true\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn start(dir: &Path, text: &str) -> Daemon {
    let path = config(dir, text);
    Daemon::start(&dir.join("data"), &["--config", path.to_str().unwrap()])
}

fn post(daemon: &Daemon, path: &str, body: &Value) -> Answer {
    let (address, body) = (daemon.address(), body.to_string());
    let length = body.len();
    request(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ),
    )
}

fn get(daemon: &Daemon, path: &str) -> Value {
    let answer = daemon.request(path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// A receiver of webhooks on a free port, which takes everything.
fn receiver() -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = String::new();
            let mut buffer = [0; 4096];
            let whole = loop {
                let read = stream.read(&mut buffer).unwrap();
                if read == 0 {
                    break false;
                }
                text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = field(head, "content-length").and_then(|text| text.parse().ok());
                if length.is_some_and(|length: usize| body.len() >= length) {
                    break true;
                }
            };
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if whole {
                let (head, body) = text.split_once("\r\n\r\n").unwrap();
                let key = field(head, "idempotency-key").unwrap_or_default().to_owned();
                if tell.send((key, serde_json::from_str(body).unwrap())).is_err() {
                    return;
                }
            }
        }
    });
    (url, told)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
}

#[test]
fn an_alert_is_taken_shown_told_and_silenced() {
    let dir = dir();
    let (url, told) = receiver();
    let daemon = start(
        dir.path(),
        &format!(
            "[alerting]\nreceiver = \"team\"\ngroup-wait = \"0s\"\ndefault-rules = false\n\
             [[alerting.receivers]]\nname = \"team\"\n\
             [[alerting.receivers.channels]]\nkind = \"webhook\"\nurl = \"{url}\"\n"
        ),
    );
    let alert = json!([{"labels": {"alertname": "Down", "host": "a"}, "annotations": {"summary": "it is down"}}]);
    let answer = post(&daemon, "/api/v2/alerts", &alert);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));

    let shown = get(&daemon, "/api/v2/alerts");
    assert_eq!(shown[0]["labels"], json!({"alertname": "Down", "host": "a"}));
    assert_eq!(shown[0]["status"]["state"], "active");
    assert_eq!(shown[0]["receivers"], json!([{"name": "team"}]));
    let groups = get(&daemon, "/api/v2/alerts/groups");
    assert_eq!(groups[0]["labels"], json!({"alertname": "Down"}));
    assert_eq!(get(&daemon, "/api/v2/alerts?filter=host%3D%22b%22"), json!([]));

    let (key, payload) = told.recv_timeout(PATIENCE).unwrap();
    assert!(!key.is_empty());
    assert_eq!((&payload["version"], &payload["status"]), (&json!("4"), &json!("firing")));
    assert_eq!(payload["alerts"][0]["fingerprint"], shown[0]["fingerprint"]);

    let silence = json!({"matchers": [{"name": "host", "value": "a", "isRegex": false}], "createdBy": "me",
        "comment": "c", "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2120-01-01T00:00:00Z"});
    let made: Value =
        serde_json::from_str(&post(&daemon, "/api/v2/silences", &silence).body).unwrap();
    let shown = get(&daemon, "/api/v2/alerts");
    assert_eq!(shown[0]["status"]["silencedBy"], json!([made["silenceID"]]));
    assert_eq!(get(&daemon, "/api/v2/alerts?silenced=false"), json!([]));
    let one = get(&daemon, &format!("/api/v2/silence/{}", made["silenceID"].as_str().unwrap()));
    assert_eq!(one["status"]["state"], "active");

    // What a scrape shows of alerting was seen a moment ago.
    until_some(|| {
        let metrics = daemon.request("/metrics").body;
        let is_shown = metrics.contains("agentd_alerting_alerts{state=\"firing\"} 1")
            && metrics
                .contains("agentd_alerting_channel_sent_total{channel=\"team/webhook[0]\"} 1");
        is_shown.then_some(())
    });
}

#[test]
fn without_a_file_there_is_alerting_with_the_rules_that_come_with_it() {
    let dir = dir();
    let daemon = Daemon::start(dir.path(), &[]);
    let status = get(&daemon, "/api/v2/status");
    let original = status["config"]["original"].as_str().unwrap();
    assert!(original.contains("\"receiver\": \"log\""), "{original}");
    assert_eq!(get(&daemon, "/api/v2/receivers"), json!([{"name": "log"}]));
    let refused = post(&daemon, "/api/v2/alerts", &json!([{"labels": {"a": "b"}}]));
    assert_eq!(refused.status, 403);
}

#[test]
fn rules_that_come_with_it_ask_for_nothing_that_is_not_measured() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    let is_told = |name: &str| page.contains(&format!("| `{name}` |"));
    for rule in DEFAULT_RULES {
        for selector in Expr::parse(rule.expr).unwrap().selectors() {
            let name = selector.name().unwrap();
            let family = name.strip_suffix("_bucket").unwrap_or(name);
            // Of some there is one for each line of a file of the kernel; `up` is brought by whoever pushes metrics.
            let is_other = ["node_memory_", "node_vmstat_"].iter().any(|of| name.starts_with(of));
            assert!(is_told(family) || is_other || name == "up", "{}: {name}", rule.name);
        }
    }
}

#[test]
fn what_is_wrong_with_alerting_is_told_with_file_key_and_reason() {
    let dir = dir();
    let check = |text: &str| {
        let path = config(dir.path(), text);
        let ended = run(&["check-config", "--config", path.to_str().unwrap()]);
        assert_eq!(ended.code, Some(78), "{text}: {ended:?}");
        ended.stderr
    };
    fs::write(
        dir.path().join("bad.yml"),
        "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up ==\n",
    )
    .unwrap();
    for (text, said) in [
        ("[alerting]\nrules = [\"bad.yml\"]", vec!["alerting.rules: ", "bad.yml:5:"]),
        ("[alerting]\nrules = [\"none.yml\"]", vec!["alerting.rules: ", "none.yml"]),
        ("[alerting]\nconfig = \"none.yml\"", vec!["alerting.config: ", "none.yml"]),
        (
            "[alerting]\nreceiver = \"team\"",
            vec!["alerting.receiver: there is no receiver \"team\""],
        ),
        (
            "[[alerting.route]]\nmatchers = [\"a\"]",
            vec!["agentd.toml:4: alerting.route[0].matchers: "],
        ),
        (
            "[[alerting.receivers]]\nname = \"a\"\n[[alerting.receivers.channels]]\nkind = \"webhook\"\nurl = \"ftp://x\"",
            vec!["alerting.receivers: "],
        ),
        (
            "[alerting]\nintervall = \"1m\"",
            vec!["alerting.intervall: unknown key; did you mean `interval`?"],
        ),
    ] {
        let stderr = check(text);
        for one in said {
            assert!(stderr.contains(one), "{text}: {stderr}");
        }
    }
}

#[test]
fn a_reload_takes_over_changed_files_or_nothing() {
    let dir = dir();
    let rules = dir.path().join("rules.yml");
    let rule = |name: &str| {
        format!("groups:\n- name: g\n  rules:\n  - alert: {name}\n    expr: vector(1)\n")
    };
    fs::write(&rules, rule("First")).unwrap();
    let daemon = start(
        dir.path(),
        "[reload]\nwatch = false\n[alerting]\ndefault-rules = false\ninterval = \"1s\"\nrules = [\"*.yml\"]\n",
    );
    let fires = |name: &str| {
        until_some(|| {
            let shown = get(&daemon, &format!("/api/v2/alerts?filter=alertname%3D{name}"));
            shown.as_array().is_some_and(|all| !all.is_empty()).then_some(())
        });
    };
    fires("First");
    fs::write(&rules, "groups: 7\n").unwrap();
    let refused = daemon.command(&["reload"]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(refused.stderr.contains("rules.yml"), "{refused:?}");
    fs::write(&rules, rule("Second")).unwrap();
    let reloaded = daemon.command(&["reload"]);
    assert_eq!(reloaded.stdout, "changed: alerting\n", "{reloaded:?}");
    fires("Second");
}

#[test]
fn files_that_the_configuration_names_are_taken_over_by_themselves() {
    let dir = dir();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("rules")).unwrap();
    fs::create_dir(path("templates")).unwrap();
    let alertmanager = |receiver: &str| {
        format!(
            "templates: ['templates/*.tmpl']\nroute: {{receiver: {receiver}}}\nreceivers: [{{name: {receiver}}}]\n"
        )
    };
    fs::write(path("alertmanager.yml"), alertmanager("first")).unwrap();
    let daemon =
        start(dir.path(), "[alerting]\nconfig = \"alertmanager.yml\"\nrules = [\"rules/*.yml\"]\n");
    let changed = ["config.reloaded", "file-change", "alerting"];
    // One that was not there before, and one that it brings in.
    let rule = "groups: [{name: g, rules: [{alert: A, expr: vector(1)}]}]\n";
    fs::write(path("rules/a.yml"), rule).unwrap();
    daemon.logged(&changed);
    fs::write(path("templates/a.tmpl"), "{{ define \"a\" }}a{{ end }}").unwrap();
    daemon.logged(&changed);
    // One that is wrong is told of once, and what is in force stays.
    fs::write(path("rules/a.yml"), "groups: 7\n").unwrap();
    daemon.logged(&["config.refused", "file-change", "alerting.rules", "a.yml:1"]);
    assert_eq!(daemon.status()["health"]["state"], "degraded");
    fs::write(path("alertmanager.yml"), alertmanager("second")).unwrap();
    fs::write(path("rules/a.yml"), rule).unwrap();
    daemon.logged(&["config.reloaded", "file-change"]);
    until_some(|| {
        let receivers = get(&daemon, "/api/v2/receivers");
        receivers.as_array().unwrap().contains(&json!({"name": "second"})).then_some(())
    });
    fs::remove_file(path("rules/a.yml")).unwrap();
    daemon.logged(&changed);
    assert_eq!(daemon.status()["health"]["state"], "up");
}

#[test]
fn what_was_accepted_is_there_after_a_kill() {
    let dir = dir();
    let text = "[alerting]\ndefault-rules = false\n";
    let daemon = start(dir.path(), text);
    let alert = json!([{"labels": {"alertname": "Down"}, "endsAt": "2120-01-01T00:00:00Z"}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &alert).status, 200);
    daemon.signal("KILL");
    assert_eq!(daemon.ended(), None);
    let daemon = start(dir.path(), text);
    assert_eq!(get(&daemon, "/api/v2/alerts")[0]["labels"]["alertname"], "Down");
}

/// A policy of two steps, `first` at once and `second` after `delay`.
fn escalation(first: &str, second: &str, delay: &str) -> String {
    format!(
        "[alerting]\ndefault-rules = false\nexternal-url = \"http://127.0.0.1\"\n\
         [[alerting.receivers]]\nname = \"first\"\n[[alerting.receivers.channels]]\n\
         kind = \"ntfy\"\nurl = \"{first}\"\ntopic = \"bots\"\n\
         [[alerting.receivers]]\nname = \"second\"\n[[alerting.receivers.channels]]\n\
         kind = \"webhook\"\nurl = \"{second}\"\n\
         [[alerting.person]]\nname = \"ann\"\nreceivers = [\"first\"]\n\
         [[alerting.escalation]]\nname = \"page\"\nmatchers = ['severity=\"critical\"']\n\
         [[alerting.escalation.steps]]\nto = [\"person:ann\"]\n\
         [[alerting.escalation.steps]]\nto = [\"second\"]\ndelay = \"{delay}\"\n"
    )
}

#[test]
fn an_escalation_calls_one_after_the_other() {
    let dir = dir();
    let ((first, calls), (second, later)) = (receiver(), receiver());
    let daemon = start(dir.path(), &escalation(&first, &second, "1s"));
    let alert = json!([{"labels": {"alertname": "Down", "severity": "critical"}}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &alert).status, 200);
    calls.recv_timeout(PATIENCE).unwrap();
    let (key, payload) = later.recv_timeout(PATIENCE).unwrap();
    assert!(!key.is_empty());
    assert_eq!(payload["receiver"], "second");
    assert_eq!(payload["alerts"][0]["labels"]["alertname"], "Down");
}

#[test]
fn a_link_shows_a_page_and_its_button_stops_the_escalation_once() {
    let dir = dir();
    let ((first, calls), (second, later)) = (receiver(), receiver());
    let daemon = start(dir.path(), &escalation(&first, &second, "1h"));
    let alert = json!([{"labels": {"alertname": "Down", "severity": "critical"}}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &alert).status, 200);
    let (_, told) = calls.recv_timeout(PATIENCE).unwrap();
    let told = told.to_string();
    let at = told.find("/ack/").unwrap();
    let link = &told[at..][.."/ack/".len() + 48];
    for _ in 0..2 {
        let page = daemon.request(link);
        assert_eq!(page.status, 200);
        assert!(page.body.contains("I take care of it"), "{}", page.body);
    }
    let pressed = post(&daemon, link, &Value::Null);
    assert_eq!(pressed.status, 200);
    assert!(pressed.body.contains("You take care of it"), "{}", pressed.body);
    let taken = daemon.request(link);
    assert!(taken.body.contains("ann, by a link"), "{}", taken.body);
    let mut forged = link.to_owned();
    let last = if forged.ends_with('A') { 'B' } else { 'A' };
    forged.pop();
    forged.push(last);
    assert_eq!(daemon.request(&forged).status, 404);
    assert_eq!(post(&daemon, &forged, &Value::Null).status, 404);
    assert!(later.try_recv().is_err());
    let mode = fs::metadata(dir.path().join("data/alerting/ack.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_escalation_of_somebody_who_is_not_there_is_refused() {
    let dir = dir();
    let text = escalation("http://127.0.0.1:9", "http://127.0.0.1:9", "5s")
        .replace("to = [\"second\"]", "to = [\"third\"]");
    let path = config(dir.path(), &text);
    let refused = run(&["check-config", "--config", path.to_str().unwrap()]);
    assert_eq!(refused.code, Some(78));
    let said = "alerting.escalation[0].steps[1].to: there is no receiver \"third\"";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
}

#[test]
fn who_is_on_call_is_called_and_a_schedule_of_strangers_is_refused() {
    let dir = dir();
    let ((first, calls), (second, _)) = (receiver(), receiver());
    let schedule = "[[alerting.schedule]]\nname = \"primary\"\ntime-zone = \"Europe/Berlin\"\n\
                    [[alerting.schedule.layers]]\npeople = [\"ann\"]\nstart = \"2020-01-06T09:00\"\n";
    let text = escalation(&first, &second, "1h").replace("person:ann", "schedule:primary");
    let daemon = start(dir.path(), &format!("{text}{schedule}"));
    let alert = json!([{"labels": {"alertname": "Down", "severity": "critical"}}]);
    assert_eq!(post(&daemon, "/api/v2/alerts", &alert).status, 200);
    calls.recv_timeout(PATIENCE).unwrap();
    let path = config(dir.path(), &format!("{text}{}", schedule.replace("ann", "eve")));
    let refused = run(&["check-config", "--config", path.to_str().unwrap()]);
    assert_eq!(refused.code, Some(78));
    let said = "alerting.schedule[0]: there is no person or receiver \"eve\"";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
}

//! `auditctl alerts` beside a real agentd.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Ended, auditctl};

/// A running agentd, killed when dropped.
struct Daemon {
    child: Child,
    listen: String,
    dir: TempDir,
}

impl Daemon {
    /// Starts agentd on a free port with that section of alerting, and waits until it is ready.
    fn start(alerting: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let config = dir.path().join("agentd.toml");
        let text = format!(
            "[listen]\ndanger-open-writes = true\n[metrics]\nenabled = false\n[alerting]\ndefault-rules = false\n\
             group-wait = \"0s\"\n{alerting}"
        );
        fs::write(&config, text).unwrap();
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
        let mut command = Command::new(agentd());
        command.arg("--config").arg(&config).arg("--data-dir").arg(dir.path().join("data"));
        command.args(["--listen", "127.0.0.1:0", "--format", "json"]).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut greeting).unwrap();
        let greeting: Value = serde_json::from_str(&greeting).unwrap();
        Self { child, listen: greeting["listen"].as_str().unwrap().to_owned(), dir }
    }

    /// Runs `auditctl alerts`.
    fn alerts(&self, args: &[&str]) -> Ended {
        let data = self.dir.path().join("data");
        auditctl(&[&["alerts"], args, &["--data-dir", data.to_str().unwrap()]].concat())
    }

    /// Runs `auditctl alerts`, and returns its exit code and its document.
    fn json(&self, args: &[&str]) -> (Option<i32>, Value) {
        let ended = self.alerts(&[args, &["--format", "json"]].concat());
        let answer = serde_json::from_str(&ended.stdout);
        (ended.code, answer.unwrap_or_else(|_| panic!("{args:?}: {ended:?}")))
    }

    /// Brings an alert, as Prometheus does.
    fn bring(&self, labels: &Value) {
        let listen = &self.listen;
        let body = json!([{"labels": labels, "endsAt": "2120-01-01T00:00:00Z"}]).to_string();
        let length = body.len();
        let mut stream = TcpStream::connect(listen).unwrap();
        let request = format!(
            "POST /api/v2/alerts HTTP/1.1\r\nHost: {listen}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }

    /// Asks again until there is an answer that will do.
    fn until(&self, args: &[&str], is_it: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let (_, answer) = self.json(args);
            if is_it(&answer) {
                return answer;
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        panic!("{args:?} did not come to it within a minute");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns agentd, which a test of the workspace has built beside this program; a test of this package alone builds it.
fn agentd() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_auditctl")).with_file_name("agentd");
    if !path.exists() {
        let release = path.parent().is_some_and(|dir| dir.ends_with("release"));
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--package", "wardkit-agentd"]);
        command.args(release.then_some("--release")).current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(command.status().unwrap().success());
    }
    path
}

/// A receiver of webhooks that answers so, and its URL.
fn hook(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = BufReader::new(stream);
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                let (name, value) = line.split_once(':').unwrap_or_default();
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).is_ok() {
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                // Whoever asked may be gone.
                let _ = stream.get_mut().write_all(answer.as_bytes());
            }
        }
    });
    url
}

fn webhook(name: &str, url: &str) -> String {
    format!(
        "[[alerting.receivers]]\nname = \"{name}\"\n[[alerting.receivers.channels]]\nkind = \"webhook\"\n\
         url = \"{url}\"\n"
    )
}

#[test]
fn an_alert_is_listed_taken_care_of_and_ended() {
    let daemon = Daemon::start("");
    let none = daemon.alerts(&["list"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), "no alert lasts\n"), "{none:?}");
    daemon.bring(&json!({"alertname": "Down", "host": "a"}));
    let (code, list) = daemon.json(&["list"]);
    assert_eq!(code, Some(1));
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["labels"], json!({"alertname": "Down", "host": "a"}));
    assert_eq!(list[0]["state"], "firing");
    let (id, incident) =
        (list[0]["id"].as_str().unwrap(), list[0]["incidents"][0].as_str().unwrap());
    assert_eq!(daemon.json(&["list", "host=\"b\""]), (Some(0), json!([])));
    assert_eq!(daemon.json(&["incidents"]).1[0]["state"], "triggered");

    let acked = daemon.alerts(&["ack", id, "--by", "ann", "--comment", "looking"]);
    assert_eq!((acked.code, acked.stdout), (Some(0), format!("{incident}\n")));
    let (code, list) = daemon.json(&["list"]);
    assert_eq!((code, &list[0]["state"]), (Some(0), &json!("acked")));
    assert!(list[0]["by"].as_str().unwrap().starts_with("ann (uid "), "{list}");
    let table = daemon.alerts(&["list"]).stdout;
    assert!(table.starts_with("ID ") && table.contains(" acked "), "{table}");
    assert_eq!(daemon.alerts(&["unack", incident]).code, Some(0));
    assert_eq!(daemon.json(&["list"]).1[0]["state"], "firing");
    assert_eq!(daemon.alerts(&["snooze", incident, "--for", "1h"]).code, Some(0));
    assert_eq!(daemon.json(&["list"]).1[0]["state"], "snoozed");
    assert_eq!(daemon.alerts(&["resolve", incident, "--by", "bob"]).code, Some(0));
    assert_eq!(daemon.json(&["list"]), (Some(0), json!([])));

    let (_, history) = daemon.json(&["history", incident]);
    let told: Vec<_> =
        history.as_array().unwrap().iter().map(|row| row["what"].as_str().unwrap()).collect();
    for what in
        ["incident.opened", "incident.acknowledged", "incident.snoozed", "incident.resolved"]
    {
        assert!(told.contains(&what), "{what}: {told:?}");
    }
    let (_, history) = daemon.json(&["history", id, "--since", "1h", "--most", "1"]);
    assert_eq!(history.as_array().unwrap().len(), 1);
    for verb in [
        &["ack", "nobody"][..],
        &["unack", "nobody"],
        &["resolve", "nobody"],
        &["explain", "nobody"],
    ] {
        let refused = daemon.alerts(verb);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("there is no incident and no alert nobody"), "{refused:?}");
    }

    let (_, analysis) = daemon.json(&["analytics", "--from", "1d"]);
    assert_eq!((&analysis["incidents"], &analysis["resolved"]), (&json!(1), &json!(1)));
    assert_eq!(analysis["people"][0]["name"], "ann");
    let csv = daemon.alerts(&["analytics", "--as", "csv"]).stdout;
    assert!(csv.starts_with("measure,of,value\r\nincidents,,1\r\n"), "{csv}");
    let prometheus = daemon.alerts(&["analytics", "--as", "prometheus"]).stdout;
    assert!(prometheus.contains("alerting_rule_fired{alertname=\"Down\"} 1\n"), "{prometheus}");
    let text = daemon.alerts(&["analytics"]).stdout;
    assert!(text.contains("\nincidents            1 opened, 1 resolved\n"), "{text}");
    let refused = daemon.alerts(&["analytics", "--from", "2026-02-01", "--to", "2026-01-01"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("is not before"), "{refused:?}");
}

#[test]
fn a_silence_is_made_listed_and_ended() {
    let daemon = Daemon::start("");
    daemon.bring(&json!({"alertname": "Down", "host": "a"}));
    let made = daemon.alerts(&[
        "silence",
        "host=~\"a|b\"",
        "--for",
        "2h",
        "--comment",
        "why",
        "--by",
        "ann",
    ]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let id = made.stdout.trim();
    let (code, list) = daemon.json(&["list"]);
    assert_eq!((code, &list[0]["state"]), (Some(0), &json!("suppressed")));
    assert!(list[0]["suppressed_by"][0].as_str().unwrap().contains(id), "{list}");
    let (_, silences) = daemon.json(&["silence", "list"]);
    let silence = &silences[0];
    assert_eq!((&silence["id"], &silence["comment"]), (&json!(id), &json!("why")));
    assert_eq!(
        (&silence["createdBy"], &silence["status"]["state"]),
        (&json!("ann"), &json!("active"))
    );
    let explained = daemon.alerts(&["explain", "{alertname=\"Other\",host=\"b\"}"]);
    assert!(
        explained.stdout.contains("WOULD BE SILENCED BY") && explained.stdout.contains(id),
        "{explained:?}"
    );
    assert_eq!(daemon.alerts(&["silence", "expire", id]).code, Some(0));
    assert_eq!(daemon.json(&["list"]).1[0]["state"], "firing");
    for (args, said) in [
        (&["silence", "host=~\"(\"", "--for", "1h"][..], "host"),
        (&["silence", "a=\"\"", "--for", "1h"], "would silence everything"),
        (&["silence", "a=\"b\"", "--until", "2020-01-01T00:00:00Z"], "ends before it starts"),
        (&["silence", "a=\"b\""], "--for <DURATION>"),
        (&["silence", "expire", "00000000-0000-4000-8000-000000000000"], "there is no silence"),
    ] {
        let refused = daemon.alerts(args);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
    }
}

#[test]
fn channels_are_tested_and_what_they_refuse_is_dead_until_it_is_replayed() {
    let (good, bad) = (hook("200 OK"), hook("400 Bad Request"));
    let text = format!("receiver = \"bad\"\n{}{}", webhook("good", &good), webhook("bad", &bad));
    let daemon = Daemon::start(&text);
    let (code, outcome) = daemon.json(&["test", "good"]);
    assert_eq!((code, &outcome[0]["channel"]), (Some(0), &json!("good/webhook[0]")));
    let (code, outcome) = daemon.json(&["test", "bad/webhook[0]"]);
    assert_eq!((code, &outcome[0]["sent"]), (Some(1), &json!(false)));
    assert!(outcome[0]["reason"].as_str().unwrap().contains("400"), "{outcome}");
    let unknown = daemon.alerts(&["test", "nobody"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("bad/webhook[0], good/webhook[0]"), "{unknown:?}");

    let none = daemon.alerts(&["dead"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), "no message is dead\n"));
    daemon.bring(&json!({"alertname": "Down"}));
    let dead = daemon.until(&["dead"], |dead| dead.as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(daemon.alerts(&["dead"]).code, Some(1));
    assert!(dead[0]["reason"].as_str().unwrap().contains("400"), "{dead}");
    let replayed = daemon.alerts(&["replay", dead[0]["key"].as_str().unwrap()]);
    assert_eq!((replayed.code, replayed.stdout.as_str()), (Some(0), "1\n"), "{replayed:?}");
    daemon.until(&["dead"], |dead| dead.as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(daemon.alerts(&["replay", "--all"]).code, Some(0));
    let unknown = daemon.alerts(&["replay", "nothing"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no dead message nothing"), "{unknown:?}");
    let neither = daemon.alerts(&["replay"]);
    assert!(neither.code == Some(2) && neither.stderr.contains("--all"), "{neither:?}");
}

#[test]
fn a_policy_is_explained_by_its_steps_and_by_the_next_one() {
    let text = format!(
        "{}[[alerting.escalation]]\nname = \"page\"\nmatchers = ['severity=\"critical\"']\n\
         [[alerting.escalation.steps]]\nto = [\"team\"]\n[[alerting.escalation.steps]]\nto = [\"team\", \"log\"]\n\
         delay = \"1h\"\n",
        webhook("team", &hook("200 OK"))
    );
    let daemon = Daemon::start(&text);
    let labels = "{alertname=\"Down\",severity=\"critical\"}";
    let steps = "Goes to\npolicy page: team; then team, log 1h later\n";
    let before = daemon.alerts(&["explain", labels]);
    assert!(before.stdout.contains(steps) && before.stdout.contains("not brought"), "{before:?}");
    daemon.bring(&json!({"alertname": "Down", "severity": "critical"}));
    let (_, list) = daemon.json(&["list"]);
    let explained = daemon.alerts(&["explain", list[0]["id"].as_str().unwrap()]);
    assert!(explained.stdout.contains(steps), "{explained:?}");
    assert!(explained.stdout.contains("policy page, step 2 of 2, next at 2"), "{explained:?}");
    assert!(explained.stdout.contains("; called: team\n"), "{explained:?}");
    for part in ["\nIncident\n", "\nMessages\n", "\nWhat happened\n"] {
        assert!(explained.stdout.contains(part), "{explained:?}");
    }
    let other = daemon.alerts(&["explain", "{alertname=\"Down\"}"]);
    assert!(other.stdout.contains("log") && !other.stdout.contains("policy"), "{other:?}");
    let bad = daemon.alerts(&["explain", "{a=~\"b\"}"]);
    assert!(
        bad.code == Some(2) && bad.stderr.contains("a label is written name=\"value\""),
        "{bad:?}"
    );
}

#[test]
fn a_rule_that_fails_is_named_with_its_reason() {
    let daemon = Daemon::start(
        "interval = \"1s\"\n[[alerting.rule]]\nname = \"Good\"\nexpr = \"vector(1) > 2\"\n",
    );
    let (code, groups) = daemon.json(&["rules"]);
    assert_eq!((code, &groups[0]["rules"][0]["name"]), (Some(0), &json!("Good")));
    assert!(daemon.alerts(&["rules"]).stdout.starts_with("RULE "));
}

#[test]
fn without_a_daemon_there_is_one_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    for verb in
        [&["list"][..], &["ack", "1"], &["silence", "list"], &["analytics"], &["explain", "1"]]
    {
        let args = [&["alerts"], verb, &["--data-dir", dir.path().to_str().unwrap()]].concat();
        let ended = auditctl(&args);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("hint: start it: agentd run"), "{ended:?}");
    }
}

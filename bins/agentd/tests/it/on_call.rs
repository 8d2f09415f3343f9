//! Who is called, who may acknowledge, and who hears when agentd is dead.

use std::collections::VecDeque;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Daemon, PATIENCE, dir, request, run, until_some};

fn write_config(dir: &Path, text: &str) -> String {
    let path = dir.join("agentd.toml");
    fs::write(&path, format!("[listen]\ndanger-open-writes = true\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn start(dir: &Path, text: &str) -> Daemon {
    Daemon::start(&dir.join("data"), &["--config", &write_config(dir, text)])
}

fn post(daemon: &Daemon, path: &str, fields: &str, body: &str) -> Answer {
    let (address, length) = (daemon.address(), body.len());
    request(
        address,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\n{fields}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        ),
    )
}

fn bring(daemon: &Daemon, labels: &Value) {
    let alert = json!([{"labels": labels, "endsAt": "2120-01-01T00:00:00Z"}]).to_string();
    let answer = post(daemon, "/api/v2/alerts", "Content-Type: application/json\r\n", &alert);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Gives a command of the control socket.
fn command(daemon: &Daemon, command: &Value) -> Value {
    let mut stream = UnixStream::connect(daemon.data_dir.join("control.sock")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = command.to_string();
    let head = "POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    let length = body.len();
    write!(stream, "{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{text}");
    serde_json::from_str(body).unwrap()
}

/// Reads a request: its target and its body.
fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = length.map_or(0, |(_, length)| length.parse::<usize>().unwrap());
            if body.len() >= length {
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                return Some((target, body.to_owned()));
            }
        }
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}

fn say(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    // Who asked may be gone.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

/// A server on a free port, with a thread for each request.
fn serve(answer: impl Fn(&str, &str) -> (&'static str, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                if let Some((target, body)) = read(&mut stream) {
                    let (status, said) = answer(&target, &body);
                    say(&mut stream, status, &said);
                }
            });
        }
    });
    url
}

/// Telegram for one bot: it keeps presses until a later question confirms them.
struct Telegram {
    url: String,
    state: Arc<(Mutex<Pressed>, Condvar)>,
    heard: Receiver<(String, Value)>,
}

#[derive(Default)]
struct Pressed {
    waiting: VecDeque<(i64, Value)>,
    last: i64,
    refusals: usize,
}

impl Telegram {
    fn start(refusals: usize) -> Self {
        let state =
            Arc::new((Mutex::new(Pressed { refusals, ..Pressed::default() }), Condvar::new()));
        let (tell, heard) = mpsc::channel();
        let (held, tell) = (Arc::clone(&state), Mutex::new(tell));
        let url = serve(move |target, body| {
            let (bot, method) = target.rsplit_once('/').unwrap();
            assert_eq!(bot, format!("/bot{TOKEN}"));
            let body: Value = serde_json::from_str(body).unwrap();
            if method == "getUpdates" {
                return updates(&held, &body);
            }
            // The test may be over.
            let _ = tell.lock().unwrap().send((method.to_owned(), body));
            ("200 OK", json!({"ok": true, "result": {"message_id": 42}}).to_string())
        });
        Self { url, state, heard }
    }

    /// Returns the next request of a method.
    fn next(&self, method: &str) -> Value {
        loop {
            let (own, body) = self.heard.recv_timeout(PATIENCE).unwrap();
            if own == method {
                return body;
            }
        }
    }

    /// Returns the token on the button of the next message.
    fn token(&self) -> String {
        let message = self.next("sendMessage");
        let button = &message["reply_markup"]["inline_keyboard"][0][0];
        button["callback_data"].as_str().unwrap().to_owned()
    }

    fn press(&self, token: &str, user: i64, name: &str) {
        let (state, changed) = &*self.state;
        let mut state = state.lock().unwrap();
        state.last += 1;
        let update = json!({"update_id": state.last, "callback_query": {
            "id": format!("query {}", state.last), "data": token,
            "from": {"id": user, "username": name},
            "message": {"message_id": 42, "chat": {"id": -100}, "text": "Down"},
        }});
        let last = state.last;
        state.waiting.push_back((last, update));
        changed.notify_all();
    }
}

/// Answers a question for presses, at once when there are some.
fn updates(held: &(Mutex<Pressed>, Condvar), body: &Value) -> (&'static str, String) {
    let (state, changed) = held;
    let mut state = state.lock().unwrap();
    if state.refusals > 0 {
        state.refusals -= 1;
        let body = json!({"ok": false, "description": "Conflict: terminated by other getUpdates"});
        return ("409 Conflict", body.to_string());
    }
    let offset = body["offset"].as_i64().unwrap();
    state.waiting.retain(|(number, _)| *number >= offset);
    let (state, _) = changed
        .wait_timeout_while(state, Duration::from_millis(300), |state| state.waiting.is_empty())
        .unwrap();
    let result: Vec<&Value> = state.waiting.iter().map(|(_, update)| update).collect();
    ("200 OK", json!({"ok": true, "result": result}).to_string())
}

const TOKEN: &str = "12345:hunter2hunter2";

/// An escalation to a chat of Telegram, and to nobody else.
fn telegram_config(dir: &Path, telegram: &Telegram) -> String {
    let token = dir.join("bot-token");
    fs::write(&token, TOKEN).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    format!(
        "[alerting]\ndefault-rules = false\n\
         [[alerting.receivers]]\nname = \"chat\"\n[[alerting.receivers.channels]]\n\
         kind = \"telegram\"\ntoken = \"file:{}\"\nchat = \"-100\"\napi-url = \"{}\"\n\
         acknowledged-by = [\"@ann\", \"6\"]\n\
         [[alerting.escalation]]\nname = \"page\"\nmatchers = ['severity=\"critical\"']\n\
         [[alerting.escalation.steps]]\nto = [\"chat\"]\n",
        token.display(),
        telegram.url,
    )
}

fn critical() -> Value {
    json!({"alertname": "Down", "severity": "critical"})
}

fn state(daemon: &Daemon) -> (Value, Value) {
    let list = command(daemon, &json!({"do": "list"}));
    (list[0]["state"].clone(), list[0]["by"].clone())
}

#[test]
fn a_button_in_telegram_acknowledges_for_those_who_may() {
    let dir = dir();
    let telegram = Telegram::start(0);
    let daemon = start(dir.path(), &telegram_config(dir.path(), &telegram));
    bring(&daemon, &critical());
    let token = telegram.token();
    telegram.press(&token, 7, "eve");
    let answer = telegram.next("answerCallbackQuery");
    assert_eq!(answer["callback_query_id"], "query 1");
    assert_eq!(answer["text"], "You are not among those who may: ask for user 7.");
    assert_eq!(state(&daemon).0, "firing");
    telegram.press("nonsense", 5, "ann");
    let answer = telegram.next("answerCallbackQuery");
    assert_eq!(answer["text"], "It was not acknowledged: this is no link that was made here.");
    telegram.press(&token, 5, "Ann");
    assert_eq!(telegram.next("answerCallbackQuery")["text"], "You take care of it.");
    let edit = telegram.next("editMessageText");
    assert_eq!(edit["text"], "Down\n\n@Ann takes care of it.");
    assert_eq!((&edit["chat_id"], &edit["message_id"]), (&json!(-100), &json!(42)));
    assert!(edit.get("reply_markup").is_none());
    assert_eq!(state(&daemon), (json!("acked"), json!("@Ann in Telegram (user 5)")));
    telegram.press(&token, 6, "bob");
    let answer = telegram.next("answerCallbackQuery");
    assert_eq!(answer["text"], "@Ann in Telegram (user 5) takes care of it.");
}

#[test]
fn a_press_while_agentd_is_dead_counts_once_when_it_is_back() {
    let dir = dir();
    let telegram = Telegram::start(0);
    let config = telegram_config(dir.path(), &telegram);
    let daemon = start(dir.path(), &config);
    bring(&daemon, &critical());
    let token = telegram.token();
    daemon.signal("KILL");
    daemon.ended();
    telegram.press(&token, 6, "bob");
    let daemon = start(dir.path(), &config);
    assert_eq!(telegram.next("answerCallbackQuery")["text"], "You take care of it.");
    until_some(|| (state(&daemon).0 == "acked").then_some(()));
    // Telegram tells again what was not confirmed before a death.
    daemon.signal("KILL");
    daemon.ended();
    telegram.press(&token, 6, "bob");
    let daemon = start(dir.path(), &config);
    assert_eq!(telegram.next("answerCallbackQuery")["text"], "You take care of it.");
    let history = command(&daemon, &json!({"do": "history", "most": 100}));
    let rows = history.as_array().unwrap().iter();
    let acknowledged = rows.filter(|row| row["what"] == "incident.acknowledged").count();
    assert_eq!(acknowledged, 1, "{history}");
}

#[test]
fn another_reader_of_the_same_bot_is_told_of_once() {
    let dir = dir();
    let telegram = Telegram::start(3);
    let daemon = start(dir.path(), &telegram_config(dir.path(), &telegram));
    let line = daemon.logged(&["alerting.telegram.failed"]);
    assert!(line.contains("another program reads this bot's buttons"), "{line}");
    assert!(!line.contains(TOKEN), "{line}");
    assert!(daemon.request("/readyz").body.contains("nobody can acknowledge by a button"));
    daemon.logged(&["alerting.telegram.resumed"]);
    let events = daemon.status()["events"].to_string();
    assert_eq!(events.matches("\"alerting.telegram.failed\"").count(), 1, "{events}");
}

#[test]
fn the_button_of_ntfy_does_what_its_action_says() {
    let dir = dir();
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let url = serve(move |_, body| {
        // The test may be over.
        let _ = tell.lock().unwrap().send(serde_json::from_str::<Value>(body).unwrap());
        ("200 OK", "{}".to_owned())
    });
    let config = format!(
        "[alerting]\ndefault-rules = false\nexternal-url = \"http://127.0.0.1\"\n\
         [[alerting.receivers]]\nname = \"phone\"\n[[alerting.receivers.channels]]\n\
         kind = \"ntfy\"\nurl = \"{url}\"\ntopic = \"bots\"\n\
         [[alerting.escalation]]\nname = \"page\"\nmatchers = ['severity=\"critical\"']\n\
         [[alerting.escalation.steps]]\nto = [\"phone\"]\n"
    );
    let daemon = start(dir.path(), &config);
    bring(&daemon, &critical());
    let message = told.recv_timeout(PATIENCE).unwrap();
    let action = &message["actions"][0];
    assert_eq!((&action["action"], &action["method"]), (&json!("http"), &json!("POST")));
    let path = action["url"].as_str().unwrap().strip_prefix("http://127.0.0.1").unwrap();
    // An app sends neither a body nor a type; the web app is a page of another origin.
    let pressed = post(&daemon, path, "Origin: https://ntfy.sh\r\n", "");
    assert_eq!(pressed.status, 200, "{}", pressed.body);
    assert_eq!(state(&daemon), (json!("acked"), json!("phone, by a link")));
}

const SCHEDULE: &str = "[alerting]\ndefault-rules = false\n\
    [[alerting.person]]\nname = \"ann\"\nreceivers = [\"log\"]\n\
    [[alerting.schedule]]\nname = \"primary\"\ntime-zone = \"Europe/Berlin\"\n\
    [[alerting.schedule.layers]]\npeople = [\"ann\"]\nstart = \"2026-01-05T00:00\"\n\
    hours = \"08:00-02:00\"\n";

#[test]
fn a_gap_is_told_when_it_is_checked_when_it_is_loaded_and_when_it_is_shown() {
    let dir = dir();
    let path = write_config(dir.path(), SCHEDULE);
    let checked = run(&["check-config", "--config", &path]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stderr.starts_with("note: primary: nobody is on call "), "{checked:?}");
    let daemon = Daemon::start(&dir.path().join("data"), &["--config", &path]);
    let line = daemon.logged(&["alerting.schedule.gap"]);
    assert!(line.contains("02:00 to 08:00"), "{line}");
    let listed = command(&daemon, &json!({"do": "schedules"}));
    assert_eq!((&listed[0]["name"], listed.as_array().unwrap().len()), (&json!("primary"), 1));
    assert!(listed[0]["warning"].as_str().unwrap().contains("nobody is on call"), "{listed}");
    let ask = json!({"do": "schedule", "name": "primary", "from": "2026-12-01T00:00:00Z",
        "to": "2026-12-03T00:00:00Z"});
    let shown = command(&daemon, &ask);
    let names: Vec<_> = shown["days"].as_array().unwrap().iter().map(|day| &day["day"]).collect();
    assert_eq!(names, ["Tue 2026-12-01", "Wed 2026-12-02", "Thu 2026-12-03"]);
    assert_eq!(shown["days"][1]["hours"][1], "ann");
    assert_eq!(shown["days"][1]["hours"][2], Value::Null);
    assert_eq!(shown["gaps"][0]["local_until"], "Tue 2026-12-01 08:00");
    assert_eq!(shown["shifts"][1]["person"], Value::Null);
    assert_eq!(shown["shifts"][2]["person"], "ann");
    let mut calendar = ask;
    calendar["calendar"] = json!(true);
    let calendar = command(&daemon, &calendar);
    let calendar = calendar.as_str().unwrap();
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n"), "{calendar}");
    assert!(calendar.contains("DTSTART:20261201T070000Z\r\nDTEND:20261202T010000Z"), "{calendar}");
    // What is meant is no news, also after a reload; what comes back is.
    let meant = SCHEDULE.replace("time-zone", "allow-gaps = true\ntime-zone");
    write_config(dir.path(), &meant);
    assert_eq!(daemon.command(&["reload"]).stdout, "changed: alerting\n");
    write_config(dir.path(), SCHEDULE);
    assert_eq!(daemon.command(&["reload"]).stdout, "changed: alerting\n");
    daemon.logged(&["alerting.schedule.gap"]);
    let events = daemon.status()["events"].to_string();
    assert_eq!(events.matches("\"alerting.schedule.gap\"").count(), 2, "{events}");
}

#[test]
fn a_time_of_ones_own_keeps_a_route_silent_and_an_unknown_one_is_refused() {
    let dir = dir();
    let text = "[alerting]\ndefault-rules = false\ngroup-wait = \"0s\"\n\
                [[alerting.time]]\nname = \"always\"\nweekdays = [\"mon-sun\"]\n\
                [[alerting.time]]\nname = \"never\"\nyears = [\"1999\"]\n\
                [[alerting.route]]\nmatchers = [\"host=a\"]\nmute-times = [\"always\"]\n\
                [[alerting.route]]\nmatchers = [\"host=b\"]\nactive-times = [\"never\"]\n\
                [[alerting.route]]\nmatchers = [\"host=c\"]\nmute-times = [\"never\"]\n\
                active-times = [\"always\", \"never\"]\n";
    let daemon = start(dir.path(), text);
    for host in ["a", "b", "c"] {
        bring(&daemon, &json!({"alertname": "Down", "host": host}));
    }
    let held = |host: &str| {
        let list = command(&daemon, &json!({"do": "list", "filter": [format!("host={host}")]}));
        list[0]["suppressed_by"].to_string()
    };
    until_some(|| held("a").contains("always").then_some(()));
    until_some(|| held("b").contains("outside never").then_some(()));
    daemon.logged(&["condition=Firing", "host"]);
    assert_eq!(held("c"), "null");
    let bad = write_config(dir.path(), &text.replace("[\"never\"]\n[", "[\"nights\"]\n["));
    let refused = run(&["check-config", "--config", &bad]);
    assert_eq!(refused.code, Some(78));
    let said = "alerting.route[1].active-times: there is no time \"nights\" in `[[alerting.time]]`";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
}

#[test]
fn somebody_outside_hears_at_each_interval_while_alerting_works() {
    let dir = dir();
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let url = serve(move |target, _| {
        // The test may be over.
        let _ = tell.lock().unwrap().send(target.to_owned());
        ("200 OK", String::new())
    });
    let text = format!(
        "[alerting]\ndefault-rules = false\n[alerting.heartbeat]\nurl = \"{url}/ping\"\ninterval = \"1s\"\n"
    );
    let _daemon = start(dir.path(), &text);
    for _ in 0..3 {
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "/ping");
    }
}

//! What plugins ask the host for: other hosts, keys and values, calls in a minute, and another version.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};

use super::*;

const SECRET: &str = "hunter2-the-token";
const HOST: &str = "weather.example.org";

/// Asks the host for `name` with its input as the request, and gives the answer; fails with the number of the refusal.
fn asks(name: &str) -> String {
    let request = format!(
        "(local.set $n (call $ask (i32.const 0) (i32.const {}) (local.get $at) (local.get $length)))",
        name.len()
    );
    asking(&request, &format!("(data (i32.const 0) \"{name}\")"))
}

/// Reads a key when the input is short, and sets it when there is a value, too.
fn remembers() -> String {
    asking(
        "(local.set $n (call $ask
            (select (i32.const 0) (i32.const 8) (i32.gt_u (local.get $length) (i32.const 12)))
            (i32.const 6) (local.get $at) (local.get $length)))",
        "(data (i32.const 0) \"kv.set\") (data (i32.const 8) \"kv.get\")",
    )
}

fn asking(request: &str, data: &str) -> String {
    format!(
        "(module
           (import \"wardkit\" \"ask\" (func $ask (param i32 i32 i32 i32) (result i64)))
           (import \"wardkit\" \"answer\" (func $answer (param i32 i32) (result i32)))
           (memory (export \"memory\") 2) {data}
           (func (export \"wk_alloc\") (param i32) (result i32) (i32.const 1024))
           (func (export \"wk_handle\") (param $at i32) (param $length i32) (result i64)
             (local $n i64)
             {request}
             (if (i64.lt_s (local.get $n) (i64.const 0)) (then (return (local.get $n))))
             (drop (call $answer (i32.const 65536) (i32.wrap_i64 (local.get $n))))
             (i64.or (i64.const 0x1000000000000) (local.get $n))))"
    )
}

/// A host on loopback that answers each request, and hands on its head.
fn host() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, heads) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
            let head = head.collect::<Vec<_>>().join("\n");
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsunny";
            if (&stream).write_all(answer.as_bytes()).is_err() || tell.send(head).is_err() {
                return;
            }
        }
    });
    (port, heads)
}

/// agentd where this name leads to loopback, in namespaces of users and mounts of its own.
fn agentd_with_name(scene: &Scene, name: &str) -> Command {
    let hosts = scene.path("hosts");
    fs::write(&hosts, format!("127.0.0.1 {name}\n")).unwrap();
    let mut command = Command::new("unshare");
    let bound = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", bound]).arg(hosts);
    command
        .arg(env!("CARGO_BIN_EXE_agentd"))
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Whether any file below a folder has these bytes.
fn has_anywhere(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return has_anywhere(&path, bytes);
        }
        // Sockets cannot be read.
        fs::read(&path).is_ok_and(|found| found.windows(bytes.len()).any(|some| some == bytes))
    })
}

#[test]
fn a_plugin_reaches_the_hosts_of_its_grant_and_never_learns_the_secret() {
    let (scene, (port, heads)) = (Scene::new(), host());
    let wishes = format!(
        "[[permissions.http]]\nhost = \"{HOST}\"\nschemes = [\"http\"]\nports = [{port}]\nwhy = \"asks for the weather\"\n\
         [[permissions.secrets]]\nname = \"weather\"\nwhy = \"says who asks\"\n"
    );
    scene.install(ID, "0.1.0", &asks("http"), &wishes);
    fs::write(scene.path("weather.token"), SECRET).unwrap();
    fs::set_permissions(scene.path("weather.token"), fs::Permissions::from_mode(0o600)).unwrap();
    let place = scene.path("weather.token").display().to_string();
    let config = |networks: &str| {
        format!(
            "danger-networks = [{networks}]\nsecrets = {{ weather = \"file:{place}\" }}\n\
             [[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"
        )
    };
    scene.configure(&config("\"127.0.0.0/8\""));
    let file = scene.path("agentd.toml");
    let args = ["--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let mut daemon = Daemon::spawn(agentd_with_name(&scene, HOST), &scene.data(), &args);
    let headers = json!({"Authorization": {"secret": "weather", "prefix": "Bearer "}});
    let request = |url: &str| json!({"url": url, "headers": headers}).to_string();
    let url = format!("http://{HOST}:{port}/now");
    let (status, answer) = call(&daemon, ID, &request(&url));
    assert_eq!((status, &answer["body"]), (200, &json!("sunny")), "{answer}");
    let head = heads.recv().unwrap();
    assert!(head.starts_with("GET /now HTTP/1.1"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {SECRET}")), "{head}");
    metric(&daemon, "plugin_denied_syscalls_total{plugin=\"org.example.hello\"} 0");

    let mut answers = answer.to_string();
    for url in [
        &format!("http://api.example.org:{port}/"),
        &format!("http://127.0.0.1:{port}/"),
        "file:///etc/passwd",
    ] {
        let (status, problem) = call(&daemon, ID, &request(url));
        assert_eq!((status, &problem["code"]), (502, &json!("plugin-failed")), "{url}: {problem}");
        answers += &problem.to_string();
    }
    metric(&daemon, "plugin_denied_syscalls_total{plugin=\"org.example.hello\"} 3");
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"exit\"} 3");
    let denied = scene.recorded("plugins.denied");
    let why = denied.entry.detail["details"]["http"].as_str().unwrap().to_owned();
    assert!(why.contains("the URL's host is not one that the policy allows"), "{why}");

    // Networks that are not public are reached only while the operator says so.
    scene.configure(&config(""));
    daemon.command(&["reload"]);
    until_some(|| (call(&daemon, ID, &request(&url)).0 == 502).then_some(()));
    assert!(heads.try_iter().all(|head| head.starts_with("GET /now")), "one of each call");

    assert!(has_anywhere(scene.dir.path(), SECRET.as_bytes()), "it would be found");
    assert!(!has_anywhere(&scene.data(), SECRET.as_bytes()));
    answers += &daemon.status().to_string();
    answers += &daemon.request("/metrics").body;
    daemon.child.kill().unwrap();
    let log = daemon.log_to_the_end();
    assert!(log.contains("plugins.denied"), "{log}");
    assert!(!(answers + &log).contains(SECRET));
}

#[test]
fn keys_and_values_outlive_restarts_and_a_kill() {
    let scene = Scene::new();
    let wishes = "[permissions.kv]\nbytes = \"64\"\nwhy = \"remembers\"\n";
    scene.install(ID, "0.1.0", &remembers(), wishes);
    let config = format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n");
    let get = r#"{"key":"a"}"#;
    let mut daemon = scene.start(&config);
    assert_eq!(call(&daemon, ID, get), (200, json!({"value": null})));
    assert_eq!(call(&daemon, ID, r#"{"key":"a","value":"kept"}"#), (200, json!({})));
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    let daemon = scene.start(&config);
    assert_eq!(call(&daemon, ID, get), (200, json!({"value": "kept"})));
    daemon.command(&["stop"]);
    assert_eq!(daemon.ended(), Some(0));
    let daemon = scene.start(&config);
    assert_eq!(call(&daemon, ID, get), (200, json!({"value": "kept"})));
    let long = json!({"key": "b", "value": "x".repeat(64)}).to_string();
    assert_eq!(call(&daemon, ID, &long).0, 502, "there is no room for it");
    let denied = scene.recorded("plugins.denied");
    assert_eq!(
        denied.entry.detail["details"]["kv.set"],
        "the quota is used up: its store holds 64 bytes"
    );
    assert_eq!(call(&daemon, ID, get), (200, json!({"value": "kept"})));
}

#[test]
fn a_plugin_is_called_as_often_in_a_minute_as_it_was_granted() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "[limits]\ncalls-per-minute = 2\n");
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    let calls = [1, 2, 3].map(|n: i32| call(&daemon, ID, &n.to_string()).0);
    assert_eq!(calls, [200, 200, 429]);
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"quota\"} 1");
    metric(&daemon, "plugin_executions_total{plugin=\"org.example.hello\"} 2");
}

#[test]
fn an_earlier_version_is_brought_back_out_of_quarantine() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    assert_eq!(call(&daemon, ID, "1"), (200, json!(1)));
    scene.install(ID, "0.2.0", &module("unreachable"), "");
    for _ in 0..5 {
        assert_eq!(call(&daemon, ID, "1").0, 502);
    }
    assert_eq!(call(&daemon, ID, "1").0, 409);
    scene.recorded("plugins.quarantined");
    scene.home().rollback(&ID.parse().unwrap()).unwrap();
    assert_eq!(call(&daemon, ID, "1"), (200, json!(1)));
    let back = scene.recorded("plugins.rolled_back");
    assert_eq!(back.entry.detail["details"]["version"], "0.1.0");
}

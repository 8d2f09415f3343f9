//! Plugins under the daemon: called on events, on schedule and over the API, and kept from what they may not.

mod asks;
mod scripts;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use wardkit_auditlog::{Query, Record};
use wardkit_core::Timestamp;
use wardkit_plugin::{
    HostTerms, InstallTerms, Package, PluginHome, SecretKey, Signature, TrustedKeys,
};
use wardkit_sandbox::Sandbox;
use wardkit_sandbox_wasm::Wasm;
use wardkit_sqlite::PluginRegistry;

use crate::support::{Daemon, dir, run, until_some};

const ID: &str = "org.example.hello";

/// A host with a data directory, in which plugins are installed as `auditctl` does.
struct Scene {
    dir: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { dir: dir() };
        fs::create_dir(scene.data()).unwrap();
        fs::set_permissions(scene.data(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(scene.path("plugins.pub"), key().public().to_text()).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn home(&self) -> PluginHome<PluginRegistry> {
        let folder = self.data().join("plugins");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let registry = PluginRegistry::open(&folder.join("registry.db")).unwrap();
        let mut terms = HostTerms::default();
        terms.trusted = Some(TrustedKeys::new([key().public()]));
        PluginHome::open(&folder, registry, terms).unwrap()
    }

    /// Builds, packs, signs and installs a plugin.
    fn install(&self, id: &str, version: &str, module: &str, asks: &str) {
        let entry = wat::parse_str(module).unwrap();
        let (sandbox, terms) = (Wasm::new().unwrap(), InstallTerms::default());
        self.install_with(id, version, ("wasm", "hello.wasm", entry), asks, &sandbox, &terms);
    }

    /// Packs, signs and installs an entry of this kind and name.
    fn install_with(
        &self,
        id: &str,
        version: &str,
        (kind, name, entry): (&str, &str, Vec<u8>),
        asks: &str,
        sandbox: &dyn Sandbox,
        terms: &InstallTerms,
    ) {
        let manifest = format!(
            "[plugin]\nid = \"{id}\"\nname = \"Hello\"\nversion = \"{version}\"\n\
             description = \"Greets whoever is named\"\nkind = \"{kind}\"\nentry = \"{name}\"\napi = \"1\"\n{asks}"
        );
        let files = [("plugin.toml", manifest.into_bytes()), (name, entry)];
        let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
        let archive = Package::from_files(files).unwrap().pack().unwrap();
        let signature =
            Signature::sign(&archive, "hello.tar.zst", &key(), Timestamp::UNIX_EPOCH).unwrap();
        let mut home = self.home();
        let candidate = home.judge(&archive, Some(&signature), terms).unwrap();
        home.install(&candidate, sandbox, Timestamp::UNIX_EPOCH).unwrap();
    }

    fn configure(&self, config: &str) {
        let keys = self.path("plugins.pub").display().to_string();
        let text = format!("[plugins]\ntrusted-keys = [\"file:{keys}\"]\n{config}");
        fs::write(self.path("agentd.toml"), text).unwrap();
    }

    fn start(&self, config: &str) -> Daemon {
        self.configure(config);
        let file = self.path("agentd.toml");
        Daemon::start(&self.data(), &["--config", file.to_str().unwrap()])
    }

    /// Returns what the audit trail has of plugins, as soon as it has such an entry.
    fn recorded(&self, kind: &str) -> Record {
        until_some(|| {
            let all = Query::new().read(self.data().join("trail")).ok()?;
            all.filter_map(Result::ok).find(|record| record.entry.kind == kind)
        })
    }
}

fn key() -> SecretKey {
    SecretKey::from_random([7; 40])
}

/// A module whose `wk_handle` does this, with the input at `$at` and `$length`.
fn module(handle: &str) -> String {
    format!(
        "(module (memory (export \"memory\") 2)
           (func (export \"wk_alloc\") (param i32) (result i32) (i32.const 1024))
           (func (export \"wk_handle\") (param $at i32) (param $length i32) (result i64) {handle}))"
    )
}

/// Gives back what it is handed.
fn echo() -> String {
    module(
        "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                 (i64.extend_i32_u (local.get $length)))",
    )
}

/// Gives this, whatever it is handed.
fn says(answer: &Value) -> String {
    let text = answer.to_string();
    let data = text.replace('"', "\\\"");
    module(&format!("(i64.const {})", text.len())).replacen(
        "(func",
        &format!("(data (i32.const 0) \"{data}\") (func"),
        1,
    )
}

/// Calls a plugin on the control socket, as soon as plugins are taken up.
fn call(daemon: &Daemon, id: &str, input: &str) -> (u16, Value) {
    until_some(|| Some(call_once(daemon, id, input)).filter(|(status, _)| *status != 503))
}

fn call_once(daemon: &Daemon, id: &str, input: &str) -> (u16, Value) {
    control(daemon, &format!("POST /v1/plugins/{id}/call"), input)
}

/// Asks on the control socket.
fn control(daemon: &Daemon, request: &str, input: &str) -> (u16, Value) {
    let mut stream = UnixStream::connect(daemon.data_dir.join("control.sock")).unwrap();
    let length = input.len();
    let head = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {length}\r\n\r\n{input}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn metric(daemon: &Daemon, series: &str) {
    let name = series.split('{').next().unwrap();
    for _ in 0..100 {
        let body = daemon.request("/metrics").body;
        if body.lines().any(|line| line.starts_with(series)) {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    let body = daemon.request("/metrics").body;
    let found: Vec<&str> = body.lines().filter(|line| line.starts_with(name)).collect();
    panic!("no {series}: {found:?}");
}

fn alert(daemon: &Daemon, name: &str) {
    until_some(|| daemon.request("/api/v2/alerts").body.contains(name).then_some(()));
}

#[test]
fn a_plugin_answers_over_the_api_and_is_counted_and_on_the_trail() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    assert_eq!(call(&daemon, ID, "{\"a\": [1]}"), (200, json!({"a": [1]})));
    let (status, problem) = call(&daemon, "org.example.other", "1");
    assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")), "{problem}");
    let (status, problem) = call(&daemon, ID, "no json");
    assert_eq!((status, problem["code"].as_str()), (502, Some("plugin-failed")), "{problem}");
    for series in [
        "plugin_executions_total{plugin=\"org.example.hello\"} 2",
        "plugin_execution_duration_seconds_count{plugin=\"org.example.hello\"} 2",
        "plugin_errors_total{plugin=\"org.example.hello\",reason=\"output\"} 1",
        "plugin_denied_syscalls_total{plugin=\"org.example.hello\"} 0",
    ] {
        metric(&daemon, series);
    }
    let body = daemon.request("/metrics").body;
    let series = "plugin_memory_usage_bytes{plugin=\"org.example.hello\"} ";
    let memory = body.lines().find_map(|line| line.strip_prefix(series)).unwrap();
    assert!(memory.parse::<f64>().unwrap() >= 65_536.0, "{memory}");
    let installed = scene.recorded("plugins.installed");
    assert_eq!(installed.entry.subject, ID);
    let report = scene.recorded("plugins.enforced");
    let text = report.entry.detail["details"]["report"].as_str().unwrap().to_owned();
    assert!(text.contains("wasmi"), "{text}");
    let status = daemon.status();
    assert_eq!(status["plugins"][0]["state"], "active", "{status}");
    assert!(daemon.request("/").body.contains("<h2>Plugins</h2>"));
}

#[test]
fn a_plugin_answers_at_its_own_addresses_and_at_no_others() {
    let scene = Scene::new();
    let asks = "[[endpoints]]\npath = \"letters\"\nmethod = \"POST\"\ndescription = \"Gives back the body\"\n\
                [[endpoints]]\npath = \"by/name\"\nmethod = \"GET\"\ndescription = \"Gives back the request\"\n\
                whole-request = true\ndanger-without-token = true\n";
    scene.install(ID, "0.1.0", &echo(), asks);
    let run = format!(
        "[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n\
         danger-open-endpoints = [\"by/name\", \"letters\"]\n"
    );
    let daemon = scene.start(&run);
    assert_eq!(call(&daemon, ID, "0"), (200, json!(0)));
    let at = |request: &str, input: &str| {
        let (method, path) = request.split_once(' ').unwrap();
        control(&daemon, &format!("{method} /plugins/{ID}/{path}"), input)
    };
    assert_eq!(at("POST letters", "[\"a\"]"), (200, json!(["a"])));
    let whole = json!({"method": "GET", "path": "by/name", "query": {"n": "ü"}, "body": null});
    assert_eq!(at("GET by/name?n=%C3%BC", ""), (200, whole.clone()));
    assert_eq!(at("GET letters", "").0, 405);
    assert_eq!(at("POST unknown", "1").0, 404);
    assert_eq!(control(&daemon, "GET /plugins/org.example.other/letters", "").0, 404);
    // On the listener, without a token: what the manifest and the operator both opened.
    let open = daemon.request(&format!("/plugins/{ID}/by/name?n=%C3%BC"));
    assert_eq!(serde_json::from_str::<Value>(&open.body).unwrap(), whole);
    assert_eq!(daemon.request(&format!("/plugins/{ID}/by")).status, 403);
    scene.configure(&run.replace("[\"by/name\", \"letters\"]", "[]"));
    daemon.command(&["reload"]);
    until_some(|| {
        let reply = daemon.request(&format!("/plugins/{ID}/by/name"));
        (reply.status == 403).then_some(())
    });
}

#[test]
fn events_and_the_clock_call_plugins_and_what_they_tell_calls_others_but_never_themselves() {
    let scene = Scene::new();
    let asks = "[[permissions.events]]\nname = \"plugins.*\"\nwhy = \"hears what happens\"\n\
                [[permissions.events]]\nname = \"plugin.*\"\nwhy = \"hears what is said\"\n";
    let tells = json!({"events": [{"kind": "said", "severity": "notice", "message": "hello"}]});
    scene.install(ID, "0.1.0", &says(&tells), asks);
    scene.install("org.example.other", "0.1.0", &says(&tells), asks);
    let daemon = scene.start(
        "[[plugins.run]]\nplugin = \"org.example.hello\"\nevery = \"1s\"\non = [\"plugin.*\"]\n\
         [[plugins.run]]\nplugin = \"org.example.other\"\non = [\"plugin.org.example.hello.*\"]\n",
    );
    daemon.logged(&["plugin.org.example.hello.said", "depth=1", "hello"]);
    daemon.logged(&["plugin.org.example.other.said", "depth=2"]);
    daemon.logged(&["plugin.org.example.hello.said", "depth=3"]);
    // What was said at the third depth calls nobody: the next one is of the clock.
    daemon.logged(&["plugin.org.example.hello.said", "depth=1"]);
    let said = scene.recorded("plugin.org.example.hello.said");
    assert_eq!((said.entry.subject.as_str(), said.seq > 0), (ID, true));
}

#[test]
fn a_plugin_hears_no_event_that_it_was_not_granted() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let daemon = scene.start(
        "[[plugins.run]]\nplugin = \"org.example.hello\"\non = [\"agentd.*\", \"config.*\"]\n",
    );
    daemon.logged(&["plugins.call.refused", "it was not granted all events"]);
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"not_granted\"}");
    metric(&daemon, "plugin_executions_total{plugin=\"org.example.hello\"} 0");
}

#[test]
fn a_plugin_that_traps_again_and_again_is_not_called_any_more_and_an_alert() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &module("unreachable"), "");
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    for _ in 0..5 {
        let (status, problem) = call(&daemon, ID, "1");
        assert_eq!((status, problem["code"].as_str()), (502, Some("plugin-failed")), "{problem}");
        assert!(problem["errors"][0].as_str().unwrap().contains("unreachable"), "{problem}");
    }
    let (status, problem) = call(&daemon, ID, "1");
    assert_eq!((status, problem["code"].as_str()), (409, Some("not-active")), "{problem}");
    assert!(problem["errors"][0].as_str().unwrap().contains("quarantined"), "{problem}");
    alert(&daemon, "PluginQuarantined");
    scene.recorded("plugins.quarantined");
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"trap\"} 5");
    assert_eq!(daemon.status()["plugins"][0]["is_amiss"], true);

    // Another version is called from the moment on that it is installed.
    scene.install(ID, "0.2.0", &echo(), "");
    assert_eq!(call(&daemon, ID, "1"), (200, json!(1)));
    let upgraded = scene.recorded("plugins.upgraded");
    assert_eq!(upgraded.entry.detail["details"]["instead_of"], "0.1.0");
    until_some(|| {
        (!daemon.request("/api/v2/alerts").body.contains("PluginQuarantined")).then_some(())
    });
}

#[test]
fn a_call_in_a_process_of_its_own_dies_alone() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &module("(loop $again (br $again)) (i64.const 0)"), "");
    scene.install("org.example.other", "0.1.0", &echo(), "");
    let daemon = scene.start(
        "isolation = \"process\"\n\
         [[plugins.run]]\nplugin = \"org.example.hello\"\nevery = \"1s\"\n\
         [[plugins.run]]\nplugin = \"org.example.other\"\napi = true\n",
    );
    assert_eq!(call(&daemon, "org.example.other", "[1]"), (200, json!([1])));
    let report = scene.recorded("plugins.enforced");
    let text = report.entry.detail["details"]["report"].as_str().unwrap().to_owned();
    assert!(text.contains("around the engine's process: "), "{text}");
    // The one that never ends is the only one that is there for longer than a moment.
    metric(&daemon, "plugin_waiting_calls{plugin=\"org.example.hello\"} 1");
    let worker = until_some(|| worker_of(daemon.child.id()));
    rustix::process::kill_process(worker, rustix::process::Signal::KILL).unwrap();
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"killed\"} 1");
    assert_eq!(call(&daemon, "org.example.other", "[2]"), (200, json!([2])));
    assert_eq!(daemon.status()["pid"], daemon.child.id());
}

#[test]
fn where_no_fences_can_be_made_what_is_to_run_behind_them_is_refused_and_the_reason_told() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let run = format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n");
    scene.configure(&format!("isolation = \"process\"\n{run}"));
    // A host that has no more user namespaces, seen by an ordinary user.
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-user=65534", "--map-group=65534", "--keep-caps", "sh", "-c"]);
    let setting = "echo 0 > /proc/sys/user/max_user_namespaces || exit 1; \
                   exec setpriv --ambient-caps=-all --inh-caps=-all \"$0\" \"$@\"";
    command.args([setting, env!("CARGO_BIN_EXE_agentd")]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let file = scene.path("agentd.toml");
    let args = ["--config", file.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let daemon = Daemon::spawn(command, &scene.data(), &args);
    let (status, problem) = call(&daemon, ID, "1");
    assert_eq!((status, problem["code"].as_str()), (409, Some("not-active")), "{problem}");
    let why = problem["errors"][0].as_str().unwrap();
    assert!(why.contains("user.max_user_namespaces"), "{why}");
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"sandbox\"} 1");
    metric(&daemon, "plugin_executions_total{plugin=\"org.example.hello\"} 0");
    scene.recorded("plugins.call.refused");
    // The engine inside agentd needs none.
    scene.configure(&run);
    daemon.command(&["reload"]);
    until_some(|| (call(&daemon, ID, "2") == (200, json!(2))).then_some(()));
}

/// Returns a process in which a daemon runs a call.
fn worker_of(daemon: u32) -> Option<rustix::process::Pid> {
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let mut pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_worker = |pid: &i32| {
        let read = |name| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
        read("status").contains(&format!("PPid:\t{daemon}\n"))
            && read("cmdline").contains("--plugin-worker")
    };
    pids.find(is_worker).and_then(rustix::process::Pid::from_raw)
}

#[test]
fn what_is_revoked_meanwhile_is_refused_at_the_next_call() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    assert_eq!(call(&daemon, ID, "1").0, 200);
    scene.home().revoke(&ID.parse().unwrap(), "its author lost the key").unwrap();
    let (status, problem) = call(&daemon, ID, "1");
    assert_eq!(status, 409, "{problem}");
    assert!(
        problem["errors"][0].as_str().unwrap().contains("its author lost the key"),
        "{problem}"
    );
    scene.recorded("plugins.revoked");
    alert(&daemon, "PluginErrors");
}

#[test]
fn plugins_of_keys_that_are_not_trusted_any_more_are_not_called() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let other = SecretKey::from_random([8; 40]).public().to_text();
    fs::write(scene.path("plugins.pub"), other).unwrap();
    let daemon = scene.start(&format!("[[plugins.run]]\nplugin = \"{ID}\"\napi = true\n"));
    let (status, problem) = call(&daemon, ID, "1");
    assert_eq!((status, problem["code"].as_str()), (409, Some("not-active")), "{problem}");
    metric(&daemon, "plugin_errors_total{plugin=\"org.example.hello\",reason=\"refused\"} 1");
}

#[test]
fn a_kill_in_the_midst_of_a_call_leaves_the_plugin_as_it_was() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &module("(loop $again (br $again)) (i64.const 0)"), "");
    scene.install("org.example.other", "0.1.0", &echo(), "");
    let config = "[[plugins.run]]\nplugin = \"org.example.hello\"\nevery = \"1s\"\n\
                  [[plugins.run]]\nplugin = \"org.example.other\"\napi = true\n";
    let mut daemon = scene.start(config);
    // The second one waits behind the first, which does not end: it is in the midst of it.
    metric(&daemon, "plugin_waiting_calls{plugin=\"org.example.hello\"} 1");
    assert_eq!(call(&daemon, "org.example.other", "1").0, 200, "nobody else waits for it");
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    let daemon = scene.start(config);
    metric(&daemon, "plugin_active{plugin=\"org.example.hello\"} 1");
    metric(&daemon, "plugin_waiting_calls{plugin=\"org.example.hello\"} 1");
    assert_eq!(call(&daemon, "org.example.other", "1").0, 200);
    let all = Query::new().read(scene.data().join("trail")).unwrap().map(Result::unwrap);
    let told = all.filter(|record| record.entry.kind == "plugins.installed").count();
    assert_eq!(told, 2, "what was told once is known");
}

#[test]
fn a_reload_takes_over_what_changed_and_a_bad_one_nothing() {
    let scene = Scene::new();
    scene.install(ID, "0.1.0", &echo(), "");
    let run =
        |api: bool| format!("[[plugins.run]]\nplugin = \"{ID}\"\nevery = \"1h\"\napi = {api}\n");
    let daemon = scene.start(&run(true));
    assert_eq!(call(&daemon, ID, "1").0, 200);
    scene.configure(&(run(true) + "on = [\"Nonsense\"]\n"));
    let ended = daemon.command(&["reload"]);
    assert!(ended.stderr.contains("plugins.run[0].on: an event's kind"), "{ended:?}");
    assert_eq!(call(&daemon, ID, "1").0, 200, "the old section is in force");
    scene.configure(&run(false));
    daemon.command(&["reload"]);
    until_some(|| (call(&daemon, ID, "1").0 == 404).then_some(()));
    metric(&daemon, "plugin_executions_total{plugin=\"org.example.hello\"} 2");
    scene.configure("");
    daemon.command(&["reload"]);
    until_some(|| daemon.status()["plugins"].as_array().unwrap().is_empty().then_some(()));
    assert!(!daemon.request("/metrics").body.contains("plugin_"));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_key() {
    let dir = dir();
    let config = dir.path().join("a.toml");
    let text = "[plugins]\ntrusted-keys = [\"file:/nonexistent.pub\"]\nconcurrency = 0\nqueue = 5000\n\
                ceiling = { memory = \"much\" }\n[plugins.secrets]\nweather = \"hunter2\"\n\
                [[plugins.run]]\nplugin = \"hello\"\n\
                [[plugins.run]]\nplugin = \"org.example.hello\"\nat = \"daily\"\nevery = \"10ms\"\n\
                input = \"{\"\non = [\"Bad\"]\n\
                [[plugins.run]]\nplugin = \"org.example.hello\"\napi = true\ninput = \"1\"\n";
    fs::write(&config, text.replace("ceiling = { memory = \"much\" }\n", "")).unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78));
    for expected in [
        "plugins.concurrency: must be between 1 and 64",
        "plugins.queue: must be between 1 and 1024",
        "plugins.secrets.weather: must be `file:PATH` or `env:NAME`",
        "plugins.run[0].plugin: is no id",
        "plugins.run[0].plugin: nothing calls it",
        "plugins.run[1].at: must be five fields of cron",
        "plugins.run[1].every: must be at least 1s",
        "plugins.run[1].every: stands instead of `at`",
        "plugins.run[1].input: is no JSON",
        "plugins.run[1].on: an event's kind",
        "plugins.run[2].input: is for calls on schedule",
    ] {
        assert!(ended.stderr.contains(expected), "{expected}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    fs::write(&config, text).unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert!(ended.stderr.contains("a.toml:5: plugins.ceiling.memory"), "{}", ended.stderr);
    let text = "[plugins]\ntrusted-keys = [\"file:/nonexistent.pub\"]\n\
                [[plugins.run]]\nplugin = \"org.example.hello\"\napi = true\n";
    fs::write(&config, text).unwrap();
    let ended = run(&["check-config", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.code, Some(78));
    assert!(
        ended.stderr.contains("plugins.trusted-keys[0]: /nonexistent.pub: "),
        "{}",
        ended.stderr
    );
}

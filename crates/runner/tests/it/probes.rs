//! Probes that ask: programs, ports, files, pages.

use std::sync::Arc;
use std::time::Duration;

use wardkit_probe::{HttpAnswer, HttpQuestion};
use wardkit_process::search_marked;
use wardkit_supervise::{Config, ProbeAction, ProbeConfig};

use crate::scene::{Scene, eventually, lives, shell, sleeper};

fn exec(script: &str) -> ProbeConfig {
    let mut probe = ProbeConfig::exec(["/bin/sh", "-c", script]);
    probe.period = Duration::from_millis(20);
    probe.timeout = Duration::from_secs(20);
    probe
}

#[test]
fn a_program_says_when_a_service_is_ready_and_sees_what_the_service_sees() {
    let mut scene = Scene::new();
    let go = scene.path("go");
    let mut bot = sleeper("bot");
    bot.env.insert("FLAG".to_owned(), go.display().to_string());
    bot.working_directory = Some(scene.folder.path().to_owned());
    bot.probes.readiness = Some(exec("test -e \"$FLAG\" && test -e ./go"));
    let mut after = sleeper("after");
    after.depends = vec!["bot".to_owned()];
    scene.start(Config::new([bot, after]));
    scene.until("bot", "starting");
    std::fs::write(go, "").unwrap();
    scene.until("after", "running");
    scene.until("bot", "running");
}

#[test]
fn what_a_program_says_is_the_reason_of_a_restart() {
    let mut bot = sleeper("bot");
    bot.probes.liveness = Some(exec("echo; echo 'the queue is stuck' >&2; exit 3"));
    let scene = Scene::with([bot]);
    scene.until_run("bot", "running", 2);
    let told = scene.told("supervise.probe_failed", "bot");
    assert_eq!(told, "liveness probe: exit code 3: the queue is stuck");
}

#[test]
fn a_probe_that_hangs_is_killed_with_what_forked_twice() {
    let mut scene = Scene::new();
    let file = scene.path("pids");
    let mut bot = sleeper("bot");
    let script = format!(
        "(setsid sh -c 'echo $$ >> {file}; exec sleep 1000' &); echo $$ >> {file}; exec sleep 1000",
        file = file.display()
    );
    let mut probe = exec(&script);
    (probe.timeout, probe.failures) = (Duration::from_millis(300), 1);
    (probe.period, probe.action) = (Duration::from_secs(1000), ProbeAction::Alert);
    bot.probes.liveness = Some(probe);
    scene.start(Config::new([bot]));
    let told = scene.told("supervise.probe_failed", "bot");
    assert!(told.starts_with("liveness probe: no answer within"), "{told}");
    let pids = eventually(|| {
        let text = std::fs::read_to_string(&file).ok()?;
        let pids: Vec<u32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() == 2).then_some(pids)
    });
    eventually(|| (!pids.iter().any(|pid| lives(*pid))).then_some(()));
    // The service itself is no part of it.
    scene.until("bot", "running");
}

#[test]
fn what_a_probe_leaves_behind_is_ended_with_it() {
    let mut scene = Scene::new();
    let file = scene.path("pid");
    let script = format!(
        "(setsid sh -c 'echo $$ > {file}; exec sleep 1000' &); while [ ! -s {file} ]; do sleep 0.01; done",
        file = file.display()
    );
    let mut bot = sleeper("bot");
    let mut probe = exec(&script);
    probe.period = Duration::from_secs(1000);
    bot.probes.readiness = Some(probe);
    scene.start(Config::new([bot]));
    scene.until("bot", "running");
    let pid: u32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    eventually(|| (!lives(pid)).then_some(()));
}

#[test]
fn no_program_of_a_probe_outlives_the_services() {
    let mut bot = sleeper("bot");
    bot.probes.liveness = Some(exec("exec sleep 1000"));
    let mut scene = Scene::with([bot]);
    let prefix = format!("{}/", scene.options.instance);
    let left = || {
        let found = search_marked("WARDKIT_PROBE", |mark| mark.starts_with(prefix.as_bytes()));
        found.unwrap().len()
    };
    eventually(|| (left() == 1).then_some(()));
    scene.services = None;
    eventually(|| (left() == 0).then_some(()));
}

#[test]
fn ports_sockets_files_and_pages_are_asked() {
    let mut scene = Scene::new();
    let answer = |question: &HttpQuestion| match question.url.as_str() {
        "http://bot.example/health" => Ok(HttpAnswer::new(200, "all is well")),
        _ => Ok(HttpAnswer::new(503, "")),
    };
    scene.options.http = Arc::new(answer);
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = std::os::unix::net::UnixListener::bind(scene.path("socket")).unwrap();
    std::fs::write(scene.path("beat"), "").unwrap();
    let probe = |change: &dyn Fn(&mut ProbeConfig)| {
        let mut probe = ProbeConfig::default();
        probe.timeout = Duration::from_secs(20);
        change(&mut probe);
        probe
    };
    let page = |path: &str| Some(format!("http://bot.example/{path}"));
    let mut services = Vec::new();
    for (name, readiness) in [
        ("tcp", probe(&|probe| probe.tcp = Some(tcp.local_addr().unwrap().to_string()))),
        ("unix", probe(&|probe| probe.unix = Some(scene.path("socket")))),
        ("file", probe(&|probe| probe.file = Some(scene.path("beat")))),
        ("http", probe(&|probe| probe.http = page("health"))),
    ] {
        let mut service = sleeper(name);
        service.probes.readiness = Some(readiness);
        services.push(service);
    }
    let mut ill = sleeper("ill");
    ill.probes.liveness = Some(probe(&|probe| {
        (probe.http, probe.failures, probe.action) = (page("ill"), 1, ProbeAction::Alert);
    }));
    services.push(ill);
    scene.start(Config::new(services));
    for name in ["tcp", "unix", "file", "http"] {
        scene.until(name, "running");
    }
    assert_eq!(scene.told("supervise.probe_failed", "ill"), "liveness probe: status 503");
    drop(unix);
}

#[test]
fn a_program_that_is_not_there_fails_the_probe_and_names_itself() {
    let mut bot = shell("bot", "exec sleep 1000");
    let mut probe = ProbeConfig::exec(["/nonexistent/check"]);
    (probe.failures, probe.action) = (1, ProbeAction::Alert);
    bot.probes.liveness = Some(probe);
    let scene = Scene::with([bot]);
    let told = scene.told("supervise.probe_failed", "bot");
    assert!(told.starts_with("liveness probe: cannot run /nonexistent/check: "), "{told}");
    assert!(told.ends_with("No such file or directory (os error 2)"), "{told}");
}

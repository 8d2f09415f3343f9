//! What can be wrong with a configuration, and how it is written.

use std::collections::BTreeSet;

use wardkit_supervise::{
    Config, Graph, GroupConfig, Kind, Measure, ProbeConfig, ResourceRule, Sandbox, ServiceSpec,
    Strategy,
};

use crate::support::{millis, needing, service};

fn wrong(config: &Config) -> Vec<String> {
    config.violations(&BTreeSet::new()).iter().map(ToString::to_string).collect()
}

/// What is done to a service, and what is said of it then.
type Wrong = (fn(&mut ServiceSpec), &'static str);

fn assert_named(rows: &[Wrong]) {
    for (change, expected) in rows {
        let mut bot = service("bot");
        change(&mut bot);
        let found = wrong(&Config::new([bot]));
        assert_eq!(found.first(), Some(&format!("service[0].{expected}")), "{found:?}");
    }
}

#[test]
fn what_is_wrong_is_named_by_its_key() {
    assert_eq!(wrong(&Config::new([service("bot")])), Vec::<String>::new());
    assert_named(&[
        (|s| s.name = "a b".into(), "name: is not 1 to 64 letters, digits, `-`, `_`, `.` and `@`"),
        (|s| s.name = "../x".into(), "name: is not 1 to 64 letters, digits, `-`, `_`, `.` and `@`"),
        (|s| s.command.clear(), "command: is empty: name a program"),
        (|s| s.command = vec!["a\0".into()], "command: has a zero byte"),
        (
            |s| drop(s.env.insert("A=B".into(), String::new())),
            "env.A=B: is no name of a variable, or has a zero byte",
        ),
        (|s| s.working_directory = Some("etc".into()), "working_directory: is no absolute path"),
        (|s| s.stop_signal = "TREM".into(), "stop_signal: `TREM` is no signal such as TERM"),
        (
            |s| s.kind = Kind::Watched,
            "kind: a watched service needs one of pid_file, match, cgroup and unit",
        ),
        (
            |s| s.pid_file = Some("/run/x.pid".into()),
            "pid_file: is for watched services: set kind = \"watched\"",
        ),
        (|s| s.schedule = Some("* * * * *".into()), "schedule: is for tasks: set kind = \"task\""),
        (
            |s| {
                s.kind = Kind::Task;
                s.schedule = Some("soon".into());
            },
            "schedule: is no line of cron such as `15 3 * * *`: minute, hour, day, month, weekday",
        ),
        (|s| s.backoff.max = millis(1), "backoff.max: is below backoff.initial"),
        (|s| s.backoff.factor = f64::NAN, "backoff.factor: is not between 1 and 100"),
        (
            |s| s.success_exit_codes = vec![78],
            "config_error_exit_codes: 78 is in success_exit_codes too",
        ),
        (
            |s| s.probes.liveness = Some(ProbeConfig::default()),
            "probes.liveness.exec: is missing, or not alone: one of exec, http, tcp, unix, notify, log, file and ping",
        ),
        (
            |s| {
                let mut probe = ProbeConfig::default();
                probe.log = Some("[".into());
                s.probes.startup = Some(probe);
            },
            "probes.startup.log: is no regular expression: error: unclosed character class",
        ),
        (
            |s| s.rules = vec![ResourceRule::new(Measure::Cpu)],
            "rule[0].hard: is missing, and so is soft",
        ),
        (|s| s.depends = vec!["x".into()], "depends: there is no service `x`"),
        (|s| s.after = vec!["bot".into()], "after: `bot` is the service itself"),
    ]);
}

#[test]
fn what_does_not_go_with_a_sandbox_is_named_by_its_key() {
    assert_named(&[
        (
            |s| s.sandbox = Some(Sandbox::named("")),
            "sandbox: is no name of a policy: write a file, or `default`",
        ),
        (
            |s| {
                s.sandbox = Some(Sandbox::named("default"));
                s.kind = Kind::Watched;
                s.pid_file = Some("/run/x.pid".into());
            },
            "sandbox: is for services that are started here, and watched ones may not be",
        ),
        (
            |s| {
                s.sandbox = Some(Sandbox::named("default"));
                s.stop_command = vec!["/bin/stop".into()];
            },
            "stop_command: would run outside of the sandbox: use stop_signal",
        ),
        (
            |s| {
                let mut probe = ProbeConfig::default();
                probe.notify = true;
                s.probes.readiness = Some(probe);
                s.sandbox = Some(Sandbox::named("default"));
            },
            "probes.readiness.notify: is for services without a sandbox, from which no socket is reached",
        ),
    ]);
}

#[test]
fn names_and_relations_must_fit() {
    let twice = Config::new([service("a"), service("a")]);
    assert_eq!(wrong(&twice), ["service[1].name: `a` is the name of service[0] too"]);

    let mut enemies = Config::new([needing("a", &["b"]), service("b")]);
    enemies.services[1].conflicts = vec!["a".into()];
    assert_eq!(wrong(&enemies), ["service[0].conflicts: `a` and `b` need each other, too"]);

    let mut both = Config::new([service("a"), service("b")]);
    both.services[1].conflicts = vec!["a".into()];
    assert_eq!(wrong(&both), ["service[0].conflicts: `a` and `b` both have autostart"]);

    // A group has an order, too.
    let mut group = Config::new([needing("a", &["b"]), service("b")]);
    group.groups = vec![GroupConfig::new("all", Strategy::OneForAll, ["a", "b"])];
    assert_eq!(wrong(&group), ["service[0].depends: goes in a circle: a -> b -> a"]);
}

#[test]
fn waves_start_one_after_the_other() {
    let config = Config::new([
        needing("web", &["bot", "cache"]),
        needing("bot", &["db"]),
        service("db"),
        service("cache"),
        needing("loop", &["loop2"]),
        needing("loop2", &["loop"]),
    ]);
    assert_eq!(Graph::new(&config).waves(), [vec!["cache", "db"], vec!["bot"], vec!["web"]]);
}

#[cfg(feature = "serde")]
#[test]
fn configuration_is_read_as_people_write_it() {
    use std::time::Duration;
    use wardkit_supervise::{ProbeKind, ReasonKind, RestartPolicy, Step};

    let config: Config = toml::from_str(
        r#"
        [[service]]
        name = "db"
        command = ["/usr/bin/db", "--fast"]
        restart = "on-failure"
        stop_timeout = "1s"
        env = { MODE = "test" }
        [service.probes.readiness]
        exec = ["test", "-e", "/run/db"]
        period = "200ms"
        [service.limits]
        memory_max = "512MiB"
        cpu = "150%"
        [[service.rule]]
        measure = "memory"
        soft = "400MiB"
        for = "1m"
        [[service.recovery]]
        on = ["oom", "crash_loop"]
        do = ["task:mend", "restart"]

        [[service]]
        name = "mend"
        kind = "task"
        command = ["/usr/bin/mend"]
        schedule = "0 4 * * *"

        [[service]]
        name = "daemon"
        kind = "watched"
        pid_file = "/run/daemon.pid"
        match = "^/usr/sbin/daemon"
        command = ["/usr/sbin/daemon"]
        depends = ["db"]

        [[service_group]]
        name = "all"
        services = ["db", "daemon"]
        strategy = "rest_for_one"
        "#,
    )
    .unwrap();
    assert_eq!(wrong(&config), Vec::<String>::new());
    let db = &config.services[0];
    assert_eq!(db.restart, RestartPolicy::OnFailure);
    assert_eq!(db.stop_timeout, Duration::from_secs(1));
    let probe = db.probes.readiness.as_ref().unwrap();
    assert_eq!((probe.kind(), probe.period), (Some(ProbeKind::Exec), millis(200)));
    assert_eq!(db.recoveries[0].on, [ReasonKind::Oom, ReasonKind::CrashLoop]);
    assert_eq!(db.recoveries[0].steps, [Step::Task("mend".into()), Step::Restart]);
    assert_eq!(config.services[2].pattern.as_deref(), Some("^/usr/sbin/daemon"));

    // What is written is read as the same.
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);

    let error = toml::from_str::<Config>("[[service]]\nnme = 'x'\n").unwrap_err();
    assert!(error.to_string().contains("unknown field `nme`"), "{error}");
}

#[cfg(feature = "serde")]
#[test]
fn record_is_kept_as_json() {
    use wardkit_supervise::{Exit, Record};

    let mut world = crate::support::World::started([service("bot")]);
    world.exit("bot", Exit::Signal { signal: 11, core: true });
    world.exit("bot", Exit::Code(3));
    for record in world.supervisor.records() {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
    let status = serde_json::to_value(world.supervisor.status()).unwrap();
    assert_eq!(status[0]["state"], "backoff");
    assert_eq!(status[0]["name"], "bot");
}

#[cfg(feature = "probe")]
#[test]
fn probe_asks_in_the_terms_of_the_crate_that_asks() {
    let mut probe = ProbeConfig::default();
    probe.ping = Some("127.0.0.1:6000".into());
    let wardkit_probe::Target::Tcp(target) = probe.target().unwrap() else { panic!() };
    assert_eq!(target.send.as_deref(), Some("ping\n"));
    assert_eq!(target.expect.as_deref(), Some("pong"));
    assert_eq!(ProbeConfig::notify().target(), None);
    let kinds = [
        ("exec", ProbeConfig::exec(["/bin/true"])),
        ("http", {
            let mut probe = ProbeConfig::default();
            probe.http = Some("http://127.0.0.1/".into());
            probe
        }),
        ("file", {
            let mut probe = ProbeConfig::default();
            probe.file = Some("/run/beat".into());
            probe
        }),
    ];
    for (kind, probe) in kinds {
        assert_eq!(probe.target().unwrap().kind(), kind);
    }
}

#[cfg(feature = "serde")]
#[test]
fn limits_rules_and_leaks_are_read_as_people_write_them() {
    let config: Config = toml::from_str(
        r#"
        [[service]]
        name = "bot"
        command = ["/usr/bin/bot"]
        [service.limits]
        memory_max = "512MiB"
        oom_score_adj = -100
        [[service.rule]]
        measure = "memory_pressure"
        hard = "20%"
        [service.leak]
        quiet = "22:00-05:00"
        "#,
    )
    .unwrap();
    assert_eq!(wrong(&config), Vec::<String>::new());
    let bot = &config.services[0];
    assert_eq!(bot.limits.oom_score_adj, Some(-100));
    assert_eq!(bot.leak.as_ref().unwrap().quiet.unwrap().to_string(), "22:00-05:00");
    assert_eq!(bot.rules[0].measure, Measure::MemoryPressure);
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);

    let mut beyond = config;
    beyond.services[0].limits.oom_score_adj = Some(1001);
    let expected = "service[0].limits.oom_score_adj: is not between -1000 and 1000";
    assert_eq!(wrong(&beyond), [expected]);
    let text = "[[service]]\nname = 'bot'\n[service.leak]\nquiet = '2-5'\n";
    let error = toml::from_str::<Config>(text).unwrap_err();
    assert!(error.to_string().contains("\"2-5\" is no time of the day"), "{error}");
}

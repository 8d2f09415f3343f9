//! Files of other supervisors.

use std::collections::BTreeSet;
use std::path::Path;

use wardkit_supervise::import::{Format, Imported};
use wardkit_supervise::{Kind, RestartPolicy, ServiceSpec};

#[derive(serde::Deserialize)]
struct File {
    service: Vec<ServiceSpec>,
}

fn read(text: &str, path: &str) -> (Imported, Format) {
    let (imported, format) = Imported::read(text, Path::new(path)).expect("it can be read");
    let parts = BTreeSet::new();
    for service in &imported.services {
        assert_eq!(service.violations(&parts), [], "{}", service.name);
    }
    // What is printed is what was read.
    let printed = imported.to_toml();
    let file: File = toml::from_str(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(file.service, imported.services, "{printed}");
    (imported, format)
}

fn fails(text: &str, path: &str) -> String {
    Imported::read(text, Path::new(path)).expect_err("it is refused").to_string()
}

#[test]
fn supervisord_gives_one_service_a_process() {
    let text = r#"
[supervisord]
nodaemon=true

[program:worker]
command=/usr/bin/python3 "%(here)s/worker.py" --n=%(process_num)02d ; the worker
process_name=%(program_name)s_%(process_num)02d
numprocs=3
numprocs_start=1
directory=/srv/bot
environment=TOKEN="a,b",MODE=fast
autorestart=unexpected
exitcodes=0,2
stopsignal=QUIT
stopwaitsecs=3
user=bot
stdout_logfile=/var/log/worker.log

[program:web]
command=/srv/web
autorestart=true
autostart=false

[eventlistener:memmon]
command=memmon -p a=200MB
"#;
    let (imported, format) = read(text, "/etc/supervisor/bot.conf");
    assert_eq!(format, Format::Supervisord);
    let names: Vec<&str> = imported.services.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["worker_01", "worker_02", "worker_03", "web"]);
    assert_eq!(
        imported.services[1].command,
        ["/usr/bin/python3", "/etc/supervisor/worker.py", "--n=02"]
    );
    insta::assert_snapshot!(imported.to_toml());
}

#[test]
fn systemd_units_keep_their_relations_limits_and_kind() {
    let text = r#"
[Unit]
Description=The bot
After=network.target redis.service
Requires=redis.service
StartLimitBurst=3
StartLimitIntervalSec=30

[Service]
Type=notify
ExecStartPre=/bin/true
ExecStart=-/usr/bin/bot --config "/etc/my bot.toml" \
    --verbose
Environment=A=1 "B=two words"
User=bot
WorkingDirectory=/srv/bot
Restart=on-failure
RestartSec=2
TimeoutStopSec=1min 30s
WatchdogSec=20
KillSignal=SIGINT
SuccessExitStatus=143 SIGKILL
MemoryMax=512M
CPUQuota=150%
LimitNOFILE=4096
PrivateTmp=true

[Install]
WantedBy=multi-user.target
"#;
    let (imported, format) = read(text, "/etc/systemd/system/bot.service");
    assert_eq!(format, Format::Systemd);
    assert_eq!(imported.services[0].name, "bot");
    insta::assert_snapshot!(imported.to_toml());
    let forking =
        "[Service]\nType=forking\nExecStart=/usr/sbin/d\nPIDFile=/run/d.pid\nRestart=always\n";
    let (imported, _) = read(forking, "d.service");
    assert_eq!(imported.services[0].kind, Kind::Watched);
}

#[test]
fn monit_checks_become_watched_services() {
    let text = r#"
set daemon 5
# a comment
check process bot with pidfile /run/bot.pid
    start program = "/usr/bin/bot --daemon" as uid "bot" and gid "bot" with timeout 20 seconds
    stop program = "/usr/bin/bot --stop"
    if cpu > 60% for 2 cycles then alert
    if totalmem > 200.0 MB for 5 cycles then restart
    if failed port 8080 protocol http request "/health" for 3 cycles then restart
    if 5 restarts within 5 cycles then timeout
    depends on redis, disk
check process redis matching "redis-server .*:6379"
    start program = "/usr/bin/redis-server"
check process disk pidfile "/run/disk.pid" start "/bin/disk"
check filesystem root with path /
    if space usage > 80% then alert
"#;
    let (imported, format) = read(text, "/etc/monit/monitrc");
    assert_eq!(format, Format::Monit);
    insta::assert_snapshot!(imported.to_toml());
}

#[test]
fn procfiles_give_a_shell_only_what_needs_one() {
    let (imported, format) =
        read("# all\nweb: bin/web --port $PORT\nworker: python3 'my bot.py'\n", "Procfile");
    assert_eq!(format, Format::Procfile);
    insta::assert_snapshot!(imported.to_toml());
}

#[test]
fn compose_services_keep_what_runs_without_a_container() {
    let text = r#"
services:
  db:
    image: postgres:16
    command: ["postgres", "-D", "/data"]
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U bot"]
      interval: 5s
      retries: 4
    restart: always
  bot:
    build: .
    entrypoint: python3
    command: bot.py --fast
    environment:
      - TOKEN=abc
      - DEBUG
    depends_on:
      db:
        condition: service_healthy
    restart: on-failure:3
    user: "1000:1000"
    mem_limit: 256m
    cpus: 0.5
    stop_grace_period: 1m30s
    ports: ["80:80"]
"#;
    let (imported, format) = read(text, "docker-compose.yml");
    assert_eq!(format, Format::Compose);
    insta::assert_snapshot!(imported.to_toml());
}

#[test]
fn pm2_ecosystems_are_read_as_literals() {
    let text = r#"
module.exports = {
  apps: [{
    name: 'bot', script: './bot.js', args: ['--fast'], cwd: "/srv/bot",
    node_args: "--max-old-space-size=200",
    instances: 2, exec_mode: 'cluster',
    max_memory_restart: '300M', kill_timeout: 1600, wait_ready: true,
    env: { NODE_ENV: 'production', PORT: 3000 }, // why not
    autorestart: true, watch: false,
  }, { script: "task.py", autorestart: false }]
};
"#;
    let (imported, format) = read(text, "ecosystem.config.js");
    assert_eq!(format, Format::Pm2);
    insta::assert_snapshot!(imported.to_toml());
    let (imported, _) = read(r#"{"apps": [{"name": "a", "script": "a.js"}]}"#, "pm2.json");
    assert_eq!(imported.services[0].command, ["node", "a.js"]);
    assert_eq!(imported.services[0].restart, RestartPolicy::Always);
}

#[test]
fn what_is_missing_is_named() {
    for (text, path, error) in [
        ("[program:a]\ndirectory=/x\n", "a.conf", "line 1: program:a.command: is missing"),
        (
            "[program:a]\ncommand=/x\nnumprocs=2\nprocess_name=a\n",
            "a.conf",
            "line 4: program:a.process_name: must have %(process_num)d in it where numprocs is more",
        ),
        (
            "[program:a]\ncommand=/x %(ENV_HOME)s\n",
            "a.conf",
            "line 2: program:a.command: has a %(...) that is not known here",
        ),
        ("[Service]\nRestart=always\n", "a.service", "Service.ExecStart: is missing"),
        ("[Unit]\nAfter=b\n", "a.service", "[Service]: is missing"),
        (
            "[Service]\nExecStart=/a\nRestart=sometimes\n",
            "a.service",
            "line 3: Service.Restart: \"sometimes\" is not understood",
        ),
        (
            "check process a with pidfile /run/a.pid\n",
            "monitrc",
            "check process a.start program: is missing",
        ),
        (
            "check process a start \"/bin/a\"\n",
            "monitrc",
            "line 1: check process a.pidfile: is missing",
        ),
        ("web:\n", "Procfile", "line 1: web.command: is missing"),
        ("services:\n  a:\n    image: b\n", "compose.yaml", "services.a.command: is missing"),
        (r#"{"apps": [{"name": "a"}]}"#, "a.json", "apps[0].script: is missing"),
        (
            "module.exports = { apps: [{ script: process.env.A }] }",
            "a.js",
            "line 1: is an expression; only literals are read",
        ),
        ("[supervisord]\n", "a.conf", "declares no service (supervisord)"),
        (
            "hello",
            "notes.txt",
            "is none of supervisord, monit, a systemd service, a Procfile, a compose file and an \
             ecosystem file of pm2",
        ),
    ] {
        assert_eq!(fails(text, path), error, "{text}");
    }
}

#[test]
fn hostile_files_are_refused_or_read_and_never_more() {
    let mut texts = vec![
        String::new(),
        "\u{0}".to_owned(),
        "[program:".to_owned(),
        "[program:a]\ncommand=%".to_owned(),
        "[program:a]\ncommand=%(process_num)".to_owned(),
        "[program:a]\ncommand=x\nenvironment=A=\"".to_owned(),
        "[program:a]\ncommand=x\nnumprocs=4000000000".to_owned(),
        "check process \u{e9}\" with".to_owned(),
        "check process a matching".to_owned(),
        "services: &a [*a]".to_owned(),
        "services: {a: {command: x, healthcheck: 1}}".to_owned(),
        "{apps: [[[[".to_owned(),
        "[Service]\nExecStart=\\".to_owned(),
    ];
    texts.push(format!("services: {}", "[".repeat(100_000)));
    texts.push(format!("[program:a]\ncommand={}", "%(process_num)9d".repeat(10)));
    for text in texts {
        for path in ["a.conf", "Procfile", ""] {
            let _ = Imported::read(&text, Path::new(path));
        }
    }
}

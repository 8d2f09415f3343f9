use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use wardkit_api::{
    Answer, BoxFuture, CONTROL_SOCKET, ControlServer, Daemon, Number, PartStatus, ProcessUse,
    Question, QuestionRefused, ReloadRefused, Reloaded, SeriesAnswer, SeriesPoints, Status, Told,
    TopAnswer,
};
use wardkit_core::{Health, Timestamp};

use crate::{Ended, auditctl};

/// A daemon whose one part is as the test says.
struct OnePart(Health);

impl Daemon for OnePart {
    fn health(&self) -> Vec<(String, Health)> {
        vec![("http".to_owned(), self.0.clone())]
    }

    fn status(&self) -> Status {
        let since = Timestamp::UNIX_EPOCH;
        Status {
            version: "1.2.3".to_owned(),
            pid: 7,
            started_at: since,
            uptime_seconds: 5,
            data_dir: "/data".to_owned(),
            trail: None,
            config_file: None,
            listen: None,
            health: self.0.clone(),
            parts: vec![PartStatus {
                name: "http".to_owned(),
                health: self.0.clone(),
                restarts: 2,
                since,
            }],
            incidents: Vec::new(),
            services: Vec::new(),
            plugins: Vec::new(),
            events: Vec::new(),
        }
    }

    fn write_metrics(&self, _: &mut String) {}

    fn answer(&self, question: Question) -> BoxFuture<'_, Result<Answer, QuestionRefused>> {
        Box::pin(async move { answer(&question) })
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(async { Err(ReloadRefused::default()) })
    }
}

fn answer(question: &Question) -> Result<Answer, QuestionRefused> {
    let points = |values: &[f64]| {
        let at = |index: usize| 1_700_000_000.0 + 60.0 * f64::from(u32::try_from(index).unwrap());
        values.iter().enumerate().map(|(index, value)| (at(index), Number(*value))).collect()
    };
    let series = "load{host=\"a\"}".to_owned();
    let found = |values| SeriesAnswer {
        series: vec![SeriesPoints { series: series.clone(), points: points(values) }],
        truncated: false,
    };
    match question {
        Question::At { series, .. } if series == "bad{" => {
            Err(QuestionRefused::Bad("a brace is open".to_owned()))
        }
        Question::At { series, .. } if series == "none" => {
            Ok(Answer::new(&SeriesAnswer::default()))
        }
        Question::At { .. } => Ok(Answer::new(&found(&[1.5]))),
        Question::Range(range) => {
            assert!(range.from.is_some());
            Ok(Answer::new(&found(&[1.0, f64::NAN, 4.0])))
        }
        Question::Top { most: 3 } => Ok(Answer::new(&TopAnswer {
            processes: vec![ProcessUse {
                pid: 812,
                name: "post\u{1b}gres".to_owned(),
                cpu: Some(0.5),
                memory: 3 << 20,
                threads: 4,
                read: None,
                written: None,
            }],
        })),
        Question::Forecast { limit: Some(7.0), .. } | Question::Bottleneck => {
            let sentences = vec!["nothing is short".to_owned()];
            Ok(Answer::new(&Told { sentences, details: serde_json::Value::Null }))
        }
        other => panic!("{other:?}"),
    }
}

/// Runs `auditctl` with `args` beside a daemon of that health.
pub(crate) fn beside(health: Health, args: &[&str]) -> Ended {
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap().to_owned();
    let args: Vec<_> = args.iter().map(|arg| arg.replace("DIR", &data)).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = ControlServer::bind(dir.path().join(CONTROL_SOCKET)).unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn({
            let stop = stop.clone();
            async move { server.serve(Arc::new(OnePart(health)), stop.cancelled()).await }
        });
        let command = move || auditctl(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let ended = tokio::task::spawn_blocking(command).await.unwrap();
        stop.cancel();
        serving.await.unwrap();
        ended
    })
}

#[test]
fn status_is_shown_and_the_exit_code_says_whether_all_is_well() {
    for (health, code) in [
        (Health::Up, 0),
        (Health::degraded("hot"), 0),
        (Health::Starting, 1),
        (Health::down("x"), 1),
    ] {
        let ended = beside(health.clone(), &["status", "--data-dir", "DIR"]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(
            ended.stdout.contains(health.as_str()) && ended.stdout.contains("restarts: 2"),
            "{ended:?}"
        );
    }
}

#[test]
fn options_are_accepted_before_and_after_the_command() {
    for args in [
        ["--data-dir", "DIR", "--format", "json", "status"],
        ["status", "--format", "json", "--data-dir", "DIR"],
        ["--format", "json", "status", "--data-dir", "DIR"],
    ] {
        let ended = beside(Health::Up, &args);
        let status: Status = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!((status.pid, status.health), (7, Health::Up), "{args:?}");
    }
}

#[test]
fn without_a_daemon_it_says_how_to_start_one() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    let text = auditctl(&["status", "--data-dir", data]);
    assert_eq!(text.code, Some(2), "{text:?}");
    assert!(
        text.stderr.starts_with("error: no daemon")
            && text.stderr.contains("\nhint: start it: agentd run"),
        "{text:?}"
    );
    let json = auditctl(&["status", "--data-dir", data, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!((json.code, &report["error"]["kind"]), (Some(2), &"could-not-run".into()));
}

use serde_json::{Value, json};
use wardkit_api::{Question, Range};
use wardkit_core::Timestamp;

use crate::support::{Server, TestDaemon, config};

#[tokio::test]
async fn questions_reach_the_daemon_and_its_answer_the_client() {
    let daemon = TestDaemon::default();
    let questions = daemon.seen.questions.clone();
    let server = Server::start_with(config(), daemon).await;
    let reply = server.get("/api/v1/query?query=up%7Bjob%3D%22a%22%7D&time=7").await;
    assert_eq!((reply.status, reply.field("content-type")), (200, Some("application/json")));
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let points = json!([[7.0, 1.5], [7.0, "NaN"], [7.0, "+Inf"]]);
    assert_eq!(body, json!({ "series": [{ "series": "up", "points": points }] }));
    assert_eq!(server.get("/api/v1/query_range?query=up&step=1m").await.status, 200);
    let mut range = Range::of("up");
    range.step = Some(60.0);
    assert_eq!(
        *questions.lock().unwrap(),
        [
            Question::At {
                series: "up{job=\"a\"}".to_owned(),
                at: Some(Timestamp::from_unix_seconds(7))
            },
            Question::Range(range),
        ]
    );
}

#[tokio::test]
async fn what_is_no_question_is_refused_with_its_reason() {
    let server = Server::start(config()).await;
    for (target, reason) in [
        ("/api/v1/query", "query: which series?"),
        ("/api/v1/query?query=up&nonsense=1", "\"nonsense\" is no parameter of this question"),
        ("/api/v1/query?query=bad%7B", "a brace is open"),
    ] {
        let reply = server.get(target).await;
        assert_eq!((reply.status, reply.problem()), (400, "bad-question".to_owned()));
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert!(problem["errors"][0].as_str().unwrap().starts_with(reason), "{problem}");
    }
    for target in ["/v1/top", "/v1/bottleneck", "/v1/forecast"] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
    assert_eq!(server.request("POST /api/v1/query HTTP/1.1").await.status, 405);
}

#[tokio::test]
async fn who_accepts_open_metrics_gets_it_whole() {
    let server = Server::start(config()).await;
    let reply = server
        .request("GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
        .await;
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(reply.field("content-type"), Some(media));
    assert!(reply.body.ends_with("agentd_events_total 3\n# EOF\n"), "{}", reply.body);
    assert!(reply.body.contains("# TYPE agentd_server_requests counter\n"), "{}", reply.body);
    assert!(reply.body.contains("\nagentd_server_memory_usage_bytes "), "{}", reply.body);
}

//! A receiver of OpenTelemetry's protocol beside the daemon.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::prometheus::{ASKING, Labels, series};
use super::support::{Daemon, dir, until_some};

#[test]
fn what_the_collector_receives_is_what_the_daemon_shows() {
    let dir = dir();
    let peers = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/otlp_sink.py");
    let mut sink = Command::new("python3")
        .arg(script)
        .env("PYTHONPATH", peers.join("python"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(sink.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = said.next().unwrap();
    let config = dir.path().join("agentd.toml");
    let text = format!(
        "[metrics]\ninterval = \"1s\"\n[otlp]\nurl = \"http://127.0.0.1:{port}/v1/metrics\"\ninterval = \"1s\"\n"
    );
    fs::write(&config, text).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let daemon = Daemon::start(&dir.path().join("data"), &args);
    let (shown, received) = until_some(|| {
        let before = series(&daemon.request("/metrics").body);
        // One may have been under way already.
        said.next()?;
        let push: Value = serde_json::from_str(&said.next()?).unwrap();
        assert_eq!(push["headers"]["content-type"], "application/x-protobuf");
        let mut shown = series(&daemon.request("/metrics").body);
        shown.retain(|labels, value| before.get(labels) == Some(value));
        shown.retain(|labels, _| !ASKING.iter().any(|part| labels["__name__"].starts_with(part)));
        (shown.len() > 100).then(|| (shown, points(&push["request"])))
    });
    for (labels, value) in &shown {
        let told = received.get(labels).unwrap_or_else(|| panic!("{labels:?} was not pushed"));
        assert!(is_same(told, value), "{labels:?}: {told} was pushed, {value} is shown");
    }
    drop(sink.stdin.take());
    sink.wait().unwrap();
}

/// Whether two numbers are one: the reader of the sink's JSON rounds the last bit as it likes.
fn is_same(one: &str, other: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().unwrap();
    one == other || (number(one) - number(other)).abs() <= f64::EPSILON * number(other).abs()
}

/// Returns the gauges and counters of a push by their labels, the name among them.
fn points(request: &Value) -> BTreeMap<Labels, String> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let scopes = list(request, "resourceMetrics");
    let scopes = scopes.iter().flat_map(|resource| list(resource, "scopeMetrics"));
    let mut found = BTreeMap::new();
    for metric in scopes.flat_map(|scope| list(&scope, "metrics")) {
        let kinds = ["gauge", "sum"].into_iter();
        for point in kinds.flat_map(|kind| list(&metric[kind], "dataPoints")) {
            let mut labels: Labels = list(&point, "attributes")
                .iter()
                .map(|one| (text(&one["key"]), text(&one["value"]["stringValue"])))
                .filter(|(_, value)| !value.is_empty())
                .collect();
            labels.insert("__name__".to_owned(), text(&metric["name"]));
            // What is no number in JSON is its name, and zero is left out.
            let value = match &point["asDouble"] {
                Value::Null => 0.0,
                Value::String(name) => name.replace("Infinity", "inf").parse().unwrap(),
                number => number.as_f64().unwrap(),
            };
            found.insert(labels, value.to_string());
        }
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

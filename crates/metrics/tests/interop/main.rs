//! What we write, read by those who wrote the formats: the protobufs of OpenTelemetry's Python packages, the strict
//! parser of the Prometheus client for Python, and `promtool`; and what we keep, read by our own specification.
//!
//! `cargo xtask ci` installs them and runs this; by hand, with the packages below `target/tmp/peers/python`:
//! `cargo test -p wardkit-metrics --test interop --features interop,otlp`.

mod history;
mod ingest;
#[cfg(target_os = "linux")]
mod node_exporter;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use wardkit_core::Timestamp;
use wardkit_metrics::otlp::{Origin, encode};
use wardkit_metrics::{
    Exposition, Family, Histogram, Kind, ProcessCollector, Registry, Samples, ServerMetrics,
};

/// Has a program read `input`, and returns what it prints; it must end well.
fn read_by(mut program: Command, input: &[u8]) -> String {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the peer is installed");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // Both pipes may fill up: what is written must not wait for what is read.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    writer.join().expect("it does not panic").expect("all was read");
    out.into_owned()
}

fn python(script: &str) -> Command {
    let mut python = Command::new("python3");
    python
        .env("PYTHONPATH", Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script));
    python
}

/// A registry with every kind of metric, values of every kind, and labels that need care.
fn registry() -> Registry {
    let registry = Registry::new("bot").expect("sound");
    let messages =
        registry.counter("messages_total", "Messages.", ["chat", "kind"]).expect("sound");
    messages.with(["a \"quoted\" \\ one\nof two lines", "text"]).add(3);
    messages.with(["", "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}"]).add_f64(0.25);
    let load = registry.gauge("load_ratio", "Says \"how\\much\"\nit is.", ["n"]).expect("sound");
    for (name, value) in [
        ("nan", f64::NAN),
        ("inf", f64::INFINITY),
        ("low", f64::NEG_INFINITY),
        ("tiny", 5e-324),
        ("big", 1.5e300),
    ] {
        load.with([name]).set(value);
    }
    let took =
        registry.histogram("took_seconds", "Time.", ["step"], &[0.1, 1.0, 1e6]).expect("sound");
    for value in [0.05, 0.5, 0.5, 5.0, 1e9] {
        took.with(["one"]).observe(value);
    }
    took.with(["two"]).observe(0.1);
    let summary = registry.histogram("size_bytes", "Size.", [], Histogram::SECONDS).expect("sound");
    summary.with([]).observe(7.0);
    registry
}

fn foreign() -> Samples {
    let mut samples = Samples::new();
    samples.family(Family { name: "rpc_seconds", help: "Quantiles.", kind: Kind::Summary });
    samples.push(&[("quantile", "0.5")], 1.0);
    samples.push(&[("quantile", "0.99")], 2.5);
    samples.push_suffixed("_sum", &[], 30.0);
    samples.push_suffixed("_count", &[], 20.0);
    samples.single(Family { name: "whatever", help: "", kind: Kind::Untyped }, -1.0);
    samples
}

#[test]
fn a_push_is_read_with_the_official_protobufs() {
    let mut own = Samples::new();
    registry().gather(&mut own);
    let origin = Origin {
        resource: &[("service.name", "bot"), ("host.name", "a\"b")],
        own: "bot_",
        start: Timestamp::from_unix_seconds(1_700_000_000),
        now: Timestamp::from_unix_seconds(1_700_000_060),
    };
    let requests = encode([&own, &foreign()], &origin);
    assert_eq!(requests.len(), 1);
    let read = read_by(python("otlp.py"), &requests[0]);
    let expected = [
        "resource host.name='a\"b' service.name='bot'",
        "scope wardkit-metrics",
        "metric bot_load_ratio '1' 'Says \"how\\\\much\"\\nit is.' gauge",
        "  n='nan' 0 1700000060000000000 nan",
        "  n='inf' 0 1700000060000000000 inf",
        "  n='low' 0 1700000060000000000 -inf",
        "  n='tiny' 0 1700000060000000000 5e-324",
        "  n='big' 0 1700000060000000000 1.5e+300",
        "metric bot_messages_total '' 'Messages.' sum 2 True",
        "  chat='a \"quoted\" \\\\ one\\nof two lines' kind='text' 1700000000000000000 1700000060000000000 3.0",
        "  chat='' kind='\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}' 1700000000000000000 1700000060000000000 0.25",
        "metric bot_size_bytes 'By' 'Size.' histogram 2",
        "   1700000000000000000 1700000060000000000 1 7.0 [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0] [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]",
        "metric bot_took_seconds 's' 'Time.' histogram 2",
        "  step='one' 1700000000000000000 1700000060000000000 5 1000000006.05 [0.1, 1.0, 1000000.0] [1, 2, 1, 1]",
        "  step='two' 1700000000000000000 1700000060000000000 1 0.1 [0.1, 1.0, 1000000.0] [1, 0, 0, 0]",
        "metric rpc_seconds 's' 'Quantiles.' summary",
        "   0 1700000060000000000 20 30.0 [(0.5, 1.0), (0.99, 2.5)]",
        "metric whatever '' '' gauge",
        "   0 1700000060000000000 -1.0",
    ];
    assert_eq!(read.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn ten_thousand_series_are_all_in_the_push() {
    let mut samples = Samples::new();
    samples.family(Family { name: "n", help: "", kind: Kind::Gauge });
    for number in 0..9_999_u16 {
        samples.push(&[("n", &number.to_string())], f64::from(number) + 0.5);
    }
    let (start, now) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let origin = Origin { resource: &[], own: "", start, now };
    let read = read_by(python("otlp.py"), &encode([&samples], &origin)[0]);
    let points: Vec<String> = read.lines().skip(3).map(|line| line.trim().to_owned()).collect();
    let expected: Vec<String> = (0..9_999).map(|n| format!("n='{n}' 0 0 {n}.5")).collect();
    assert_eq!(points, expected);
}

#[test]
fn the_strict_parser_reads_openmetrics_and_finds_every_value() {
    let registry = registry();
    let mut page = String::new();
    registry.write(Exposition::OpenMetrics, &[&foreign()], &mut page);
    let read = read_by(python("openmetrics.py"), page.as_bytes());
    for line in [
        "bot_messages counter '' bot_messages_total chat='a \"quoted\" \\\\ one\\nof two lines' kind='text' 3.0",
        "bot_load_ratio gauge 'ratio' bot_load_ratio n='nan' nan",
        "bot_load_ratio gauge 'ratio' bot_load_ratio n='tiny' 5e-324",
        "bot_took_seconds histogram 'seconds' bot_took_seconds_bucket le='1000000.0' step='one' 4.0",
        "rpc_seconds summary 'seconds' rpc_seconds_count  20.0",
        "whatever unknown '' whatever  -1.0",
    ] {
        assert!(read.lines().any(|read| read == line), "{line} is not in\n{read}");
    }
    let written = page.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(read.lines().count(), written);
}

#[test]
fn promtool_has_nothing_to_remark() {
    let registry = registry();
    ServerMetrics::new(&registry).expect("the names are free").answered(
        "GET",
        "/",
        200,
        std::time::Duration::from_millis(5),
    );
    registry.collect_with(ProcessCollector::new().expect("/proc is there"));
    let mut page = String::new();
    registry.write(Exposition::Text, &[], &mut page);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    assert_eq!(read_by(promtool, page.as_bytes()), "");
}

//! What expressions come to.

use wardkit_promql::{Expr, Labels, MemorySource, Sample, Value, eval};

/// Returns what an expression comes to at 600 s over a small world.
fn at_600(text: &str) -> String {
    match eval(&Expr::parse(text).unwrap(), &world(), 600_000) {
        Ok(value) => show(value),
        Err(error) => format!("error: {error}"),
    }
}

fn show(value: Value) -> String {
    match value {
        Value::Scalar(value) => value.to_string(),
        Value::String(text) => text,
        Value::Vector(elements) => {
            let mut all: Vec<_> =
                elements.iter().map(|one| format!("{} {}", one.labels, one.value)).collect();
            all.sort();
            all.join("; ")
        }
        Value::Matrix(series) => {
            let samples = |samples: &[Sample]| {
                let all: Vec<_> =
                    samples.iter().map(|one| format!("{}@{}", one.value, one.at_ms)).collect();
                all.join(" ")
            };
            let all: Vec<_> = series
                .iter()
                .map(|one| format!("{} {}", one.labels, samples(&one.samples)))
                .collect();
            all.join("; ")
        }
    }
}

fn world() -> MemorySource {
    let mut source = MemorySource::new();
    let mut add = |name: &str, job: &str, values: &[(i64, f64)]| {
        let labels: Labels = [("__name__", name), ("job", job)].into_iter().collect();
        for (at, value) in values {
            source.append(&labels, Sample::new(at * 1000, *value));
        }
    };
    let minutes: Vec<i64> = (0..=10).map(|minute| minute * 60).collect();
    let counter = |by: f64| -> Vec<(i64, f64)> {
        minutes.iter().map(|at| (*at, by * f64::from(i32::try_from(*at).unwrap()))).collect()
    };
    add("requests_total", "api", &counter(2.0));
    add("requests_total", "web", &counter(0.5));
    add("up", "api", &[(540, 1.0), (600, 1.0)]);
    add("up", "web", &[(540, 1.0), (600, 0.0)]);
    add("up", "old", &[(299, 1.0)]);
    add("up", "gone", &[(540, 1.0), (590, Sample::STALE)]);
    source
}

#[test]
fn a_selector_finds_what_is_not_too_old_and_has_not_ended() {
    assert_eq!(at_600("up"), r#"{__name__="up", job="api"} 1; {__name__="up", job="web"} 0"#);
    assert_eq!(at_600("up{job='old'} offset 1s"), r#"{__name__="up", job="old"} 1"#);
    assert_eq!(at_600("up{job='gone'} @ 589.999"), r#"{__name__="up", job="gone"} 1"#);
    assert_eq!(at_600("up{job='gone'}[1m]"), r#"{__name__="up", job="gone"} 1@540000"#);
    assert_eq!(at_600("up{job=~'a.i'}"), r#"{__name__="up", job="api"} 1"#);
    assert_eq!(at_600("up{job!~'.*e.*|api|old'}"), "");
}

#[test]
fn rates_reach_to_the_ends_of_their_range() {
    let both = r#"{job="api"} 2; {job="web"} 0.5"#;
    assert_eq!(at_600("rate(requests_total[5m])"), both);
    assert_eq!(at_600("irate(requests_total[5m])"), both);
    assert_eq!(at_600("deriv(requests_total[5m])"), both);
    assert_eq!(at_600("sum(increase(requests_total[5m]))"), "{} 750");
    assert_eq!(at_600("rate(requests_total[30s])"), "");
}

#[test]
fn operators_match_elements_by_their_labels() {
    assert_eq!(at_600("up == 0"), r#"{__name__="up", job="web"} 0"#);
    assert_eq!(at_600("up == bool 0"), r#"{job="api"} 0; {job="web"} 1"#);
    assert_eq!(at_600("1 > up"), r#"{__name__="up", job="web"} 0"#);
    assert_eq!(at_600("requests_total * up"), r#"{job="api"} 1200; {job="web"} 0"#);
    assert_eq!(
        at_600("requests_total and up == 1"),
        r#"{__name__="requests_total", job="api"} 1200"#
    );
    assert_eq!(at_600("up unless on(job) (up == 1)"), r#"{__name__="up", job="web"} 0"#);
    assert_eq!(
        at_600("up + on() up"),
        "error: two elements of the right side match {}; only one may"
    );
    assert_eq!(
        at_600("up + on() sum(up)"),
        "error: two elements of the left side match {}; group_left says so"
    );
    assert_eq!(at_600("up + on() group_left sum(up)"), r#"{job="api"} 2; {job="web"} 1"#);
    assert_eq!(at_600("-{job='api'}"), "error: two elements have the same labels {job=\"api\"}");
}

#[test]
fn aggregations_group_by_labels() {
    assert_eq!(at_600("sum(up)"), "{} 1");
    assert_eq!(at_600("avg by (job) (up)"), r#"{job="api"} 1; {job="web"} 0"#);
    assert_eq!(at_600("count without (job) ({job=~'api|web'})"), "{} 4");
    assert_eq!(at_600("topk(1, requests_total)"), r#"{__name__="requests_total", job="api"} 1200"#);
    assert_eq!(at_600("quantile(0.5, requests_total)"), "{} 750");
    assert_eq!(at_600("count_values('v', up)"), r#"{v="0"} 1; {v="1"} 1"#);
    assert_eq!(at_600("sum(nothing)"), "");
}

#[test]
fn functions_do_what_their_names_say() {
    assert_eq!(at_600("time()"), "600");
    assert_eq!(at_600("absent(up{job='x', a=~'b'})"), r#"{job="x"} 1"#);
    assert_eq!(at_600("absent(up)"), "");
    assert_eq!(at_600("absent_over_time(nope{job='x'}[5m])"), r#"{job="x"} 1"#);
    assert_eq!(
        at_600("label_replace(up, 'j', '$1-x', 'job', '(.).*')"),
        r#"{__name__="up", j="a-x", job="api"} 1; {__name__="up", j="w-x", job="web"} 0"#
    );
    assert_eq!(at_600("label_join(vector(1), 'a b', '-')"), "error: \"a b\" is no name of a label");
    assert_eq!(at_600("max_over_time(sum(up)[2m:1m])"), "{} 4");
    assert_eq!(at_600("year(vector(1e9)) + month(vector(1e9)) * 10000"), "{} 92001");
    assert_eq!(at_600("scalar(up)"), "NaN");
    assert_eq!(at_600("'text'"), "text");
    assert_eq!(at_600("predict_linear(requests_total{job='web'}[5m], 60)"), r#"{job="web"} 330"#);
}

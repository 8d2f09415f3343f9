//! Both text formats, and who gets which.

use wardkit_metrics::{Exposition, Family, Kind, Registry, Samples};

#[test]
fn the_accept_header_decides_and_plain_text_is_for_everybody_else() {
    use Exposition::{OpenMetrics, Text};
    let prometheus = "application/openmetrics-text;version=1.0.0,\
        application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let rows = [
        (None, Text),
        (Some(""), Text),
        (Some("*/*"), Text),
        (Some("text/html, */*;q=0.1"), Text),
        (Some(prometheus), OpenMetrics),
        (Some("application/openmetrics-text"), OpenMetrics),
        (Some("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8"), OpenMetrics),
        (Some("application/openmetrics-text;version=0.0.1"), Text),
        (Some("application/openmetrics-text;version=2.0.0"), Text),
        (Some("application/openmetrics-text;version=0.0.4"), Text),
        (Some("application/openmetrics-text;q=0"), Text),
        (Some("application/openmetrics-text;q=x"), Text),
        (Some("application/openmetrics-text;q=NaN"), Text),
        (Some("application/openmetrics-text;q=0.5, text/plain"), Text),
        (Some("text/plain;q=0.5, application/openmetrics-text;q=0.5"), OpenMetrics),
    ];
    for (accept, expected) in rows {
        assert_eq!(Exposition::negotiate(accept), expected, "{accept:?}");
    }
}

fn written(format: Exposition, sources: &[&Samples]) -> (String, Vec<String>) {
    let (mut out, mut conflicts) = (String::new(), Vec::new());
    let sources = sources.iter().copied();
    format.write(sources, &mut out, |family| conflicts.push(family.to_owned()));
    (out, conflicts)
}

type Declared<'a> = (&'a str, Kind, &'a [(&'a str, f64)]);

fn samples(families: &[Declared<'_>]) -> Samples {
    let mut samples = Samples::new();
    for (name, kind, points) in families {
        samples.family(Family { name, help: "Says \"a\\b\"\nmore.", kind: *kind });
        for (label, value) in *points {
            samples.push(&[("l", label)], *value);
        }
    }
    samples
}

#[test]
fn openmetrics_has_units_and_an_end_and_the_same_series() {
    let samples = samples(&[
        ("a_seconds_total", Kind::Counter, &[("x", 1.5)]),
        ("b_bytes", Kind::Gauge, &[("x", 1e21)]),
        ("old_counter", Kind::Counter, &[("x", 2.0)]),
        ("z", Kind::Untyped, &[("x", f64::NAN), ("y", f64::INFINITY), ("z", f64::NEG_INFINITY)]),
    ]);
    let (text, conflicts) = written(Exposition::OpenMetrics, &[&samples]);
    assert_eq!(
        text,
        "# HELP a_seconds Says \\\"a\\\\b\\\"\\nmore.\n\
         # TYPE a_seconds counter\n\
         # UNIT a_seconds seconds\n\
         a_seconds_total{l=\"x\"} 1.5\n\
         # HELP b_bytes Says \\\"a\\\\b\\\"\\nmore.\n\
         # TYPE b_bytes gauge\n\
         # UNIT b_bytes bytes\n\
         b_bytes{l=\"x\"} 1e21\n\
         # HELP old_counter Says \\\"a\\\\b\\\"\\nmore.\n\
         # TYPE old_counter unknown\n\
         old_counter{l=\"x\"} 2\n\
         # HELP z Says \\\"a\\\\b\\\"\\nmore.\n\
         # TYPE z unknown\n\
         z{l=\"x\"} NaN\n\
         z{l=\"y\"} +Inf\n\
         z{l=\"z\"} -Inf\n\
         # EOF\n"
    );
    assert_eq!(conflicts, [""; 0]);
    let (text, _) = written(Exposition::Text, &[&samples]);
    assert!(text.starts_with(
        "# HELP a_seconds_total Says \"a\\\\b\"\\nmore.\n# TYPE a_seconds_total counter\na_sec"
    ));
    assert!(text.contains("# TYPE z untyped\n") && !text.contains("# UNIT"), "{text}");
}

#[test]
fn numbers_read_back_as_they_were() {
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e15,
        1e16,
        9_007_199_254_740_993.0,
        1e300,
        5e-324,
        -2.5e-9,
        f64::MAX,
        f64::MIN_POSITIVE,
        1.0 / 3.0,
    ];
    for number in numbers {
        let samples = samples(&[("n", Kind::Gauge, &[("x", number)])]);
        let (text, _) = written(Exposition::Text, &[&samples]);
        let printed = text.trim_end().rsplit(' ').next().expect("a value");
        assert_eq!(printed.parse::<f64>(), Ok(number), "{printed}");
        assert!(printed.len() < 25, "{printed}");
    }
}

#[test]
fn families_of_one_name_are_put_together_and_contradictions_left_out() {
    let one = samples(&[("a", Kind::Gauge, &[("1", 1.0)]), ("b", Kind::Gauge, &[("1", 1.0)])]);
    let two = samples(&[("a", Kind::Gauge, &[("1", 7.0), ("2", 2.0)])]);
    let three = samples(&[("b", Kind::Untyped, &[("2", 2.0)])]);
    let (text, conflicts) = written(Exposition::Text, &[&one, &two, &three]);
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("# HELP")).collect();
    assert_eq!(
        lines,
        ["# TYPE a gauge", "a{l=\"1\"} 1", "a{l=\"2\"} 2", "# TYPE b gauge", "b{l=\"1\"} 1"]
    );
    assert_eq!(conflicts, ["a", "b"]);
}

#[test]
fn a_family_named_like_a_part_of_anothers_is_left_out() {
    let whole = samples(&[
        ("a", Kind::Histogram, &[]),
        ("b", Kind::Summary, &[]),
        ("c", Kind::Gauge, &[("1", 1.0)]),
    ]);
    let parts = samples(&[
        ("a_count", Kind::Gauge, &[("1", 1.0)]),
        ("a_bucket", Kind::Untyped, &[("1", 1.0)]),
        ("a_count_total", Kind::Counter, &[("1", 1.0)]),
        ("b_sum", Kind::Gauge, &[("1", 1.0)]),
        ("b_bucket", Kind::Gauge, &[("1", 1.0)]),
        ("c_count", Kind::Gauge, &[("1", 1.0)]),
    ]);
    for format in [Exposition::Text, Exposition::OpenMetrics] {
        // Whoever was first: half a histogram is of no use to anybody.
        for sources in [[&whole, &parts], [&parts, &whole]] {
            let (text, conflicts) = written(format, &sources);
            assert_eq!(conflicts, ["a_bucket", "a_count", "b_sum"], "{text}");
            assert!(!text.contains("a_count{") && !text.contains("b_sum{"), "{text}");
            assert!(text.contains("c_count{l=\"1\"} 1\n"), "{text}");
        }
    }
}

#[test]
fn the_time_at_which_a_counter_began_belongs_to_the_counter_in_openmetrics() {
    let samples = samples(&[
        ("a_total", Kind::Counter, &[("1", 1.0)]),
        ("a_created", Kind::Gauge, &[("1", 1.0)]),
        ("b", Kind::Summary, &[]),
        ("b_created", Kind::Gauge, &[("1", 1.0)]),
        ("c", Kind::Gauge, &[]),
        ("c_created", Kind::Gauge, &[("1", 1.0)]),
    ]);
    assert_eq!(written(Exposition::Text, &[&samples]).1, [""; 0]);
    let (text, conflicts) = written(Exposition::OpenMetrics, &[&samples]);
    assert_eq!(conflicts, ["a_created", "b_created"]);
    assert!(
        text.contains("a_total{l=\"1\"} 1\n") && text.contains("c_created{l=\"1\"} 1\n"),
        "{text}"
    );
}

#[test]
fn a_gauge_and_a_counter_that_openmetrics_calls_alike_are_told_apart_from_their_kinds() {
    let samples =
        samples(&[("a", Kind::Gauge, &[("1", 1.0)]), ("a_total", Kind::Counter, &[("1", 1.0)])]);
    assert_eq!(written(Exposition::Text, &[&samples]).1, [""; 0]);
    let (text, conflicts) = written(Exposition::OpenMetrics, &[&samples]);
    assert_eq!(conflicts, ["a_total"]);
    assert!(!text.contains("a_total"), "{text}");
}

#[test]
fn conflicts_are_counted_by_the_registry() {
    let registry = Registry::new("").expect("no prefix is a prefix");
    registry.gauge("a", "A.", ["l"]).expect("sound").with(["1"]).set(1.0);
    let others = samples(&[("a", Kind::Gauge, &[("1", 7.0)])]);
    let mut out = String::new();
    registry.write(Exposition::Text, &[&others], &mut out);
    assert!(out.contains("a{l=\"1\"} 1\n") && !out.contains("a{l=\"1\"} 7\n"), "{out}");
    out.clear();
    registry.write(Exposition::Text, &[], &mut out);
    assert!(out.contains("metrics_conflicts_total{family=\"a\"} 1\n"), "{out}");
}

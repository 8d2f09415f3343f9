//! Bodies that programs push: what is read, and what is refused.

use wardkit_metrics::Kind;
use wardkit_metrics::ingest::{IngestConfig, IngestError, Reason, parse};

fn limits() -> IngestConfig {
    IngestConfig::default()
}

/// Returns a body's families as text: name, kind, help and samples.
fn read(body: &str) -> Result<Vec<String>, (usize, Reason)> {
    let pushed = parse(body.as_bytes(), &limits()).map_err(|error| match error {
        IngestError::Malformed { line, reason } => (line, reason),
        other => panic!("{other}"),
    })?;
    let families = pushed.families().map(|family| {
        let samples: Vec<_> =
            family.samples().map(|(rest, value)| format!("{rest}={value:?}")).collect();
        format!("{} {:?} {:?} {}", family.name(), family.kind(), family.help(), samples.join(" "))
    });
    Ok(families.collect())
}

#[test]
fn what_client_libraries_write_is_read() {
    for (body, expected) in [
        ("", vec![]),
        ("\n  \n# a comment\n#another\n", vec![]),
        ("up 1", vec![r#"up Untyped "" =1.0"#]),
        ("up 1\r\n", vec![r#"up Untyped "" =1.0"#]),
        (
            "# HELP a_total Two\\nlines \\\\ and more\n# TYPE a_total counter\na_total 3\n",
            vec![r#"a_total Counter "Two\nlines \\ and more" =3.0"#],
        ),
        // Labels are sorted, empty ones are none, and escapes stay.
        (
            "a{z=\"1\",b=\"x\\\"\\\\\\n}{\", e = \"\" , } 2 1700000000000\n",
            vec![r#"a Untyped "" {b="x\"\\\n}{",z="1"}=2.0"#],
        ),
        ("a{} 1\na:b_c 2\n", vec![r#"a Untyped "" =1.0"#, r#"a:b_c Untyped "" =2.0"#]),
        (
            "a{n=\"1\"} NaN\na{n=\"2\"} +Inf\na{n=\"3\"} -Inf\na{n=\"4\"} 1e-3\na{n=\"5\"} inf\n",
            vec![
                "a Untyped \"\" {n=\"1\"}=NaN {n=\"2\"}=inf {n=\"3\"}=-inf {n=\"4\"}=0.001 {n=\"5\"}=inf",
            ],
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 0.3\nh_count 2\n",
            vec![
                "h Histogram \"\" _bucket{le=\"0.1\"}=1.0 _bucket{le=\"+Inf\"}=2.0 _sum=0.3 _count=2.0",
            ],
        ),
        (
            "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 2\ns_created 1.6e9\n",
            vec!["s Summary \"\" {quantile=\"0.5\"}=1.0 _sum=2.0 _count=2.0"],
        ),
        // OpenMetrics: the counter's name is without its suffix, and there are exemplars.
        (
            "# TYPE a counter\n# UNIT a seconds\n# HELP a Help.\na_total 3 # {id=\"x\"} 0.67 1.5\na_created 1\n# EOF\n",
            vec![r#"a_total Counter "Help." =3.0"#],
        ),
        (
            "# TYPE b info\nb_info{v=\"1\"} 1\n# TYPE c stateset\nc{c=\"on\"} 1\n# TYPE d unknown\nd 1\n",
            vec![
                "b_info Gauge \"\" {v=\"1\"}=1.0",
                "c Gauge \"\" {c=\"on\"}=1.0",
                "d Untyped \"\" =1.0",
            ],
        ),
        (
            "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\ng_gcount 1\ng_gsum 2\n",
            vec![
                "g_bucket Untyped \"\" {le=\"1\"}=1.0",
                "g_gcount Untyped \"\" =1.0",
                "g_gsum Untyped \"\" =2.0",
            ],
        ),
        // A family may come back after another.
        (
            "a{n=\"1\"} 1\nb 1\na{n=\"2\"} 1\n",
            vec!["a Untyped \"\" {n=\"1\"}=1.0 {n=\"2\"}=1.0", "b Untyped \"\" =1.0"],
        ),
        // A gauge that only looks like a part of something.
        ("# TYPE x gauge\nx 1\nx_sum 2\n", vec!["x Gauge \"\" =1.0", "x_sum Untyped \"\" =2.0"]),
    ] {
        assert_eq!(read(body), Ok(expected.into_iter().map(str::to_owned).collect()), "{body}");
    }
}

#[test]
fn the_older_format_has_the_time_at_which_a_counter_began_as_a_gauge() {
    let body = "# TYPE a_total counter\na_total 3\n# TYPE a_created gauge\na_created 1e9\n\
                # TYPE job_created gauge\njob_created 1\n";
    let kept = ["a_total Counter \"\" =3.0", "job_created Gauge \"\" =1.0"];
    assert_eq!(read(body), Ok(kept.map(str::to_owned).to_vec()));
}

#[test]
fn a_line_at_fault_is_named_with_its_reason() {
    for (line, reason) in [
        ("1up 1", Reason::Name),
        ("{a=\"1\"} 1", Reason::Name),
        ("-1", Reason::Name),
        ("caf\u{e9} 1", Reason::Name),
        ("a.5 1", Reason::Name),
        ("a_2.5", Reason::Name),
        ("a-1", Reason::Name),
        ("a+Inf", Reason::Name),
        ("a", Reason::Value),
        ("a many", Reason::Value),
        ("a 1_000", Reason::Value),
        ("a 0x10", Reason::Value),
        ("a 1,5", Reason::Value),
        ("a --1", Reason::Value),
        ("a {x=\"1\"}", Reason::Value),
        ("a 1 soon", Reason::Time),
        ("a 1 2 3", Reason::Surplus),
        ("a 1 # {x=\"1\"}", Reason::Value),
        ("a 1 # {x=\"1\"} 1 soon", Reason::Time),
        ("a 1 # exemplar", Reason::Time),
        ("a{", Reason::LabelName),
        ("a{1=\"1\"} 1", Reason::LabelName),
        ("a{__name__=\"b\"} 1", Reason::LabelName),
        ("a{b:c=\"1\"} 1", Reason::LabelValue),
        ("a{b} 1", Reason::LabelValue),
        ("a{b=1} 1", Reason::LabelValue),
        ("a{b=\"1} 1", Reason::LabelValue),
        ("a{b=\"\\t\"} 1", Reason::Escape),
        ("a{b=\"\\", Reason::Escape),
        ("a{b=\"1\" c=\"2\"} 1", Reason::Braces),
        ("a{b=\"1\"", Reason::Braces),
        ("a{b=\"1\",b=\"2\"} 1", Reason::LabelTwice),
        ("# TYPE b teapot", Reason::Type),
        ("# TYPE b", Reason::Type),
        ("# TYPE b counter extra", Reason::Type),
        ("# TYPE 1 counter", Reason::Name),
        ("# HELP", Reason::Name),
        ("# TYPE first_total counter", Reason::Twice),
        ("# HELP first_total Again.", Reason::Twice),
        ("# TYPE plain gauge", Reason::LateType),
        ("h_bucket 1", Reason::Bound),
        ("h_bucket{le=\"low\"} 1", Reason::Bound),
        ("h 1", Reason::NotOfFamily),
        ("plain 2", Reason::Duplicate),
    ] {
        let body = format!(
            "# HELP first_total Help.\n# TYPE first_total counter\nplain 1\n# TYPE h histogram\n{line}\nrest 1\n"
        );
        assert_eq!(read(&body), Err((5, reason)), "{line}");
    }
    assert_eq!(read("a 1\n# EOF\n\na 2\n"), Err((4, Reason::AfterEnd)));
    // The order of labels makes no other series.
    let body = "a{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 1\n";
    assert_eq!(read(body), Err((2, Reason::Duplicate)));
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let refused = parse(b"a 1\nb 2\nc{d=\"\xff\"} 3\n", &limits()).unwrap_err();
    assert_eq!(refused, IngestError::Malformed { line: 3, reason: Reason::NotText });
    assert_eq!(refused.to_string(), "line 3: it is not UTF-8");
}

#[test]
fn what_is_beyond_a_limit_is_refused() {
    let mut small = limits();
    small.max_body = 100;
    small.max_line = 50;
    small.max_label_value = 4;
    small.max_labels = 2;
    small.max_families = 3;
    let refused = |body: &str| match parse(body.as_bytes(), &small).unwrap_err() {
        IngestError::Malformed { line, reason } => (line, reason),
        other => panic!("{other}"),
    };
    assert_eq!(parse(&[b'a'; 101], &small).unwrap_err(), IngestError::TooLarge { limit: 100 });
    assert_eq!(refused(&format!("a 1\n{} 1\n", "b".repeat(50))), (2, Reason::LongLine));
    assert_eq!(refused("a{b=\"12345\"} 1\n"), (1, Reason::LongLabel));
    assert_eq!(refused("a{b=\"1\",c=\"1\",d=\"1\"} 1\n"), (1, Reason::ManyLabels));
    assert_eq!(refused("a 1\nb 1\nc 1\nd 1\n"), (4, Reason::ManyFamilies));
    assert_eq!(refused("# HELP a\n# HELP b\n# HELP c\n# HELP d\n"), (4, Reason::ManyFamilies));
}

#[test]
fn surplus_series_are_counted_and_not_kept() {
    let mut small = limits();
    small.max_series_per_family = 3;
    let body: String =
        (0..10).map(|n| format!("a{{n=\"{n}\"}} 1\n")).collect::<Vec<_>>().concat() + "b 1\n";
    let pushed = parse(body.as_bytes(), &small).unwrap();
    let counts: Vec<_> =
        pushed.families().map(|family| (family.samples().len(), family.surplus())).collect();
    assert_eq!(counts, [(3, 7), (1, 0)]);
}

#[test]
fn a_value_that_nothing_counts_to_is_refused() {
    for (line, reason) in [
        ("h_bucket{le=\"NaN\"} 1", Reason::Bound),
        ("h_bucket{le=\"1\"} 1", Reason::LastBucket),
        ("h_count 1", Reason::LastBucket),
        ("h_bucket{le=\"1\"} -1", Reason::Count),
        ("h_bucket{le=\"1\"} 0.5", Reason::Count),
        ("h_count NaN", Reason::Count),
        ("h_count +Inf", Reason::Count),
        ("first_total -1", Reason::Count),
        ("first_total NaN", Reason::Count),
        ("s_count -3", Reason::Count),
        ("s{quantile=\"0.5\"} -3", Reason::Quantile),
        ("s{quantile=\"1.5\"} 3", Reason::Bound),
    ] {
        let types = "# TYPE first_total counter\n# TYPE h histogram\n# TYPE s summary\n";
        assert_eq!(read(&format!("{types}{line}\n")), Err((4, reason)), "{line}");
    }
}

#[test]
fn a_histogram_that_is_none_is_refused_where_it_goes_wrong() {
    let histogram = |lines: &str| {
        let whole = "h_bucket{n=\"1\",le=\"+Inf\"} 1\nh_sum{n=\"1\"} 1\nh_count{n=\"1\"} 1";
        read(&format!("# TYPE h histogram\n{whole}\n{lines}"))
    };
    for (lines, line, reason) in [
        ("h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n", 5, Reason::LastBucket),
        ("h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\n", 6, Reason::Falling),
        ("h_bucket{le=\"+Inf\"} 2\nh_bucket{le=\"1\"} 3\n", 5, Reason::Falling),
        ("h_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 3\n", 7, Reason::OtherCount),
        (
            "h_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"inf\"} 1",
            6,
            Reason::Duplicate,
        ),
    ] {
        assert_eq!(histogram(lines), Err((line, reason)), "{lines}");
    }
}

#[test]
fn a_histogram_is_put_together_in_the_order_of_its_bounds() {
    for (body, expected) in [
        (
            "h_sum 9\nh_bucket{le=\"inf\"} 2\nh_count 2\nh_bucket{le=\"10\"} 1\nh_bucket{le=\"9\"} 1\n",
            "_bucket{le=\"9\"}=1.0 _bucket{le=\"10\"}=1.0 _bucket{le=\"+Inf\"}=2.0 _sum=9.0 _count=2.0",
        ),
        (
            "h_bucket{a=\"1\",le=\"+Inf\"} 1\nh_bucket{a=\"2\",le=\"+Inf\"} 2\nh_bucket{a=\"1\",le=\"1\"} 0\n",
            "_bucket{a=\"1\",le=\"1\"}=0.0 _bucket{a=\"1\",le=\"+Inf\"}=1.0 _bucket{a=\"2\",le=\"+Inf\"}=2.0",
        ),
        // One update that took no number of seconds does not hide the others.
        ("h_bucket{le=\"+Inf\"} 2\nh_sum NaN\nh_count 2\n", "_bucket{le=\"+Inf\"}=2.0"),
        ("h_bucket{le=\"+Inf\"} 2\nh_sum -1\nh_count 2\n", "_bucket{le=\"+Inf\"}=2.0"),
        ("h_bucket{le=\"+Inf\"} 2\nh_count 2\n", "_bucket{le=\"+Inf\"}=2.0"),
        (
            "h_bucket{le=\"-10\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n",
            "_bucket{le=\"-10\"}=2.0 _bucket{le=\"+Inf\"}=2.0",
        ),
    ] {
        let read = read(&format!("# TYPE h histogram\n{body}"));
        assert_eq!(read, Ok(vec![format!("h Histogram \"\" {expected}")]), "{body}");
    }
    let summary = "# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum NaN\ns_count 0\n";
    assert_eq!(
        read(summary),
        Ok(vec!["s Summary \"\" {quantile=\"0.5\"}=NaN _count=0.0".to_owned()])
    );
}

#[test]
fn a_histogram_of_which_a_part_has_no_room_is_surplus_and_no_mistake() {
    let mut small = limits();
    small.max_series_per_family = 3;
    let body = "# TYPE h histogram\nh_bucket{n=\"1\",le=\"1\"} 1\nh_bucket{n=\"2\",le=\"1\"} 1\n\
                h_bucket{n=\"1\",le=\"+Inf\"} 1\nh_bucket{n=\"2\",le=\"+Inf\"} 1\n";
    let pushed = parse(body.as_bytes(), &small).unwrap();
    let family = pushed.families().next().unwrap();
    assert_eq!((family.samples().len(), family.surplus()), (2, 2));
    assert!(family.samples().all(|(rest, _)| rest.contains("n=\"1\"")));
}

#[test]
fn a_histogram_is_kept_whole_or_not_at_all() {
    let mut small = limits();
    small.max_series_per_family = 6;
    let one = |handler: &str| {
        format!(
            "h_bucket{{handler=\"{handler}\",le=\"1\"}} 1\nh_bucket{{handler=\"{handler}\",le=\"+Inf\"}} 1\n\
             h_sum{{handler=\"{handler}\"}} 1\nh_count{{handler=\"{handler}\"}} 1\n"
        )
    };
    let body = format!("# TYPE h histogram\n{}{}", one("a"), one("b"));
    let pushed = parse(body.as_bytes(), &small).unwrap();
    let family = pushed.families().next().unwrap();
    assert_eq!(family.kind(), Kind::Histogram);
    assert_eq!((family.samples().len(), family.surplus()), (4, 4));
    assert!(family.samples().all(|(rest, _)| rest.contains("handler=\"a\"")));
}

use super::*;

fn events(events: &[(&str, &str)]) -> Advisory {
    let event = |(kind, at): &(&str, &str)| match *kind {
        "introduced" => Event::Introduced((*at).to_owned()),
        "fixed" => Event::Fixed((*at).to_owned()),
        "last" => Event::LastAffected((*at).to_owned()),
        _ => Event::Limit((*at).to_owned()),
    };
    advisory(Range::Events(events.iter().map(event).collect()))
}

fn advisory(range: Range) -> Advisory {
    Advisory {
        id: "X-1".to_owned(),
        aliases: Vec::new(),
        summary: String::new(),
        severity: None,
        kind: AdvisoryKind::Vulnerability,
        ranges: vec![range],
        versions: vec!["9.9.9".to_owned()],
        cwe: Vec::new(),
        link: None,
    }
}

#[test]
fn events_decide_by_order_not_by_place() {
    let two = events(&[
        ("introduced", "2.0.0"),
        ("fixed", "1.5.0"),
        ("introduced", "0"),
        ("fixed", "2.3.0"),
    ]);
    let is = |version: &str| two.concerns(Ecosystem::Npm, version);
    let rows = [
        ("0.0.1", true),
        ("1.4.9", true),
        ("1.5.0", false),
        ("1.9.9", false),
        ("2.0.0", true),
        ("2.2.9", true),
        ("2.3.0", false),
        ("9.9.9", true),
    ];
    for (version, wanted) in rows {
        assert_eq!(is(version), Some(wanted), "{version}");
    }
    assert_eq!(is("latest"), None);
    assert_eq!(two.fixed_after(Ecosystem::Npm, "1.0.0"), Some("1.5.0"));
    assert_eq!(two.fixed_after(Ecosystem::Npm, "2.1.0"), Some("2.3.0"));
    assert_eq!(two.fixed_after(Ecosystem::Npm, "3.0.0"), None);
    let last = events(&[("introduced", "1.0"), ("last", "1.2")]);
    assert_eq!(last.concerns(Ecosystem::PyPi, "1.2.0"), Some(true));
    assert_eq!(last.concerns(Ecosystem::PyPi, "1.2.post1"), Some(false));
    assert_eq!(last.concerns(Ecosystem::PyPi, "1.0rc1"), Some(false));
    let limit = events(&[("introduced", "0"), ("limit", "1.0")]);
    assert_eq!(limit.concerns(Ecosystem::PyPi, "0.9"), Some(true));
    assert_eq!(limit.concerns(Ecosystem::PyPi, "1.0"), Some(false));
}

#[test]
fn an_end_at_the_version_where_it_began_ends_it() {
    for order in [
        [("introduced", "1.0.0"), ("fixed", "1.0.0")],
        [("fixed", "1.0.0"), ("introduced", "1.0.0")],
    ] {
        assert_eq!(events(&order).concerns(Ecosystem::Npm, "1.0.0"), Some(false), "{order:?}");
    }
}

#[test]
fn requirements_of_cargo_are_what_is_not_concerned() {
    let but = |patched: &[&str], unaffected: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        advisory(Range::AllBut { patched: owned(patched), unaffected: owned(unaffected) })
    };
    let one = but(&[">= 1.2.3", "^0.9.5"], &["< 0.5"]);
    for (version, wanted) in [
        ("0.4.9", false),
        ("0.5.0", true),
        ("0.9.4", true),
        ("0.9.5", false),
        ("0.9.99", false),
        ("0.10.0", true),
        ("1.2.3-alpha", true),
        ("1.2.3", false),
        ("2.0.0-beta", false),
    ] {
        assert_eq!(one.concerns(Ecosystem::Cargo, version), Some(wanted), "{version}");
    }
    assert_eq!(one.fixed_after(Ecosystem::Cargo, "0.9.0"), Some("0.9.5"));
    assert_eq!(one.fixed_after(Ecosystem::Cargo, "1.0.0"), Some("1.2.3"));
    let never = but(&[], &[]);
    assert_eq!(never.concerns(Ecosystem::Cargo, "1.0.0"), Some(true));
    assert_eq!(never.fixed_after(Ecosystem::Cargo, "1.0.0"), None);
    let between = but(&["> 1, <= 2.1", "~3.1", "=4.0.0"], &[]);
    for (version, wanted) in [
        ("1.9.0", true),
        ("2.1.5", false),
        ("3.1.9", false),
        ("3.2.0", true),
        ("4.0.0", false),
        ("4.0.1", true),
    ] {
        assert_eq!(between.concerns(Ecosystem::Cargo, version), Some(wanted), "{version}");
    }
}

#[test]
fn vectors_give_severities() {
    for (vector, wanted) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Severity::Critical)),
        ("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Some(Severity::Medium)),
        ("CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Some(Severity::Low)),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            Some(Severity::Critical),
        ),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", Some(Severity::High)),
        ("bogus", None),
    ] {
        assert_eq!(osv::rated(vector), wanted, "{vector}");
    }
}

use std::time::Duration;

use wardkit_core::{Labels, Timestamp};

use super::{NotificationScope, NotificationTemplate, RuleScope, RuleTemplate, TemplateError};
use crate::{
    ChannelId, Condition, Fingerprint, Kind, Notification, NotificationKey, NotifiedAlert, Urgency,
};

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

fn rule(text: &str) -> Result<String, TemplateError> {
    let query = |expression: &str| {
        if expression == "up" {
            Ok(vec![(labels(&[("job", "b")]), 1.0), (labels(&[("job", "a")]), 0.5)])
        } else {
            Err(format!("no {expression}"))
        }
    };
    RuleTemplate::parse(text)?.render(&RuleScope {
        labels: &labels(&[("alertname", "Down"), ("instance", "web-1.example.org:9100")]),
        value: 1234.5678,
        external_labels: &labels(&[("region", "eu")]),
        external_url: "http://host.example:9090/prom",
        query: &query,
    })
}

fn notification() -> Notification {
    let alert = |name: &str, condition, instance: &str| {
        let labels =
            labels(&[("alertname", name), ("instance", instance), ("severity", "critical")]);
        NotifiedAlert {
            fingerprint: Fingerprint::of(&labels),
            condition,
            labels,
            annotations: [("summary".to_owned(), "<b>it is down</b>".to_owned())].into(),
            starts_at: Timestamp::from_unix_seconds(1_767_225_600),
            ends_at: None,
            generator_url: "http://prom.example/graph?a=1&b=2".to_owned(),
        }
    };
    Notification {
        key: NotificationKey::new(&["a"]),
        kind: Kind::Group,
        receiver: "team x".to_owned(),
        channel: ChannelId::new("team x", "slack", 0),
        person: None,
        incident: "1".to_owned(),
        group_key: r#"{}:{alertname="Down"}"#.to_owned(),
        group_labels: labels(&[("alertname", "Down")]),
        alerts: vec![
            alert("Down", Condition::Firing, "a"),
            alert("Down", Condition::Firing, "b"),
            alert("Down", Condition::Resolved, "c"),
        ],
        truncated: 0,
        urgency: Urgency::Critical,
        at: Timestamp::from_unix_seconds(1_767_225_600),
        max_age: Duration::from_mins(5),
    }
}

fn notify(text: &str) -> Result<String, TemplateError> {
    let notification = notification();
    let scope =
        NotificationScope { notification: &notification, external_url: "http://am.example" };
    NotificationTemplate::parse(text, &[])?.render(&scope)
}

fn renders(text: &str, expected: &str) {
    assert_eq!(rule(text).as_deref(), Ok(expected), "{text}");
}

#[test]
fn text_values_and_white_space_are_rendered_as_go_does() {
    renders("plain", "plain");
    renders("{{ $labels.instance }} of {{ .Labels.job }}.", "web-1.example.org:9100 of .");
    renders("a {{- 1 -}} b {{ 2 }} c", "a1b 2 c");
    renders("a {{- /* words */ -}} b{{/* more */}}c", "abc");
    renders("{{ \"a\\n\\u00fc\\\"\" }}{{ `raw\\n` }}{{ 'a' }}", "a\nü\"raw\\n97");
    renders(
        "{{ 1.5 }} {{ 0x10 }} {{ 1_000 }} {{ -3 }} {{ 1e3 }} {{ 1e21 }} {{ 010 }}",
        "1.5 16 1000 -3 1000 1e+21 8",
    );
    renders("{{ true }} {{ .Labels }}", "true map[alertname:Down instance:web-1.example.org:9100]");
    renders(
        "{{ $value }} {{ .Value }} {{ 1000000.0 }} {{ 0.00001 }}",
        "1234.5678 1234.5678 1e+06 1e-05",
    );
}

#[test]
fn control_flow_is_that_of_go() {
    renders("{{ if eq .Labels.alertname \"Up\" \"Down\" }}y{{ else }}n{{ end }}", "y");
    renders("{{ if .Labels.x }}a{{ else if gt $value 1000.0 }}b{{ else }}c{{ end }}", "b");
    renders(
        "{{ range $k, $v := .Labels }}{{ $k }}={{ $v }};{{ end }}",
        "alertname=Down;instance=web-1.example.org:9100;",
    );
    renders(
        "{{ range $i, $s := query \"up\" }}{{ if $i }}, {{ end }}{{ .Labels.job }}{{ end }}",
        "b, a",
    );
    renders(
        "{{ range query \"up\" }}{{ if eq .Labels.job \"b\" }}{{ continue }}{{ end }}{{ .Value }}{{ break }}{{ end }}",
        "0.5",
    );
    renders("{{ with $x := .Labels.instance }}{{ $x | len }}{{ else }}-{{ end }}", "22");
    renders("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32");
    renders(
        "{{ define \"a\" }}<{{ . }}>{{ end }}{{ template \"a\" $value }}{{ template \"a\" }}",
        "<1234.5678><<no value>>",
    );
    renders("{{ block \"a\" .Labels }}{{ .alertname }}{{ end }}", "Down");
    renders("{{ and 1 0 2 }} {{ or 0 \"\" 3 }} {{ not 1 }}", "0 3 false");
    renders("{{ (index (query \"up\") 1).Labels.job }} {{ slice \"abcd\" 1 3 }}", "a bc");
    renders("{{ with args 1 \"b\" }}{{ .arg0 }}{{ .arg1 }}{{ .arg2 }}{{ end }}", "1b<no value>");
}

#[test]
fn functions_of_prometheus_give_what_it_gives() {
    renders(
        "{{ humanize $value }} {{ humanize 0.0012 }} {{ humanize 0 }} {{ humanize -12345678 }}",
        "1.235k 1.2m 0 -12.35M",
    );
    renders(
        "{{ humanize1024 1048576 }} {{ humanize1024 1 }} {{ humanize1024 \"1e30\" }}",
        "1Mi 1 8.272e+05Yi",
    );
    renders(
        "{{ humanizeDuration 93784.5 }} {{ humanizeDuration 59.97 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -61 }}",
        "1d 2h 3m 4s 59.97s 12.3ms -1m 1s",
    );
    renders(
        "{{ humanizePercentage 0.12345 }} {{ 1435065584.128 | humanizeTimestamp }}",
        "12.35% 2015-06-23 13:19:44.128 +0000 UTC",
    );
    renders(
        "{{ query \"up\" | sortByLabel \"job\" | first | value }} {{ query \"up\" | first | label \"job\" }}",
        "0.5 b",
    );
    renders(
        "{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }} {{ stripDomain \"10.0.0.1:80\" }}",
        "web-1.example.org web-1:9100 10.0.0.1:80",
    );
    renders(
        "{{ externalURL }} {{ pathPrefix }} {{ $externalLabels.region }} {{ $externalURL }}",
        "http://host.example:9090/prom /prom eu http://host.example:9090/prom",
    );
    renders(
        "{{ graphLink \"up == 0\" }} {{ tableLink \"a\" }}",
        "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=a&g0.tab=1",
    );
    renders(
        "{{ title \"one two-three\" }} {{ toUpper \"ä\" }} {{ match \"^a\\\\d\" \"a1\" }} {{ reReplaceAll \"(.*):.*\" \"$1\" \"h:1\" }}",
        "One Two-Three Ä true h",
    );
    renders(
        "{{ parseDuration \"1h30m\" }} {{ (1435065584.128 | toTime).Format \"Jan _2 15:04:05.000\" }}",
        "5400 Jun 23 13:19:44.128",
    );
}

#[test]
fn printf_is_that_of_go() {
    renders(
        "{{ printf \"%.2f|%8.3f|%-6s|%06d|%+d|%x|%q|%v|%t|%%\" $value 1.5 \"ab\" 42 7 255 \"a\\\"b\" nil true }}",
        "1234.57|   1.500|ab    |000042|+7|ff|\"a\\\"b\"|<nil>|true|%",
    );
    renders("{{ printf \"%d %s %f\" 1.5 2 3 }}", "%!d(float64=1.5) %!s(int=2) %!f(int=3)");
    renders(
        "{{ printf \"%d %d\" 1 }}{{ printf \"a\" 1 }}{{ printf \"%\" }}",
        "1 %!d(MISSING)a%!(EXTRA int=1)%!(NOVERB)",
    );
    renders(
        "{{ printf \"%g %g %.3g %e %.0f\" 100000.0 1000000.0 1234.5 1234.5 2.5 }}",
        "100000 1e+06 1.23e+03 1.234500e+03 2",
    );
    renders("{{ print 1 2 \"a\" 3 4 }}{{ println 1 \"a\" }}", "1 2a3 41 a\n");
}

#[test]
fn notifications_have_the_data_of_alertmanager() {
    let check =
        |text: &str, expected: &str| assert_eq!(notify(text).as_deref(), Ok(expected), "{text}");
    check("{{ template \"slack.default.title\" . }}", "[FIRING:2] Down (critical)");
    check("{{ .CommonLabels.SortedPairs.Values | join \", \" }}", "Down, critical");
    check(
        "{{ range .Alerts.Resolved }}{{ .Labels.instance }} {{ .StartsAt.Format \"15:04\" }}{{ end }}",
        "c 00:00",
    );
    check("{{ (index .Alerts 0).Annotations.summary | toUpper }}", "<B>IT IS DOWN</B>");
    check(
        "{{ .Alerts.Firing | len }} {{ .Status }} {{ .Receiver }} {{ .ExternalURL }}",
        "2 firing team x http://am.example",
    );
    check("{{ .CommonLabels.Remove (stringSlice \"alertname\") }}", "map[severity:critical]");
    check(
        "{{ .GroupLabels.missing }}|{{ (index .Alerts 0).EndsAt }}",
        "|0001-01-01 00:00:00 +0000 UTC",
    );
}

#[test]
fn texts_that_nobody_wrote_say_what_fires_and_what_is_over() {
    let alert = |instance: &str| {
        format!(
            "summary: <b>it is down</b>\nsince 2026-01-01 00:00:00 UTC, labels: alertname=Down instance={instance} \
             severity=critical\nsee http://prom.example/graph?a=1&b=2\n\n"
        )
    };
    let firing = format!("{}{}", alert("a"), alert("b"));
    let all = format!("2 firing\n\n{firing}1 resolved\n\n{}", alert("c"));
    for (name, expected) in [
        ("telegram.default.message", all.clone()),
        ("discord.default.message", all.clone()),
        ("pushover.default.message", format!("<b>it is down</b>\n\n{all}")),
        ("opsgenie.default.description", format!("<b>it is down</b>\n\n{all}")),
        ("slack.default.text", String::new()),
    ] {
        let text = notify(&format!("{{{{ template \"{name}\" . }}}}"));
        assert_eq!(text.as_deref().map(str::trim), Ok(expected.trim()), "{name}");
    }
    let text = notify("{{ template \"pagerduty.default.instances\" .Alerts.Firing }}");
    assert_eq!(text.as_deref(), Ok(&*firing));
}

#[test]
fn definitions_of_files_take_the_place_of_defaults() {
    let notification = notification();
    let scope = NotificationScope { notification: &notification, external_url: "" };
    let files = ["{{ define \"__subject\" }}mine {{ .Status }}{{ end }}".to_owned()];
    let template = NotificationTemplate::parse("{{ template \"slack.default.title\" . }}", &files);
    assert_eq!(template.unwrap().render(&scope).unwrap(), "mine firing");
}

#[test]
fn html_escapes_what_comes_from_data() {
    let notification = notification();
    let scope = NotificationScope { notification: &notification, external_url: "javascript:x" };
    let html = |text: &str| NotificationTemplate::parse(text, &[]).unwrap().render_html(&scope);
    assert_eq!(
        html("<b>{{ (index .Alerts 0).Annotations.summary }}</b>").unwrap(),
        "<b>&lt;b&gt;it is down&lt;/b&gt;</b>"
    );
    assert_eq!(html("{{ safeHtml \"<i>\" }}{{ \"<i>\" }}").unwrap(), "<i>&lt;i&gt;");
    assert_eq!(html("<a href=\"{{ .ExternalURL }}\">").unwrap(), "<a href=\"#ZgotmplZ\">");
    assert_eq!(
        html("<a href=\"x/{{ \"y\" }}\" title='{{ \"'\" }}'>").unwrap(),
        "<a href=\"x/y\" title='&#39;'>"
    );
    for text in [
        "<script>{{ 1 }}</script>",
        "<a {{ 1 }}>",
        "<a onclick=\"{{ 1 }}\">",
        "<p style='{{ 1 }}'>",
    ] {
        assert!(html(text).is_err(), "{text}");
    }
    assert!(
        html("{{ template \"email.default.html\" . }}").unwrap().contains("&lt;b&gt;it is down")
    );
}

#[test]
fn what_is_no_template_is_refused_with_its_line() {
    for (text, line, reason) in [
        ("a\n{{ .a", 2, "an action is not closed"),
        ("{{ foo }}", 1, "function foo is not defined"),
        ("{{ call .x }}", 1, "the function call of Go is not supported"),
        ("{{ $x }}", 1, "undefined variable $x"),
        ("{{ if true }}", 1, "if has no end"),
        ("\n\n{{ end }}", 3, "end without a beginning"),
        ("{{ template \"nobody\" . }}", 1, "template \"nobody\" is not defined"),
        ("{{ }}", 1, "a value is missing in an action"),
        ("{{ 1 | 2 }}", 1, "something is piped into what is no function"),
        ("{{ \"a }}", 1, "a text is not closed"),
        ("{{ break }}", 1, "break outside range"),
        ("{{ .a.b c }}", 1, "function c is not defined"),
        ("{{ .a# }}", 1, "an action has '#', which means nothing"),
        ("{{ join \"a\" .x }}", 1, "function join is not defined"),
    ] {
        let expected = TemplateError { line, reason: reason.to_owned() };
        assert_eq!(RuleTemplate::parse(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn what_does_not_fit_the_data_is_an_error() {
    for text in [
        "{{ .Nothing }}",
        "{{ $value.x }}",
        "{{ if gt $value 5 }}{{ end }}",
        "{{ query \"down\" }}",
        "{{ index \"abc\" 9 }}",
        "{{ query \"up\" | first | first }}",
        "{{ toUpper 1 }}",
        "{{ humanize \"x\" }}",
        "{{ len 3 }}",
        "{{ nil }}",
        "{{ match \"(\" \"a\" }}",
    ] {
        assert!(rule(text).is_err(), "{text}");
    }
}

#[test]
fn a_template_that_does_too_much_is_stopped() {
    let forever = "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}";
    assert_eq!(rule(forever).unwrap_err().reason, "the template calls itself too deep");
    let doubling = "{{ define \"a\" }}{{ template \"b\" (print . .) }}{{ end }}".to_owned()
        + &(0..30).fold(String::from("{{ $x := \"xxxxxxxx\" }}"), |text, _| {
            text + "{{ $x = printf \"%s%s\" $x $x }}"
        });
    assert!(
        rule(&doubling.replace("{{ define \"a\" }}{{ template \"b\" (print . .) }}{{ end }}", ""))
            .is_err()
    );
    let wide = "{{ range query \"up\" }}".repeat(30) + "x" + &"{{ end }}".repeat(30);
    assert_eq!(rule(&wide).unwrap_err().reason, "the template does too much");
    assert!(rule("{{ printf \"%1000000d\" 1 }}").is_err());
    assert!(rule(&"{{ (".repeat(10_000)).is_err());
    assert!(rule(&"{{ if 1 }}".repeat(10_000)).is_err());
    assert!(rule("{{ reReplaceAll \"\" \"xxxxxxxxxx\" (printf \"%400s\" \"\") }}").is_ok());
}

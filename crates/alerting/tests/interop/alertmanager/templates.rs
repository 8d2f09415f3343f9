//! What templates say: as Go renders them for Alertmanager and for Prometheus.

use std::process::Command;
use std::time::Duration;

use wardkit_alerting::gotemplate::{
    NotificationScope, NotificationTemplate, RuleScope, RuleTemplate,
};
use wardkit_alerting::{
    ChannelId, Condition, Fingerprint, Kind, Notification, NotificationKey, NotifiedAlert, Urgency,
};
use wardkit_core::{Labels, Timestamp};

/// Where the Debian package has the defaults, which amtool does not know by itself.
const DEFAULTS: &str = "--template.glob=/usr/share/prometheus/alertmanager/*.tmpl";

const NOTIFICATIONS: [&str; 28] = [
    "{{ template \"slack.default.title\" . }}|{{ template \"slack.default.fallback\" . }}",
    "{{ template \"slack.default.username\" . }}|{{ template \"slack.default.text\" . }}",
    "{{ template \"pagerduty.default.description\" . }}",
    "{{ template \"pagerduty.default.clientURL\" . }}",
    "{{ template \"opsgenie.default.message\" . }}|{{ template \"opsgenie.default.source\" . }}",
    "{{ template \"pushover.default.title\" . }}|{{ template \"pushover.default.url\" . }}",
    "{{ template \"discord.default.title\" . }}",
    "{{ template \"email.default.subject\" . }}",
    "{{ range .Alerts }}{{ .Status }} {{ .Labels }} {{ .Fingerprint }} {{ .StartsAt.Format \"Mon Jan _2 15:04:05.000 2006 MST -0700\" }};{{ end }}",
    "{{ range $i, $a := .Alerts }}{{ $i }}={{ $a.Labels.instance }} {{ end }}{{ len .Alerts }}",
    "{{ .CommonLabels.SortedPairs }} {{ .CommonLabels.Names }} {{ .CommonLabels.Values }}",
    "{{ (index .Alerts 0).StartsAt }} {{ (index .Alerts 0).StartsAt.Unix }} {{ (index .Alerts 0).EndsAt }}",
    "{{ .GroupLabels.alertname | toUpper | printf \"%q %5s|%-9s|\" \"a\" \"b\" }}",
    "{{ .CommonAnnotations.missing }}|{{ .CommonLabels.Remove (stringSlice \"alertname\" \"x\") }}",
    "{{ title \"hello wide-world it's o'neil\" }} {{ join \", \" (stringSlice \"a\" \"b\") }}",
    "{{ reReplaceAll \"(\\\\w+)@(\\\\w+)\" \"$2 at ${1}\" \"me@you him@her\" }} {{ match \"^a.c$\" \"abc\" }}",
    "{{ if and (eq .Status \"firing\") (gt (len .Alerts) 1) }}many{{ else }}one{{ end }}",
    "{{ with .CommonLabels.severity }}{{ . }}{{ end }}{{ with .CommonLabels.none }}x{{ else }}none{{ end }}",
    "{{ define \"a\" }}[{{ . }}]{{ end }}{{ range .CommonLabels.Values }}{{ template \"a\" . }}{{ end }}",
    "a {{- \" b \" -}} c {{/* x */}} d {{- /* y */ -}} e",
    "{{ html \"<a & 'b'>\" }} {{ urlquery \"a b&c=ü\" }} {{ print 1 2 \"x\" 3 }} {{ println 1 }}",
    "{{ printf \"%d %05d %x %X %o %b %c %t %v %s\" 42 42 255 255 8 5 65 true nil \"é\" }}",
    "{{ printf \"%f %.2f %e %g %8.3f|%-8.1f|%+d %G\" 1.5 2.675 12345.678 1e21 3.14159 2.5 7 1e-7 }}",
    "{{ printf \"%d\" \"x\" }} {{ printf \"%s\" 1 }} {{ printf \"%d %d\" 1 }} {{ printf \"x\" 1 \"y\" }} {{ printf \"%!\" }} {{ printf \"%z\" 1 }}",
    "{{ 1e6 }} {{ 123456789.0 }} {{ 0.000001 }} {{ 1e20 }} {{ 1e21 }} {{ 100000.5 }} {{ -0.0 }} {{ 0x1F }} {{ 'a' }}",
    "{{ slice \"abcdef\" 1 3 }} {{ index (stringSlice \"a\" \"b\") 1 }} {{ len \"é\" }} {{ not 0 }} {{ or \"\" 0 \"z\" }}",
    "{{ $x := 1 }}{{ range .Alerts }}{{ $x = .Status }}{{ end }}{{ $x }} {{ eq 1 2 3 1 }} {{ ne \"a\" \"b\" }} {{ le 1 1 }}",
    "{{ range .Alerts }}{{ if eq .Labels.instance \"a\" }}{{ continue }}{{ end }}{{ .Labels.instance }}{{ break }}{{ end }}",
];

#[test]
fn texts_of_receivers_are_what_amtool_renders() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data.json");
    let notification = notification();
    std::fs::write(&data, json(&notification).to_string()).unwrap();
    let scope =
        NotificationScope { notification: &notification, external_url: "http://am.example" };
    let mut wrong = Vec::new();
    for text in NOTIFICATIONS {
        let ours = NotificationTemplate::parse(text, &[]).and_then(|it| it.render(&scope));
        let output = Command::new("amtool")
            .args(["template", "render", DEFAULTS])
            .arg(format!("--template.text={text}"))
            .arg(format!("--template.data={}", data.display()))
            .output()
            .expect("amtool is installed");
        let theirs = String::from_utf8(output.stdout).unwrap();
        if !output.status.success() || ours.as_ref().ok() != Some(&theirs) {
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            wrong.push(format!("{text}\nours:   {ours:?}\ntheirs: {theirs:?} {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const RULES: [&str; 34] = [
    "{{ $labels.instance }} {{ .Labels.job }} {{ $labels.none }}",
    "{{ $value }} {{ .Value }} {{ $value | printf \"%.1f\" }}",
    "{{ humanize $value }} {{ humanize 0.0 }} {{ humanize 1.0 }} {{ humanize 999.99 }} {{ humanize 1e30 }}",
    "{{ humanize 0.001234 }} {{ humanize -0.00012 }} {{ humanize 1e-30 }} {{ humanize \"12345\" }} {{ humanize 5 }}",
    "{{ humanize1024 1024.0 }} {{ humanize1024 1.0 }} {{ humanize1024 0.5 }} {{ humanize1024 1e9 }} {{ humanize1024 -5e6 }}",
    "{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 59.97 }} {{ humanizeDuration 60 }}",
    "{{ humanizeDuration 3661.5 }} {{ humanizeDuration 90061 }} {{ humanizeDuration -3661 }} {{ humanizeDuration 0.00123 }}",
    "{{ humanizePercentage 0.1234567 }} {{ humanizePercentage 1 }} {{ humanizePercentage -1.5 }}",
    "{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp 0 }} {{ humanizeTimestamp -5.5 }}",
    "{{ (1435065584.128 | toTime).Format \"2006-01-02T15:04:05.999Z07:00\" }}",
    "{{ title \"some words\" }} {{ toUpper \"ab\" }} {{ toLower \"AB\" }}",
    "{{ match \"[0-9]+\" \"a1\" }} {{ reReplaceAll \"(.*):[0-9]+\" \"${1}\" $labels.instance }}",
    "{{ stripPort \"host:9100\" }} {{ stripPort \"host\" }} {{ stripPort \"[::1]:80\" }} {{ stripPort \"::1\" }}",
    "{{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"a.b.c\" }} {{ stripDomain \"10.0.0.1\" }} {{ stripDomain \"10.0.0.1:1\" }} {{ stripDomain \"[::1]:80\" }}",
    "{{ graphLink \"up == 0\" }} {{ tableLink \"a{b=\\\"c\\\"}\" }}",
    "{{ parseDuration \"1h30m\" }} {{ parseDuration \"1d\" }}",
    "{{ range query \"m\" }}{{ .Labels.instance }}={{ .Value }};{{ end }}",
    "{{ query \"m\" | first | value }} {{ query \"m\" | first | label \"instance\" }}",
    "{{ range query \"m\" | sortByLabel \"job\" }}{{ .Labels.job }} {{ end }}",
    "{{ with query \"none\" }}{{ . | first | value }}{{ else }}nothing{{ end }}",
    "{{ if gt $value 1000.0 }}high{{ else if gt $value 10.0 }}mid{{ else }}low{{ end }}",
    "{{ if eq $labels.job \"b\" }}b{{ end }}{{ if ne $labels.job \"b\" }}not{{ end }}",
    "{{ range $name, $value := $labels }}{{ $name }}={{ $value }} {{ end }}",
    "{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" $labels.job }}",
    "{{ with args 1 \"two\" 3.5 }}{{ .arg0 }} {{ .arg1 }} {{ .arg2 }}{{ end }}",
    "{{ len $labels }} {{ $labels }}",
    "{{ printf \"%.3g|%6.2f|%v|%s\" $value $value $value $labels.job }}",
    "{{ $value | humanize | printf \"%s!\" }} {{ printf \"%.0f%%\" 99.5 }}",
    "{{- /* c */ -}} x {{ \"a\\tb\\\"\" }} {{ `raw \\n` }}",
    "{{ print $value }} {{ print 1 2 }} {{ safeHtml \"<b>\" }} {{ html \"<b>\" }}",
    "{{ and 1 2 }} {{ or 0 3 }} {{ not true }} {{ lt 1 2 }} {{ index $labels \"job\" }}",
    "{{ 5 }} {{ 5.0 }} {{ 1234567.0 }} {{ 1e100 }} {{ 0.1 }}",
    "{{ .ExternalURL }}|{{ $externalLabels.x }}|{{ .ExternalLabels }}",
    "{{ humanize 12345678 }} {{ humanize 1000 }} {{ humanize1024 1048576 }} {{ humanizePercentage 0.00001 }}",
];

/// promtool says only whether texts are as expected: what we render is what it is told to expect.
#[test]
fn annotations_of_rules_are_what_promtool_renders() {
    let job = |job: &str, instance: &str| {
        Labels::from_pairs([("__name__", "m"), ("job", job), ("instance", instance)]).unwrap()
    };
    let found = job("b", "web-1.example.org:9100");
    let query = |expression: &str| {
        Ok(match expression {
            "m" => vec![(job("b", "web-1.example.org:9100"), 1234.5678)],
            _ => Vec::new(),
        })
    };
    let scope = RuleScope {
        labels: &found,
        value: 1234.5678,
        external_labels: &Labels::new(),
        external_url: "",
        query: &query,
    };
    let (mut annotations, mut expected) = (serde_json::Map::new(), serde_json::Map::new());
    for (index, text) in RULES.iter().enumerate() {
        let rendered = RuleTemplate::parse(text).and_then(|template| template.render(&scope));
        annotations.insert(format!("a{index:02}"), (*text).into());
        expected.insert(format!("a{index:02}"), rendered.unwrap().into());
    }
    let rule = serde_json::json!({"alert": "A", "expr": "m", "annotations": annotations});
    let rules = serde_json::json!({"groups": [{"name": "g", "rules": [rule]}]});
    let labels = serde_json::json!({"job": "b", "instance": "web-1.example.org:9100"});
    let unit = serde_json::json!({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [{
        "interval": "1m",
        "input_series": [{"series": "m{job=\"b\",instance=\"web-1.example.org:9100\"}", "values": "1234.5678 1234.5678"}],
        "alert_rule_test": [{"alertname": "A", "eval_time": "1m",
            "exp_alerts": [{"exp_labels": labels, "exp_annotations": expected}]}],
    }]});
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("rules.yml"), rules.to_string()).unwrap();
    std::fs::write(directory.path().join("test.yml"), unit.to_string()).unwrap();
    let output = Command::new("promtool")
        .current_dir(directory.path())
        .args(["test", "rules", "test.yml"])
        .output()
        .expect("promtool is installed");
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{answer}{}", String::from_utf8_lossy(&output.stderr));
}

fn notification() -> Notification {
    let alert = |condition, instance: &str, summary: &str| {
        let pairs = [("alertname", "Down"), ("instance", instance), ("severity", "critical")];
        let labels = Labels::from_pairs(pairs).unwrap();
        NotifiedAlert {
            fingerprint: Fingerprint::of(&labels),
            condition,
            labels,
            annotations: [
                ("summary".to_owned(), summary.to_owned()),
                ("runbook".to_owned(), "http://wiki/a?b=c&d".to_owned()),
            ]
            .into(),
            starts_at: Timestamp::from_unix_nanos(1_767_225_600_123_000_000),
            ends_at: (condition == Condition::Resolved)
                .then(|| Timestamp::from_unix_seconds(1_767_229_200)),
            generator_url: "http://prom.example/graph?a=1&b=2".to_owned(),
        }
    };
    Notification {
        key: NotificationKey::new(&["a"]),
        kind: Kind::Group,
        receiver: "team x/y".to_owned(),
        channel: ChannelId::new("team x/y", "slack", 0),
        person: None,
        incident: "1".to_owned(),
        group_key: "{}:{alertname=\"Down\"}".to_owned(),
        group_labels: Labels::from_pairs([("alertname", "Down")]).unwrap(),
        alerts: vec![
            alert(Condition::Firing, "a", "first <b>"),
            alert(Condition::Firing, "b", "second"),
            alert(Condition::Resolved, "c", "third"),
        ],
        truncated: 0,
        urgency: Urgency::Critical,
        at: Timestamp::from_unix_seconds(1_767_225_600),
        max_age: Duration::from_mins(5),
    }
}

/// The data as `amtool template render` reads it.
fn json(notification: &Notification) -> serde_json::Value {
    let alerts: Vec<serde_json::Value> = notification
        .alerts
        .iter()
        .map(|alert| {
            let status = if alert.ends_at.is_some() { "resolved" } else { "firing" };
            let ends_at =
                alert.ends_at.map_or("0001-01-01T00:00:00Z".to_owned(), |at| at.to_string());
            serde_json::json!({
                "status": status,
                "labels": alert.labels,
                "annotations": alert.annotations,
                "startsAt": alert.starts_at.to_string(),
                "endsAt": ends_at,
                "generatorURL": alert.generator_url,
                "fingerprint": alert.fingerprint.to_string(),
            })
        })
        .collect();
    serde_json::json!({
        "receiver": notification.receiver,
        "status": "firing",
        "alerts": alerts,
        "groupLabels": notification.group_labels,
        "commonLabels": notification.common_labels(),
        "commonAnnotations": notification.common_annotations(),
        "externalURL": "http://am.example",
    })
}

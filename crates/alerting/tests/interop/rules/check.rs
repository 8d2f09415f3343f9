//! Rule files, good and broken.

use wardkit_alerting::rules::RuleFile;

use super::same_verdicts;

/// A file with one alerting rule that has these lines beside its name and expression.
fn rule(lines: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n{lines}\n")
}

/// A file with one rule of this expression.
fn expr(text: &str) -> String {
    let text = text.replace('\'', "''");
    format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: '{text}'\n")
}

fn template(key: &str, text: &str) -> String {
    let text = text.replace('\'', "''");
    rule(&format!("    {key}:\n      x: '{text}'"))
}

#[test]
fn rule_files_are_accepted_and_refused_as_by_promtool() {
    let mut texts: Vec<String> = FILES.iter().map(|&text| text.to_owned()).collect();
    for duration in DURATIONS {
        texts.push(rule(&format!("    for: {duration}")));
        texts.push(rule(&format!("    keep_firing_for: {duration}")));
        texts.push(format!("groups:\n- name: g\n  interval: {duration}\n  rules: []\n"));
    }
    texts.extend(EXPRESSIONS.iter().map(|text| expr(text)));
    for name in NAMES {
        texts.push(rule(&format!("    labels: {{{name}: x}}")));
        texts.push(rule(&format!("    annotations: {{{name}: x}}")));
        texts.push(format!(
            "groups:\n- name: g\n  rules:\n  - record: {name}\n    expr: vector(1)\n"
        ));
    }
    for text in TEMPLATES {
        texts.push(template("labels", text));
        texts.push(template("annotations", text));
    }
    for limit in
        ["1", "0", "-1", "1.5", "x", "'1'", "0x10", "1_000", "true", "~", "1e3", "[]", "0o7", "017"]
    {
        texts.push(format!("groups:\n- name: g\n  limit: {limit}\n  rules: []\n"));
    }
    same_verdicts("check", &texts, |path, text| {
        let file = RuleFile::parse(&path.display().to_string(), text);
        file.map(drop).map_err(|problems| {
            for problem in &problems {
                let line = problem.to_string();
                assert!(line.starts_with(&path.display().to_string()), "{line}");
                assert!(!line.contains('\n'), "{line}");
            }
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        })
    });
}

const DURATIONS: [&str; 28] = [
    "5m",
    "1h30m",
    "0",
    "0s",
    "1d",
    "1w",
    "1y",
    "90s",
    "100ms",
    "1y2w3d4h5m6s7ms",
    "~",
    "'5m'",
    "!!str 5m",
    "5",
    "1.5m",
    "-1m",
    "1m1h",
    "''",
    "1m 1s",
    "m",
    "5M",
    "1m1m",
    "300y",
    "abc",
    "[5m]",
    "{a: 1}",
    "true",
    "99999999999999999999s",
];

const NAMES: [&str; 24] = [
    "a",
    "_",
    "__x",
    "A1",
    "severity",
    "alertname",
    "a_b",
    "__name__",
    "job:x",
    "a:b:c",
    "':'",
    "1a",
    "a-b",
    "a.b",
    "''",
    "' '",
    "ä",
    "'a b'",
    "true",
    "1",
    "~",
    "__address__",
    "on",
    "'a\"b'",
];

const TEMPLATES: [&str; 58] = [
    "plain",
    "{{ $value }}",
    "{{ $labels.instance }}",
    "{{ .Labels.instance }} {{ .Value }}",
    "{{ $externalLabels.region }} {{ $externalURL }}",
    "{{ .ExternalLabels }}{{ .ExternalURL }}",
    "{{ $value | humanize }}",
    "{{ humanize1024 $value }}",
    "{{ $value | humanizeDuration }}",
    "{{ $value | humanizePercentage }}",
    "{{ $value | humanizeTimestamp }}",
    "{{ printf \"%.2f\" $value }}",
    "{{ $value | printf \"%.1f%%\" }}",
    "{{ title $labels.job }}{{ toUpper \"a\" }}{{ toLower \"A\" }}",
    "{{ reReplaceAll \"(a)(b)\" \"$2\" $labels.x }}",
    "{{ if match \"a.*\" $labels.job }}yes{{ else }}no{{ end }}",
    "{{ if gt $value 5.0 }}big{{ else if lt $value 1.0 }}small{{ end }}",
    "{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}",
    "{{ with $labels.job }}{{ . }}{{ end }}",
    "{{- $x := 1 -}} {{ $x }}",
    "{{/* nothing */}}",
    "{{ \"a\" | len }}",
    "{{ and true false }} {{ or \"\" \"b\" }} {{ not true }}",
    "{{ eq $labels.a \"x\" \"y\" }}{{ ne 1 2 }}{{ le 1 2 }}{{ ge 1 2 }}",
    "{{ index $labels \"job\" }}",
    "{{ `raw` }}{{ 'a' }}{{ 1.5 }}{{ 0x1F }}{{ nil | printf \"%v\" }}",
    "{{ $labels.a.b }}",
    "{{ define \"t\" }}x{{ end }}{{ template \"t\" }}",
    "{{ range $i, $e := args 1 2 }}{{ $e }}{{ end }}",
    "{{ range $labels }}{{ else }}none{{ end }}",
    "}} {{ \"{{\" }}",
    "{ { not } }",
    "{{ query \"up\" | first | value }}",
    "{{ range query \"up\" }}{{ .Labels.job }}{{ .Value }}{{ end }}",
    "{{ stripPort \"a:1\" }}{{ stripDomain \"a.b\" }}",
    "{{ parseDuration \"1h\" }}",
    "{{ $value",
    "{{ $value }",
    "{{ }}",
    "{{ nothing }}",
    "{{ $nothing }}",
    "{{ if }}x{{ end }}",
    "{{ if true }}x",
    "{{ end }}",
    "{{ else }}",
    "{{ range }}{{ end }}",
    "{{ \"open }}",
    "{{ | $value }}",
    "{{ ( 1 }}",
    "{{ 1 ) }}",
    "{{ .Labels. }}",
    "{{ $labels..a }}",
    "{{ humanise $value }}",
    "{{ 1 2 }}",
    "{{ define }}x{{ end }}",
    "{{ template }}",
    "{{ with }}{{ end }}",
    "{{ if true }}{{ else }}{{ else }}{{ end }}",
];

const EXPRESSIONS: [&str; 96] = [
    "up",
    "up == 0",
    "up{job=\"a\"} != bool 1",
    "{__name__=\"up\"}",
    "{job=~\"a|b\", x!~\"c\"}",
    "rate(x[5m])",
    "irate(x[5m] offset 1h)",
    "increase(x_total[1h30m]) > 3",
    "sum(x)",
    "sum by (a, b) (x)",
    "sum(x) without (a)",
    "topk(3, x)",
    "quantile(0.9, x)",
    "count_values(\"v\", x)",
    "a + on(x) b",
    "a * ignoring(y) group_left(z) b",
    "a / on(x) group_right b",
    "a and b or c unless d",
    "-a ^ 2 ^ 3",
    "1 + 2 * 3 % 4",
    "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))",
    "predict_linear(x[1h], 3600) < 0",
    "deriv(x[5m])",
    "absent(up{job=\"a\"})",
    "absent_over_time(x[5m])",
    "avg_over_time(x[5m]) > avg_over_time(x[5m] offset 1d)",
    "changes(x[5m]) + resets(x[5m])",
    "label_replace(x, \"a\", \"$1\", \"b\", \"(.*)\")",
    "label_join(x, \"a\", \"-\", \"b\", \"c\")",
    "time() - x > 100",
    "vector(1)",
    "scalar(x)",
    "clamp_max(x, 1)",
    "clamp(x, 0, 1)",
    "round(x, 0.1)",
    "sort_desc(x)",
    "day_of_week()",
    "hour(x)",
    "timestamp(x)",
    "1e3",
    "0x1F",
    "Inf",
    "NaN",
    ".5",
    "x # comment",
    "x[5m]",
    "\"text\"",
    "(((x)))",
    "x offset -5m",
    "max_over_time(rate(x[5m])[1h:1m])",
    "x @ 1600000000",
    "x @ end()",
    "sum(x) by (on)",
    "bool",
    "sum",
    "group(x)",
    "stddev(x) / stdvar(x)",
    "last_over_time(x[5m])",
    "present_over_time(x[5m])",
    "sgn(x)",
    "x:y:z",
    "a == bool b",
    "",
    " ",
    "up ==",
    "== 0",
    "up{",
    "up{job}",
    "up{job=}",
    "up{job=a}",
    "up{job=\"a\"",
    "{}",
    "{job=\"\"}",
    "{job=~\".*\"}",
    "up{__name__=\"x\"}",
    "rate(x)",
    "rate(x[5m]",
    "rate(5)",
    "rate(x[5])",
    "rate(x[0m])",
    "sum(x, y)",
    "sum()",
    "topk(x)",
    "nothing(x)",
    "a + bool b",
    "a on(x) + b",
    "a and on(x) group_left b",
    "1 and 2",
    "a == \"x\"",
    "x[5m] + 1",
    "x offset",
    "x{a=~\"(\"}",
    "1 == 1",
    "up == 0 for 5m",
    "a b",
    "x[5m:]offset 1m[5m]",
];

const FILES: [&str; 56] = [
    "",
    "# nothing\n",
    "groups:\n",
    "groups: []\n",
    "groups: ~\n",
    "{}\n",
    "~\n",
    "---\ngroups: []\n",
    "groups: []\n---\nmore: x\n",
    "groups:\n- name: g\n",
    "groups:\n- name: g\n  rules:\n",
    "groups:\n- name: g\n  rules: []\n- name: h\n  rules: []\n",
    "groups: [{name: g, rules: [{record: a, expr: b}]}]\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: b\n    labels: {x: y}\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: b\n  - record: a\n    expr: c\n",
    "groups:\n- name: 5\n  rules:\n  - alert: 6\n    expr: 7\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      up\n      == 0\n    labels:\n",
    "groups:\n- name: g\n  rules:\n  - &r {alert: A, expr: up}\n  - *r\n",
    "groups:\n- name: g\n  rules:\n  - &r {alert: A, expr: up}\n  - <<: *r\n    alert: B\n",
    "groups:\n- name: \"a b\"\n  rules:\n  - alert: \"any name at all!\"\n    expr: up\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {a: 1, b: true, c: 2020-01-01, d: ~}\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    record: ''\n    expr: up\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n    for: 0s\n    annotations: {}\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n    labels: {x: '{{ broken'}\n",
    "'groups': []\n",
    "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: >-\n          up\n          > 1\n",
    "groups:\n- name: g\n  interval: 30s\n  limit: 5\n  rules:\n  - alert: A\n    expr: up\n    for: 1m\n",
    "groups:\n- {name: g, rules: [{alert: A, expr: up, annotations: {summary: \"x: y\"}}]}\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {a: \"\\u00e4\"}\n",
    "group: []\n",
    "groups: []\nmore: 1\n",
    "groups: x\n",
    "groups: {}\n",
    "groups: {name: g}\n",
    "groups:\n- g\n",
    "groups:\n-\n",
    "groups:\n- rules: []\n",
    "groups:\n- name: ''\n",
    "groups:\n- name: g\n- name: g\n",
    "groups:\n- name: g\n  name: h\n",
    "groups:\n- name: g\n  rule: []\n",
    "groups:\n- name: g\n  query_offset: 1m\n  rules: []\n",
    "groups:\n- name: g\n  rules: x\n",
    "groups:\n- name: g\n  rules:\n  -\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n",
    "groups:\n- name: g\n  rules:\n  - expr: up\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    record: b\n    expr: up\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    expr: up\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    severity: page\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: [a]\n",
    "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {a: {b: c}}\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n    for: 1m\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n    annotations: {a: b}\n",
    "groups:\n- name: g\n   rules: []\n",
    "groups:\n- name: g\n\trules: []\n",
    "[groups]\n",
];

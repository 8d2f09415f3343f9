//! Unit tests of rules, good and broken.

use wardkit_alerting::rules::testing::run_text;

use super::same_verdicts;

/// The rules that the tests are about.
pub(super) const RULES: &str = r#"
groups:
- name: first
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - record: doubled
    expr: job:up:sum * 2
    labels: {of: up}
- name: second
  rules:
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page, who: '{{ $labels.instance }}'}
    annotations: {summary: '{{ $labels.job }} is at {{ $value }}'}
  - alert: Kept
    expr: up == 0
    keep_firing_for: 3m
  - alert: Both
    expr: up == 0
    for: 2m
    keep_firing_for: 2m
    annotations: {url: '{{ $externalURL }}', region: '{{ $externalLabels.region }}'}
  - alert: Recorded
    expr: doubled < 3
    annotations: {value: '{{ printf "%.2f" $value }} {{ $value | humanize }}'}
  - alert: Meta
    expr: count(ALERTS{alertstate="firing"}) > 2
  - alert: Absent
    expr: absent(up)
    for: 1m
- name: limited
  limit: 2
  rules:
  - alert: Limited
    expr: many > 0
"#;

fn alert(series: &[(&str, &str)], at: &str, name: &str, expected: &str) -> String {
    format!(
        "rule_files: [rules.yaml]\ngroup_eval_order: [first, second, limited]\ntests:\n- interval: 1m\n  \
         external_labels: {{region: here}}\n  external_url: http://x.example\n  \
         input_series:\n{}  alert_rule_test:\n  - eval_time: {at}\n    alertname: {name}\n    \
         exp_alerts: {expected}\n",
        input(series)
    )
}

fn input(series: &[(&str, &str)]) -> String {
    let lines = series
        .iter()
        .map(|(metric, values)| format!("  - series: '{metric}'\n    values: '{values}'\n"));
    if series.is_empty() { "  []\n".to_owned() } else { lines.collect() }
}

fn expression(series: &[(&str, &str)], expr: &str, at: &str, expected: &str) -> String {
    format!(
        "rule_files: [rules.yaml]\ngroup_eval_order: [first, second, limited]\ntests:\n\
         - interval: 1m\n  input_series:\n{}  \
         promql_expr_test:\n  - expr: '{expr}'\n    eval_time: {at}\n    exp_samples: {expected}\n",
        input(series)
    )
}

#[test]
fn unit_tests_pass_and_fail_as_in_promtool() {
    let mut texts: Vec<String> = FILES.iter().map(|&text| text.to_owned()).collect();
    for values in [
        "1 1 0 0 0 0 1 1 1 1 1",
        "0x10",
        "1 0 1 0 1 0 1 0 1",
        "0 0 0 stale",
        "1 0 _x8",
        "0 0 0 0 1 0 0",
    ] {
        let series = [("up{job=\"a\", instance=\"i\"}", values)];
        for minutes in [0, 1, 2, 3, 4, 5, 6, 8, 10] {
            for (name, expected) in ALERTS {
                texts.push(alert(&series, &format!("{minutes}m"), name, expected));
                if minutes % 3 == 0 {
                    texts.push(alert(&series, &format!("{minutes}m30s"), name, "[]"));
                }
            }
        }
    }
    for (values, expected) in NOTATIONS {
        for at in ["0m", "2m", "7m", "150s"] {
            texts.push(expression(&[("x{a=\"b\"}", values)], "x", at, expected));
        }
    }
    for (expr, expected) in SAMPLES {
        let series =
            [("x{a=\"b\"}", "1+1x10"), ("x{a=\"c\"}", "2 4 _ 8"), ("up{job=\"a\"}", "1 2 3")];
        texts.push(expression(&series, expr, "3m", expected));
    }
    for metric in METRICS {
        texts.push(expression(&[(metric, "1 2 3")], "x", "1m", "[{labels: 'x', value: 2}]"));
        let quoted = metric.replace('\'', "''");
        texts.push(expression(
            &[("x{a=\"b\"}", "1")],
            "x",
            "0m",
            &format!("[{{labels: '{quoted}', value: 1}}]"),
        ));
    }
    same_verdicts("test", &texts, |path, text| {
        let report = run_text(text, path);
        let failures = report.failures.iter().map(ToString::to_string);
        if report.is_success() { Ok(()) } else { Err(failures.collect::<Vec<_>>().join("; ")) }
    });
}

const ALERTS: [(&str, &str); 6] = [
    (
        "Down",
        "[{exp_labels: {severity: page, who: i, job: a, instance: i}, exp_annotations: {summary: 'a is at 0'}}]",
    ),
    ("Kept", "[{exp_labels: {job: a, instance: i}}]"),
    (
        "Both",
        "[{exp_labels: {job: a, instance: i}, exp_annotations: {url: 'http://x.example', region: here}}]",
    ),
    ("Recorded", "[{exp_labels: {job: a, of: up}, exp_annotations: {value: '2.00 2'}}]"),
    ("Meta", "[{exp_labels: {}}]"),
    ("Absent", "[{}]"),
];

const NOTATIONS: [(&str, &str); 20] = [
    ("1 2 3", "[{labels: 'x{a=\"b\"}', value: 3}]"),
    ("1+2x10", "[{labels: 'x{a=\"b\"}', value: 5}]"),
    ("10-1x10", "[{labels: 'x{a=\"b\"}', value: 8}]"),
    ("_x2 4x3", "[{labels: 'x{a=\"b\"}', value: 4}]"),
    ("1 stale", "[]"),
    ("1 _", "[{labels: 'x{a=\"b\"}', value: 1}]"),
    ("inf -Inf", "[{labels: 'x{a=\"b\"}', value: -.inf}]"),
    ("nan", "[{labels: 'x{a=\"b\"}', value: .nan}]"),
    ("1e2 .5 -2", "[{labels: 'x{a=\"b\"}', value: -2}]"),
    ("", "[]"),
    ("  7  ", "[{labels: 'x{a=\"b\"}', value: 7.0}]"),
    ("1 0x3", "[{labels: 'x{a=\"b\"}', value: 0}]"),
    ("1 foo", "[]"),
    ("1+", "[]"),
    ("1x", "[]"),
    ("1+2", "[]"),
    ("1,2", "[]"),
    ("{}", "[]"),
    ("1 -stale", "[]"),
    ("1+1x-2", "[]"),
];

const SAMPLES: [(&str, &str); 24] = [
    ("x", "[{labels: 'x{a=\"c\"}', value: 8}, {labels: 'x{a=\"b\"}', value: 4}]"),
    ("x > 5", "[{labels: 'x{a=\"c\"}', value: 8}]"),
    ("sum(x)", "[{labels: '{}', value: 12}]"),
    ("sum(x)", "[{labels: '', value: 12}]"),
    ("sum(x)", "[{value: 12}]"),
    ("rate(x{a=\"b\"}[3m]) * 60", "[{labels: '{a=\"b\"}', value: 1}]"),
    ("increase(x{a=\"c\"}[3m])", "[{labels: '{a=\"c\"}', value: 6}]"),
    ("1 + 1", "[{labels: '{}', value: 2}]"),
    ("job:up:sum", "[{labels: 'job:up:sum{job=\"a\"}', value: 3}]"),
    ("doubled", "[{labels: 'doubled{job=\"a\", of=\"up\"}', value: 6}]"),
    ("doubled offset 1m", "[{labels: 'doubled{job=\"a\", of=\"up\"}', value: 6}]"),
    ("count_over_time(doubled[5m])", "[{labels: '{job=\"a\", of=\"up\"}', value: 4}]"),
    ("ALERTS", "[]"),
    ("nothing", "[]"),
    ("x", "[]"),
    ("sum(x)", "[{labels: '{a=\"b\"}', value: 12}]"),
    ("sum(x)", "[{labels: '{}', value: 12.0001}]"),
    ("sum(x)", "[{labels: '{}', value: '12'}]"),
    ("sum(x)", "[{labels: '{}', value: x}]"),
    ("sum(x", "[{labels: '{}', value: 12}]"),
    ("x[5m]", "[]"),
    ("\"x\"", "[]"),
    ("x + on() x", "[]"),
    ("sum(x)", "{}"),
];

const METRICS: [&str; 22] = [
    "x",
    "x{}",
    "x{a=\"b\"}",
    "x{a=\"b\",}",
    "x{ a = \"b\" , c = \"d\" }",
    "{__name__=\"x\"}",
    "{__name__=\"x\", a=\"b\"}",
    "x{a=\"\\x41\\n\\\"\"}",
    "x{a=`b`}",
    "x{a=\"\"}",
    "x{on=\"b\"}",
    "x {a=\"b\"}",
    "sum",
    "",
    "x{a=b}",
    "x{a!=\"b\"}",
    "x{a=~\"b\"}",
    "x{a=\"b\"",
    "x{a}",
    "1x",
    "x-y",
    "x{\"a\"=\"b\"}",
];

const FILES: [&str; 40] = [
    "",
    "tests: []\n",
    "rule_files: []\ntests:\n",
    "rule_files: [rules.yaml]\n",
    "rule_files: [none.yaml]\n",
    "rule_files: ['rule*.yaml']\ntests: [{interval: 1m}]\n",
    "rule_files: [none.yaml]\ntests: [{interval: 1m}]\n",
    "evaluation_interval: 0s\n",
    "group_eval_order: [second, first]\nrule_files: [rules.yaml]\ntests: [{interval: 1m, input_series: [{series: up, values: '1'}]}]\n",
    "group_eval_order: [a, b]\n",
    "tests: [{name: 5, interval: 1m}]\n",
    "tests: [{external_labels: {a: b}, external_url: 'http://a.example/x'}]\n",
    "tests: [{interval: 1m, input_series: [{series: x, values: 1}]}]\n",
    "tests: [{interval: 1m, input_series: [{series: x}]}]\n",
    "tests: [{interval: 1m, input_series: ~}]\n",
    "tests: [{promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}]}]\n",
    "tests: [{promql_expr_test: [{expr: 1, exp_samples: [{value: 1.0}]}]}]\n",
    "tests: [{promql_expr_test: [{expr: '1', eval_time: 0, exp_samples: [{value: 0x1}]}]}]\n",
    "tests: [{alert_rule_test: [{eval_time: 1m, alertname: Any}]}]\n",
    "tests: [{alert_rule_test: [{eval_time: 1m, alertname: Any, exp_alerts: []}]}]\n",
    "rule_files: [rules.yaml]\ntests:\n- interval: 1m\n  input_series: [{series: 'many{a=\"1\"}', values: '1'}, {series: 'many{a=\"2\"}', values: '1'}]\n  alert_rule_test: [{eval_time: 0m, alertname: Limited, exp_alerts: [{exp_labels: {a: 1}}, {exp_labels: {a: 2}}]}]\n",
    "rule_files: [rules.yaml]\ntests:\n- interval: 1m\n  input_series: [{series: 'many{a=\"1\"}', values: '1'}, {series: 'many{a=\"2\"}', values: '1'}, {series: 'many{a=\"3\"}', values: '1'}]\n  promql_expr_test: [{expr: '1', eval_time: 0m, exp_samples: [{value: 1}]}]\n",
    "rule_file: []\n",
    "rule_files: x\n",
    "rule_files: [a: b]\n",
    "tests: x\n",
    "tests: [x]\n",
    "tests: [{nothing: 1}]\n",
    "tests: [{interval: x}]\n",
    "tests: [{interval: 1m, interval: 2m}]\n",
    "tests: [{input_series: [{serie: x}]}]\n",
    "tests: [{input_series: [{series: 'x{', values: 1}]}]\n",
    "group_eval_order: [a, a]\n",
    "evaluation_interval: 5\n",
    "evaluation_interval: 1.5m\n",
    "tests: [{alert_rule_test: [{eval_time: 1m}]}]\n",
    "tests: [{alert_rule_test: [{alertname: ''}]}]\n",
    "tests: [{alert_rule_test: [{alertname: A, exp_alerts: [{exp_labels: {}}]}]}]\n",
    "tests: [{alert_rule_test: [{alertname: A, exp_alerts: [{labels: {}}]}]}]\n",
    "tests: [{promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}, {expr: '', exp_samples: []}]}]\n",
];

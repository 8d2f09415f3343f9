use std::path::Path;
use std::time::Duration;

use super::{Alertmanager, Problem};
use crate::GroupBy;
use crate::receiver::{ChannelKind, EmailTls, SecretSource};

fn read(text: &str) -> Result<Alertmanager, Vec<Problem>> {
    Alertmanager::parse(Path::new("/etc/am/alertmanager.yml"), text, &mut |pattern| {
        let text = "{{ define \"mine\" }}{{ .Status }}{{ end }}".to_owned();
        Ok(vec![(pattern.to_path_buf(), text)])
    })
}

fn refused(text: &str, expected: &[&str]) {
    let problems = read(text).map(drop).unwrap_err();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected: Vec<String> =
        expected.iter().map(|line| format!("/etc/am/alertmanager.yml:{line}")).collect();
    assert_eq!(shown, expected, "{text}");
}

const FULL: &str = r#"
global:
  resolve_timeout: 10m
  smtp_smarthost: 'mail.example.org:587'
  smtp_from: am@example.org
  smtp_auth_username: am
  smtp_auth_password: hunter2
  slack_api_url: https://hooks.slack.com/services/T/B/secret
templates: ['templates/*.tmpl']
route:
  receiver: ops
  group_by: [alertname, job]
  group_wait: 5s
  routes:
    - receiver: night
      match: {severity: critical}
      match_re: {job: a|b}
      matchers: ['team=~"x.*"', foo!="bar"]
      continue: yes
      mute_time_intervals: [weekends]
      routes:
        - group_by: ['...']
          repeat_interval: 1h
    - matchers: ['{a="b"}']
      active_time_intervals: [office]
inhibit_rules:
  - source_match: {severity: critical}
    target_matchers: [severity="warning"]
    equal: [instance]
mute_time_intervals:
  - name: weekends
    time_intervals:
      - weekdays: [saturday, monday]
time_intervals:
  - name: office
    time_intervals:
      - times: [{start_time: '09:00', end_time: '17:00'}]
        location: UTC
receivers:
  - name: ops
    email_configs:
      - to: 'a@example.org, "B, C" <b@example.org>'
        headers: {Subject: '{{ template "mine" . }}', X-Team: ops}
    slack_configs:
      - channel: '#ops'
        color: red
        title: '{{ template "mine" . }}'
  - name: night
    webhook_configs:
      - url: 'http://user:pass@127.0.0.1:9/hook?token=secret'
        max_alerts: 5
        http_config: {basic_auth: {username: u, password_file: pw}}
    telegram_configs: [{bot_token: '1:secret', chat_id: -5, send_resolved: false}]
    pagerduty_configs: [{routing_key_file: /run/key}]
"#;

#[test]
fn a_configuration_becomes_a_plan() {
    let read = read(FULL).unwrap();
    assert_eq!(read.plan.resolve_timeout, Some(Duration::from_mins(10)));
    let root = &read.plan.route;
    assert_eq!(root.group_wait, Duration::from_secs(5));
    assert_eq!(root.group_interval, Duration::from_mins(5));
    let night = &root.routes[0];
    assert_eq!(
        night.matchers.to_string(),
        r#"{foo!="bar",job=~"^(?:a|b)$",severity="critical",team=~"x.*"}"#
    );
    assert!(night.continues);
    assert_eq!(night.routes[0].receiver, "night");
    assert_eq!(night.routes[0].group_by, GroupBy::All);
    assert_eq!(night.routes[0].group_wait, Duration::from_secs(5));
    assert_eq!(night.routes[0].repeat_interval, Duration::from_hours(1));
    assert!(night.routes[0].mute_time_intervals.is_empty());
    assert_eq!(root.routes[1].receiver, "ops");
    assert_eq!(root.routes[1].active_time_intervals, ["office"]);
    assert_eq!(read.plan.inhibit[0].source.to_string(), r#"{severity="critical"}"#);
    assert_eq!(read.plan.intervals["weekends"][0].weekdays, [6..=6, 1..=1]);
    let channels = &read.plan.receivers["night"].channels;
    let ids: Vec<&str> = channels.iter().map(|channel| channel.id.as_str()).collect();
    assert_eq!(ids, ["night/webhook[0]", "night/pagerduty[0]", "night/telegram[0]"]);
    assert_eq!(
        channels.iter().map(|channel| channel.send_resolved).collect::<Vec<_>>(),
        [true, true, false]
    );
    assert_eq!(read.templates, [Path::new("/etc/am/templates/*.tmpl")]);
}

#[test]
fn receivers_have_what_is_global() {
    let read = read(FULL).unwrap();
    let ChannelKind::Email(email) = &read.receivers[0].channels[0].kind else { panic!() };
    assert_eq!(email.to, ["a@example.org", "\"B, C\" <b@example.org>"]);
    assert_eq!(
        (email.host.as_str(), email.port, email.tls),
        ("mail.example.org", 587, EmailTls::Starttls)
    );
    assert_eq!(email.password, SecretSource::of("hunter2"));
    let ChannelKind::Slack(slack) = &read.receivers[0].channels[1].kind else { panic!() };
    assert_eq!(slack.webhook_url, SecretSource::of("https://hooks.slack.com/services/T/B/secret"));
    let ChannelKind::Webhook(webhook) = &read.receivers[1].channels[0].kind else { panic!() };
    assert_eq!(webhook.max_alerts, 5);
    assert_eq!(webhook.password, SecretSource::At("file:/etc/am/pw".to_owned()));
    let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["/etc/am/alertmanager.yml:46:16: receivers[0].slack_configs[0].color: has no effect here"]
    );
}

#[test]
fn secrets_are_shown_nowhere() {
    let read = read(FULL).unwrap();
    for text in [format!("{read:?}"), read.original.clone()] {
        for secret in ["hunter2", "T/B/secret", "1:secret", "token=secret", "pass@"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert!(read.original.contains("slack_api_url: <secret>"), "{}", read.original);
    assert!(read.original.contains("url: \"http://127.0.0.1:9/<secret>\""), "{}", read.original);
    // What is shown can be read again.
    let again = super::yaml::read(&read.original).unwrap().unwrap();
    assert_eq!(super::masked::print(&again), read.original);
    let bad = FULL.replace("https://hooks.slack.com/services/T/B/secret", "ftp://T/B/secret");
    let problems = self::read(&bad).unwrap_err();
    assert!(problems.iter().all(|problem| !problem.to_string().contains("B/secret")));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    refused("", &[" no route provided"]);
    refused("a: [", &["1:4: unclosed bracket '['"]);
    refused(
        "route: {receiver: a}\nreceivers: [{name: a}]\nfoo: 1\n",
        &["3:1: foo: is no key of Alertmanager 0.25"],
    );
    refused(
        "route: {receiver: b}\nreceivers: [{name: a}, {name: a}]\n",
        &[
            "1:19: route.receiver: undefined receiver \"b\"",
            "2:24: receivers[1].name: \"a\" is there twice",
        ],
    );
    refused(
        "route: {receiver: a, match: {a: b}, continue: true}\nreceivers: [{name: a}]\n",
        &[
            "1:8: route.match: the root has no match",
            "1:8: route.continue: the root has no continue",
        ],
    );
    refused(
        "route:\n  receiver: a\n  routes:\n  - matchers: [a==~b, 'c=~(']\n    group_by: [a, a]\n    group_interval: 0s\n    mute_time_intervals: [x]\nreceivers: [{name: a}]\n",
        &[
            "4:5: route.routes[0].group_interval: cannot be zero",
            "4:23: route.routes[0].matchers: matcher `c=~(`: its regular expression is none: unclosed group",
            "5:19: route.routes[0].group_by: duplicated label \"a\"",
            "7:27: route.routes[0].mute_time_intervals: undefined time interval \"x\"",
        ],
    );
    refused(
        "route: {receiver: a}\nreceivers:\n- name: a\n  victorops_configs: [{api_key: x}]\n  webhook_configs: [{url: 'x', http_config: {proxy_url: 'http://p', tls_config: {insecure_skip_verify: true}}}]\n",
        &[
            "4:22: receivers[0].victorops_configs: this kind of receiver is not supported",
            "5:27: receivers[0].webhook_configs[0].url: must be a URL of http or https",
            "5:57: receivers[0].webhook_configs[0].http_config.proxy_url: a proxy is not supported: requests would go past it",
            "5:81: receivers[0].webhook_configs[0].http_config.tls_config.insecure_skip_verify: is refused: what is sent, secrets included, would go to whoever answers",
        ],
    );
    refused(
        "route: {receiver: a}\nreceivers:\n- name: a\n  slack_configs: [{api_url: 'http://s', title: '{{ template \"no\" . }}', text: '{{ .x'}]\n",
        &[
            "4:48: receivers[0].slack_configs[0].title: template: line 1: template \"no\" is not defined",
            "4:79: receivers[0].slack_configs[0].text: template: line 1: an action is not closed",
        ],
    );
}

#[test]
fn a_tree_too_deep_is_refused() {
    let deep = "{receiver: a, routes: [".repeat(40) + &"]}".repeat(40);
    let text = format!("route: {deep}\nreceivers: [{{name: a}}]\n");
    let problems = read(&text).unwrap_err();
    assert_eq!(problems[0].reason, "more than 32 deep");
}

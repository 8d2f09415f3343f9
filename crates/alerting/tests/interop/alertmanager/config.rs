//! Whether a configuration is one: the verdict is amtool's.

use std::process::Command;

use super::read;

const HEAD: &str = "route: {receiver: a}\nreceivers:\n- name: a\n";

/// Behind the receiver `a`.
const RECEIVERS: [&str; 46] = [
    "",
    "  webhook_configs: [{url: 'http://127.0.0.1/x', max_alerts: 3, send_resolved: no}]",
    "  webhook_configs: [{url: 'https://user:pw@host:99/x?y=z'}]",
    "  webhook_configs: [{}]",
    "  webhook_configs: [{url: ''}]",
    "  webhook_configs: [{url: 'ftp://x'}]",
    "  webhook_configs: [{url: 'http://'}]",
    "  webhook_configs: [{url: 'x'}]",
    "  webhook_configs: [{url: 'http://a', max_alerts: -1}]",
    "  webhook_configs: [{url: 'http://a', send_resolved: maybe}]",
    "  webhook_configs: [{url: 'http://a', foo: 1}]",
    "  webhook_configs: {url: 'http://a'}",
    "  webhook_configs: [{url: 'http://a', http_config: {basic_auth: {username: u, password: p}}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {basic_auth: {username: u, password: p, password_file: f}}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {authorization: {credentials: p}}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {bearer_token: p, basic_auth: {username: u}}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {bearer_token: p, authorization: {credentials: p}}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {follow_redirects: false, enable_http2: true}}]",
    "  webhook_configs: [{url: 'http://a', http_config: {nothing: 1}}]",
    "  email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', require_tls: false}]",
    "  email_configs: [{to: a@b, smarthost: 'h:25'}]",
    "  email_configs: [{to: a@b, from: c@d}]",
    "  email_configs: [{from: c@d, smarthost: 'h:25'}]",
    "  email_configs: [{to: a@b, from: c@d, smarthost: 'h'}]",
    "  email_configs: [{to: a@b, from: c@d, smarthost: 'h:'}]",
    "  email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {Subject: x, subject: y}}]",
    "  email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {X-A: x, Subject: y}, auth_username: u, auth_password: p}]",
    "  slack_configs: [{api_url: 'https://hooks', channel: '#x', color: red}]",
    "  slack_configs: [{channel: '#x'}]",
    "  slack_configs: [{api_url: 'https://hooks', api_url_file: /x}]",
    "  slack_configs: [{api_url_file: /x}]",
    "  telegram_configs: [{bot_token: x, chat_id: -100}]",
    "  telegram_configs: [{bot_token: x}]",
    "  telegram_configs: [{chat_id: 5}]",
    "  telegram_configs: [{bot_token: x, chat_id: 5, parse_mode: LaTeX}]",
    "  telegram_configs: [{bot_token: x, chat_id: a}]",
    "  discord_configs: [{webhook_url: 'https://d/x'}]",
    "  discord_configs: [{title: x}]",
    "  pagerduty_configs: [{routing_key: x}]",
    "  pagerduty_configs: [{routing_key_file: /x}]",
    "  pagerduty_configs: [{}]",
    "  pagerduty_configs: [{routing_key: x, routing_key_file: /x}]",
    "  opsgenie_configs: [{api_key: x, responders: [{type: team, name: a}]}]",
    "  opsgenie_configs: [{message: x}]",
    "  pushover_configs: [{user_key: x, token: y, retry: 1m30s}]",
    "  pushover_configs: [{user_key: x}]",
];

/// Whole configurations.
const CONFIGS: [&str; 58] = [
    "",
    "{}",
    "[]",
    "route: {receiver: a}",
    "receivers: [{name: a}]",
    "route: {}\nreceivers: [{name: a}]",
    "route: {receiver: b}\nreceivers: [{name: a}]",
    "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]",
    "route: {receiver: a}\nreceivers: [{name: ''}, {name: a}]",
    "route: {receiver: 5}\nreceivers: [{name: 5}]",
    "route: {receiver: a}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "route: {receiver: a, receiver: a}\nreceivers: [{name: a}]",
    "route: {receiver: a, unknown: 1}\nreceivers: [{name: a}]",
    "unknown: 1\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "route: {receiver: a, match: {a: b}}\nreceivers: [{name: a}]",
    "route: {receiver: a, match: {}, matchers: []}\nreceivers: [{name: a}]",
    "route: {receiver: a, matchers: ['a=b']}\nreceivers: [{name: a}]",
    "route: {receiver: a, continue: true}\nreceivers: [{name: a}]",
    "route: {receiver: a, continue: false}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: ['...']}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: ['...', a]}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: [a, a]}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: ['a-b']}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: a}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_by: []}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_wait: 0s, group_interval: 1m, repeat_interval: 1d}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]",
    "route: {receiver: a, repeat_interval: 0s}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_wait: 5}\nreceivers: [{name: a}]",
    "route: {receiver: a, group_wait: 1.5s}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{receiver: b}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{match: {a: 5}, continue: on}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{match: {'a-b': c}}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{match_re: {a: '('}}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{match_re: {a: 'b|c'}}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{matchers: ['a=b', '{c!~\"d\"}']}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{matchers: ['a']}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{matchers: ['a=~[']}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{matchers: ['a=\"b']}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{matchers: 'a=b'}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nmute_time_intervals: [{name: x}]\nreceivers: [{name: a}]",
    "route: {receiver: a, routes: [{active_time_intervals: [x]}]}\ntime_intervals: [{name: x}]\nreceivers: [{name: a}]",
    "route: {receiver: a, mute_time_intervals: [x]}\ntime_intervals: [{name: x}]\nreceivers: [{name: a}]",
    "route: {receiver: a}\ntime_intervals: [{name: x}, {name: x}]\nreceivers: [{name: a}]",
    "route: {receiver: a}\nmute_time_intervals: [{name: x}]\ntime_intervals: [{name: x}]\nreceivers: [{name: a}]",
    "route: {receiver: a}\ntime_intervals: [{time_intervals: []}]\nreceivers: [{name: a}]",
    "global: {resolve_timeout: 1m}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "global: {resolve_timeout: x}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "global:\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "global: {unknown: x}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "global: {slack_api_url: 'http://a', slack_api_url_file: b}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "global: {opsgenie_api_key: x, opsgenie_api_key_file: y}\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "inhibit_rules: [{source_match: {a: b}, target_match_re: {c: 'd|e'}, equal: [f]}]\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "inhibit_rules: [{source_matchers: ['a'], equal: [f]}]\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "inhibit_rules: [{equal: ['a-b']}]\nroute: {receiver: a}\nreceivers: [{name: a}]",
    "templates: []\nroute: {receiver: a}\nreceivers: [{name: a}]",
];

/// Of one interval.
const INTERVALS: [&str; 33] = [
    "times: [{start_time: '09:00', end_time: '17:00'}]",
    "times: [{start_time: '09:00', end_time: '24:00'}]",
    "times: [{start_time: '09:00', end_time: '24:01'}]",
    "times: [{start_time: '9:00', end_time: '17:00'}]",
    "times: [{start_time: '17:00', end_time: '09:00'}]",
    "times: [{start_time: '17:00'}]",
    "times: [{start_time: '09:00', end_time: '09:00'}]",
    "weekdays: [monday]",
    "weekdays: ['Monday:FRIDAY']",
    "weekdays: ['friday:monday']",
    "weekdays: [mon]",
    "weekdays: ['1']",
    "weekdays: monday",
    "days_of_month: [1]",
    "days_of_month: ['1:31']",
    "days_of_month: ['-1']",
    "days_of_month: ['-3:-1']",
    "days_of_month: ['-1:-3']",
    "days_of_month: ['0']",
    "days_of_month: ['32']",
    "days_of_month: ['-5:5']",
    "days_of_month: ['20:-20']",
    "days_of_month: ['5:-1']",
    "months: [january, '2:4', 'june:july']",
    "months: ['july:june']",
    "months: [jan]",
    "years: [2026, '2027:2030']",
    "years: ['2030:2027']",
    "years: [x]",
    "location: Europe/Berlin",
    "location: UTC",
    "location: Nowhere/City",
    "unknown: [x]",
];

#[test]
fn what_amtool_refuses_is_refused_and_nothing_else() {
    let receivers = RECEIVERS.iter().map(|lines| format!("{HEAD}{lines}\n"));
    let intervals = INTERVALS.iter().map(|interval| {
        format!("{HEAD}time_intervals:\n- name: x\n  time_intervals:\n  - {interval}\n")
    });
    let configs = CONFIGS.iter().map(|text| (*text).to_owned());
    let texts: Vec<String> = receivers.chain(intervals).chain(configs).collect();
    let directory = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for text in &texts {
        let path = directory.path().join("am.yml");
        std::fs::write(&path, text).unwrap();
        let theirs = amtool_accepts(&path);
        match (read(text), theirs) {
            (Ok(read), true) => {
                std::fs::write(&path, &read.original).unwrap();
                if !amtool_accepts(&path) {
                    wrong.push(format!("amtool refuses what is shown:\n{}", read.original));
                }
            }
            (Err(_), false) => {}
            (Ok(_), false) => wrong.push(format!("only amtool refuses:\n{text}")),
            (Err(reason), true) => wrong.push(format!("only we refuse, for {reason}:\n{text}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n---\n"));
}

fn amtool_accepts(path: &std::path::Path) -> bool {
    let output = Command::new("amtool").arg("check-config").arg(path).output();
    output.expect("amtool is installed").status.success()
}

//! Where random alerts go in random trees: an Alertmanager that is told the tree anew says it of each alert.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use wardkit_alerting::Router;
use wardkit_core::Labels;

use super::read;
use super::server::Server;

/// How many trees are drawn; each is asked for [`ALERTS`] alerts.
const TREES: &str = "WARDKIT_ROUTE_TREES";
const ALERTS: u64 = 500;

#[test]
fn random_alerts_go_where_alertmanager_sends_them() {
    let trees: usize = std::env::var(TREES).map_or(8, |trees| trees.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("am.yml");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    std::fs::write(&config, tree(&mut random)).unwrap();
    let server = Server::start(&config, &directory.path().join("data"));
    let alerts: Vec<Labels> = (0..ALERTS).map(|id| labels(&mut random, id)).collect();
    server.ask("POST", "/api/v2/alerts", &posted(&alerts));
    let mut cases = 0;
    for _ in 0..trees {
        let text = tree(&mut random);
        std::fs::write(&config, &text).unwrap();
        server.ask("POST", "/-/reload", "");
        let router = Router::new(&read(&text).unwrap().plan.route);
        let answer = server.ask("GET", "/api/v2/alerts", "");
        let theirs = receivers(&answer);
        for alert in &alerts {
            let ours: Vec<String> =
                router.route(alert).iter().map(|node| node.route.receiver.clone()).collect();
            let id = alert.value("id").unwrap();
            assert_eq!(ours, theirs[id], "{alert}\n{text}");
            cases += 1;
        }
    }
    assert_eq!(cases, trees * usize::try_from(ALERTS).unwrap());
}

#[test]
fn amtool_agrees_on_some() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("am.yml");
    let mut random = Random(7);
    for _ in 0..4 {
        let text = tree(&mut random);
        let read = read(&text).unwrap();
        let router = Router::new(&read.plan.route);
        // What is shown of a configuration routes alike.
        std::fs::write(&config, &read.original).unwrap();
        for id in 0..5 {
            let alert = labels(&mut random, id);
            let ours: Vec<&str> =
                router.route(&alert).iter().map(|node| node.route.receiver.as_str()).collect();
            let mut amtool = Command::new("amtool");
            amtool.args(["config", "routes", "test"]);
            amtool.arg(format!("--config.file={}", config.display()));
            for (name, value) in alert.iter() {
                amtool.arg(format!("{name}={}", quote(value)));
            }
            let output = amtool.output().expect("amtool is installed");
            let theirs = String::from_utf8(output.stdout).unwrap();
            assert_eq!(ours.join(","), theirs.trim(), "{alert}\n{text}");
        }
    }
}

fn quote(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn posted(alerts: &[Labels]) -> String {
    let alerts: Vec<serde_json::Value> = alerts
        .iter()
        .map(|labels| {
            let labels: BTreeMap<&str, &str> = labels.iter().collect();
            serde_json::json!({"labels": labels, "endsAt": "2099-01-01T00:00:00Z"})
        })
        .collect();
    serde_json::Value::from(alerts).to_string()
}

/// The receivers of each alert, by its label `id`.
fn receivers(answer: &str) -> BTreeMap<String, Vec<String>> {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let alerts = answer.as_array().unwrap().iter().map(|alert| {
        let receivers = alert["receivers"].as_array().unwrap().iter();
        let names = receivers.map(|receiver| receiver["name"].as_str().unwrap().to_owned());
        (alert["labels"]["id"].as_str().unwrap().to_owned(), names.collect())
    });
    alerts.collect()
}

/// A generator whose runs are alike.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn pick(&mut self, from: &'static [&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

const NAMES: [&str; 5] = ["team", "severity", "job", "zone", "x:y"];
const VALUES: [&str; 11] = ["a", "b", "ab", "A", "1", "a.b", "a\"b", "ü", "a b", "a\\n", "a,b"];
const PATTERNS: [&str; 24] = [
    "a|b",
    "a.*",
    ".*",
    ".+",
    "",
    "[ab]+",
    "(?i)a",
    "a|",
    "\\w",
    "\\W+",
    "a\\.b",
    "..",
    "[^a]",
    "a{1,2}",
    "\\pL",
    "(a|1)(b|)",
    "\\D*",
    "a\\sb",
    "[[:upper:]]",
    "\\x61",
    "a{",
    "b?ab?",
    "^a$",
    "\\Qa.b\\E",
];

fn labels(random: &mut Random, id: u64) -> Labels {
    let mut labels = Labels::from_pairs([("id", id.to_string().as_str())]).unwrap();
    for name in &NAMES[..4] {
        if random.below(4) > 0 {
            labels.insert(name, random.pick(&VALUES)).unwrap();
        }
    }
    labels
}

fn tree(random: &mut Random) -> String {
    let mut names = 0;
    let mut text = String::from("route:\n  receiver: r0\n");
    routes(random, &mut text, 2, &mut names, 0);
    text.push_str("receivers:\n");
    for number in 0..=names {
        let _ = writeln!(text, "- name: r{number}");
    }
    text
}

fn routes(random: &mut Random, text: &mut String, indent: usize, names: &mut usize, depth: usize) {
    let count = if depth == 0 { 2 + random.below(12) } else { random.below(5) };
    if count == 0 || depth > 3 {
        return;
    }
    let _ = writeln!(text, "{:indent$}routes:", "");
    for _ in 0..count {
        *names += 1;
        let _ = writeln!(text, "{:indent$}- receiver: r{names}", "");
        if random.below(3) == 0 {
            let _ = writeln!(text, "{:indent$}  continue: true", "");
        }
        matchers(random, text, indent + 2);
        routes(random, text, indent + 2, names, depth + 1);
    }
}

fn matchers(random: &mut Random, text: &mut String, indent: usize) {
    let yaml = |value: &str| serde_json::Value::from(value).to_string();
    if random.below(5) == 0 {
        let (name, value) = (random.pick(&NAMES[..4]), random.pick(&VALUES));
        let _ = writeln!(text, "{:indent$}match: {{{name}: {}}}", "", yaml(value));
    }
    if random.below(6) == 0 {
        let (name, value) = (random.pick(&NAMES[..4]), random.pick(&PATTERNS));
        let _ = writeln!(text, "{:indent$}match_re: {{{name}: {}}}", "", yaml(value));
    }
    let _ = writeln!(text, "{:indent$}matchers:", "");
    for _ in 0..=random.below(2) {
        let name = random.pick(&NAMES);
        let matcher = match random.below(8) {
            0 => format!("{name}=~{}", quote(random.pick(&PATTERNS))),
            1 => format!("{{{name}!~{}}}", quote(random.pick(&PATTERNS))),
            2 => format!("{name} != {}", quote(random.pick(&VALUES))),
            3 => format!("{name}="),
            _ => format!("{name}={}", quote(random.pick(&VALUES))),
        };
        let _ = writeln!(text, "{:indent$}- {}", "", yaml(&matcher));
    }
}

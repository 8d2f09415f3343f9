//! What is found in labelled messages, and what is found in harmless ones, beside libinjection.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use libinjectionrs::{detect_sqli, detect_xss};
use serde::Deserialize;
use wardkit_validation::{Level, Policy, Sink};

/// A labelled message.
#[derive(Deserialize)]
struct Row {
    payload: String,
    class: String,
    expected: String,
    tier: String,
}

/// What a detector says of a text for a sink.
type Detect = fn(&str, Option<Sink>) -> bool;

/// Hits among so many.
#[derive(Clone, Copy, Default)]
struct Rate {
    hits: u32,
    of: u32,
}

impl Rate {
    fn count(&mut self, hit: bool) {
        self.hits += u32::from(hit);
        self.of += 1;
    }

    fn percent(self) -> f64 {
        100.0 * f64::from(self.hits) / f64::from(self.of.max(1))
    }
}

/// Judges every message of the hard tier, and returns what was found as Markdown tables.
///
/// # Errors
///
/// When a line is no such message.
pub fn table(corpus: &str) -> Result<String, serde_json::Error> {
    let rows: Vec<Row> =
        corpus.lines().map(serde_json::from_str).collect::<Result<Vec<Row>, _>>()?;
    let rows: Vec<&Row> = rows.iter().filter(|row| row.tier == "hard").collect();
    let mut attacks: BTreeMap<&str, [Rate; 4]> = BTreeMap::new();
    let mut alarms: BTreeMap<&str, [Rate; 2]> = BTreeMap::new();
    let detectors: [Detect; 2] = [wardkit, libinjection];
    for row in rows {
        if row.expected == "attack" {
            let sink = sink_of(&row.class);
            let rates = attacks.entry(&row.class).or_default();
            for (at, detect) in detectors.iter().enumerate() {
                rates[at].count(detect(&row.payload, sink));
                rates[2 + at].count(detect(&row.payload, None));
            }
        } else {
            for sink in SINKS.map(Some).into_iter().chain([None]) {
                let name = sink.map_or("(message)", Sink::as_str);
                let rates = alarms.entry(name).or_default();
                for (at, detect) in detectors.iter().enumerate() {
                    rates[at].count(detect(&row.payload, sink));
                }
            }
        }
    }
    Ok(format!("{}\n{}", found(&attacks), false_alarms(&alarms)))
}

fn found(attacks: &BTreeMap<&str, [Rate; 4]>) -> String {
    let mut text = "| found of | attacks | wardkit, sink known | libinjection | wardkit, as a message | libinjection |\n\
                    |---|--:|--:|--:|--:|--:|\n"
        .to_owned();
    let mut all = [Rate::default(); 4];
    let mut means = [0.0; 4];
    for (class, rates) in attacks {
        let _ = write!(text, "| {class} | {} |", rates[0].of);
        for (at, rate) in rates.iter().enumerate() {
            let _ = write!(text, " {:.1} % |", rate.percent());
            all[at].hits += rate.hits;
            all[at].of += rate.of;
            means[at] += rate.percent();
        }
        text.push('\n');
    }
    let classes = u32::try_from(attacks.len()).map_or(1.0, f64::from).max(1.0);
    let _ = write!(text, "| all | {} |", all[0].of);
    for rate in all {
        let _ = write!(text, " {:.1} % |", rate.percent());
    }
    text.push_str("\n| mean of the classes | |");
    for sum in means {
        let _ = write!(text, " {:.1} % |", sum / classes);
    }
    text.push('\n');
    text
}

fn false_alarms(alarms: &BTreeMap<&str, [Rate; 2]>) -> String {
    let mut text =
        "| harmless texts for | texts | wardkit | libinjection |\n|---|--:|--:|--:|\n".to_owned();
    for (sink, [ours, theirs]) in alarms {
        let _ = writeln!(
            text,
            "| {sink} | {} | {:.2} % | {:.2} % |",
            ours.of,
            ours.percent(),
            theirs.percent()
        );
    }
    text
}

fn wardkit(text: &str, sink: Option<Sink>) -> bool {
    let policy = sink.map_or_else(Policy::default, Policy::for_sink);
    policy.check(text).is_ok_and(|verdict| verdict.level() != Level::Clean)
}

fn libinjection(text: &str, sink: Option<Sink>) -> bool {
    let sql = || detect_sqli(text.as_bytes()).is_injection();
    let html = || detect_xss(text.as_bytes()).is_injection();
    match sink {
        None => sql() || html(),
        Some(Sink::Sql) => sql(),
        Some(Sink::Html) => html(),
        Some(_) => false,
    }
}

/// The sink that an attack of a class is meant for.
fn sink_of(class: &str) -> Option<Sink> {
    match class {
        "prompt_indirect" => Some(Sink::Prompt),
        "filename" => Some(Sink::Path),
        "redirect" => Some(Sink::Url),
        _ => class.parse().ok(),
    }
}

/// The sinks that every harmless text is judged for.
const SINKS: [Sink; 8] = [
    Sink::Sql,
    Sink::Html,
    Sink::Shell,
    Sink::Path,
    Sink::Template,
    Sink::Url,
    Sink::Header,
    Sink::Prompt,
];

//! What is shown to anybody. A page counts by what it holds: servers that answer everything with the same page show nothing.

use super::Verdict;
use crate::observed::{Answer, Observed, Page};

pub(super) fn metrics(seen: &Observed) -> Verdict {
    let is_metrics = |page: &&Page| {
        page.shown().is_some_and(|answer| {
            let is_html = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
            !is_html
                && (answer.body.lines().any(|line| line.starts_with("# TYPE "))
                    || answer.body.lines().take(50).filter(|line| is_sample(line)).count() >= 3)
        })
    };
    told(seen.metrics.iter().filter(is_metrics).map(|page| (page, "metrics")), seen.metrics.len())
}

pub(super) fn debug(seen: &Observed) -> Verdict {
    let found = seen.debug.iter().filter_map(|page| Some((page, inside(page, page.shown()?)?)));
    told(found, seen.debug.len())
}

pub(super) fn health_detail(seen: &Observed) -> Verdict {
    let details = |page: &Page| -> Option<Vec<&'static str>> {
        let answer = page.answer.as_ref().ok()?;
        // A site that answers everything with its page tells nothing of health there.
        let is_html = answer.header("content-type").is_some_and(|kind| kind.contains("html"));
        let is_told = matches!(answer.status, 200..=299 | 503) && !is_html;
        let lower = answer.body.to_ascii_lowercase();
        let named = DETAILS.iter().filter(|(mark, _)| lower.contains(mark)).map(|(_, name)| *name);
        let mut named: Vec<&str> = named.filter(|_| is_told).collect();
        named.dedup();
        (!named.is_empty()).then_some(named)
    };
    let mut found = seen.health.iter().filter_map(|page| Some((page, details(page)?)));
    if seen.health.iter().all(|page| page.answer.is_err()) {
        return Verdict::unknown("no answer");
    }
    match found.next() {
        None => Verdict::pass(""),
        Some((page, named)) => {
            Verdict::fail(format!("It tells of {}.", named.join(", ")), &page.path)
        }
    }
}

pub(super) fn errors(seen: &Observed) -> Verdict {
    let mark = |page: &Page| {
        let answer = page.answer.as_ref().ok().filter(|answer| answer.status >= 400)?;
        TRACES.iter().find(|mark| answer.body.contains(**mark)).copied()
    };
    let found = seen.errors.iter().filter_map(|page| Some((page, mark(page)?)));
    told(found, seen.errors.iter().filter(|page| page.answer.is_ok()).count())
}

/// Makes a verdict of pages and what gives each away.
fn told<'p>(found: impl Iterator<Item = (&'p Page, &'static str)>, asked: usize) -> Verdict {
    let mut verdict: Option<Verdict> = None;
    for (page, what) in found {
        let verdict = verdict.get_or_insert_with(|| Verdict {
            paths: Vec::new(),
            ..Verdict::fail("Anybody who asks is shown it.", "")
        });
        if !verdict.paths.contains(&page.path) {
            verdict.paths.push(page.path.clone());
            verdict.evidence.push(format!("{}: {what}", page.path));
        }
    }
    match (verdict, asked) {
        (Some(verdict), _) => verdict,
        (None, 0) => Verdict::unknown("no answer"),
        (None, _) => Verdict::pass(""),
    }
}

/// Returns what a page shows that nobody should see.
fn inside(page: &Page, answer: &Answer) -> Option<&'static str> {
    let body = answer.body.as_str();
    let holds = |mark: &str| body.contains(mark);
    let line_begins = |mark: &str| body.lines().any(|line| line.trim_start().starts_with(mark));
    let is_html = body.trim_start().starts_with('<');
    let found = match page.path.as_str() {
        "/.git/HEAD" => body.starts_with("ref: refs/") && !is_html,
        "/.env" => !is_html && body.lines().any(is_setting),
        "/config.json" => {
            let lower = body.to_ascii_lowercase();
            let words = ["\"token\"", "password\"", "secret\"", "api_key\"", "apikey\""];
            body.trim_start().starts_with('{') && words.iter().any(|word| lower.contains(word))
        }
        "/backup.sql" => line_begins("CREATE TABLE") || line_begins("-- PostgreSQL database dump"),
        "/debug/vars" => holds("\"memstats\"") || holds("\"cmdline\""),
        "/debug/pprof/" => holds("goroutine") && holds("heap"),
        "/actuator/env" => holds("propertySources"),
        "/actuator/heapdump" => body.starts_with("JAVA PROFILE"),
        "/server-status" => holds("Apache Server Status"),
        "/phpinfo.php" => holds("phpinfo()") || holds("PHP Version"),
        "/_profiler" => holds("Symfony Profiler"),
        "/console" => holds("Interactive Console") && holds("EVALEX"),
        _ => ["memstats", "goroutine", "traceback", "environ", "sys.path", "process.env"]
            .iter()
            .any(|mark| !is_html && holds(mark)),
    };
    found.then_some(match page.path.as_str() {
        "/.git/HEAD" => "the repository of the sources",
        "/.env" | "/config.json" => "settings",
        "/backup.sql" => "a copy of the database",
        "/console" => "a console",
        _ => "the inside of the program",
    })
}

/// Whether a line gives a variable a value.
fn is_setting(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim().trim_start_matches("export ");
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        name.len() > 2 && name.chars().all(is_name) && !value.trim().is_empty()
    })
}

/// Whether a line is a sample of Prometheus' text format.
fn is_sample(line: &str) -> bool {
    let Some((name, value)) = line.rsplit_once(' ') else { return false };
    let name = name.split('{').next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.contains('_') && name.chars().all(is_name) && value.parse::<f64>().is_ok()
}

/// What in lower case gives away more than whether all is well.
const DETAILS: [(&str, &str); 12] = [
    ("postgres://", "addresses of databases"),
    ("postgresql://", "addresses of databases"),
    ("redis://", "addresses of databases"),
    ("mongodb://", "addresses of databases"),
    ("mysql://", "addresses of databases"),
    ("traceback", "errors"),
    ("connection refused", "errors"),
    ("econnrefused", "errors"),
    ("\"hostname\"", "names of hosts"),
    ("\"version\"", "versions"),
    ("\"python_version\"", "versions"),
    ("/srv/", "paths"),
];

/// What stands in errors that programs show as they are.
const TRACES: [&str; 16] = [
    "Traceback (most recent call last)",
    "node_modules/",
    "    at Object.<anonymous>",
    "    at Layer.handle",
    "<br> &nbsp; &nbsp;at ",
    "SyntaxError: Unexpected",
    "site-packages/",
    "Werkzeug Debugger",
    "You're seeing this error because you have <code>DEBUG = True</code>",
    "django.core.exceptions",
    "sqlalchemy.exc.",
    "SQLSTATE[",
    "psycopg2.errors",
    "panicked at",
    "goroutine 1 [running]",
    "java.lang.",
];

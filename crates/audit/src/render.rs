//! Reports as texts. Each function is pure: the same report gives the same bytes.

mod document;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;
mod xml;

pub use document::{document_html, document_json, document_markdown};
pub use github::github;
pub use html::html;
pub use json::{checks_json, json};
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::text;

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::{Finding, Report};

/// Appends formatted text; writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        let _ = std::fmt::Write::write_fmt($out, format_args!($($arg)*));
    }};
}
use put;

/// Returns one line in which nothing steers a terminal, or turns what is around it.
fn tame(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\t' => tamed.push(' '),
            c if is_unseen(c) => {
                // Writing to a String cannot fail.
                let _ = write!(tamed, "\\u{{{:x}}}", u32::from(c));
            }
            c => tamed.push(c),
        }
    }
    Cow::Owned(tamed)
}

/// Control characters, and those that only change how others are shown.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns the weaknesses and the items of OWASP's lists, as people write them.
fn references(finding: &Finding) -> Vec<String> {
    let cwe = finding.cwe.iter().map(|number| format!("CWE-{number}"));
    cwe.chain(finding.owasp.iter().cloned()).collect()
}

/// Returns one line that sums the report up.
fn summary(report: &Report) -> String {
    let totals = &report.totals;
    let counted = [
        (totals.critical, "critical"),
        (totals.high, "high"),
        (totals.medium, "medium"),
        (totals.low, "low"),
        (totals.manual, "for a person to decide"),
        (totals.unknown, "unknown"),
        (totals.suppressed, "suppressed"),
        (totals.passed, "passed"),
    ];
    let parts: Vec<String> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() { "nothing was looked for".to_owned() } else { parts.join(", ") }
}

//! The page behind a link that acknowledges.

use std::fmt::Write as _;

use wardkit_core::Timestamp;

use super::{AckStep, AckView};
use crate::page::{Ago, Escaped};

/// Returns the page: what it is about, and a button while nobody has taken care of it.
pub(super) fn render(program: &str, view: &AckView, step: AckStep, now: Timestamp) -> String {
    let (state, headline) = match (view, step) {
        (AckView { is_over: true, .. }, _) => ("up", "It is over"),
        (_, AckStep::Acknowledge) => ("up", "You take care of it"),
        (AckView { taken_by: Some(_), .. }, _) => ("starting", "Somebody takes care of it"),
        _ => ("down", "Nobody takes care of it yet"),
    };
    let mut out = String::with_capacity(2048);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{headline} · {program}</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n\
         <header class=\"{state}\">\n<p class=\"program\">{program}</p>\n\
         <h1><span class=\"dot\" aria-hidden=\"true\"></span>{headline}</h1>\n</header>\n<main>\n<section>\n<dl>\n",
        program = Escaped(program),
    );
    let mut fact = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Escaped(name), Escaped(value));
    };
    for (name, value) in view.labels.iter() {
        fact(name, &value);
    }
    if let Some(since) = view.since {
        fact("Since", &format_args!("{since} ({})", Ago(since, now)));
    }
    fact("Alerts that last", &view.firing);
    fact("Incident", &view.incident);
    if let Some(by) = &view.taken_by {
        fact("Taken by", by);
    }
    out.push_str("</dl>\n</section>\n");
    if step == AckStep::Look && view.taken_by.is_none() && !view.is_over {
        out.push_str(
            "<form method=\"post\">\n<p><button type=\"submit\">I take care of it</button></p>\n</form>\n",
        );
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

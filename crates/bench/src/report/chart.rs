//! The chart: one group of bars a topic, as SVG.

use std::fmt::Write;

use super::Measured;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 230.0;
const BARS: f64 = 430.0;
const ROW: f64 = 20.0;
const TITLE: f64 = 34.0;

/// Returns the medians of all topics as bars; the lengths compare within a topic only.
#[must_use]
pub fn chart(topics: &[Measured]) -> String {
    let mut body = String::new();
    let mut y = 0.0;
    for topic in topics {
        y += TITLE;
        let _ = writeln!(
            body,
            r#"<text x="10" y="{:.0}" font-weight="bold">{}, ns</text>"#,
            y - 10.0,
            topic.name
        );
        let longest = topic.outcomes.iter().map(|row| row.median).fold(f64::MIN_POSITIVE, f64::max);
        for row in &topic.outcomes {
            bar(&mut body, y, row.subject, row.median, longest);
            y += ROW;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         {body}</svg>\n",
        height = y + 10.0,
    )
}

fn bar(body: &mut String, y: f64, subject: &str, nanos: f64, longest: f64) {
    let length = (nanos / longest * BARS).max(1.0);
    // Blue and grey are told apart with every kind of sight.
    let colour = if subject.starts_with("wardkit") { "#0b62c4" } else { "#9aa3ad" };
    let baseline = y + 13.0;
    let _ = writeln!(
        body,
        r#"<text x="{:.0}" y="{baseline:.0}" text-anchor="end">{subject}</text>"#,
        LABELS - 8.0
    );
    let _ = writeln!(
        body,
        r#"<rect x="{LABELS}" y="{:.0}" width="{length:.1}" height="14" fill="{colour}"/>"#,
        y + 2.0
    );
    let _ = writeln!(
        body,
        r#"<text x="{:.1}" y="{baseline:.0}">{nanos:.1}</text>"#,
        LABELS + length + 6.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Outcome;

    #[test]
    fn the_longest_bar_fills_the_width_and_ours_is_coloured() {
        let row =
            |subject, median| Outcome { subject, note: "", median, min: median, over_plain: None };
        let outcomes = vec![row("wardkit-retry", 1.0), row("peer", 2.0)];
        let svg = chart(&[Measured { name: "topic", what: "", goal: None, bytes: None, outcomes }]);
        assert!(svg.contains("width=\"215.0\" height=\"14\" fill=\"#0b62c4\""), "{svg}");
        assert!(svg.contains("width=\"430.0\" height=\"14\" fill=\"#9aa3ad\""), "{svg}");
    }
}

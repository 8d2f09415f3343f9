//! The text formats that Prometheus and those who read like it scrape.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::{FamilyView, Kind, Samples};

/// A text format for samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exposition {
    /// Prometheus' own, version 0.0.4.
    #[default]
    Text,
    /// OpenMetrics 1.0.0: with units, and an end by which a torn answer is recognised.
    OpenMetrics,
}

impl Exposition {
    /// Returns the format that a request's `Accept` header asks for: OpenMetrics where it names it and likes it no
    /// less than plain text, else plain text, which everybody reads.
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        let (mut open_metrics, mut text) = (0.0, 0.0);
        for range in accept.unwrap_or_default().split(',').take(MOST_RANGES) {
            let range = MediaRange::parse(range);
            if range.is(OPEN_METRICS, "1.0.0") {
                open_metrics = range.quality.max(open_metrics);
            } else if range.is("text/plain", "0.0.4") {
                text = range.quality.max(text);
            }
        }
        if open_metrics > 0.0 && open_metrics >= text { Self::OpenMetrics } else { Self::Text }
    }

    /// Returns the value of the `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Appends the samples of all sources, families in the order of their names.
    ///
    /// Families of one name are put together, with the meaning that the first of them gives. `conflict` is told the
    /// name of a family each time that something of it is left out: all of a family of another kind or of the name of
    /// a part of a histogram, or a series that is there already. Nothing may follow what OpenMetrics has been written to.
    pub fn write<'a>(
        self,
        sources: impl IntoIterator<Item = &'a Samples>,
        out: &mut String,
        mut conflict: impl FnMut(&str),
    ) {
        let mut families: Vec<FamilyView<'_>> =
            sources.into_iter().flat_map(Samples::families).collect();
        // Stable: the first source stays the first.
        families.sort_by_key(|family| self.name(family));
        for same in families.chunk_by(|one, other| self.name(one) == self.name(other)) {
            let first = &same[0];
            if self.is_part(self.name(first), &families) {
                conflict(first.name());
            } else {
                self.write_family(same, out, &mut conflict);
            }
        }
        if self == Self::OpenMetrics {
            out.push_str("# EOF\n");
        }
    }

    fn write_family(
        self,
        same: &[FamilyView<'_>],
        out: &mut String,
        conflict: &mut impl FnMut(&str),
    ) {
        let first = &same[0];
        self.write_head(first, out);
        // Only sources that share a name can have the same series, and that is rare.
        let mut seen = (same.len() > 1).then(HashSet::new);
        for family in same {
            if family.kind() != first.kind() || family.name() != first.name() {
                conflict(family.name());
                continue;
            }
            for sample in family.samples() {
                if seen.as_mut().is_some_and(|seen| !seen.insert(sample.series)) {
                    conflict(family.name());
                    continue;
                }
                out.push_str(sample.series);
                out.push(' ');
                write_value(sample.value, out);
                out.push('\n');
            }
        }
    }

    fn write_head(self, family: &FamilyView<'_>, out: &mut String) {
        let name = self.name(family);
        let kind = self.kind(family);
        for part in ["# HELP ", name, " "] {
            out.push_str(part);
        }
        for character in family.help().chars() {
            match character {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '"' if self == Self::OpenMetrics => out.push_str("\\\""),
                other => out.push(other),
            }
        }
        for part in ["\n# TYPE ", name, " ", kind, "\n"] {
            out.push_str(part);
        }
        if self == Self::OpenMetrics
            && let Some(unit) = unit(name)
        {
            for part in ["# UNIT ", name, " ", unit, "\n"] {
                out.push_str(part);
            }
        }
    }

    /// Tells whether a family's series would have the names of those of a counter, a histogram or a summary.
    fn is_part(self, name: &str, sorted: &[FamilyView<'_>]) -> bool {
        PARTS.into_iter().any(|(part, kinds)| {
            let Some(base) = name.strip_suffix(part) else { return false };
            let at = sorted.partition_point(|family| self.name(family) < base);
            // Only OpenMetrics has a place for when a counter began.
            (self == Self::OpenMetrics || part != "_created")
                && sorted.get(at).is_some_and(|family| {
                    self.name(family) == base && kinds.contains(&self.kind(family))
                })
        })
    }

    /// Returns the family's name, which in OpenMetrics is without the suffix of a counter's samples.
    fn name<'a>(self, family: &FamilyView<'a>) -> &'a str {
        let name = family.name();
        match (self, family.kind()) {
            (Self::OpenMetrics, Kind::Counter) => name.strip_suffix("_total").unwrap_or(name),
            _ => name,
        }
    }

    fn kind(self, family: &FamilyView<'_>) -> &'static str {
        match (self, family.kind()) {
            // A series is to have one name whatever the format: a counter without the suffix is none to OpenMetrics.
            (Self::OpenMetrics, Kind::Counter) if !family.name().ends_with("_total") => "unknown",
            (_, Kind::Counter) => "counter",
            (_, Kind::Gauge) => "gauge",
            (_, Kind::Histogram) => "histogram",
            (_, Kind::Summary) => "summary",
            (Self::Text, Kind::Untyped) => "untyped",
            (Self::OpenMetrics, Kind::Untyped) => "unknown",
        }
    }
}

/// What a client would take, and how much it likes it.
struct MediaRange<'a> {
    media: &'a str,
    version: Option<&'a str>,
    quality: f64,
}

impl<'a> MediaRange<'a> {
    fn parse(range: &'a str) -> Self {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let mut range = Self { media, version: None, quality: 1.0 };
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                name if name.eq_ignore_ascii_case("version") => range.version = Some(value),
                name if name.eq_ignore_ascii_case("q") => {
                    // What is no quality is no wish.
                    range.quality = value.parse().unwrap_or(0.0);
                }
                _ => {}
            }
        }
        range
    }

    fn is(&self, media: &str, version: &str) -> bool {
        self.media.eq_ignore_ascii_case(media) && self.version.is_none_or(|asked| asked == version)
    }
}

/// Appends a number as both formats spell it: the shortest text that reads back as the same number.
fn write_value(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else if let Some(whole) = whole(value) {
        write_whole(whole, out);
    } else {
        // Never fails: a string takes everything.
        let _ = write!(out, "{value:?}");
    }
}

/// Returns the value as a whole number, if it is one and not so large that its digits are made up.
#[expect(clippy::cast_possible_truncation, reason = "what is cut off is looked at next")]
#[expect(clippy::cast_precision_loss, reason = "up to the limit nothing is lost")]
#[expect(clippy::float_cmp, reason = "it is whole or it is not")]
fn whole(value: f64) -> Option<i64> {
    let whole = value as i64;
    (whole.unsigned_abs() <= MOST_EXACT && whole as f64 == value).then_some(whole)
}

/// Appends a whole number: most values are, and the standard library's way takes several times as long.
fn write_whole(value: i64, out: &mut String) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push('-');
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// Returns the unit that a name ends in.
fn unit(name: &str) -> Option<&'static str> {
    let (_, last) = name.rsplit_once('_')?;
    UNITS.into_iter().find(|unit| *unit == last)
}

/// What the names of samples of which families may end in.
const PARTS: [(&str, &[&str]); 4] = [
    ("_bucket", &["histogram"]),
    ("_sum", &["histogram", "summary"]),
    ("_count", &["histogram", "summary"]),
    ("_created", &["counter", "histogram", "summary"]),
];

const OPEN_METRICS: &str = "application/openmetrics-text";

/// The units that OpenMetrics calls by these names.
const UNITS: [&str; 9] =
    ["seconds", "bytes", "ratio", "celsius", "meters", "joules", "volts", "amperes", "grams"];

/// A client needs three or four; a header that goes on is not about metrics.
const MOST_RANGES: usize = 32;

/// Up to here every whole number is a float.
const MOST_EXACT: u64 = 1 << 53;

//! What collectors fill and sinks read: the samples of one moment, in one buffer that is used again.

use crate::Error;

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Only grows, and starts over with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often values fell into ranges: samples whose names end in `_bucket`, `_sum` and `_count`.
    Histogram,
    /// Quantiles that somebody else worked out: samples named like the family, and with `_sum` and `_count`.
    Summary,
    /// Nobody said.
    Untyped,
}

/// The name of a metric and what it means.
///
/// Exhaustive on purpose: who declares a metric says all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family<'a> {
    /// The name, with its unit: `node_memory_MemFree_bytes`.
    pub name: &'a str,
    /// One sentence for the reader of a dashboard.
    pub help: &'a str,
    /// What it measures.
    pub kind: Kind,
}

/// Something that measures.
///
/// The sampler calls it from one blocking thread, once an interval; it must come back within its budget: what may
/// never answer is asked elsewhere, and the last answer is told.
pub trait Collector: Send {
    /// Returns the collector's name for the metrics about it: `cpu`.
    fn name(&self) -> &'static str;

    /// Appends what it measures now.
    ///
    /// # Errors
    ///
    /// When it could not measure; what was appended before counts.
    fn collect(&mut self, out: &mut Samples) -> Result<(), Error>;
}

/// The samples of one moment. Cleared and filled again, it allocates nothing.
///
/// A series is kept as the text by which Prometheus knows it, `name{label="value"}`: that is what the exposition
/// prints and the key under which the history keeps it.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    text: String,
    families: Vec<FamilyAt>,
    points: Vec<Point>,
}

#[derive(Clone, Debug)]
struct FamilyAt {
    name_end: usize,
    help_end: usize,
    start: usize,
    kind: Kind,
    first: usize,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    start: usize,
    end: usize,
    value: f64,
}

impl Samples {
    /// Creates an empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the samples and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.families.clear();
        self.points.clear();
    }

    /// Begins a family; the samples pushed next are its.
    pub fn family(&mut self, family: Family<'_>) {
        let start = self.text.len();
        self.text.push_str(family.name);
        let name_end = self.text.len();
        self.text.push_str(family.help);
        self.families.push(FamilyAt {
            start,
            name_end,
            help_end: self.text.len(),
            kind: family.kind,
            first: self.points.len(),
        });
    }

    /// Appends a sample to the family begun last. Label values are escaped here; without a family nothing is kept.
    pub fn push(&mut self, labels: &[(&str, &str)], value: f64) {
        self.push_suffixed("", labels, value);
    }

    /// Appends a sample whose name is the family's and a suffix: `_bucket`, `_sum` or `_count`.
    pub fn push_suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let Some(start) = self.begin(suffix) else { return };
        let mut separator = '{';
        for (name, text) in labels {
            self.text.push(separator);
            separator = ',';
            push_label(name, text, &mut self.text);
        }
        if separator == ',' {
            self.text.push('}');
        }
        self.points.push(Point { start, end: self.text.len(), value });
    }

    /// Appends a sample whose labels are already written, without the braces; `last` is one more label, whose value
    /// needs no escaping.
    pub(crate) fn push_written(
        &mut self,
        suffix: &str,
        labels: &str,
        last: Option<(&str, &str)>,
        value: f64,
    ) {
        let Some(start) = self.begin(suffix) else { return };
        if !labels.is_empty() || last.is_some() {
            self.text.push('{');
            self.text.push_str(labels);
            if let Some((name, text)) = last {
                if !labels.is_empty() {
                    self.text.push(',');
                }
                self.text.push_str(name);
                self.text.push_str("=\"");
                self.text.push_str(text);
                self.text.push('"');
            }
            self.text.push('}');
        }
        self.points.push(Point { start, end: self.text.len(), value });
    }

    /// Begins a series with the family's name and a suffix, and returns where it starts.
    fn begin(&mut self, suffix: &str) -> Option<usize> {
        let family = self.families.last()?;
        let start = self.text.len();
        self.text.extend_from_within(family.start..family.name_end);
        self.text.push_str(suffix);
        Some(start)
    }

    /// Appends a sample to the family begun last, of which what follows the family's name is already text:
    /// `_bucket{le="0.1"}`, or nothing. Without a family nothing is kept.
    pub fn push_text(&mut self, rest: &str, value: f64) {
        let Some(start) = self.begin(rest) else { return };
        self.points.push(Point { start, end: self.text.len(), value });
    }

    /// Appends a family of one sample without labels.
    pub fn single(&mut self, family: Family<'_>, value: f64) {
        self.family(family);
        self.push(&[], value);
    }

    /// Returns the families in the order in which they were begun.
    pub fn families(&self) -> impl Iterator<Item = FamilyView<'_>> {
        self.families.iter().enumerate().map(|(index, at)| {
            let end = self.families.get(index + 1).map_or(self.points.len(), |next| next.first);
            FamilyView { samples: self, at, points: &self.points[at.first..end] }
        })
    }

    /// Returns how many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Tells whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// A family in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct FamilyView<'a> {
    samples: &'a Samples,
    at: &'a FamilyAt,
    points: &'a [Point],
}

impl<'a> FamilyView<'a> {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.samples.text[self.at.start..self.at.name_end]
    }

    /// Returns what it means.
    #[must_use]
    pub fn help(&self) -> &'a str {
        &self.samples.text[self.at.name_end..self.at.help_end]
    }

    /// Returns what it measures.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.at.kind
    }

    /// Returns its samples.
    pub fn samples(&self) -> impl Iterator<Item = SampleView<'a>> + use<'a> {
        let text = self.samples.text.as_str();
        self.points
            .iter()
            .map(|point| SampleView { series: &text[point.start..point.end], value: point.value })
    }
}

/// One sample in the buffer.
///
/// Exhaustive on purpose: a series and its value are all there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleView<'a> {
    /// Name and labels as Prometheus writes them: `name{label="value"}`.
    pub series: &'a str,
    /// The value.
    pub value: f64,
}

/// Appends `name="value"`.
pub(crate) fn push_label(name: &str, text: &str, out: &mut String) {
    out.push_str(name);
    out.push_str("=\"");
    escape(text, out);
    out.push('"');
}

/// Appends a label's value as the text formats want it.
pub(crate) fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            b'\n' => "\\n",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(escaped);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_gives_back_what_was_pushed() {
        let mut samples = Samples::new();
        samples.push(&[], 1.0);
        assert!(samples.is_empty());
        let busy = Family { name: "busy_seconds_total", help: "Time.", kind: Kind::Counter };
        samples.family(busy);
        samples.push(&[("cpu", "0"), ("mode", "a\"b\\c\n")], 1.5);
        samples.push(&[("cpu", "1")], 2.5);
        samples.single(Family { name: "load", help: "", kind: Kind::Gauge }, 3.0);
        let found: Vec<_> = samples
            .families()
            .map(|family| (family.name(), family.samples().collect::<Vec<_>>()))
            .collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, "busy_seconds_total");
        assert_eq!(found[0].1[0].series, "busy_seconds_total{cpu=\"0\",mode=\"a\\\"b\\\\c\\n\"}");
        assert_eq!(found[0].1.len(), 2);
        assert_eq!(found[1].1, [SampleView { series: "load", value: 3.0 }]);
        samples.clear();
        samples.push_text("_count", 1.0);
        assert!(samples.is_empty());
        samples.family(Family { name: "took_seconds", help: "", kind: Kind::Histogram });
        samples.push_text("_bucket{le=\"+Inf\"}", 4.0);
        let series = samples.families().next().and_then(|family| family.samples().next());
        assert_eq!(series.map(|sample| sample.series), Some("took_seconds_bucket{le=\"+Inf\"}"));
    }
}

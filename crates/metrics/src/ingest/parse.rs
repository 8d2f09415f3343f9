//! Reads a body in Prometheus's text format 0.0.4; OpenMetrics' differences are understood as well.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::body::{Building, Sample};
use super::line::{Label, Line, number};
use super::whole::make_whole;
use super::{IngestConfig, IngestError, Pushed, Reason};
use crate::Kind;

/// Reads a body.
///
/// Timestamps and exemplars are checked and not kept: a push means now. `# UNIT`, `# EOF`, `_created` samples and the
/// types of OpenMetrics are understood; a counter is kept under the name that its samples have.
///
/// # Errors
///
/// Returns the first line at fault, and why; also for a body beyond the limits. A histogram is looked at when its lines
/// were found sound. Surplus series of a family are no error: the result counts them.
pub fn parse(body: &[u8], limits: &IngestConfig) -> Result<Pushed, IngestError> {
    parse_with(body, limits, RandomState::new())
}

/// Reads a body; the same `hashes` give the samples of one histogram the same group.
pub(super) fn parse_with(
    body: &[u8],
    limits: &IngestConfig,
    hashes: RandomState,
) -> Result<Pushed, IngestError> {
    if body.len() > limits.max_body {
        return Err(IngestError::TooLarge { limit: limits.max_body });
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let line = 1 + memchr::memchr_iter(b'\n', &body[..error.valid_up_to()]).count();
        IngestError::Malformed { line, reason: Reason::NotText }
    })?;
    let mut parser = Parser::new(limits, hashes);
    for line in text.split('\n') {
        parser.number += 1;
        let line = parser.line(line);
        line.map_err(|reason| IngestError::Malformed { line: parser.number, reason })?;
    }
    let mut pushed = parser.pushed;
    for family in pushed.families.iter_mut().filter(|family| family.kind == Kind::Histogram) {
        make_whole(family, &pushed.text)
            .map_err(|(line, reason)| IngestError::Malformed { line, reason })?;
    }
    Ok(pushed)
}

struct Parser<'b, 'l> {
    limits: &'l IngestConfig,
    pushed: Pushed,
    /// That of the line that is read, from 1.
    number: usize,
    declared: HashMap<&'b str, Declared<'b>>,
    kept: HashMap<&'b str, usize>,
    /// The sample name of the line before and where it went: most lines have the same.
    last: Option<(&'b str, Place<'b>)>,
    labels: Vec<Label<'b>>,
    scratch: Vec<Label<'b>>,
    seen: HashSet<u64>,
    hashes: RandomState,
    samples: usize,
    ended: bool,
}

#[derive(Clone, Copy, Default)]
struct Declared<'b> {
    kind: Option<Type>,
    help: Option<&'b str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Counter,
    Gauge,
    Histogram,
    Summary,
    Untyped,
    /// Its samples are named `_info`.
    Info,
    /// Buckets that fall as well: each of its sample names is kept as a family of its own.
    GaugeHistogram,
}

/// Where the samples of one name are kept.
#[derive(Clone, Copy)]
enum Place<'b> {
    /// In this family, with what follows the family's name before the labels.
    Family(usize, &'b str),
    /// Nowhere: the time at which a counter began says nothing that its values do not.
    Created,
}

impl<'b, 'l> Parser<'b, 'l> {
    fn new(limits: &'l IngestConfig, hashes: RandomState) -> Self {
        Self {
            limits,
            pushed: Pushed::default(),
            number: 0,
            declared: HashMap::new(),
            kept: HashMap::new(),
            last: None,
            labels: Vec::new(),
            scratch: Vec::new(),
            seen: HashSet::new(),
            hashes,
            samples: 0,
            ended: false,
        }
    }

    fn line(&mut self, text: &'b str) -> Result<(), Reason> {
        if text.len() > self.limits.max_line {
            return Err(Reason::LongLine);
        }
        let mut line = Line::new(text);
        if line.rest().is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(Reason::AfterEnd);
        }
        if line.eat(b'#') { self.comment(line) } else { self.sample(line) }
    }

    fn comment(&mut self, mut line: Line<'b>) -> Result<(), Reason> {
        match line.word() {
            Some("EOF") => self.ended = true,
            Some("HELP") => {
                let declared = self.declaration(&mut line)?;
                if declared.help.replace(line.rest().trim_ascii()).is_some() {
                    return Err(Reason::Twice);
                }
            }
            Some("TYPE") => {
                let mut after = line;
                let name = after.word().unwrap_or_default();
                let declared = self.declaration(&mut line)?;
                let kind = line.word().and_then(Type::of).ok_or(Reason::Type)?;
                if declared.kind.replace(kind).is_some() {
                    return Err(Reason::Twice);
                }
                if !line.rest().trim_ascii().is_empty() {
                    return Err(Reason::Type);
                }
                if self.kept.contains_key(name) {
                    return Err(Reason::LateType);
                }
                // What the name of the line before meant may have changed.
                self.last = None;
            }
            _ => {}
        }
        Ok(())
    }

    fn declaration(&mut self, line: &mut Line<'b>) -> Result<&mut Declared<'b>, Reason> {
        line.eat(b' ');
        let name = line.name(true).ok_or(Reason::Name)?;
        if self.declared.len() >= self.limits.max_families && !self.declared.contains_key(name) {
            return Err(Reason::ManyFamilies);
        }
        Ok(self.declared.entry(name).or_default())
    }

    fn sample(&mut self, mut line: Line<'b>) -> Result<(), Reason> {
        let name = line.name(true).ok_or(Reason::Name)?;
        // `a.5` is no name with a value: `a.b` would not be one either.
        if !line.rest().starts_with([' ', '\t', '{']) {
            return Err(if line.rest().is_empty() { Reason::Value } else { Reason::Name });
        }
        let mut labels = std::mem::take(&mut self.labels);
        let read = line
            .labels(&mut labels, self.limits)
            .and_then(|()| line.value(&mut self.scratch, self.limits));
        let kept = read.and_then(|value| match self.place(name)? {
            Place::Family(family, suffix) => self.keep(family, suffix, &mut labels, value),
            Place::Created => Ok(()),
        });
        self.labels = labels;
        kept
    }

    fn place(&mut self, name: &'b str) -> Result<Place<'b>, Reason> {
        if let Some((last, place)) = self.last
            && last == name
        {
            return Ok(place);
        }
        let place = self.find_place(name)?;
        self.last = Some((name, place));
        Ok(place)
    }

    fn find_place(&mut self, name: &'b str) -> Result<Place<'b>, Reason> {
        // In the older format these are a gauge of their own, which OpenMetrics cannot tell from a part of the counter.
        if name.strip_suffix("_created").is_some_and(|base| self.counts(base)) {
            return Ok(Place::Created);
        }
        if let Some(declared) = self.declared.get(name).copied()
            && let Some(kind) = declared.kind
        {
            return match kind {
                Type::Histogram | Type::GaugeHistogram | Type::Info => Err(Reason::NotOfFamily),
                _ => self.family(name, kind.kept(), declared.help, ""),
            };
        }
        for suffix in SUFFIXES {
            let Some(base) = name.strip_suffix(suffix) else { continue };
            let Some(Declared { kind: Some(kind), help }) = self.declared.get(base).copied() else {
                continue;
            };
            match (kind, suffix) {
                (Type::Histogram, "_bucket" | "_sum" | "_count")
                | (Type::Summary, "_sum" | "_count") => {
                    return self.family(&name[..base.len()], kind.kept(), help, suffix);
                }
                (Type::Counter, "_total")
                | (Type::Info, "_info")
                | (Type::GaugeHistogram, "_bucket" | "_gsum" | "_gcount") => {
                    return self.family(name, kind.kept(), help, "");
                }
                _ => {}
            }
        }
        let help = self.declared.get(name).and_then(|declared| declared.help);
        self.family(name, Kind::Untyped, help, "")
    }

    /// Tells whether a family of this name has samples that only grow.
    fn counts(&self, base: &str) -> bool {
        let kind = |name: &str| self.declared.get(name).and_then(|declared| declared.kind);
        matches!(kind(base), Some(Type::Counter | Type::Histogram | Type::Summary))
            || kind(&format!("{base}_total")) == Some(Type::Counter)
    }

    fn family(
        &mut self,
        name: &'b str,
        kind: Kind,
        help: Option<&'b str>,
        suffix: &'b str,
    ) -> Result<Place<'b>, Reason> {
        if let Some(index) = self.kept.get(name) {
            return Ok(Place::Family(*index, suffix));
        }
        let index = self.pushed.families.len();
        if index >= self.limits.max_families {
            return Err(Reason::ManyFamilies);
        }
        self.kept.insert(name, index);
        self.pushed.families.push(Building {
            name: name.to_owned(),
            help: unescape(help.unwrap_or_default()),
            kind,
            samples: Vec::new(),
            surplus: 0,
        });
        Ok(Place::Family(index, suffix))
    }

    fn keep(
        &mut self,
        index: usize,
        suffix: &str,
        labels: &mut [Label<'b>],
        value: f64,
    ) -> Result<(), Reason> {
        let Some(family) = self.pushed.families.get_mut(index) else { return Ok(()) };
        check_value(family.kind, suffix, value)?;
        if family.kind == Kind::Summary && suffix == "_sum" && !is_total(value) {
            // One update that took no number of seconds spoils it until the bot starts anew.
            return Ok(());
        }
        let label = match (family.kind, suffix) {
            (Kind::Histogram, "_bucket") => Some("le"),
            (Kind::Summary, "") => Some("quantile"),
            _ => None,
        };
        let bound = label.map(|label| bound(label, labels)).transpose()?;
        let group = match family.kind {
            Kind::Histogram | Kind::Summary => {
                let others = labels.iter().filter(|(name, _)| Some(*name) != label);
                self.hashes.hash_one(others.collect::<Vec<_>>()).max(1)
            }
            _ => 0,
        };
        if family.surplus > 0 {
            family.surplus += 1;
            return Ok(());
        }
        if family.samples.len() >= self.limits.max_series_per_family
            || self.samples >= self.limits.max_series
        {
            self.samples -= family.turn_away(group);
            return Ok(());
        }
        let start = self.pushed.text.len();
        write(suffix, labels, &mut self.pushed.text);
        // Two series with the same 64 bits of a keyed hash do not happen.
        if !self.seen.insert(self.hashes.hash_one((index, &self.pushed.text[start..]))) {
            return Err(Reason::Duplicate);
        }
        let (end, line) = (self.pushed.text.len(), self.number);
        family.samples.push(Sample { start, end, group, bound, line, value });
        self.samples += 1;
        Ok(())
    }
}

impl Building {
    /// Counts a sample that has no room, and takes back those that are worth nothing without it: the other samples of
    /// the same histogram. Returns how many it took back.
    fn turn_away(&mut self, group: u64) -> usize {
        let before = self.samples.len();
        if group != 0 {
            while self.samples.pop_if(|sample| sample.group == group).is_some() {}
        }
        let taken_back = before - self.samples.len();
        self.surplus += 1 + taken_back;
        taken_back
    }
}

impl Type {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" | "stateset" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "untyped" | "unknown" => Self::Untyped,
            "info" => Self::Info,
            "gaugehistogram" => Self::GaugeHistogram,
            _ => return None,
        })
    }

    fn kept(self) -> Kind {
        match self {
            Self::Counter => Kind::Counter,
            Self::Gauge | Self::Info => Kind::Gauge,
            Self::Histogram => Kind::Histogram,
            Self::Summary => Kind::Summary,
            Self::Untyped | Self::GaugeHistogram => Kind::Untyped,
        }
    }
}

/// Refuses what OpenMetrics has no place for, and Prometheus makes no sense of.
fn check_value(kind: Kind, suffix: &str, value: f64) -> Result<(), Reason> {
    match (kind, suffix) {
        (Kind::Counter, _) if !is_total(value) => Err(Reason::Count),
        (Kind::Histogram, "_bucket" | "_count") | (Kind::Summary, "_count")
            if !is_total(value) || value.fract() != 0.0 =>
        {
            Err(Reason::Count)
        }
        (Kind::Summary, "") if value < 0.0 => Err(Reason::Quantile),
        _ => Ok(()),
    }
}

/// Tells whether a value can be a total of what only grows.
fn is_total(value: f64) -> bool {
    value >= 0.0
}

/// Returns the number that a label says, and has infinity spelled as everybody spells it.
fn bound(label: &str, labels: &mut [Label<'_>]) -> Result<f64, Reason> {
    let text = labels.iter_mut().find(|(name, _)| *name == label).ok_or(Reason::Bound)?;
    let bound = number(text.1).filter(|bound| !bound.is_nan()).ok_or(Reason::Bound)?;
    if label == "quantile" && !(0.0..=1.0).contains(&bound) {
        return Err(Reason::Bound);
    }
    if bound == f64::INFINITY {
        text.1 = "+Inf";
    }
    Ok(bound)
}

fn write(suffix: &str, labels: &[Label<'_>], out: &mut String) {
    out.push_str(suffix);
    let mut separator = '{';
    for (name, value) in labels {
        out.push(separator);
        separator = ',';
        out.push_str(name);
        out.push_str("=\"");
        out.push_str(value);
        out.push('"');
    }
    if separator == ',' {
        out.push('}');
    }
}

/// Returns a help text without its escapes; a backslash before anything else stands for itself.
fn unescape(help: &str) -> String {
    let mut text = String::with_capacity(help.len());
    let mut rest = help;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let (stands_for, taken) = match after.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b'\\') => ('\\', 1),
            Some(b'"') => ('"', 1),
            _ => ('\\', 0),
        };
        text.push(stands_for);
        rest = &after[taken..];
    }
    text.push_str(rest);
    text
}

/// What may follow a declared name in the names of its samples.
const SUFFIXES: [&str; 7] = ["_bucket", "_sum", "_count", "_total", "_info", "_gsum", "_gcount"];

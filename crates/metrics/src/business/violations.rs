//! What is wrong with declarations.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    AggregateConfig, AggregateOp, BusinessConfig, DeclaredKind, HttpMetricConfig, LogMetricConfig,
};
use crate::Violation;

impl BusinessConfig {
    /// Returns everything that is wrong with the declarations. Patterns are compiled by who matches them, and looked
    /// at then.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (index, metric) in self.log.iter().enumerate() {
            metric.check(&mut Check { at: format!("log[{index}]"), found: &mut found });
        }
        for (index, metric) in self.http.iter().enumerate() {
            metric.check(&mut Check { at: format!("http[{index}]"), found: &mut found });
        }
        for (index, metric) in self.aggregate.iter().enumerate() {
            metric.check(&mut Check { at: format!("aggregate[{index}]"), found: &mut found });
        }
        self.check_names(&mut found);
        found
    }

    /// A name means one thing: log metrics may share one, if they measure the same.
    fn check_names(&self, found: &mut Vec<Violation>) {
        let mut logs = BTreeMap::<&str, &LogMetricConfig>::new();
        for (index, metric) in self.log.iter().enumerate() {
            let first = *logs.entry(&metric.name).or_insert(metric);
            if (first.kind, &first.labels, &first.buckets)
                != (metric.kind, &metric.labels, &metric.buckets)
            {
                let reason = "another metric of this name has another kind, labels or buckets";
                found.push(Violation::new(format!("log[{index}].name"), reason));
            }
        }
        let mut seen: BTreeSet<&str> = logs.into_keys().collect();
        let https = self.http.iter().enumerate();
        let https = https.map(|(index, metric)| (format!("http[{index}].name"), &metric.name));
        let aggregates = self.aggregate.iter().enumerate();
        let aggregates =
            aggregates.map(|(index, metric)| (format!("aggregate[{index}].name"), &metric.name));
        for (path, name) in https.chain(aggregates) {
            if !seen.insert(name) {
                found.push(Violation::new(path, "another metric has this name"));
            }
        }
    }
}

/// Where something is wrong, and what was found.
struct Check<'a> {
    at: String,
    found: &'a mut Vec<Violation>,
}

impl Check<'_> {
    fn holds(&mut self, holds: bool, key: &str, reason: &str) {
        if !holds {
            self.found.push(Violation::new(format!("{}.{key}", self.at), reason));
        }
    }

    fn metric(&mut self, name: &str, kind: DeclaredKind) {
        self.holds(is_name(name), "name", "must be a metric's name such as bot_requests_total");
        let is_total = name.ends_with("_total");
        let is_counter = kind == DeclaredKind::Counter;
        self.holds(is_total || !is_counter, "name", "the name of a counter must end in _total");
        self.holds(!is_total || is_counter, "name", "only the name of a counter ends in _total");
    }

    fn labels<'a>(&mut self, key: &str, labels: impl ExactSizeIterator<Item = &'a str>) {
        self.holds(labels.len() <= MOST_LABELS, key, "must be 16 at most");
        let mut seen = BTreeSet::new();
        for label in labels {
            let is_label = is_name(label) && !label.starts_with("__") && label != "le";
            self.holds(is_label, key, "each must be a label's name such as handler");
            self.holds(seen.insert(label), key, "none may be there twice");
        }
    }
}

impl LogMetricConfig {
    fn check(&self, check: &mut Check<'_>) {
        check.holds(self.file.is_absolute(), "file", "must be an absolute path");
        check.holds(!self.pattern.is_empty(), "pattern", "must not be empty");
        let has_group = |name: &str| {
            ["(?<", "(?P<"].iter().any(|open| self.pattern.contains(&format!("{open}{name}>")))
        };
        let is_counter = self.kind == DeclaredKind::Counter;
        check.holds(is_counter || has_group("value"), "pattern", "must have a group `value`");
        for label in &self.labels {
            let reason = format!("must have a group `{label}`, which is a label");
            check.holds(has_group(label), "pattern", &reason);
        }
        check.metric(&self.name, self.kind);
        check.labels("labels", self.labels.iter().map(String::as_str));
        let ascend = self.buckets.windows(2).all(|pair| pair[0] < pair[1]);
        let finite = self.buckets.iter().all(|bound| bound.is_finite());
        check.holds(ascend && finite, "buckets", "must ascend and be finite");
        check.holds(self.buckets.len() <= MOST_BUCKETS, "buckets", "must be 100 at most");
        let is_histogram = self.kind == DeclaredKind::Histogram;
        check.holds(is_histogram || self.buckets.is_empty(), "buckets", "are a histogram's");
        let in_range = (1..=20_000).contains(&self.max_series);
        check.holds(in_range, "max-series", "must be from 1 to 20000");
    }
}

impl HttpMetricConfig {
    fn check(&self, check: &mut Check<'_>) {
        let is_http = ["http://", "https://"].iter().any(|scheme| self.url.starts_with(scheme));
        check.holds(is_http, "url", "must begin with http:// or https://");
        let in_range = (Duration::from_secs(1)..=Duration::from_hours(24)).contains(&self.interval);
        check.holds(in_range, "interval", "must be between 1s and 1d");
        let is_pointer = self.pointer.is_empty() || self.pointer.starts_with('/');
        check.holds(is_pointer, "pointer", "must be empty or begin with /");
        let stars = self.pointer.split('/').skip(1).filter(|part| *part == "*").count();
        let whole = self.pointer.matches("/*").count();
        check.holds(stars == whole && stars <= 1, "pointer", "may have one part that is *");
        let is_named = self.each.is_empty() == (stars == 0);
        check.holds(is_named, "each", "must name a label if the pointer has a *, and only then");
        let is_free = !self.labels.contains_key(&self.each);
        check.holds(is_free, "each", "must be none of `labels`");
        check.metric(&self.name, self.kind);
        let each = Some(self.each.as_str()).filter(|each| !each.is_empty());
        let labels: Vec<_> = self.labels.keys().map(String::as_str).chain(each).collect();
        check.labels("labels", labels.into_iter());
        let is_histogram = self.kind == DeclaredKind::Histogram;
        check.holds(!is_histogram, "kind", "must be `gauge` or `counter`");
    }
}

impl AggregateConfig {
    fn check(&self, check: &mut Check<'_>) {
        check.holds(is_name(&self.name), "name", "must be a metric's name such as bot_error_ratio");
        let is_growth = matches!(self.op, AggregateOp::Rate | AggregateOp::Ratio);
        let is_total = self.name.ends_with("_total");
        let is_sum = self.op == AggregateOp::Sum;
        check.holds(is_sum || !is_total, "name", "only a sum of counters may end in _total");
        check.holds(is_name(&self.of), "of", "must be a metric's name");
        let is_ratio = self.op == AggregateOp::Ratio;
        let is_over = is_ratio == is_name(&self.over) && is_ratio != self.over.is_empty();
        check.holds(is_over, "over", "must be a metric's name for a ratio, and empty else");
        let is_filter = is_ratio || self.over_where.is_empty();
        check.holds(is_filter, "over-where", "must be empty but for a ratio");
        check.labels("by", self.by.iter().map(String::as_str));
        let window = Duration::from_secs(10)..=Duration::from_hours(24);
        let in_range = !is_growth || window.contains(&self.window);
        check.holds(in_range, "window", "must be between 10s and 1d");
    }
}

/// Tells whether this can be the name of a metric or a label.
fn is_name(text: &str) -> bool {
    text.len() <= 200
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

const MOST_LABELS: usize = 16;

const MOST_BUCKETS: usize = 100;

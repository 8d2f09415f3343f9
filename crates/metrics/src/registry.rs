//! The one place that everything which is measured comes together.

mod foreign;
mod table;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::instrument::{Bounds, Counter, Gauge, Histogram, Instrument, Labelled};
use crate::{Collector, Error, Exposition, Samples, Violation};

use table::Declared;
pub(crate) use table::{Sampled, Table};

/// Everything that a program measures: its own instruments, its collectors, and what others have registered with the
/// `prometheus` crate's registry inside.
///
/// Cloning is cheap and gives the same registry.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    prefix: String,
    limits: Limits,
    families: Mutex<BTreeMap<Box<str>, Registered>>,
    collectors: Mutex<Vec<Box<dyn Collector>>>,
    foreign: prometheus::Registry,
    /// The samples of the last scrape, so that the next one allocates nothing.
    scraped: Mutex<Samples>,
    about: About,
}

/// A table twice: as what it holds, and as what is sampled.
struct Registered {
    table: Arc<dyn Any + Send + Sync>,
    sampled: Arc<dyn Sampled>,
}

/// The registry's metrics about itself.
#[derive(Debug)]
struct About {
    overflowed: Labelled<Counter, 1>,
    conflicts: Labelled<Counter, 1>,
    failures: Labelled<Counter, 1>,
}

/// How much a registry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Limits {
    /// How many series a metric may have. Further ones are counted together in a series with the label
    /// `overflow="true"`, and each time in `metrics_overflow_total`.
    pub max_series: usize,
    /// How many bytes a label's value may have. What has a longer one goes where the surplus series go.
    pub max_label_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_series: 20_000, max_label_bytes: 256 }
    }
}

impl Limits {
    /// Returns what is wrong with the limits; nothing, where they can be used.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let limits = [
            ("max-series", self.max_series, MOST_SERIES),
            ("max-label-bytes", self.max_label_bytes, MOST_LABEL_BYTES),
        ];
        limits
            .into_iter()
            .filter(|(_, value, most)| !(1..=*most).contains(value))
            .map(|(key, value, most)| {
                Violation::new(key, format!("{value} is not between 1 and {most}"))
            })
            .collect()
    }
}

impl Registry {
    /// Creates an empty registry. The names of all instruments made from it begin with `prefix` and an underscore,
    /// unless it is empty.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`] for a prefix that no metric's name can begin with.
    pub fn new(prefix: &str) -> Result<Self, Error> {
        Self::with_limits(prefix, Limits::default())
    }

    /// Creates an empty registry with limits of its own.
    ///
    /// # Errors
    ///
    /// Those of [`Registry::new`], and [`Error::Refused`] for limits that cannot be used.
    pub fn with_limits(prefix: &str, limits: Limits) -> Result<Self, Error> {
        let violations = limits.violations();
        if !violations.is_empty() {
            return Err(Error::Refused { violations });
        }
        if !prefix.is_empty() && !is_name(prefix) {
            return Err(Error::BadName { name: prefix.to_owned() });
        }
        let mut families = BTreeMap::new();
        let about = About::new(prefix, &mut families);
        let shared = Shared {
            prefix: prefix.to_owned(),
            limits,
            families: Mutex::new(families),
            collectors: Mutex::default(),
            foreign: prometheus::Registry::new(),
            scraped: Mutex::default(),
            about,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns what the instruments' names begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.shared.prefix
    }

    /// Returns how much the registry holds.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Returns the registry of the `prometheus` crate: what is registered there is gathered with the rest, under
    /// its own name.
    #[must_use]
    pub fn prometheus(&self) -> &prometheus::Registry {
        &self.shared.foreign
    }

    /// Declares a counter; its name ends in `_total`. Declared again in the same way, it is the same counter.
    ///
    /// # Errors
    ///
    /// [`Error::BadName`] and [`Error::BadMetric`] for names of the metric or its labels that Prometheus does not take,
    /// and for a name that is declared in another way already.
    pub fn counter<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Labelled<Counter, N>, Error> {
        if !name.ends_with("_total") {
            return Err(refused(name, "the name of a counter must end in `_total`"));
        }
        self.declare(name, help, labels, &[])
    }

    /// Declares a gauge. Declared again in the same way, it is the same gauge.
    ///
    /// # Errors
    ///
    /// Those of [`Registry::counter`].
    pub fn gauge<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
    ) -> Result<Labelled<Gauge, N>, Error> {
        self.declare(name, help, labels, &[])
    }

    /// Declares a histogram with the upper bounds of its buckets; the one for what is above all of them is made.
    /// Declared again in the same way, it is the same histogram.
    ///
    /// # Errors
    ///
    /// Those of [`Registry::counter`], and [`Error::BadMetric`] for bounds that do not ascend.
    pub fn histogram<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        bounds: &[f64],
    ) -> Result<Labelled<Histogram, N>, Error> {
        if labels.contains(&"le") {
            return Err(refused(name, "`le` is the label of a histogram's buckets"));
        }
        self.declare(name, help, labels, bounds)
    }

    /// Adds a collector, which is asked at every scrape, in the thread that scrapes. One that waits for anything
    /// belongs to a sampler with a thread of its own, whose [`Samples`] are given to [`Registry::write`].
    pub fn collect_with(&self, collector: impl Collector + 'static) {
        lock(&self.shared.collectors).push(Box::new(collector));
    }

    /// Appends the samples of all that is registered.
    ///
    /// A collector that fails is counted in `metrics_collector_errors_total`; what it measured before is kept.
    pub fn gather(&self, out: &mut Samples) {
        let shared = &*self.shared;
        for collector in &mut *lock(&shared.collectors) {
            if collector.collect(out).is_err() {
                shared.about.failures.with([collector.name()]).add(1);
            }
        }
        foreign::gather(&shared.foreign, out, |family| {
            shared.about.overflowed.with([family]).add(1);
        });
        // The list is short; its lock is not held while a table is read.
        let tables: Vec<_> =
            lock(&shared.families).values().map(|family| Arc::clone(&family.sampled)).collect();
        for table in tables {
            table.sample(out);
        }
    }

    /// Appends the exposition of all that is registered and of the samples of others.
    ///
    /// Families of one name from several sources are put together. What cannot be told apart or contradicts what came
    /// first is left out and counted in `metrics_conflicts_total`.
    pub fn write(&self, format: Exposition, others: &[&Samples], out: &mut String) {
        let mut own = lock(&self.shared.scraped);
        own.clear();
        self.gather(&mut own);
        let sources = std::iter::once(&*own).chain(others.iter().copied());
        format.write(sources, out, |family| self.shared.about.conflicts.with([family]).add(1));
    }

    fn declare<I: Instrument, const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        bounds: &[f64],
    ) -> Result<Labelled<I, N>, Error> {
        check_names(name, &labels)?;
        let bounds = Bounds::new(bounds).map_err(|reason| refused(name, reason))?;
        let declared = Declared::new(&self.shared.prefix, name, help, &labels, bounds);
        let mut families = lock(&self.shared.families);
        if let Some(known) = families.get(&declared.name) {
            let table = Arc::clone(&known.table).downcast::<Table<I>>().ok();
            return table
                .filter(|table| table.declared.is_like(&declared))
                .map(Labelled::new)
                .ok_or_else(|| refused(name, "it is declared in another way already"));
        }
        let overflowed = self.shared.about.overflowed.clone();
        let table = Arc::new(Table::new(declared, self.shared.limits, Some(overflowed)));
        register(&mut families, &table);
        Ok(Labelled::new(table))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("prefix", &self.shared.prefix)
            .field("limits", &self.shared.limits)
            .field("families", &lock(&self.shared.families).len())
            .finish_non_exhaustive()
    }
}

impl About {
    fn new(prefix: &str, families: &mut BTreeMap<Box<str>, Registered>) -> Self {
        let mut counter = |name, help, label| {
            let declared = Declared::new(prefix, name, help, &[label], Bounds::default());
            let table = Arc::new(Table::new(declared, Limits::default(), None));
            register(families, &table);
            Labelled::new(table)
        };
        Self {
            overflowed: counter(
                "metrics_overflow_total",
                "Times that a metric had no room for a series.",
                "family",
            ),
            conflicts: counter(
                "metrics_conflicts_total",
                "Series and metrics left out because another has their name.",
                "family",
            ),
            failures: counter(
                "metrics_collector_errors_total",
                "Times that a collector could not measure.",
                "collector",
            ),
        }
    }
}

impl Declared {
    fn new(prefix: &str, name: &str, help: &str, labels: &[&str], bounds: Bounds) -> Self {
        let separator = if prefix.is_empty() { "" } else { "_" };
        Self {
            name: [prefix, separator, name].concat().into(),
            help: help.into(),
            labels: labels.iter().map(|label| Box::from(*label)).collect(),
            bounds: Arc::new(bounds),
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.labels == other.labels && self.bounds == other.bounds
    }
}

impl<I: Instrument> Table<I> {
    /// Makes a table that is in no registry: who declares it samples it, and can let go of it.
    pub(crate) fn apart(
        (name, help): (&str, &str),
        labels: &[&str],
        bounds: &[f64],
        max_series: usize,
        overflowed: Labelled<Counter, 1>,
    ) -> Result<Self, Error> {
        check_names(name, labels)?;
        let bounds = Bounds::new(bounds).map_err(|reason| refused(name, reason))?;
        let declared = Declared::new("", name, help, labels, bounds);
        let limits = Limits { max_series, ..Limits::default() };
        Ok(Self::new(declared, limits, Some(overflowed)))
    }
}

fn register<I: Instrument>(families: &mut BTreeMap<Box<str>, Registered>, table: &Arc<Table<I>>) {
    let registered = Registered { table: table.clone(), sampled: table.clone() };
    families.insert(table.declared.name.clone(), registered);
}

fn check_names(name: &str, labels: &[&str]) -> Result<(), Error> {
    if !is_name(name) {
        return Err(Error::BadName { name: name.to_owned() });
    }
    for (at, label) in labels.iter().enumerate() {
        if !is_name(label) || label.starts_with("__") {
            return Err(refused(name, "a label has a name that Prometheus does not take"));
        }
        if *label == "overflow" {
            return Err(refused(name, "`overflow` is the label of what there is no room for"));
        }
        if labels[..at].contains(label) {
            return Err(refused(name, "two of its labels have one name"));
        }
    }
    Ok(())
}

/// Tells whether this can be the name of a metric or a label. Colons are for the operator's recording rules.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| !byte.is_ascii_digit())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

fn refused(name: &str, reason: &'static str) -> Error {
    Error::BadMetric { name: name.to_owned(), reason }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A series takes some hundred bytes, and OpenTelemetry's SDK keeps room for all of an instrument's from the start.
const MOST_SERIES: usize = 200_000;

/// Longer texts are messages, not labels.
const MOST_LABEL_BYTES: usize = 4096;

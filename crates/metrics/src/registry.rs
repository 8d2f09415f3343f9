//! The one place that everything which is measured comes together.

mod declared;
mod foreign;
mod limits;
mod table;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::instrument::{Bounds, Counter, Gauge, Histogram, Instrument, Labelled};
use crate::{Collector, Error, Exposition, Kind, Samples};

pub use limits::Limits;
pub(crate) use table::{Sampled, Table};

use declared::{Declared, check_names, clashes, is_name, refused};

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
    kind: Kind,
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
        if clashes(&declared.name, I::KIND, |name| Some(families.get(name)?.kind)) {
            return Err(refused(name, "its series would have the names of another metric's"));
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

fn register<I: Instrument>(families: &mut BTreeMap<Box<str>, Registered>, table: &Arc<Table<I>>) {
    let registered = Registered { kind: I::KIND, table: table.clone(), sampled: table.clone() };
    families.insert(table.declared.name.clone(), registered);
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

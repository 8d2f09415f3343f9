//! Metrics from the lines of logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{DeclaredKind, LogMetricConfig, Unit};
use crate::ingest::number;
use crate::registry::{Sampled, Table};
use crate::{Collector, Counter, Error, Gauge, Histogram, Labelled, Registry, Samples};

/// Metrics from the lines of logs. A clone has the same values, so that one thread may follow the logs and another
/// show the metrics.
#[derive(Clone, Debug)]
pub struct LogMetrics {
    /// One for each declaration, in their order.
    metrics: Arc<[LogMetric]>,
    tables: Arc<[Declared]>,
    unusable: Labelled<Counter, 1>,
}

#[derive(Debug)]
struct LogMetric {
    name: String,
    labels: Vec<String>,
    unit: Unit,
    table: Declared,
}

#[derive(Clone, Debug)]
enum Declared {
    Counter(Arc<Table<Counter>>),
    Gauge(Arc<Table<Gauge>>),
    Histogram(Arc<Table<Histogram>>),
}

impl LogMetrics {
    /// Creates the metrics, each at nothing. Those of one name are one metric; what they have no room for, and values
    /// that are no numbers, the registry counts.
    ///
    /// # Errors
    ///
    /// For names of a metric or its labels that Prometheus does not take, and for one name declared in two ways.
    pub fn new(declared: &[LogMetricConfig], registry: &Registry) -> Result<Self, Error> {
        let unusable = registry.counter(
            "business_unusable_total",
            "Matches of declared metrics whose value is no number that they can take.",
            ["metric"],
        )?;
        let mut tables = BTreeMap::<&str, (&LogMetricConfig, Declared)>::new();
        let mut metrics = Vec::new();
        for config in declared {
            let table = match tables.get(config.name.as_str()) {
                Some((first, table)) if is_like(first, config) => table.clone(),
                Some(_) => {
                    let reason = "it is declared in another way already";
                    return Err(Error::BadMetric { name: config.name.clone(), reason });
                }
                None => {
                    let table = Declared::new(config, registry)?;
                    tables.insert(&config.name, (config, table.clone()));
                    table
                }
            };
            metrics.push(LogMetric {
                name: config.name.clone(),
                labels: config.labels.clone(),
                unit: config.unit,
                table,
            });
        }
        let tables = tables.into_values().map(|(_, table)| table).collect();
        Ok(Self { metrics: metrics.into(), tables, unusable })
    }

    /// Takes in what the pattern of a declaration matched: `index` is the declaration's, and `group` tells what a named
    /// group of the pattern matched.
    pub fn observe<'a>(&self, index: usize, group: impl Fn(&str) -> Option<&'a str>) {
        let Some(metric) = self.metrics.get(index) else { return };
        let labels: Vec<_> =
            metric.labels.iter().map(|label| group(label).unwrap_or_default()).collect();
        let unit = group("unit").map_or(Some(metric.unit), Unit::named);
        let value = group("value").map(|text| Some(unit?.convert(number(text)?)));
        let is_usable = match (&metric.table, value) {
            (Declared::Counter(table), None) => {
                table.find(&labels).add(1);
                true
            }
            (Declared::Counter(table), Some(Some(value))) if value >= 0.0 && value.is_finite() => {
                table.find(&labels).add_f64(value);
                true
            }
            (Declared::Gauge(table), Some(Some(value))) => {
                table.find(&labels).set(value);
                true
            }
            (Declared::Histogram(table), Some(Some(value))) if !value.is_nan() => {
                table.find(&labels).observe(value);
                true
            }
            _ => false,
        };
        if !is_usable {
            self.unusable.with([&metric.name]).add(1);
        }
    }
}

impl Collector for LogMetrics {
    fn name(&self) -> &'static str {
        "business_log"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        for table in &*self.tables {
            match table {
                Declared::Counter(table) => table.sample(out),
                Declared::Gauge(table) => table.sample(out),
                Declared::Histogram(table) => table.sample(out),
            }
        }
        Ok(())
    }
}

impl Declared {
    fn new(config: &LogMetricConfig, registry: &Registry) -> Result<Self, Error> {
        let LogMetricConfig { name, help, max_series, .. } = config;
        let labels: Vec<_> = config.labels.iter().map(String::as_str).collect();
        let overflowed = super::overflow(registry)?;
        let bounds =
            if config.buckets.is_empty() { Histogram::SECONDS } else { config.buckets.as_slice() };
        Ok(match config.kind {
            DeclaredKind::Counter => Self::Counter(Arc::new(Table::apart(
                (name, help),
                &labels,
                &[],
                *max_series,
                overflowed,
            )?)),
            DeclaredKind::Gauge => Self::Gauge(Arc::new(Table::apart(
                (name, help),
                &labels,
                &[],
                *max_series,
                overflowed,
            )?)),
            DeclaredKind::Histogram => Self::Histogram(Arc::new(Table::apart(
                (name, help),
                &labels,
                bounds,
                *max_series,
                overflowed,
            )?)),
        })
    }
}

fn is_like(one: &LogMetricConfig, other: &LogMetricConfig) -> bool {
    let key =
        |config: &LogMetricConfig| (config.kind, config.labels.clone(), config.buckets.clone());
    key(one) == key(other)
}

//! What scrapes and the status show of plugins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_api::PluginLine;
use wardkit_metrics::{Collector, Family, Kind, Samples};
use wardkit_plugin::{Installed, PluginState};

use super::call::{Reason, Used};
use super::lock;
use crate::telemetry::{counter, float, gauge};

/// What scrapes and the status show of plugins. Cloning gives another handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Arc<Mutex<BTreeMap<String, Numbers>>>);

#[derive(Clone, Debug, Default)]
struct Numbers {
    executions: u64,
    seconds: f64,
    /// Calls that took at most as long as the bound of the same place.
    buckets: [u64; BOUNDS.len()],
    memory: u64,
    denied: u64,
    throttled: f64,
    errors: BTreeMap<&'static str, u64>,
    waiting: usize,
    state: Option<PluginState>,
    version: String,
    why: String,
}

impl Shown {
    /// Shows these plugins and no others.
    pub(super) fn follow<'a>(&self, plugins: impl Iterator<Item = &'a str>) {
        let mut all = lock(&self.0);
        let mut before = std::mem::take(&mut *all);
        for plugin in plugins {
            let numbers = before.remove(plugin).unwrap_or_default();
            all.entry(plugin.to_owned()).or_insert(numbers);
        }
    }

    /// Counts a call that ran.
    pub(super) fn ran(&self, plugin: &str, used: &Used) {
        self.change(plugin, |numbers| {
            numbers.executions += 1;
            numbers.seconds += used.wall.as_secs_f64();
            for (count, bound) in numbers.buckets.iter_mut().zip(BOUNDS) {
                *count += u64::from(used.wall <= bound);
            }
            if used.memory > 0 {
                numbers.memory = used.memory;
            }
            numbers.denied += used.denied;
            numbers.throttled += used.throttled.as_secs_f64();
        });
    }

    /// Counts a call that gave nothing.
    pub(super) fn failed(&self, plugin: &str, reason: Reason) {
        self.change(plugin, |numbers| *numbers.errors.entry(reason.as_str()).or_default() += 1);
    }

    /// Shows how many calls wait.
    pub(super) fn waiting<'a>(&self, lengths: impl Iterator<Item = (&'a str, usize)>) {
        for (plugin, length) in lengths {
            self.change(plugin, |numbers| numbers.waiting = length);
        }
    }

    /// Shows what is installed.
    pub(super) fn installed(&self, rows: &[Installed]) {
        for (plugin, numbers) in &mut *lock(&self.0) {
            let mut own = rows.iter().filter(|row| row.id.as_str() == plugin);
            let active = own.clone().find(|row| row.state == PluginState::Active);
            let row = active.or_else(|| own.next_back());
            numbers.state = row.map(|row| row.state);
            numbers.version = row.map(|row| row.version.to_string()).unwrap_or_default();
            numbers.why =
                row.map_or_else(|| "it is not installed".to_owned(), |row| row.why.clone());
        }
    }

    /// Returns how each plugin is, by id.
    pub(super) fn lines(&self) -> Vec<PluginLine> {
        let line = |(id, numbers): (&String, &Numbers)| PluginLine {
            id: id.clone(),
            version: numbers.version.clone(),
            state: numbers.state.map_or("absent", PluginState::as_str).to_owned(),
            why: numbers.why.clone(),
            is_amiss: !numbers.is_active(),
            calls: numbers.executions,
            errors: numbers.errors.values().sum(),
        };
        lock(&self.0).iter().map(line).collect()
    }

    fn change(&self, plugin: &str, change: impl FnOnce(&mut Numbers)) {
        // One that is not shown any more ended late.
        if let Some(numbers) = lock(&self.0).get_mut(plugin) {
            change(numbers);
        }
    }
}

impl Numbers {
    fn is_active(&self) -> bool {
        self.state == Some(PluginState::Active)
    }
}

impl Collector for Shown {
    fn name(&self) -> &'static str {
        "plugins"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let all = lock(&self.0).clone();
        each(&all, out, counter("plugin_executions_total", "Calls that ran."), |one| {
            float(one.executions)
        });
        durations(&all, out);
        let help = "The most memory that the last call had at one time.";
        each(&all, out, gauge("plugin_memory_usage_bytes", help), |one| float(one.memory));
        let help = "Calls that gave nothing, and why.";
        out.family(counter("plugin_errors_total", help));
        for (plugin, numbers) in &all {
            for (reason, count) in &numbers.errors {
                out.push(&[("plugin", plugin), ("reason", reason)], float(*count));
            }
        }
        let help = "System calls and capabilities that were tried and denied.";
        each(&all, out, counter("plugin_denied_syscalls_total", help), |one| float(one.denied));
        let help = "Time that calls stood still because their share of the processor was used up.";
        each(&all, out, counter("plugin_throttled_seconds_total", help), |one| one.throttled);
        let help = "Calls that wait.";
        each(&all, out, gauge("plugin_waiting_calls", help), |one| {
            float(u64::try_from(one.waiting).unwrap_or(u64::MAX))
        });
        let help = "Whether a version is installed that is called.";
        each(&all, out, gauge("plugin_active", help), |one| f64::from(u8::from(one.is_active())));
        Ok(())
    }
}

fn each(
    all: &BTreeMap<String, Numbers>,
    out: &mut Samples,
    family: Family<'_>,
    value: impl Fn(&Numbers) -> f64,
) {
    out.family(family);
    for (plugin, numbers) in all {
        out.push(&[("plugin", plugin)], value(numbers));
    }
}

fn durations(all: &BTreeMap<String, Numbers>, out: &mut Samples) {
    let (name, help) = ("plugin_execution_duration_seconds", "How long calls took.");
    out.family(Family { name, help, kind: Kind::Histogram });
    for (plugin, numbers) in all {
        for (count, bound) in numbers.buckets.iter().zip(BOUNDS) {
            let bound = bound.as_secs_f64().to_string();
            out.push_suffixed("_bucket", &[("plugin", plugin), ("le", &bound)], float(*count));
        }
        let count = float(numbers.executions);
        out.push_suffixed("_bucket", &[("plugin", plugin), ("le", "+Inf")], count);
        out.push_suffixed("_sum", &[("plugin", plugin)], numbers.seconds);
        out.push_suffixed("_count", &[("plugin", plugin)], count);
    }
}

/// From what a call costs by itself to the longest that one may take by default.
const BOUNDS: [Duration; 8] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

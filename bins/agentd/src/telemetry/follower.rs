//! Following logs, and counting what declared metrics look for in them.

use std::path::PathBuf;

use wardkit_core::{Clock as _, Event, SystemClock};
use wardkit_logs::{Config, Patterns, State, Tail};
use wardkit_metrics::Registry;
use wardkit_metrics::business::LogMetrics;

use crate::app::App;
use crate::config::MetricsConfig;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Follows logs. Its calls block.
pub(crate) struct Follower {
    tail: Tail,
    patterns: Patterns,
    metrics: LogMetrics,
    kept: State,
}

impl Follower {
    /// Goes on from where the last one was.
    pub(crate) fn new(
        app: &App,
        config: &MetricsConfig,
        registry: &Registry,
    ) -> Result<Self, Error> {
        let patterns = Patterns::compile(&config.patterns())?;
        let metrics = LogMetrics::new(&config.log, registry)?;
        let files: Vec<PathBuf> = config.log.iter().map(|declared| declared.file.clone()).collect();
        let kept = load(app);
        let tail = Tail::resume(&Config::of(files), &kept)?;
        Ok(Self { tail, patterns, metrics, kept })
    }

    /// Returns what the lines are counted in.
    pub(crate) fn metrics(&self) -> LogMetrics {
        self.metrics.clone()
    }

    /// Reads what is new, and returns what there is to report.
    pub(crate) fn poll(&mut self) -> Vec<Event> {
        let (patterns, metrics) = (&self.patterns, &self.metrics);
        let notices = self.tail.poll(SystemClock.uptime(), |line| {
            patterns.each_match(&line, |found| {
                metrics.observe(found.index(), |group| found.group(group));
            });
        });
        let now = SystemClock.now();
        notices.iter().map(|notice| notice.event(now)).collect()
    }

    /// Keeps how far the files were read.
    pub(crate) fn keep(&mut self, app: &App) -> std::io::Result<()> {
        let state = self.tail.state();
        if state != self.kept {
            app.write_file(STATE, &serde_json::to_vec(&state)?)?;
            self.kept = state;
        }
        Ok(())
    }
}

/// Reads how far the files were read. Without it they are begun anew, which is no reason not to.
fn load(app: &App) -> State {
    let bytes = wardkit_cli::read_small(&app.data_dir().join(STATE)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

const STATE: &str = "logs.json";

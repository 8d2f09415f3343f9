//! Watching files for changes: from a configuration to events, on a thread of its own.

mod gate;
mod gauges;

use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock};
use wardkit_custody::{Acceptor, Baselines, Custody, Rules};
use wardkit_integrity::{
    Baseline, Cancel, Dpkg, Ledger, MonitorOptions, Notice, Npm, Outside, Pace, Pip, Policy,
    Report, Rpm, ScanOptions, Sentry, SentryOptions, TrustSource, WatchMode, WatchOptions,
    Watching,
};

pub(crate) use gauges::Gauges;

use crate::config::{IntegrityConfig, TrustName, WatchMode as ConfiguredMode};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Watches files until it is told to stop.
pub(crate) struct Watchman {
    pub config: IntegrityConfig,
    pub custody: Custody,
    pub gauges: Arc<Gauges>,
    /// Where events go.
    pub tell: Box<dyn Fn(Event) + Send + Sync>,
    /// Says how the part is.
    pub health: Box<dyn Fn(Health) + Send>,
    /// Ends scans early.
    pub cancel: Cancel,
}

/// What is watched, and by which rules.
struct Plan {
    baselines: Baselines,
    /// The newest, where there ever was one.
    baseline: Option<Arc<Baseline>>,
    policy: Arc<Policy>,
    text: Option<String>,
    roots: Vec<PathBuf>,
    exclude: Vec<PathBuf>,
    /// What the files that decide about it looked like: another look means that it must be made anew.
    stamps: [Option<Stamp>; 2],
}

/// What tells a file or directory from itself after a change: device, inode, and when it changed.
type Stamp = (u64, u64, i64, i64);

impl Watchman {
    /// Watches until whoever holds the other end of the channel lets go of it.
    pub(crate) fn run(&self, stopped: &Receiver<()>) -> Result<(), Error> {
        let mut told = String::new();
        loop {
            match self.plan().and_then(|mut plan| Ok((self.baseline(&mut plan)?, plan))) {
                Ok((baseline, plan)) => {
                    told.clear();
                    match self.watch(&plan, baseline, stopped)? {
                        Ended::Stopped => return Ok(()),
                        Ended::Superseded => continue,
                    }
                }
                // What was told to end has not failed.
                Err(_) if self.cancel.is_cancelled() => return Ok(()),
                Err(error) => self.refuse(&*error, &mut told),
            }
            if stopped.recv_timeout(RETRY) == Err(RecvTimeoutError::Disconnected) {
                return Ok(());
            }
        }
    }

    /// Says why a baseline is not gone by: once, not at every try, for it stays so until somebody does something.
    fn refuse(&self, error: &(dyn std::error::Error + 'static), told: &mut String) {
        let reason = crate::reload::error_chain(error);
        (self.health)(Health::down(reason.clone()));
        if *told != reason {
            self.event("integrity.baseline.refused", Severity::Critical, |event| {
                event.with_message(reason.clone())
            });
            *told = reason;
        }
    }

    fn plan(&self) -> Result<Plan, Error> {
        let config = &self.config;
        let in_data_dir = |path: &Path, name| {
            if path.as_os_str().is_empty() {
                self.custody.data_dir().join(name)
            } else {
                path.to_owned()
            }
        };
        let baselines = self.custody.baselines(in_data_dir(&config.baseline, "baseline"));
        let stamps = self.stamps(&baselines);
        // Only where there never was one may there be a first: what is gone is refused where it is opened.
        let is_new = baselines.generations()?.is_empty() && baselines.remembered()?.is_none();
        let baseline = if is_new { None } else { Some(Arc::new(baselines.newest()?)) };
        let (policy, text) = match &baseline {
            _ if !config.policy.as_os_str().is_empty() => {
                let (policy, text) = crate::config::policy(&config.policy)?;
                (policy, Some(text))
            }
            // Whoever made the baseline may have named a policy, which was kept with it.
            Some(baseline) => match baselines.policy(baseline)? {
                Some((policy, text)) => (policy, Some(text)),
                None => (Policy::everything(), None),
            },
            None => (Policy::everything(), None),
        };
        let recorded = baseline.as_ref().map_or(&[][..], |baseline| &baseline.header().roots);
        let chosen = [&config.roots[..], policy.roots(), recorded];
        let roots = chosen.into_iter().find(|roots| !roots.is_empty()).unwrap_or(&[]).to_vec();
        if roots.is_empty() {
            return Err("neither `integrity.roots` nor the policy names what to watch".into());
        }
        for root in &roots {
            no_link_above(root)?;
        }
        let exclude = vec![self.custody.data_dir().to_owned(), baselines.path().to_owned()];
        // A scan of nothing would find no change for ever.
        if let Some(root) =
            roots.iter().find(|root| exclude.iter().any(|own| root.starts_with(own)))
        {
            return Err(format!(
                "{} is where wardkit keeps its own, which no scan reads",
                root.display()
            )
            .into());
        }
        Ok(Plan { baselines, baseline, policy: Arc::new(policy), text, roots, exclude, stamps })
    }

    /// Returns the newest baseline, or makes the first where there never was one.
    fn baseline(&self, plan: &mut Plan) -> Result<Arc<Baseline>, Error> {
        if let Some(baseline) = &plan.baseline {
            return Ok(Arc::clone(baseline));
        }
        let selection = Outside::new(&*plan.policy, &plan.exclude);
        let mut scan = ScanOptions::new(&plan.roots)
            .with_selection(&selection)
            .with_threads(self.threads())
            .with_cancel(&self.cancel);
        let pace = Pause;
        if self.config.byte_rate > 0 {
            scan = scan.with_byte_rate(self.config.byte_rate, &pace);
        }
        let now = scan.run()?;
        let trail = self.custody.trail(self.custody.data_dir().join("trail"))?;
        let rules = Rules::new(&plan.policy, plan.text.as_deref());
        plan.baselines.init(&now, rules, Acceptor::new(&trail, "agentd"))?;
        if let Err(error) = plan.baselines.keep_texts(&now, &plan.policy) {
            self.event("integrity.texts.failed", Severity::Warning, |event| {
                event.with_message(error.to_string())
            });
        }
        let report = Report::BaselineCreated {
            entries: now.statistics().entries,
            unreadable: now.statistics().faults,
            at: SystemClock.now(),
        };
        (self.tell)(report.to_event());
        plan.stamps = self.stamps(&plan.baselines);
        Ok(Arc::new(plan.baselines.newest()?))
    }

    fn watch(
        &self,
        plan: &Plan,
        baseline: Arc<Baseline>,
        stopped: &Receiver<()>,
    ) -> Result<Ended, Error> {
        let watching = self.source(plan);
        self.event("integrity.watch.started", Severity::Notice, |event| {
            let refused = watching.refused.iter().map(|(mode, error)| format!("{mode}: {error}"));
            event
                .with_detail("mode", watching.mode.as_str())
                .with_detail("refused", refused.collect::<Vec<_>>())
                .with_detail("generation", baseline.generation())
        });
        self.gauges.watching(watching.mode, &baseline);
        let gate = gate::start(&self.config, &baseline, &self.gauges)?;
        (self.health)(Health::Up);
        let mut options = SentryOptions::new(plan.roots.iter().cloned());
        options.exclude.clone_from(&plan.exclude);
        options.scan_every = self.config.scan_every;
        options.full_every = plan.policy.full_every().unwrap_or(self.config.full_every);
        options.threads = self.threads();
        options.cancel = self.cancel.clone();
        options.byte_rate = match self.config.byte_rate {
            0 => None,
            rate => Some((rate, Arc::new(Pause))),
        };
        options.monitor = MonitorOptions::new(plan.roots.iter().cloned())
            .with_settling(self.config.settle, self.config.settle_limit);
        let ledger = Ledger::new(self.databases(), baseline.algorithm());
        let policy = Arc::clone(&plan.policy);
        let mut sentry =
            Sentry::new(baseline, policy, watching.source, options, Arc::new(SystemClock));
        if let Err(error) = sentry.trust(ledger) {
            self.event("integrity.trust.failed", Severity::Warning, |event| {
                event.with_message(error.to_string())
            });
        }
        self.follow(plan, &mut sentry, &gate, watching.mode, stopped)
    }

    /// Tells what the sentry finds, and takes over what is accepted.
    fn follow(
        &self,
        plan: &Plan,
        sentry: &mut Sentry,
        gate: &gate::Gate,
        mode: WatchMode,
        stopped: &Receiver<()>,
    ) -> Result<Ended, Error> {
        let (mut stamps, mut told) = (plan.stamps, String::new());
        loop {
            for notice in sentry.turn(TURN)? {
                self.pass_on(notice, plan, sentry.baseline());
            }
            gate.tell(&*self.tell);
            if stopped.try_recv() == Err(TryRecvError::Disconnected) {
                return Ok(Ended::Stopped);
            }
            let now = self.stamps(&plan.baselines);
            if now[1] != stamps[1] {
                return Ok(Ended::Superseded);
            }
            if now[0] == stamps[0] {
                continue;
            }
            stamps = now;
            let newest = match plan.baselines.newest() {
                Ok(newest) => Arc::new(newest),
                // Whoever takes the baseline away must not blind the watch: it goes on with the one that it holds.
                Err(error) => {
                    self.refuse(&error, &mut told);
                    continue;
                }
            };
            let of = |baseline: &Baseline| (baseline.header().lineage, baseline.header().policy);
            if of(&newest) != of(sentry.baseline()) {
                return Ok(Ended::Superseded);
            }
            if newest.generation() > sentry.baseline().generation() {
                self.gauges.watching(mode, &newest);
                gate.rebase(&newest);
                for notice in sentry.rebase(newest) {
                    self.pass_on(notice, plan, sentry.baseline());
                }
            }
            told.clear();
            (self.health)(Health::Up);
        }
    }

    fn source(&self, plan: &Plan) -> Watching {
        let options = WatchOptions::new(plan.roots.iter().cloned())
            .with_exclude(plan.exclude.iter().cloned())
            .with_poll_interval(self.config.scan_every);
        match self.config.watch {
            ConfiguredMode::Auto => Watching::best(&options, SystemClock),
            ConfiguredMode::Poll => Watching::poll(&options, SystemClock),
        }
    }

    fn databases(&self) -> Vec<Box<dyn TrustSource>> {
        let named = self.config.trust.iter().map(|name| match name {
            TrustName::Dpkg => Box::new(Dpkg::new("/")) as Box<dyn TrustSource>,
            TrustName::Rpm => Box::new(Rpm::new("/")) as Box<dyn TrustSource>,
        });
        let pip = self.config.site_packages.iter().map(|dir| Box::new(Pip::new(dir)) as _);
        let npm = self.config.node_projects.iter().map(|dir| Box::new(Npm::new(dir)) as _);
        named.chain(pip).chain(npm).collect()
    }

    fn pass_on(&self, notice: Notice, plan: &Plan, baseline: &Baseline) {
        match notice {
            Notice::Detected(_) => self.gauges.detected(),
            Notice::Report(report) => {
                self.gauges.reported(&report);
                let diff = match &report {
                    Report::Finding(finding) => {
                        plan.baselines.text_diff(baseline, &plan.policy, &finding.change)
                    }
                    _ => None,
                };
                let event = report.to_event();
                (self.tell)(match diff {
                    Some(diff) => event.with_detail("diff", diff.to_string()),
                    None => event,
                });
            }
            Notice::Untrusted(reason) => {
                self.event("integrity.trust.failed", Severity::Warning, |event| {
                    event.with_message(reason)
                });
            }
            _ => {}
        }
    }

    fn event(&self, kind: &'static str, severity: Severity, fill: impl FnOnce(Event) -> Event) {
        (self.tell)(fill(Event::new(SystemClock.now(), kind, severity, "integrity")));
    }

    fn threads(&self) -> NonZeroUsize {
        NonZeroUsize::new(usize::from(self.config.threads)).unwrap_or(NonZeroUsize::MIN)
    }

    /// Looks at the baselines' directory and at the policy.
    fn stamps(&self, baselines: &Baselines) -> [Option<Stamp>; 2] {
        [baselines.path(), &self.config.policy].map(|path| {
            let data = std::fs::metadata(path).ok()?;
            Some((data.dev(), data.ino(), data.ctime(), data.ctime_nsec()))
        })
    }
}

/// Refuses a root that lies behind a symbolic link. A scan would go there, but what is looked at when it changes is
/// found without following links.
fn no_link_above(root: &Path) -> Result<(), Error> {
    let Some((above, name)) = root.parent().zip(root.file_name()) else { return Ok(()) };
    match above.canonicalize() {
        Ok(real) if real != above => Err(format!(
            "{} lies behind a symbolic link: name {} in its place",
            root.display(),
            real.join(name).display()
        )
        .into()),
        // What is not there may come later.
        _ => Ok(()),
    }
}

/// Why a watch ended.
enum Ended {
    /// It was told to stop.
    Stopped,
    /// What it goes by is another now.
    Superseded,
}

/// Keeps a scan from reading too fast.
struct Pause;

impl Pace for Pause {
    fn wait(&self, duration: Duration) {
        // Nobody unparks a thread of the scanner.
        std::thread::park_timeout(duration);
    }
}

/// How long a turn waits for changes; a stop and a new baseline are noticed as soon.
const TURN: Duration = Duration::from_millis(500);

/// How soon a baseline that was refused is looked at again.
const RETRY: Duration = Duration::from_secs(5);

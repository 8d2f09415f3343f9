//! What runs use, measured as often as their rules need it, on a thread of its own that is there only while some
//! service has a rule.

mod meter;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use wardkit_process::{Scan, Tree};
use wardkit_supervise::{Input, Measure, Now, ServiceSpec, Topic};

pub(crate) use self::meter::{Meter, Reading};
use crate::cgroups::Groups;
use crate::leak::{Kept, Leaking, Watch};
use crate::part::Inputs;
use crate::services::Time;

/// The thread that measures.
pub(crate) struct Sampling {
    inputs: Inputs,
    time: Time,
    /// Where is kept what was seen.
    directory: PathBuf,
    /// `None` until the first run that is to be measured.
    thread: Option<mpsc::Sender<Told>>,
}

/// A run to be measured.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) service: Arc<str>,
    pub(crate) generation: u64,
    pub(crate) spec: Arc<ServiceSpec>,
    /// Its first process, with its boot and its start.
    pub(crate) run: String,
    /// Its processes.
    pub(crate) tree: Tree,
    pub(crate) groups: Groups,
}

/// What the thread is told.
#[derive(Debug)]
enum Told {
    Began(Box<Watched>),
    Declared(Arc<ServiceSpec>),
    Ended(Arc<str>, u64),
}

impl Sampling {
    pub(crate) fn new(directory: PathBuf, inputs: Inputs, time: Time) -> Self {
        Self { inputs, time, directory, thread: None }
    }

    /// Measures a run from now on, if one of its rules needs it.
    pub(crate) fn began(&mut self, watched: Watched) {
        if needs(&watched.spec) {
            self.tell(Told::Began(Box::new(watched)));
        }
    }

    /// Takes in what is declared of services that may run.
    pub(crate) fn declared(&mut self, services: &[Arc<ServiceSpec>]) {
        if self.thread.is_some() {
            for spec in services {
                self.tell(Told::Declared(Arc::clone(spec)));
            }
        }
    }

    pub(crate) fn ended(&mut self, service: &Arc<str>, generation: u64) {
        if self.thread.is_some() {
            self.tell(Told::Ended(Arc::clone(service), generation));
        }
    }

    fn tell(&mut self, told: Told) {
        if self.thread.is_none() {
            let (sender, receiver) = mpsc::channel();
            let (inputs, time) = (self.inputs.clone(), self.time.clone());
            let directory = self.directory.clone();
            let body = move || live(&receiver, &inputs, &time, Kept::read(&directory));
            let thread = std::thread::Builder::new().name("sampling".to_owned());
            // It ends when this does: nobody waits for it, since it might wait for us. Where no thread can be had, the
            // next run tries again.
            self.thread = thread.spawn(body).is_ok().then_some(sender);
        }
        if let Some(thread) = &self.thread
            && thread.send(told).is_err()
        {
            self.thread = None;
        }
    }
}

/// Tells whether anything of a service is to be measured.
pub(crate) fn needs(spec: &ServiceSpec) -> bool {
    spec.leak.is_some() || !spec.rules.is_empty()
}

/// The thread's life.
fn live(told: &mpsc::Receiver<Told>, inputs: &Inputs, time: &Time, mut kept: Kept) {
    let meter = Meter::default();
    let mut samples = Samples::default();
    loop {
        let next = match samples.due() {
            Some(due) => match told.recv_timeout(due.saturating_sub(time.now().boot)) {
                Ok(told) => Some(told),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            },
            None => match told.recv() {
                Ok(told) => Some(told),
                Err(_) => return,
            },
        };
        if let Some(told) = next {
            samples.take(told, time.now(), &mut kept);
            continue;
        }
        let hours = samples.hours();
        // All at once, so that the thread of the services is woken once.
        for input in samples.sample(time.now(), |run, what, scan| meter.read(run, what, scan)) {
            inputs.blocking_send(input);
        }
        if samples.hours() != hours {
            // What is not kept is seen anew; it is tried again in an hour.
            let _ = kept.write(&samples.watches());
        }
    }
}

/// What is measured of whom, and when next. Pure.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    runs: BTreeMap<Arc<str>, Sampled>,
}

#[derive(Debug)]
struct Sampled {
    watched: Watched,
    jobs: Vec<Job>,
    leak: Option<Leaking>,
    /// What was remarked last on each topic.
    remarks: BTreeMap<Topic, Vec<String>>,
}

/// Something that is measured every so often.
#[derive(Clone, Debug)]
struct Job {
    what: What,
    period: Duration,
    /// In time since the boot.
    next: Duration,
    /// When it was measured last, and how much there was of what only grows.
    last: Option<(Duration, f64)>,
    remark: Option<String>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// For rules.
    Rule(Measure),
    /// Memory that nothing but the run needs.
    Anonymous,
}

impl Samples {
    fn take(&mut self, told: Told, now: Now, kept: &mut Kept) {
        match told {
            Told::Began(watched) => {
                let spec = &watched.spec;
                let seen = kept.take(&spec.name, &watched.run);
                let mut leak = Leaking::of(spec);
                if let (Some(leak), Some(seen)) = (&mut leak, seen) {
                    leak.seen(seen);
                }
                let sampled = Sampled {
                    jobs: jobs(spec, now.boot),
                    leak,
                    remarks: BTreeMap::new(),
                    watched: *watched,
                };
                self.runs.insert(Arc::clone(&sampled.watched.service), sampled);
            }
            Told::Declared(spec) => {
                let Some(run) = self.runs.get_mut(spec.name.as_str()) else { return };
                if run.watched.spec != spec {
                    run.jobs = jobs(&spec, now.boot);
                    run.leak = Leaking::of(&spec).map(|new| new.going_on(run.leak.take()));
                    run.watched.spec = spec;
                }
            }
            Told::Ended(service, generation) => {
                let is_it = |run: &Sampled| run.watched.generation == generation;
                if self.runs.get(&service).is_some_and(is_it) {
                    self.runs.remove(&service);
                }
            }
        }
    }

    /// Returns the hours that were judged last: when they change, there is something to keep.
    fn hours(&self) -> Vec<Option<i64>> {
        let leaks = self.runs.values().filter_map(|run| run.leak.as_ref());
        leaks.map(|leak| leak.watch().1).collect()
    }

    fn watches(&self) -> BTreeMap<&str, Watch> {
        let watch = |run: &'_ Sampled| {
            let watch = run.leak.as_ref()?.watch().0.clone();
            Some(Watch::new(run.watched.run.as_str(), watch))
        };
        self.runs.iter().filter_map(|(name, run)| Some((&**name, watch(run)?))).collect()
    }

    /// Returns when the next is due, in time since the boot.
    fn due(&self) -> Option<Duration> {
        self.runs.values().flat_map(|run| &run.jobs).map(|job| job.next).min()
    }

    /// Measures all that are due, with one look at the processes of the host.
    fn sample(
        &mut self,
        now: Now,
        mut read: impl FnMut(&Watched, What, &Scan) -> Result<Reading, String>,
    ) -> Vec<Input> {
        let mut inputs = Vec::new();
        let scan = Scan::default();
        for run in self.runs.values_mut() {
            let mut jobs = std::mem::take(&mut run.jobs);
            let is_any_due = jobs.iter().any(|job| job.next <= now.boot);
            for job in jobs.iter_mut().filter(|job| job.next <= now.boot) {
                job.next = next(now.boot, job.period);
                let reading = read(&run.watched, job.what, &scan);
                job.remark = job.remark_of(&reading);
                let Ok(reading) = reading else { continue };
                let Some(value) = job.value(now.boot, reading) else { continue };
                match job.what {
                    What::Rule(measure) => {
                        let (service, generation) = run.names();
                        inputs.push(Input::Measured { service, generation, measure, value });
                    }
                    What::Anonymous => {
                        let memory = read(&run.watched, What::Rule(Measure::Memory), &scan);
                        let memory = memory.map_or(value, |reading| reading.value);
                        run.judge(now, value, memory, &mut inputs);
                    }
                }
            }
            if is_any_due {
                let remarks = jobs.iter().filter_map(|job| job.remark.clone()).collect();
                run.remark(Topic::Rules, remarks, &mut inputs);
            }
            run.jobs = jobs;
        }
        inputs
    }
}

impl Sampled {
    fn names(&self) -> (Arc<str>, u64) {
        (Arc::clone(&self.watched.service), self.watched.generation)
    }

    fn judge(&mut self, now: Now, anonymous: f64, memory: f64, inputs: &mut Vec<Input>) {
        let Some(leak) = &mut self.leak else { return };
        let plan = leak.push(now.wall, anonymous, memory);
        let why = leak.why();
        self.remark(Topic::Leak, plan.remark.into_iter().collect(), inputs);
        if plan.is_due {
            let (service, generation) = self.names();
            inputs.push(Input::Planned { service, generation, why });
        }
    }

    /// Says what is to be known, when it is other than before.
    fn remark(&mut self, topic: Topic, text: Vec<String>, inputs: &mut Vec<Input>) {
        if self.remarks.get(&topic) != Some(&text) {
            let (service, _) = self.names();
            inputs.push(Input::Remarked { service, topic, text: text.clone() });
            self.remarks.insert(topic, text);
        }
    }
}

impl Job {
    /// Returns what a rule compares: of what only grows, by how much it grew in a second.
    fn value(&mut self, now: Duration, reading: Reading) -> Option<f64> {
        if !reading.grows {
            return Some(reading.value);
        }
        let (then, before) = self.last.replace((now, reading.value))?;
        let seconds = now.checked_sub(then)?.as_secs_f64();
        // What a process had used that is gone now is missing.
        (seconds > 0.0).then(|| (reading.value - before).max(0.0) / seconds)
    }

    fn remark_of(&self, reading: &Result<Reading, String>) -> Option<String> {
        let name = match self.what {
            What::Rule(measure) => format!("the rule on {}", measure.as_str()),
            What::Anonymous => "leak".to_owned(),
        };
        match reading {
            Ok(reading) => reading.remark.map(|remark| format!("{name}: {remark}")),
            Err(error) => Some(format!("{name}: nothing is measured: {error}")),
        }
    }
}

/// Returns what is to be measured of a service.
fn jobs(spec: &ServiceSpec, now: Duration) -> Vec<Job> {
    let mut periods: BTreeMap<Measure, Duration> = BTreeMap::new();
    for rule in &spec.rules {
        let period = (rule.lasting / SAMPLES).clamp(SHORTEST, LONGEST);
        let known = periods.entry(rule.measure).or_insert(period);
        *known = period.min(*known);
    }
    let rules = periods.into_iter().map(|(measure, period)| (What::Rule(measure), period));
    let leak = spec.leak.iter().map(|_| (What::Anonymous, OF_A_LEAK));
    let job =
        |(what, period)| Job { what, period, next: next(now, period), last: None, remark: None };
    rules.chain(leak).map(job).collect()
}

/// Returns the next moment of a period that is the same for all services, so that they are measured at once.
fn next(now: Duration, period: Duration) -> Duration {
    let (now, period) = (now.as_nanos(), period.as_nanos().max(1));
    let next = (now / period + 1) * period;
    Duration::from_nanos(u64::try_from(next).unwrap_or(u64::MAX))
}

/// So often something is measured in the time for which it must be exceeded.
const SAMPLES: u32 = 4;

/// A rule that is to hold for less is a rule for a moment.
const SHORTEST: Duration = Duration::from_millis(250);

/// A sample vouches for two minutes; one that is lost may be missing.
const LONGEST: Duration = Duration::from_secs(30);

/// Of each hour the least counts: sixty of them find what a collector leaves.
const OF_A_LEAK: Duration = Duration::from_mins(1);

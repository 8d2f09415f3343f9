//! What a configuration says of alerting, read and checked, before anything of it runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::files::{self, LookedAt, Text};
use super::{channels, gaps, original};
use crate::config::{self, AlertingConfig, BadConfig, LOG_RECEIVER, Problem};
use wardkit_alerting::alertmanager::Alertmanager;
use wardkit_alerting::receiver::ReceiverConfig;
use wardkit_alerting::rules::{EventRules, RuleGroups};
use wardkit_alerting::service::{Channels, ServiceConfig};
use wardkit_alerting::{Durability, Plan, Schedule};
use wardkit_core::{Clock as _, SystemClock};

/// What a configuration says of alerting: all of it is sound.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub config: AlertingConfig,
    pub external_url: String,
    pub plan: Plan,
    pub receivers: Vec<ReceiverConfig>,
    pub channels: Channels,
    /// The configuration as an Alertmanager would write it, without secrets.
    pub original: String,
    /// What is not as it was meant, and works.
    pub warnings: Vec<String>,
    /// Who is on call, by the names of the schedules.
    pub schedules: BTreeMap<String, Arc<Schedule>>,
    rule_files: Vec<Text>,
    /// A configuration of Alertmanager and its templates.
    alertmanager: Vec<Text>,
}

impl Prepared {
    /// Reads and checks all that `[alerting]` names, and says what was looked at, whether it is sound or not.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong, as far as it could be looked at.
    pub(crate) fn load(
        config: &AlertingConfig,
        file: Option<&Path>,
        listen: std::net::SocketAddr,
        looked: &mut LookedAt,
    ) -> Result<Self, BadConfig> {
        let mut config = config.clone();
        if !config.enabled {
            config = AlertingConfig {
                enabled: false,
                default_rules: false,
                ..AlertingConfig::default()
            };
        }
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let mut wrong = Wrong::default();
        let external_url = match (config.external_url.as_str(), listen.port()) {
            ("", 0) => String::new(),
            ("", _) => format!("http://{listen}"),
            (url, _) => url.trim_end_matches('/').to_owned(),
        };
        let rule_files = files::read_all(base, &config.rules, looked);
        let rule_files = rule_files.unwrap_or_else(|errors| wrong.add("alerting.rules", errors));
        let decided = decide(&config, base, looked, &mut wrong);
        let Decided { mut plan, mut receivers, original, warnings, alertmanager } = decided;
        resolve(&mut receivers, &mut wrong);
        let built = channels::build(&receivers, &external_url);
        let channels = built.unwrap_or_else(|errors| wrong.add("alerting.receivers", errors));
        plan.receivers.entry(LOG_RECEIVER.to_owned()).or_insert_with(channels::log_receiver);
        let schedules = schedules(&config, &mut plan, &mut wrong);
        escalate(&config, &mut plan, &mut wrong);
        let prepared = Self {
            config,
            external_url,
            plan,
            receivers,
            channels,
            original,
            warnings,
            schedules,
            rule_files,
            alertmanager,
        };
        if let Err(errors) = prepared.rules() {
            wrong.add::<()>("alerting.rules", errors);
        }
        wrong.outcome(file, prepared)
    }

    /// Returns what is not as it was meant, and when nobody is on call.
    pub(crate) fn all_warnings(&self) -> Vec<String> {
        let now = SystemClock.now();
        let gaps = self.schedules.iter().filter_map(|(name, one)| gaps::warning(name, one, now));
        self.warnings.iter().cloned().chain(gaps).collect()
    }

    /// Makes the rules anew.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with them, a line each.
    pub(crate) fn rules(&self) -> Result<(RuleGroups, EventRules), Vec<String>> {
        let config = self.config.rules_config();
        let shown = |text: &Text| (text.path.display().to_string(), text.text.clone());
        let texts: Vec<_> = self.rule_files.iter().map(shown).collect();
        let told = |problems: Vec<wardkit_alerting::rules::RuleProblem>| -> Vec<String> {
            problems.iter().map(ToString::to_string).collect()
        };
        let groups = RuleGroups::load(&config, &self.external_url, &texts).map_err(told)?;
        let events = EventRules::new(&config).map_err(told)?;
        Ok((groups, events))
    }

    /// Returns who can be told. Beside a file of Alertmanager's the log is there only if the file says so: clients
    /// take the list for that file's.
    pub(crate) fn receiver_names(&self) -> impl Iterator<Item = &String> {
        let is_own = self.receivers.iter().any(|one| one.name == LOG_RECEIVER);
        let shows_log = is_own || self.config.config.as_os_str().is_empty();
        self.plan.receivers.keys().filter(move |name| shows_log || *name != LOG_RECEIVER)
    }

    /// Returns the service's limits and manners.
    pub(crate) fn service(&self) -> ServiceConfig {
        let mut service = ServiceConfig::default();
        service.engine = self.config.engine();
        service.retention = self.config.keep_history;
        service.durability = match self.config.durability {
            config::Durability::Full => Durability::Full,
            config::Durability::Relaxed => Durability::Relaxed,
        };
        service
    }

    /// Returns whether it says the same as another, but for where agentd is reached.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.config == other.config
            && self.receivers == other.receivers
            && self.rule_files == other.rule_files
            && self.alertmanager == other.alertmanager
    }

    /// Returns whether a running service can take it over from another without starting anew.
    pub(crate) fn can_follow(&self, other: &Self) -> bool {
        self.config.enabled == other.config.enabled && self.service() == other.service()
    }
}

/// Who is told what, from whichever source.
struct Decided {
    plan: Plan,
    receivers: Vec<ReceiverConfig>,
    original: String,
    warnings: Vec<String>,
    alertmanager: Vec<Text>,
}

fn decide(
    config: &AlertingConfig,
    base: &Path,
    looked: &mut LookedAt,
    wrong: &mut Wrong,
) -> Decided {
    let (plan, receivers) = (config.plan(), config.receivers.clone());
    let native = Decided {
        original: original::of(&plan),
        plan,
        receivers,
        warnings: Vec::new(),
        alertmanager: Vec::new(),
    };
    if config.config.as_os_str().is_empty() {
        return native;
    }
    match imported(&base.join(&config.config), &native.receivers, config, looked) {
        Ok(decided) => decided,
        Err(reasons) => {
            wrong.add::<()>("alerting.config", reasons);
            native
        }
    }
}

/// Reads a configuration of Alertmanager; native receivers stand beside its own.
fn imported(
    path: &Path,
    native: &[ReceiverConfig],
    config: &AlertingConfig,
    looked: &mut LookedAt,
) -> Result<Decided, Vec<String>> {
    let text = files::read(path, looked).map_err(|reason| vec![reason])?;
    let mut templates = Vec::new();
    let mut find = |pattern: &Path| {
        let pattern = pattern.to_str().ok_or("not a text")?.to_owned();
        let found =
            files::read_all(Path::new(""), &[pattern], looked).map_err(|why| why.join("; "))?;
        templates.extend(found.iter().cloned());
        Ok(found.into_iter().map(|one| (one.path, one.text)).collect())
    };
    let read = Alertmanager::parse(&text.path, &text.text, &mut find);
    let read =
        read.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let Alertmanager { mut plan, mut receivers, original, warnings, .. } = read;
    for receiver in native {
        if plan.receivers.insert(receiver.name.clone(), receiver.receiver()).is_some() {
            let name = &receiver.name;
            return Err(vec![format!("receiver {name:?} is in `[[alerting.receivers]]`, too")]);
        }
        receivers.push(receiver.clone());
    }
    for (name, intervals) in config.intervals() {
        if plan.intervals.insert(name.clone(), intervals).is_some() {
            return Err(vec![format!("time interval {name:?} is in `[[alerting.time]]`, too")]);
        }
    }
    let warnings = warnings.iter().map(ToString::to_string).collect();
    templates.insert(0, text);
    Ok(Decided { plan, receivers, original, warnings, alertmanager: templates })
}

/// Lets a plan know who can be called. Returns who is on call.
fn schedules(
    config: &AlertingConfig,
    plan: &mut Plan,
    wrong: &mut Wrong,
) -> BTreeMap<String, Arc<Schedule>> {
    let people = config.person.iter().map(|one| (one.name.clone(), one.receivers.clone()));
    plan.rota.people = people.collect();
    let mut schedules = BTreeMap::new();
    for (index, one) in config.schedule.iter().enumerate() {
        let Ok(schedule) = Schedule::new(one) else { continue };
        for person in schedule.people() {
            if !plan.rota.people.contains_key(person) && !plan.receivers.contains_key(person) {
                let reason = format!("there is no person or receiver {person:?}");
                wrong.add::<()>(&format!("alerting.schedule[{index}]"), vec![reason]);
            }
        }
        let schedule = Arc::new(schedule);
        schedules.insert(one.name.clone(), Arc::clone(&schedule));
        plan.rota.schedules.insert(one.name.clone(), schedule);
    }
    schedules
}

/// Lets escalations take what they match.
fn escalate(config: &AlertingConfig, plan: &mut Plan, wrong: &mut Wrong) {
    // What is wrong with their own values was told with those of the section.
    let policies = config.escalation.iter().filter_map(|one| one.policy().ok()).collect();
    for one in plan.escalate(policies).err().unwrap_or_default() {
        wrong.add::<()>(&format!("alerting.{}", one.path), vec![one.reason]);
    }
}

/// Looks up the secrets of receivers.
fn resolve(receivers: &mut [ReceiverConfig], wrong: &mut Wrong) {
    for receiver in receivers {
        let name = receiver.name.clone();
        if let Err(violations) = receiver.resolve_secrets(crate::telemetry::secret) {
            let told = violations.iter().map(|one| format!("{name:?}: {one}")).collect();
            wrong.add::<()>("alerting.receivers", told);
        }
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Wrong(Vec<Problem>);

impl Wrong {
    /// Adds what is wrong with a key, and returns nothing in its place.
    fn add<T: Default>(&mut self, key: &str, reasons: Vec<String>) -> T {
        let problem = |reason: String| Problem { line: None, key: key.to_owned(), reason };
        self.0.extend(reasons.into_iter().map(problem));
        T::default()
    }

    fn outcome(mut self, file: Option<&Path>, prepared: Prepared) -> Result<Prepared, BadConfig> {
        if self.0.is_empty() {
            return Ok(prepared);
        }
        self.0.dedup();
        Err(BadConfig { file: file.unwrap_or(Path::new("agentd")).to_owned(), problems: self.0 })
    }
}

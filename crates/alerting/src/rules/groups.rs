//! All rules of a program.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_core::Labels;
use wardkit_promql::{Options, Source};

use super::active::{Boot, Moment, nanos};
use super::config::RulesConfig;
use super::effect::RuleEffect;
use super::group::{GroupState, Manner, brought};
use super::keep::{KeptAlert, KeptGroup, alert_prefix, alert_record, group_key, is_of_rules};
use super::overlay::Recorded;
use super::problem::RuleProblem;
use super::rule::Group;
use super::state::RuleState;
use super::view::GroupView;
use crate::{Anchor, Now, Record, Space};

/// All rules of a program, with the states of their alerts.
///
/// It has no clock and no data of its own: [`step`](Self::step) gets both, and returns what is to be done.
#[derive(Debug)]
pub struct RuleGroups {
    groups: Vec<GroupState>,
    manner: Manner,
    outage_tolerance: Duration,
}

impl RuleGroups {
    /// Creates the rules of a configuration, and those of rule files beside them. `external_url` is where the program
    /// is reached; empty when nowhere.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with them.
    pub fn new(
        config: &RulesConfig,
        external_url: &str,
        groups: Vec<Group>,
    ) -> Result<Self, Vec<RuleProblem>> {
        let mut all = super::native::groups(config)?;
        all.extend(groups);
        let labels = config.external_labels.iter();
        let labels = labels.map(|(name, value)| (name.as_str(), value.as_str()));
        let external_labels = Labels::from_pairs(labels).map_err(|error| {
            let problem = RuleProblem::new(0, 0, error.to_string());
            vec![problem.with_key("external-labels")]
        })?;
        let mut options = Options::default();
        options.subquery_step = config.interval;
        Ok(Self {
            groups: all.into_iter().map(|one| GroupState::new(one, config.interval)).collect(),
            manner: Manner {
                external_labels,
                external_url: external_url.to_owned(),
                resend_delay: config.resend_delay,
                options,
                boot_id: String::new(),
            },
            outage_tolerance: config.outage_tolerance,
        })
    }

    /// Creates the rules of a configuration and of rule files, each given by its path and text.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with them.
    #[cfg(feature = "yaml")]
    pub fn load(
        config: &RulesConfig,
        external_url: &str,
        files: &[(String, String)],
    ) -> Result<Self, Vec<RuleProblem>> {
        let (mut groups, mut problems) = (Vec::new(), Vec::new());
        for (path, text) in files {
            match super::file::RuleFile::parse(path, text) {
                Ok(file) => groups.extend(file.into_groups()),
                Err(found) => problems.extend(found),
            }
        }
        match Self::new(config, external_url, groups) {
            Ok(rules) if problems.is_empty() => Ok(rules),
            Ok(_) => Err(problems),
            Err(found) => Err(found.into_iter().chain(problems).collect()),
        }
    }

    /// Takes over what another run of the program had kept; records of other spaces are ignored. `boot_id` names the
    /// run of the host that the time since boot belongs to.
    ///
    /// An alert that fires goes on firing, one that waits has as much to wait as it had: the time in between counts for
    /// nothing. After an outage longer than the tolerance both wait for their whole `for`. The effects belong into a
    /// commit before anything else.
    #[must_use]
    pub fn restore(&mut self, boot_id: &str, records: &[Record], now: Now) -> Vec<RuleEffect> {
        boot_id.clone_into(&mut self.manner.boot_id);
        let at = Moment::from(now);
        let own = records.iter().filter(|record| record.space == Space::Rule);
        let mut own: BTreeMap<String, &[u8]> =
            own.filter_map(|record| Some((record.key.clone(), record.value.as_deref()?))).collect();
        let mut effects = Vec::new();
        for group in &mut self.groups {
            let Some(value) = own.remove(&group_key(&group.id)) else { continue };
            let Ok(kept) = serde_json::from_slice::<KeptGroup>(value) else { continue };
            let repends = outage(&kept.last, boot_id, at) > nanos(self.outage_tolerance);
            for rule in &mut group.rules {
                for alert in take(&mut own, &alert_prefix(&rule.id)) {
                    restore_alert(rule, alert, &kept.last, at, repends);
                }
            }
            let records = group.records(at, boot_id);
            if !records.is_empty() {
                group.settles = Some(at.boot.saturating_add(nanos(self.manner.options.lookback)));
                group.kept = Some(at.boot);
                // The time up to the first evaluation is looked at by nobody, either.
                group.last = Some(at);
                effects.extend(records.into_iter().map(RuleEffect::Record));
            }
        }
        // What nothing asks for any more would stay for ever.
        for key in own.into_keys().filter(|key| is_of_rules(key)) {
            effects.push(RuleEffect::Record(Record { space: Space::Rule, key, value: None }));
        }
        effects
    }

    /// Evaluates the groups that are due, and returns what is to be done.
    ///
    /// After a time in which nothing was evaluated it evaluates once, and that time counts for no `for`.
    #[must_use]
    pub fn step(&mut self, now: Now, source: &dyn Source) -> Vec<RuleEffect> {
        let mut recorded = Recorded::default();
        let mut effects = Vec::new();
        for group in &mut self.groups {
            effects.extend(group.step(now.into(), source, &self.manner, &mut recorded));
        }
        effects
    }

    /// Returns the time since boot at which a group is due; none when there is no group.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let due = self.groups.iter().map(|group| group.due).min()?;
        Some(Duration::from_nanos(u64::try_from(due).unwrap_or(0)))
    }

    /// Replaces the rules by others, after a reload. Rules that were there before keep their alerts; the alerts of
    /// those that are gone end.
    #[must_use]
    pub fn replace(&mut self, new: Self, now: Now) -> Vec<RuleEffect> {
        let at = Moment::from(now);
        let boot_id = std::mem::take(&mut self.manner.boot_id);
        let old = std::mem::replace(self, new);
        self.manner.boot_id = boot_id;
        let mut states = BTreeMap::new();
        for group in old.groups {
            let times = (group.last, group.due, group.settles);
            for rule in group.rules {
                states.insert(rule.id.clone(), (rule, times));
            }
        }
        for group in &mut self.groups {
            for rule in &mut group.rules {
                if let Some((old, (last, due, settles))) = states.remove(&rule.id) {
                    let text = std::mem::replace(rule, old);
                    rule.rule = text.rule;
                    group.last = group.last.or(last);
                    group.settles = group.settles.max(settles);
                    // A shorter interval counts from now on.
                    let soonest = at.boot.saturating_add(nanos(group.interval));
                    group.due = group.due.max(due).min(soonest);
                }
            }
        }
        let mut effects = Vec::new();
        for (mut rule, _) in states.into_values() {
            self.end(&mut rule, at, &mut effects);
        }
        effects
    }

    /// Ends the alerts of a rule that is gone.
    fn end(&self, rule: &mut RuleState, at: Moment, effects: &mut Vec<RuleEffect>) {
        for (labels, alert) in &mut rule.alerts {
            if alert.is_over() {
                continue;
            }
            let was_told = alert.fired_at.is_some();
            alert.resolve(at);
            let record = alert_record(&rule.id, &self.manner.boot_id, labels, alert);
            effects.push(RuleEffect::Record(record));
            if was_told {
                let over = brought(labels, alert, at.wall, &self.manner, String::new);
                effects.push(RuleEffect::Alert(over));
            }
        }
    }

    /// Returns all that is kept, for a store that begins anew.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let boot_id = &self.manner.boot_id;
        let of = |group: &GroupState| group.last.map(|last| group.records(last, boot_id));
        self.groups.iter().filter_map(of).flatten().collect()
    }

    /// Returns the groups as they are shown.
    #[must_use]
    pub fn views(&self) -> Vec<GroupView> {
        self.groups.iter().map(GroupState::view).collect()
    }

    #[cfg(feature = "yaml")]
    pub(super) fn parts(&mut self) -> (&mut [GroupState], &mut Manner) {
        (&mut self.groups, &mut self.manner)
    }
}

/// Returns how long nothing was evaluated.
fn outage(last: &Anchor, boot_id: &str, at: Moment) -> Boot {
    if last.boot_id == boot_id {
        return at.boot.saturating_sub(nanos(last.boot)).max(0);
    }
    // The wall's clock is all there is; where it went back, at least the time since boot has passed.
    let by_wall = at.wall.as_unix_nanos().saturating_sub(last.wall.as_unix_nanos());
    by_wall.max(at.boot)
}

/// Takes out what is kept of the alerts of one rule.
fn take(own: &mut BTreeMap<String, &[u8]>, prefix: &str) -> Vec<KeptAlert> {
    let keys = own.range(prefix.to_owned()..).map(|(key, _)| key);
    let keys: Vec<_> = keys.take_while(|key| key.starts_with(prefix)).cloned().collect();
    let values = keys.into_iter().filter_map(|key| own.remove(&key));
    values.filter_map(|value| serde_json::from_slice(value).ok()).collect()
}

/// Puts an alert back, with its times as those of this run of the host.
fn restore_alert(rule: &mut RuleState, kept: KeptAlert, last: &Anchor, at: Moment, repends: bool) {
    let KeptAlert { boot_id, labels, mut alert } = kept;
    // What it has behind it, up to the last evaluation.
    let behind = |since: Boot| {
        let is_known = boot_id == last.boot_id && !repends;
        if is_known { nanos(last.boot).saturating_sub(since).max(0) } else { 0 }
    };
    alert.since = at.boot.saturating_sub(behind(alert.since));
    alert.kept = alert.kept.map(|since| at.boot.saturating_sub(behind(since)));
    if repends {
        alert.wait_again();
    }
    rule.alerts.insert(labels, alert);
}

//! Routes and inhibition in agentd's own configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_alerting::receiver::ReceiverConfig;
use wardkit_alerting::{
    GroupBy, InhibitRule, Matcher, Matchers, Plan, Route, TimeConfig, TimeInterval,
};

use super::AlertingConfig;

/// Where some alerts go. What is left out is taken over from around it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct RouteConfig {
    /// What an alert must be like: `severity="critical"`, `host=~"db.*"`; each must match.
    pub matchers: Vec<String>,
    /// Who is told.
    pub receiver: String,
    /// The labels whose values make a group; `...` stands for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_by: Option<Vec<String>>,
    /// Whether the routes behind this one are asked, too.
    #[serde(rename = "continue")]
    pub continues: bool,
    /// How long a new group waits for more of its alerts.
    #[serde(with = "maybe", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub group_wait: Option<Duration>,
    /// How long a group that was told of waits before news of it is told.
    #[serde(with = "maybe", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub group_interval: Option<Duration>,
    /// After how long a group that lasts is told of again.
    #[serde(with = "maybe", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub repeat_interval: Option<Duration>,
    /// Nothing is told while one of these times is, by their names in `[[alerting.time]]`. The routes below have their
    /// own.
    pub mute_times: Vec<String>,
    /// Where there are any, nothing is told unless one of these times is.
    pub active_times: Vec<String>,
    /// The routes below; the first that matches takes the alert.
    pub routes: Vec<RouteConfig>,
}

/// Which alerts silence others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct InhibitConfig {
    /// What an alert that silences must be like.
    pub source: Vec<String>,
    /// What an alert that is silenced must be like.
    pub target: Vec<String>,
    /// The labels that both must have alike.
    pub equal: Vec<String>,
}

impl AlertingConfig {
    /// Returns the plan of the native tables. What is wrong in them is left out: [`Self::violations`] names it.
    pub(crate) fn plan(&self) -> Plan {
        let mut root = Route::default();
        self.root_receiver().clone_into(&mut root.receiver);
        root.group_by = group_by(&self.group_by);
        root.group_wait = self.group_wait;
        root.group_interval = self.group_interval;
        root.repeat_interval = self.repeat_interval;
        root.routes = self.route.iter().map(|route| route.below(&root)).collect();
        let mut plan = Plan::default();
        plan.route = root;
        plan.intervals = self.intervals();
        plan.inhibit = self.inhibit.iter().map(InhibitConfig::rule).collect();
        plan.resolve_timeout = Some(self.resolve_timeout);
        plan.receivers =
            self.receivers.iter().map(|one| (one.name.clone(), one.receiver())).collect();
        plan
    }

    /// Returns the times that have a name. What is wrong in them is left out: [`Self::violations`] names it.
    pub(crate) fn intervals(&self) -> BTreeMap<String, Vec<TimeInterval>> {
        let mut intervals = BTreeMap::<String, Vec<TimeInterval>>::new();
        for time in &self.time {
            let named = intervals.entry(time.name.clone()).or_default();
            named.extend(time.interval());
        }
        intervals
    }

    /// Returns who is told of what no route takes.
    pub(crate) fn root_receiver(&self) -> &str {
        if self.receiver.is_empty() { LOG } else { &self.receiver }
    }

    pub(super) fn native_violations(&self) -> Vec<(String, String)> {
        let mut found = Found { receivers: &self.receivers, times: &self.time, list: Vec::new() };
        found.receiver("alerting.receiver", &self.receiver);
        for (index, route) in self.route.iter().enumerate() {
            found.route(&format!("alerting.route[{index}]"), route, 1);
        }
        for (index, rule) in self.inhibit.iter().enumerate() {
            let key = format!("alerting.inhibit[{index}]");
            found.matchers(&format!("{key}.source"), &rule.source);
            found.matchers(&format!("{key}.target"), &rule.target);
        }
        found.list
    }
}

impl RouteConfig {
    fn below(&self, outer: &Route) -> Route {
        let mut route = outer.clone();
        route.routes = Vec::new();
        route.matchers = matchers(&self.matchers).unwrap_or_default();
        route.continues = self.continues;
        // As in Alertmanager's tree, hours are those of a node alone.
        route.mute_time_intervals.clone_from(&self.mute_times);
        route.active_time_intervals.clone_from(&self.active_times);
        if !self.receiver.is_empty() {
            route.receiver.clone_from(&self.receiver);
        }
        if let Some(labels) = &self.group_by {
            route.group_by = group_by(labels);
        }
        route.group_wait = self.group_wait.unwrap_or(outer.group_wait);
        route.group_interval = self.group_interval.unwrap_or(outer.group_interval);
        route.repeat_interval = self.repeat_interval.unwrap_or(outer.repeat_interval);
        route.routes = self.routes.iter().map(|inner| inner.below(&route)).collect();
        route
    }
}

impl InhibitConfig {
    fn rule(&self) -> InhibitRule {
        let mut rule = InhibitRule::default();
        rule.source = matchers(&self.source).unwrap_or_default();
        rule.target = matchers(&self.target).unwrap_or_default();
        rule.equal.clone_from(&self.equal);
        rule
    }
}

fn group_by(labels: &[String]) -> GroupBy {
    if labels == ["..."] { GroupBy::All } else { GroupBy::Labels(labels.to_vec()) }
}

/// Reads matchers, one a text.
pub(crate) fn matchers(texts: &[String]) -> Result<Matchers, String> {
    let read: Result<Vec<Matcher>, _> = texts.iter().map(|text| text.parse()).collect();
    let read = read.map_err(|error: wardkit_alerting::InvalidMatcher| error.to_string())?;
    Matchers::try_from(read).map_err(|error| error.to_string())
}

struct Found<'c> {
    receivers: &'c [ReceiverConfig],
    times: &'c [TimeConfig],
    list: Vec<(String, String)>,
}

impl Found<'_> {
    fn receiver(&mut self, key: &str, name: &str) {
        let is_known = name.is_empty()
            || name == LOG
            || self.receivers.iter().any(|receiver| receiver.name == name);
        if !is_known {
            let reason = format!("there is no receiver {name:?} in `[[alerting.receivers]]`");
            self.list.push((key.to_owned(), reason));
        }
    }

    fn matchers(&mut self, key: &str, texts: &[String]) {
        if let Err(reason) = matchers(texts) {
            self.list.push((key.to_owned(), reason));
        }
        if texts.is_empty() {
            self.list.push((key.to_owned(), "must name at least one matcher".to_owned()));
        }
    }

    fn route(&mut self, key: &str, route: &RouteConfig, depth: usize) {
        self.receiver(&format!("{key}.receiver"), &route.receiver);
        self.matchers(&format!("{key}.matchers"), &route.matchers);
        let (mute, active) = (&route.mute_times, &route.active_times);
        for (what, names) in [("mute-times", mute), ("active-times", active)] {
            for name in names.iter().filter(|&name| self.times.iter().all(|one| one.name != *name))
            {
                let reason = format!("there is no time {name:?} in `[[alerting.time]]`");
                self.list.push((format!("{key}.{what}"), reason));
            }
        }
        if depth == DEEPEST {
            self.list.push((key.to_owned(), format!("routes nest deeper than {DEEPEST}")));
            return;
        }
        for (index, inner) in route.routes.iter().enumerate() {
            self.route(&format!("{key}.routes[{index}]"), inner, depth + 1);
        }
    }
}

/// Durations that may be left out.
mod maybe {
    use std::time::Duration;

    use serde::{Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => wardkit_retry::duration::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        wardkit_retry::duration::deserialize(from).map(Some)
    }
}

/// The receiver that is agentd's log.
pub(crate) const LOG: &str = "log";
/// TOML itself nests no deeper than that.
const DEEPEST: usize = 64;

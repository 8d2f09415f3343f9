//! What is installed, beside what was when it was looked at before. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Event, Severity, Timestamp};
use wardkit_plugin::{Installed, PluginState};
use wardkit_sandbox::Report;

use super::SOURCE;

/// What was known of plugins when it was looked last, also by an earlier run of agentd.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    rows: Vec<Installed>,
    /// What enforced each guarantee in the last call of each plugin, by digest.
    reports: BTreeMap<String, String>,
    /// When it was told last of each plugin, as uptime.
    #[serde(skip)]
    told: BTreeMap<String, Duration>,
}

impl Known {
    /// Takes over what is installed now, and returns what is to be told of it.
    pub(super) fn look(&mut self, now: Vec<Installed>, at: Timestamp) -> Vec<Event> {
        let before = std::mem::replace(&mut self.rows, now);
        let told = self.rows.iter().filter_map(|row| {
            let (kind, severity, from) = change(&before, row)?;
            Some(event(row, kind, severity, from, at))
        });
        told.collect()
    }

    /// Returns the rows of what was installed when it was looked last.
    pub(super) fn rows(&self) -> &[Installed] {
        &self.rows
    }

    /// Takes note of what enforced each guarantee in a call, and returns what is to be told of it: it is not what it was.
    /// A change soon after another is told by the first call after a pause, so that a host that changes its mind at each
    /// call does not fill the trail.
    pub(super) fn enforced(
        &mut self,
        plugin: &str,
        report: &Report,
        (at, uptime): (Timestamp, Duration),
    ) -> Option<Event> {
        let text = serde_json::to_string(report).ok()?;
        let digest = wardkit_tlog::Hash::leaf(text.as_bytes()).to_string();
        let is_soon =
            self.told.get(plugin).is_some_and(|told| uptime.saturating_sub(*told) < PAUSE);
        if is_soon || self.reports.get(plugin) == Some(&digest) {
            return None;
        }
        self.reports.insert(plugin.to_owned(), digest.clone());
        self.told.insert(plugin.to_owned(), uptime);
        let event = Event::new(at, "plugins.enforced", Severity::Notice, SOURCE);
        let event = event.with_subject(plugin).with_detail("digest", digest);
        Some(event.with_detail("report", text))
    }
}

/// Returns what happened to a version, and which one it took the place of.
fn change<'b>(
    before: &'b [Installed],
    row: &Installed,
) -> Option<(&'static str, Severity, Option<&'b Installed>)> {
    let known = before.iter().find(|one| one.id == row.id && one.digest == row.digest);
    let was = known.map(|known| known.state);
    match row.state {
        PluginState::Active if was == Some(PluginState::Active) => known
            .filter(|known| known.grant != row.grant)
            .map(|_| ("plugins.grant.changed", Severity::Notice, None)),
        PluginState::Active => {
            let current = [PluginState::Active, PluginState::Quarantined];
            let mut others =
                before.iter().filter(|one| one.id == row.id && one.digest != row.digest);
            let from = others.rfind(|one| current.contains(&one.state));
            let kind = match (from, was) {
                (Some(from), _) if from.version > row.version => "plugins.rolled_back",
                (Some(_), _) => "plugins.upgraded",
                (None, None | Some(PluginState::Pending)) => "plugins.installed",
                (None, Some(_)) => "plugins.activated",
            };
            Some((kind, Severity::Notice, from))
        }
        state if was == Some(state) => None,
        PluginState::Quarantined => Some(("plugins.quarantined", Severity::Error, None)),
        PluginState::Revoked => Some(("plugins.revoked", Severity::Warning, None)),
        _ => None,
    }
}

fn event(
    row: &Installed,
    kind: &'static str,
    severity: Severity,
    from: Option<&Installed>,
    at: Timestamp,
) -> Event {
    let key = row.key.map_or_else(|| "nobody".to_owned(), |key| key.to_string());
    let mut event = Event::new(at, kind, severity, SOURCE)
        .with_subject(row.id.as_str())
        .with_message(format!("{}: {}", row.version, row.why))
        .with_detail("version", row.version.to_string())
        .with_detail("digest", row.digest.clone())
        .with_detail("signed_by", key);
    if let Some(from) = from {
        event = event.with_detail("instead_of", from.version.to_string());
    }
    if let Ok(grant) = serde_json::to_string(&row.grant) {
        event = event.with_detail("grant", grant);
    }
    event
}

/// Between two changes of what enforces that are told of one plugin.
const PAUSE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use wardkit_plugin::Grant;
    use wardkit_sandbox::{Enforcement, Guarantee, Strength};

    use super::*;

    fn row(version: &str, state: PluginState) -> Installed {
        let named = ("org.example.hello".parse().unwrap(), version.parse().unwrap());
        let mut row =
            Installed::pending(named, version, None, Grant::default(), Timestamp::UNIX_EPOCH);
        row.state = state;
        row
    }

    #[test]
    fn each_change_is_told_once_by_its_name() {
        use PluginState::{Active, Pending, Quarantined, Revoked, Superseded};
        let mut known = Known::default();
        let mut look = |rows: &[Installed]| -> Vec<String> {
            let events = known.look(rows.to_vec(), Timestamp::UNIX_EPOCH);
            let told = known.look(rows.to_vec(), Timestamp::UNIX_EPOCH);
            assert_eq!(told, [], "it is known now");
            let name = |event: &Event| {
                let kind = event.kind.as_str().trim_start_matches("plugins.");
                format!("{kind} {}", event.details["version"])
            };
            events.iter().map(name).collect()
        };
        assert_eq!(look(&[row("0.1.0", Pending)]), [""; 0]);
        assert_eq!(look(&[row("0.1.0", Active)]), ["installed \"0.1.0\""]);
        let both = |old, new| vec![row("0.1.0", old), row("0.2.0", new)];
        assert_eq!(look(&both(Superseded, Active)), ["upgraded \"0.2.0\""]);
        assert_eq!(look(&both(Superseded, Quarantined)), ["quarantined \"0.2.0\""]);
        assert_eq!(look(&both(Active, Pending)), ["rolled_back \"0.1.0\""]);
        assert_eq!(look(&both(Superseded, Active)), ["upgraded \"0.2.0\""]);
        assert_eq!(look(&both(Superseded, Quarantined)), ["quarantined \"0.2.0\""]);
        assert_eq!(look(&both(Superseded, Active)), ["activated \"0.2.0\""]);
        let mut widened = both(Superseded, Active);
        widened[1].grant.log = true;
        assert_eq!(look(&widened), ["grant.changed \"0.2.0\""]);
        assert_eq!(look(&both(Revoked, Revoked)), ["revoked \"0.1.0\"", "revoked \"0.2.0\""]);
    }

    #[test]
    fn what_enforced_a_call_is_told_when_it_is_not_what_it_was() {
        let (mut known, report) = (Known::default(), Report::default());
        let now = (Timestamp::UNIX_EPOCH, Duration::ZERO);
        assert!(known.enforced("org.example.hello", &report, now).is_some());
        let text = serde_json::to_vec(&known).unwrap();
        let mut known: Known = serde_json::from_slice(&text).unwrap();
        assert!(known.enforced("org.example.hello", &report, now).is_none());
        assert!(known.enforced("org.example.other", &report, now).is_some());
    }

    #[test]
    fn a_host_that_changes_its_mind_at_each_call_is_told_of_once_a_minute() {
        let (mut known, strict) = (Known::default(), Report::default());
        let mut loose = Report::default();
        loose.note(Guarantee::Memory, Enforcement::new(Strength::Approximate, "a limit"));
        let mut told = Vec::new();
        for second in 0..150 {
            let report = if second % 2 == 0 { &strict } else { &loose };
            let now = (Timestamp::UNIX_EPOCH, Duration::from_secs(second));
            if known.enforced("org.example.hello", report, now).is_some() {
                told.push(second);
            }
        }
        assert_eq!(told, [0, 61, 122], "what lasts for longer than a pause is always told");
    }
}

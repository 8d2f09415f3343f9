//! What is kept over a restart.
//!
//! A row for each alert when it changes, and one for each group that has alerts after its evaluation. From both comes
//! how much of its `for` an alert has behind it: the time up to the last evaluation, and none after that.

use serde::{Deserialize, Serialize};
use wardkit_core::Labels;

use super::active::{Active, Moment};
use crate::{Anchor, Fingerprint, Record, Space};

/// When a group was evaluated last.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptGroup {
    pub last: Anchor,
}

/// An alert, with the host's run that its times belong to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptAlert {
    pub boot_id: String,
    pub labels: Labels,
    pub alert: Active,
}

/// Returns the row of an alert.
pub(super) fn alert_record(rule: &str, boot_id: &str, labels: &Labels, alert: &Active) -> Record {
    let key = alert_key(rule, labels);
    if alert.is_over() {
        // The engine knows that it is over: it is told in the same commit.
        return Record { space: Space::Rule, key, value: None };
    }
    let kept =
        KeptAlert { boot_id: boot_id.to_owned(), labels: labels.clone(), alert: alert.clone() };
    Record { space: Space::Rule, key, value: serde_json::to_vec(&kept).ok() }
}

/// Returns the row that deletes an alert.
pub(super) fn gone_record(rule: &str, labels: &Labels) -> Record {
    Record { space: Space::Rule, key: alert_key(rule, labels), value: None }
}

/// Returns the row of a group.
pub(super) fn group_record(group: &str, boot_id: &str, at: Moment) -> Record {
    let boot = std::time::Duration::from_nanos(u64::try_from(at.boot).unwrap_or(0));
    let kept = KeptGroup { last: Anchor { boot_id: boot_id.to_owned(), wall: at.wall, boot } };
    Record { space: Space::Rule, key: group_key(group), value: serde_json::to_vec(&kept).ok() }
}

/// Returns the row that deletes a group.
pub(super) fn no_group_record(group: &str) -> Record {
    Record { space: Space::Rule, key: group_key(group), value: None }
}

pub(super) fn group_key(group: &str) -> String {
    format!("group/{group}")
}

/// Returns what the keys of a rule's alerts begin with.
pub(super) fn alert_prefix(rule: &str) -> String {
    format!("alert/{rule}/")
}

/// Returns whether a key belongs to rules on metrics; others share the space.
pub(super) fn is_of_rules(key: &str) -> bool {
    key.starts_with("alert/") || key.starts_with("group/")
}

fn alert_key(rule: &str, labels: &Labels) -> String {
    alert_prefix(rule) + &Fingerprint::of(labels).to_string()
}

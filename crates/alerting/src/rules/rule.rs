//! Rules and groups of them, read and ready to be evaluated.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_promql::Expr;

use super::config::OnNoData;
use super::text::Text;
use super::view::RuleKind;

/// A group of rules that was read and checked: its rules are evaluated one after the other.
#[derive(Clone, Debug)]
pub struct Group {
    pub(super) file: String,
    pub(super) name: String,
    /// How often; the default's when none.
    pub(super) interval: Option<Duration>,
    /// The most alerts or samples of a rule; no limit when 0.
    pub(super) limit: usize,
    pub(super) rules: Vec<Rule>,
}

impl Group {
    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how many rules there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rules.len()
    }

    /// Returns whether there is no rule.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns what tells its state from that of other groups, over restarts.
    pub(super) fn id(&self) -> String {
        id(&[&self.file, &self.name])
    }
}

/// A rule that was read and checked.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub kind: RuleKind,
    pub name: String,
    pub expr: Expr,
    /// What an alert that fires is held by: with hysteresis, a threshold that is easier to meet.
    pub held_by: Option<Expr>,
    pub hold: Duration,
    pub keep_firing_for: Duration,
    pub on_no_data: OnNoData,
    pub labels: BTreeMap<String, Text>,
    pub annotations: BTreeMap<String, Text>,
}

impl Rule {
    /// Returns what tells its state from that of the group's other rules: a rule whose expression or time was changed
    /// keeps it, as in Prometheus. `nth` counts those that are alike in that.
    pub(super) fn id(&self, group: &str, nth: usize) -> String {
        let nth = nth.to_string();
        let mut parts = vec![group, &self.name, &nth];
        for (name, text) in &self.labels {
            parts.extend([name.as_str(), text.source()]);
        }
        id(&parts)
    }
}

fn id(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    // 64 bits: among the thousands of rules of one host no two meet.
    let mut id = hasher.finalize().to_hex().to_string();
    id.truncate(16);
    id
}

//! What an operator declares of schedules.

use serde::{Deserialize, Serialize};

/// Who is on call: layers of people who take turns, and exceptions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ScheduleConfig {
    /// Its name.
    pub name: String,
    /// Whose clocks it goes by, as `Europe/Berlin`; empty is UTC.
    pub time_zone: String,
    /// Whether times in which nobody is on call are meant, as with business hours: nobody is warned of them.
    pub allow_gaps: bool,
    /// People who take turns. Where several layers have somebody on call, the last one decides.
    pub layers: Vec<LayerConfig>,
    /// Exceptions; the last one decides.
    pub overrides: Vec<OverrideConfig>,
}

/// People who take turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LayerConfig {
    /// Who, in the order of their turns.
    pub people: Vec<String>,
    /// When the first one's first turn begins, as `2026-01-05T09:00`; every turn begins at that time of the day.
    pub start: String,
    /// How many days a turn is: 1 for a day, 7 for a week.
    pub days: u16,
    /// The days on which the layer has somebody on call: `mon`, or `mon-fri`. While empty, every day.
    pub weekdays: Vec<String>,
    /// The hours in which it does, as `09:00-17:00`; `22:00-06:00` ends on the next day. While empty, all day.
    pub hours: String,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            start: String::new(),
            days: 7,
            weekdays: Vec::new(),
            hours: String::new(),
        }
    }
}

/// An exception: somebody, or nobody, is on call for a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OverrideConfig {
    /// Who; empty is nobody.
    pub person: String,
    /// From when on, as `2026-12-24T18:00`.
    pub from: String,
    /// Until when.
    pub until: String,
}

//! How exposed a unit leaves the host.

mod rows;
mod settings;

use serde::Serialize;

use crate::Unit;

/// How exposed a unit leaves the host, by the table and weights of `systemd-analyze security` of systemd 252.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exposure {
    /// From 0 to 100; systemd shows it as 0.0 to 10.0.
    pub tenths: u64,
    /// What it is made of. What does not apply to the unit is not among it.
    pub rows: Vec<Row>,
}

/// One thing that is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// The setting, as systemd names it in its JSON.
    pub setting: &'static str,
    /// How bad it is, from zero to `range`.
    pub badness: u64,
    /// The worst that it could be.
    pub range: u64,
    /// How much it counts.
    pub weight: u64,
}

impl Exposure {
    /// Returns the number as systemd shows it: `9.2`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}.{}", self.tenths / 10, self.tenths % 10)
    }
}

/// Judges a unit as `systemd-analyze security --offline=true` does, without it.
///
/// ```
/// let unit = wardkit_harden::Unit::parse("[Service]\nExecStart=/srv/bot/bot\n")?;
/// assert_eq!(wardkit_harden::exposure(&unit).shown(), "9.6");
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[must_use]
pub fn exposure(unit: &Unit) -> Exposure {
    let rows = rows::of(&settings::Settings::of(unit));
    let bad: u64 = rows.iter().map(|row| (row.badness * row.weight).div_ceil(row.range)).sum();
    let all: u64 = rows.iter().map(|row| row.weight).sum();
    Exposure { tenths: (bad * 100).div_ceil(all.max(1)), rows }
}

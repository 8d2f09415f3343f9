//! Hysteresis: how many runs in a row it takes to change a check's mind.

use crate::outcome::Level;

/// Counts runs in a row on either side of each level.
#[derive(Clone, Debug)]
pub(crate) struct Thresholds {
    fall: u32,
    rise: u32,
    /// What the check says; nothing at first.
    level: Option<Level>,
    /// Runs in a row that were at least this bad.
    degraded_or_worse: u32,
    down: u32,
    /// Runs in a row that were at most this bad.
    degraded_or_better: u32,
    up: u32,
}

impl Thresholds {
    pub(crate) const fn new(fall: u32, rise: u32) -> Self {
        Self {
            fall,
            rise,
            level: None,
            degraded_or_worse: 0,
            down: 0,
            degraded_or_better: 0,
            up: 0,
        }
    }

    pub(crate) fn observe(&mut self, level: Level) {
        let count = |streak: u32, goes_on: bool| if goes_on { streak.saturating_add(1) } else { 0 };
        self.up = count(self.up, level == Level::Up);
        self.degraded_or_better = count(self.degraded_or_better, level <= Level::Degraded);
        self.degraded_or_worse = count(self.degraded_or_worse, level >= Level::Degraded);
        self.down = count(self.down, level == Level::Down);
    }

    /// Returns the level that the runs in a row ask for, if it is another than the present one.
    pub(crate) const fn wanted(&self) -> Option<Level> {
        match self.level {
            // The first run that passes is believed at once: nobody waits for a start longer than needed.
            None if self.up > 0 => Some(Level::Up),
            None if self.degraded_or_better > 0 => Some(Level::Degraded),
            Some(Level::Degraded | Level::Down) if self.up >= self.rise => Some(Level::Up),
            Some(Level::Down) if self.degraded_or_better >= self.rise => Some(Level::Degraded),
            None | Some(Level::Up | Level::Degraded) if self.down >= self.fall => Some(Level::Down),
            Some(Level::Up) if self.degraded_or_worse >= self.fall => Some(Level::Degraded),
            _ => None,
        }
    }

    pub(crate) const fn set(&mut self, level: Level) {
        self.level = Some(level);
    }

    pub(crate) const fn level(&self) -> Option<Level> {
        self.level
    }

    /// Returns how many runs in a row failed.
    pub(crate) const fn failures(&self) -> u32 {
        self.down
    }

    /// Returns whether there have been so many failures that no dependency can be waited for any longer.
    pub(crate) const fn has_waited_enough(&self) -> bool {
        self.down >= self.fall.saturating_mul(2)
    }

    /// Forgets everything, as after a time in which nothing was asked.
    pub(crate) const fn reset(&mut self) {
        *self = Self::new(self.fall, self.rise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds runs, `u`p, `d`egraded, `x` down, and returns what the check says after each.
    fn said(fall: u32, rise: u32, runs: &str) -> String {
        let mut thresholds = Thresholds::new(fall, rise);
        let mut said = String::new();
        for run in runs.chars() {
            thresholds.observe(match run {
                'u' => Level::Up,
                'd' => Level::Degraded,
                _ => Level::Down,
            });
            if let Some(level) = thresholds.wanted() {
                thresholds.set(level);
            }
            said.push(match thresholds.level() {
                None => '-',
                Some(Level::Up) => 'u',
                Some(Level::Degraded) => 'd',
                Some(Level::Down) => 'x',
            });
        }
        said
    }

    #[test]
    fn it_takes_a_row_of_runs_to_change_the_state() {
        let rows = [
            (3, 2, "u", "u"),
            (3, 2, "xxx", "--x"),
            (3, 2, "uxxuxxx", "uuuuuux"),
            (3, 2, "uxxxuxuu", "uuuxxxxu"),
            (3, 2, "udxd", "uuud"),
            (3, 2, "uxxxdu", "uuuxxd"),
            (3, 2, "uxxxduu", "uuuxxdu"),
            (1, 1, "uxud", "uxud"),
            (2, 1, "dxux", "dduu"),
            (2, 2, "xx", "-x"),
        ];
        for (fall, rise, runs, expected) in rows {
            assert_eq!(said(fall, rise, runs), expected, "{fall} {rise} {runs}");
        }
    }
}

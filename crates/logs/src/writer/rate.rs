//! How much a program may write.

use std::time::Duration;

use super::{Rate, line_end};

/// A bucket that fills with time and that lines are paid from.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// Nanobytes, so that nothing is lost to rounding however often it is asked.
    level: u128,
    filled: Duration,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, level: u128::from(rate.burst) * NANO, filled: now }
    }

    /// Takes whole lines from the front as long as there is room, and returns their bytes.
    pub(super) fn allow(&mut self, now: Duration, lines: &[u8]) -> usize {
        let passed = now.saturating_sub(self.filled).as_nanos();
        let most = u128::from(self.rate.burst) * NANO;
        self.level =
            self.level.saturating_add(passed.saturating_mul(self.rate.bytes.into())).min(most);
        self.filled = self.filled.max(now);
        if self.pay(lines.len()) {
            return lines.len();
        }
        let mut end = 0;
        while end < lines.len() {
            let line = line_end(&lines[end..]);
            if !self.pay(line) {
                break;
            }
            end += line;
        }
        end
    }

    fn pay(&mut self, bytes: usize) -> bool {
        let price = bytes as u128 * NANO;
        let is_enough = self.level >= price;
        if is_enough {
            self.level -= price;
        }
        is_enough
    }
}

const NANO: u128 = 1_000_000_000;

//! The names and numbers of the binary interface; `docs/specs/plugin-abi.md` says what they mean.

use wardkit_sandbox::Refused;

pub(crate) const MODULE: &str = "wardkit";

pub(crate) const MEMORY: &str = "memory";
pub(crate) const INIT: &str = "wk_init";
pub(crate) const ALLOC: &str = "wk_alloc";
pub(crate) const HANDLE: &str = "wk_handle";

/// What a module may import, and the capability that it needs for that; `None` is any but the three that have imports
/// of their own.
pub(crate) const IMPORTS: [(&str, Option<&str>); 5] = [
    ("log", Some(LOG)),
    ("now", Some(CLOCK)),
    ("random", Some(RANDOM)),
    ("ask", None),
    ("answer", None),
];

pub(crate) const LOG: &str = "log";
pub(crate) const CLOCK: &str = "clock";
pub(crate) const RANDOM: &str = "random";

/// How a refusal is told to a module.
pub(crate) fn code(refused: &Refused) -> i64 {
    match refused {
        Refused::NotGranted => -1,
        Refused::Invalid(_) => -2,
        Refused::Quota(_) => -3,
        _ => -4,
    }
}

/// There is an answer, and no room for it in the budget.
pub(crate) const DOES_NOT_FIT: i64 = -5;

/// What `wk_handle` gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// The output lies here.
    Output { address: u32, length: u32 },
    /// The plugin failed by its own account.
    Failed(u8),
}

impl Given {
    pub(crate) fn read(value: i64) -> Self {
        let bits = value.cast_unsigned();
        if value < 0 {
            // Only the last byte counts, and a failure is never mistaken for success.
            let status = u8::try_from(value.unsigned_abs() % 256).unwrap_or(u8::MAX);
            return Self::Failed(status.max(1));
        }
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        Self::Output { address: half(bits >> 32), length: half(bits) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_an_output_or_a_status() {
        assert_eq!(Given::read(0), Given::Output { address: 0, length: 0 });
        assert_eq!(Given::read(0x400_0000_0007), Given::Output { address: 0x400, length: 7 });
        assert_eq!(Given::read(i64::MAX), Given::Output { address: 0x7fff_ffff, length: u32::MAX });
        for (value, status) in [(-1, 1), (-3, 3), (-256, 1), (-257, 1), (i64::MIN, 1)] {
            assert_eq!(Given::read(value), Given::Failed(status), "{value}");
        }
    }
}

use std::fmt;
use std::time::Duration;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal {
        /// The signal's number.
        number: i32,
        /// True when the kernel wrote a core.
        core: bool,
    },
    /// It ended, and nobody can say how: it was no child, and its parent had asked before we did on a kernel older than
    /// 6.15, or it is another user's.
    Unknown,
}

impl Exit {
    /// Reads a status as `wait` returns it.
    pub(crate) fn from_wait(status: i32) -> Self {
        let signal = status & 0x7f;
        if signal == 0 {
            Self::Code((status >> 8) & 0xff)
        } else {
            Self::Signal { number: signal, core: status & 0x80 != 0 }
        }
    }

    /// Tells whether it exited with code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal { number, core } => {
                match crate::Signal::new(*number) {
                    Some(signal) => write!(f, "{signal}")?,
                    None => write!(f, "signal {number}")?,
                }
                if *core { f.write_str(", core dumped") } else { Ok(()) }
            }
            Self::Unknown => f.write_str("exit unknown"),
        }
    }
}

/// What a child had used when it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub struct Usage {
    /// The most memory that was resident, in bytes; of the largest process where it had children.
    pub peak_resident: u64,
    /// Processor time.
    pub processor: Duration,
}

impl Usage {
    /// Returns a usage of these numbers.
    #[must_use]
    pub fn new(peak_resident: u64, processor: Duration) -> Self {
        Self { peak_resident, processor }
    }
}

/// What is known of a process now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It runs, or is stopped.
    Running,
    /// It has ended, its parent has not asked how, and we may not know before that: it is another user's. Its pidfd is
    /// readable already: wait for its hang-up.
    Unreaped,
    /// It has ended.
    Ended {
        /// How.
        exit: Exit,
        /// What it used, if it was a child of this process.
        usage: Option<Usage>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_wait_is_read() {
        for (status, expected, text) in [
            (0, Exit::Code(0), "exit code 0"),
            (42 << 8, Exit::Code(42), "exit code 42"),
            (9, Exit::Signal { number: 9, core: false }, "SIGKILL"),
            (6 | 0x80, Exit::Signal { number: 6, core: true }, "SIGABRT, core dumped"),
            (40, Exit::Signal { number: 40, core: false }, "signal 40"),
        ] {
            assert_eq!(Exit::from_wait(status), expected);
            assert_eq!(expected.to_string(), text);
        }
    }
}

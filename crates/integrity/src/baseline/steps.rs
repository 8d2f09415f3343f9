//! Where a commit can be stopped.

use std::{fmt, io};

/// Called before everything that a commit does to the disk. A test looks at the directory there, as a crash would
/// leave it, or refuses as a full disk does.
#[derive(Default)]
pub(super) struct Steps {
    #[cfg(test)]
    pub(super) hook: Option<Hook>,
}

#[cfg(test)]
pub(super) type Hook = Box<dyn Fn(&'static str) -> io::Result<()> + Send + Sync>;

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Steps")
    }
}

impl Steps {
    #[cfg(test)]
    pub(super) fn before(&self, step: &'static str) -> io::Result<()> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(step))
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test stops here")]
    pub(super) const fn before(&self, _: &'static str) -> io::Result<()> {
        Ok(())
    }
}

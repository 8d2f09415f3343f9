//! Whether there are descriptors left to ask with.

use std::fs::File;
use std::os::fd::AsRawFd as _;

use rustix::process::{Resource, getrlimit};

/// Returns whether this process can open so many files more that what must go on does not notice a check.
///
/// The kernel gives out the lowest number that is free, so one look at it tells how many are left at least.
pub(crate) fn is_there() -> bool {
    let lowest = File::open("/dev/null").ok().and_then(|file| u64::try_from(file.as_raw_fd()).ok());
    is_enough(lowest, getrlimit(Resource::Nofile).current)
}

fn is_enough(lowest_free: Option<u64>, limit: Option<u64>) -> bool {
    let Some(lowest) = lowest_free else { return false };
    // Of few descriptors a quarter is kept; a program with a limit so low has few to ask as well.
    limit.is_none_or(|limit| lowest < limit - (limit / 4).min(RESERVE))
}

/// What stays free for connections, files and messages while checks wait.
const RESERVE: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_stay_free() {
        assert!(is_enough(Some(10), Some(1024)));
        assert!(is_enough(Some(959), Some(1024)));
        assert!(!is_enough(Some(960), Some(1024)));
        assert!(is_enough(Some(10), Some(16)));
        assert!(!is_enough(Some(12), Some(16)));
        assert!(!is_enough(None, Some(1024)), "not one could be opened");
        assert!(is_enough(Some(1_000_000), None));
        assert!(!is_enough(Some(3), Some(0)));
        assert!(is_there());
    }
}

use std::time::{Duration, Instant};

/// How far the end of a tree is that is asked first and killed whole then. It only decides; whoever drives it asks, looks
/// what is left, kills, and says what time it is.
///
/// ```
/// use std::time::{Duration, Instant};
/// use wardkit_process::{Ending, Next};
///
/// # #[expect(clippy::disallowed_methods, reason = "an example has no other clock")]
/// let begun = Instant::now();
/// let second = Duration::from_secs(1);
/// let mut ending = Ending::begin(begun, 2 * second, second);
/// assert_eq!(ending.step(begun + second, false), Next::Wait);
/// assert_eq!(ending.step(begun + 2 * second, false), Next::Kill);
/// assert_eq!(ending.step(begun + 3 * second, true), Next::Over);
/// ```
#[derive(Clone, Debug)]
pub struct Ending {
    kill_patience: Duration,
    is_killed: bool,
    deadline: Instant,
    look: Instant,
}

/// What to do next with a tree that is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever drives an end must do each")]
pub enum Next {
    /// Look again at the time of [`Ending::wakes`].
    Wait,
    /// Kill what is left.
    Kill,
    /// Tell what is left, if anything is.
    Over,
}

impl Ending {
    /// Begins when the tree has been asked: it may take so long, and so long again once it is killed.
    #[must_use]
    pub fn begin(now: Instant, patience: Duration, kill_patience: Duration) -> Self {
        let deadline = now + patience.min(LONGEST);
        let kill_patience = kill_patience.min(LONGEST);
        Self { kill_patience, is_killed: false, deadline, look: deadline }
    }

    /// Is asked for again: whoever asks may be in more of a hurry, never in less.
    pub fn hurry(&mut self, now: Instant, patience: Duration) {
        // One that is killed already is given the time that it needs for that.
        if self.is_killed {
            return;
        }
        self.deadline = self.deadline.min(now + patience.min(LONGEST));
        self.look = self.look.min(self.deadline);
    }

    /// Learns that the first process has ended: from now on the tree is looked at.
    pub fn root_ended(&mut self, now: Instant) {
        self.look = now;
    }

    /// Returns when it is to be looked what is left; [`step`](Ending::step) is called then.
    #[must_use]
    pub fn wakes(&self) -> Instant {
        self.look
    }

    /// Goes on by whether nothing is left.
    #[must_use]
    pub fn step(&mut self, now: Instant, is_gone: bool) -> Next {
        let is_late = now >= self.deadline;
        if is_gone || (is_late && self.is_killed) {
            return Next::Over;
        }
        if is_late {
            self.is_killed = true;
            self.deadline = now + self.kill_patience;
            self.look = now + FIRST_LOOK;
            return Next::Kill;
        }
        self.look = self.deadline.min(now + LOOK);
        // What was born while the tree was killed is killed, too.
        if self.is_killed { Next::Kill } else { Next::Wait }
    }
}

/// How often a tree is looked at whose first process has ended.
const LOOK: Duration = Duration::from_millis(50);

/// What was killed is gone in a moment.
const FIRST_LOOK: Duration = Duration::from_millis(2);

/// Nothing waits longer, and no sum of times overflows.
const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a time to begin with")]
    fn a_tree_is_asked_then_killed_again_and_again_then_given_up() {
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let mut ending = Ending::begin(begun, Duration::from_secs(9), Duration::from_millis(100));
        assert_eq!(ending.wakes(), at(9_000));
        ending.hurry(begun, Duration::from_secs(10));
        assert_eq!(ending.wakes(), at(9_000));
        ending.hurry(begun, Duration::from_millis(70));
        assert_eq!(ending.wakes(), at(70));
        ending.root_ended(at(10));
        for (now, is_gone, next, wakes) in [
            (10, false, Next::Wait, 60),
            (60, false, Next::Wait, 70),
            (70, false, Next::Kill, 72),
            (72, false, Next::Kill, 122),
            (122, false, Next::Kill, 170),
            (170, false, Next::Over, 170),
        ] {
            assert_eq!((ending.step(at(now), is_gone), ending.wakes()), (next, at(wakes)), "{now}");
        }
        let mut killed = Ending::begin(begun, Duration::ZERO, Duration::from_millis(100));
        assert_eq!(killed.step(begun, false), Next::Kill);
        killed.hurry(at(1), Duration::ZERO);
        assert_eq!(killed.step(at(2), false), Next::Kill);
        let mut gone = Ending::begin(begun, Duration::ZERO, Duration::MAX);
        assert_eq!(gone.step(begun, false), Next::Kill);
        assert_eq!(gone.step(at(1), true), Next::Over);
    }
}

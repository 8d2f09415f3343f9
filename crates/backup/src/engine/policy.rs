//! Which snapshots to keep: restic's `keep-*` names, and their meaning as of restic 0.14.

mod calendar;
mod reason;
mod span;

pub use reason::{Period, Reason};
pub use span::{ParseSpanError, Span};

use crate::format::{Id, Snapshot, Timestamp};

use super::select::TagList;

/// Which snapshots of a group are kept. What no rule keeps is forgotten; without any rule, all are kept.
///
/// ```
/// use wardkit_backup::engine::KeepPolicy;
///
/// let mut policy = KeepPolicy::default();
/// policy.daily = 7;
/// policy.within = "1y6m".parse()?;
/// # Ok::<(), wardkit_backup::engine::ParseSpanError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeepPolicy {
    /// How many of the newest are kept. `u32::MAX` is as good as all, here and below.
    pub last: u32,
    /// How many hours with a snapshot have their newest kept.
    pub hourly: u32,
    /// How many days have.
    pub daily: u32,
    /// How many weeks have, from Monday to Sunday.
    pub weekly: u32,
    /// How many months have.
    pub monthly: u32,
    /// How many years have.
    pub yearly: u32,
    /// All are kept that are not older than this, seen from the newest.
    pub within: Span,
    /// The newest of each hour is kept for so long.
    pub within_hourly: Span,
    /// The newest of each day is.
    pub within_daily: Span,
    /// The newest of each week is.
    pub within_weekly: Span,
    /// The newest of each month is.
    pub within_monthly: Span,
    /// The newest of each year is.
    pub within_yearly: Span,
    /// All are kept that have all tags of one of these lists.
    pub tags: Vec<TagList>,
}

/// What a policy says about a snapshot.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a snapshot and what there is to say about it")]
pub struct Decision<'a> {
    /// The snapshot.
    pub snapshot: &'a (Id, Snapshot),
    /// Why it is kept; without a reason it is to be forgotten.
    pub reasons: Vec<Reason>,
    /// How many more each count keeps, after this one.
    pub left: Counters,
}

/// What is left of the counts of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "restic's periods")]
pub struct Counters {
    /// Of [`KeepPolicy::last`].
    pub last: u32,
    /// Of [`KeepPolicy::hourly`].
    pub hourly: u32,
    /// Of [`KeepPolicy::daily`].
    pub daily: u32,
    /// Of [`KeepPolicy::weekly`].
    pub weekly: u32,
    /// Of [`KeepPolicy::monthly`].
    pub monthly: u32,
    /// Of [`KeepPolicy::yearly`].
    pub yearly: u32,
}

impl KeepPolicy {
    /// Whether there is no rule, so that all are kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Decides about the snapshots of one group, the newest first. Each snapshot's hours and days are those of the clock
    /// that it was made by. Ages are seen from the newest snapshot that is not of the future; if all are, none is old.
    #[must_use]
    pub fn decide<'a>(
        &self,
        snapshots: impl IntoIterator<Item = &'a (Id, Snapshot)>,
        now: Timestamp,
    ) -> Vec<Decision<'a>> {
        let mut snapshots: Vec<&(Id, Snapshot)> = snapshots.into_iter().collect();
        snapshots.sort_by_key(|(id, snapshot)| (instant(snapshot.time.timestamp()), *id));
        snapshots.reverse();
        let newest = snapshots.iter().map(|(_, snapshot)| snapshot.time.timestamp());
        let newest = newest.into_iter().find(|time| instant(*time) < instant(now));
        let mut rules = Rules::new(self, newest);
        snapshots.into_iter().map(|snapshot| rules.decide(self, snapshot)).collect()
    }
}

impl Decision<'_> {
    /// Whether the snapshot is kept.
    #[must_use]
    pub const fn keeps(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// The rules of a policy, and what they kept so far.
struct Rules {
    counts: [Rule<u32>; 6],
    spans: [Rule<(Span, Oldest)>; 5],
    within: Oldest,
}

/// A rule that keeps one of each period.
struct Rule<L> {
    period: Period,
    limit: L,
    kept: Option<calendar::Bucket>,
}

/// What a snapshot must be newer than; nothing, if all snapshots are of the future.
type Oldest = Option<(i64, u32)>;

impl Rules {
    fn new(policy: &KeepPolicy, newest: Option<Timestamp>) -> Self {
        let oldest = |span: Span| newest.map(|newest| span.before(newest));
        let counts = [
            (Period::Last, policy.last),
            (Period::Hourly, policy.hourly),
            (Period::Daily, policy.daily),
            (Period::Weekly, policy.weekly),
            (Period::Monthly, policy.monthly),
            (Period::Yearly, policy.yearly),
        ];
        let spans = [
            (Period::Hourly, policy.within_hourly),
            (Period::Daily, policy.within_daily),
            (Period::Weekly, policy.within_weekly),
            (Period::Monthly, policy.within_monthly),
            (Period::Yearly, policy.within_yearly),
        ];
        Self {
            counts: counts.map(|(period, limit)| Rule { period, limit, kept: None }),
            spans: spans.map(|(period, span)| {
                let limit = (span, oldest(span));
                Rule { period, limit, kept: None }
            }),
            within: oldest(policy.within),
        }
    }

    /// Decides about a snapshot that is older than those before. The reasons are in restic's order.
    fn decide<'a>(&mut self, policy: &KeepPolicy, snapshot: &'a (Id, Snapshot)) -> Decision<'a> {
        if policy.is_empty() {
            let reasons = vec![Reason::EmptyPolicy];
            return Decision { snapshot, reasons, left: Counters::default() };
        }
        let time = snapshot.1.time.timestamp();
        let is_newer = |oldest: Oldest| oldest.is_none_or(|oldest| instant(time) > oldest);
        let tags = policy.tags.iter().filter(|tags| tags.are_of(&snapshot.1));
        let mut reasons: Vec<Reason> = tags.cloned().map(Reason::HasTags).collect();
        if !policy.within.is_zero() && is_newer(self.within) {
            reasons.push(Reason::Within(policy.within));
        }
        for rule in &mut self.counts {
            if rule.limit > 0 && rule.is_new(time) {
                rule.limit -= 1;
                reasons.push(Reason::Newest(rule.period));
            }
        }
        for rule in &mut self.spans {
            let (span, oldest) = rule.limit;
            if !span.is_zero() && is_newer(oldest) && rule.is_new(time) {
                reasons.push(Reason::NewestWithin(rule.period, span));
            }
        }
        Decision { snapshot, reasons, left: self.left() }
    }

    fn left(&self) -> Counters {
        let [last, hourly, daily, weekly, monthly, yearly] =
            [0, 1, 2, 3, 4, 5].map(|rule| self.counts[rule].limit);
        Counters { last, hourly, daily, weekly, monthly, yearly }
    }
}

impl<L> Rule<L> {
    /// Whether the snapshot is of another period than the last that was kept. Then it is the one that is.
    fn is_new(&mut self, time: Timestamp) -> bool {
        let bucket = calendar::bucket(self.period, time);
        // Each snapshot is a period of its own where the last ones are counted.
        let is_new = self.period == Period::Last || self.kept != Some(bucket);
        if is_new {
            self.kept = Some(bucket);
        }
        is_new
    }
}

/// What is compared: not the zone.
const fn instant(time: Timestamp) -> (i64, u32) {
    (time.seconds(), time.nanoseconds())
}

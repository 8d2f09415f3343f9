use crate::launch::set_oom_score_adj;
use crate::{Launch, Limit, Resource};

/// What this process had before it took more for itself, and what it gives its children instead of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    files: Limit,
    /// `None` when it was not permitted to change.
    oom_score_adj: Option<i16>,
}

impl Inherited {
    /// Takes what a process needs that holds many others: as many open files as it may have, and to be killed rather late
    /// when memory runs out, -1000 being never. What is not permitted is not taken.
    #[must_use]
    pub fn take(oom_score_adj: i16) -> Self {
        let files = Limit::of_ours(Resource::OpenFiles);
        let _ = Limit { soft: files.hard, ..files }.set_ours();
        let before = std::fs::read_to_string("/proc/self/oom_score_adj").ok();
        let before = before.and_then(|text| text.trim().parse().ok());
        let taken = set_oom_score_adj(oom_score_adj.to_string().as_bytes()).is_ok();
        Self { files, oom_score_adj: before.filter(|_| taken) }
    }

    /// Gives a child what was ours; its own limits go before.
    pub fn give(&self, launch: &mut Launch) {
        launch.limits.insert(0, self.files);
        launch.oom_score_adj = launch.oom_score_adj.or(self.oom_score_adj);
    }

    /// As [`give`](Inherited::give), to a child that is not to be spared when memory runs out even if we were.
    pub fn give_unspared(&self, launch: &mut Launch) {
        let unspared = self.oom_score_adj.map(|before| before.max(0));
        launch.oom_score_adj = launch.oom_score_adj.or(unspared);
        self.give(launch);
    }
}

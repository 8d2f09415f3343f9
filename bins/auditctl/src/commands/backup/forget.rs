//! `auditctl backup forget`.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{
    Decision, KeepPolicy, LockKind, Pruner, Repository, Silent, SnapshotGroup,
};
use wardkit_backup::format::{Id, Snapshot, Timestamp};
use wardkit_cli::{Format, Report, escaped};
use wardkit_core::{Clock as _, SystemClock};

use super::memory::chain;
use super::opened::Opener;
use super::{INCOMPLETE, line, list, refused, select};
use crate::cli::backup::{Keep, Selection};
use crate::commands::{could_not_run, note, print};

/// What the command line says.
pub(super) struct Wanted<'c> {
    pub(super) ids: &'c [String],
    pub(super) keep: &'c Keep,
    pub(super) selection: &'c Selection,
    pub(super) dry_run: bool,
}

/// Forgets snapshots: those that are named, else those that no rule keeps.
pub(super) fn run(opener: &Opener<'_>, wanted: &Wanted<'_>) -> Result<ExitCode, Report> {
    let policy = policy(wanted.keep);
    if wanted.ids.is_empty() && policy.is_empty() {
        return Err(could_not_run("nothing says which snapshots to forget")
            .with_hint("name them, or say what stays: auditctl backup forget --keep-daily 7"));
    }
    let repository = opener.pruner()?;
    let lock = repository.lock(LockKind::Exclusive, &Silent).map_err(refused)?;
    let found = repository.snapshots().map_err(refused)?;
    let filter = select::filter(wanted.selection);
    let plan = if wanted.ids.is_empty() {
        let chosen = found.snapshots.iter().filter(|(_, one)| filter.matches(one));
        let groups = wanted.keep.group_by.group(chosen);
        Plan::by_rules(&policy, &groups)?
    } else {
        let named = filter.find_all(&found.snapshots, wanted.ids).map_err(select::unclear)?;
        Plan::of(&named)?
    };
    lock.check().map_err(refused)?;
    let failed = if wanted.dry_run { Vec::new() } else { forget(opener, &repository, &plan.gone) };
    if let Err(error) = lock.release() {
        note(&format!("the lock may still be there: {}", chain(&error)));
    }
    for (id, error) in &failed {
        note(&format!("snapshot {} may still be there: {error}", id.to_short()));
    }
    print(&match opener.format() {
        Format::Text => plan.text(wanted.dry_run),
        Format::Json => line(&json!({
            "dry_run": wanted.dry_run,
            "groups": plan.groups,
            "forgotten": plan.gone.iter().map(Id::to_string).collect::<Vec<_>>(),
            "failed": failed.iter().map(|(id, error)| json!({"id": id.to_string(), "error": error})).collect::<Vec<_>>(),
        }))?,
    })?;
    Ok(ExitCode::from(if failed.is_empty() { 0 } else { INCOMPLETE }))
}

/// Removes snapshots. What is to be forgotten is forgotten here before it is gone there: after a crash in between one is
/// there that nobody misses, instead of one missing that somebody took.
fn forget(opener: &Opener<'_>, repository: &Repository<Pruner>, ids: &[Id]) -> Vec<(Id, String)> {
    opener.memory().forgot(repository, ids.iter().copied());
    let forgotten =
        |id: &Id| repository.forget_snapshot(id).err().map(|error| (*id, chain(&error)));
    ids.iter().filter_map(forgotten).collect()
}

/// What stays and what goes.
struct Plan {
    groups: Vec<Value>,
    gone: Vec<Id>,
}

impl Plan {
    fn of(named: &[&(Id, Snapshot)]) -> Result<Self, Report> {
        let removed = named.iter().map(|one| list::document(one)).collect::<Result<Vec<_>, _>>()?;
        let gone = named.iter().map(|(id, _)| *id).collect();
        Ok(Self { groups: vec![json!({"keep": [], "remove": removed})], gone })
    }

    fn by_rules(policy: &KeepPolicy, groups: &[SnapshotGroup<'_>]) -> Result<Self, Report> {
        let now = Timestamp::new(SystemClock.now().as_unix_seconds(), 0);
        let mut plan = Self { groups: Vec::new(), gone: Vec::new() };
        for group in groups {
            let (mut kept, mut removed) = (Vec::new(), Vec::new());
            for decision in policy.decide(group.snapshots.iter().copied(), now) {
                let document = list::document(decision.snapshot)?;
                if decision.keeps() {
                    kept.push(with_reasons(document, &decision));
                } else {
                    plan.gone.push(decision.snapshot.0);
                    removed.push(document);
                }
            }
            plan.groups.push(json!({
                "host": group.host,
                "paths": group.paths,
                "tags": group.tags,
                "keep": kept,
                "remove": removed,
            }));
        }
        Ok(plan)
    }

    fn text(&self, is_dry_run: bool) -> String {
        let mut text = String::new();
        for group in &self.groups {
            for (verb, key) in [("keep", "keep"), ("forget", "remove")] {
                for one in group[key].as_array().into_iter().flatten() {
                    let word = |key: &str| escaped(one[key].as_str().unwrap_or_default());
                    let reasons = one["reasons"].as_array().map(|reasons| {
                        let texts = reasons.iter().filter_map(Value::as_str).map(escaped);
                        format!("  ({})", texts.collect::<Vec<_>>().join(", "))
                    });
                    // Writing to a String cannot fail.
                    let _ = writeln!(
                        text,
                        "{verb:<7} {}  {}  {}{}",
                        word("short_id"),
                        word("time"),
                        word("hostname"),
                        reasons.unwrap_or_default()
                    );
                }
            }
        }
        let verb = if is_dry_run { "would be forgotten" } else { "forgotten" };
        let _ = writeln!(text, "{} snapshots {verb}", self.gone.len());
        text
    }
}

fn with_reasons(mut document: Value, decision: &Decision<'_>) -> Value {
    document["reasons"] = decision.reasons.iter().map(ToString::to_string).collect();
    document
}

fn policy(keep: &Keep) -> KeepPolicy {
    let mut policy = KeepPolicy::default();
    policy.last = keep.keep_last;
    policy.hourly = keep.keep_hourly;
    policy.daily = keep.keep_daily;
    policy.weekly = keep.keep_weekly;
    policy.monthly = keep.keep_monthly;
    policy.yearly = keep.keep_yearly;
    policy.within = keep.keep_within;
    policy.within_hourly = keep.keep_within_hourly;
    policy.within_daily = keep.keep_within_daily;
    policy.within_weekly = keep.keep_within_weekly;
    policy.within_monthly = keep.keep_within_monthly;
    policy.within_yearly = keep.keep_within_yearly;
    policy.tags.clone_from(&keep.keep_tag);
    policy
}

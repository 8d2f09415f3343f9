//! `auditctl integrity init`, `verify`, `update` and `diff`.

use std::collections::HashSet;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Format, Report};
use wardkit_custody::{Acceptor, Proposal, Trail};
use wardkit_integrity::{
    Acceptance, Algorithm, Baseline, Change, Compared, Comparison, Faulty, Fields, Reuse, Snapshot,
    diff as differences,
};

use super::packages::{self, Upgrades};
use super::rules::Loaded;
use super::scan::{self, Task};
use super::{Kept, refused, report, rules};
use crate::cli::{Depth, Effort, Scope};
use crate::commands::{actor, could_not_run, note, print};

/// Records the first baseline.
pub(super) fn init(
    kept: &Kept,
    scope: &Scope,
    algorithm: Algorithm,
    effort: Effort,
) -> Result<ExitCode, Report> {
    // Before a scan that may take minutes.
    kept.baselines.check_vacant().map_err(refused)?;
    let loaded = rules::load(kept, scope.policy.as_deref(), None)?;
    let roots = scan::roots(&scope.roots, &loaded, &[]);
    if roots.is_empty() {
        return Err(could_not_run("nothing to look at: no root is named")
            .with_hint("name one: auditctl integrity init --root PATH"));
    }
    scan::check_roots(&roots, !scope.roots.is_empty(), |_| false)?;
    let trail = trail(kept)?;
    // It may lie in a directory that is looked at, which is then no other afterwards.
    kept.baselines.make_dir().map_err(refused)?;
    let task = Task { roots, loaded: &loaded, algorithm, known: None, effort };
    let now = scan::run(kept, &task)?;
    let actor = actor();
    let seen = kept
        .baselines
        .init(&now, loaded.rules(), Acceptor::new(&trail, &actor))
        .map_err(refused)?;
    keep_texts(kept, &now, &loaded);
    let faulty: Vec<Faulty> = match now.statistics().faults {
        0 => Vec::new(),
        _ => now.entries().filter_map(|entry| Faulty::of(&entry)).collect(),
    };
    let dir = kept.baselines.path();
    print(&match kept.format {
        Format::Text => format!(
            "{}baseline {} of {} paths signed, {:.1} MB read, in {}\n",
            report::faulty(&faulty),
            seen.generation,
            now.len(),
            report::megabytes(now.statistics().bytes_read),
            dir.display()
        ),
        Format::Json => report::line(&json!({
            "generation": seen.generation,
            "entries": now.len(),
            "directory": dir.to_string_lossy(),
            "errors": faulty,
        }))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What is, beside the newest baseline.
struct Look {
    baseline: Baseline,
    loaded: Loaded,
    now: Snapshot,
}

impl Look {
    fn take(kept: &Kept, scope: &Scope, reuse: Reuse, effort: Effort) -> Result<Self, Report> {
        let baseline = kept.baselines.newest().map_err(refused)?;
        let loaded = rules::load(kept, scope.policy.as_deref(), Some(&baseline))?;
        let stored = &baseline.header().roots;
        // A policy that is kept with the baseline named these roots, or somebody who knew better did.
        let roots = if scope.policy.is_none() && scope.roots.is_empty() {
            stored.clone()
        } else {
            scan::roots(&scope.roots, &loaded, stored)
        };
        if !scope.roots.is_empty() {
            scan::check_roots(&roots, true, |root| baseline.entry(root).is_some())?;
        }
        let task = Task {
            roots,
            loaded: &loaded,
            algorithm: baseline.algorithm(),
            known: Some((&baseline, reuse)),
            effort,
        };
        let now = scan::run(kept, &task)?;
        Ok(Self { baseline, loaded, now })
    }

    /// Prints what was found, and returns what packages explain of it.
    fn print(&self, kept: &Kept, found: &Compared) -> Result<Upgrades, Report> {
        let diff = &|change: &Change| {
            kept.baselines.text_diff(&self.baseline, &self.loaded.policy, change)
        };
        let Self { baseline, loaded, now } = self;
        let upgrades = Upgrades::since(baseline, &loaded.policy, now, &found.changes);
        let findings = report::Findings { baseline, now, found, diff, upgrades: &upgrades };
        report::print(|out| match kept.format {
            Format::Text => findings.text(out),
            Format::Json => findings.json(out),
        })?;
        Ok(upgrades)
    }
}

/// Compares what is with the newest baseline.
pub(super) fn verify(
    kept: &Kept,
    scope: &Scope,
    depth: Depth,
    effort: Effort,
) -> Result<ExitCode, Report> {
    let reuse = if depth.fast { Reuse::Unchanged } else { Reuse::Nothing };
    let look = Look::take(kept, scope, reuse, effort)?;
    let own = kept.own(look.now.roots());
    let comparison = Comparison::new(&look.baseline, &look.loaded.policy).with_exclude(&own[..]);
    let found = comparison.of_snapshot(&look.now);
    look.print(kept, &found)?;
    Ok(ExitCode::from(u8::from(!found.changes.is_empty())))
}

/// Shows what changed and records what of it is accepted.
pub(super) fn update(
    kept: &Kept,
    scope: &Scope,
    accept: &[String],
    effort: Effort,
) -> Result<ExitCode, Report> {
    let accept: Vec<Acceptance> =
        accept.iter().map(|what| what.parse().map_err(could_not_run)).collect::<Result<_, _>>()?;
    packages::check(&accept)?;
    let look = Look::take(kept, scope, Reuse::Nothing, effort)?;
    let own = kept.own(look.now.roots());
    let comparison = Comparison::new(&look.baseline, &look.loaded.policy).with_exclude(&own[..]);
    let found = comparison.of_snapshot(&look.now);
    let upgrades = look.print(kept, &found)?;
    let is_accepted = |number: usize, change: &Change| {
        let rule = look.loaded.policy.rule(&change.path).name();
        accept.iter().any(|what| what.selects(change, Some(rule), upgrades.package(number)))
    };
    let mut chosen = HashSet::new();
    for (number, change) in found.changes.iter().enumerate() {
        if is_accepted(number, change) {
            chosen.insert(change.path.as_path());
        }
    }
    let left = found.changes.len() - chosen.len();
    // Rules that changed are accepted with everything, or with any part.
    let has_new_rules = look.loaded.policy.digest() != look.baseline.header().policy;
    if chosen.is_empty() && !(has_new_rules && accept.contains(&Acceptance::All)) {
        if !found.changes.is_empty() {
            note("nothing was accepted, nothing is written; accept with: --accept all");
        }
        return Ok(ExitCode::from(u8::from(!found.changes.is_empty())));
    }
    let trail = trail(kept)?;
    let proposal = Proposal::new(&look.baseline, &comparison, &look.now, &found.changes);
    let seen = kept
        .baselines
        .accept(
            &proposal,
            look.loaded.rules(),
            |change| chosen.contains(change.path.as_path()),
            Acceptor::new(&trail, &actor()),
        )
        .map_err(refused)?;
    keep_texts(kept, &look.now, &look.loaded);
    note(&format!("baseline {} signed: {} accepted, {} left", seen.generation, chosen.len(), left));
    Ok(ExitCode::from(u8::from(left > 0)))
}

/// Compares two recorded baselines.
pub(super) fn diff(kept: &Kept, from: Option<u64>, to: Option<u64>) -> Result<ExitCode, Report> {
    let to = match to {
        Some(to) => kept.baselines.generation(to).map_err(refused)?,
        None => kept.baselines.newest().map_err(refused)?,
    };
    let Some(from) = from.or_else(|| to.generation().checked_sub(1).filter(|&from| from > 0))
    else {
        return Err(could_not_run("there is no baseline before the first")
            .with_hint("compare it with what is: auditctl integrity verify"));
    };
    let from = kept.baselines.generation(from).map_err(refused)?;
    let changes: Vec<Change> =
        differences(from.entries(), to.entries(), |_, _| Fields::ALL).collect();
    let (from, to) = (from.generation(), to.generation());
    report::print(|out| match kept.format {
        Format::Text => {
            report::changes(out, &changes)?;
            writeln!(out, "{} from baseline {from} to {to}", report::sum(&changes))
        }
        Format::Json => {
            report::json(out, &changes, &|_| None, &[], &json!({"from": from, "to": to}))
        }
    })?;
    Ok(ExitCode::from(u8::from(!changes.is_empty())))
}

/// Keeps the texts whose changes are to be shown. Without them a change is reported all the same.
fn keep_texts(kept: &Kept, now: &Snapshot, loaded: &Loaded) {
    match kept.baselines.keep_texts(now, &loaded.policy) {
        Ok(0) => {}
        Ok(count) => note(&format!("no room for {count} texts: their changes will show no lines")),
        Err(error) => note(&format!("texts are not kept, changes will show no lines: {error}")),
    }
}

/// Opens the trail that acceptance is put on.
fn trail(kept: &Kept) -> Result<Trail, Report> {
    let log = kept.custody.data_dir().join("trail");
    kept.custody.trail(log).map_err(refused)
}

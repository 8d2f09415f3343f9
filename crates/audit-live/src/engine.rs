//! The engine: the answers of a host, judged.

use wardkit_audit::{Check, Engine, Finding, Location, Project, Sink, Status};

use crate::catalogue;
use crate::judge::{self, Verdict};
use crate::observed::Observed;

/// Judges what a host answered. The same answers get the same judgement.
#[derive(Clone, Debug)]
pub struct LiveEngine {
    seen: Observed,
}

impl LiveEngine {
    /// Creates an engine that judges these answers.
    #[must_use]
    pub fn new(seen: Observed) -> Self {
        Self { seen }
    }

    /// Returns what it looks for.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        catalogue::all()
    }
}

impl Engine for LiveEngine {
    fn checks(&self) -> Vec<Check> {
        catalogue::all()
    }

    fn whole(&self, _: &Project<'_>, sink: &mut Sink) {
        for check in catalogue::all() {
            let Verdict { status, current, paths, evidence } = judge::by_id(&check.id, &self.seen);
            if status != Status::Fail {
                let said = std::iter::once(current).filter(|text| !text.is_empty());
                sink.outcome(&check.id, status, said.chain(evidence).collect());
                continue;
            }
            let mut finding =
                Finding::new(&check, status, current).about(self.seen.origin.as_str(), "");
            for path in &paths {
                finding = finding.at(Location::file(format!("{}{path}", self.seen.origin)));
            }
            for seen in evidence {
                finding = finding.with_evidence(seen);
            }
            sink.report(finding);
        }
    }
}

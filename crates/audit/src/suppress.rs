//! What somebody said is not to be told: in comments and in the settings.

mod comment;
mod peers;

use globset::GlobSet;

use crate::check::Entry;
use crate::settings::Allow;
use crate::{
    Check, Day, Effort, EngineKind, Error, Finding, Kind, Location, Profile, Severity, Status,
    Suppressed, SuppressedBy,
};

pub(crate) use comment::{Comment, in_file};

/// Takes away what is not to be told, and remembers what was of use.
pub(crate) struct Suppressor<'a> {
    comments: Vec<(Comment, bool)>,
    allows: Vec<(usize, &'a Allow, GlobSet, bool)>,
    today: Day,
}

impl<'a> Suppressor<'a> {
    pub(crate) fn new(
        comments: Vec<Comment>,
        allows: &'a [Allow],
        today: Day,
    ) -> Result<Self, Error> {
        let with_globs =
            |(index, allow): (usize, &'a Allow)| Ok((index, allow, allow.globs()?, false));
        Ok(Self {
            comments: comments.into_iter().map(|comment| (comment, false)).collect(),
            allows: allows.iter().enumerate().map(with_globs).collect::<Result<_, Error>>()?,
            today,
        })
    }

    /// Returns the findings that are to be told; the others go to `suppressed`.
    pub(crate) fn apply(
        &mut self,
        findings: Vec<Finding>,
        suppressed: &mut Vec<Suppressed>,
    ) -> Vec<Finding> {
        let mut told = Vec::new();
        for finding in findings {
            match self.by_comment(&finding).or_else(|| self.by_settings(&finding)) {
                Some((by, reason)) => suppressed.push(Suppressed { finding, by, reason }),
                None => told.push(finding),
            }
        }
        told
    }

    fn by_comment(&mut self, finding: &Finding) -> Option<(SuppressedBy, String)> {
        let today = self.today;
        let mut found = None;
        for (comment, is_used) in &mut self.comments {
            if comment.problem.is_none() && comment.covers(finding) {
                *is_used = true;
                if comment.until.is_none_or(|until| until >= today) {
                    found = Some((SuppressedBy::Comment, comment.reason.clone()));
                }
            }
        }
        found
    }

    fn by_settings(&mut self, finding: &Finding) -> Option<(SuppressedBy, String)> {
        let today = self.today;
        let mut found = None;
        for (_, allow, globs, is_used) in &mut self.allows {
            if allow.checks.contains(&finding.id)
                && finding.files.iter().any(|place| globs.is_match(&place.path))
            {
                *is_used = true;
                if allow.until.is_none_or(|until| until >= today) {
                    found = Some((SuppressedBy::Settings, allow.reason.clone()));
                }
            }
        }
        found
    }

    /// Returns what is wrong with the suppressions themselves. One whose checks did not run is not judged.
    pub(crate) fn findings(&self, did_run: &dyn Fn(&str) -> bool) -> Vec<Finding> {
        let of = |id: &str| checks().into_iter().find(|check| check.id == id);
        let mut findings = Vec::new();
        let mut tell = |id: &str, current: String, text: &str, place: Location| {
            let finding = of(id).map(|check| Finding::new(&check, Status::Fail, current));
            findings.extend(finding.map(|finding| finding.about(text, "").at(place)));
        };
        for (comment, is_used) in self.comments.iter().filter(|(one, _)| one.is_ours()) {
            let place = || Location::line(comment.path.clone(), comment.line);
            let expired = comment.until.filter(|until| *until < self.today);
            if let Some(problem) = comment.problem {
                tell(INVALID, format!("The suppression {problem}."), &comment.text, place());
            } else if let Some(until) = expired {
                tell(EXPIRED, format!("It counted until {until}."), &comment.text, place());
            } else if !is_used && comment.names(did_run) {
                let current = "No finding is at the line that it is for.".to_owned();
                tell(UNUSED, current, &comment.text, place());
            }
        }
        for (index, allow, _, is_used) in &self.allows {
            let place = || Location::file(crate::Settings::FILE);
            let text = format!("{} {}", allow.checks.join(","), allow.paths.join(","));
            let expired = allow.until.filter(|until| *until < self.today);
            if let Some(until) = expired {
                tell(EXPIRED, format!("allow[{index}] counted until {until}."), &text, place());
            } else if !is_used && allow.checks.iter().all(|check| did_run(check)) {
                let current = format!("allow[{index}] covers no finding.");
                tell(UNUSED, current, &text, place());
            }
        }
        findings
    }
}

/// The audit's own checks.
pub(crate) fn checks() -> Vec<Check> {
    CATALOGUE.iter().map(|entry| entry.check(EngineKind::Audit)).collect()
}

const INVALID: &str = "suppression-invalid";
const EXPIRED: &str = "suppression-expired";
const UNUSED: &str = "suppression-unused";

const EVERYWHERE: &[Profile] = &[Profile::Ci, Profile::Host, Profile::Llm];

const CATALOGUE: [Entry; 3] = [
    Entry {
        id: INVALID,
        component: "Suppressions",
        title: "A suppression that does not count",
        severity: Severity::Medium,
        kind: Kind::Consistency,
        description: "A suppression without a reason, or for every check at once, hides more than whoever wrote it \
                      knew. It is not honoured.",
        expected: "A suppression names its checks and its reason.",
        recommendation: "Write it as `audit: allow(check-id) reason=\"why\" until=2027-01-31`, or put the finding right.",
        effort: Effort::Small,
        cwe: &[],
        owasp: &[],
        profiles: EVERYWHERE,
    },
    Entry {
        id: EXPIRED,
        component: "Suppressions",
        title: "A suppression whose day has passed",
        severity: Severity::Medium,
        kind: Kind::Consistency,
        description: "Whoever wrote it wanted the finding looked at again by that day. It is told again.",
        expected: "What was put off is done by the day that was set.",
        recommendation: "Put the finding right, or set a later day with a reason that is still true.",
        effort: Effort::Small,
        cwe: &[],
        owasp: &[],
        profiles: EVERYWHERE,
    },
    Entry {
        id: UNUSED,
        component: "Suppressions",
        title: "A suppression that covers nothing",
        severity: Severity::Low,
        kind: Kind::Consistency,
        description: "What it was for is gone. The next thing that is wrong at that place would go untold.",
        expected: "Every suppression covers a finding.",
        recommendation: "Take it away.",
        effort: Effort::Small,
        cwe: &[],
        owasp: &[],
        profiles: EVERYWHERE,
    },
];

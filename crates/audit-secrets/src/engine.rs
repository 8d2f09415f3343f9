//! The engine: each file by itself, then the project and its history.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wardkit_audit::{
    Check, Engine, Finding, Location, Note, NoteKind, Project, Sink, SourceFile, Status,
};
use wardkit_core::Timestamp;

use crate::catalogue::{self, IN_ENV_EXAMPLE, IN_HISTORY};
use crate::history::{History, OldFile};
use crate::judge::Worth;
use crate::rules::Rules;
use crate::search::{Search, Secret};
use crate::shown::Mark;
use crate::{env, place};

/// Looks for secrets in files, and in what files were before.
///
/// ```
/// use wardkit_audit::Audit;
/// use wardkit_audit_secrets::SecretsEngine;
/// use wardkit_core::SystemClock;
///
/// let clock = SystemClock;
/// let folder = tempfile::tempdir()?;
/// let token = ["5839201746", "AAHw7Qm2ZxT9vKpL4sRfYc8NbJgD1eUiWo3"].join(":");
/// std::fs::write(folder.path().join("bot.py"), format!("bot = Bot('{token}')\n"))?;
///
/// let report = Audit::new(&clock).with_engine(SecretsEngine::new()).of_tree(folder.path())?;
/// assert_eq!(report.findings[0].id, "secret-telegram-token");
/// assert!(!report.findings[0].current.contains(&token));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SecretsEngine {
    search: Search,
    is_thorough: bool,
    history: Option<Box<dyn History>>,
    /// The secrets of the files that are there: those of the history are told besides.
    present: Mutex<HashSet<Mark>>,
}

impl SecretsEngine {
    /// Creates the engine.
    #[must_use]
    pub fn new() -> Self {
        Self { search: Search::new(), is_thorough: false, history: None, present: Mutex::default() }
    }

    /// Returns every check that it has without own rules.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        catalogue::all()
    }

    /// Tells also what stands in tests, and what gives access to little: keys for trials, tokens that have run out.
    #[must_use]
    pub fn thorough(mut self) -> Self {
        self.is_thorough = true;
        self
    }

    /// Takes the date by which tokens have run out. Without it none has.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.search.now = Some(now.as_unix_seconds());
        self
    }

    /// Looks for what own rules describe, too.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.search.rules = Some(rules);
        self
    }

    /// Looks at what files were before, too.
    #[must_use]
    pub fn with_history(mut self, history: impl History + 'static) -> Self {
        self.history = Some(Box::new(history));
        self
    }

    fn present(&self) -> MutexGuard<'_, HashSet<Mark>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a secret is to be told where it stands. What tests have is made up, but for tokens of bots: those were
    /// issued to somebody.
    fn tells(&self, secret: &Secret<'_>, path: &str) -> bool {
        self.is_thorough
            || secret.worth == Worth::Real && (secret.is_of_a_bot || !place::is_test(path))
    }

    fn judge_past(&self, history: &dyn History, sink: &mut Sink) {
        let Some(check) = catalogue::all().into_iter().find(|check| check.id == IN_HISTORY) else {
            return;
        };
        let mut told = self.present().clone();
        let mut found: Vec<Finding> = Vec::new();
        let result = history.visit(&mut |old: OldFile<'_>| {
            if !place::may_be_text(old.path) {
                return;
            }
            for secret in self.search.secrets(old.path, old.text, &|| false) {
                if self.tells(&secret, old.path) && told.insert(secret.mark) {
                    let line = line_of(old.text, secret.range.start);
                    let title = lower(&secret.check.title);
                    found.push(
                        Finding::new(&check, Status::Fail, format!("{title}: {}", secret.shown))
                            .about(secret.mark.hex(), "")
                            .at(Location::line(old.path, line))
                            .with_evidence(format!("commit {}", old.commit)),
                    );
                }
            }
        });
        for finding in found {
            sink.report(finding);
        }
        if let Err(error) = result {
            sink.note(Note::new(NoteKind::Unread, "", format!("the history: {error}")));
            sink.outcome(
                IN_HISTORY,
                Status::Unknown,
                vec!["not all of the history could be read".to_owned()],
            );
        }
    }
}

impl Default for SecretsEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for SecretsEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretsEngine")
            .field("is_thorough", &self.is_thorough)
            .finish_non_exhaustive()
    }
}

impl Engine for SecretsEngine {
    fn checks(&self) -> Vec<Check> {
        let mut checks = catalogue::all();
        checks.extend(self.search.rules.iter().flat_map(Rules::checks));
        checks
    }

    fn version(&self) -> Option<String> {
        // What files have now decides what of the history is told.
        if self.history.is_some() {
            return None;
        }
        let rules = self.search.rules.as_ref().map_or("", Rules::digest);
        let day = self.search.now.unwrap_or_default() / 86_400;
        Some(format!("{} {} {day} {rules}", env!("CARGO_PKG_VERSION"), self.is_thorough))
    }

    fn wants(&self, path: &str) -> bool {
        place::may_be_text(path)
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        let (path, text) = (file.path(), file.text());
        let secrets = self.search.secrets(path, text, &|| file.budget().is_spent());
        let example = if place::is_env_example(path) {
            catalogue::all().into_iter().find(|check| check.id == IN_ENV_EXAMPLE)
        } else {
            None
        };
        let mut told: BTreeMap<(&str, Mark), Finding> = BTreeMap::new();
        for secret in secrets {
            if !self.tells(&secret, path) {
                continue;
            }
            self.present().insert(secret.mark);
            let check = example.as_ref().unwrap_or(secret.check);
            let place = file.location(secret.range.start);
            match told.get_mut(&(&secret.check.id, secret.mark)) {
                Some(finding) if finding.files.len() >= MOST_PLACES => {}
                Some(finding) => finding.files.push(place),
                None => {
                    let finding = finding(check, &secret).at(place);
                    told.insert((&secret.check.id, secret.mark), finding);
                }
            }
        }
        for finding in told.into_values() {
            sink.report(finding);
        }
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        env::judge(project, sink);
        match &self.history {
            Some(history) if sink.wants(IN_HISTORY) => self.judge_past(history.as_ref(), sink),
            _ => sink.outcome(IN_HISTORY, Status::NotApplicable, vec!["not asked for".to_owned()]),
        }
    }
}

fn finding(check: &Check, secret: &Secret<'_>) -> Finding {
    let how = if secret.is_encoded { ", in Base64" } else { "" };
    let current = format!("{}: {}{how}", lower(&secret.check.title), secret.shown);
    Finding::new(check, Status::Fail, current).about(secret.mark.hex(), "")
}

fn line_of(text: &str, offset: usize) -> u32 {
    let lines = memchr::memchr_iter(b'\n', &text.as_bytes()[..offset]).count();
    u32::try_from(lines).unwrap_or(u32::MAX - 1) + 1
}

/// Returns the title as the beginning of a sentence that goes on; names keep their capitals.
fn lower(title: &str) -> String {
    title.strip_suffix(" in a file").unwrap_or(title).to_owned()
}

/// The same secret in more places of a file is told with these.
const MOST_PLACES: usize = 20;

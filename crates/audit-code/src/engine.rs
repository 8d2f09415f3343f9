//! The engine that judges sources.

use std::collections::BTreeSet;

use wardkit_audit::{Check, Engine, EngineKind, Note, NoteKind, Project, Sink, SourceFile};

use crate::found::Found;
use crate::handlers::HandlerMap;
use crate::rules::Rules;
use crate::source::{Language, Parsed};
use crate::{bot, flow, project, testcode};

/// Judges sources: rules over their syntax trees, where data flows in them, and what they say together.
///
/// A file is parsed once for both, and not at all when it has none of the words that they look for.
#[derive(Debug)]
pub struct CodeEngine {
    rules: Rules,
    flow: Vec<Check>,
    project: Vec<Check>,
    judges_tests: bool,
}

impl CodeEngine {
    /// Creates an engine with the rules that are built in.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`](crate::RuleError) when one of them cannot be read.
    pub fn new() -> Result<Self, crate::RuleError> {
        Ok(Self::with_rules(Rules::built_in()?))
    }

    /// Creates an engine with other rules.
    #[must_use]
    pub fn with_rules(rules: Rules) -> Self {
        Self {
            rules,
            flow: flow::checks().into_iter().chain(bot::checks()).collect(),
            project: project::checks(),
            judges_tests: false,
        }
    }

    /// Judges tests too, which nobody runs where attackers are.
    #[must_use]
    pub fn judging_tests(mut self) -> Self {
        self.judges_tests = true;
        self
    }

    /// Returns what is looked for.
    #[must_use]
    pub fn catalogue(&self) -> Vec<Check> {
        let mut seen = BTreeSet::new();
        let all = self.flow.iter().chain(&self.project).chain(self.rules.checks());
        all.filter(|check| seen.insert(check.id.as_ref())).cloned().collect()
    }
}

impl Engine for CodeEngine {
    fn checks(&self) -> Vec<Check> {
        let by_form = |check: &Check| Check { engine: EngineKind::Ast, ..check.clone() };
        let mut all = self.catalogue();
        // What a rule finds is the rules', also where the flow looks for the same.
        all.extend(
            self.rules.checks().filter(|check| check.engine != EngineKind::Ast).map(by_form),
        );
        all
    }

    fn version(&self) -> Option<String> {
        let tests = if self.judges_tests { "with tests" } else { "without tests" };
        Some(format!("{} {} {tests}", env!("CARGO_PKG_VERSION"), self.rules.digest()))
    }

    fn wants(&self, path: &str) -> bool {
        Language::of(path).is_some() && (self.judges_tests || !testcode::is_test(path))
    }

    fn prepare(&self, path: &str) {
        if let Some(language) = Language::of(path) {
            // Whether it can be made ready is asked for again, and told, where a file is judged.
            let _ = self.rules.scan(language);
        }
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        let Some(language) = Language::of(file.path()) else { return };
        if !self.wants(file.path()) {
            return;
        }
        let scan = match self.rules.scan(language) {
            Ok(scan) => scan,
            Err(error) => {
                sink.note(Note::new(NoteKind::Unread, file.path(), error.to_string()));
                return;
            }
        };
        let mut active = scan.active(file.text(), &|id| sink.wants_by(id, EngineKind::Ast));
        active.flow &= self.flow.iter().any(|check| sink.wants_by(&check.id, EngineKind::Flow));
        active.project |= project::wants_all(sink);
        active.project &= self.project.iter().any(|check| sink.wants(&check.id));
        if active.is_empty() {
            return;
        }
        let parsed = match Parsed::new(language, file.text(), file.budget()) {
            Ok(parsed) => parsed,
            Err(reason) => {
                sink.note(Note::new(NoteKind::Unread, file.path(), reason));
                return;
            }
        };
        if parsed.has_errors() {
            let message = "its syntax is not understood everywhere; the rest was judged";
            sink.note(Note::new(NoteKind::Skipped, file.path(), message));
        }
        if active.project {
            project::summarise(&parsed, file, sink);
        }
        let mut found = Found::new(sink);
        if active.flow
            && let Some((dialect, module)) = flow::read(&parsed)
        {
            let handlers = HandlerMap::of(&module, dialect, file.text());
            flow::judge(&module, dialect, &handlers, file, &mut found);
            bot::judge(&module, &handlers, file, &mut found);
        }
        if let Err(error) = scan.judge(&self.rules, &active, &parsed, file, &mut found) {
            sink.note(Note::new(NoteKind::Unread, file.path(), error.to_string()));
        }
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        project::judge(project, sink);
    }
}

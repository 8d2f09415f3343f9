//! The rules for one language, all looked for in one walk.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use ast_grep_config::{GlobalRules, RuleConfig};
use ast_grep_core::NodeMatch;
use ast_grep_core::matcher::{Matcher as _, MatcherExt as _};
use ast_grep_core::replacer::Replacer as _;
use ast_grep_language::SupportLang;
use wardkit_audit::{EngineKind, Finding, SourceFile};

use super::{Rule, Rules, shared};
use crate::found::{Found, place};
use crate::source::{Doc, Language, Node, Parsed, within};
use crate::{RuleError, bot, flow, project};

/// The rules for one language.
pub(crate) struct Scan {
    language: Language,
    shared: GlobalRules,
    rules: Vec<Compiled>,
    words: AhoCorasick,
    /// Whom each word calls.
    callers: Vec<Caller>,
}

pub(super) struct Compiled {
    /// Made when a source has its words: all of them take longer than most projects.
    ready: OnceLock<Result<Ready, RuleError>>,
    /// Where it is among all rules.
    index: usize,
    check: String,
    needs_word: bool,
}

/// What is told of a match.
pub(super) type Tell<'a> = dyn FnMut(&Compiled, &RuleConfig<SupportLang>, &NodeMatch<'_, Doc>) + 'a;

struct Ready {
    config: RuleConfig<SupportLang>,
    /// The kinds of nodes that it could match.
    kinds: Vec<usize>,
}

/// A change that a rule makes.
pub(crate) struct Edit {
    pub(crate) check: String,
    /// Where the finding is.
    pub(crate) at: usize,
    pub(crate) range: Range<usize>,
    pub(crate) replacement: String,
}

#[derive(Clone, Copy)]
enum Caller {
    Rule(usize),
    Flow,
    Project,
}

/// What could find something in a source.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) rules: Vec<bool>,
    pub(crate) flow: bool,
    /// Whether it has facts for the project.
    pub(crate) project: bool,
}

impl Active {
    pub(crate) fn is_empty(&self) -> bool {
        !self.flow && !self.project && !self.rules.contains(&true)
    }

    /// Leaves one rule, by its place among all, and that only when it was there.
    pub(super) fn only(mut self, scan: &Scan, rule: usize) -> Self {
        for (is_active, compiled) in self.rules.iter_mut().zip(&scan.rules) {
            *is_active &= compiled.index == rule;
        }
        self
    }
}

impl Scan {
    /// Prepares the rules for a language.
    pub(super) fn new(all: &[Rule], language: Language) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        let (mut words, mut callers) = (Vec::new(), Vec::new());
        let shared = shared::rules(language)?;
        for (index, rule) in all.iter().enumerate().filter(|(_, rule)| rule.is_for(language)) {
            let at = rules.len();
            words.extend(rule.words.iter().map(String::as_str));
            callers.resize(words.len(), Caller::Rule(at));
            let (check, needs_word) = (rule.check().to_owned(), !rule.words.is_empty());
            rules.push(Compiled { ready: OnceLock::new(), index, check, needs_word });
        }
        words.extend(flow::words(language));
        words.extend(bot::words(language));
        callers.resize(words.len(), Caller::Flow);
        words.extend(project::words(language));
        callers.resize(words.len(), Caller::Project);
        let words = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&words);
        let words = words.map_err(|error| RuleError::new("audit.prefilter", error.to_string()))?;
        Ok(Self { language, shared, rules, words, callers })
    }

    /// Tells what could find something in a source, without parsing it.
    pub(crate) fn active(&self, text: &str, wants: &dyn Fn(&str) -> bool) -> Active {
        let wanted: Vec<bool> = self.rules.iter().map(|rule| wants(&rule.check)).collect();
        let mut active = Active { rules: vec![false; wanted.len()], flow: false, project: false };
        for (at, rule) in self.rules.iter().enumerate() {
            active.rules[at] = wanted[at] && !rule.needs_word;
        }
        for found in self.words.find_overlapping_iter(text) {
            match self.callers[found.pattern().as_usize()] {
                Caller::Rule(at) => active.rules[at] = wanted[at],
                Caller::Flow => active.flow = true,
                Caller::Project => active.project = true,
            }
        }
        active
    }

    /// Judges a source by the rules that could find something in it.
    pub(crate) fn judge(
        &self,
        rules: &Rules,
        active: &Active,
        parsed: &Parsed,
        file: &SourceFile<'_>,
        found: &mut Found<'_>,
    ) -> Result<(), RuleError> {
        let is_over = || file.budget().is_spent();
        self.matches(rules, active, parsed, &is_over, &mut |compiled, config, matched| {
            let (rule, Some(check)) = rules.rule(compiled.index) else { return };
            let message = one_line(&config.get_message(matched));
            let node = matched.get_node();
            let mut finding = Finding::new(check, rule.status, message)
                .at(place(file, node))
                .about(node.text(), within(node));
            finding.engine = EngineKind::Ast;
            if is_form(node) {
                found.report_certain(finding);
            } else {
                found.report(finding);
            }
        })
    }

    /// Returns what the rules that are marked safe would change.
    pub(crate) fn edits(&self, rules: &Rules, parsed: &Parsed) -> Result<Vec<Edit>, RuleError> {
        let is_safe = |rule: &Compiled| rules.rule(rule.index).0.is_safe_to_fix;
        let mut active = self.active(parsed.text(), &|_| true);
        for (is_active, rule) in active.rules.iter_mut().zip(&self.rules) {
            *is_active &= is_safe(rule);
        }
        let mut edits = Vec::new();
        self.matches(rules, &active, parsed, &|| false, &mut |compiled, config, matched| {
            let Some(fixer) = config.fixer.first() else { return };
            let range = fixer.get_replaced_range(matched, &config.matcher);
            // What is made of UTF-8 and put between its characters is UTF-8; if it were not, nothing is changed.
            let Ok(replacement) = String::from_utf8(fixer.generate_replacement(matched)) else {
                return;
            };
            let (check, at) = (compiled.check.clone(), matched.range().start);
            edits.push(Edit { check, at, range, replacement });
        })?;
        Ok(edits)
    }

    /// Tells each match of a rule.
    pub(super) fn matches(
        &self,
        rules: &Rules,
        active: &Active,
        parsed: &Parsed,
        is_over: &dyn Fn() -> bool,
        tell: &mut Tell<'_>,
    ) -> Result<(), RuleError> {
        // The rules that a node of a kind could match.
        let mut by_kind = Vec::<Vec<(&Compiled, &RuleConfig<SupportLang>)>>::new();
        for (rule, _) in self.rules.iter().zip(&active.rules).filter(|(_, is_active)| **is_active) {
            let Ready { config, kinds } = self.ready(rules, rule)?;
            for &kind in kinds {
                if by_kind.len() <= kind {
                    by_kind.resize_with(kind + 1, Vec::new);
                }
                by_kind[kind].push((rule, config));
            }
        }
        let root = parsed.root();
        let mut tried = 0_usize;
        for node in root.dfs() {
            let Some(rules) = by_kind.get(usize::from(node.kind_id())) else { continue };
            for (rule, config) in rules {
                tried += 1;
                // The clock is read now and then: it costs as much as a match.
                if tried.is_multiple_of(64) && is_over() {
                    return Ok(());
                }
                let Some(matched) = config.matcher.match_node(node.clone()) else { continue };
                tell(rule, config, &matched);
            }
        }
        Ok(())
    }

    /// Makes every rule ready.
    pub(super) fn ready_all(&self, rules: &Rules) -> Result<(), RuleError> {
        self.rules.iter().try_for_each(|rule| self.ready(rules, rule).map(|_| ()))
    }

    fn ready<'a>(&self, rules: &Rules, compiled: &'a Compiled) -> Result<&'a Ready, RuleError> {
        let make = || {
            let (rule, _) = rules.rule(compiled.index);
            let config = self::compiled(rule, self.language, &self.shared)?;
            let kinds = config.matcher.potential_kinds();
            let kinds =
                kinds.ok_or_else(|| rule.error("rule", "could match any node: add a kind"))?;
            Ok(Ready { kinds: kinds.iter().collect(), config })
        };
        compiled.ready.get_or_init(make).as_ref().map_err(RuleError::again)
    }
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

fn compiled(
    rule: &Rule,
    language: Language,
    shared: &GlobalRules,
) -> Result<RuleConfig<SupportLang>, RuleError> {
    let mut config = rule.config.clone();
    config.language = language.grammar();
    RuleConfig::try_from(config, shared).map_err(|error| {
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(one) = cause {
            reason = format!("{reason} {one}");
            cause = one.source();
        }
        rule.error("rule", reason)
    })
}

/// Whether a node does harm by its form, whatever comes in: a pattern that is written there, a loop over all names.
fn is_form(node: &Node<'_>) -> bool {
    if matches!(node.kind().as_ref(), "regex_pattern" | "for_in_statement") {
        return true;
    }
    let is_pattern = node.field("constructor").is_some_and(|of| of.text() == "RegExp");
    let given = node.field("arguments").and_then(|given| given.child(1));
    is_pattern && given.is_some_and(|given| given.kind() == "string")
}

/// What is quoted from sources may be long.
fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A line that a person reads.
const LONGEST: usize = 200;

//! The rule files of Prometheus 2.42.

mod fields;
mod period;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use wardkit_promql::Expr;

use super::config::OnNoData;
use super::native::is_label_name;
use super::problem::RuleProblem;
use super::rule::{Group, Rule};
use super::text::Text;
use super::view::RuleKind;
use crate::yaml::{self, Node, YamlError};
pub(super) use fields::{Fields, items, text_map, text_of};
pub(super) use period::print as print_period;

/// A rule file that was read and checked.
#[derive(Clone, Debug)]
pub struct RuleFile {
    groups: Vec<Group>,
    duplicates: Vec<String>,
}

impl RuleFile {
    /// Reads a rule file. What `promtool check rules` refuses is refused, and what is outside the PromQL that is
    /// evaluated here.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<RuleProblem>> {
        let mut reader = Reader { file: path, problems: Vec::new() };
        let groups = match yaml::read(text) {
            Ok(Some(root)) => reader.root(&root),
            Ok(None) => Vec::new(),
            Err(error) => {
                reader.yaml(&error);
                Vec::new()
            }
        };
        if reader.problems.is_empty() {
            let duplicates = duplicates(&groups);
            Ok(Self { groups, duplicates })
        } else {
            Err(reader.problems)
        }
    }

    /// Reads the rule file at a path.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it, or that it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Vec<RuleProblem>> {
        let name = path.display().to_string();
        match read_text(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) => {
                let problem = RuleProblem::new(0, 0, error.to_string());
                Err(vec![RuleProblem { file: name, ..problem }])
            }
        }
    }

    /// Returns the groups in order.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the groups in order.
    #[must_use]
    pub fn into_groups(self) -> Vec<Group> {
        self.groups
    }

    /// Returns how many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.groups.iter().map(Group::len).sum()
    }

    /// Returns the rules that are there twice, with the same name and labels: both make the same series. It is not an
    /// error, but seldom meant.
    #[must_use]
    pub fn duplicates(&self) -> &[String] {
        &self.duplicates
    }
}

struct Reader<'a> {
    file: &'a str,
    problems: Vec<RuleProblem>,
}

impl Reader<'_> {
    fn yaml(&mut self, error: &YamlError) {
        self.problem(RuleProblem::new(error.at.line, error.at.column, error.reason.clone()));
    }

    fn problem(&mut self, mut problem: RuleProblem) {
        self.file.clone_into(&mut problem.file);
        self.problems.push(problem);
    }

    fn root(&mut self, root: &Node) -> Vec<Group> {
        let Some(fields) = self.fields(root, &["groups"]) else { return Vec::new() };
        let mut groups = Vec::new();
        let mut names = BTreeSet::new();
        for node in self.list(fields.get("groups"), "groups") {
            let Some((group, is_whole)) = self.group(node) else { continue };
            let (line, column) = (node.at.line, node.at.column);
            if group.name.is_empty() {
                let problem = RuleProblem::new(line, column, "a group needs a name");
                self.problem(problem.with_key("name"));
            } else if !names.insert(group.name.clone()) {
                let reason = format!("group {:?} is there twice", group.name);
                self.problem(RuleProblem::new(line, column, reason).with_key("name"));
            } else if is_whole {
                groups.push(group);
            }
        }
        groups
    }

    /// Reads a group, and tells whether all of it could be read.
    fn group(&mut self, node: &Node) -> Option<(Group, bool)> {
        let fields = self.fields(node, &["name", "interval", "limit", "rules"])?;
        let before = self.problems.len();
        let name = self.read(fields.text("name")).unwrap_or_default();
        let interval = self.read(fields.period("interval")).unwrap_or_default();
        let limit = self.read(fields.integer("limit")).unwrap_or_default();
        let mut rules = Vec::new();
        for (index, node) in self.list(fields.get("rules"), "rules").into_iter().enumerate() {
            let first = self.problems.len();
            let (rule, name_of_rule) = self.rule(node);
            rules.extend(rule);
            for problem in &mut self.problems[first..] {
                problem.group.clone_from(&name);
                problem.rule = index + 1;
                problem.name.clone_from(&name_of_rule);
            }
        }
        let interval = Some(interval).filter(|interval| !interval.is_zero());
        let limit = usize::try_from(limit).unwrap_or(0);
        let file = self.file.to_owned();
        let is_whole = self.problems.len() == before;
        Some((Group { file, name, interval, limit, rules }, is_whole))
    }

    /// Reads a rule, and its name even when the rule is wrong.
    fn rule(&mut self, node: &Node) -> (Option<Rule>, String) {
        let Some(fields) = self.fields(node, &RULE_KEYS) else { return (None, String::new()) };
        let before = self.problems.len();
        let record = self.read(fields.text("record")).unwrap_or_default();
        let alert = self.read(fields.text("alert")).unwrap_or_default();
        let name = if alert.is_empty() { record.clone() } else { alert.clone() };
        let kind = match (record.is_empty(), alert.is_empty()) {
            (false, false) => {
                self.at(node, "record", "only one of record and alert can be set");
                RuleKind::Alerting
            }
            (true, true) => {
                self.at(node, "alert", "one of record and alert must be set");
                RuleKind::Alerting
            }
            (false, true) => RuleKind::Recording,
            (true, false) => RuleKind::Alerting,
        };
        let expr = self.expr(node, &fields);
        let hold = self.read(fields.period("for")).unwrap_or_default();
        let keep_firing_for = self.read(fields.period("keep_firing_for")).unwrap_or_default();
        let labels = self.read(text_map(fields.get("labels"), "labels")).unwrap_or_default();
        let annotations =
            self.read(text_map(fields.get("annotations"), "annotations")).unwrap_or_default();
        if !record.is_empty() {
            self.recording(&fields, &record, &[hold, keep_firing_for], annotations.len());
        }
        let labels = self.texts(node, kind, "labels", labels);
        let annotations = self.texts(node, RuleKind::Alerting, "annotations", annotations);
        let is_whole = self.problems.len() == before;
        let rule = expr.filter(|_| is_whole).map(|expr| Rule {
            kind,
            name: name.clone(),
            expr,
            held_by: None,
            hold,
            keep_firing_for,
            on_no_data: OnNoData::Resolve,
            labels,
            annotations,
        });
        (rule, name)
    }

    fn expr(&mut self, rule: &Node, fields: &Fields<'_>) -> Option<Expr> {
        let text = self.read(fields.text("expr"))?;
        let node = fields.get("expr").unwrap_or(rule);
        if text.is_empty() {
            self.at(node, "expr", "it must be set");
            return None;
        }
        match Expr::parse(&text) {
            Ok(expr) => Some(expr),
            Err(error) => {
                self.at(node, "expr", &error.to_string());
                None
            }
        }
    }

    /// Checks what a recording rule cannot have.
    fn recording(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        times: &[Duration; 2],
        annotations: usize,
    ) {
        let mut refuse = |key: &str, is_there: bool| {
            if let Some(node) = fields.get(key).filter(|_| is_there) {
                self.at(node, key, "a recording rule cannot have it");
            }
        };
        refuse("annotations", annotations > 0);
        refuse("for", !times[0].is_zero());
        refuse("keep_firing_for", !times[1].is_zero());
        if let Some(node) = fields.get("record").filter(|_| !is_metric_name(name)) {
            self.at(node, "record", &format!("{name:?} is not the name of a metric"));
        }
    }

    /// Checks names, and templates of alerting rules.
    fn texts(
        &mut self,
        rule: &Node,
        kind: RuleKind,
        key: &str,
        texts: BTreeMap<String, (Node, String)>,
    ) -> BTreeMap<String, Text> {
        let mut checked = BTreeMap::new();
        for (name, (node, text)) in texts {
            let is_reserved = key == "labels" && name == "__name__";
            if !is_label_name(&name) || is_reserved {
                self.at(rule, key, &format!("{name:?} is not a name that a label can have"));
            }
            let text = match kind {
                RuleKind::Recording => Ok(Text::literal(text)),
                RuleKind::Alerting => Text::parse(text),
            };
            match text {
                Ok(text) => drop(checked.insert(name, text)),
                Err(reason) => self.at(&node, &format!("{key}.{name}"), &reason),
            }
        }
        checked
    }

    fn at(&mut self, node: &Node, key: &str, reason: &str) {
        self.problem(RuleProblem::new(node.at.line, node.at.column, reason).with_key(key));
    }

    fn fields<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<Fields<'n>> {
        match Fields::new(node, known) {
            Ok(fields) => Some(fields),
            Err(problems) => {
                for problem in problems {
                    self.problem(problem);
                }
                None
            }
        }
    }

    fn list<'n>(&mut self, node: Option<&'n Node>, key: &str) -> Vec<&'n Node> {
        self.read(items(node, key)).unwrap_or_default()
    }

    fn read<T>(&mut self, read: Result<T, Box<RuleProblem>>) -> Option<T> {
        read.map_err(|problem| self.problem(*problem)).ok()
    }
}

/// Reads a text that is not larger than a file of rules can be.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
    }
    Ok(text)
}

fn is_metric_name(name: &str) -> bool {
    is_label_name(&name.replace(':', "_"))
}

/// Finds rules that are there more than once.
fn duplicates(groups: &[Group]) -> Vec<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        let labels = rule.labels.iter();
        let labels = labels.map(|(name, text)| format!("{name}={:?}", text.source()));
        let labels = labels.collect::<Vec<_>>().join(", ");
        *seen.entry(format!("{}{{{labels}}}", rule.name)).or_default() += 1;
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect()
}

/// Forty thousand rules; a wrong path, such as a device, fills no memory.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

const RULE_KEYS: [&str; 7] =
    ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"];

//! Templates of Go, as far as rules of Prometheus and configurations of Alertmanager use them.
//!
//! What is here renders the same text as Go does; what is not is refused when it is read, with its name. A template
//! has a budget of work and of output, so that none runs for ever.

mod alertmanager;
mod exec;
mod format;
mod functions;
mod html;
mod lex;
mod number;
mod parse;
mod prometheus;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod tree;
mod value;

use std::fmt;
use std::sync::Arc;

use wardkit_core::Labels;

use crate::Notification;
use alertmanager::NotificationHost;
use prometheus::RuleHost;
use tree::{Definitions, Node};

/// An annotation or label of a rule: `{{ $labels.instance }} is at {{ $value | humanize }}`.
#[derive(Clone, Debug)]
pub struct RuleTemplate(Parsed);

impl RuleTemplate {
    /// Reads a template with the functions that Prometheus has.
    ///
    /// # Errors
    ///
    /// Returns [`TemplateError`] with the position when it is none, or uses what is not supported.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Parsed::new(text, prometheus::LANGUAGE, Definitions::new()).map(Self)
    }

    /// Fills it in.
    ///
    /// # Errors
    ///
    /// Returns [`TemplateError`] when something in it does not fit the data, or it does too much.
    pub fn render(&self, scope: &RuleScope<'_>) -> Result<String, TemplateError> {
        let (data, variables) = prometheus::data(scope);
        let Parsed { nodes, definitions } = &self.0;
        exec::execute(nodes, definitions, &RuleHost(scope), &data, variables)
    }
}

/// What a [`RuleTemplate`] is filled in with.
#[derive(Clone, Copy)]
pub struct RuleScope<'a> {
    /// The labels of what was found: `.Labels`, `$labels`.
    pub labels: &'a Labels,
    /// Its value: `.Value`, `$value`.
    pub value: f64,
    /// The labels of the whole program: `.ExternalLabels`, `$externalLabels`.
    pub external_labels: &'a Labels,
    /// Where the program is reached: `.ExternalURL`, `$externalURL`.
    pub external_url: &'a str,
    /// Answers the function `query`.
    pub query: Query<'a>,
}

/// Answers `query` in a template: an instant query at the time of the evaluation.
pub type Query<'a> = &'a dyn Fn(&str) -> Result<Vec<(Labels, f64)>, String>;

impl fmt::Debug for RuleScope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleScope")
            .field("labels", &self.labels)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// A text of a receiver of Alertmanager's: `{{ template "slack.default.title" . }}`.
#[derive(Clone, Debug)]
pub struct NotificationTemplate(Parsed);

impl NotificationTemplate {
    /// Reads a template that may call what Alertmanager itself defines, and what the texts of `definitions` define.
    ///
    /// # Errors
    ///
    /// Returns [`TemplateError`] with the position when it is none, or uses what is not supported.
    pub fn parse(text: &str, definitions: &[String]) -> Result<Self, TemplateError> {
        let mut known = alertmanager::defaults().clone();
        for file in definitions {
            parse::parse(file, alertmanager::LANGUAGE, &mut known)?;
        }
        Parsed::new(text, alertmanager::LANGUAGE, known).map(Self)
    }

    /// Fills it in.
    ///
    /// # Errors
    ///
    /// Returns [`TemplateError`] when something in it does not fit the data, or it does too much.
    pub fn render(&self, scope: &NotificationScope<'_>) -> Result<String, TemplateError> {
        self.execute(scope, NotificationHost::Text)
    }

    /// Fills it in as HTML: what comes from data is escaped.
    ///
    /// # Errors
    ///
    /// Returns [`TemplateError`] as [`render`](Self::render) does, and when data stands where it could become markup.
    pub fn render_html(&self, scope: &NotificationScope<'_>) -> Result<String, TemplateError> {
        self.execute(scope, NotificationHost::Html)
    }

    fn execute(
        &self,
        scope: &NotificationScope<'_>,
        host: NotificationHost,
    ) -> Result<String, TemplateError> {
        let data = alertmanager::data(scope);
        let variables = vec![(Arc::from("$"), data.clone())];
        exec::execute(&self.0.nodes, &self.0.definitions, &host, &data, variables)
    }
}

/// What files of Alertmanager's templates define, for looking at many texts that call it.
#[cfg(feature = "yaml")]
pub(crate) struct TemplateFiles(Definitions);

#[cfg(feature = "yaml")]
impl TemplateFiles {
    pub(crate) fn add(&mut self, file: &str) -> Result<(), TemplateError> {
        parse::parse(file, alertmanager::LANGUAGE, &mut self.0).map(drop)
    }

    pub(crate) fn check(&self, text: &str) -> Result<(), TemplateError> {
        Parsed::new(text, alertmanager::LANGUAGE, self.0.clone()).map(drop)
    }
}

#[cfg(feature = "yaml")]
impl Default for TemplateFiles {
    fn default() -> Self {
        Self(alertmanager::defaults().clone())
    }
}

/// What a [`NotificationTemplate`] is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct NotificationScope<'a> {
    /// What is to be told.
    pub notification: &'a Notification,
    /// Where the program is reached: `.ExternalURL`.
    pub external_url: &'a str,
}

/// Why a template is none, or cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: line {line}: {reason}")]
pub struct TemplateError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// A template and all that it calls.
#[derive(Clone)]
struct Parsed {
    nodes: Arc<[Node]>,
    definitions: Arc<Definitions>,
}

impl Parsed {
    fn new(
        text: &str,
        language: parse::Language,
        mut definitions: Definitions,
    ) -> Result<Self, TemplateError> {
        let nodes = parse::parse(text, language, &mut definitions)?;
        let lists = definitions.values().map(AsRef::as_ref).chain([nodes.as_slice()]);
        if let Some((name, line)) =
            lists.flat_map(calls).find(|(name, _)| !definitions.contains_key(*name))
        {
            return Err(TemplateError {
                line,
                reason: format!("template {name:?} is not defined"),
            });
        }
        Ok(Self { nodes: nodes.into(), definitions: Arc::new(definitions) })
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsed").field("nodes", &self.nodes.len()).finish_non_exhaustive()
    }
}

/// The templates that nodes call, and where; what is nested has a bound.
fn calls(nodes: &[Node]) -> Vec<(&str, usize)> {
    let inside = |node| match node {
        &Node::Call { ref name, line, .. } => vec![(&**name, line)],
        Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
            let mut found = calls(&branch.then);
            found.extend(calls(&branch.otherwise));
            found
        }
        _ => Vec::new(),
    };
    nodes.iter().flat_map(inside).collect()
}

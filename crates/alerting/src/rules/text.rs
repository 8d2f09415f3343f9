//! Labels and annotations: texts with what was found put in.

use wardkit_core::Labels;

use crate::gotemplate::{Query, RuleScope, RuleTemplate};

/// A text of a rule that was read and checked.
#[derive(Clone, Debug)]
pub(super) struct Text {
    source: String,
    /// None for a text that stands for itself.
    template: Option<RuleTemplate>,
}

/// What all texts of one evaluation are filled in with.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub external_labels: &'a Labels,
    pub external_url: &'a str,
    pub query: Query<'a>,
}

impl Text {
    /// Creates a text that stands for itself.
    pub(super) const fn literal(source: String) -> Self {
        Self { source, template: None }
    }

    /// Reads a template.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it, in one line.
    pub(super) fn parse(source: String) -> Result<Self, String> {
        if !source.contains("{{") {
            return Ok(Self::literal(source));
        }
        let template = RuleTemplate::parse(&source).map_err(|error| error.to_string())?;
        Ok(Self { source, template: Some(template) })
    }

    /// Returns the text as it is written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Fills it in; what cannot be filled in says so in its place, as in Prometheus.
    pub(super) fn render(&self, labels: &Labels, value: f64, scope: Scope<'_>) -> String {
        let Some(template) = &self.template else { return self.source.clone() };
        let Scope { external_labels, external_url, query } = scope;
        let scope = RuleScope { labels, value, external_labels, external_url, query };
        let rendered = template.render(&scope);
        rendered.unwrap_or_else(|error| format!("<error expanding template: {error}>"))
    }
}

//! What rules of several files name by `matches`.

use ast_grep_config::{DeserializeEnv, GlobalRules, SerializableGlobalRule};
use ast_grep_language::SupportLang;

use super::embedded;
use crate::RuleError;
use crate::source::Language;

/// Returns what rules for a language may name: in scripts `user-url` and its like, for what a user sent.
pub(super) fn rules(language: Language) -> Result<GlobalRules, RuleError> {
    if !language.is_script() {
        return Ok(GlobalRules::default());
    }
    let error = |reason: String| RuleError::new("rule", reason).in_file("shared/script.yaml");
    let mut rules: Vec<SerializableGlobalRule<SupportLang>> =
        ast_grep_config::from_multiple(embedded::SHARED)
            .map_err(|cause| error(cause.to_string()))?;
    for rule in &mut rules {
        rule.language = language.grammar();
    }
    DeserializeEnv::parse_global_utils(rules).map_err(|cause| error(cause.to_string()))
}

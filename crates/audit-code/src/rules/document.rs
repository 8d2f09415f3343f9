//! A rule as it is written.

use ast_grep_config::SerializableRuleConfig;
use ast_grep_language::SupportLang;
use serde::Deserialize;
use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity, Status};

use crate::RuleError;
use crate::source::Language;

/// A rule that was read.
pub(crate) struct Rule {
    /// The file that it is from.
    pub(crate) file: String,
    /// Its name: the check's, or the check's with `.` and a word, when the check has several rules.
    pub(crate) id: String,
    /// The check, when this rule tells of it.
    pub(crate) data: Option<Check>,
    pub(crate) status: Status,
    /// Words of which a source has one, if the rule finds anything in it; none when that cannot be said.
    pub(crate) words: Vec<String>,
    pub(crate) is_safe_to_fix: bool,
    pub(crate) valid: Vec<String>,
    pub(crate) invalid: Vec<String>,
    pub(crate) config: SerializableRuleConfig<SupportLang>,
}

impl Rule {
    /// Returns the name of its check.
    pub(crate) fn check(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }

    /// Whether it judges sources of a language. Sources of a superset are judged too.
    pub(crate) fn is_for(&self, language: Language) -> bool {
        match self.config.language {
            SupportLang::Python => language == Language::Python,
            SupportLang::JavaScript => language.is_script(),
            SupportLang::TypeScript => matches!(language, Language::TypeScript | Language::Tsx),
            SupportLang::Tsx => language == Language::Tsx,
            SupportLang::Rust => language == Language::Rust,
            _ => false,
        }
    }

    /// Returns the name of the language that it is written for.
    pub(crate) fn language(&self) -> &'static str {
        match self.config.language {
            SupportLang::Python => "python",
            SupportLang::JavaScript => "javascript",
            SupportLang::TypeScript => "typescript",
            SupportLang::Tsx => "tsx",
            SupportLang::Rust => "rust",
            _ => "",
        }
    }

    pub(crate) fn error(&self, key: &'static str, reason: impl Into<String>) -> RuleError {
        RuleError::new(key, reason).of_rule(&self.id).in_file(&self.file)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Reads the rules of a file; it may have several, between lines of `---`.
pub(super) fn read(text: &str) -> Result<Vec<Rule>, RuleError> {
    let documents: Vec<Document> = ast_grep_config::from_multiple(text)
        .map_err(|error| RuleError::new("", error.to_string()))?;
    documents.into_iter().map(rule).collect()
}

/// The keys are those of ast-grep, and two of ours.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    audit: About,
    #[serde(default)]
    tests: Cases,
    // It refuses the keys that it does not know.
    #[serde(flatten)]
    config: SerializableRuleConfig<SupportLang>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct About {
    title: Option<String>,
    component: Option<String>,
    severity: Option<Severity>,
    r#type: Option<Kind>,
    expected: Option<String>,
    recommendation: Option<String>,
    effort: Option<Effort>,
    cwe: Vec<u16>,
    owasp: Vec<String>,
    profiles: Vec<ProfileName>,
    status: Ends,
    prefilter: Vec<String>,
    fix: Option<Fix>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Cases {
    valid: Vec<String>,
    invalid: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProfileName {
    Ci,
    Llm,
    Full,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ends {
    #[default]
    Fail,
    Manual,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fix {
    Safe,
}

fn rule(document: Document) -> Result<Rule, RuleError> {
    let Document { audit, tests, config } = document;
    let id = config.id.clone();
    let named = |error: RuleError| error.of_rule(&id);
    if !is_name(&id) {
        return Err(named(RuleError::new("id", "a name is small letters, digits, - and .")));
    }
    if config.message.is_empty() {
        return Err(named(RuleError::new("message", "is missing: how it is where it is found")));
    }
    for (key, cases) in [("tests.valid", &tests.valid), ("tests.invalid", &tests.invalid)] {
        if cases.len() < 2 {
            return Err(named(RuleError::new(key, "needs at least two sources")));
        }
    }
    if config.fix.is_none() && audit.fix.is_some() {
        return Err(named(RuleError::new("audit.fix", "there is no fix")));
    }
    let data = check(&audit, &config).map_err(named)?;
    let rule = Rule {
        file: String::new(),
        data,
        status: match audit.status {
            Ends::Fail => Status::Fail,
            Ends::Manual => Status::Manual,
        },
        words: audit.prefilter,
        is_safe_to_fix: audit.fix.is_some(),
        valid: tests.valid,
        invalid: tests.invalid,
        config,
        id,
    };
    if rule.words.iter().any(String::is_empty) {
        return Err(rule.error("audit.prefilter", "a word is empty"));
    }
    if Language::ALL.into_iter().any(|language| rule.is_for(language)) {
        Ok(rule)
    } else {
        Err(rule.error("language", "not python, javascript, typescript, tsx or rust"))
    }
}

/// Returns what a rule says of its check; nothing when another rule says it.
fn check(
    about: &About,
    config: &SerializableRuleConfig<SupportLang>,
) -> Result<Option<Check>, RuleError> {
    let Some(title) = about.title.clone() else { return Ok(None) };
    let missing = |key| RuleError::new(key, "is missing");
    let id = config.id.split('.').next().unwrap_or_default().to_owned();
    let known = |name: &String| {
        let item = OWASP.iter().find(|item| *item == name).copied();
        item.ok_or_else(|| RuleError::new("audit.owasp", format!("{name:?} is no item of a list")))
    };
    let owasp: Vec<&'static str> = about.owasp.iter().map(known).collect::<Result<_, _>>()?;
    let profile = |name: &ProfileName| match name {
        ProfileName::Ci => Profile::Ci,
        ProfileName::Llm => Profile::Llm,
        ProfileName::Full => Profile::Full,
    };
    let profiles: Vec<Profile> = about.profiles.iter().map(profile).collect();
    if profiles.is_empty() {
        return Err(missing("audit.profiles"));
    }
    Ok(Some(Check {
        id: id.into(),
        engine: EngineKind::Ast,
        component: about.component.clone().ok_or_else(|| missing("audit.component"))?.into(),
        title: title.into(),
        severity: about.severity.ok_or_else(|| missing("audit.severity"))?,
        kind: about.r#type.ok_or_else(|| missing("audit.type"))?,
        description: config.note.clone().ok_or_else(|| missing("note"))?.into(),
        expected: about.expected.clone().ok_or_else(|| missing("audit.expected"))?.into(),
        recommendation: about
            .recommendation
            .clone()
            .ok_or_else(|| missing("audit.recommendation"))?
            .into(),
        effort: about.effort.ok_or_else(|| missing("audit.effort"))?,
        cwe: about.cwe.clone().into(),
        owasp: owasp.into(),
        profiles: profiles.into(),
    }))
}

fn is_name(id: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    id.starts_with(is_plain) && id.chars().all(|one| is_plain(one) || matches!(one, '-' | '.'))
}

/// The items of OWASP's lists; the year is part of the name, for the numbers are given anew.
const OWASP: [&str; 20] = [
    "A01:2025",
    "A02:2025",
    "A03:2025",
    "A04:2025",
    "A05:2025",
    "A06:2025",
    "A07:2025",
    "A08:2025",
    "A09:2025",
    "A10:2025",
    "LLM01:2026",
    "LLM02:2026",
    "LLM03:2026",
    "LLM04:2026",
    "LLM05:2026",
    "LLM06:2026",
    "LLM07:2026",
    "LLM08:2026",
    "LLM09:2026",
    "LLM10:2026",
];

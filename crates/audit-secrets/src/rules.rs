//! Own rules, in the form of gitleaks.

mod allow;
mod file;

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder};
use wardkit_audit::Check;

use self::allow::{Allow, Hit};
use crate::{Error, catalogue, value};

/// Rules that somebody wrote for secrets of their own, in the form of gitleaks' configuration.
///
/// ```
/// use wardkit_audit_secrets::Rules;
///
/// let rules = Rules::parse(r#"
///     [[rules]]
///     id = "shop-key"
///     description = "Key of the shop"
///     regex = '''shop_[0-9a-f]{16}'''
///     keywords = ["shop_"]
/// "#)?;
/// assert_eq!(rules.checks()[0].id, "secret-rule-shop-key");
/// # Ok::<(), wardkit_audit_secrets::Error>(())
/// ```
#[derive(Debug)]
pub struct Rules {
    all: Vec<Rule>,
    allows: Vec<Allow>,
    words: AhoCorasick,
    /// By the number of a word, the rule that it announces.
    announced: Vec<usize>,
    /// Of the file that they were read from.
    digest: String,
}

/// One rule.
#[derive(Debug)]
struct Rule {
    check: Check,
    id: String,
    regex: Pattern,
    path: Option<Pattern>,
    group: usize,
    entropy: f64,
    has_words: bool,
    allows: Vec<Allow>,
}

/// A pattern that is compiled when it is needed: hundreds of them take seconds.
#[derive(Debug)]
struct Pattern {
    text: String,
    regex: OnceLock<Option<Regex>>,
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Form`] for what is no such file, [`Error::Rule`] for a rule that cannot be used, and
    /// [`Error::Unsupported`] when it builds on other files.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: file::File =
            toml::from_str(text).map_err(|error| Error::Form(Box::new(error)))?;
        if !(file.extend.path.is_empty() && file.extend.url.is_empty()) {
            return Err(Error::Unsupported("rules that extend another file: put them into one"));
        }
        if !file.extend.disabled_rules.is_empty() {
            return Err(Error::Unsupported(
                "disabledRules names rules that are not there: take it out",
            ));
        }
        let mut words = Vec::new();
        let mut announced = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        for (number, rule) in file.rules.into_iter().enumerate() {
            let name =
                if rule.id.is_empty() { format!("#{}", number + 1) } else { rule.id.clone() };
            let refused = |reason: String| Error::Rule { rule: name.clone(), reason };
            if rules.iter().any(|known| known.id == rule.id) {
                return Err(refused("another rule has its id".to_owned()));
            }
            for word in rule.keywords.iter().filter(|word| !word.is_empty()) {
                words.push(word.to_ascii_lowercase());
                announced.push(rules.len());
            }
            rules.push(Rule::new(rule).map_err(refused)?);
        }
        let words = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
        let words =
            words.map_err(|_| Error::Unsupported("the keywords of all rules are too long"))?;
        let refused = |reason| Error::Rule { rule: "allowlist".to_owned(), reason };
        let allows = allows(file.allowlist, file.allowlists).map_err(refused)?;
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok(Self { all: rules, allows, words, announced, digest })
    }

    /// Returns a check for each rule.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        self.all.iter().map(|rule| rule.check.clone()).collect()
    }

    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns what the rules match in a text.
    pub(crate) fn find<'r>(
        &'r self,
        path: &str,
        text: &str,
        is_over: &dyn Fn() -> bool,
    ) -> Vec<(&'r Check, Range<usize>)> {
        let mut windows: Vec<Vec<Range<usize>>> = vec![Vec::new(); self.all.len()];
        for word in self.words.find_overlapping_iter(text) {
            let around = word.start().saturating_sub(BEFORE)..text.len().min(word.end() + BEHIND);
            let windows = &mut windows[self.announced[word.pattern().as_usize()]];
            match windows.last_mut() {
                Some(last) if around.start <= last.end => last.end = last.end.max(around.end),
                _ => windows.push(around),
            }
        }
        let mut found = Vec::new();
        for (rule, mut windows) in self.all.iter().zip(windows) {
            if is_over() {
                break;
            }
            if !rule.has_words {
                windows.push(0..text.len());
            }
            if !windows.is_empty() && rule.is_for(path) {
                for window in windows {
                    self.find_in(rule, path, text, window, &mut found);
                }
            }
        }
        found
    }

    fn find_in<'r>(
        &'r self,
        rule: &'r Rule,
        path: &str,
        text: &str,
        window: Range<usize>,
        found: &mut Vec<(&'r Check, Range<usize>)>,
    ) {
        let Some(regex) = rule.regex.compiled() else { return };
        let window = text.floor_char_boundary(window.start)..text.ceil_char_boundary(window.end);
        for groups in regex.captures_iter(&text.as_bytes()[window.clone()]).take(MOST_MATCHES) {
            let wanted = if rule.group > 0 {
                groups.get(rule.group)
            } else {
                (1..groups.len())
                    .filter_map(|group| groups.get(group))
                    .find(|group| !group.is_empty())
            };
            let Some(whole) = groups.get(0) else { continue };
            let placed = |range: Range<usize>| {
                let (start, end) = (window.start + range.start, window.start + range.end);
                text.floor_char_boundary(start)..text.ceil_char_boundary(end)
            };
            let hit = Hit {
                path,
                text,
                secret: placed(wanted.unwrap_or(whole).range()),
                whole: placed(whole.range()),
            };
            let secret = &text.as_bytes()[hit.secret.clone()];
            let is_random = rule.entropy <= 0.0 || value::entropy(secret) > rule.entropy;
            let of_rule = |allow: &&Allow| allow.rules.is_empty() || allow.rules.contains(&rule.id);
            let mut allows = rule.allows.iter().chain(self.allows.iter().filter(of_rule));
            if !secret.is_empty() && is_random && !allows.any(|allow| allow.covers(&hit)) {
                found.push((&rule.check, hit.secret));
            }
        }
    }
}

impl Rule {
    fn new(rule: file::Rule) -> Result<Self, String> {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.');
        if rule.id.is_empty() || !rule.id.chars().all(is_plain) {
            return Err("its id is not made of letters, digits, `-`, `_` and `.`".to_owned());
        }
        if !rule.required.is_empty() || rule.skip_report {
            return Err(
                "rules that build on others (required, skipReport) are not there".to_owned()
            );
        }
        let Some(regex) = rule.regex else {
            return Err("it has no regex: rules for paths alone are not there".to_owned());
        };
        let (regex, groups) = Pattern::with_groups(regex)?;
        if rule.secret_group > groups {
            return Err(format!("secretGroup {} is no group of its regex", rule.secret_group));
        }
        Ok(Self {
            check: catalogue::of_rule(&rule.id, &rule.description),
            path: rule.path.map(Pattern::new).transpose()?,
            group: rule.secret_group,
            entropy: rule.entropy,
            has_words: rule.keywords.iter().any(|word| !word.is_empty()),
            allows: allows(rule.allowlist, rule.allowlists)?,
            id: rule.id,
            regex,
        })
    }

    fn is_for(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|pattern| {
            pattern.compiled().is_some_and(|regex| regex.is_match(path.as_bytes()))
        })
    }
}

impl Pattern {
    fn new(text: String) -> Result<Self, String> {
        Ok(Self::with_groups(text)?.0)
    }

    /// Reads a pattern, and counts its groups. It is not compiled yet.
    fn with_groups(text: String) -> Result<(Self, usize), String> {
        let mut parser = regex_syntax::ParserBuilder::new();
        let parsed = parser.utf8(false).unicode(false).nest_limit(DEEPEST).build().parse(&text);
        let parsed =
            parsed.map_err(|error| format!("its pattern is none: {}", first_line(&error)))?;
        let groups = parsed.properties().explicit_captures_len();
        Ok((Self { text, regex: OnceLock::new() }, groups))
    }

    fn compiled(&self) -> Option<&Regex> {
        let compile = || {
            let mut builder = RegexBuilder::new(&self.text);
            builder.unicode(false).nest_limit(DEEPEST).size_limit(LARGEST).build().ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }
}

fn allows(one: Option<file::Allow>, many: Vec<file::Allow>) -> Result<Vec<Allow>, String> {
    one.into_iter().chain(many).map(Allow::new).collect()
}

/// The parser draws the pattern and points into it, over several lines; the last says what is wrong.
fn first_line(error: &regex_syntax::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// A match begins at most so far before the word that announces it, and ends at most so far behind: a private key fits.
const BEFORE: usize = 256;
const BEHIND: usize = 4096;

/// Of one rule in one window.
const MOST_MATCHES: usize = 1000;

/// What a compiled pattern may take.
const LARGEST: usize = 64 << 20;
const DEEPEST: u32 = 100;

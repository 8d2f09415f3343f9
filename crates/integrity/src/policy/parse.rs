//! Policies as operators write them.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wardkit_core::Severity;

use super::presets::{PRESETS, Preset};
use super::values::{duration, escaped, instead, named, root, shortened};
use super::{Origin, Pattern, Policy, PolicyError, PolicyProblem, Profile, Rule};
use crate::{EntryKind, Field, Fields};

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it, each with its line, its key and the reason.
    ///
    /// # Examples
    ///
    /// ```
    /// use wardkit_integrity::Policy;
    ///
    /// let policy = Policy::parse(
    ///     r#"
    ///     roots = ["/etc", "/srv/bot"]
    ///     include = ["debian"]
    ///
    ///     [[rule]]
    ///     match = "/srv/bot/cache/**"
    ///     profile = "ignore"
    ///     reason = "filled anew at every start"
    ///     "#,
    /// )?;
    /// assert_eq!(policy.rules()[0].reason(), Some("filled anew at every start"));
    /// # Ok::<(), wardkit_integrity::PolicyError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > LARGEST {
            let reason = format!("the policy is larger than {LARGEST} bytes");
            let problem = PolicyProblem { line: 1, key: String::new(), reason };
            return Err(PolicyError::of(vec![problem]));
        }
        let mut file = File::new(text, None);
        let mut read = file.read(text);
        // The order of what is included is ours: `debian` has a rule for all of /etc, which must not hide `secrets`.
        read.presets.sort_by_key(|(preset, _)| rank(preset.name));
        for (preset, root) in read.presets {
            let mut included = File::new(preset.text, Some((preset.name, root.as_deref())));
            let below = included.read(preset.text);
            read.rules.extend(below.rules);
            if !read.has_roots {
                read.roots.extend(below.roots);
            }
            file.problems.append(&mut included.problems);
        }
        let patterns: usize = read.rules.iter().map(|rule| rule.patterns().len()).sum();
        if patterns > MOST_PATTERNS {
            file.report(0..0, "rule", format!("more than {MOST_PATTERNS} patterns"));
        }
        if !file.problems.is_empty() {
            return Err(PolicyError::of(file.problems));
        }
        read.roots.sort();
        read.roots.dedup();
        let policy = Self::new(read.rules).with_roots(read.roots);
        Ok(match read.full_every {
            Some(period) => policy.with_full_every(period),
            None => policy,
        })
    }
}

/// What a file says.
#[derive(Default)]
struct Read {
    has_roots: bool,
    roots: Vec<PathBuf>,
    full_every: Option<Duration>,
    presets: Vec<(&'static Preset, Option<String>)>,
    rules: Vec<Rule>,
}

/// A rule while it is read.
struct Draft<'v> {
    name: Option<&'v str>,
    patterns: Option<Vec<Pattern>>,
    profile: Option<Profile>,
    severity: Option<Severity>,
    reason: Option<&'v str>,
    narrowed: Fields,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        let (name, patterns, profile, severity, reason) = (None, None, None, None, None);
        Self { name, patterns, profile, severity, reason, narrowed: Fields::ALL }
    }
}

/// A file while it is read.
struct File<'f> {
    /// Where each line begins.
    lines: Vec<usize>,
    /// The name of a preset, and the directory that its patterns are below.
    preset: Option<(&'f str, Option<&'f str>)>,
    problems: Vec<PolicyProblem>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl<'f> File<'f> {
    fn new(text: &str, preset: Option<(&'f str, Option<&'f str>)>) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { lines, preset, problems: Vec::new() }
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&begins| begins <= at).max(1)
    }

    fn report(&mut self, span: Range<usize>, key: &str, reason: impl Into<String>) {
        let (line, key) = match self.preset {
            Some((name, _)) => (1, format!("preset {name}: {key}")),
            None => (self.line(span.start), shortened(key)),
        };
        self.problems.push(PolicyProblem { line, key, reason: reason.into() });
    }

    fn read(&mut self, text: &str) -> Read {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            self.report(error.span().unwrap_or(0..0), "", error.message());
        }
        let mut read = Read::default();
        if !errors.is_empty() {
            return read;
        }
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "roots" => {
                    read.has_roots = true;
                    read.roots = self.roots(value);
                }
                "full-every" => {
                    read.full_every = self
                        .text("full-every", value)
                        .and_then(|text| self.check("full-every", value, duration(text)));
                }
                "include" => {
                    for name in self.texts("include", value) {
                        read.presets.extend(self.preset("include", name.0, name.1, None));
                    }
                }
                "preset" => {
                    for table in self.tables("preset", value) {
                        read.presets.extend(self.preset_table(table));
                    }
                }
                "rule" => {
                    for table in self.tables("rule", value) {
                        read.rules.extend(self.rule(table));
                    }
                }
                other => self.unknown(
                    other,
                    key.span(),
                    &["roots", "full-every", "include", "preset", "rule"],
                ),
            }
        }
        read
    }

    fn roots(&mut self, value: &Value<'_>) -> Vec<PathBuf> {
        let mut roots = Vec::new();
        for (text, span) in self.texts("roots", value) {
            match root(text, self.preset.and_then(|(_, root)| root)) {
                Ok(root) => roots.push(root),
                Err(reason) => self.report(span, "roots", reason),
            }
        }
        roots
    }

    fn preset_table(&mut self, table: &Value<'_>) -> Option<(&'static Preset, Option<String>)> {
        let DeValue::Table(keys) = table.get_ref() else { return None };
        let (mut name, mut below) = (None, None);
        for (key, value) in keys {
            match key.get_ref().as_ref() {
                "name" => name = self.text("preset.name", value).map(|text| (text, value.span())),
                "root" => {
                    let checked = self.text("preset.root", value).map(|text| root(text, None));
                    below = checked.and_then(|root| self.check("preset.root", value, root));
                }
                other => self.unknown(other, key.span(), &["name", "root"]),
            }
        }
        let Some((name, span)) = name else {
            if !keys.contains_key("name") {
                self.report(table.span(), "preset.name", "missing: which preset");
            }
            return None;
        };
        let below = below.map(|root| root.to_string_lossy().into_owned());
        self.preset("preset.name", name, span, below)
    }

    fn preset(
        &mut self,
        key: &str,
        name: &str,
        span: Range<usize>,
        below: Option<String>,
    ) -> Option<(&'static Preset, Option<String>)> {
        let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
            let names = PRESETS.map(|preset| preset.name);
            self.report(span, key, format!("no preset{}", instead(name, &names)));
            return None;
        };
        if preset.has_root && below.is_none() {
            let reason = format!("{name} needs a directory: [[preset]] with name and root");
            self.report(span, key, reason);
            return None;
        }
        if !preset.has_root && below.is_some() {
            self.report(span, key, format!("{name} takes no root"));
            return None;
        }
        Some((preset, below))
    }

    fn rule(&mut self, table: &Value<'_>) -> Option<Rule> {
        let DeValue::Table(keys) = table.get_ref() else { return None };
        let known = self.problems.len();
        let mut draft = Draft::default();
        for (key, value) in keys {
            self.key(key.get_ref(), key.span(), value, &mut draft);
        }
        for (key, what) in [("match", "which paths"), ("profile", "what may change")] {
            if !keys.contains_key(key) {
                self.report(table.span(), &format!("rule.{key}"), format!("missing: {what}"));
            }
        }
        if draft.profile == Some(Profile::Ignore) && draft.reason.is_none_or(str::is_empty) {
            self.report(table.span(), "rule.reason", "missing: an ignored path needs one");
        }
        let rule = Rule::new(draft.patterns?, draft.profile?).with_fields(draft.narrowed);
        if rule.profile() != Profile::Ignore && rule.fields(EntryKind::File) == Fields::NONE {
            let reason = "nothing would be compared: write profile = \"ignore\" and a reason";
            self.report(table.span(), "rule.fields", reason);
        }
        if self.problems.len() > known {
            return None;
        }
        let rule = draft.name.into_iter().fold(rule, Rule::with_name);
        let rule = draft.severity.into_iter().fold(rule, Rule::with_severity);
        let rule = draft.reason.into_iter().fold(rule, Rule::with_reason);
        Some(rule.with_origin(match self.preset {
            Some((name, _)) => Origin::Preset(name.to_owned()),
            None => Origin::Line(self.line(table.span().start)),
        }))
    }

    /// Reads one key of a rule.
    fn key<'v>(&mut self, key: &str, span: Range<usize>, value: &'v Value<'_>, to: &mut Draft<'v>) {
        match key {
            "name" => {
                let name = self.text("rule.name", value);
                to.name = name.and_then(|name| self.check("rule.name", value, named(name)));
            }
            "match" => to.patterns = Some(self.patterns(value)),
            "profile" => {
                let names = Profile::ALL.map(Profile::as_str);
                let which = self.one_of("rule.profile", value, &names);
                to.profile = which.map(|at| Profile::ALL[at]);
            }
            "severity" => {
                let names = Severity::ALL.map(Severity::as_str);
                let which = self.one_of("rule.severity", value, &names);
                to.severity = which.map(|at| Severity::ALL[at]);
            }
            "fields" => {
                let named = self.fields("rule.fields", value);
                to.narrowed = to.narrowed.iter().filter(|field| named.contains(*field)).collect();
            }
            "except" => {
                let named = self.fields("rule.except", value);
                to.narrowed = to.narrowed.iter().filter(|field| !named.contains(*field)).collect();
            }
            "reason" => to.reason = self.text("rule.reason", value).map(str::trim),
            other => self.unknown(other, span, &RULE_KEYS),
        }
    }

    fn patterns(&mut self, value: &Value<'_>) -> Vec<Pattern> {
        let texts = match value.get_ref() {
            DeValue::String(text) => vec![(text.as_ref(), value.span())],
            _ => self.texts("rule.match", value),
        };
        if texts.is_empty() && matches!(value.get_ref(), DeValue::Array(_)) {
            self.report(value.span(), "rule.match", "names no path");
        }
        let below = self.preset.and_then(|(_, root)| root).map(escaped).unwrap_or_default();
        let mut patterns = Vec::new();
        for (text, span) in texts {
            match Pattern::parse(&format!("{below}{text}")) {
                Ok(pattern) => patterns.push(pattern),
                Err(reason) => self.report(span, "rule.match", reason.to_string()),
            }
        }
        patterns
    }

    fn fields(&mut self, key: &str, value: &Value<'_>) -> Fields {
        let names = Field::ALL.map(Field::as_str);
        let mut fields = Fields::NONE;
        for (text, span) in self.texts(key, value) {
            match Field::ALL.into_iter().find(|field| field.as_str() == text) {
                Some(field) => fields = fields.with(field),
                None => self.report(span, key, format!("no field{}", instead(text, &names))),
            }
        }
        fields
    }

    /// Reads one of a few names, and returns which.
    fn one_of(&mut self, key: &str, value: &Value<'_>, names: &[&str]) -> Option<usize> {
        let text = self.text(key, value)?;
        let found = names.iter().position(|name| *name == text);
        if found.is_none() {
            self.report(value.span(), key, format!("unknown{}", instead(text, names)));
        }
        found
    }

    fn text<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.report(value.span(), key, "must be a text in quotes");
        }
        text
    }

    fn texts<'v>(&mut self, key: &str, value: &'v Value<'_>) -> Vec<(&'v str, Range<usize>)> {
        let DeValue::Array(values) = value.get_ref() else {
            self.report(value.span(), key, "must be a list of texts: [\"…\"]");
            return Vec::new();
        };
        values.iter().filter_map(|value| Some((self.text(key, value)?, value.span()))).collect()
    }

    fn tables<'v, 'i>(&mut self, key: &str, value: &'v Value<'i>) -> Vec<&'v Value<'i>> {
        let is_table = |value: &&Value<'_>| matches!(value.get_ref(), DeValue::Table(_));
        match value.get_ref() {
            DeValue::Array(values) if values.iter().all(|value| is_table(&value)) => {
                values.iter().collect()
            }
            _ => {
                self.report(value.span(), key, format!("is written [[{key}]], once for each"));
                Vec::new()
            }
        }
    }

    fn check<T>(&mut self, key: &str, value: &Value<'_>, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|reason| self.report(value.span(), key, reason)).ok()
    }

    fn unknown(&mut self, key: &str, span: Range<usize>, known: &[&str]) {
        self.report(span, key, format!("unknown key{}", instead(key, known)));
    }
}

fn rank(preset: &str) -> usize {
    match preset {
        "secrets" => 0,
        "debian" => 2,
        _ => 1,
    }
}

/// Ten thousand rules fit; what is larger was not written by a person.
const LARGEST: usize = 1 << 20;

/// Each costs memory and a step or two in some directories.
const MOST_PATTERNS: usize = 20_000;

const RULE_KEYS: [&str; 7] = ["name", "match", "profile", "fields", "except", "severity", "reason"];

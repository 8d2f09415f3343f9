//! Dockerfiles: instructions with their places, and the stages that they make.

use std::collections::BTreeMap;

use super::shell::base_name;

/// A Dockerfile as its author wrote it, variables set in.
#[derive(Debug, Default)]
pub(crate) struct Dockerfile {
    pub(crate) stages: Vec<Stage>,
}

/// What begins with a `FROM`.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The image or stage that it is made from; `None` where a variable has no value.
    pub(crate) base: Option<String>,
    pub(crate) name: Option<String>,
    /// The `FROM` first.
    pub(crate) instructions: Vec<Instruction>,
}

/// One instruction, whatever number of lines it has.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    /// In capitals.
    pub(crate) keyword: String,
    /// `--name=value` in front of the words.
    pub(crate) flags: Vec<(String, String)>,
    /// The rest, its lines joined.
    pub(crate) text: String,
    /// The bodies of its heredocs.
    pub(crate) heredocs: Vec<String>,
    pub(crate) at: usize,
    pub(crate) end: usize,
}

impl Dockerfile {
    pub(crate) fn parse(text: &str) -> Self {
        let mut global = BTreeMap::new();
        let mut stages: Vec<Stage> = Vec::new();
        for instruction in Reader::new(text).instructions() {
            if instruction.keyword == "FROM" && stages.len() < MOST_STAGES {
                stages.push(Stage::new(instruction, &global));
            } else if let Some(stage) = stages.last_mut() {
                stage.instructions.push(instruction);
            } else if instruction.keyword == "ARG" {
                for (name, value) in instruction.pairs() {
                    global.insert(name, expand(&value, &global).unwrap_or_default());
                }
            }
        }
        Self { stages }
    }

    /// Returns the stage that an image names, among those before another.
    pub(crate) fn stage(&self, name: &str, before: usize) -> Option<usize> {
        let named =
            |stage: &Stage| stage.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
        let stages = &self.stages[..before.min(self.stages.len())];
        stages
            .iter()
            .rposition(named)
            .or_else(|| name.parse().ok().filter(|number| *number < stages.len()))
    }
}

impl Stage {
    fn new(from: Instruction, global: &BTreeMap<String, String>) -> Self {
        let words: Vec<&str> = from.text.split_whitespace().collect();
        let base = words.first().and_then(|image| expand(image, global));
        let is_named = words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("as"));
        let name = if is_named { words.get(2).map(|name| (*name).to_owned()) } else { None };
        Self { base, name, instructions: vec![from] }
    }

    pub(crate) fn from(&self) -> &Instruction {
        &self.instructions[0]
    }

    pub(crate) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Instruction> {
        self.instructions.iter().filter(move |one| one.keyword == keyword)
    }

    pub(crate) fn last<'a>(&'a self, keyword: &'a str) -> Option<&'a Instruction> {
        self.all(keyword).last()
    }

    /// Returns the variables that are known where the stage ends.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let mut known = BTreeMap::new();
        for instruction in &self.instructions {
            if matches!(instruction.keyword.as_str(), "ARG" | "ENV") {
                for (name, value) in instruction.pairs() {
                    if let Some(value) = expand(&value, &known) {
                        known.insert(name, value);
                    }
                }
            }
        }
        known
    }
}

impl Instruction {
    /// Returns the words of the form `["a", "b"]`.
    pub(crate) fn exec_form(&self) -> Option<Vec<String>> {
        let text = self.text.trim();
        text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns what a shell runs: the text, or the body where the shell reads it.
    pub(crate) fn script(&self) -> String {
        if let Some(words) = self.exec_form() {
            let quote = |word: &String| format!("'{}'", word.replace('\'', ""));
            return words.iter().map(quote).collect::<Vec<_>>().join(" ");
        }
        let first = self.text.split_whitespace().next().unwrap_or_default();
        let is_read = first.starts_with("<<") || super::shell::SHELLS.contains(&base_name(first));
        if !self.heredocs.is_empty() && is_read {
            return self.heredocs.join("\n");
        }
        self.text.clone()
    }

    /// Returns the variables that an `ENV`, `ARG` or `LABEL` sets.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let words = quoted_words(&self.text);
        let Some(first) = words.first() else { return Vec::new() };
        if self.keyword == "ENV" && !first.contains('=') {
            let (name, value) =
                self.text.split_once(char::is_whitespace).unwrap_or((&self.text, ""));
            return vec![(name.to_owned(), value.trim().trim_matches(['"', '\'']).to_owned())];
        }
        let pair = |word: &String| {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            (name.to_owned(), value.to_owned())
        };
        words.iter().map(pair).collect()
    }
}

/// Stages are looked up by their names; no image has a tenth as many.
const MOST_STAGES: usize = 256;

/// Sets variables in; `None` where one has no value.
pub(crate) fn expand(text: &str, known: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, default, tail) = if let Some(inner) = after.strip_prefix('{') {
            let (inner, tail) = inner.split_once('}')?;
            match inner.split_once([':', '-']) {
                Some((name, default)) => (name, Some(default.trim_start_matches('-')), tail),
                None => (inner, None, tail),
            }
        } else {
            let end =
                after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (&after[..end], None, &after[end..])
        };
        let value = known.get(name).filter(|value| !value.is_empty());
        out.push_str(value.map(String::as_str).or(default)?);
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

/// Splits at blanks outside of quotes, and takes the quotes away.
fn quoted_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The lines of a file, with where they begin.
struct Reader<'t> {
    lines: Vec<(usize, &'t str)>,
    at: usize,
    escape: char,
    /// A heredoc without an end makes no other one be looked for: each look reads the rest of the file.
    has_open_heredoc: bool,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        let mut lines = Vec::new();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            lines.push((offset, line.trim_end_matches(['\n', '\r'])));
            offset += line.len();
        }
        let mut this = Self { lines, at: 0, escape: '\\', has_open_heredoc: false };
        this.directives();
        this
    }

    /// The first comments may say how lines go on.
    fn directives(&mut self) {
        for (_, line) in &self.lines {
            let Some(words) = line.trim_start_matches('\u{feff}').trim().strip_prefix('#') else {
                break;
            };
            let Some((name, value)) = words.split_once('=') else { break };
            if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
                self.escape = '`';
            }
        }
    }

    fn instructions(mut self) -> Vec<Instruction> {
        let mut found = Vec::new();
        while let Some((at, line)) = self.lines.get(self.at).copied() {
            if is_nothing(line) {
                self.at += 1;
            } else {
                found.extend(self.instruction(at));
            }
        }
        found
    }

    fn instruction(&mut self, at: usize) -> Option<Instruction> {
        let mut end = at;
        let mut joined = String::new();
        while let Some((start, line)) = self.lines.get(self.at).copied() {
            self.at += 1;
            if is_nothing(line) && !joined.is_empty() {
                continue;
            }
            end = start + line.len();
            let Some(cut) = line.trim_end().strip_suffix(self.escape) else {
                joined.push_str(line);
                break;
            };
            joined.push_str(cut);
        }
        let joined = joined.trim_start_matches('\u{feff}').trim();
        let (keyword, mut rest) = split_word(joined);
        let mut keyword = keyword.to_ascii_uppercase();
        if keyword == "ONBUILD" {
            let (inner, after) = split_word(rest);
            (keyword, rest) = (inner.to_ascii_uppercase(), after);
        }
        let mut flags = Vec::new();
        while let Some(flag) = rest.strip_prefix("--") {
            let (flag, after) = split_word(flag);
            let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
            flags.push((name.to_owned(), value.to_owned()));
            rest = after;
        }
        let mut heredocs = Vec::new();
        if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
            for (word, strips) in heredoc_words(rest) {
                let Some((body, last)) = self.heredoc(&word, strips) else { break };
                (end, heredocs) = (last, [heredocs, vec![body]].concat());
            }
        }
        let is_keyword = !keyword.is_empty() && keyword.bytes().all(|b| b.is_ascii_uppercase());
        let text = rest.to_owned();
        is_keyword.then_some(Instruction { keyword, flags, text, heredocs, at, end })
    }

    fn heredoc(&mut self, word: &str, strips_tabs: bool) -> Option<(String, usize)> {
        if self.has_open_heredoc {
            return None;
        }
        let strip = |line: &'t str| if strips_tabs { line.trim_start_matches('\t') } else { line };
        let rest = &self.lines[self.at..];
        let Some(length) = rest.iter().position(|(_, line)| strip(line) == word) else {
            self.has_open_heredoc = true;
            return None;
        };
        let body: Vec<&str> = rest[..length].iter().map(|(_, line)| strip(line)).collect();
        let (start, line) = rest[length];
        self.at += length + 1;
        Some((body.join("\n"), start + line.len()))
    }
}

fn is_nothing(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Returns the words that end the heredocs which a text begins, and whether tabs before their lines count for nothing.
fn heredoc_words(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("<<").take(16) {
        let rest = &text[at + 2..];
        let (strips, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = &rest[..end.unwrap_or(rest.len())];
        if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            found.push((word.to_owned(), strips));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let file = Dockerfile::parse(text);
        let all = file.stages.iter().flat_map(|stage| &stage.instructions);
        all.map(|one| format!("{} {}", one.keyword, one.text)).collect()
    }

    #[test]
    fn lines_go_on_over_comments_and_by_the_escape_of_the_directive() {
        let text = "FROM a\nRUN x && \\\n# why\n\n  y\nonbuild user root\n";
        assert_eq!(shown(text), ["FROM a", "RUN x &&   y", "USER root"]);
        let text = "# escape=`\nFROM a\nRUN x `\n y\nCOPY c:\\ d\\\n";
        assert_eq!(shown(text), ["FROM a", "RUN x  y", "COPY c:\\ d\\"]);
    }

    #[test]
    fn a_heredoc_is_no_instruction_and_one_without_an_end_hides_none() {
        let text = "FROM a\nRUN <<EOF\nUSER root\nEOF\nUSER b\n";
        assert_eq!(shown(text), ["FROM a", "RUN <<EOF", "USER b"]);
        let file = Dockerfile::parse(text);
        assert_eq!(file.stages[0].instructions[1].script(), "USER root");
        assert_eq!(shown("FROM a\nRUN cat <<X\nUSER b"), ["FROM a", "RUN cat <<X", "USER b"]);
    }

    #[test]
    fn images_have_their_variables_set_in() {
        let text = "ARG V=3.12\nARG R=reg.io/${V}\nFROM $R:${T:-x} AS one\nFROM one\nFROM ${Q}";
        let file = Dockerfile::parse(text);
        let bases: Vec<_> = file.stages.iter().map(|stage| stage.base.as_deref()).collect();
        assert_eq!(bases, [Some("reg.io/3.12:x"), Some("one"), None]);
        assert_eq!(file.stage("ONE", 1), Some(0));
    }
}

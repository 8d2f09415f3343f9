//! Alertmanager's own configuration, as version 0.25 reads it.

mod chat;
mod global;
mod http;
mod intervals;
mod masked;
mod pager;
mod receivers;
mod routes;
mod section;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Plan;
use crate::gotemplate::TemplateFiles;
use crate::receiver::{ReceiverConfig, Text};
use crate::yaml::{self, Node, Position};
use global::Global;
use section::{Notes, Section};

/// A configuration of Alertmanager, read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Alertmanager {
    /// What the engine goes by.
    pub plan: Plan,
    /// Who can be told, and how.
    pub receivers: Vec<ReceiverConfig>,
    /// The configuration without its secrets, as the API shows it.
    pub original: String,
    /// What is read and has no effect here.
    pub warnings: Vec<Problem>,
    /// The files of templates that were read.
    pub templates: Vec<PathBuf>,
}

/// Something about a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1 on; 0 when it is about the whole file.
    pub line: usize,
    /// The column, from 1 on.
    pub column: usize,
    /// The key: `route.routes[1].receiver`; empty when it is about none.
    pub key: String,
    /// What is wrong, without the value of a secret.
    pub reason: String,
}

impl fmt::Display for Problem {
    /// Writes one line: `FILE:LINE:COLUMN: KEY: REASON`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.reason.replace(['\n', '\r'], " "))
    }
}

/// Answers a pattern of `templates` with the files that match it, and their texts. The pattern is absolute where the
/// path of the configuration is.
pub type FindTemplates<'a> = &'a mut dyn FnMut(&Path) -> Result<Vec<(PathBuf, String)>, String>;

impl Alertmanager {
    /// Reads a configuration. `path` is where it is from: what it names by a relative path is beside it.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong, in the order of the file: what Alertmanager refuses, and what it has and
    /// this program has not.
    pub fn parse(path: &Path, text: &str, find: FindTemplates<'_>) -> Result<Self, Vec<Problem>> {
        let file = path.display().to_string();
        let single = |at: Position, reason: String| Problem {
            file: file.clone(),
            line: at.line,
            column: at.column,
            key: String::new(),
            reason,
        };
        if text.len() > MAX_TEXT {
            let reason = format!("longer than {MAX_TEXT} bytes");
            return Err(vec![single(Position::default(), reason)]);
        }
        let root = match yaml::read(text) {
            Ok(Some(root)) => root,
            Ok(None) => {
                return Err(vec![single(Position::default(), "no route provided".to_owned())]);
            }
            Err(error) => return Err(vec![single(error.at, error.reason)]),
        };
        let notes = Notes::new(file);
        let mut reader = Reader { notes: &notes, base: path.parent(), find, files: Vec::new() };
        let (plan, receivers, templates) = reader.root(&root);
        let warnings = notes.finish()?;
        Ok(Self { plan, receivers, original: masked::print(&root), warnings, templates })
    }
}

/// What is needed everywhere while a configuration is read.
struct Reader<'a, 'b> {
    notes: &'a Notes,
    base: Option<&'a Path>,
    find: FindTemplates<'b>,
    files: Vec<PathBuf>,
}

/// What receivers need of the rest.
struct Context<'a> {
    global: Global,
    base: Option<&'a Path>,
    templates: TemplateFiles,
    definitions: Arc<[String]>,
}

impl<'a> Reader<'a, '_> {
    fn root(&mut self, root: &'a Node) -> (Plan, Vec<ReceiverConfig>, Vec<PathBuf>) {
        let mut section = Section::new(self.notes, String::new(), root);
        let (templates, definitions) = self.templates(&mut section);
        let global = Global::read(section.section("global"));
        let context = Context { global, base: self.base, templates, definitions };
        let receivers = receivers::read(&mut section, &context);
        let names: Vec<&str> = receivers.iter().map(|config| config.name.as_str()).collect();
        let intervals = intervals::read(&mut section);
        let mut plan = Plan {
            resolve_timeout: Some(context.global.resolve_timeout),
            inhibit: routes::inhibit(&mut section),
            route: routes::read(&mut section, &names, &intervals),
            intervals,
            ..Plan::default()
        };
        for config in &receivers {
            plan.receivers.insert(config.name.clone(), config.receiver());
        }
        section.finish();
        (plan, receivers, std::mem::take(&mut self.files))
    }

    fn templates(&mut self, section: &mut Section<'a>) -> (TemplateFiles, Arc<[String]>) {
        let mut files = TemplateFiles::default();
        let mut texts = Vec::new();
        for (index, node) in section.list("templates").iter().enumerate() {
            let Some(pattern) = node.text() else {
                section.error(node.at, &format!("templates[{index}]"), "must be a path");
                continue;
            };
            let pattern = beside(self.base, pattern);
            let found = match (self.find)(&pattern) {
                Ok(found) => found,
                Err(reason) => {
                    section.error(node.at, &format!("templates[{index}]"), reason);
                    continue;
                }
            };
            for (path, text) in found {
                if let Err(error) = files.add(&text) {
                    let reason = format!("{}: {error}", path.display());
                    section.error(node.at, &format!("templates[{index}]"), reason);
                }
                self.files.push(path);
                texts.push(text);
            }
        }
        (files, texts.into())
    }
}

impl Context<'_> {
    /// A template of the configuration, or what Alertmanager has when there is none.
    fn text(&self, section: &mut Section<'_>, key: &str, usual: &str) -> Text {
        let (at, source) = match section.text_at(key) {
            Some((at, text)) => (at, text.to_owned()),
            None if usual.is_empty() => return Text::Usual,
            None => (section.at(), usual.to_owned()),
        };
        if let Err(error) = self.templates.check(&source) {
            section.error(at, key, error.to_string());
        }
        self.go(&source)
    }

    fn go(&self, source: &str) -> Text {
        Text::Go { source: source.to_owned(), definitions: self.definitions.clone() }
    }
}

/// A path of the configuration: a relative one is beside it.
fn beside(base: Option<&Path>, path: &str) -> PathBuf {
    match base {
        Some(base) => base.join(path),
        None => PathBuf::from(path),
    }
}

/// In bytes: a thousand routes have less than a megabyte.
const MAX_TEXT: usize = 8 * 1024 * 1024;

//! The files of a tree, each judged by the engines that want it.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rayon::prelude::*;
use wardkit_core::Clock;

use crate::cache::{Page, Pages};
use crate::engine::{Budget, Engine, Sink, SourceFile};
use crate::suppress::{self, Comment};
use crate::walk::Root;
use crate::{Note, NoteKind};

/// Judges the files of a tree.
pub(crate) struct Judge<'a> {
    pub(crate) root: &'a Root,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) engines: &'a [Box<dyn Engine + 'a>],
    pub(crate) pages: Option<&'a Pages>,
    pub(crate) blank: &'a Sink,
}

/// What was said of a file.
pub(crate) struct Judged {
    pub(crate) sink: Sink,
    /// None where nobody could look at it.
    pub(crate) comments: Option<Vec<Comment>>,
    /// Its key, and what is to be kept of it, when that is new.
    pub(crate) page: Option<(String, Option<Page>)>,
}

impl Judge<'_> {
    /// Judges files on every core; the answers are in the order of the paths.
    pub(crate) fn files(&self, paths: &[String]) -> Vec<Judged> {
        paths.par_iter().map(|path| self.file(path)).collect()
    }

    /// Judges one file, when somebody wants it.
    fn file(&self, path: &str) -> Judged {
        let mut judged = Judged { sink: self.sink(), comments: None, page: None };
        let wanting = self.engines.iter().map(Box::as_ref).filter(|engine| engine.wants(path));
        let (lasting, passing): (Vec<_>, Vec<_>) =
            wanting.partition(|engine| engine.version().is_some());
        if lasting.is_empty() && passing.is_empty() {
            return judged;
        }
        let content = match self.root.read(Path::new(path)) {
            Ok(content) => content,
            Err(error) => {
                judged.sink.note(Note::new(NoteKind::Unread, path, error.to_string()));
                return judged;
            }
        };
        let pages = self.pages.filter(|_| !lasting.is_empty());
        let key = pages.map(|_| Pages::key(path, content.bytes()));
        let text = match content.into_text() {
            Ok(text) => text,
            Err(reason) => {
                judged.sink.note(Note::new(NoteKind::Skipped, path, reason));
                return judged;
            }
        };
        let starts = OnceLock::new();
        let known = key.as_ref().and_then(|key| pages?.page(key));
        let new = lasting.iter().filter(|_| known.is_none());
        for engine in new.chain(&passing) {
            engine.prepare(path);
        }
        let budget = Budget::new(self.clock, PER_FILE);
        let source = SourceFile { path, text: &text, budget, starts: &starts };
        match known {
            Some(page) => {
                page.replay(&mut judged.sink);
                judged.page = key.map(|key| (key, None));
            }
            None => self.ask(&lasting, &source, key, &mut judged),
        }
        for engine in passing {
            engine.file(&source, &mut judged.sink);
        }
        if budget.is_spent() {
            let message = format!("took longer than {} seconds", PER_FILE.as_secs());
            judged.sink.note(Note::new(NoteKind::Unread, path, message));
        }
        judged.comments = Some(suppress::in_file(path, &text));
        judged
    }

    /// Asks engines whose answers last as long as the content. A file that took too long is not known.
    fn ask(
        &self,
        engines: &[&(dyn Engine + '_)],
        source: &SourceFile<'_>,
        key: Option<String>,
        judged: &mut Judged,
    ) {
        let mut said = self.sink();
        for engine in engines {
            engine.file(source, &mut said);
        }
        if !source.budget.is_spent() {
            judged.page = key.and_then(|key| Some((key, Some(Page::of(&said)?))));
        }
        judged.sink.merge(said);
    }

    fn sink(&self) -> Sink {
        Sink::new(Arc::clone(&self.blank.selected()))
    }
}

/// No file that a person wrote takes a hundredth of it.
const PER_FILE: Duration = Duration::from_secs(2);

//! What a bot's handlers must not do: checks that the map of handlers decides, within one file.

mod admin;
mod callback;
mod catalogue;
mod effect;
mod flood;
mod gate;
mod length;
mod order;
mod payment;
mod scene;
mod tool;

use wardkit_audit::{Check, Finding, Note, NoteKind, SourceFile, Status};

use crate::flow::tree::{Module, Span};
use crate::found::Found;
use crate::handlers::HandlerMap;
use crate::source::Language;

use scene::Scene;

/// Returns what is looked for.
pub(crate) fn checks() -> Vec<Check> {
    catalogue::ALL.iter().map(catalogue::Entry::check).collect()
}

/// Returns words of which a source has one, if there is anything to find in it that the words of the flow do not tell.
pub(crate) fn words(language: Language) -> &'static [&'static str] {
    if language == Language::Rust { &[] } else { WORDS }
}

/// Judges a source by its handlers.
pub(crate) fn judge(
    module: &Module<'_>,
    handlers: &HandlerMap<'_, '_>,
    file: &SourceFile<'_>,
    found: &mut Found<'_>,
) {
    let scene = Scene::new(module, file.text(), handlers);
    let judges = [
        admin::judge,
        callback::judge,
        flood::judge,
        length::judge,
        order::judge,
        payment::judge,
        tool::judge,
    ];
    for judge in judges {
        if file.budget().is_spent() {
            found.note(Note::new(
                NoteKind::Unread,
                file.path(),
                "not every check of handlers was made",
            ));
            return;
        }
        for finding in judge(&scene).iter().filter_map(|hit| finding(file, hit)) {
            found.report(finding);
        }
    }
}

/// What was found, and where.
#[derive(Debug)]
struct Hit {
    check: &'static str,
    /// The line that matters begins here.
    at: Span,
    /// How it is.
    current: String,
    /// What the finding is about, wherever it moves to.
    about: String,
}

fn finding(file: &SourceFile<'_>, hit: &Hit) -> Option<Finding> {
    let check = catalogue::ALL.iter().find(|entry| entry.id == hit.check)?.check();
    let place = file.location(hit.at.start as usize);
    Some(
        Finding::new(&check, Status::Fail, hit.current.clone())
            .at(place)
            .about(hit.about.clone(), ""),
    )
}

const WORDS: &[&str] = &[
    "telegr",
    "grammy",
    "aiogram",
    "telebot",
    "pyrogram",
    "telethon",
    "discord",
    "slack",
    "checkout.session.completed",
    "payment_intent.succeeded",
    "invoice.paid",
    "charge.succeeded",
    "payment.succeeded",
    "ool(",
    "Tool",
    "tools",
    "TOOLS",
];

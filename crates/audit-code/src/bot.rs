//! What a bot's handlers must not do: checks that the map of handlers decides, within one file.

mod admin;
mod catalogue;
mod effect;
mod flood;
mod gate;
mod scene;

use wardkit_audit::{Check, Finding, SourceFile, Status};

use crate::flow::tree::{Module, Span};
use crate::found::Found;
use crate::handlers::HandlerMap;

use scene::Scene;

/// Returns what is looked for.
pub(crate) fn checks() -> Vec<Check> {
    catalogue::ALL.iter().map(catalogue::Entry::check).collect()
}

/// Judges a source by its handlers.
pub(crate) fn judge(
    module: &Module<'_>,
    handlers: &HandlerMap<'_, '_>,
    file: &SourceFile<'_>,
    found: &mut Found<'_>,
) {
    let scene = Scene::new(module, file.text(), handlers);
    for hit in admin::judge(&scene).into_iter().chain(flood::judge(&scene)) {
        if let Some(finding) = finding(file, &hit) {
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

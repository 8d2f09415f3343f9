//! What no single file shows.

mod backup;
mod image;
mod pipelines;
mod tables;
mod validation;

use wardkit_audit::{Finding, Location, Project, Sink, Status};

use crate::catalogue;

/// Judges the files of a project that `takes` names, together.
pub(crate) fn judge(project: &Project<'_>, takes: &dyn Fn(&str) -> bool, sink: &mut Sink) {
    let paths: Vec<&str> =
        project.files().iter().map(String::as_str).filter(|path| takes(path)).collect();
    let files = Files { project, paths: &paths };
    image::judge(&files, sink);
    backup::judge(&files, sink);
    tables::judge(&files, sink);
    if project.is_part() {
        for id in ["ci-no-tests", "config-no-validation"] {
            let evidence = vec!["only a part of the tree was looked at".to_owned()];
            sink.outcome(id, Status::NotApplicable, evidence);
        }
        return;
    }
    pipelines::judge(&files, sink);
    validation::judge(&files, sink);
}

/// The files of configuration, and those beside them.
struct Files<'p> {
    project: &'p Project<'p>,
    /// Those that the engine takes.
    paths: &'p [&'p str],
}

impl Files<'_> {
    /// Whether a file lies anywhere in the tree, configuration or not.
    fn any(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.project.files().iter().any(|path| is_it(path))
    }
}

fn tell(
    id: &str,
    status: Status,
    place: Location,
    about: &str,
    current: impl Into<String>,
    sink: &mut Sink,
) {
    if let Some(check) = catalogue::check(id) {
        let finding =
            Finding::new(&check, status, current).about(about, "").with_evidence(about).at(place);
        sink.report(finding);
    }
}

//! The engine.

use wardkit_audit::{Check, Engine, Finding, Note, NoteKind, Project, Sink, SourceFile};

use crate::found::Judged;
use crate::kind::{FileKind, is_test};
use crate::parse::{Node, documents};
use crate::{
    catalogue, compose, docker, github, gitlab, kubernetes, logrotate, monitoring, nginx, postgres,
    project, redis, settings, sql, unit,
};

/// Judges files of configuration.
///
/// ```
/// use wardkit_audit::Audit;
/// use wardkit_audit_conf::ConfEngine;
/// use wardkit_core::SystemClock;
///
/// # let folder = tempfile::tempdir()?;
/// # let root = folder.path();
/// std::fs::write(root.join("compose.yaml"), "services: {bot: {image: 'bot:1', privileged: true}}")?;
/// let clock = SystemClock;
/// let report = Audit::new(&clock).with_engine(ConfEngine::new()).of_tree(root)?;
/// assert!(report.findings.iter().any(|finding| finding.id == "cmp-privileged"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfEngine {
    judges_tests: bool,
}

impl ConfEngine {
    /// Creates an engine that leaves files of tests alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges files of tests and examples, too.
    #[must_use]
    pub fn judging_tests(mut self) -> Self {
        self.judges_tests = true;
        self
    }

    /// Returns the checks of configuration.
    #[must_use]
    pub fn catalogue() -> Vec<Check> {
        catalogue::all()
    }

    /// Returns what is wrong with one file, by its path and text, sorted by check and place. A file that is no
    /// configuration, or cannot be understood, has no findings.
    #[must_use]
    pub fn findings(&self, path: &str, text: &str) -> Vec<Finding> {
        judge(path, text).unwrap_or_default()
    }

    fn takes(self, path: &str) -> bool {
        FileKind::of(path).is_some() && (self.judges_tests || !is_test(path))
    }
}

impl Engine for ConfEngine {
    fn checks(&self) -> Vec<Check> {
        Self::catalogue()
    }

    fn version(&self) -> Option<String> {
        let tests = if self.judges_tests { "with tests" } else { "" };
        Some(format!("conf {} {tests}", env!("CARGO_PKG_VERSION")))
    }

    fn wants(&self, path: &str) -> bool {
        self.takes(path)
    }

    fn file(&self, file: &SourceFile<'_>, sink: &mut Sink) {
        if !self.takes(file.path()) {
            return;
        }
        match judge(file.path(), file.text()) {
            Ok(findings) => findings.into_iter().for_each(|finding| sink.report(finding)),
            // Templates of Helm and Ansible become YAML later, with values that are not here.
            Err(_) if file.text().contains("{{") || file.text().contains("{%") => {
                sink.note(Note::new(NoteKind::Skipped, file.path(), "a template, no YAML yet"));
            }
            Err(why) => sink.note(Note::new(NoteKind::Unread, file.path(), why)),
        }
    }

    fn whole(&self, project: &Project<'_>, sink: &mut Sink) {
        project::judge(project, &|path| self.takes(path), sink);
    }
}

/// Judges a file. `Err` says why it was not understood.
fn judge(path: &str, text: &str) -> Result<Vec<Finding>, String> {
    let Some(kind) = FileKind::of(path).and_then(|kind| kind.with(text)) else {
        return Ok(Vec::new());
    };
    let mut judged = Judged::new(path, text);
    let read = by_kind(kind, &mut judged);
    let mut findings = judged.findings;
    findings.sort_by(|a, b| (&a.id, &a.files, &a.current).cmp(&(&b.id, &b.files, &b.current)));
    findings.dedup_by(|a, b| a.id == b.id && a.files == b.files && a.current == b.current);
    read.map(|()| findings)
}

fn by_kind(kind: FileKind, judged: &mut Judged<'_>) -> Result<(), String> {
    let yaml = |judge: fn(&Node, &mut Judged<'_>), judged: &mut Judged<'_>| {
        let read = documents(judged.text)?;
        for document in &read {
            judge(document, judged);
        }
        Ok(())
    };
    match kind {
        FileKind::Dockerfile => docker::judge(judged),
        FileKind::Compose => return yaml(compose::judge, judged),
        FileKind::GitHub => return yaml(github::judge, judged),
        FileKind::GitLab => return yaml(gitlab::judge, judged),
        FileKind::Kubernetes => return yaml(kubernetes::judge, judged),
        FileKind::Prometheus => return yaml(monitoring::prometheus, judged),
        FileKind::Loki => return yaml(monitoring::loki, judged),
        FileKind::Alertmanager => return yaml(monitoring::alertmanager, judged),
        FileKind::Grafana => return yaml(monitoring::grafana, judged),
        FileKind::SettingsYaml => return yaml(settings::yaml, judged),
        FileKind::Environment => settings::environment(judged),
        FileKind::Sections => settings::sections(judged),
        FileKind::Nginx => nginx::judge(judged),
        FileKind::Redis => redis::judge(judged),
        FileKind::Postgres => postgres::server(judged),
        FileKind::Hba => postgres::hba(judged),
        FileKind::PgBouncer => postgres::bouncer(judged),
        FileKind::Sql => sql::judge(judged),
        FileKind::Unit => unit::judge(judged),
        FileKind::Logrotate => logrotate::judge(judged),
        FileKind::Yaml => {}
    }
    Ok(())
}

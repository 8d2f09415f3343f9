//! Where data flows.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Audit, EngineKind, Profile, Report};
use wardkit_audit_code::CodeEngine;
use wardkit_core::SystemClock;

/// Audits files by the flow engine.
pub(crate) fn audited(files: &[(String, String)], profile: Profile) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let clock = SystemClock;
    let audit = Audit::new(&clock)
        .with_engine(CodeEngine::new().expect("its own rules"))
        .with_profile(profile);
    audit.only_engines([EngineKind::Flow]).of_tree(folder.path()).expect("a tree")
}

/// Returns the checks that each file fails.
pub(crate) fn failed_of(files: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut failed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in audited(files, Profile::Full).findings {
        failed.entry(finding.path().to_owned()).or_default().insert(finding.id);
    }
    failed
}

#[test]
fn a_finding_tells_the_way_of_the_data() {
    let text = "import os\nfrom flask import request\n\ndef f():\n    name = request.args['n']\n    cmd = 'ls ' + name\n    os.system(cmd)\n";
    let report = audited(&[("web.py".to_owned(), text.to_owned())], Profile::Ci);
    let finding = &report.findings[0];
    assert_eq!(finding.id, "cmd-injection");
    assert_eq!(finding.files[0].line, Some(7));
    let lines: Vec<_> = finding.code_flow.iter().map(|step| step.location.line).collect();
    assert_eq!(lines.first(), Some(&Some(5)));
    assert_eq!(lines.last(), Some(&Some(7)));
}

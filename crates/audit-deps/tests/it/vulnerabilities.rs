//! What is known of versions.

use serde_json::json;
use wardkit_audit::{NoteKind, Severity, Status};
use wardkit_audit_deps::Vex;

use crate::{advisory, against, audited, ended, engine, found, index};

#[test]
fn a_version_in_a_range_is_told_with_the_one_that_is_not() {
    let known = [advisory("CVE-2026-1", "PyPI", "Jinja2", "3.1.4")];
    for (file, text, line) in [
        ("requirements.txt", "aiogram==3.4.1\njinja2==3.1.2\n", 2),
        (
            "bot/requirements-prod.txt",
            "# pinned\n\nJinja2 == 3.1.3 ; python_version > '3.8'  # why\n",
            3,
        ),
        ("poetry.lock", "[[package]]\nname = \"jinja2\"\nversion = \"3.1\"\n", 2),
        (
            "Pipfile.lock",
            "{\"default\": {\n\"jinja2\": {\"version\": \"==3.1.2\", \"index\": \"pypi\"}}}",
            2,
        ),
        (
            "site/jinja2.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Jinja2\nVersion: 3.1.2\n\ntext\n",
            1,
        ),
    ] {
        let report = against(&known, &[(file, text)]);
        let [one] = found(&report, "dep-vuln")[..] else { panic!("{file}: {report:?}") };
        assert_eq!(one.recommendation, "Raise jinja2 to 3.1.4.");
        assert_eq!((one.path(), one.files[0].line), (file, Some(line)));
        assert!(one.title.ends_with("has a known vulnerability: CVE-2026-1"), "{}", one.title);
    }
    for (file, text) in [
        ("requirements.txt", "jinja2==3.1.4\n"),
        ("requirements.txt", "jinja2==3.1.4.post1\njinja==2.0\n"),
        ("uv.lock", "[[package]]\nname = \"jinja2\"\nversion = \"4.0.0\"\n"),
        // Of tests, and a program of the same name in another ecosystem.
        (
            "package-lock.json",
            "{\"packages\": {\"node_modules/jinja2\": {\"version\": \"3.1.2\"}}}",
        ),
    ] {
        let report = against(&known, &[(file, text)]);
        assert!(found(&report, "dep-vuln").is_empty(), "{file}: {text}");
    }
}

#[test]
fn every_lockfile_leads_to_its_advisories() {
    for (ecosystem, name, file, text) in LOCKS {
        let known = [advisory("CVE-2026-2", ecosystem, name, "1.0.0")];
        let report = against(&known, &[(file, text)]);
        assert_eq!(found(&report, "dep-vuln").len(), 1, "{file}: {text}: {report:?}");
        let known = [advisory("CVE-2026-2", ecosystem, name, "0.5.0")];
        assert_eq!(found(&against(&known, &[(file, text)]), "dep-vuln").len(), 0, "{file}: {text}");
    }
}

#[test]
fn advisories_of_debian_are_of_a_release() {
    let known = [advisory("DSA-1", "Debian:12", "openssl", "3.0.15-1~deb12u1")];
    let status = "Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.9-1\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n";
    let release = "ID=debian\nVERSION_ID=\"12\"\n";
    let report = against(&known, &[("var/lib/dpkg/status", status), ("etc/os-release", release)]);
    assert_eq!(found(&report, "dep-vuln").len(), 1);
    let report = against(
        &known,
        &[("var/lib/dpkg/status", status), ("etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n")],
    );
    assert_eq!(
        (found(&report, "dep-vuln").len(), ended(&report, "dep-vuln")),
        (0, Status::Unknown)
    );
}

#[test]
fn aliases_are_one_finding_with_the_gravest_word_and_the_way() {
    let mut first = advisory("GHSA-aaaa", "npm", "ws", "1.0.0");
    first["aliases"] = json!(["CVE-2026-3"]);
    first["database_specific"] = json!({"severity": "MODERATE", "cwe_ids": ["CWE-400"]});
    let mut second = advisory("OTHER-1", "npm", "ws", "1.2.0");
    second["aliases"] = json!(["CVE-2026-3"]);
    second["severity"] =
        json!([{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]);
    let mut withdrawn = advisory("GHSA-gone", "npm", "ws", "9.0.0");
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    let lock = r#"{"packages": {
        "": {"dependencies": {"grammy": "^1.0.0"}},
        "node_modules/grammy": {"version": "1.2.0", "dependencies": {"mid": "*"}},
        "node_modules/mid": {"version": "1.0.0", "dependencies": {"ws": "*"}},
        "node_modules/ws": {"version": "0.5.0", "dependencies": {"mid": "*"}}
    }}"#;
    let report = against(&[first, second, withdrawn], &[("package-lock.json", lock)]);
    let [one] = found(&report, "dep-vuln")[..] else { panic!("{report:?}") };
    assert!(one.title.contains("CVE-2026-3"));
    assert_eq!(one.severity, Severity::Critical);
    assert_eq!(one.recommendation, "Raise ws to 1.2.0.");
    assert!(
        one.evidence.contains(&"also known as GHSA-aaaa, OTHER-1".to_owned()),
        "{:?}",
        one.evidence
    );
    assert!(one.evidence.contains(&"needed by way of grammy > mid > ws".to_owned()));
    assert_eq!(one.cwe, [400, 1395]);
}

#[test]
fn packages_that_were_made_to_do_harm_are_critical() {
    let mut known = advisory("MAL-2026-1", "npm", "discord-token-helper", "0");
    known["affected"][0]["ranges"] = json!([]);
    known["affected"][0]["versions"] = json!(["1.0.7"]);
    let at = |version: &str| {
        let lock = format!(
            "{{\"packages\": {{\"node_modules/discord-token-helper\": {{\"version\": \"{version}\"}}}}}}"
        );
        against(std::slice::from_ref(&known), &[("package-lock.json", &lock)])
    };
    let report = at("1.0.7");
    let [one] = found(&report, "dep-malicious")[..] else { panic!("{report:?}") };
    assert_eq!((one.severity, found(&report, "dep-vuln").len()), (Severity::Critical, 0));
    assert!(found(&at("1.0.6"), "dep-malicious").is_empty());
}

#[test]
fn without_advisories_nothing_passes() {
    let files = [("requirements.txt", "jinja2==3.1.2\n")];
    let report = audited(engine(), &files);
    assert_eq!(found(&report, "dep-db-stale").len(), 1);
    for id in ["dep-vuln", "dep-malicious", "dep-unmaintained", "dep-db-stale"] {
        assert_eq!(ended(&report, id), Status::Unknown, "{id}");
    }
    // Of another ecosystem is as good as none.
    let report = against(&[advisory("CVE-1", "npm", "ws", "1.0.0")], &files);
    assert_eq!(
        (ended(&report, "dep-vuln"), ended(&report, "dep-db-stale")),
        (Status::Unknown, Status::Unknown)
    );
    // Without a version there is nothing to look up.
    let known = [advisory("CVE-1", "PyPI", "other", "1.0")];
    let report = against(&known, &[("requirements.txt", "jinja2>=3\n")]);
    assert_eq!(
        (ended(&report, "dep-vuln"), ended(&report, "dep-db-stale")),
        (Status::Unknown, Status::Pass)
    );
    // A tree without dependencies has nothing to know.
    let report = audited(engine(), &[("bot.py", "print()\n")]);
    assert_eq!((ended(&report, "dep-vuln"), report.findings.len()), (Status::NotApplicable, 0));
}

#[test]
fn old_advisories_are_a_finding_that_grows() {
    let files = [("requirements.txt", "jinja2==3.1.2\n")];
    let at = |day: &str| {
        let mut known = advisory("CVE-1", "PyPI", "other", "1.0");
        known["modified"] = json!(format!("{day}T00:00:00Z"));
        against(&[known], &files)
    };
    assert_eq!(ended(&at("2026-11-15"), "dep-db-stale"), Status::Pass);
    let old = at("2026-11-14");
    assert_eq!(found(&old, "dep-db-stale")[0].severity, Severity::Medium);
    let older = at("2026-10-01");
    assert_eq!(found(&older, "dep-db-stale")[0].severity, Severity::High);
    assert!(found(&older, "dep-db-stale")[0].current.contains("2026-10-01, 52 days ago"));
}

#[test]
fn what_is_no_version_and_what_cannot_be_read_is_unknown() {
    let known = [advisory("CVE-1", "npm", "ws", "1.0.0")];
    let odd = r#"{"packages": {"node_modules/ws": {"version": "next"}}}"#;
    assert_eq!(ended(&against(&known, &[("package-lock.json", odd)]), "dep-vuln"), Status::Unknown);
    for broken in ["{", "{\"packages\": {}, \"packages\": {}}", "[[[[", "\u{0}"] {
        let report = against(
            &known,
            &[
                ("package-lock.json", broken),
                (
                    "a/package-lock.json",
                    "{\"packages\": {\"node_modules/b\": {\"version\": \"1.0.0\"}}}",
                ),
            ],
        );
        assert_eq!(ended(&report, "dep-vuln"), Status::Unknown, "{broken}");
        let unread = |note: &wardkit_audit::Note| {
            note.kind == NoteKind::Unread && note.path == "package-lock.json"
        };
        assert!(report.notes.iter().any(unread), "{:?}", report.notes);
    }
}

#[test]
fn vex_mutes_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("requirements.txt", "jinja2==3.1.2\n")];
    let open = |product: &str, status: &str| {
        let text = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{
            "vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": product}],
            "status": status, "justification": "vulnerable_code_not_present",
        }]});
        Vex::parse(&text.to_string()).unwrap()
    };
    let with = |vex: Vex| {
        let database = index(folder.path(), &[advisory("CVE-2026-1", "PyPI", "jinja2", "3.1.4")]);
        audited(engine().with_database(database).with_vex(vex), &files)
    };
    for (product, status, told) in [
        ("pkg:pypi/jinja2@3.1.2", "not_affected", 0),
        ("pkg:pypi/jinja2", "fixed", 0),
        ("pkg:pypi/jinja2@3.1.3", "not_affected", 1),
        ("pkg:pypi/other", "not_affected", 1),
        ("pkg:pypi/jinja2@3.1.2", "under_investigation", 1),
    ] {
        let report = with(open(product, status));
        assert_eq!(found(&report, "dep-vuln").len(), told, "{product} {status}");
        let is_noted =
            report.notes.iter().any(|note| note.message.contains("vulnerable_code_not_present"));
        assert_eq!(is_noted, told == 0, "{product} {status}");
    }
    let cyclonedx = json!({"bomFormat": "CycloneDX",
        "components": [{"bom-ref": "j", "purl": "pkg:pypi/jinja2@3.1.2"}],
        "vulnerabilities": [{"id": "CVE-2026-1", "affects": [{"ref": "j"}],
            "analysis": {"state": "not_affected", "justification": "code_not_reachable"}}]});
    let report = with(Vex::parse(&cyclonedx.to_string()).unwrap());
    assert!(found(&report, "dep-vuln").is_empty());
    let silent = json!({"statements": [{"vulnerability": {"name": "C"}, "products": [], "status": "not_affected"}]});
    for refused in [silent.to_string(), "{}".to_owned(), "no".to_owned()] {
        assert!(Vex::parse(&refused).is_err(), "{refused}");
    }
}

/// Lockfiles that have a package in 0.5.0: the ecosystem, the name, the file and its text.
const LOCKS: [(&str, &str, &str, &str); 14] = [
    (
        concat!("crates", ".io"),
        "time",
        "Cargo.lock",
        "[[package]]\nname = \"time\"\nversion = \"0.5.0\"\nsource = \"registry+x\"\n",
    ),
    (
        "npm",
        "ws",
        "package-lock.json",
        "{\"packages\": {\"node_modules/a/node_modules/ws\": {\"version\": \"0.5.0\"}}}",
    ),
    (
        "npm",
        "ws",
        "npm-shrinkwrap.json",
        "{\"dependencies\": {\"a\": {\"version\": \"9.0.0\", \"dependencies\": {\"ws\": {\"version\": \"0.5.0\"}}}}}",
    ),
    (
        "npm",
        "@a/ws",
        "yarn.lock",
        "# yarn lockfile v1\n\n\"@a/ws@^0.5.0\", \"@a/ws@^0.4.0\":\n  version \"0.5.0\"\n  resolved \"https://registry.yarnpkg.com/x#1\"\n",
    ),
    (
        "npm",
        "ws",
        "yarn.lock",
        "__metadata:\n  version: 8\n\n\"other@npm:ws@^0.5.0\":\n  version: 0.5.0\n  resolution: \"ws@npm:0.5.0\"\n",
    ),
    (
        "npm",
        "@a/ws",
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\npackages:\n  '@a/ws@0.5.0':\n    resolution: {integrity: sha512-x}\n",
    ),
    (
        "npm",
        "ws",
        "pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n  /ws/0.5.0_peer@1.0.0:\n    resolution: {integrity: sha512-x}\n",
    ),
    (
        "npm",
        "@a/ws",
        "pnpm-lock.yaml",
        "lockfileVersion: '6.0'\npackages:\n  /@a/ws@0.5.0(peer@1.0.0):\n    resolution: {integrity: sha512-x}\n",
    ),
    (
        "PyPI",
        "ws",
        "uv.lock",
        "[[package]]\nname = \"ws\"\nversion = \"0.5.0\"\nsource = { registry = \"https://registry.example.com/simple\" }\n",
    ),
    ("PyPI", "ws", "pdm.lock", "[[package]]\nname = \"WS\"\nversion = \"0.5.0\"\n"),
    (
        "Go",
        "example.com/ws",
        "go.mod",
        "module a\nrequire (\n\texample.com/ws v0.5.0 // indirect\n)\n",
    ),
    (
        "Go",
        "example.com/ws",
        "go.sum",
        "example.com/ws v0.5.0 h1:x=\nexample.com/ws v0.5.0/go.mod h1:x=\n",
    ),
    (
        "RubyGems",
        "ws",
        "Gemfile.lock",
        "GEM\n  remote: https://rubygems.org/\n  specs:\n    ws (0.5.0-x86_64-linux)\n      other\n",
    ),
    (
        "Packagist",
        "a/ws",
        "composer.lock",
        "{\"packages\": [{\"name\": \"A/ws\", \"version\": \"v0.5.0\"}]}",
    ),
];

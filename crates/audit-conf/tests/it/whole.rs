//! What no single file shows.

use wardkit_audit::Status;

use crate::{audit, count};

const DB: &str =
    "services: {db: {image: 'postgres:16', volumes: ['data:/var/lib/postgresql/data']}}";

#[test]
fn a_database_needs_a_backup_that_is_encrypted() {
    assert_eq!(count(&audit(&[("compose.yml", DB)]), "backup-absent"), 1);
    assert_eq!(
        count(
            &audit(&[("compose.yml", "services: {db: {image: 'mysql:8'}, bot: {build: .}}")]),
            "backup-absent"
        ),
        1
    );
    assert_eq!(
        count(
            &audit(&[("compose.yml", DB), ("ops/backup.sh", "restic backup /x")]),
            "backup-absent"
        ),
        0
    );
    assert_eq!(
        count(&audit(&[("compose.yml", "services: {r: {image: 'redis:7'}}")]), "backup-absent"),
        0
    );
    for (script, expected) in [
        ("pg_dump bot > x.sql", 1),
        ("mysqldump a | gzip > b", 1),
        ("pg_dump bot | age -r x > y", 0),
        ("pg_dump bot | gpg -e > y", 0),
    ] {
        let report = audit(&[("ops/save.sh", script)]);
        assert_eq!(count(&report, "backup-unencrypted"), expected, "{script}");
    }
}

#[test]
fn a_folder_is_copied_with_a_list_of_what_stays_out() {
    let copy = ("bot/Dockerfile", "FROM a:1\nWORKDIR /x\nCOPY . .\n");
    let id = "dkr-copy-all-no-ignore";
    assert_eq!(count(&audit(&[copy]), id), 1);
    assert_eq!(count(&audit(&[("Dockerfile", "FROM a:1\nADD ./ /app\n")]), id), 1);
    assert_eq!(count(&audit(&[copy, ("bot/.dockerignore", ".git\n")]), id), 0);
    assert_eq!(count(&audit(&[copy, ("bot/.env", "A=1"), (".dockerignore", ".git\n")]), id), 1);
    assert_eq!(count(&audit(&[copy, ("bot/.env", "A=1"), (".dockerignore", "**/.env*\n")]), id), 0);
    assert_eq!(count(&audit(&[("Dockerfile", "FROM a:1\nCOPY src/ /app\n")]), id), 0);
}

#[test]
fn pipelines_run_tests() {
    let run = |script: &str| format!("on: push\njobs: {{a: {{steps: [{{run: '{script}'}}]}}}}");
    let path = ".github/workflows/ci.yml";
    assert_eq!(count(&audit(&[(path, &run("make lint"))]), "ci-no-tests"), 1);
    assert_eq!(count(&audit(&[(".gitlab-ci.yml", "a: {script: [deploy]}")]), "ci-no-tests"), 1);
    assert_eq!(count(&audit(&[(path, &run("python -m pytest"))]), "ci-no-tests"), 0);
    assert_eq!(
        count(
            &audit(&[(path, &run("make")), (".github/workflows/t.yml", &run("npm test"))]),
            "ci-no-tests"
        ),
        0
    );
    let report = audit(&[("bot.py", "x")]);
    let outcome = report.checks.iter().find(|one| one.id == "ci-no-tests").unwrap();
    assert_eq!(outcome.status, Status::NotApplicable);
}

#[test]
fn whether_settings_are_checked_is_for_a_person() {
    let status = |files: &[(&str, &str)]| {
        let report = audit(files);
        report.checks.iter().find(|one| one.id == "config-no-validation").unwrap().status
    };
    assert_eq!(
        status(&[(".env.example", "A=1"), ("requirements.txt", "aiogram==3.4.1")]),
        Status::Manual
    );
    assert_eq!(status(&[(".env", "A=1")]), Status::Manual);
    assert_eq!(
        status(&[(".env", "A=1"), ("pyproject.toml", "dependencies = [\"pydantic-settings\"]")]),
        Status::Pass
    );
    assert_eq!(status(&[("bot.py", "")]), Status::NotApplicable);
}

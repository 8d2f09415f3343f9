//! `auditctl cleanup`.

use std::fs;

use serde_json::Value;

use crate::auditctl;

#[test]
fn a_plan_lists_what_a_run_removes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let (rubbish, config) = (path.join("rubbish"), path.join("agentd.toml"));
    fs::create_dir(&rubbish).unwrap();
    fs::write(rubbish.join("a.tmp"), "123").unwrap();
    fs::write(rubbish.join("b.txt"), "123").unwrap();
    std::os::unix::fs::symlink("a.tmp", rubbish.join("c.tmp")).unwrap();
    let rule = format!("path = {rubbish:?}\nnames = [\"*.tmp\"]\nolder-than = \"0s\"");
    // What else agentd is told is agentd's.
    fs::write(&config, format!("[log]\nlevel = \"info\"\n[[cleanup.rule]]\n{rule}\n")).unwrap();
    let (data, config) = (path.join("data").display().to_string(), config.display().to_string());
    let cleanup = |verb, format| {
        auditctl(&["cleanup", verb, "--config", &config, "--data-dir", &data, "--format", format])
    };
    let ended = cleanup("plan", "text");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (a, c) = (rubbish.join("a.tmp"), rubbish.join("c.tmp"));
    assert_eq!(
        ended.stdout,
        format!(
            "remove   {}: unused for 0s, 3 bytes\nkeep     {}: a link\n1 would be removed, 3 bytes\n",
            a.display(),
            c.display()
        )
    );
    assert!(a.exists());
    let planned: Value = serde_json::from_str(&cleanup("plan", "json").stdout).unwrap();
    let done: Value = serde_json::from_str(&cleanup("run", "json").stdout).unwrap();
    assert_eq!(done["report"]["rules"][0]["removed"][0]["path"], a.to_str().unwrap());
    assert_eq!((&done["dry_run"], &planned["dry_run"]), (&Value::Bool(false), &Value::Bool(true)));
    assert!(!a.exists() && c.is_symlink() && rubbish.join("b.txt").exists());
}

#[test]
fn rules_that_are_wrong_remove_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let config = path.join("agentd.toml");
    let data = path.join("data");
    fs::create_dir(&data).unwrap();
    let rows = [
        (String::new(), "has no [[cleanup.rule]]"),
        ("[[cleanup.rule]]\npath = \"/etc\"\nkeep = 1".to_owned(), "cleanup.rule[0].path: is no"),
        ("[[cleanup.rule]]\npaht = \"/tmp\"".to_owned(), "unknown field `paht`"),
        (
            format!("[[cleanup.rule]]\npath = {data:?}\nkeep = 1"),
            "would remove what this program needs",
        ),
    ];
    for (text, expected) in rows {
        fs::write(&config, &text).unwrap();
        let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
        let ended = auditctl(&["cleanup", "run", "--config", config, "--data-dir", data]);
        assert_eq!(ended.code, Some(2), "{text}: {ended:?}");
        assert!(ended.stderr.contains(expected), "{text}: {ended:?}");
    }
}

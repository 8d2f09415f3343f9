//! Where data flows.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Audit, EngineKind, Finding, Profile, Report};
use wardkit_audit_code::CodeEngine;
use wardkit_core::ManualClock;

/// Audits files by the flow engine.
pub(crate) fn audited(files: &[(String, String)], profile: Profile) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    // A budget that a busy machine cannot spend.
    let clock = ManualClock::default();
    let audit = Audit::new(&clock)
        .with_engine(CodeEngine::new().expect("its own rules"))
        .with_profile(profile);
    audit.only_engines([EngineKind::Flow]).of_tree(folder.path()).expect("a tree")
}

/// Returns the checks that each file fails.
pub(crate) fn failed_of(files: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut failed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let by_flow = |finding: &Finding| finding.engine == EngineKind::Flow;
    for finding in audited(files, Profile::Full).findings.into_iter().filter(by_flow) {
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

#[test]
fn scripts_are_followed_too() {
    let check = |expected: &str, text: &str| {
        let files = [("bot.js".to_owned(), text.to_owned())];
        let failed = failed_of(&files);
        let found = failed.get("bot.js").map(|ids| ids.iter().cloned().collect::<Vec<_>>());
        assert_eq!(found.unwrap_or_default().join(" "), expected, "{text}");
    };
    check(
        "cmd-injection",
        "const { exec } = require('child_process');\napp.get('/p', (req, res) => {\n  const host = req.query.host;\n  exec(`ping ${host}`, () => res.json({}));\n});\n",
    );
    check(
        "",
        "const { execFile } = require('child_process');\napp.get('/p', (req, res) => {\n  const id = parseInt(req.query.id, 10);\n  execFile('ping', [String(id)], () => res.json({}));\n});\n",
    );
    check(
        "sql-injection",
        "async function one(req, res) {\n  const sql = \"SELECT * FROM t WHERE a = '\" + req.body.name + \"'\";\n  const rows = await pool.query(sql);\n  res.json(rows);\n}\n",
    );
    check(
        "",
        "async function one(req, res) {\n  const rows = await pool.query('SELECT * FROM t WHERE a = $1', [req.body.name]);\n  res.json(rows);\n}\n",
    );
    check(
        "code-eval",
        "bot.on('message', (msg) => {\n  const code = msg.text;\n  eval(code);\n});\n",
    );
    check(
        "path-traversal",
        "import fs from 'fs';\nexport function get(req, res) {\n  const { name } = req.params;\n  fs.readFile('/srv/' + name, () => {});\n}\n",
    );
    check(
        "",
        "import fs from 'fs';\nimport path from 'path';\nexport function get(req, res) {\n  const name = path.basename(req.params.name);\n  fs.readFile('/srv/' + name, () => {});\n}\n",
    );
}

#[test]
fn chats_and_models_are_outside() {
    let check = |expected: &str, text: &str| {
        let files = [("bot.py".to_owned(), text.to_owned())];
        let failed = failed_of(&files);
        let found = failed.get("bot.py").map(|ids| ids.iter().cloned().collect::<Vec<_>>());
        assert_eq!(found.unwrap_or_default().join(" "), expected, "{text}");
    };
    check(
        "cmd-injection",
        "import os\nfrom telegram.ext import CommandHandler\n\nasync def run(update, context):\n    os.system(' '.join(context.args))\n\napp.add_handler(CommandHandler('run', run))\n",
    );
    check(
        "code-eval",
        "@bot.command()\nasync def calc(ctx, *, expression: str):\n    await ctx.send(str(eval(expression)))\n",
    );
    check(
        "",
        "import os\n@bot.command()\nasync def wait(ctx, seconds: int):\n    os.system(f'sleep {seconds}')\n",
    );
    check(
        "llm-output-to-exec",
        "import subprocess\ndef act(client, task):\n    answer = client.chat.completions.create(model='m', messages=[])\n    subprocess.run(answer.choices[0].message.content, shell=True)\n",
    );
}

#[test]
fn hostile_sources_end() {
    let deep = format!("x = {}1{}\n", "f(".repeat(150), ")".repeat(150));
    let long =
        format!("from flask import request\nx = {}request.args['a']\n", "'a' + ".repeat(5_000));
    let chain = format!("x = request{}\n", ".a()".repeat(90));
    let calls =
        "def f(a):\n    return f(a) + g(a)\ndef g(a):\n    return f(a) + g(a)\nf(input())\n"
            .to_owned();
    for (name, text) in
        [("deep.py", deep), ("long.py", long), ("chain.py", chain), ("calls.py", calls)]
    {
        assert!(failed_of(&[(name.to_owned(), text)]).is_empty(), "{name}");
    }
}

#[test]
fn what_was_assigned_before_a_loop_was_left_is_known_after_it() {
    let text = "import os\nfrom flask import request\n\ndef f():\n    name = ''\n    for key in request.form.keys():\n        if key:\n            name = key\n            break\n    os.system('ls ' + name)\n";
    let safe = text.replace("            break", "            name = 'x'\n            break");
    let failed = failed_of(&[("web.py".to_owned(), text.to_owned()), ("safe.py".to_owned(), safe)]);
    assert!(failed["web.py"].contains("cmd-injection"), "{failed:?}");
    assert!(!failed.contains_key("safe.py"), "{failed:?}");
}

#[test]
fn an_engine_that_is_chosen_tells_what_it_finds_itself() {
    let text = "import pickle\nfrom flask import request\n\ndef f():\n    return pickle.loads(request.data)\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("web.py"), text).expect("a file");
    let lines = |kind| {
        let clock = ManualClock::default();
        let engine = CodeEngine::new().expect("its own rules");
        let audit = Audit::new(&clock).with_engine(engine).only_engines([kind]);
        let findings = audit.of_tree(folder.path()).expect("a tree").findings;
        let found = findings.iter().filter(|finding| finding.id == "deserialize-untrusted");
        found.map(|finding| (finding.engine, finding.files[0].line)).collect::<Vec<_>>()
    };
    assert_eq!(lines(EngineKind::Flow), [(EngineKind::Flow, Some(5))]);
    assert_eq!(lines(EngineKind::Ast), [(EngineKind::Ast, Some(5))]);
}

//! `auditctl validate`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::{Ended, auditctl};

/// Runs `auditctl validate` with that input.
fn validate(args: &[&str], input: &[u8]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    command.arg("validate").args(args).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // The other end may have gone.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn answers(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn lines_are_answered_by_their_number() {
    let ended = validate(&["--sink", "header"], b"hello there\nen%0d%0aSet-Cookie: a=1\r\nlast");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let answers = answers(&ended);
    assert_eq!(answers.len(), 3);
    let clean = |id: u64| {
        json!({
            "id": id, "verdict": "clean", "class": null, "rule": null, "span": null, "reason": null,
        })
    };
    assert_eq!((&answers[0], &answers[2]), (&clean(1), &clean(3)));
    let attack = &answers[1];
    assert_eq!((&attack["id"], &attack["verdict"]), (&json!(2), &json!("attack")));
    assert_eq!(attack["class"], "header");
    assert!(attack["rule"].as_str().unwrap().starts_with("header."), "{attack}");
    let span: (usize, usize) = serde_json::from_value(attack["span"].clone()).unwrap();
    assert!(span.0 < span.1 && span.1 <= 23, "{attack}");
}

#[test]
fn objects_are_answered_by_their_id_and_name_their_sink() {
    let input = [
        r#"{"id":7,"payload":"en%0d%0aSet-Cookie: a=1","sink":"header"}"#,
        r#"{"id":"x","payload":"see you at ten","sink":null}"#,
        r#"{"payload":"see you","sink":"shell"}"#,
    ]
    .join("\n");
    for format in ["json", "jsonl"] {
        let answers = answers(&validate(&["--format", format], input.as_bytes()));
        let told: Vec<_> =
            answers.iter().map(|answer| (&answer["id"], &answer["verdict"])).collect();
        let expected = [
            (&json!(7), &json!("attack")),
            (&json!("x"), &json!("clean")),
            (&Value::Null, &json!("clean")),
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn a_line_that_cannot_be_judged_has_its_error_in_its_place() {
    let long = format!(r#"{{"id":5,"payload":"{}"}}"#, "x".repeat(10_000_000));
    let input: [&[u8]; 9] = [
        br#"{"id":1,"payload":"fine"}"#,
        br#"{"id":2,"payload":"#,
        br#"{"id":3,"payload":7}"#,
        br#"{"id":4,"payload":"fine","sink":"kitchen"}"#,
        long.as_bytes(),
        b"{\"id\":6,\"payload\":\"\xff\"}",
        b"[]",
        b"",
        br#"{"id":9,"payload":"fine","id":9}"#,
    ];
    let ended = validate(&["--format", "jsonl", "--fail"], &input.join(&b"\n"[..]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let answers = answers(&ended);
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].as_u64()).collect();
    assert_eq!(ids, [Some(1), None, Some(3), Some(4), Some(5), Some(6), None, None, None]);
    let errors: Vec<_> =
        answers.iter().map(|answer| answer["error"].as_str().unwrap_or("none")).collect();
    assert_eq!(errors[0], "none");
    assert!(errors[1].starts_with("no message: the JSON ends too early"), "{errors:?}");
    assert!(errors[2].starts_with("no message: an object with a text"), "{errors:?}");
    assert!(errors[3].starts_with("no sink has that name"), "{errors:?}");
    assert!(errors[4].contains("10000000"), "{errors:?}");
    assert!(errors[5..].iter().all(|error| error.starts_with("no message")), "{errors:?}");
}

#[test]
fn bytes_that_are_no_text_have_an_error_each() {
    let mut input = b"a\xffb\na\0b\n\xc0\xaf\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', 17 << 20));
    input.extend(b"\nfine\n");
    let ended = validate(&[], &input);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let answers = answers(&ended);
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert!(answers[..4].iter().all(|answer| answer["error"].is_string()), "{answers:?}");
    assert_eq!(answers[1]["error"], "no text: a NUL at byte 1");
    assert_eq!(answers[3]["error"], "the line is longer than 16 MiB");
    assert_eq!(answers[4]["verdict"], "clean");
}

#[test]
fn each_answer_is_there_when_the_input_pauses() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    command.arg("validate").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["id"].as_u64()
    };
    stdin.write_all(b"one\ntwo\nthr").unwrap();
    assert_eq!((next(), next()), (Some(1), Some(2)));
    stdin.write_all(b"ee\n").unwrap();
    assert_eq!(next(), Some(3));
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn attacks_fail_where_that_is_wanted_and_nobody_has_to_read_the_answers() {
    let attack = b"en%0d%0aSet-Cookie: a=1\n";
    assert_eq!(validate(&["--sink", "header"], attack).code, Some(0));
    assert_eq!(validate(&["--sink", "header", "--fail"], attack).code, Some(1));
    assert_eq!(validate(&["--sink", "header", "--fail"], b"hello\n").code, Some(0));
    assert_eq!(validate(&["--fail"], b"").code, Some(0));

    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    command.arg("validate").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(&b"hello\n".repeat(100_000));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn input_that_cannot_be_read_exits_2() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    let directory = std::fs::File::open("/").unwrap();
    let output = command.arg("validate").env_clear().stdin(directory).output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    for args in [["--sink", "kitchen"], ["--strictness", "5"], ["--strictness", "0"]] {
        assert_eq!(validate(&args, b"x\n").code, Some(2), "{args:?}");
    }
}

#[test]
fn policies_are_read_from_a_file_and_a_bad_one_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("policies.toml");
    let with = |policies: &str, input: &[u8]| {
        std::fs::write(&path, policies).unwrap();
        validate(&["--sink", "terminal", "--policy", path.to_str().unwrap()], input)
    };
    let input = b"\x1b[2Jx\n0123456789\n";
    assert_eq!(answers(&with("", input))[0]["rule"], "terminal.escape-sequence");
    let excepted = "[[sinks.terminal.exceptions]]\nrule = \"terminal.escape-sequence\"\n\
         until = \"2199-01-01T00:00:00Z\"\nowner = \"ann\"\nreason = \"colours\"\n";
    let told = answers(&with(&format!("[sinks.terminal]\ncap = 8\n{excepted}"), input));
    assert_eq!(told[0]["verdict"], "clean");
    assert_eq!(told[1]["error"], "the text has 10 bytes, and the policy takes 8");
    let expired = answers(&with(&excepted.replace("2199", "1999"), input));
    assert_eq!(expired[0]["verdict"], "attack");

    let refused = with("[message]\nstrictness = 1\n\n[sinks.terminal]\nstrict = 3\n", input);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    let expected = format!("error: the policies {} are not acceptable: line 5: ", path.display());
    assert!(refused.stderr.starts_with(&expected), "{refused:?}");
    assert!(refused.stderr.contains("unknown field `strict`"), "{refused:?}");
    std::fs::remove_file(&path).unwrap();
    let gone = validate(&["--policy", path.to_str().unwrap()], input);
    assert_eq!(gone.code, Some(2));
}

#[test]
fn every_rule_is_explained() {
    let all = auditctl(&["validate", "explain", "--format", "json"]);
    let all: Vec<Value> = serde_json::from_str(&all.stdout).unwrap();
    assert!(all.len() > 10, "{}", all.len());
    let listed = auditctl(&["validate", "explain"]).stdout;
    for rule in &all {
        let id = rule["id"].as_str().unwrap();
        let ended = auditctl(&["validate", "explain", id]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.starts_with(id), "{ended:?}");
        assert!(ended.stdout.contains(rule["about"].as_str().unwrap()), "{ended:?}");
        assert!(listed.contains(id), "{id}");
    }
    let none = auditctl(&["validate", "explain", "header.no-such"]);
    assert_eq!(none.code, Some(2));
    assert!(
        none.stderr.starts_with("error: no rule has that name\nhint: there are header."),
        "{none:?}"
    );
}

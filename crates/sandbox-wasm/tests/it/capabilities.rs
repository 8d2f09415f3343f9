use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Denied, Ended, Outcome, Policy};
use wardkit_sandbox_wasm::Wasm;

use crate::support::{Host, engines, module, prepare, quick, refusal};

/// Asks for the name that is its input, with `request`, and gives what `ask` gave and the answer.
const ASKS: &str = r#"
    (import "wardkit" "ask" (func $ask (param i32 i32 i32 i32) (result i64)))
    (import "wardkit" "answer" (func $answer (param i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 64) "request")
    (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
      (i64.store (i32.const 2048)
        (call $ask (local.get $at) (local.get $length) (i32.const 64) (i32.const 7)))
      (i64.or (i64.const 0x80000000000)
        (i64.extend_i32_u
          (i32.add (i32.const 8) (call $answer (i32.const 2056) (i32.const 100))))))"#;

fn granting(names: &[&str]) -> Policy {
    let mut policy = quick();
    policy.grants.capabilities = names.iter().map(ToString::to_string).collect();
    policy
}

fn asks(sandbox: &Wasm, name: &str, policy: &Policy) -> (i64, Vec<u8>, Outcome) {
    let host: Arc<dyn Capabilities> = Arc::new(Host::default());
    let plugin = prepare(sandbox, &module(ASKS), policy);
    let outcome = plugin.call(name.as_bytes(), &host).expect("it is called");
    let (code, answer) = outcome.output.split_first_chunk().expect("a number comes first");
    (i64::from_le_bytes(*code), answer.to_vec(), outcome)
}

#[test]
fn an_answer_is_fetched_by_the_plugin() {
    for sandbox in engines() {
        let (code, answer, outcome) = asks(&sandbox, "double", &granting(&["double"]));
        assert_eq!((code, &answer[..]), (14, &b"requestrequest"[..]), "{sandbox:?}");
        assert!(outcome.usage.denied.is_empty());
    }
}

#[test]
fn a_refusal_is_a_number_and_is_told() {
    let policy = granting(&["quota", "gone", "panics", "log"]);
    for sandbox in engines() {
        for (name, expected) in
            [("quota", -3), ("gone", -4), ("panics", -4), ("double", -1), ("log", -1), ("", -1)]
        {
            let (code, answer, outcome) = asks(&sandbox, name, &policy);
            assert_eq!((code, &answer[..]), (expected, &b""[..]), "{name} {sandbox:?}");
            assert_eq!(outcome.usage.denied, [Denied::new(name, 1)]);
        }
    }
}

#[test]
fn an_import_needs_its_grant_when_it_is_prepared() {
    for (import, kind, grant) in [
        ("log", "(param i32 i32 i32)", "log"),
        ("now", "(result i64)", "clock"),
        ("random", "(param i32 i32)", "random"),
        ("ask", "(param i32 i32 i32 i32) (result i64)", "http"),
        ("answer", "(param i32 i32) (result i32)", "http"),
    ] {
        let module = module(&format!(
            r#"(import "wardkit" "{import}" (func {kind}))
               (memory (export "memory") 2)
               (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0))"#
        ));
        let others: Vec<_> =
            ["log", "clock", "random"].into_iter().filter(|other| *other != grant).collect();
        let reason = refusal(&module, &granting(&others));
        assert!(reason.contains(&format!("it imports `{import}`")), "{reason}");
        for sandbox in engines() {
            prepare(&sandbox, &module, &granting(&[grant]));
        }
    }
}

#[test]
fn a_question_ends_at_the_deadline_of_the_call() {
    let mut policy = granting(&["never"]);
    policy.limits.timeout = Duration::from_millis(100);
    for sandbox in engines() {
        let host = Arc::new(Host::default());
        let stuck = host.stuck.lock().expect("nobody panicked");
        let capabilities: Arc<dyn Capabilities> = host.clone();
        let plugin = prepare(&sandbox, &module(ASKS), &policy);
        let outcome = plugin.call(b"never", &capabilities).expect("it is called");
        assert_eq!(outcome.ended, Ended::Timeout, "{sandbox:?}");
        drop(stuck);
    }
}

#[test]
fn an_answer_that_does_not_fit_into_the_budget_is_not_kept() {
    let mut policy = granting(&["double"]);
    // The stack, two pages and 13 bytes: one less than the answer has.
    policy.limits.memory.0 = 512 * 1024 + 2 * 65_536 + 13;
    for sandbox in engines() {
        assert_eq!(asks(&sandbox, "double", &policy).0, -5, "{sandbox:?}");
        policy.limits.memory.0 += 1;
        assert_eq!(asks(&sandbox, "double", &policy).0, 14, "{sandbox:?}");
        policy.limits.memory.0 -= 1;
    }
}

#[test]
fn lines_of_a_log_are_one_line_each_and_bounded() {
    let module = module(
        r#"(import "wardkit" "log" (func $log (param i32 i32 i32)))
           (memory (export "memory") 2)
           (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
             (local $n i32)
             (loop $more
               (call $log (i32.const 1) (local.get $at) (local.get $length))
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $more (i32.lt_u (local.get $n) (i32.const 20000))))
             (i64.const 0))"#,
    );
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &module, &granting(&["log"]));
        let host: Arc<dyn Capabilities> = Arc::new(());
        let outcome = plugin.call(b"a\nb\x1b\xff", &host).expect("it is called");
        let said = String::from_utf8(outcome.errors).expect("it is a text");
        assert!(said.starts_with("warn a\\nb\\u{1b}\u{fffd}\n"), "{}", &said[..40]);
        assert!(said.len() < 70_000, "{}", said.len());
        assert!(said.trim_end().ends_with("lines were too much and are missing"));
    }
}

#[test]
fn time_is_coarse_and_randomness_is_random() {
    let module = module(
        r#"(import "wardkit" "now" (func $now (result i64)))
           (import "wardkit" "random" (func $random (param i32 i32)))
           (memory (export "memory") 2)
           (func (export "wk_handle") (param i32 i32) (result i64)
             (i64.store (i32.const 0) (call $now))
             (call $random (i32.const 8) (i32.const 1000))
             (i64.const 1008))"#,
    );
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &module, &granting(&["clock", "random"]));
        let call = || plugin.call(b"", &(Arc::new(()) as _)).expect("it is called").output;
        let (one, other) = (call(), call());
        let (millis, random) = one.split_first_chunk().expect("the time comes first");
        let millis = i64::from_le_bytes(*millis);
        assert!(millis > 1_700_000_000_000 && millis % 10 == 0, "{millis}");
        assert_ne!(random, &other[8..]);
        assert!(random.windows(8).all(|run| run != [0; 8]), "all of it is filled");
    }
}

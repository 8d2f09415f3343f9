//! Modules that are valid and mean no good: each row of the escape corpus that an engine has to stop.

use std::time::Duration;

use wardkit_sandbox::{Ended, Policy};

use crate::support::{call, engines, handles, module, nobody, prepare, quick};

fn check(module: &[u8], policy: &Policy, expected: impl Fn(&Ended) -> bool) {
    for sandbox in engines() {
        let outcome = call(&sandbox, module, policy, b"input");
        assert!(expected(&outcome.ended), "{sandbox:?}: {:?}", outcome.ended);
    }
}

fn trapped(ended: &Ended) -> bool {
    matches!(ended, Ended::Trapped(_))
}

fn soon() -> Policy {
    let mut policy = quick();
    policy.limits.timeout = Duration::from_millis(100);
    policy
}

#[test]
fn an_endless_loop_ends_at_the_deadline() {
    check(&handles("(loop $l (br $l)) (i64.const 0)"), &soon(), |ended| *ended == Ended::Timeout);
}

#[test]
fn an_endless_loop_in_a_constructor_ends_at_the_deadline() {
    let module = module(
        r#"(memory (export "memory") 2)
           (func (export "wk_init") (loop $l (br $l)))
           (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0))"#,
    );
    check(&module, &soon(), |ended| *ended == Ended::Timeout);
}

#[test]
fn endless_filling_of_memory_ends_at_the_deadline() {
    let fills = handles(
        "(drop (memory.grow (i32.const 600)))
         (loop $l
           (memory.fill (i32.const 0) (i32.const 1) (i32.const 39000000))
           (br $l))
         (i64.const 0)",
    );
    check(&fills, &soon(), |ended| *ended == Ended::Timeout);
}

#[test]
fn recursion_without_end_is_a_trap() {
    check(
        &handles("(call $handle (local.get 0) (local.get 1))"),
        &quick(),
        |ended| matches!(ended, Ended::Trapped(why) if why.contains("stack")),
    );
}

#[test]
fn recursion_through_a_table_is_a_trap() {
    let module = module(
        r#"(memory (export "memory") 2)
           (table 1 funcref) (elem (i32.const 0) $deep)
           (type $t (func (result i64)))
           (func $deep (type $t) (local i64 i64 i64 i64 i64 i64 i64 i64)
             (i64.add (call_indirect (type $t) (i32.const 0)) (i64.const 1)))
           (func (export "wk_handle") (param i32 i32) (result i64) (call $deep))"#,
    );
    check(&module, &quick(), trapped);
}

#[test]
fn memory_grows_to_its_budget_and_no_further() {
    // Gives the pages that it got.
    let grows = handles(
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
         (i32.store (i32.const 0) (memory.size))
         (i64.const 4)",
    );
    for sandbox in engines() {
        let outcome = call(&sandbox, &grows, &quick(), b"");
        let pages = u32::from_le_bytes(outcome.output.try_into().expect("it is a number"));
        // 50 MB without the stack.
        assert_eq!(u64::from(pages), (50_000_000 - 512 * 1024) / 65_536, "{sandbox:?}");
        assert!(outcome.usage.peak_memory <= 50_000_000);
    }
}

#[test]
fn a_trap_for_want_of_memory_is_told_as_that() {
    let greedy = handles(
        "(if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1)) (then (unreachable)))
         (i64.const 0)",
    );
    check(&greedy, &quick(), |ended| *ended == Ended::OutOfMemory);
}

#[test]
fn tables_grow_from_the_same_budget() {
    let module = module(
        r#"(memory (export "memory") 2)
           (table $t 1 funcref)
           (func (export "wk_handle") (param i32 i32) (result i64)
             (loop $l (br_if $l (i32.ne
               (memory.grow (i32.const 1)) (i32.const -1))))
             (i32.store (i32.const 0) (table.grow $t (ref.null func) (i32.const 20000)))
             (i64.const 4))"#,
    );
    for sandbox in engines() {
        let outcome = call(&sandbox, &module, &quick(), b"");
        assert_eq!(outcome.output, (-1_i32).to_le_bytes(), "{sandbox:?}");
    }
}

#[test]
fn a_table_grows_to_its_most_elements_and_no_further() {
    let module = module(
        r#"(memory (export "memory") 2)
           (table $t 0 funcref)
           (func (export "wk_handle") (param i32 i32) (result i64)
             (i32.store (i32.const 0) (table.grow $t (ref.null func) (i32.const 262144)))
             (i32.store (i32.const 4) (table.grow $t (ref.null func) (i32.const 1)))
             (i64.const 8))"#,
    );
    for sandbox in engines() {
        let outcome = call(&sandbox, &module, &quick(), b"");
        assert_eq!(outcome.output, [0, 0, 0, 0, 255, 255, 255, 255], "{sandbox:?}");
    }
}

#[test]
fn no_load_or_store_leaves_the_memory() {
    for access in [
        "(drop (i32.load (i32.const -1)))",
        "(drop (i32.load (i32.const 131069)))",
        "(drop (i64.load offset=4294967295 (i32.const -1)))",
        "(i64.store (i32.const 131065) (i64.const 1))",
        "(memory.fill (i32.const 131072) (i32.const 1) (i32.const 1))",
        "(memory.copy (i32.const 0) (i32.const 131000) (i32.const 100))",
    ] {
        check(&handles(&format!("{access} (i64.const 0)")), &quick(), trapped);
    }
}

#[test]
fn no_output_lies_outside_the_memory() {
    for given in ["0x7fffffff00000001", "0x00000000ffffffff", "0x0001ffff00000002"] {
        check(&handles(&format!("(i64.const {given})")), &quick(), trapped);
    }
    check(&handles("(i64.const 0x0002000000000000)"), &quick(), |ended| *ended == Ended::Exited(0));
}

#[test]
fn room_outside_the_memory_is_not_written_to() {
    for room in ["-1", "131072", "131070", "2147483647"] {
        let text = format!(
            r#"(module (memory (export "memory") 2)
              (func (export "wk_alloc") (param i32) (result i32) (i32.const {room}))
              (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0)))"#
        );
        check(&wat::parse_str(text).expect("it is a module"), &quick(), trapped);
    }
}

#[test]
fn a_range_that_an_import_is_given_lies_within_the_memory() {
    let mut policy = quick();
    policy.grants.capabilities = ["log", "random", "http"].map(str::to_owned).into();
    for import in [
        "(call $log (i32.const 0) (i32.const -1) (i32.const 2))",
        "(call $log (i32.const 0) (i32.const 131071) (i32.const 2))",
        "(call $log (i32.const 4) (i32.const 0) (i32.const 1))",
        "(call $random (i32.const 0) (i32.const -1))",
        "(drop (call $ask (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0)))",
        "(drop (call $ask (i32.const 0) (i32.const 0) (i32.const -1) (i32.const -1)))",
        "(drop (call $answer (i32.const 131072) (i32.const 1)))",
    ] {
        check(&imports_and_then(import), &policy, trapped);
    }
}

#[test]
fn bytes_through_imports_are_bounded() {
    let mut policy = quick();
    policy.grants.capabilities = ["log", "random", "http"].map(str::to_owned).into();
    let floods = imports_and_then(
        "(loop $l (call $log (i32.const 0) (i32.const 0) (i32.const 131072)) (br $l))",
    );
    check(&floods, &policy, |ended| matches!(ended, Ended::Trapped(why) if why.contains("bytes")));
}

fn imports_and_then(body: &str) -> Vec<u8> {
    module(&format!(
        r#"(import "wardkit" "log" (func $log (param i32 i32 i32)))
           (import "wardkit" "random" (func $random (param i32 i32)))
           (import "wardkit" "ask" (func $ask (param i32 i32 i32 i32) (result i64)))
           (import "wardkit" "answer" (func $answer (param i32 i32) (result i32)))
           (memory (export "memory") 2)
           (func (export "wk_handle") (param i32 i32) (result i64) {body} (i64.const 0))"#
    ))
}

#[test]
fn a_call_through_the_wrong_type_is_a_trap() {
    let module = module(
        r#"(memory (export "memory") 2)
           (table 2 funcref) (elem (i32.const 0) $f)
           (func $f (param i64))
           (func (export "wk_handle") (param $which i32) (param i32) (result i64)
             (call_indirect (param i32) (i32.const 0) (i32.const 0))
             (i64.const 0))"#,
    );
    check(&module, &quick(), trapped);
}

#[test]
fn faults_of_arithmetic_are_traps() {
    for fault in [
        "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
        "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
        "(drop (i32.trunc_f64_s (f64.const nan)))",
        "(unreachable)",
    ] {
        check(&handles(&format!("{fault} (i64.const 0)")), &quick(), trapped);
    }
}

#[test]
fn data_that_lies_outside_the_memory_is_a_trap() {
    let module = module(
        r#"(memory (export "memory") 1)
           (data (i32.const 65536) "x")
           (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0))"#,
    );
    check(&module, &quick(), trapped);
}

#[test]
fn a_tenth_of_a_processor_is_all_that_a_loop_gets() {
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(1500);
    policy.limits.load = Duration::from_mins(1);
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &handles("(loop $l (br $l)) (i64.const 0)"), &policy);
        let usage = plugin.call(b"", &nobody()).expect("it is called").usage;
        // A tenth, and once the 20 ms that may be used at once.
        let most = Duration::from_millis(150 + 20 + 15);
        assert!(usage.cpu < most, "{:?} of {:?} by {sandbox:?}", usage.cpu, usage.wall);
    }
}

#[test]
fn a_plugin_pays_for_the_calls_before() {
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(400);
    policy.limits.load = Duration::from_mins(1);
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &handles("(loop $l (br $l)) (i64.const 0)"), &policy);
        let used: Duration =
            (0..3).map(|_| plugin.call(b"", &nobody()).expect("it is called").usage.cpu).sum();
        assert!(used < Duration::from_millis(120 + 20 + 20), "{used:?} by {sandbox:?}");
    }
}

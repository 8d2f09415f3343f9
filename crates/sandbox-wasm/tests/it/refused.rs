//! Modules that are refused before an engine sees them.

use wardkit_sandbox::Size;

use crate::support::{ECHO, handles, module, quick, refusal};

fn check(parts: &str, expected: &str) {
    let reason = refusal(&with_work(parts), &quick());
    assert!(reason.contains(expected), "{reason:?} should say {expected:?}");
}

fn with_work(parts: &str) -> Vec<u8> {
    module(&format!(
        r#"{parts} (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0))"#
    ))
}

const MEMORY: &str = r#"(memory (export "memory") 2)"#;

#[test]
fn what_there_is_not_cannot_be_imported() {
    for (import, named) in [
        (
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
            "fd_write",
        ),
        (r#"(import "env" "system" (func (param i32) (result i32)))"#, "system"),
        (r#"(import "wardkit" "exec" (func))"#, "exec"),
        (r#"(import "env" "memory" (memory 1))"#, "no function"),
        (r#"(import "env" "table" (table 1 funcref))"#, "no function"),
        (r#"(import "env" "global" (global i32))"#, "no function"),
        (r#"(import "wardkit" "log" (func (param i64)))"#, "another type"),
        (r#"(import "wardkit" "now" (func (result i32)))"#, "another type"),
    ] {
        check(&format!("{import} {MEMORY}"), named);
    }
}

#[test]
fn a_start_function_is_refused() {
    check(&format!("{MEMORY} (func $begin) (start $begin)"), "start function");
}

#[test]
fn what_must_be_exported_is() {
    check("(memory 1)", "does not export `memory`");
    check(r#"(func (export "memory"))"#, "exports `memory` as something else");
    check(&format!(r#"{MEMORY} (func (export "wk_init") (param i32))"#), "with another type");
    let reason = refusal(&wat::parse_str("(module)").expect("it is a module"), &quick());
    assert!(reason.contains("does not export `memory`"), "{reason}");
    let other = module(&format!(
        r#"{MEMORY} (func (export "wk_handle") (param i32) (result i64) (i64.const 0))"#
    ));
    assert!(refusal(&other, &quick()).contains("exports `wk_handle` with another type"));
}

#[test]
fn proposals_beyond_the_second_release_are_refused() {
    for (parts, said) in [
        (r#"(memory (export "memory") i64 1)"#, "memory64"),
        (r#"(memory (export "memory") 1 1 shared)"#, "threads"),
        (r#"(memory (export "memory") 1) (memory 1)"#, "more than 1 memories"),
        (r#"(memory (export "memory") 1 (pagesize 1))"#, "page"),
        (r#"(memory (export "memory") 1) (func (drop (v128.const i64x2 0 0)))"#, "SIMD"),
        (r#"(memory (export "memory") 1) (func $f (return_call $f))"#, "tail"),
        (r#"(memory (export "memory") 1) (tag $t) (func (throw $t))"#, "exceptions"),
        (r#"(memory (export "memory") 1) (type (struct (field i32)))"#, "gc"),
        (r#"(memory (export "memory") 1) (table 1 externref)"#, "gc"),
        (
            r#"(memory (export "memory") 1) (func (drop (i32.atomic.load (i32.const 0))))"#,
            "threads",
        ),
        (
            r#"(memory (export "memory") 1) (global i32 (i32.add (i32.const 1) (i32.const 1)))"#,
            "constant",
        ),
    ] {
        check(parts, said);
    }
}

#[test]
fn a_module_is_no_larger_than_may_be() {
    let many = |part: &str, n: usize| format!("{MEMORY} {}", part.repeat(n));
    check(&many("(func)", 20_001), "functions");
    check(&many("(global i32 (i32.const 0))", 1_001), "globals");
    check(&many("(table 1 funcref)", 5), "tables");
    check(&format!("{MEMORY} (table 262145 funcref)"), "elements of a table");
    check(&many(r#"(data (i32.const 0) "x")"#, 4_097), "segments of data");
    check(&format!("{MEMORY} (func (local {}))", "i64 ".repeat(2_001)), "locals");
    check(&format!("{MEMORY} (func (param {}))", "i64 ".repeat(65)), "parameters");
    check(&format!("{MEMORY} (func {})", "nop ".repeat(256 * 1024)), "bytes of one function");
    let reason = refusal(&vec![0; (8 << 20) + 1], &quick());
    assert!(reason.contains("8388608 bytes"), "{reason}");
}

#[test]
fn a_bomb_of_locals_is_refused_before_it_is_expanded() {
    // 4 294 967 295 locals in six bytes.
    let text = format!("{MEMORY} (func (local i32))");
    let mut module = with_work(&text);
    let locals = [4, 1, 1, 0x7f, 0x0b];
    let at = module.windows(5).position(|found| found == locals).expect("the body is there");
    module.splice(at..at + 5, [8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]);
    let code = module[..at].iter().rposition(|byte| *byte == 10).expect("the section is there");
    module[code + 1] += 4;
    let reason = refusal(&module, &quick());
    assert!(reason.contains("locals"), "{reason}");
}

#[test]
fn a_start_with_more_memory_than_may_be_is_refused() {
    let mut policy = quick();
    policy.limits.memory = Size(512 * 1024 + 2 * 65_536 - 1);
    let reason = refusal(&handles(ECHO), &policy);
    assert!(reason.contains("it starts with 655360 bytes of memory"), "{reason}");
    check(r#"(memory (export "memory") 65536)"#, "it starts with");
    check(
        &format!("{MEMORY} {}", "(table 262144 funcref) (table 262144 funcref)")
            .replace("2)", "750)"),
        "it starts with",
    );
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0", b"#!/bin/sh\n", b"\x7fELF", &[0; 64]] {
        refusal(bytes, &quick());
    }
    // No names, which would be a section that a module is complete without.
    let whole = with_work(MEMORY);
    for end in 0..whole.len() {
        refusal(&whole[..end], &quick());
    }
}

#[test]
fn native_code_is_never_taken_for_a_module() {
    let mut native = b"\x7fELF\x02\x01\x01\xc8".to_vec();
    native.resize(4096, 0);
    refusal(&native, &quick());
}

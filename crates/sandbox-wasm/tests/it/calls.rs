use wardkit_sandbox::{Ended, Guarantee, Sandbox, SandboxError, Size, Strength};

use crate::support::{ECHO, call, engines, handles, module, nobody, prepare, quick};

#[test]
fn what_is_handed_in_comes_back() {
    for sandbox in engines() {
        for input in [&b""[..], b"hello", &vec![7; 100_000]] {
            let outcome = call(&sandbox, &handles(ECHO), &quick(), input);
            assert_eq!(outcome.ended, Ended::Exited(0), "{sandbox:?}");
            assert_eq!(outcome.output, input);
        }
    }
}

#[test]
fn each_call_is_as_if_it_was_the_first() {
    let counts = handles(
        "(i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
         (i64.or (i64.shl (i64.const 8) (i64.const 32)) (i64.const 4))",
    );
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &counts, &quick());
        for _ in 0..3 {
            let outcome = plugin.call(b"", &nobody()).expect("it is called");
            assert_eq!(outcome.output, 1_u32.to_le_bytes(), "{sandbox:?}");
        }
    }
}

#[test]
fn constructors_run_before_anything_else() {
    let module = module(
        r#"(memory (export "memory") 2)
           (func (export "wk_init") (i32.store8 (i32.const 0) (i32.const 42)))
           (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 1))"#,
    );
    for sandbox in engines() {
        assert_eq!(call(&sandbox, &module, &quick(), b"").output, [42], "{sandbox:?}");
    }
}

#[test]
fn a_plugin_fails_with_a_status_of_its_own() {
    for sandbox in engines() {
        let outcome = call(&sandbox, &handles("(i64.const -3)"), &quick(), b"");
        assert_eq!(outcome.ended, Ended::Exited(3), "{sandbox:?}");
        assert!(outcome.output.is_empty());
    }
}

#[test]
fn a_longer_input_than_may_be_is_not_handed_over() {
    let mut policy = quick();
    policy.limits.input = Size(10);
    for sandbox in engines() {
        let plugin = prepare(&sandbox, &handles(ECHO), &policy);
        assert_eq!(plugin.call(&[1; 10], &nobody()).expect("it fits").output, [1; 10]);
        let refused = plugin.call(&[1; 11], &nobody()).expect_err("it does not fit");
        assert_eq!(refused.to_string(), "input: it has 11 bytes, and may have 10");
    }
}

#[test]
fn a_longer_output_than_may_be_ends_the_call() {
    let mut policy = quick();
    policy.limits.output = Size(5);
    for sandbox in engines() {
        let outcome = call(&sandbox, &handles(ECHO), &policy, b"123456");
        assert_eq!(outcome.ended, Ended::OutputLimit, "{sandbox:?}");
        assert_eq!(outcome.output, b"12345");
    }
}

#[test]
fn everything_that_is_promised_is_enforced_and_named() {
    for sandbox in engines() {
        let outcome = call(&sandbox, &handles(ECHO), &quick(), b"");
        assert_eq!(outcome.report, sandbox.probe().best);
        for guarantee in Guarantee::ALL {
            assert_eq!(outcome.report.strength(guarantee), Strength::Enforced, "{guarantee}");
        }
    }
}

#[test]
fn what_only_a_native_program_can_have_is_refused() {
    let mut policies = [quick(), quick(), quick()];
    policies[0].grants.network = true;
    policies[1].grants.environment.insert("TERM".into(), "dumb".into());
    policies[2].grants.binds.push(wardkit_sandbox::Bind::read_only("/usr"));
    for sandbox in engines() {
        for policy in &policies {
            let refused = sandbox.prepare(&handles(ECHO), policy).err();
            assert!(
                matches!(refused, Some(SandboxError::Invalid { what, .. }) if what == "policy")
            );
        }
    }
}

#[test]
fn memory_is_measured() {
    for sandbox in engines() {
        let grows = format!("(drop (memory.grow (i32.const 100))) {ECHO}");
        let peak = call(&sandbox, &handles(&grows), &quick(), b"").usage.peak_memory;
        // 102 pages and the stack.
        assert_eq!(peak, 102 * 65_536 + 512 * 1024, "{sandbox:?}");
    }
}

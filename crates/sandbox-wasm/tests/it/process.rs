//! Calls that are processes: the same promises, and a host that outlives its workers.

use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Ended, Guarantee, Policy, Sandbox as _, SandboxError, Size};
use wardkit_sandbox_wasm::{Config, Isolation, Wasm, Worker};

use crate::support::{ECHO, Host, call, handles, module, nobody, prepare, quick};

/// How a call ends.
type Expected = fn(&Ended) -> bool;

/// A sandbox with each engine that was built in, in a process.
fn apart() -> Vec<Wasm> {
    vec![
        with(Config::default()),
        #[cfg(feature = "compiler")]
        with(compiled()),
    ]
}

#[cfg(feature = "compiler")]
fn compiled() -> Config {
    use wardkit_sandbox_wasm::{Cache, Confined, Engine};

    let mut config = Config::default();
    let compiler = Arc::new(Confined::new(worker()));
    config.engine = Engine::Compiled(Cache::none().compile_with(compiler));
    config
}

fn with(mut config: Config) -> Wasm {
    config.isolation = Isolation::Process(worker());
    Wasm::with(&config).expect("the engine is made")
}

fn worker() -> Worker {
    Worker::new(env!("CARGO_BIN_EXE_wasm-worker"), &[])
}

#[test]
fn what_is_handed_in_comes_back_from_a_process() {
    for sandbox in apart() {
        let plugin = prepare(&sandbox, &handles(ECHO), &quick());
        for input in [&b""[..], b"hello", &vec![7; 100_000]] {
            let outcome = plugin.call(input, &nobody()).expect("it is called");
            assert_eq!(outcome.ended, Ended::Exited(0), "{sandbox:?}");
            assert_eq!(outcome.output, input);
            assert!(outcome.usage.peak_memory > 0);
        }
    }
}

#[test]
fn the_report_names_both_walls() {
    let sandbox = with(Config::default());
    let outcome = call(&sandbox, &handles(ECHO), &quick(), b"");
    let (_, files) = outcome
        .report
        .iter()
        .find(|(guarantee, _)| *guarantee == Guarantee::Files)
        .expect("it is told");
    assert!(files.mechanism.contains("no import"), "{files:?}");
    assert!(files.mechanism.contains("around the engine's process: "), "{files:?}");
    assert!(!files.mechanism.contains("nothing"), "{files:?}");
}

#[test]
fn a_call_in_a_process_ends_as_it_does_without() {
    let mut soon = quick();
    soon.limits.timeout = Duration::from_millis(100);
    let mut short = quick();
    short.limits.output = Size(5);
    let greedy = "(if (i32.eq (memory.grow (i32.const 60000)) (i32.const -1)) (then (unreachable)))
        (i64.const 0)";
    let rows: [(&str, &Policy, Expected); 6] = [
        ("(loop $l (br $l)) (i64.const 0)", &soon, |ended| *ended == Ended::Timeout),
        ("(unreachable)", &quick(), |ended| matches!(ended, Ended::Trapped(_))),
        (
            "(call $handle (i32.const 0) (i32.const 0))",
            &quick(),
            |ended| matches!(ended, Ended::Trapped(why) if why.contains("stack")),
        ),
        (greedy, &quick(), |ended| *ended == Ended::OutOfMemory),
        (ECHO, &short, |ended| *ended == Ended::OutputLimit),
        ("(i64.const -3)", &quick(), |ended| *ended == Ended::Exited(3)),
    ];
    for sandbox in apart() {
        for (body, policy, is_expected) in rows {
            let outcome = call(&sandbox, &handles(body), policy, b"123456");
            assert!(is_expected(&outcome.ended), "{body} {sandbox:?}: {:?}", outcome.ended);
        }
    }
}

#[test]
fn questions_of_a_process_are_answered_when_they_were_granted() {
    let mut policy = quick();
    policy.grants.capabilities = ["double", "log"].map(str::to_owned).into();
    let asks = |name: &str| {
        module(&format!(
            r#"(import "wardkit" "ask" (func $ask (param i32 i32 i32 i32) (result i64)))
               (import "wardkit" "answer" (func $answer (param i32 i32) (result i32)))
               (import "wardkit" "log" (func $log (param i32 i32 i32)))
               (memory (export "memory") 2)
               (data (i32.const 0) "{name}")
               (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
                 (call $log (i32.const 2) (i32.const 0) (i32.const {length}))
                 (i64.store (i32.const 512) (call $ask (i32.const 0) (i32.const {length})
                   (local.get $at) (local.get $length)))
                 (drop (call $answer (i32.const 520) (i32.const 100)))
                 (i64.const 0x2000000000e))"#,
            length = name.len()
        ))
    };
    let host: Arc<dyn Capabilities> = Arc::new(Host::default());
    for sandbox in apart() {
        let answered = prepare(&sandbox, &asks("double"), &policy).call(b"abc", &host);
        let answered = answered.expect("it is called");
        assert_eq!(answered.ended, Ended::Exited(0), "{sandbox:?}");
        assert_eq!(answered.output, [&6_i64.to_le_bytes()[..], b"abcabc"].concat());
        assert_eq!(answered.errors, b"info double\n");
        let refused = prepare(&sandbox, &asks("http"), &policy).call(b"abc", &host);
        let refused = refused.expect("it is called");
        assert_eq!(refused.output[..8], (-1_i64).to_le_bytes());
        assert_eq!(refused.usage.denied.len(), 1, "{:?}", refused.usage);
    }
}

#[test]
fn an_answer_that_never_comes_ends_the_call_at_its_deadline() {
    let mut policy = quick();
    policy.limits.timeout = Duration::from_millis(200);
    policy.grants.capabilities = ["never".to_owned()].into();
    let asks = module(
        r#"(import "wardkit" "ask" (func $ask (param i32 i32 i32 i32) (result i64)))
           (memory (export "memory") 2)
           (data (i32.const 0) "never")
           (func (export "wk_handle") (param i32 i32) (result i64)
             (call $ask (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0)))"#,
    );
    let host = Arc::new(Host::default());
    let stuck = host.stuck.lock().expect("nobody panics");
    let capabilities: Arc<dyn Capabilities> = Arc::clone(&host) as _;
    let plugin = prepare(&with(Config::default()), &asks, &policy);
    let outcome = plugin.call(b"", &capabilities).expect("it is called");
    drop(stuck);
    assert_eq!(outcome.ended, Ended::Timeout);
}

#[test]
fn calls_in_processes_share_what_the_plugin_may_use() {
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(400);
    policy.limits.load = Duration::from_mins(1);
    let plugin =
        prepare(&with(Config::default()), &handles("(loop $l (br $l)) (i64.const 0)"), &policy);
    let used: Duration =
        (0..3).map(|_| plugin.call(b"", &nobody()).expect("it is called").usage.cpu).sum();
    // A tenth of three deadlines and of what lies between them, once the 20 ms that may be used at once, and three times
    // what a process uses before it is told to stand still.
    assert!(used < Duration::from_millis(260), "{used:?}");
}

#[test]
fn a_program_that_is_no_worker_is_an_error_and_no_more() {
    for program in ["/bin/true", "/bin/cat", "/bin/false", "/nowhere/at/all"] {
        let mut config = Config::default();
        config.isolation = Isolation::Process(Worker::new(program, &[]));
        let sandbox = Wasm::with(&config).expect("the engine is made");
        let refused = sandbox.prepare(&handles(ECHO), &quick()).err().expect("it is no worker");
        assert!(
            matches!(refused, SandboxError::Invalid { .. } | SandboxError::Setup { .. }),
            "{program}: {refused}"
        );
    }
}

#[cfg(feature = "compiler")]
mod compiling {
    use wardkit_sandbox::{Limits, Share};
    use wardkit_sandbox_wasm::{Compile as _, Confined, InProcess};

    use super::*;

    #[test]
    fn what_a_confined_compiler_makes_is_what_a_free_one_makes() {
        let module = handles(ECHO);
        let confined = Confined::new(worker()).compile(&module).expect("it is compiled");
        let free = InProcess::new().and_then(|free| free.compile(&module)).expect("it is compiled");
        assert_eq!(confined, free);
    }

    #[test]
    fn a_module_that_takes_too_much_to_compile_ends_its_compiler_alone() {
        let bomb = bomb();
        let mut limits = Limits::default();
        limits.memory = Size(512_000_000);
        limits.cpu = Share::from_thousandths(1000).expect("it is a share");
        limits.timeout = Duration::from_millis(700);
        limits.output = Size(128 << 20);
        let soon = Confined::with(worker(), limits.clone()).compile(&bomb);
        assert_eq!(
            soon.map(drop).expect_err("there is no time").to_string(),
            "module: it takes too long to compile"
        );
        limits.timeout = Duration::from_mins(1);
        limits.memory = Size(8_000_000);
        let small = Confined::with(worker(), limits).compile(&bomb);
        let small = small.map(drop).expect_err("there is no room").to_string();
        assert!(small.contains("memory") || small.contains("Killed"), "{small}");
    }

    /// Functions that are all one expression: seconds of a compiler's work within the limits of a module.
    fn bomb() -> Vec<u8> {
        let sum = "(local.get 0) ".to_owned()
            + &"(i64.mul (local.get 0)) (i64.add (local.get 0)) ".repeat(8000);
        let functions = format!("(func (param i64) (result i64) {sum})").repeat(12);
        module(&format!(
            r#"(memory (export "memory") 1) {functions}
               (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0))"#
        ))
    }
}

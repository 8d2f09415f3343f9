//! That calls leave nothing behind: alone in its process, so that nothing else is in the figures.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Policy, Sandbox as _};
use wardkit_sandbox_wasm::{Config, Wasm};

/// Gives back its input.
const ECHO: &str = r#"(module
    (memory (export "memory") 2)
    (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
            (i64.extend_i32_u (local.get $length)))))"#;

#[test]
fn ten_thousand_calls_leave_nothing_behind() {
    let module = wat::parse_str(ECHO).expect("the text is a module");
    let nothing: Arc<dyn Capabilities> = Arc::new(());
    for sandbox in engines() {
        let plugin = sandbox.prepare(&module, &quick()).expect("the module is prepared");
        let call = || plugin.call(b"0123456789abcdef", &nothing).expect("it is called");
        for _ in 0..500 {
            assert_eq!(call().output.len(), 16);
        }
        let (memory, descriptors) = (resident(), open_descriptors());
        for _ in 0..10_000 {
            assert_eq!(call().output.len(), 16);
        }
        let grown = resident().saturating_sub(memory);
        assert!(grown < 10_000 * 1024, "{grown} bytes by {sandbox:?}");
        assert_eq!(open_descriptors(), descriptors, "{sandbox:?}");
    }
}

fn engines() -> Vec<Wasm> {
    vec![
        Wasm::with(&Config::default()).expect("the engine is made"),
        #[cfg(feature = "compiler")]
        compiled(),
    ]
}

#[cfg(feature = "compiler")]
fn compiled() -> Wasm {
    use wardkit_sandbox_wasm::{Cache, Engine, InProcess};

    let mut config = Config::default();
    let compiler = InProcess::new().expect("the compiler is made");
    config.engine = Engine::Compiled(Cache::none().compile_with(Arc::new(compiler)));
    Wasm::with(&config).expect("the engine is made")
}

/// All of a processor, and time to load: the engines are not optimised in tests.
fn quick() -> Policy {
    let mut policy = Policy::default();
    policy.limits.cpu = "1000%".parse().expect("it is a share");
    policy.limits.load = Duration::from_mins(1);
    policy
}

fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("there is procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is told");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    kibibytes * 1024
}

fn open_descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("there is procfs").count()
}

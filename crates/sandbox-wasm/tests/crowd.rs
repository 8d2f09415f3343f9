//! A thousand callers at once: alone in its process, so that nothing else is in the figures.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Ended, Policy, Prepared, Sandbox as _};
use wardkit_sandbox_wasm::{Config, Wasm};

/// Fills four mebibytes, and gives back its input.
const GREEDY: &str = r#"(module
    (memory (export "memory") 66)
    (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
        (memory.fill (i32.const 65536) (i32.const 1) (i32.const 4194304))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
            (i64.extend_i32_u (local.get $length)))))"#;

#[test]
fn a_flood_of_one_plugin_takes_bounded_memory_and_holds_no_other_up() {
    let mut config = Config::default();
    config.slots = SLOTS;
    let sandbox = Wasm::with(&config).expect("the engine is made");
    let module = wat::parse_str(GREEDY).expect("the text is a module");
    let prepare = || sandbox.prepare(&module, &quick()).expect("the module is prepared");
    let (flooding, other) = (prepare(), prepare());
    let before = kibibytes("VmRSS:");
    let (served, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let overtaken = thread::scope(|scope| {
        for _ in 0..CALLERS {
            let small = thread::Builder::new().stack_size(1 << 20);
            let flood = || {
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(call(&*flooding), Ended::Exited(0));
                    served.fetch_add(1, Ordering::Relaxed);
                }
            };
            small.spawn_scoped(scope, flood).expect("it starts");
        }
        while served.load(Ordering::Relaxed) < CALLERS {
            thread::yield_now();
        }
        let overtaken: Vec<usize> = (0..CALLS)
            .map(|_| {
                let begun = served.load(Ordering::Relaxed);
                assert_eq!(call(&*other), Ended::Exited(0));
                served.load(Ordering::Relaxed) - begun
            })
            .collect();
        is_over.store(true, Ordering::Relaxed);
        overtaken
    });
    let most = overtaken.iter().copied().max().unwrap_or_default();
    // Whoever stood at the end of the line of the flood would wait for all of it.
    assert!(most < CALLERS / 2, "the flood had {most} calls in the time of one: {overtaken:?}");
    let grown = kibibytes("VmHWM:").saturating_sub(before);
    // All callers at once would hold eight times as much. Beside what the slots hold there are stacks of threads, and what
    // the allocator keeps for each processor.
    let ceiling = CALLERS * 4 * 1024 / 8;
    assert!(grown < ceiling, "{grown} KiB of {ceiling}");
}

fn call(plugin: &dyn Prepared) -> Ended {
    let nobody: Arc<dyn Capabilities> = Arc::new(());
    plugin.call(b"0123456789abcdef", &nobody).expect("there is room to wait").ended
}

/// All of a processor, and time to load and to wait: the engines are not optimised in tests.
fn quick() -> Policy {
    let mut policy = Policy::default();
    policy.limits.cpu = "1000%".parse().expect("it is a share");
    policy.limits.load = Duration::from_mins(1);
    policy.limits.timeout = Duration::from_mins(5);
    policy
}

fn kibibytes(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("there is procfs");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("it is told");
    line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

const SLOTS: usize = 16;
const CALLERS: usize = 1000;
/// Of the other one, one after the other.
const CALLS: usize = 20;

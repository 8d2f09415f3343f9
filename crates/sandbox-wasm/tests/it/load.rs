//! Many calls: at one time, and one after the other.

use std::sync::{Arc, Barrier};
use std::thread;

use wardkit_sandbox::{Ended, Sandbox, SandboxError};
use wardkit_sandbox_wasm::{Config, Wasm};

use crate::support::{ECHO, engines, handles, nobody, prepare, quick};

#[test]
fn a_thousand_callers_are_all_served() {
    for sandbox in engines() {
        let plugins: Vec<_> = (0..4)
            .map(|_| {
                Arc::<dyn wardkit_sandbox::Prepared>::from(prepare(
                    &sandbox,
                    &handles(ECHO),
                    &quick(),
                ))
            })
            .collect();
        let callers: Vec<_> = (0..1000_usize)
            .map(|n| {
                let plugin = Arc::clone(&plugins[n % plugins.len()]);
                let small = thread::Builder::new().stack_size(1 << 20);
                small.spawn(move || plugin.call(&n.to_le_bytes(), &nobody())).expect("it starts")
            })
            .collect();
        for (n, caller) in callers.into_iter().enumerate() {
            let outcome = caller.join().expect("nobody panics").expect("there was room to wait");
            assert_eq!(outcome.ended, Ended::Exited(0), "{sandbox:?}");
            assert_eq!(outcome.output, n.to_le_bytes());
        }
    }
}

#[test]
fn who_comes_when_all_wait_is_told_that_it_is_busy() {
    let mut config = Config::default();
    (config.slots, config.waiting) = (1, 0);
    let sandbox = Wasm::with(&config).expect("the engine is made");
    let plugin = prepare(&sandbox, &handles("(loop $l (br $l)) (i64.const 0)"), &{
        let mut policy = quick();
        policy.limits.timeout = std::time::Duration::from_millis(300);
        policy
    });
    let together = Barrier::new(8);
    let ended = thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    plugin.call(b"", &nobody())
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("nobody panics")).collect::<Vec<_>>()
    });
    let busy = |ended: &&Result<_, _>| matches!(ended, Err(SandboxError::Busy { running: 1 }));
    assert!(ended.iter().filter(busy).count() >= 1, "one slot is not room for eight");
    assert!(ended.iter().all(|ended| busy(&ended) || ended.is_ok()));
}

#[test]
fn a_plugin_outlives_its_sandbox() {
    for sandbox in engines() {
        let plugin = sandbox.prepare(&handles(ECHO), &quick()).expect("it is prepared");
        drop(sandbox);
        assert_eq!(plugin.call(b"x", &nobody()).expect("it is called").output, b"x");
    }
}

//! Bytes that are read as a module are prepared, and a call of what was prepared ends within its limits.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wardkit_sandbox::{Capabilities, Policy, Sandbox as _};
use wardkit_sandbox_wasm::{Module, Wasm};

static SANDBOX: LazyLock<Wasm> = LazyLock::new(|| Wasm::new().expect("the engine is made"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(module) = Module::read(bytes) else {
        assert!(SANDBOX.prepare(bytes, &Policy::default()).is_err());
        return;
    };
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(50);
    policy.limits.load = Duration::from_secs(5);
    policy.grants.capabilities = ["log", "clock", "random", "http"].map(str::to_owned).into();
    if module.fits(&policy).is_err() {
        return;
    }
    let plugin = SANDBOX.prepare(bytes, &policy).expect("what was read can be prepared");
    let nobody: Arc<dyn Capabilities> = Arc::new(());
    let outcome = plugin.call(b"input", &nobody).expect("there is a slot");
    assert!(outcome.usage.peak_memory <= policy.limits.memory.0);
    assert!(outcome.usage.wall < Duration::from_secs(2), "{:?}", outcome.usage);
});

//! How exactly a tenth of a processor is a tenth.
#![expect(clippy::print_stdout, reason = "the page goes to standard output")]

use std::time::Duration;

use wardkit_sandbox::{Policy, Sandbox as _};
use wardkit_sandbox_wasm::Wasm;

use super::{Result, nothing};

/// A module that computes without end.
pub(crate) fn endless() -> Result<Vec<u8>> {
    Ok(wat::parse_str(
        r#"(module (memory (export "memory") 1)
            (func (export "wk_alloc") (param i32) (result i32) (i32.const 0))
            (func (export "wk_handle") (param i32 i32) (result i64) (loop $l (br $l)) (i64.const 0)))"#,
    )?)
}

/// Lets an endless loop run for three seconds, three times.
pub(crate) fn show(name: &str, sandbox: &Wasm) -> Result<()> {
    let module = endless()?;
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_secs(3);
    let plugin = sandbox.prepare(&module, &policy)?;
    for _ in 0..3 {
        let usage = plugin.call(b"", &nothing())?.usage;
        let share = usage.cpu.as_secs_f64() / usage.wall.as_secs_f64() * 100.0;
        println!("{name}: {share:.2} % of a processor, for {:.3} s", usage.wall.as_secs_f64());
    }
    Ok(())
}

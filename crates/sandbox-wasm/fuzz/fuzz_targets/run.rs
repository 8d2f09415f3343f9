//! Bytes that are the bodies of two functions, in a module that may import everything: what is valid runs, and ends within
//! its limits, and the same again.
#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wardkit_sandbox::{Capabilities, Ended, Outcome, Policy, Refused, Sandbox as _};
use wardkit_sandbox_wasm::{Module, Wasm};

static SANDBOX: LazyLock<Wasm> = LazyLock::new(|| Wasm::new().expect("the engine is made"));

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bodies)) = bytes.split_first() else { return };
    let (handle, other) = bodies.split_at(usize::from(*cut).min(bodies.len()));
    let module = module(handle, other);
    let mut policy = Policy::default();
    policy.limits.timeout = Duration::from_millis(50);
    policy.limits.load = Duration::from_secs(5);
    policy.limits.cpu = "1000%".parse().expect("it is a share");
    policy.limits.output = "4KiB".parse().expect("it is a size");
    policy.grants.capabilities = ["log", "clock", "random", "double"].map(str::to_owned).into();
    if Module::read(&module).is_err() {
        return;
    }
    let plugin = SANDBOX.prepare(&module, &policy).expect("what was read can be prepared");
    let host: Arc<dyn Capabilities> = Arc::new(Doubles);
    let call = || plugin.call(b"double", &host).expect("there is a slot");
    let first = call();
    check(&first, &policy);
    let again = call();
    check(&again, &policy);
    // Time and chance may change what it does.
    let is_still = handle.iter().chain(other).all(|byte| *byte != CALL && *byte != CALL_INDIRECT);
    if is_still && !timed(&first) && !timed(&again) {
        assert_eq!((first.ended, first.output), (again.ended, again.output));
    }
});

fn check(outcome: &Outcome, policy: &Policy) {
    assert!(outcome.usage.peak_memory <= policy.limits.memory.0, "{:?}", outcome.usage);
    assert!(outcome.usage.wall < Duration::from_secs(2), "{:?}", outcome.usage);
    assert!(outcome.output.len() <= 4096);
    assert!(outcome.errors.len() <= 65 * 1024);
}

fn timed(outcome: &Outcome) -> bool {
    matches!(outcome.ended, Ended::Timeout | Ended::CpuBudget)
}

struct Doubles;

impl Capabilities for Doubles {
    fn ask(&self, _: &str, request: &[u8], _: Duration) -> Result<Vec<u8>, Refused> {
        Ok([request, request].concat())
    }
}

/// A module with all imports, a table and two functions of these bodies.
fn module(handle: &[u8], other: &[u8]) -> Vec<u8> {
    let names = ["log", "now", "random", "ask", "answer"];
    let mut imports = vec![5];
    for (name, kind) in names.iter().zip(2_u8..) {
        imports.extend([&text("wardkit")[..], &text(name), &[0, kind]].concat());
    }
    let exports: Vec<u8> =
        [(&[3][..], "memory", [2, 0]), (&[], "wk_alloc", [0, 5]), (&[], "wk_handle", [0, 6])]
            .iter()
            .flat_map(|(count, name, what)| [count, &text(name)[..], what].concat())
            .collect();
    let bodies = [body(&[0, 0x41, 0x80, 0x08]), locals(handle), locals(other)].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, TYPES),
        section(2, &imports),
        section(3, &[3, 0, 1, 1]),
        section(4, &[1, 0x70, 0, 4]),
        section(5, &[1, 0, 2]),
        section(7, &exports),
        section(9, &[1, 0, 0x41, 0, 0x0b, 2, 6, 7]),
        section(10, &[&[3][..], &bodies].concat()),
    ]
    .concat()
}

/// A function with four locals of each integer.
fn locals(code: &[u8]) -> Vec<u8> {
    body(&[&[2, 4, 0x7f, 4, 0x7e][..], code].concat())
}

fn body(code: &[u8]) -> Vec<u8> {
    [length(code.len() + 1), code.to_vec(), vec![0x0b]].concat()
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], length(content.len()), content.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [length(text.len()), text.as_bytes().to_vec()].concat()
}

/// A number as WebAssembly writes it: seven bits in a byte.
fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("it is seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The types of `wk_alloc`, of `wk_handle` and of each import.
const TYPES: &[u8] = &[
    7, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7e, 0x60, 3, 0x7f, 0x7f, 0x7f, 0, 0x60, 0,
    1, 0x7e, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7e, 0x60, 2, 0x7f, 0x7f,
    1, 0x7f,
];

const CALL: u8 = 0x10;
const CALL_INDIRECT: u8 = 0x11;

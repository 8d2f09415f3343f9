//! What the walls around a call cost beside the same call without them. `gate.toml` holds the limits, as ratios within
//! one run.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_sandbox::{Capabilities, Policy, Prepared, Sandbox as _};
use wardkit_sandbox_wasm::{Module, Wasm};
use wasmi::{Engine, Instance, Linker, Store};

/// Adds up its input and gives the sum with 56 bytes beside it.
const SUMS: &str = r#"(module
    (memory (export "memory") 2)
    (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
        (local $sum i64) (local $end i32)
        (local.set $end (i32.add (local.get $at) (local.get $length)))
        (loop $next
            (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
            (br_if $next (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
        (i64.store (i32.const 0) (local.get $sum))
        (i64.const 64)))"#;

fn gate(criterion: &mut Criterion) {
    let module = wat::parse_str(SUMS).expect("the text is a module");
    let input = vec![1_u8; 4096];
    let bare = Bare::new(&module);
    let sandbox = Wasm::new().expect("the engine is made");
    let plugin = sandbox.prepare(&module, &quick()).expect("the module is prepared");
    let nothing: Arc<dyn Capabilities> = Arc::new(());
    assert_eq!(bare.fresh(&input), isolated(&*plugin, &input, &nothing));

    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20);
    group.bench_function("bare_fresh_4k", |bencher| bencher.iter(|| bare.fresh(black_box(&input))));
    group.bench_function("isolated_4k", |bencher| {
        bencher.iter(|| isolated(&*plugin, black_box(&input), &nothing));
    });
    group.bench_function("bare_load", |bencher| {
        bencher.iter(|| wasmi::Module::new(bare.linker.engine(), black_box(&module)));
    });
    group.bench_function("check", |bencher| bencher.iter(|| Module::read(black_box(&module))));
    group.bench_function("prepare", |bencher| {
        bencher.iter(|| sandbox.prepare(black_box(&module), &quick()).map(drop));
    });
    group.finish();
}

fn isolated(plugin: &dyn Prepared, input: &[u8], capabilities: &Arc<dyn Capabilities>) -> Vec<u8> {
    plugin.call(input, capabilities).expect("it is called").output
}

/// The engine alone: no limit of memory, time or output, no slots, no report.
struct Bare {
    linker: Linker<()>,
    module: wasmi::Module,
}

impl Bare {
    fn new(module: &[u8]) -> Self {
        let engine = Engine::default();
        let module = wasmi::Module::new(&engine, module).expect("it is a module");
        Self { linker: Linker::new(&engine), module }
    }

    fn fresh(&self, input: &[u8]) -> Vec<u8> {
        let mut store = Store::new(self.linker.engine(), ());
        let instance = self.linker.instantiate_and_start(&mut store, &self.module);
        answer(&mut store, instance.expect("it starts"), input)
    }
}

fn answer(store: &mut Store<()>, instance: Instance, input: &[u8]) -> Vec<u8> {
    let length = i32::try_from(input.len()).expect("it is short");
    let alloc = instance.get_typed_func::<i32, i32>(&*store, "wk_alloc").expect("it is there");
    let handle = instance.get_typed_func::<(i32, i32), i64>(&*store, "wk_handle");
    let memory = instance.get_memory(&*store, "memory").expect("it is there");
    let at = alloc.call(&mut *store, length).expect("there is room");
    let place = usize::try_from(at).expect("it is an address");
    memory.write(&mut *store, place, input).expect("it fits");
    let given = handle.expect("it is there").call(&mut *store, (at, length)).expect("it works");
    let mut output = vec![0; usize::try_from(given).expect("it lies at 0")];
    memory.read(&*store, 0, &mut output).expect("it is there");
    output
}

/// All of a processor: the walls' own price, and not the time that a plugin stands still.
fn quick() -> Policy {
    let mut policy = Policy::default();
    policy.limits.cpu = "1000%".parse().expect("it is a share");
    policy.limits.load = Duration::from_mins(1);
    policy
}

criterion_group!(benches, gate);
criterion_main!(benches);

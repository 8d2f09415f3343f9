use wardkit_sandbox::SandboxError;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::setup;
use crate::budget::{MOST_ELEMENTS, STACK, TABLES};

/// The engine, the same whether it makes code or runs it: else one would not run what the other made.
pub(super) fn engine(slots: usize) -> Result<Engine, SandboxError> {
    let count = u32::try_from(slots).unwrap_or(u32::MAX);
    let tables = u32::try_from(TABLES).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(count)
        .total_memories(count)
        .total_tables(count.saturating_mul(tables))
        .max_memories_per_module(1)
        .max_tables_per_module(tables)
        .table_elements(MOST_ELEMENTS)
        .max_core_instance_size(INSTANCE);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(usize::try_from(STACK).unwrap_or(usize::MAX))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Data is copied into each instance: sharing it takes a file in memory, which no worker may make.
        .memory_init_cow(false)
        .wasm_backtrace_max_frames(None)
        .wasm_relaxed_simd(false)
        .wasm_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    Engine::new(&config).map_err(|error| setup("making the engine", &error))
}

/// An instance with as many functions and globals as a module may have; not a byte of it is touched before it is used.
const INSTANCE: usize = 4 << 20;

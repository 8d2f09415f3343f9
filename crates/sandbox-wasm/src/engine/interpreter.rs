//! wasmi. It counts what it does, and is asked again after each slice of that whether it may go on.

use wardkit_sandbox::SandboxError;
use wasmi::{
    Caller, CompilationMode, Config, Engine, Error, Extern, Linker, Memory, Module, Store,
    TypedFunc, TypedResumableCall, WasmParams, WasmResults,
};

use crate::abi;
use crate::budget::STACK;
use crate::engine::imports::imports;
use crate::engine::{Instance, Loaded, Runs};
use crate::host::Host;
use crate::stop::Stop;

pub(crate) struct Interpreter {
    engine: Engine,
    linker: Linker<State>,
}

impl Interpreter {
    pub(crate) fn new() -> Result<Self, SandboxError> {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .allow_start_fn(false)
            .ignore_custom_sections(true)
            .compilation_mode(CompilationMode::Eager)
            .set_max_stack_height(usize::try_from(STACK).unwrap_or(usize::MAX))
            .set_max_recursion_depth(MOST_FRAMES)
            .set_max_cached_stacks(CACHED_STACKS)
            .wasm_multi_memory(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_custom_page_sizes(false)
            .wasm_wide_arithmetic(false);
        let engine = Engine::new(&config);
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| SandboxError::Setup {
            step: "linking the imports",
            source: std::io::Error::other(error.to_string()),
        })?;
        Ok(Self { engine, linker })
    }
}

impl Runs for Interpreter {
    fn name(&self) -> &'static str {
        "wasmi 2"
    }

    fn interruption(&self) -> &'static str {
        "the interpreter counts its steps and looks at the clock"
    }

    fn compiles(&self) -> bool {
        false
    }

    fn number(&self) -> u64 {
        NUMBER
    }

    /// Translating is what may go wrong, and is the worker's part.
    fn pack(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError> {
        Ok(module.to_vec())
    }

    fn load(&self, module: &[u8]) -> Result<Box<dyn Loaded>, SandboxError> {
        let module = Module::new(&self.engine, module).map_err(|error| SandboxError::Invalid {
            what: "module".into(),
            reason: error.to_string(),
        })?;
        Ok(Box::new(Translated { module, linker: self.linker.clone() }))
    }
}

struct Translated {
    module: Module,
    linker: Linker<State>,
}

impl Loaded for Translated {
    fn start(&self, host: Host) -> Result<Box<dyn Instance>, Stop> {
        let mut store = Store::new(self.linker.engine(), State { host, memory: None });
        store.limiter(|state| &mut state.host.budget);
        store.set_fuel(SLICE).map_err(|error| Stop::trap(error.to_string()))?;
        let instance = self
            .linker
            .instantiate_and_start(&mut store, &self.module)
            .map_err(|error| stop(&error, &store.data().host))?;
        let Some(memory) = instance.get_memory(&store, abi::MEMORY) else {
            return Err(Stop::trap("there is no memory"));
        };
        store.data_mut().memory = Some(memory);
        let has_not = |error: Error| Stop::trap(error.to_string());
        Ok(Box::new(Running {
            init: instance.get_typed_func(&store, abi::INIT).ok(),
            alloc: instance.get_typed_func(&store, abi::ALLOC).map_err(has_not)?,
            handle: instance.get_typed_func(&store, abi::HANDLE).map_err(has_not)?,
            memory,
            store,
        }))
    }
}

struct Running {
    store: Store<State>,
    memory: Memory,
    init: Option<TypedFunc<(), ()>>,
    alloc: TypedFunc<i32, i32>,
    handle: TypedFunc<(i32, i32), i64>,
}

impl Instance for Running {
    fn init(&mut self) -> Result<(), Stop> {
        self.init.map_or(Ok(()), |init| drive(&mut self.store, init, ()))
    }

    fn alloc(&mut self, length: i32) -> Result<i32, Stop> {
        drive(&mut self.store, self.alloc, length)
    }

    fn handle(&mut self, address: i32, length: i32) -> Result<i64, Stop> {
        drive(&mut self.store, self.handle, (address, length))
    }

    fn memory(&mut self) -> (&mut [u8], &mut Host) {
        let (memory, state) = self.memory.data_and_store_mut(&mut self.store);
        (memory, &mut state.host)
    }
}

/// Calls a function slice by slice.
fn drive<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    function: TypedFunc<P, R>,
    parameters: P,
) -> Result<R, Stop> {
    refuel(store, SLICE)?;
    let mut call = function.call_resumable(&mut *store, parameters);
    loop {
        call = match call {
            Ok(TypedResumableCall::Finished(results)) => return Ok(results),
            Ok(TypedResumableCall::OutOfFuel(paused)) => {
                store.data_mut().host.governor.check()?;
                // One step may be long: filling all of the memory.
                refuel(store, SLICE.max(paused.required_fuel()))?;
                paused.resume(&mut *store)
            }
            Ok(TypedResumableCall::HostTrap(trapped)) => {
                return Err(stop(trapped.host_error(), &store.data().host));
            }
            Err(error) => return Err(stop(&error, &store.data().host)),
        };
    }
}

fn refuel(store: &mut Store<State>, fuel: u64) -> Result<(), Stop> {
    store.set_fuel(fuel).map_err(|error| Stop::trap(error.to_string()))
}

fn stop(error: &Error, host: &Host) -> Stop {
    error.downcast_ref::<Stop>().cloned().unwrap_or_else(|| host.why(error.to_string()))
}

imports!(fault: Error::host, refused: wasmi::errors::LinkerError);

pub(super) const NUMBER: u64 = 0;

/// Steps between two looks at the clock: half a millisecond where this was measured, so that a deadline and a share are
/// kept well within what is promised also on a slow machine, and a look costs nothing beside it.
const SLICE: u64 = 100_000;

/// A frame of the interpreter is on the heap; the height of the stack is the limit that counts.
const MOST_FRAMES: usize = 10_000;

/// A stack that was used is used again.
const CACHED_STACKS: usize = 64;

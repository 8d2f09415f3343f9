//! wasmtime. What it runs looks at a counter that a thread of ours moves on.

use std::io;
use std::sync::Arc;

use wardkit_sandbox::SandboxError;
use wasmtime::{
    Caller, Engine, Error, Extern, InstancePre, Linker, Memory, Module, Store, Trap, TypedFunc,
    UpdateDeadline,
};

use crate::abi;
use crate::engine::imports::imports;
use crate::engine::{Instance, Loaded, Runs};
use crate::host::Host;
use crate::stop::Stop;

mod cache;
mod compile;
mod key;
mod native;
mod settings;
mod ticker;

pub use cache::Cache;
pub use compile::Compile;
#[cfg(feature = "compiler")]
pub use compile::InProcess;
pub use key::HostKey;
use native::Code;
use ticker::Ticker;

pub(crate) struct Compiled {
    engine: Engine,
    linker: Linker<State>,
    cache: Cache,
    ticker: Arc<Ticker>,
    fingerprint: blake3::Hash,
}

impl Compiled {
    pub(crate) fn new(cache: Cache, slots: usize) -> Result<Self, SandboxError> {
        let engine = settings::engine(slots)?;
        let mut linker = Linker::new(&engine);
        link(&mut linker).map_err(|error| setup("linking the imports", &error))?;
        let ticker = Arc::new(Ticker::start(engine.clone())?);
        let fingerprint = blake3::hash(SETTINGS);
        Ok(Self { engine, linker, cache, ticker, fingerprint })
    }
}

impl Runs for Compiled {
    fn name(&self) -> &'static str {
        "wasmtime 48"
    }

    fn interruption(&self) -> &'static str {
        "the code looks at a counter of ticks, and then at the clock"
    }

    fn compiles(&self) -> bool {
        true
    }

    fn number(&self) -> u64 {
        NUMBER
    }

    fn pack(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError> {
        Ok(self.cache.code(module, self.fingerprint)?.into_bytes())
    }

    fn load(&self, module: &[u8]) -> Result<Box<dyn Loaded>, SandboxError> {
        let code = self.cache.code(module, self.fingerprint)?;
        // What is refused is ours, and of another release of wasmtime, which says so before it looks at the code.
        let module = native::load(&self.engine, &code).or_else(|_| {
            let code = self.cache.compile(module, self.fingerprint)?;
            native::load(&self.engine, &code).map_err(|error| invalid(&error))
        })?;
        self.ready(&module)
    }
}

impl Compiled {
    fn ready(&self, module: &Module) -> Result<Box<dyn Loaded>, SandboxError> {
        let ready = self.linker.instantiate_pre(module).map_err(|error| invalid(&error))?;
        Ok(Box::new(Ready { ready, ticker: Arc::clone(&self.ticker) }))
    }
}

/// Loads code in a worker, which does what its host says.
pub(super) fn unpack(code: &[u8]) -> Result<Box<dyn Loaded>, SandboxError> {
    let compiled = Compiled::new(Cache::none(), 1)?;
    let code = Code::trusted(code.to_vec());
    compiled.ready(&native::load(&compiled.engine, &code).map_err(|error| invalid(&error))?)
}

fn invalid(error: &Error) -> SandboxError {
    SandboxError::Invalid { what: "compiled module".into(), reason: error.to_string() }
}

struct Ready {
    ready: InstancePre<State>,
    ticker: Arc<Ticker>,
}

impl Loaded for Ready {
    fn start(&self, host: Host) -> Result<Box<dyn Instance>, Stop> {
        let ticking = Ticker::run(&self.ticker);
        let mut store = Store::new(self.ready.module().engine(), State { host, memory: None });
        store.limiter(|state| &mut state.host.budget);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            store.data_mut().host.governor.check().map_err(Error::new)?;
            Ok(UpdateDeadline::Continue(1))
        });
        let instance = self.ready.instantiate(&mut store);
        let instance = instance.map_err(|error| stop(&error, &store.data().host))?;
        let Some(memory) = instance.get_memory(&mut store, abi::MEMORY) else {
            return Err(Stop::trap("there is no memory"));
        };
        store.data_mut().memory = Some(memory);
        let has_not = |error: Error| Stop::trap(error.to_string());
        Ok(Box::new(Running {
            init: instance.get_typed_func(&mut store, abi::INIT).ok(),
            alloc: instance.get_typed_func(&mut store, abi::ALLOC).map_err(has_not)?,
            handle: instance.get_typed_func(&mut store, abi::HANDLE).map_err(has_not)?,
            memory,
            store,
            _ticking: ticking,
        }))
    }
}

struct Running {
    store: Store<State>,
    memory: Memory,
    init: Option<TypedFunc<(), ()>>,
    alloc: TypedFunc<i32, i32>,
    handle: TypedFunc<(i32, i32), i64>,
    _ticking: ticker::Ticking,
}

impl Instance for Running {
    fn init(&mut self) -> Result<(), Stop> {
        let Some(init) = &self.init else { return Ok(()) };
        let ended = init.call(&mut self.store, ());
        ended.map_err(|error| stop(&error, &self.store.data().host))
    }

    fn alloc(&mut self, length: i32) -> Result<i32, Stop> {
        let room = self.alloc.call(&mut self.store, length);
        room.map_err(|error| stop(&error, &self.store.data().host))
    }

    fn handle(&mut self, address: i32, length: i32) -> Result<i64, Stop> {
        let given = self.handle.call(&mut self.store, (address, length));
        given.map_err(|error| stop(&error, &self.store.data().host))
    }

    fn memory(&mut self) -> (&mut [u8], &mut Host) {
        let (memory, state) = self.memory.data_and_store_mut(&mut self.store);
        (memory, &mut state.host)
    }
}

fn stop(error: &Error, host: &Host) -> Stop {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return stop.clone();
    }
    // The error's own text is the place where it happened, which differs from engine to engine.
    let reason = error.downcast_ref::<Trap>().map_or_else(|| error.to_string(), Trap::to_string);
    host.why(reason)
}

imports!(fault: Error::new, refused: Error);

fn setup(step: &'static str, error: &Error) -> SandboxError {
    SandboxError::Setup { step, source: io::Error::other(error.to_string()) }
}

pub(super) const NUMBER: u64 = 1;

/// What code is made for; to be changed with `settings.rs`. wasmtime's own hash of that is there only with its compiler.
const SETTINGS: &[u8] =
    concat!("wasmtime 48, settings 2, wardkit ", env!("CARGO_PKG_VERSION")).as_bytes();

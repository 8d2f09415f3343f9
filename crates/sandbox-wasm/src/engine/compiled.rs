//! wasmtime. What it runs looks at a counter that a thread of ours moves on.

use std::io;
use std::sync::Arc;

use wardkit_sandbox::SandboxError;
use wasmtime::{
    Caller, Engine, Error, Extern, InstancePre, Linker, Memory, Store, Trap, TypedFunc,
    UpdateDeadline,
};

use crate::abi;
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

    fn load(&self, module: &[u8]) -> Result<Box<dyn Loaded>, SandboxError> {
        let code = self.cache.code(module, self.fingerprint)?;
        let invalid = |error: &Error| SandboxError::Invalid {
            what: "compiled module".into(),
            reason: error.to_string(),
        };
        // What is refused is ours, and of another release of wasmtime, which says so before it looks at the code.
        let module = native::load(&self.engine, &code).or_else(|_| {
            let code = self.cache.compile(module, self.fingerprint)?;
            native::load(&self.engine, &code).map_err(|error| invalid(&error))
        })?;
        let ready = self.linker.instantiate_pre(&module).map_err(|error| invalid(&error))?;
        Ok(Box::new(Ready { ready, ticker: Arc::clone(&self.ticker) }))
    }
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

/// What lives in the store of a call.
struct State {
    host: Host,
    memory: Option<Memory>,
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

fn link(linker: &mut Linker<State>) -> Result<(), Error> {
    linker.func_wrap(
        abi::MODULE,
        "log",
        |mut caller: Caller<'_, State>, level: i32, address: i32, length: i32| {
            with(&mut caller, |memory, host| host.log(memory, level, (address, length)))
        },
    )?;
    linker.func_wrap(abi::MODULE, "now", |caller: Caller<'_, State>| caller.data().host.now())?;
    linker.func_wrap(
        abi::MODULE,
        "random",
        |mut caller: Caller<'_, State>, address: i32, length: i32| {
            with(&mut caller, |memory, host| host.random(memory, (address, length)))
        },
    )?;
    linker.func_wrap(
        abi::MODULE,
        "ask",
        |mut caller: Caller<'_, State>, name: i32, name_length: i32, at: i32, length: i32| {
            with(&mut caller, |memory, host| host.ask(memory, (name, name_length), (at, length)))
        },
    )?;
    linker.func_wrap(
        abi::MODULE,
        "answer",
        |mut caller: Caller<'_, State>, address: i32, length: i32| {
            with(&mut caller, |memory, host| host.answer(memory, (address, length)))
        },
    )?;
    Ok(())
}

fn with<R>(
    caller: &mut Caller<'_, State>,
    does: impl FnOnce(&mut [u8], &mut Host) -> Result<R, Stop>,
) -> Result<R, Error> {
    let memory = caller.data().memory;
    let memory = memory.or_else(|| caller.get_export(abi::MEMORY).and_then(Extern::into_memory));
    let memory = memory.ok_or_else(|| Error::new(Stop::trap("there is no memory")))?;
    let (bytes, state) = memory.data_and_store_mut(caller);
    does(bytes, &mut state.host).map_err(Error::new)
}

fn setup(step: &'static str, error: &Error) -> SandboxError {
    SandboxError::Setup { step, source: io::Error::other(error.to_string()) }
}

/// What code is made for; to be changed with `settings.rs`. wasmtime's own hash of that is there only with its compiler.
const SETTINGS: &[u8] =
    concat!("wasmtime 48, settings 1, wardkit ", env!("CARGO_PKG_VERSION")).as_bytes();

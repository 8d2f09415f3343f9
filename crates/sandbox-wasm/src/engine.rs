//! What an engine has to do for the rest of the crate.

use wardkit_sandbox::SandboxError;

use crate::config::Engine;
use crate::host::Host;
use crate::stop::Stop;

#[cfg(feature = "runtime")]
pub(crate) mod compiled;
mod imports;
mod interpreter;

/// An engine. Called from any thread.
pub(crate) trait Runs: Send + Sync {
    /// Its name and version, for reports.
    fn name(&self) -> &'static str;

    /// How it is made to look at the clock.
    fn interruption(&self) -> &'static str;

    /// Whether loading may mean compiling, which is the work of an installation and not of a start.
    fn compiles(&self) -> bool;

    /// Its number, for a worker.
    fn number(&self) -> u64;

    /// What a worker needs to load a module that was checked.
    fn pack(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError>;

    /// Makes a module that was checked ready to be started.
    fn load(&self, module: &[u8]) -> Result<Box<dyn Loaded>, SandboxError>;
}

/// A module that is ready to be started.
pub(crate) trait Loaded: Send + Sync {
    /// Makes an instance, which ends when it is dropped.
    fn start(&self, host: Host) -> Result<Box<dyn Instance>, Stop>;
}

/// One instance; it lives on the thread that runs the call.
pub(crate) trait Instance {
    /// Calls what is called once, if there is any.
    fn init(&mut self) -> Result<(), Stop>;

    /// Asks for room.
    fn alloc(&mut self, length: i32) -> Result<i32, Stop>;

    /// Does the work.
    fn handle(&mut self, address: i32, length: i32) -> Result<i64, Stop>;

    /// Its memory as it is now, and the host's side of the call.
    fn memory(&mut self) -> (&mut [u8], &mut Host);
}

pub(crate) fn make(engine: &Engine, slots: usize) -> Result<Box<dyn Runs>, SandboxError> {
    match engine {
        Engine::Interpreter => {
            let _ = slots; // The interpreter has nothing to set aside for them.
            Ok(Box::new(interpreter::Interpreter::new()?))
        }
        #[cfg(feature = "runtime")]
        Engine::Compiled(cache) => Ok(Box::new(compiled::Compiled::new(cache.clone(), slots)?)),
    }
}

/// Loads what an engine of this number has packed.
pub(crate) fn unpack(number: u64, packed: &[u8]) -> Result<Box<dyn Loaded>, SandboxError> {
    match number {
        interpreter::NUMBER => interpreter::Interpreter::new()?.load(packed),
        #[cfg(feature = "runtime")]
        compiled::NUMBER => compiled::unpack(packed),
        _ => Err(SandboxError::Setup {
            step: "finding the engine",
            source: std::io::Error::other("the worker was built without it"),
        }),
    }
}

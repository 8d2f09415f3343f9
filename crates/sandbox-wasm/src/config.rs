/// How modules are run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// What runs them.
    pub engine: Engine,
    /// The calls that run at one time, of all plugins together.
    pub slots: usize,
    /// The calls that wait for a slot at one time; more are told that it is busy.
    pub waiting: usize,
    /// What is around the engine.
    pub isolation: Isolation,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            slots: 64,
            waiting: 1024,
            isolation: Isolation::default(),
        }
    }
}

/// What is around the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// Nothing: calls run in the host's process, and an engine with a fault is a fault of the host.
    #[default]
    Engine,
    /// Each call is a process of its own, in an empty root, under a filter of system calls, within limits that the kernel
    /// keeps. Whoever takes over the engine has taken over one call. It costs the start of a process, and loading.
    Process(crate::Worker),
}

/// What runs modules.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Engine {
    /// An interpreter: no machine code is ever made.
    #[default]
    Interpreter,
    /// Machine code, from a cache that only this host can fill.
    #[cfg(feature = "runtime")]
    Compiled(crate::engine::compiled::Cache),
}

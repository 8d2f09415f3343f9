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
}

impl Default for Config {
    fn default() -> Self {
        Self { engine: Engine::default(), slots: 64, waiting: 1024 }
    }
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

//! What is measured of wasmtime beside calls.

use std::path::Path;
use std::sync::Arc;

use wardkit_sandbox::Sandbox as _;
use wardkit_sandbox_wasm::{
    Cache, Compile as _, Config, Confined, Engine, HostKey, InProcess, Wasm,
};

use super::figures::Figures;
use super::{Result, once, policy, share, worker};

/// A sandbox that compiles nothing, over a cache that has these modules and the one that `share` runs.
pub(crate) fn filled(folder: &Path, modules: &[&[u8]]) -> Result<Wasm> {
    let key = HostKey::open(&folder.join("key"))?;
    let cache = Cache::open(&folder.join("cache"), key)?;
    let compiles = with(cache.clone().compile_with(Arc::new(InProcess::new()?)))?;
    for module in modules {
        compiles.prepare(module, &policy())?;
    }
    compiles.prepare(&share::endless()?, &policy())?;
    with(cache)
}

/// Compiles a module, here and in a confined process.
pub(crate) fn compiling(figures: &mut Figures, times: usize, module: &[u8]) -> Result<()> {
    let (free, confined) = (InProcess::new()?, Confined::new(worker()?));
    for _ in 0..times {
        figures.add("compile 100 KB", once(1, || Ok(free.compile(module)?))?);
        let name = "compile 100 KB in a confined process";
        figures.add(name, once(1, || Ok(confined.compile(module)?))?);
    }
    Ok(())
}

fn with(cache: Cache) -> Result<Wasm> {
    let mut config = Config::default();
    config.engine = Engine::Compiled(cache);
    Ok(Wasm::with(&config)?)
}

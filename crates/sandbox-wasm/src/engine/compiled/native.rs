//! Loads machine code, which does to the host whatever it says.

#![expect(unsafe_code, reason = "nothing can tell good machine code from bad by looking at it")]

use wasmtime::{Engine, Module};

/// Machine code that this host's compiler made: either just now, or proven by a keyed hash.
pub(super) struct Code(Vec<u8>);

impl Code {
    /// Whoever calls this says that the bytes come from a compiler of ours, unchanged.
    pub(super) fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(super) fn load(engine: &Engine, code: &Code) -> wasmtime::Result<Module> {
    // SAFETY: the bytes are what `Engine::precompile_module` of the same release gave, which a `Code` stands for; it is
    // made in two places of the cache, by the compiler's answer and after the keyed hash was found right, and in a
    // worker, of what its host took from there. They lie in memory, so that nobody changes them after that. wasmtime itself refuses those of another engine.
    unsafe { Module::deserialize(engine, code.bytes()) }
}

use wardkit_sandbox::SandboxError;

/// Makes machine code of modules.
///
/// [`Cache`](super::Cache) calls it from the thread that prepares a plugin, once for each module and host, and runs what
/// it gives as it is: an error means that the plugin is not prepared. A hostile module may attack the compiler, so a
/// careful host lets it work in a confined child and hands the child's answer on.
pub trait Compile: Send + Sync {
    /// Compiles a module that was checked.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] when the module cannot be compiled.
    fn compile(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError>;
}

/// Compiles in this process.
#[cfg(feature = "compiler")]
#[derive(Clone)]
pub struct InProcess {
    engine: wasmtime::Engine,
}

#[cfg(feature = "compiler")]
impl InProcess {
    /// Makes the compiler.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Setup`] when this host's processor is not one that it knows.
    pub fn new() -> Result<Self, SandboxError> {
        Ok(Self { engine: super::settings::engine(1)? })
    }
}

#[cfg(feature = "compiler")]
impl Compile for InProcess {
    fn compile(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.engine.precompile_module(module).map_err(|error| SandboxError::Invalid {
            what: "module".into(),
            reason: error.to_string(),
        })
    }
}

#[cfg(feature = "compiler")]
impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

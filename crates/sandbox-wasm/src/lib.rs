//! WebAssembly plugins that can compute and nothing else.
//!
//! A plugin is one module that exports four things and imports only what it was granted; the file system is not denied to
//! it, there is none. Each call is a fresh instance under one budget of memory, a share of a processor and a deadline.
//! What a module has to look like is in `docs/specs/plugin-abi.md` of the repository.
//!
//! ```
//! use std::sync::Arc;
//! use wardkit_sandbox::{Capabilities, Ended, Policy, Sandbox};
//! use wardkit_sandbox_wasm::Wasm;
//!
//! # let module = wat::parse_str(r#"(module
//! #   (memory (export "memory") 2)
//! #   (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024))
//! #   (func (export "wk_handle") (param i32 i32) (result i64)
//! #     (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#)?;
//! let plugin = Wasm::new()?.prepare(&module, &Policy::default())?;
//! let nothing: Arc<dyn Capabilities> = Arc::new(());
//! let outcome = plugin.call(b"hello", &nothing)?;
//! assert_eq!(outcome.ended, Ended::Exited(0));
//! assert_eq!(outcome.output, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Wasm`], [`Config`] | the sandbox: an engine and the slots that its calls share |
//! | [`Engine`] | what runs the modules |
//! | [`Module`] | what a module is made of, checked before an engine sees it |
//! | [`Isolation`], [`Worker`], [`worker`] | each call in a process of its own, which the kernel holds |
//! | `Cache`, `HostKey`, `Compile`, `InProcess`, `Confined` | machine code that was made on this host; with the feature `runtime` |
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | none | [`Engine::Interpreter`]: wasmi, which makes no machine code |
//! | `runtime` | `Engine::Compiled`: wasmtime without its compiler; runs what a build with `compiler` left in the cache |
//! | `compiler` | fills the cache |
//!
//! # What it does not do
//!
//! It answers no question of a plugin: that is `Capabilities`, which comes from outside. It knows no manifests and no
//! signatures.

mod abi;
mod budget;
mod check;
mod config;
mod engine;
mod governor;
mod host;
mod meter;
mod plugin;
mod pool;
mod process;
mod share;
mod stop;
mod wasm;

pub use check::Module;
pub use config::{Config, Engine, Isolation};
#[cfg(feature = "compiler")]
pub use engine::compiled::InProcess;
#[cfg(feature = "runtime")]
pub use engine::compiled::{Cache, Compile, HostKey};
#[cfg(feature = "runtime")]
pub use process::Confined;
pub use process::{Worker, worker};
pub use wasm::Wasm;

//! Plugins of strangers: what they are, what they may do, and whose they are.
//!
//! A plugin is a [`Manifest`] with the files that it names. It asks for permissions, each with its reason; what it gets
//! is a [`Grant`]: what it asked for, what the operator gave and what the host can bear, all three at once. A
//! [`Package`] is its one file, the same bytes for the same plugin, with a [`Signature`] that minisign reads too. The
//! [`Validator`] looks through it before anything of it runs.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_plugin::{Package, PublicKey, SecretKey, Signature, TrustedKeys};
//!
//! let manifest = r#"
//!     [plugin]
//!     id = "org.example.hello"
//!     name = "Hello"
//!     version = "0.1.0"
//!     description = "Greets whoever is named"
//!     kind = "native"
//!     entry = "hello.py"
//!     api = "1"
//! "#;
//! let files = [("plugin.toml", manifest), ("hello.py", "print('{}')\n")];
//! let package = Package::from_files(files.map(|(name, text)| (name.to_owned(), text.into())))?.pack()?;
//!
//! let key = SecretKey::from_random([7; 40]); // from a generator made for secrets
//! let signature = Signature::sign(&package, "hello.tar.zst", &key, Timestamp::UNIX_EPOCH)?;
//! assert!(TrustedKeys::new([key.public()]).verify(&package, &signature).is_ok());
//! assert!(TrustedKeys::default().verify(&package, &signature).is_err());
//! # Ok::<(), wardkit_plugin::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Manifest`], [`Package`] | what a plugin says of itself; its one file |
//! | [`Grant`] | what it may do: never more than was asked, given and borne |
//! | [`Validator`], [`Finding`], [`Rule`] | what is looked through; what was found; what can be |
//! | [`Signature`], [`SecretKey`], [`PublicKey`] | who answers for it |
//! | [`TrustedKeys`], [`Revocations`] | whose packages are taken; what was taken back |
//! | [`VerifiedPlugin`], [`PreparedPlugin`], [`CallQuota`] | the steps to a call, and how often there may be one |
//! | [`PluginHome`], [`HostTerms`], [`InstallTerms`] | the folder of what is installed, and on which terms |
//! | [`Plugins`], [`Registry`] | which versions there are, in which state, and where that is kept |
//! | [`Broker`], [`Fetch`], [`KvStore`] | what a plugin is answered while it runs; who makes requests, who keeps values |
//! | [`JsonSchema`] | what goes in and what comes out |
//!
//! # Features
//!
//! `sdk`: projects that run at once, their tests, and their pages. `native`: `Scripts`, which runs native plugins.
//!
//! # What it does not do
//!
//! It runs nothing by itself: a [`Sandbox`](wardkit_sandbox::Sandbox) does. It trusts no key by itself, and asks nobody
//! on the network whether one was taken back.

#![forbid(unsafe_code)]

mod broker;
mod error;
mod finding;
mod grant;
mod home;
pub mod manifest;
mod package;
mod registry;
mod rule;
mod run;
mod schema;
#[cfg(feature = "native")]
mod scripts;
#[cfg(feature = "sdk")]
pub mod sdk;
mod signature;
mod trust;
mod validate;

pub use broker::{Broker, Fetch, FetchAnswer, FetchRequest, KvStore, MemoryKv};
pub use error::Error;
pub use finding::{Finding, FindingLevel};
pub use grant::{Grant, HttpGrants, HttpRule, Most};
pub use home::{Candidate, HostTerms, InstallTerms, LoadedPlugin, PluginHome};
#[doc(inline)]
pub use manifest::{Kind, Manifest};
pub use package::Package;
pub use registry::{Change, Installed, MemoryRegistry, PluginState, Plugins, Registry};
pub use rule::Rule;
pub use run::{Answer, CallQuota, PreparedPlugin, VerifiedPlugin};
pub use schema::JsonSchema;
#[cfg(feature = "native")]
pub use scripts::Scripts;
pub use signature::{KeyId, PublicKey, SecretKey, Signature};
pub use trust::{Revocations, Trust, TrustedKeys};
pub use validate::Validator;

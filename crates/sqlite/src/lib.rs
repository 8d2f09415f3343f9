//! The stores of the engines in SQLite.
//!
//! An engine owns the trait of its store and ships one in memory; here is the one that lasts.
//!
//! ```
//! use wardkit_metrics::history::{Config, History};
//! use wardkit_sqlite::{HistoryIndex, State};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let (index, state) = HistoryIndex::open(&dir.join("history.sqlite"))?;
//! assert_eq!(state, State::New);
//! let (history, recovery) = History::open(&dir.join("history"), Config::default(), index)?;
//! assert_eq!(recovery.damage, Vec::<String>::new());
//! # drop(history);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`AlertStore`] | the state, the messages and the history of alerting |
//! | [`HistoryIndex`] | where the blocks of [`History`](wardkit_metrics::history::History) lie |
//! | [`JobStore`] | the journal of [`Jobs`](wardkit_supervise::jobs::Jobs) |
//! | [`PluginKv`] | the keys and values that plugins keep |
//! | [`PluginRegistry`] | what is installed of plugins |
//! | [`ServiceStore`], [`ServiceChange`] | what is kept of the services of `wardkit-supervise` |
//! | [`State`] | whether a database was new, sound, or had to be made anew |
//!
//! # What it does not do
//!
//! The index holds nothing that cannot be made again: the segments tell it all. It takes no lock across processes
//! beyond SQLite's own; that one process alone has a directory is the program's to see to.

#![forbid(unsafe_code)]

mod alerts;
mod database;
mod error;
mod history;
mod jobs;
mod plugin_kv;
mod plugins;
mod schema;
mod services;

pub use alerts::AlertStore;
pub use error::Error;
pub use history::{HistoryIndex, State};
pub use jobs::JobStore;
pub use plugin_kv::PluginKv;
pub use plugins::PluginRegistry;
pub use services::{ServiceChange, ServiceStore};

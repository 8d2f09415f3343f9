//! Backups in restic's open repository format: deduplicated, encrypted, verified, and restored by either.
//!
//! # Layers
//!
//! | module | what it is |
//! |---|---|
//! | [`format`] | the bytes of a repository, without any input or output |
//! | [`chunker`] | where files are cut |
//! | [`store`] | where objects lie |
//! | [`source`] | what is backed up |
//! | [`engine`] | backup, restore, check, forget |
//! | `dr` (feature) | proof that backups can be restored |

#![forbid(unsafe_code)]

pub mod chunker;
#[cfg(feature = "dr")]
pub mod dr;
pub mod engine;
pub mod format;
pub mod source;
pub mod store;

//! Keeps user text out of commands, queries, paths, requests and logs; finds secrets and masks them.
#![forbid(unsafe_code)]

mod detect;
mod error;
mod limit;
mod net;
mod sink;

pub use detect::{Action, Exception, Policies, Policy, Strictness};
pub use detect::{Class, Finding, Layer, Level, Rule, Sink, Verdict, rule, rules};
pub use detect::{PromptScore, PromptSignal, prompt_score};
pub use error::Error;
pub use limit::{Limited, Quota, RateLimiter};
pub use net::{AddressKind, AddressMap, Embedded, Embedding, Network};
pub use sink::{
    Accept, Entries, Entry, EntryKind, Links, Lookup, Mounts, Names, PathError, PathRules, Root,
    SafePath, Untrusted,
};

//! What is dangerous in a text, by where the text is to go.

mod names;
mod prompt;
mod verdict;

mod policy;

mod code;
mod filename;
mod gate;
mod header;
mod hits;
mod html;
mod ladder;
mod ldap;
mod lookup;
mod nosql;
mod path;
mod pipeline;
mod redirect;
mod shell;
mod sql;
mod table;
mod template;
mod terminal;
mod traits;
mod unicode;
mod url;
mod xml;

pub use names::{Class, Sink};
pub use policy::{Action, Exception, Policies, Policy, Strictness};
pub use prompt::{PromptScore, PromptSignal, prompt_score};
pub use table::{rule, rules};
pub use verdict::{Finding, Layer, Level, Rule, Verdict};

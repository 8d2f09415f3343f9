//! Commands of chat bots: a declared grammar in, typed values out.

mod argument;
mod date;
mod grammar;
mod help;
mod invocation;
mod nearest;
mod problem;
mod tokens;
mod validator;
mod value;

pub use argument::Argument;
pub use date::Date;
pub use grammar::{Command, Grammar};
pub use invocation::{Invocation, UserRef};
pub use problem::{CommandError, CommandProblem};
pub use validator::InputValidator;

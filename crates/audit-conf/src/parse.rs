//! Texts into what they say, with places. Nothing here fails on hostile text: it is bounded, or not understood.

mod dockerfile;
mod lines;
mod nginx;
mod shell;
mod sql;
mod yaml;

pub(crate) use dockerfile::{Dockerfile, Instruction, Stage, expand};
pub(crate) use lines::{Setting, environment, sections, words_of_lines};
pub(crate) use nginx::{Directive, nginx};
pub(crate) use shell::{Command, INNER, SHELLS, base_name, commands, program};
pub(crate) use sql::{Statement, statements};
pub(crate) use yaml::{Node, Value, documents};

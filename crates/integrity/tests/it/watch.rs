//! What the sources of changes tell, each held against what was done.

mod poll;

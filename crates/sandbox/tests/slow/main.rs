//! What takes too long for every run of the tests; behind the feature `slow`.

mod leaks;
#[path = "../support/tiny.rs"]
mod tiny;

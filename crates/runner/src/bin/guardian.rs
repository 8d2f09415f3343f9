//! A guardian by itself, for programs that are not their own, and for tests and benches: a guardian has one thread.

fn main() -> Result<(), wardkit_runner::Error> {
    wardkit_runner::guardian()
}

//! `auditctl check` and `auditctl host` beside those that an operator would run one by one: bandit, semgrep,
//! detect-secrets, hadolint and Lynis, on the same files, each in turn, round after round.
//!
//! ```sh
//! cargo build --release -p wardkit-auditctl
//! cargo run --release --manifest-path crates/bench/Cargo.toml --bin audit -- target/release/auditctl 3 TREE [RULES]
//! ```
//!
//! `TREE` has the sources to audit; RULES is a file or folder of semgrep's rules, which are not carried along. A peer that
//! is not on the path is left out, and said to be. Prints the tables of `docs/benchmarks/audit.md`.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]

mod subject;
mod task;

use std::error::Error;
use std::path::PathBuf;

use wardkit_bench::report::Host;

use task::Task;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (auditctl, rounds, tree, rules) =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [auditctl, rounds, tree] => (auditctl, rounds.parse()?, tree, None),
            [auditctl, rounds, tree, rules] => (auditctl, rounds.parse()?, tree, Some(rules)),
            _ => return Err("usage: audit AUDITCTL ROUNDS TREE [SEMGREP-RULES]".into()),
        };
    let auditctl = PathBuf::from(auditctl).canonicalize()?;
    let tree = PathBuf::from(tree).canonicalize()?;
    let scratch = tempfile::tempdir()?;
    let host = Host::here();
    println!(
        "Measured on: {}, {} processors, {}, load average {} at the start.\n",
        host.processor, host.processors, host.compiler, host.load
    );
    for mut task in Task::all(&auditctl, &tree, rules, scratch.path())? {
        for round in 0..rounds {
            task.round(round)?;
        }
        task.print();
    }
    Ok(())
}

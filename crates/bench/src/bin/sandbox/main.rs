//! Starts behind walls: what a static program costs from its start to its end in our sandbox, in bubblewrap, in firejail and
//! in sandlock; how exactly a share of a processor is kept, and how soon a program is gone after its deadline.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin sandbox -- target/release/auditctl [ROUNDS]` prints the
//! tables of `docs/benchmarks/sandbox.md`. The peers are the Debian packages `bubblewrap` and `firejail`, and Python's
//! package `sandlock` where `python3` finds it. In each round each does its work in turn, and each round begins with another.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]
#![expect(clippy::cast_precision_loss, reason = "microseconds are not that precise")]

mod cost;
mod goals;
mod limits;
mod subject;
#[path = "../../../../sandbox/tests/support/tiny.rs"]
mod tiny;

use std::error::Error;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use cost::Table;
use subject::Subject;
use wardkit_bench::report::Host;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (auditctl, rounds) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [auditctl] => (auditctl, 60),
        [auditctl, rounds] => (auditctl, rounds.parse()?),
        _ => return Err("usage: sandbox PATH-OF-AUDITCTL [ROUNDS]".into()),
    };
    let auditctl = PathBuf::from(auditctl).canonicalize()?;
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("nothing");
    fs::write(&program, tiny::nothing())?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    let mut subjects = Subject::all(&auditctl, &program)?;
    let host = Host::here();
    println!(
        "Measured on: {}, {} processors, {}, load average {} at the start; {}.\n",
        host.processor,
        host.processors,
        host.compiler,
        host.load,
        subject::versions()
    );
    let mut table = Table::new(&subjects);
    for round in 0..rounds {
        for at in 0..subjects.len() {
            // Whoever comes first finds other caches than who comes last: each is each, in turn.
            let which = (at + round) % subjects.len();
            table.add(which, subjects[which].batch()?);
        }
    }
    table.print();
    let shares = limits::shares()?;
    let kills = limits::kills()?;
    goals::print(&table, &shares, &kills);
    Ok(())
}

//! auditctl's backups beside restic and borg: what backing up, checking and restoring cost.
//!
//! `cargo run --release --manifest-path crates/bench/Cargo.toml --bin backup -- target/release/auditctl DIR-OF-TEXT SCRATCH
//! [ROUNDS]` prints the tables of `docs/benchmarks/backup.md`. The peers are the Debian packages `restic` and `borgbackup`.
//! In each round each step is done by all of them in turn, on the same files.
#![expect(clippy::print_stdout, reason = "the tables are what it makes")]
#![expect(clippy::cast_precision_loss, reason = "milliseconds and megabytes are not that precise")]

mod corpus;
mod goals;
mod run;
mod tool;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use corpus::Corpus;
use run::{Cost, Table};
use tool::Tool;
use wardkit_bench::report::Host;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (paths, rounds) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [auditctl, text, scratch] => ([auditctl, text, scratch], 5),
        [auditctl, text, scratch, rounds] => ([auditctl, text, scratch], rounds.parse()?),
        _ => return Err("usage: backup PATH-OF-AUDITCTL DIR-OF-TEXT SCRATCH [ROUNDS]".into()),
    };
    let [auditctl, text, scratch] = paths.map(PathBuf::from);
    fs::create_dir_all(&scratch)?;
    let tools = Tool::all(&auditctl.canonicalize()?)?;
    let host = Host::here();
    println!("# Backups, side by side\n");
    println!(
        "Measured on: {}, {} processors, {}, load average {} at the start; {}. Medians of {rounds} rounds.\n",
        host.processor,
        host.processors,
        host.compiler,
        host.load,
        tools.iter().map(|tool| tool.version.clone()).collect::<Vec<_>>().join(", ")
    );
    let scratch = scratch.canonicalize()?;
    let mut corpus = Corpus::make(&scratch.join("corpus"), &text)?;
    println!("{}\n", corpus.described()?);
    let mut table = Table::default();
    for number in 0..rounds {
        // Whoever comes first finds other caches than who comes last: each is each, in turn.
        let mut turn: Vec<&Tool> = tools.iter().collect();
        turn.rotate_left(number % tools.len());
        round(&turn, &mut corpus, &scratch, &mut table)?;
    }
    table.print(&tools);
    goals::print(&table);
    Ok(())
}

fn round(tools: &[&Tool], corpus: &mut Corpus, scratch: &Path, table: &mut Table) -> Result<()> {
    let repositories = scratch.join("repositories");
    clear(&repositories)?;
    fs::create_dir_all(&repositories)?;
    let at = |tool: &Tool| repositories.join(tool.name);
    for tool in tools {
        tool.init(&at(tool))?;
        table.add("first backup", tool, tool.back_up(&at(tool), corpus.path())?);
        table.add("repository, MB", tool, Cost::size(corpus::size(&at(tool))?));
    }
    for tool in tools {
        table.add("nothing changed", tool, tool.back_up(&at(tool), corpus.path())?);
    }
    corpus.edit()?;
    for tool in tools {
        let before = corpus::size(&at(tool))?;
        table.add("1 % changed", tool, tool.back_up(&at(tool), corpus.path())?);
        let grown = corpus::size(&at(tool))?.saturating_sub(before);
        table.add("growth by it, MB", tool, Cost::size(grown));
    }
    for tool in tools {
        table.add("check of all data", tool, tool.check(&at(tool))?);
    }
    for tool in tools {
        let target = scratch.join("restored");
        clear(&target)?;
        fs::create_dir(&target)?;
        table.add("full restore", tool, tool.restore(&at(tool), &target)?);
        corpus.compare(&target)?;
        clear(&target)?;
    }
    Ok(())
}

fn clear(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

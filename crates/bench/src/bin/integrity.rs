//! `auditctl integrity` and AIDE side by side, on the same tree with the same attributes, in alternating rounds.
//!
//! ```sh
//! cargo build --release -p wardkit-auditctl
//! cargo run --release --manifest-path crates/bench/Cargo.toml --bin integrity -- tree /var/tmp/tree
//! cargo run --release --manifest-path crates/bench/Cargo.toml --bin integrity -- \
//!     compare target/release/auditctl 5 /var/tmp/tree /usr
//! ```
//!
//! `tree` makes 200 000 files in 2 200 directories, the same each time. `compare` needs the Debian packages `aide`,
//! `b3sum` and `time`, and prints the tables of `docs/benchmarks/integrity.md`.
#![expect(clippy::print_stdout, reason = "the page goes to standard output")]
#![expect(clippy::cast_precision_loss, reason = "a thousandth is precise enough")]

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wardkit_bench::report::Host;
use wardkit_bench::tree;
use wardkit_core::{Clock as _, SystemClock};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["tree", dir] => Ok(tree::make(Path::new(dir))?),
        ["compare", auditctl, rounds, trees @ ..] if !trees.is_empty() => {
            compare(Path::new(auditctl), rounds.parse()?, trees)
        }
        _ => Err("usage: integrity tree DIR | integrity compare AUDITCTL ROUNDS TREE..".into()),
    }
}

fn compare(auditctl: &Path, rounds: usize, trees: &[&str]) -> Result<()> {
    let host = Host::here();
    println!(
        "{}, {} processors, {}, load average {}; AIDE {}.\n",
        host.processor,
        host.processors,
        host.compiler,
        host.load,
        aide_version()?
    );
    for tree in trees {
        let scratch = std::env::temp_dir().join(format!("integrity-bench-{}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        let rows = measure(auditctl, rounds, Path::new(tree), &scratch);
        fs::remove_dir_all(&scratch)?;
        print_table(tree, &rows?);
    }
    Ok(())
}

/// One command, measured in every round.
struct Row {
    what: &'static str,
    /// The row that it is compared with.
    peer: Option<&'static str>,
    runs: Vec<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    wall: f64,
    cpu: f64,
    resident_kib: f64,
}

fn measure(auditctl: &Path, rounds: usize, tree: &Path, scratch: &Path) -> Result<Vec<Row>> {
    let conf = aide_conf(tree, scratch)?;
    let mut rows: Vec<Row> = [
        ("baseline: auditctl integrity init", Some(AIDE_INIT)),
        (AIDE_INIT, None),
        ("full verify: auditctl integrity verify", Some(AIDE_CHECK)),
        ("fast verify: auditctl integrity verify --fast", Some(AIDE_CHECK)),
        (AIDE_CHECK, None),
        ("xargs -P2 b3sum, contents alone", None),
    ]
    .map(|(what, peer)| Row { what, peer, runs: Vec::new() })
    .into();
    for round in 0..=rounds {
        let data = scratch.join(format!("data-{round}"));
        let ours = |verb: &[&str]| {
            let mut command = Command::new(auditctl);
            command.arg("integrity").args(verb).arg("--data-dir").arg(&data);
            command
        };
        let mut init = ours(&["init"]);
        init.arg("--root").arg(tree);
        let aide = |verb: &str| {
            let mut command = Command::new("aide");
            command.arg("-c").arg(&conf).arg("--workers=2").arg(verb);
            command
        };
        let mut sums = Command::new("sh");
        sums.args([
            "-c",
            "find \"$1\" -xdev -type f -print0 | xargs -0 -P2 b3sum --num-threads 1",
            "sh",
        ]);
        sums.arg(tree);
        let commands = [
            init,
            aide("--init"),
            ours(&["verify"]),
            ours(&["verify", "--fast"]),
            aide("--check"),
            sums,
        ];
        for (row, command) in rows.iter_mut().zip(commands) {
            let run = timed(&command, scratch).map_err(|error| format!("{}: {error}", row.what))?;
            // The first round warms the caches.
            if round > 0 {
                row.runs.push(run);
            }
        }
        if round < rounds {
            fs::remove_dir_all(&data)?;
        } else {
            print_size(&data)?;
        }
    }
    Ok(rows)
}

/// Runs a command under GNU time.
fn timed(command: &Command, scratch: &Path) -> Result<Run> {
    let figures = scratch.join("time");
    let mut timed = Command::new("time");
    timed.args(["--quiet", "-f", "%U %S %M", "-o"]).arg(&figures);
    timed.arg(command.get_program()).args(command.get_args());
    let before = SystemClock.uptime();
    let status = timed
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(scratch.join("stderr"))?)
        .status()?;
    let wall = SystemClock.uptime().saturating_sub(before).as_secs_f64();
    if !status.success() {
        return Err(format!("{status}: {}", fs::read_to_string(scratch.join("stderr"))?).into());
    }
    let text = fs::read_to_string(figures)?;
    let figures: Vec<f64> =
        text.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    let &[user, system, resident_kib] = figures.as_slice() else {
        return Err(format!("GNU time said {text:?}").into());
    };
    Ok(Run { wall, cpu: user + system, resident_kib })
}

/// The same attributes as ours, and no compression of the database.
fn aide_conf(tree: &Path, scratch: &Path) -> Result<PathBuf> {
    let path = scratch.join("aide.conf");
    let database = scratch.join("aide.db");
    writeln!(
        File::create(&path)?,
        "database_in=file:{database}\ndatabase_out=file:{database}\ngzip_dbout=no\nreport_url=stdout\n\
         ALL = p+ftype+u+g+s+i+n+l+m+c+acl+selinux+xattrs+caps+e2fsattrs+sha256\n{tree} ALL",
        database = database.display(),
        tree = tree.display(),
    )?;
    Ok(path)
}

fn aide_version() -> Result<String> {
    let output = Command::new("aide").arg("--version").output()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok(text
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().last())
        .unwrap_or("?")
        .to_owned())
}

fn print_table(tree: &str, rows: &[Row]) {
    let entries = fs::canonicalize(tree).map(|path| path.display().to_string());
    println!("## {}\n", entries.unwrap_or_else(|_| tree.to_owned()));
    println!(
        "| what | wall s | CPU s | resident MB | AIDE's wall over ours | AIDE's CPU over ours |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for row in rows {
        let peer = row.peer.and_then(|peer| rows.iter().find(|row| row.what == peer));
        let ratio = |of: fn(&Run) -> f64| {
            peer.map_or_else(
                || "-".to_owned(),
                |peer| format!("{:.1}", median(&peer.runs, of) / median(&row.runs, of)),
            )
        };
        println!(
            "| {} | {:.2} | {:.2} | {:.0} | {} | {} |",
            row.what,
            median(&row.runs, |run| run.wall),
            median(&row.runs, |run| run.cpu),
            median(&row.runs, |run| run.resident_kib) * 1_024.0 / 1e6,
            ratio(|run| run.wall),
            ratio(|run| run.cpu),
        );
    }
    println!();
    print_bars(rows);
}

/// Draws the wall times, the longest as a full line.
fn print_bars(rows: &[Row]) {
    let wall = |row: &Row| median(&row.runs, |run| run.wall);
    let longest = rows.iter().map(wall).fold(0.0, f64::max);
    println!("```text");
    for row in rows {
        let share = (wall(row) / longest * BAR).ceil();
        // A count of letters: small and never negative.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most BAR")]
        let bar = "#".repeat(share as usize);
        println!("{:<48} {:>7.2} s {bar}", row.what, wall(row));
    }
    println!("```\n");
}

fn print_size(data: &Path) -> Result<()> {
    let mut bytes = 0;
    for entry in fs::read_dir(data.join("baseline"))? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "fim") {
            bytes += entry.metadata()?.len();
        }
    }
    println!("The baseline has {:.1} MB.\n", bytes as f64 / 1e6);
    Ok(())
}

fn median(runs: &[Run], of: fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many letters the longest bar has.
const BAR: f64 = 60.0;

const AIDE_INIT: &str = "AIDE --init, 2 workers";
const AIDE_CHECK: &str = "AIDE --check, 2 workers";

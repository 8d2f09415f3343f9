//! `auditctl db` and `auditctl sbom`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use wardkit_audit_deps::{
    Bill, BillForm, Database, DepsEngine, Error, Import, Imported, Newest, Vex,
};
use wardkit_cli::{Common, Format, Report, escaped};
use wardkit_core::{Clock, SystemClock};

use super::{could_not_run, note, print};
use crate::cli::{BillName, Db, DbCommand, Knowledge, Sbom};

/// `auditctl db`.
pub(super) fn run(common: &Common, db: &Db) -> Result<ExitCode, Report> {
    match &db.command {
        DbCommand::Import { from, date, index } => {
            let index = place(index.db.as_deref())?;
            let imported = import(from, date.as_deref(), &index)?;
            told(common, &index, Some(&imported))
        }
        DbCommand::Status { index } => told(common, &place(index.db.as_deref())?, None),
    }
}

/// `auditctl sbom`.
pub(super) fn sbom(wanted: &Sbom) -> Result<ExitCode, Report> {
    let folder = wanted.path.canonicalize().unwrap_or_else(|_| wanted.path.clone());
    let own = || folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = wanted.name.clone().or_else(own).unwrap_or_else(|| "program".to_owned());
    let bill = Bill::of_tree(&wanted.path, &name, &SystemClock).map_err(could_not_run)?;
    let text = bill.render(match wanted.format.0 {
        BillName::Cyclonedx => BillForm::CycloneDx,
        BillName::Spdx => BillForm::Spdx,
    });
    match &wanted.file {
        Some(file) => fs::write(file, text).map_err(|error| named(file, &error))?,
        None => print(&text)?,
    }
    for unread in bill.unread() {
        note(&format!("not in the bill: {unread}"));
    }
    Ok(if bill.unread().is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

/// Returns the engine for dependencies, with what there is to know. A file that was named must be there; an index that was
/// not named may be missing, and then nothing is known.
pub(super) fn engine(knowledge: &Knowledge, clock: &dyn Clock) -> Result<DepsEngine, Report> {
    let days = u64::from(knowledge.db_max_age);
    let mut engine =
        DepsEngine::new(clock.now()).with_stale_after(Duration::from_secs(days * 86_400));
    let index = knowledge.db.clone().or_else(own_place);
    engine = match index.map(|index| Database::open(&index)) {
        Some(Ok(database)) => engine.with_database(database),
        Some(Err(error)) if knowledge.db.is_some() => return Err(could_not_run(error)),
        Some(Err(Error::File { source, .. })) if source.kind() == std::io::ErrorKind::NotFound => {
            engine.without_database(MISSING)
        }
        Some(Err(error)) => engine.without_database(error.to_string()),
        None => engine.without_database(MISSING),
    };
    if let Some(file) = &knowledge.index {
        engine = engine.with_newest(Newest::parse(&read(file)?).map_err(|error| of(file, error))?);
    }
    let mut vex = Vex::default();
    for file in &knowledge.vex {
        vex.extend(Vex::parse(&read(file)?).map_err(|error| of(file, error))?);
    }
    Ok(engine.with_vex(vex))
}

fn import(from: &[PathBuf], date: Option<&str>, index: &Path) -> Result<Imported, Report> {
    let mut import = Import::new();
    if let Some(date) = date {
        import = import.of_day(date).map_err(could_not_run)?;
    }
    for place in from {
        import = import.from(place).map_err(could_not_run)?;
    }
    match Database::open(index) {
        Ok(before) => import = import.keeping(&before).map_err(could_not_run)?,
        Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
        // What is broken or of another version holds nothing that could be kept.
        Err(error @ (Error::Index { .. } | Error::Version { .. })) => {
            note(&format!("replaced as a whole: {error}"));
        }
        Err(error) => return Err(could_not_run(error)),
    }
    if let Some(folder) = index.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    }
    import.write(index).map_err(could_not_run)
}

fn told(common: &Common, index: &Path, imported: Option<&Imported>) -> Result<ExitCode, Report> {
    let database = Database::open(index).map_err(|error| {
        could_not_run(error).with_hint("auditctl db import PATH makes a new one")
    })?;
    let about = database.about();
    let bytes = fs::metadata(index).map_err(|error| named(index, &error))?.len();
    print(&match common.format {
        Format::Json => format!(
            "{}\n",
            json!({"file": index.display().to_string(), "bytes": bytes, "ecosystems": about.ecosystems})
        ),
        Format::Text => {
            let verb = if imported.is_some() { "written" } else { "has" };
            let mut text =
                format!("{} {verb} {bytes} bytes\n", escaped(&index.display().to_string()));
            for (name, has) in &about.ecosystems {
                // Writing to a String cannot fail.
                let _ = writeln!(
                    text,
                    "{name:<12} {:>7} advisories for {:>6} packages, the newest of {}",
                    has.advisories, has.packages, has.date
                );
            }
            text
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn place(given: Option<&Path>) -> Result<PathBuf, Report> {
    given.map(Path::to_owned).or_else(own_place).ok_or_else(|| {
        could_not_run("neither XDG_DATA_HOME nor HOME names a folder for the index".to_owned())
            .with_hint("name a file: --db FILE")
    })
}

/// Returns the user's index, as the XDG base directory specification has it: what is not absolute does not count.
fn own_place() -> Option<PathBuf> {
    let of = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = of("XDG_DATA_HOME").or_else(|| Some(of("HOME")?.join(".local/share")))?;
    Some(data.join("wardkit/osv.index"))
}

fn read(file: &Path) -> Result<String, Report> {
    fs::read_to_string(file).map_err(|error| named(file, &error))
}

fn of(file: &Path, error: Error) -> Report {
    could_not_run(error).with_hint(format!("in {}", escaped(&file.display().to_string())))
}

fn named(path: &Path, error: &std::io::Error) -> Report {
    could_not_run(format!("{}: {error}", escaped(&path.display().to_string())))
}

const MISSING: &str = "no advisories were imported: `auditctl db import all.zip`";

/// It ran, and not everything could be read.
const INCOMPLETE: u8 = 3;

//! Backs a folder up, checks that every byte is there, and restores it: `restic` can do the same with what is written.

#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::error::Error;
use std::sync::Arc;

use wardkit_backup::engine::{
    BackupOptions, CheckOptions, CheckOutcome, InitOptions, OpenOptions, Password, ReadData,
    Reader, Repository, RestoreOptions, Silent, Writer,
};
use wardkit_backup::source::{Files, FilesOptions};
use wardkit_backup::store::{LocalDir, ObjectStore};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let folder = dir.path().join("folder");
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("orders.csv"), "1;tea\n2;coffee\n")?;

    // A program reads the password from a file or from whoever keeps its secrets.
    let password = Password::new("correct horse battery staple");
    let place = dir.path().join("repository");
    let store: Arc<dyn ObjectStore> = Arc::new(LocalDir::create(&place)?);
    let writer = Repository::<Writer>::init(store, &password, InitOptions::default())?;

    // A writer cannot remove anything: what it could destroy it cannot even name.
    let mut source = Files::new([&folder], FilesOptions::default())?;
    let report = writer.backup(&mut source, &BackupOptions::default(), &Silent)?;
    println!("snapshot {} of {} files", report.snapshot.to_short(), report.counts.files_new);
    // Something that could not be read makes no error: whoever backs up has to look.
    assert!(report.outcome.is_complete());

    let store: Arc<dyn ObjectStore> = Arc::new(LocalDir::open(&place)?);
    let reader = Repository::<Reader>::open(store, &password, OpenOptions::default())?;
    let checked = reader.check(&CheckOptions::reading(ReadData::All), &Silent)?;
    assert_eq!(checked.outcome(), CheckOutcome::Clean);

    let snapshot = reader.load_snapshot(&report.snapshot)?;
    let index = reader.load_index(&Silent)?;
    let options = RestoreOptions::new(dir.path().join("restored"));
    let restored = reader.restore(&index, &snapshot, &options, &Silent)?;
    println!("{} files restored, every byte proven: {}", restored.files, restored.is_complete());
    assert!(restored.is_complete());
    Ok(())
}

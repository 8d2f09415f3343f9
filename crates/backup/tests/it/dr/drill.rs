use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_backup::dr::{Canary, Drill, DrillReport, Manifest, Parses, Probe, Verdict, Witness};
use wardkit_backup::engine::{BackupOptions, Repository, Silent, Writer};
use wardkit_backup::format::Id;
use wardkit_backup::source::{FileTime, Files, FilesOptions};
use wardkit_backup::store::{Key, Kind, Memory};

use crate::support::{alter, init, names};

/// A folder that was backed up, and what was read of it.
struct Scene {
    folder: tempfile::TempDir,
    store: Arc<Memory>,
    repository: Repository<Writer>,
    manifest: Manifest,
    snapshot: Id,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("canary"), "alive").unwrap();
        fs::write(folder.path().join("config.toml"), "name = 'bot'").unwrap();
        fs::write(folder.path().join("state"), vec![7; 10_000]).unwrap();
        let store = Arc::new(Memory::default());
        let repository = init(&store);
        let (manifest, snapshot) = back_up(&repository, folder.path(), Manifest::default());
        Self { folder, store, repository, manifest, snapshot }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn hold(&self, probes: &[&dyn Probe]) -> DrillReport {
        let scratch = tempfile::tempdir().unwrap();
        let index = self.repository.load_index(&Silent).unwrap();
        let snapshot = self.repository.load_snapshot(&self.snapshot).unwrap();
        let mut drill = Drill::new(scratch.path().join("drills"))
            .on_host("here")
            .with_manifest(&self.manifest)
            .after(Some(Id::of(b"before")));
        for probe in probes {
            drill = drill.with_probe(*probe);
        }
        let report = drill.hold(&self.repository, &index, (&self.snapshot, &snapshot), &Silent);
        assert_eq!(fs::read_dir(scratch.path().join("drills")).unwrap().count(), 0);
        report.unwrap()
    }
}

fn back_up(repository: &Repository<Writer>, folder: &Path, before: Manifest) -> (Manifest, Id) {
    let files = Files::new([folder], FilesOptions::default()).unwrap();
    let mut source = Witness::new(files, before);
    let report = repository.backup(&mut source, &BackupOptions::default(), &Silent).unwrap();
    assert!(report.outcome.is_complete(), "{report:?}");
    (source.into_manifest(), report.snapshot)
}

#[test]
fn drill_is_green_when_everything_is_as_it_was_read() {
    let mut scene = Scene::new();
    assert_eq!(scene.manifest.len(), 3);
    let (canary, config) = (scene.path("canary"), scene.path("config.toml"));
    let probes: [&dyn Probe; 2] =
        [&Canary::new(&canary, "alive"), &Parses::by_name(&config).unwrap()];
    let report = scene.hold(&probes);
    assert!(report.is_green(), "{report:?}");
    assert_eq!((report.files, report.compared, report.bytes), (3, 3, 10_017));
    assert_eq!(report.snapshot, scene.snapshot.to_string());
    assert_eq!(report.previous, Some(Id::of(b"before").to_string()));

    // What is taken over from the snapshot before is compared with what was read then.
    fs::write(&canary, "still alive").unwrap();
    let before = scene.manifest.clone();
    (scene.manifest, scene.snapshot) =
        back_up(&scene.repository, scene.folder.path(), before.clone());
    assert_eq!(scene.manifest.sum(&config), before.sum(&config));
    let report = scene.hold(&[&Canary::new(&canary, "still alive")]);
    assert!(report.is_green() && report.compared == 3, "{report:?}");
}

#[test]
fn drill_is_red_when_a_file_is_not_what_was_read() {
    let mut scene = Scene::new();
    let path = scene.path("state");
    let mut sum = *scene.manifest.sum(&path).unwrap();
    sum.hash[0] ^= 1;
    scene.manifest.insert(&path, sum);
    let modified = FileTime { seconds: 0, nanos: 0 };
    let missing = wardkit_backup::dr::Sum { hash: [0; 32], size: 1, modified };
    scene.manifest.insert(scene.path("gone"), missing);
    let report = scene.hold(&[]);
    assert!(!report.is_green());
    let state = format!("{}: it is not what was read when it was backed up", path.display());
    let gone = format!("{}: No such file or directory (os error 2)", scene.path("gone").display());
    assert_eq!(report.failures, [gone, state]);
    assert_eq!(report.compared, 2);
}

#[test]
fn drill_is_red_with_the_reason_when_the_repository_is_damaged() {
    let scene = Scene::new();
    for pack in names(&scene.store, Kind::Pack) {
        alter(&scene.store, Key::Named(Kind::Pack, pack));
    }
    let report = scene.hold(&[&Canary::new(scene.path("canary"), "alive")]);
    assert!(!report.is_green());
    assert!(report.failures[0].contains("damaged"), "{report:?}");
    let [probe] = &report.probes[..] else { panic!("{report:?}") };
    assert!(matches!(probe.verdict, Verdict::Failed { .. }), "{probe:?}");
}

#[cfg(feature = "sqlite")]
#[test]
fn database_that_is_damaged_or_lost_rows_makes_a_drill_red() {
    use wardkit_backup::dr::Database;

    let mut scene = Scene::new();
    let path = scene.path("bot.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    let rows = "CREATE TABLE users (name TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO users SELECT 'user ' || i FROM n";
    database.execute_batch(rows).unwrap();
    database.close().unwrap();
    let before = std::mem::take(&mut scene.manifest);
    (scene.manifest, scene.snapshot) = back_up(&scene.repository, scene.folder.path(), before);
    let whole = Database::new(&path);
    assert!(scene.hold(&[&whole.clone().with_rows("users", 5000)]).is_green());
    let report = scene.hold(&[&whole.clone().with_rows("users", 5001)]);
    let expected = Verdict::failed("users has 5000 rows, and had 5001");
    assert_eq!(report.probes[0].verdict, expected);

    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let before = std::mem::take(&mut scene.manifest);
    (scene.manifest, scene.snapshot) = back_up(&scene.repository, scene.folder.path(), before);
    let report = scene.hold(&[&whole]);
    assert!(!report.is_green() && report.failures.is_empty(), "{report:?}");
    assert!(matches!(report.probes[0].verdict, Verdict::Failed { .. }), "{report:?}");
}

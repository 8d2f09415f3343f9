//! The stores on servers: `rclone serve restic` and a server that answers as S3 does. restic itself has to find there
//! what we wrote, and we what it wrote.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_backup::format::Id;
use wardkit_backup::store::{
    Key, Kind, LocalDir, ObjectMeta, ObjectStore, Proof, PrunableStore, Put, ReplicateOptions,
    RestOptions, RestServer, Retention, S3, S3Credentials, S3Options, StoreError, replicate,
};
use wardkit_core::Secret;

/// A program that serves until it is dropped.
struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    address: String,
}

impl Server {
    /// Starts it on a port of its own choice, which it tells on its standard error.
    fn start(program: &mut Command) -> Self {
        let mut child = program
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the peer is installed");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let address = lines
            .find_map(|line| {
                let line = line.expect("it is text");
                let start = line.find("http://127.0.0.1:")?;
                let address: &str = line[start..].trim_end().trim_end_matches('/');
                Some(address.to_owned())
            })
            .expect("it tells its address");
        // A pipe that nobody reads would make it wait one day.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn rclone(folder: &Path, more: &[&str]) -> Self {
        let mut rclone = Command::new("rclone");
        rclone.args(["serve", "restic", "--addr", "127.0.0.1:0", "--config", "/dev/null"]);
        Self::start(rclone.args(more).arg(folder))
    }

    fn moto() -> Self {
        let mut moto = python();
        Self::start(moto.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]))
    }

    /// Runs a step of `bucket.py` against this server, and returns what it prints.
    fn bucket(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/bucket.py");
        let output = python().arg(script).arg(&self.address).args(arguments).output();
        let output = output.expect("python is installed");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn options(&self, bucket: &str) -> S3Options {
        let secret = Secret::new("testing-secret".to_owned());
        S3Options::new(&self.address, bucket, S3Credentials::new("testing", secret))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers/python"));
    python
}

/// A repository that restic made, in a folder; and its password file.
struct Restics {
    folder: TempDir,
    password: PathBuf,
}

impl Restics {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let password = folder.path().join("password");
        fs::write(&password, "open sesame").expect("written");
        let files = folder.path().join("files");
        fs::create_dir(&files).expect("made");
        for (name, size) in [("small", 10), ("large", 3_000_000), ("empty", 0)] {
            let body: Vec<u8> =
                (0..size).map(|nth: u64| (nth * nth / 7).to_le_bytes()[0]).collect();
            fs::write(files.join(name), body).expect("written");
        }
        let made = Self { folder, password };
        made.restic(&made.repository(), &["init"]);
        made.restic(&made.repository(), &["backup", files.to_str().expect("text")]);
        made
    }

    fn repository(&self) -> String {
        self.folder.path().join("repository").to_str().expect("text").to_owned()
    }

    fn store(&self) -> LocalDir {
        LocalDir::open(self.repository()).expect("restic made it")
    }

    fn restic(&self, repository: &str, arguments: &[&str]) -> String {
        let output = Command::new("restic")
            .args(["--no-cache", "--repo", repository, "--password-file"])
            .arg(&self.password)
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing-secret")
            .output()
            .expect("restic is installed");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{errors}");
        out
    }

    /// Copies the repository to a store, where restic reads all of it and writes a snapshot that we see.
    fn is_read_by_restic_from(&self, store: &dyn ObjectStore, address: &str) {
        let mut options = ReplicateOptions::default();
        options.proof = Proof::Content;
        let done = replicate(&self.store(), store, options, &|_| ()).expect("copied");
        assert!(done.copied > 4 && done.copied_bytes > 1_000, "{done:?}");
        self.restic(address, &["check", "--read-data"]);
        let target = self.folder.path().join("restored");
        let restored = target.to_str().expect("text");
        self.restic(address, &["restore", "latest", "--target", restored]);
        let files = self.folder.path().join("files");
        let below = target.join(files.strip_prefix("/").expect("absolute"));
        for name in ["small", "large", "empty"] {
            let read = |folder: &Path| fs::read(folder.join(name)).expect("there");
            assert_eq!(read(&below), read(&files), "{name}");
        }
        fs::write(files.join("new"), "since then").expect("written");
        self.restic(address, &["backup", files.to_str().expect("text")]);
        assert_eq!(listed(store, Kind::Snapshot).len(), 2);
        assert_eq!(listed(store, Kind::Lock), [], "restic has removed its own");
        for object in listed(store, Kind::Pack) {
            let body = store.get(&object.key, None).expect("read");
            assert_eq!(object.key, Key::Named(Kind::Pack, Id::of(&body)));
        }
    }
}

fn listed(store: &dyn ObjectStore, kind: Kind) -> Vec<ObjectMeta> {
    let mut found = Vec::new();
    let tell = &mut |object| {
        found.push(object);
        ControlFlow::Continue(())
    };
    store.list(kind, tell).expect("a whole list");
    found.sort_by_key(|object| object.key);
    found
}

fn named(kind: Kind, body: &[u8]) -> Key {
    Key::Named(kind, Id::of(body))
}

/// What the traits promise, on a store that is empty.
fn keeps_the_contract(store: &dyn ObjectStore) {
    let key = named(Kind::Pack, b"0123456789");
    assert_eq!(listed(store, Kind::Pack), []);
    assert_eq!(store.stat(&key).expect("it can tell"), None);
    assert!(store.get(&key, None).expect_err("not there").is_not_found());
    assert!(store.get(&key, Some(0..1)).expect_err("not there").is_not_found());
    assert_eq!(store.put(&key, b"0123456789").expect("stored"), Put::Stored);
    assert_eq!(store.put(&key, b"0123456789").expect("known"), Put::AlreadyThere);
    assert!(matches!(store.put(&key, b"0"), Err(StoreError::Different { .. })));
    assert_eq!(store.get(&key, None).expect("read"), b"0123456789");
    for range in [0..10, 3..5, 9..10, 4..4] {
        let expected: Vec<u8> = (b'0'..).skip(range.start).take(range.len()).collect();
        let range = range.start as u64..range.end as u64;
        assert_eq!(store.get(&key, Some(range.clone())).expect("read"), expected, "{range:?}");
    }
    for range in [5..11, 10..12, 20..30] {
        let error = store.get(&key, Some(range.clone())).expect_err("too short");
        assert!(matches!(error, StoreError::TooShort { size: 10, .. }), "{range:?}: {error:?}");
    }
    assert_eq!(listed(store, Kind::Pack), [ObjectMeta { key, size: 10 }]);
    let lock = named(Kind::Lock, b"lock");
    assert_eq!(store.put(&lock, b"lock").expect("stored"), Put::Stored);
    for _ in 0..2 {
        store.remove_lock(&Id::of(b"lock")).expect("gone, or gone before");
        assert_eq!(listed(store, Kind::Lock), []);
    }
    assert_eq!(listed(store, Kind::Config), []);
}

#[test]
fn a_rest_server_keeps_the_contract_and_restic_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::rclone(folder.path(), &[]);
    let address = |name: &str| RestOptions::new(&format!("{}/{name}/", server.address));
    let options = address("contract").expect("sound");
    assert!(matches!(RestServer::open(&options), Err(StoreError::NoRepository { .. })));
    let store = RestServer::create(&options).expect("created");
    keeps_the_contract(&store);
    let key = named(Kind::Pack, b"0123456789");
    store.delete(&key).expect("removed");
    store.delete(&key).expect("gone before");
    assert_eq!(listed(&store, Kind::Pack), []);

    let restics = Restics::new();
    let options = address("copy").expect("sound");
    let store = RestServer::create(&options).expect("created");
    restics.is_read_by_restic_from(&store, &format!("rest:{}/copy/", server.address));
    assert!(matches!(RestServer::create(&options), Err(StoreError::RepositoryExists { .. })));
    RestServer::open(&options).expect("it is one now");
}

#[test]
fn an_append_only_server_takes_objects_and_gives_none_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let server =
        Server::rclone(folder.path(), &["--append-only", "--user", "me", "--pass", "s3cret word"]);
    let options = RestOptions::new(&server.address).expect("sound");
    let error = RestServer::open(&options).expect_err("who asks?");
    assert!(matches!(error, StoreError::Refused { status: 401, .. }), "{error:?}");
    let signed_in = server.address.replace("http://", "rest:http://me:s3cret%20word@");
    let options = RestOptions::new(&signed_in).expect("sound");
    let store = RestServer::create(&options).expect("created");
    keeps_the_contract(&store);
    let key = named(Kind::Pack, b"0123456789");
    let error = store.delete(&key).expect_err("append only");
    assert!(matches!(error, StoreError::Refused { status: 403, .. }), "{error:?}");
    assert!(!format!("{error:?} {error} {store:?} {options:?}").contains("s3cret"));
    assert_eq!(store.get(&key, None).expect("still there"), b"0123456789");
}

#[test]
fn a_bucket_keeps_the_contract_and_restic_reads_it() {
    let server = Server::moto();
    let missing =
        S3::create(&server.options("missing")).expect("nothing there").put(&Key::Config, b"x");
    assert!(matches!(missing, Err(StoreError::Refused { status: 404, .. })), "{missing:?}");
    server.bucket(&["create", "plain"]);
    let mut options = server.options("plain");
    options.prefix = "con tract/a".to_owned();
    assert!(matches!(S3::open(&options), Err(StoreError::NoRepository { .. })));
    let store = S3::create(&options).expect("there is none");
    keeps_the_contract(&store);
    store.delete(&named(Kind::Pack, b"0123456789")).expect("removed");
    assert_eq!(listed(&store, Kind::Pack), []);

    let restics = Restics::new();
    options.prefix = "copy".to_owned();
    let store = S3::create(&options).expect("there is none");
    restics.is_read_by_restic_from(&store, &format!("s3:{}/plain/copy", server.address));
    assert!(matches!(S3::create(&options), Err(StoreError::RepositoryExists { .. })));
    S3::open(&options).expect("it is one now");
}

#[test]
fn large_objects_go_in_parts_and_replace_nothing() {
    let server = Server::moto();
    server.bucket(&["create", "plain"]);
    let mut options = server.options("plain");
    options.part_size = 5 << 20;
    let store = S3::create(&options).expect("there is none");
    let body: Vec<u8> = (0..11_u32 << 20).map(|nth| (nth / 251).to_le_bytes()[0]).collect();
    let key = named(Kind::Pack, &body);
    assert_eq!(store.put(&key, &body).expect("stored"), Put::Stored);
    assert_eq!(store.put(&key, &body).expect("known"), Put::AlreadyThere);
    assert_eq!(store.get(&key, None).expect("read"), body);
    assert_eq!(store.stat(&key).expect("it can tell"), Some(11 << 20));
    let error = store.put(&key, &body[..10 << 20]).expect_err("another length");
    assert!(matches!(error, StoreError::Different { .. }), "{error:?}");
    assert_eq!(server.bucket(&["uploads", "plain"]).trim(), "0", "what was begun is ended");
}

#[test]
fn a_locked_object_stays_and_a_lock_goes() {
    let server = Server::moto();
    server.bucket(&["create-locked", "locked"]);
    let mut options = server.options("locked");
    options.retention = Some(Retention::compliance(30));
    let store = S3::create(&options).expect("there is none");
    // This server forgets the retention of uploads in parts; that it is asked for, `it` proves.
    for (kind, body) in [(Kind::Pack, &b"pack"[..]), (Kind::Key, b"key")] {
        let key = named(kind, body);
        assert_eq!(store.put(&key, body).expect("stored"), Put::Stored);
        let said = server.bucket(&["lock-of", "locked", &key.to_path()]);
        assert_eq!(said.split_whitespace().next(), Some("COMPLIANCE"), "{said}");
        let days = said.split_whitespace().nth(1).expect("the days that are left");
        assert!(matches!(days, "29" | "30"), "{said}");
        let said = server.bucket(&["delete-versions", "locked", &key.to_path()]);
        assert_eq!(said.trim(), "AccessDenied", "nobody removes it");
    }
    let lock = named(Kind::Lock, b"lock");
    store.put(&lock, b"lock").expect("stored");
    assert_eq!(server.bucket(&["delete-versions", "locked", &lock.to_path()]).trim(), "deleted");
    // Where versions are kept, removing is no more than a mark.
    let key = named(Kind::Key, b"key");
    store.delete(&key).expect("marked");
    assert_eq!(server.bucket(&["versions", "locked", &key.to_path()]).trim(), "1");
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_given_up() {
    let server = Server::moto();
    server.bucket(&["create", "plain"]);
    let mut options = server.options("plain");
    options.http.retry.total_deadline = Some(Duration::from_millis(300));
    let store = S3::create(&options).expect("there is none");
    drop(server);
    let error = store.put(&Key::Config, b"{}").expect_err("nobody listens");
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
}

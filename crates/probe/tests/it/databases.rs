//! Databases, played by canned answers; the suite `interop` asks real ones.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use wardkit_probe::{NoHttp, Outcome, RedisTarget, Target, ask};

const LONG: Duration = Duration::from_mins(1);

async fn asked(target: impl Into<Target>) -> Outcome {
    ask(&target.into(), &NoHttp, LONG).await
}

/// Accepts one connection, writes, and reads until its end.
fn server(says: impl Into<Vec<u8>>) -> (String, thread::JoinHandle<Vec<u8>>) {
    let says = says.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // The other side may have heard enough.
        let _ = stream.write_all(&says);
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    (address, serving)
}

fn password_file(mode: u32) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    fs::write(&path, "hunter2\nsecond line\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (directory, path)
}

#[tokio::test]
async fn redis_is_signed_in_to_and_pinged() {
    let (_directory, path) = password_file(0o640);
    let (address, serving) = server("+OK\r\n+PONG\r\n");
    let mut target = RedisTarget::new(address);
    target.user = Some("probe".to_owned());
    target.password_file = Some(path);
    assert_eq!(asked(target).await, Outcome::Passed);
    let heard = String::from_utf8(serving.join().unwrap()).unwrap();
    let expected = "*3\r\n$4\r\nAUTH\r\n$5\r\nprobe\r\n$7\r\nhunter2\r\n*1\r\n$4\r\nPING\r\n";
    assert_eq!(heard, expected);
}

#[tokio::test]
async fn what_redis_says_is_shown_but_never_the_password() {
    let (_directory, path) = password_file(0o600);
    let rows = [
        (true, "-WRONGPASS no such user\r\n", "the sign-in was refused: WRONGPASS"),
        (true, "-ERR unknown command 'AUTH' with 'hunter2'\r\n", "the sign-in was refused: ERR"),
        (true, "hunter2\r\n", "the sign-in was refused: "),
        (
            false,
            "-NOAUTH Authentication required.\r\n",
            "the server says: NOAUTH Authentication required.",
        ),
        (false, "-LOADING from disk\r\n", "the server says: LOADING from disk"),
        (false, "HTTP/1.1 400 Bad Request\r\n", "the answer to PING is not PONG: this is no Redis"),
    ];
    for (signs_in, says, expected) in rows {
        let (address, _serving) = server(says);
        let mut target = RedisTarget::new(address);
        target.password_file = signs_in.then(|| path.clone());
        assert_eq!(asked(target).await, Outcome::failed(expected));
    }
    let (address, _serving) = server(vec![b'x'; 100_000]);
    let outcome = asked(RedisTarget::new(address)).await;
    assert_eq!(outcome, Outcome::failed("the answer is longer than any of Redis"));
}

#[tokio::test]
async fn a_password_that_everybody_can_read_is_not_used() {
    let (_directory, path) = password_file(0o644);
    let mut target = RedisTarget::new("127.0.0.1:1");
    target.password_file = Some(path.clone());
    let expected = "is open to every user of this machine; chmod o-rwx it";
    assert_eq!(refusal(&target, &path).await, expected);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "").unwrap();
    assert_eq!(refusal(&target, &path).await, "has no password in its first line");
    fs::write(&path, "x".repeat(5000)).unwrap();
    assert_eq!(refusal(&target, &path).await, "is longer than 4096 bytes");
    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(&target, &path).await, "No such file or directory (os error 2)");
}

async fn refusal(target: &RedisTarget, path: &Path) -> String {
    let outcome = asked(target.clone()).await;
    let start = format!("password file {}: ", path.display());
    outcome.reason().unwrap().strip_prefix(&start).unwrap().to_owned()
}

#[cfg(feature = "postgres")]
mod postgres {
    use wardkit_probe::PostgresTarget;

    use super::{Outcome, asked, password_file, server};

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag], &length[..], body].concat()
    }

    fn sign_in(kind: u32, rest: &[u8]) -> Vec<u8> {
        message(b'R', &[&kind.to_be_bytes()[..], rest].concat())
    }

    fn row(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        message(b'D', &[&[0, 1][..], &length, text.as_bytes()].concat())
    }

    fn ready() -> Vec<u8> {
        message(b'Z', b"I")
    }

    #[tokio::test]
    async fn a_number_is_selected() {
        let says = [
            sign_in(0, &[]),
            message(b'S', b"server_version\x0016\0"),
            ready(),
            message(b'T', b"\0\x01whatever"),
            row("1"),
            message(b'C', b"SELECT 1\0"),
            ready(),
        ];
        let (address, serving) = server(says.concat());
        assert_eq!(asked(PostgresTarget::new(address, "probe")).await, Outcome::Passed);
        let heard = serving.join().unwrap();
        let startup =
            b"\0\0\0\x3c\0\x03\0\0user\0probe\0database\0probe\0application_name\0wardkit\0\0";
        assert_eq!(heard[..startup.len()], *startup);
        assert_eq!(heard[startup.len()..], *b"Q\0\0\0\x0dSELECT 1\0X\0\0\0\x04");
    }

    #[tokio::test]
    async fn the_password_is_sent_as_the_server_asks() {
        let (_directory, path) = password_file(0o600);
        let rest = [sign_in(0, &[]), ready(), row("1"), ready()].concat();
        for (asks, sends) in
            [(sign_in(3, &[]), "p\0\0\0\x0chunter2\0"), (sign_in(5, b"salt"), "p\0\0\0\x28md5")]
        {
            let (address, serving) = server([asks, rest.clone()].concat());
            let mut target = PostgresTarget::new(address, "probe");
            target.password_file = Some(path.clone());
            assert_eq!(asked(target).await, Outcome::Passed);
            let heard = serving.join().unwrap();
            let heard = String::from_utf8_lossy(&heard).into_owned();
            assert!(heard.contains(sends), "{heard:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_plays_tricks_is_refused() {
        let (_directory, path) = password_file(0o600);
        let scram = sign_in(10, b"SCRAM-SHA-256\0\0");
        let broken = "the server does not keep to the protocol";
        let rows: Vec<(Vec<u8>, &str)> = vec![
            (
                b"HTTP/1.1 400 Bad Request".to_vec(),
                "the server does not speak the protocol of Postgres",
            ),
            (b"R\xff\xff\xff\xff".to_vec(), "the server does not speak the protocol of Postgres"),
            (b"R\0\0\0\x03".to_vec(), "the server does not speak the protocol of Postgres"),
            (b"R\0\0\0\x04".to_vec(), broken),
            (sign_in(5, b"sal"), broken),
            (sign_in(7, &[]), "the server asks for sign-in 7, which is not known"),
            (sign_in(10, b"SCRAM-SHA-512\0\0"), "the server does not offer SCRAM-SHA-256"),
            ([scram.clone(), sign_in(11, b"r=x")].concat(), broken),
            ([scram.clone(), sign_in(11, b"r=x,s=YQ==,i=1")].concat(), broken),
            (
                [scram.clone(), sign_in(11, b"r=x,s=YQ==,i=4294967295")].concat(),
                "the server asks for 4294967295 iterations of SCRAM",
            ),
            ([scram, sign_in(12, b"v=x")].concat(), broken),
            (
                message(b'E', b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"),
                "the server says: the database system is starting up (57P03)",
            ),
            (message(b'E', b""), "the server says:  ()"),
            (
                [sign_in(0, &[]), ready(), row("2"), ready()].concat(),
                "the answer to SELECT 1 is not 1",
            ),
            (
                [sign_in(0, &[]), ready(), message(b'D', &[0, 1, 0xff, 0xff, 0xff, 0xff]), ready()]
                    .concat(),
                "the answer to SELECT 1 is not 1",
            ),
        ];
        for (says, expected) in rows {
            let (address, _serving) = server(says);
            let mut target = PostgresTarget::new(address, "probe");
            target.password_file = Some(path.clone());
            assert_eq!(asked(target).await, Outcome::failed(expected));
        }
    }

    #[tokio::test]
    async fn a_password_that_nobody_gave_is_missed() {
        let (address, _serving) = server(sign_in(3, &[]));
        let outcome = asked(PostgresTarget::new(address, "probe")).await;
        assert_eq!(outcome, Outcome::failed("the server asks for a password"));
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::fs;
    use std::os::unix::fs::FileExt as _;

    use rusqlite::Connection;
    use wardkit_probe::SqliteTarget;

    use super::{Outcome, asked};

    #[tokio::test]
    async fn a_database_is_read_and_never_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bot.db");
        let outcome = asked(SqliteTarget::new(&path)).await;
        assert!(outcome.reason().unwrap().ends_with("No such file or directory (os error 2)"));
        assert!(!path.exists());
        let database = Connection::open(&path).unwrap();
        database.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE notes (text)").unwrap();
        database.execute_batch("BEGIN").unwrap();
        for number in 0..2000 {
            database
                .execute("INSERT INTO notes VALUES (?1)", [number.to_string().repeat(9)])
                .unwrap();
        }
        database.execute_batch("COMMIT").unwrap();
        assert_eq!(asked(SqliteTarget::new(&path)).await, Outcome::Passed);
        let mut whole = SqliteTarget::new(&path);
        whole.quick_check = true;
        assert_eq!(asked(whole.clone()).await, Outcome::Passed);
        drop(database);

        // A page in the middle, of which opening knows nothing.
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[0xa5; 3000], 4096 * 5).unwrap();
        assert_eq!(asked(SqliteTarget::new(&path)).await, Outcome::Passed);
        let outcome = asked(whole).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome}");

        fs::write(&path, "this is no database, and is long enough to be sure of it").unwrap();
        let outcome = asked(SqliteTarget::new(&path)).await;
        assert!(outcome.reason().unwrap().ends_with("file is not a database"), "{outcome}");
    }
}

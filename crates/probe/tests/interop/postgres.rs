//! Postgres with SCRAM, MD5, a password in the clear, and none.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use wardkit_probe::{Outcome, PostgresTarget};

use crate::{Home, Running, asked, free_port};

const ROLES: &str = "\
SET password_encryption = 'scram-sha-256';
CREATE ROLE by_scram LOGIN PASSWORD 'hunter2';
CREATE ROLE by_clear LOGIN PASSWORD 'hunter2';
SET password_encryption = 'md5';
CREATE ROLE by_md5 LOGIN PASSWORD 'hunter2';
CREATE ROLE by_trust LOGIN;
CREATE ROLE by_nothing LOGIN;
";

const RULES: &str = "\
host all by_scram 127.0.0.1/32 scram-sha-256
host all by_md5 127.0.0.1/32 md5
host all by_clear 127.0.0.1/32 password
host all by_trust 127.0.0.1/32 trust
local all by_scram scram-sha-256
";

/// Debian keeps them off the path, each version by itself.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let version = versions.map(|entry| entry.unwrap().path()).max().unwrap();
    version.join("bin")
}

fn serve(home: &Home, programs: &Path, port: u16) -> Running {
    let data = home.path("data");
    let made = home
        .command(programs.join("initdb"))
        .args(["--username=admin", "--auth=reject", "--locale=C", "--encoding=UTF8", "--no-sync"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut single = home
        .command(programs.join("postgres"))
        .args(["--single", "-D"])
        .arg(&data)
        .arg("postgres")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    single.stdin.take().unwrap().write_all(ROLES.as_bytes()).unwrap();
    assert!(single.wait().unwrap().success());
    fs::write(data.join("pg_hba.conf"), RULES).unwrap();
    let mut child = home
        .command(programs.join("postgres"))
        .args(["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-p", &port.to_string()])
        .arg("-k")
        .arg(home.path(""))
        .arg("-D")
        .arg(&data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stderr.take().unwrap();
    Running::wait_for(child, output, "ready to accept connections")
}

#[tokio::test]
async fn postgres_answers_whoever_may_sign_in() {
    let (home, port) = (Home::new(), free_port());
    let mut server = serve(&home, &programs(), port);
    let (right, wrong) = (home.write("right", "hunter2\n"), home.write("wrong", "hunter3\n"));
    let target = |user: &str, file: Option<&Path>| {
        let mut target = PostgresTarget::new(format!("127.0.0.1:{port}"), user);
        target.database = "postgres".to_owned();
        target.password_file = file.map(Path::to_owned);
        target
    };
    for user in ["by_scram", "by_md5", "by_clear"] {
        assert_eq!(asked(target(user, Some(&right))).await, Outcome::Passed, "{user}");
        let says =
            format!("the server says: password authentication failed for user \"{user}\" (28P01)");
        assert_eq!(asked(target(user, Some(&wrong))).await, Outcome::failed(says));
        let missed = Outcome::failed("the server asks for a password");
        assert_eq!(asked(target(user, None)).await, missed);
    }
    assert_eq!(asked(target("by_trust", None)).await, Outcome::Passed);
    let refused = asked(target("by_nothing", None)).await;
    assert!(refused.reason().unwrap().contains("no pg_hba.conf entry"), "{refused}");
    let mut nowhere = target("by_trust", None);
    nowhere.database = "nowhere".to_owned();
    let says = "the server says: database \"nowhere\" does not exist (3D000)";
    assert_eq!(asked(nowhere).await, Outcome::failed(says));
    let mut local = target("by_scram", Some(&right));
    local.address = home.path(&format!(".s.PGSQL.{port}")).display().to_string();
    assert_eq!(asked(local).await, Outcome::Passed);

    server.stop();
    let gone = asked(target("by_trust", None)).await;
    assert!(gone.reason().unwrap().contains("Connection refused"), "{gone}");
}

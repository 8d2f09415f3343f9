//! Redis over TCP and over its socket, with a password and with a user.

use std::process::Stdio;

use wardkit_probe::{Outcome, RedisTarget};

use crate::{Home, Running, asked, free_port};

#[tokio::test]
async fn redis_is_pinged_by_whoever_may() {
    let home = Home::new();
    let (port, socket) = (free_port(), home.path("redis.sock"));
    let config = format!(
        "port {port}\nbind 127.0.0.1\nunixsocket {}\nsave \"\"\nappendonly no\ndaemonize no\n\
         requirepass hunter2\nuser probe on >hunter3 +ping\n",
        socket.display()
    );
    let config = home.write("redis.conf", &config);
    let mut child =
        home.command("redis-server").arg(config).stdout(Stdio::piped()).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    let mut server = Running::wait_for(child, output, "Ready to accept connections");

    let (right, other) = (home.write("right", "hunter2\n"), home.write("other", "hunter3"));
    let target = RedisTarget::new(format!("127.0.0.1:{port}"));
    let denied = Outcome::failed("the server says: NOAUTH Authentication required.");
    assert_eq!(asked(target.clone()).await, denied);
    let with = |user: Option<&str>, file: &std::path::Path| {
        let mut target = target.clone();
        target.user = user.map(str::to_owned);
        target.password_file = Some(file.to_owned());
        target
    };
    assert_eq!(asked(with(None, &right)).await, Outcome::Passed);
    assert_eq!(asked(with(Some("probe"), &other)).await, Outcome::Passed);
    let wrong = Outcome::failed("the sign-in was refused: WRONGPASS");
    assert_eq!(asked(with(None, &other)).await, wrong);
    assert_eq!(asked(with(Some("nobody"), &right)).await, wrong);
    let mut local = with(None, &right);
    local.address = socket.display().to_string();
    assert_eq!(asked(local).await, Outcome::Passed);

    server.stop();
    let gone = asked(target).await;
    assert!(gone.reason().unwrap().contains("Connection refused"), "{gone}");
}

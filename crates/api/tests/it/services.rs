//! Commands about services, and the command to end, on the control socket.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use wardkit_api::services::{Command, Fate, Outcome, Refused};
use wardkit_api::{
    Answer, BoxFuture, CONTROL_SOCKET, Caller, ControlClient, ControlServer, Daemon, Error,
    ReloadRefused, Reloaded, Status,
};
use wardkit_core::Health;

use crate::support::TestDaemon;

/// Who, and what.
type Told = (Option<u32>, String);

/// A daemon that knows one service, and keeps what it was told.
#[derive(Default)]
struct Keeper {
    other: TestDaemon,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Keeper {
    fn note(&self, by: Option<Caller>, what: impl std::fmt::Debug) {
        self.told.lock().unwrap().push((by.map(|by| by.uid), format!("{what:?}")));
    }
}

impl Daemon for Keeper {
    fn health(&self) -> Vec<(String, Health)> {
        self.other.health()
    }

    fn status(&self) -> Status {
        self.other.status()
    }

    fn write_metrics(&self, _: &mut String) {}

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        self.other.reload()
    }

    fn services(
        &self,
        by: Option<Caller>,
        command: Command,
    ) -> BoxFuture<'_, Result<Answer, Refused>> {
        self.note(by, &command);
        let answer = match command.about() {
            ("list", _) => Ok(Answer::new(&["bot"])),
            ("stop", "bot") => Ok(Answer::new(&Outcome::pending(7))),
            ("wait", _) => Ok(Answer::new(&Outcome::done())),
            ("start", "bot") => Err(Refused::Failed("bot: exit code 3".to_owned())),
            (_, name) => Err(Refused::NotFound(format!("there is no service `{name}`"))),
        };
        Box::pin(std::future::ready(answer))
    }

    fn stop(&self, fate: Fate) -> BoxFuture<'_, Result<(), Refused>> {
        self.note(None, fate);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn commands_about_services_reach_the_daemon_with_who_gives_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(CONTROL_SOCKET);
    let server = ControlServer::bind(&path).unwrap();
    let keeper = Keeper::default();
    let told = Arc::clone(&keeper.told);
    let client = ControlClient::new(&path);
    let of = |name: &str| (name.to_owned(), "ann".to_owned());
    let asked = async {
        let names: Vec<String> = client.services(&Command::List {}).await.unwrap();
        assert_eq!(names, ["bot"]);
        let (name, by) = of("bot");
        let pending: Outcome = client.services(&Command::Stop { name, by }).await.unwrap();
        let ticket = pending.ticket.unwrap();
        let done: Outcome = client.services(&Command::Wait { ticket }).await.unwrap();
        assert_eq!((ticket, done), (7, Outcome::done()));
        for (named, status, reason) in
            [("bot", 409, "bot: exit code 3"), ("bto", 404, "there is no service `bto`")]
        {
            let (name, by) = of(named);
            let refused = client.services::<Outcome>(&Command::Start { name, by }).await;
            let Err(Error::Answer { status: found, detail }) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!((found, detail.as_str()), (status, reason));
        }
        client.stop(Fate::LeaveRunning).await.unwrap();
        client.stop(Fate::Stop).await.unwrap();
    };
    tokio::select! {
        () = server.serve(Arc::new(keeper), std::future::pending()) => {}
        () = asked => {}
    }
    let told = told.lock().unwrap();
    let own = rustix::process::geteuid().as_raw();
    assert_eq!(told[0], (Some(own), "List".to_owned()));
    assert!(told[1].1.contains("Stop") && told[1].1.contains("ann"), "{told:?}");
    assert_eq!(told[5].1, "LeaveRunning");
    assert_eq!(told[6].1, "Stop");
}

#[tokio::test]
async fn what_is_no_command_is_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(CONTROL_SOCKET);
    let server = ControlServer::bind(&path).unwrap();
    let asked = async {
        let mut answers = Vec::new();
        for body in ["{\"do\":\"dance\"}", "{\"do\":\"stop\"}", "", "[[[["] {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            let length = body.len();
            let request = format!(
                "POST /v1/services HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answers.push(answer);
        }
        answers
    };
    let answers = tokio::select! {
        () = server.serve(Arc::new(Keeper::default()), std::future::pending()) => Vec::new(),
        answers = asked => answers,
    };
    for (answer, word) in answers.iter().zip(["dance", "name", "EOF", "no command"]) {
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains(word), "{word}: {answer}");
    }
    assert_eq!(answers.len(), 4);
}

#[tokio::test]
async fn a_daemon_without_services_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(CONTROL_SOCKET);
    let server = ControlServer::bind(&path).unwrap();
    let client = ControlClient::new(&path);
    let refused = tokio::select! {
        () = server.serve(Arc::new(TestDaemon::default()), std::future::pending()) => panic!(),
        refused = client.services::<Outcome>(&Command::List {}) => refused,
    };
    assert!(matches!(refused, Err(Error::Answer { status: 503, .. })), "{refused:?}");
}

use std::io;
use std::os::unix::net::UnixStream;

use wardkit_guardian::{Client, Error, Sink, Spawn};
use wardkit_process::{Account, Launch, Step};

use crate::{Scene, shell};

#[test]
fn what_cannot_be_started_says_why() {
    let mut scene = Scene::new("refused");
    let text = scene.path("text");
    std::fs::write(&text, "no program").unwrap();
    let busy = scene.path("busy");
    std::fs::copy("/bin/sh", &busy).unwrap();
    let writer = std::fs::OpenOptions::new().append(true).open(&busy).unwrap();
    let missing = scene.path("missing");
    let client = scene.client();
    let mut check = |spawn: &Spawn, step, kind, transient| match client.spawn(spawn) {
        Err(ref error @ Error::Spawn { step: found, ref source }) => {
            assert_eq!((found, source.kind()), (step, kind), "{error}");
            assert_eq!(error.is_transient(), transient, "{error}");
        }
        other => panic!("{other:?}"),
    };
    let command = |path: &std::path::Path| Spawn::new("bot", 1, [path]);
    check(&command(&missing), Step::Execute, io::ErrorKind::NotFound, false);
    check(&command(&text), Step::Execute, io::ErrorKind::PermissionDenied, false);
    check(&command(&busy), Step::Execute, io::ErrorKind::ExecutableFileBusy, true);
    let mut elsewhere = shell("bot", 1, "true");
    elsewhere.directory = Some(missing);
    check(&elsewhere, Step::Directory, io::ErrorKind::NotFound, false);
    drop(writer);
    // What was refused can be asked for again.
    client.spawn(&shell("bot", 1, "true")).unwrap();
    for name in ["", ".", "a/b", "a b", &"x".repeat(129)] {
        assert!(matches!(client.spawn(&shell(name, 1, "true")), Err(Error::Name)), "{name}");
    }
    let mut large = shell("large", 1, "true");
    large.environment.push(("A".into(), "x".repeat(1 << 18).into()));
    assert!(matches!(client.spawn(&large), Err(Error::TooLarge { .. })));
    let mut no_fifo = shell("fifo", 1, "true");
    no_fifo.stdout = Sink::Fifo(text);
    assert!(matches!(client.spawn(&no_fifo), Err(Error::Prepare(_))));
    assert!(matches!(client.acknowledge("nobody", 1), Err(Error::Unknown)));
    assert!(client.list().unwrap().iter().all(|held| held.record.service == "bot"));
}

#[test]
fn one_master_is_attached_at_a_time() {
    let mut scene = Scene::new("busy");
    let pid = std::process::id();
    let second = Client::start(&scene.options);
    assert!(matches!(second, Err(Error::Busy { pid: found }) if found == pid), "{second:?}");
    assert_eq!(scene.client().list().unwrap().len(), 0);
    // Another kind of socket is no master.
    assert!(UnixStream::connect(&scene.options.socket).is_err());
}

#[test]
fn another_user_is_not_heard() {
    let mut scene = Scene::new("user");
    let Ok(nobody) = Account::look_up("nobody") else { return };
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut launch = Launch::new([
        "python3",
        "-c",
        "import socket, sys\n\
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n\
        s.connect(sys.argv[1])\n",
    ]);
    launch.command.push(scene.options.socket.clone().into());
    launch.account = Some(nobody);
    let Ok(stranger) = launch.start() else { return };
    assert!(stranger.wait(Some(crate::PATIENCE)).unwrap());
    let state = stranger.state().unwrap();
    assert!(
        !matches!(state, wardkit_process::State::Ended { exit, .. } if exit.is_success()),
        "{state:?}"
    );
    assert_eq!(scene.client().list().unwrap().len(), 0);
}

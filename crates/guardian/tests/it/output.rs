use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use wardkit_guardian::{Sink, Spawn};
use wardkit_process::{Exit, Signal};

use crate::{Scene, ended, eventually, shell};

fn reader(path: &Path) -> File {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path).expect("it is there")
}

/// Reads what is there.
fn read(mut reader: &File) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => text.extend(&buffer[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8(text).expect("it is there")
}

fn into_fifo(scene: &Scene, script: &str) -> Spawn {
    let mut spawn = shell("bot", 1, script);
    spawn.stdout = Sink::Fifo(scene.path("out"));
    spawn
}

#[test]
fn what_a_service_wrote_outlives_its_reader_and_itself() {
    let mut scene = Scene::new("fifo");
    // More than a pipe takes by default, while nobody reads.
    let script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done";
    let spawn = into_fifo(&scene, script);
    scene.client().spawn(&spawn).unwrap();
    scene.client = None;
    let client = scene.restart();
    assert_eq!(ended(client, "bot").exit, Exit::Code(0));
    let text = read(&reader(&scene.path("out")));
    assert_eq!(text.lines().count(), 20_000);
    assert!(text.ends_with("line 19999\n"));
}

#[test]
fn a_service_does_not_notice_the_deaths_of_guardian_and_reader() {
    let mut scene = Scene::new("pipe");
    let go = scene.path("go");
    let script =
        format!("echo one; while [ ! -e {} ]; do sleep 0.01; done; echo two", go.display());
    let spawn = into_fifo(&scene, &script);
    let held = scene.client().spawn(&spawn).unwrap();
    let out = reader(&scene.path("out"));
    eventually(|| (read(&out) == "one\n").then_some(()));
    scene.client().guardian().signal(Signal::KILL).unwrap();
    assert!(scene.client().guardian().wait(None).unwrap());
    drop(out);
    let client = scene.restart();
    client.adopt(&held.record, held.process.as_ref()).unwrap();
    std::fs::write(go, "").unwrap();
    // A write into a broken pipe would have ended it.
    let exit = ended(client, "bot").exit;
    assert!([Exit::Code(0), Exit::Unknown].contains(&exit), "{exit:?}");
    assert_eq!(read(&reader(&scene.path("out"))), "two\n");
}

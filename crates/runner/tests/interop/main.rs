//! Units of a fake systemd on a private bus of Debian's dbus-daemon.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "../it/fake_systemd.rs"]
mod fake_systemd;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../it/scene.rs"]
mod scene;
#[path = "../it/units.rs"]
mod units;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use wardkit_supervise::Config;

use fake_systemd::{FakeSystemd, FakeUnit, Place};
use scene::{Scene, eventually};

/// A bus of its own, which ends with the test.
struct Bus {
    child: Child,
    address: String,
}

impl Bus {
    fn start(folder: &Path) -> Self {
        let address = format!("unix:path={}", folder.join("bus").display());
        let mut child = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address", &format!("--address={address}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it tells its address");
        assert!(line.starts_with(&address), "{line}");
        Self { child, address }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn on_a_bus() -> (Scene, Bus) {
    let mut scene = Scene::new();
    let bus = Bus::start(scene.folder.path());
    scene.options.systemd.clone_from(&bus.address);
    (scene, bus)
}

#[test]
fn units_are_looked_after_through_a_bus() {
    let (mut scene, bus) = on_a_bus();
    let units = [("web.service", FakeUnit::active(711)), ("db-1.service", FakeUnit::inactive())];
    let systemd = FakeSystemd::new(Place::Bus(bus.address.clone()), units);
    systemd.until_there();
    units::check_life(&mut scene, &systemd);
    drop(scene);
}

#[test]
fn bus_that_dies_and_a_systemd_that_executes_itself_anew_are_survived() {
    let (mut scene, bus) = on_a_bus();
    let web = |pid| [("web.service", FakeUnit::active(pid))];
    let systemd = FakeSystemd::new(Place::Bus(bus.address.clone()), web(711));
    systemd.until_there();
    scene.start(Config::new([units::unit("web", "web.service")]));
    scene.until("web", "running");
    // Gone from the bus for a moment.
    drop(systemd);
    let systemd = FakeSystemd::new(Place::Bus(bus.address.clone()), web(712));
    eventually(|| (scene.until("web", "running") == Some(712)).then_some(()));
    assert_eq!(systemd.calls(), Vec::<String>::new());
    drop((systemd, bus));
    scene.told("supervise.systemd_lost", "");
    assert_eq!(scene.state("web").as_str(), "running");
    let bus = Bus::start(scene.folder.path());
    let systemd = FakeSystemd::new(Place::Bus(bus.address.clone()), web(713));
    eventually(|| (scene.until("web", "running") == Some(713)).then_some(()));
    assert_eq!(systemd.calls(), Vec::<String>::new());
    drop(scene);
}

//! Services that are units of systemd, which is a fake here: see [`FakeSystemd`].

use wardkit_supervise::{Config, Kind, ServiceSpec};

use crate::fake_systemd::{FakeSystemd, FakeUnit, Place, socket};
use crate::scene::{Scene, block_on, eventually};

/// A scene whose systemd is asked at a socket of its own.
pub(crate) fn scene() -> (Scene, Place) {
    let mut scene = Scene::new();
    let path = socket(scene.folder.path());
    scene.options.systemd = format!("peer:{}", path.display());
    (scene, Place::Peer(path))
}

pub(crate) fn unit(name: &str, unit: &str) -> ServiceSpec {
    let mut spec = ServiceSpec::new(name, Vec::<String>::new());
    spec.kind = Kind::Watched;
    spec.unit = Some(unit.to_owned());
    spec
}

/// What is the same through a bus and without one.
pub(crate) fn check_life(scene: &mut Scene, systemd: &FakeSystemd) {
    scene.start(Config::new([unit("web", "web.service"), unit("db", "db-1.service")]));
    // One runs already, the other one is started.
    assert_eq!(scene.until("web", "running"), Some(711));
    scene.told("supervise.adopted", "web");
    let db = scene.until("db", "running").unwrap();
    assert_eq!(systemd.calls(), ["StartUnit db-1.service"]);
    assert_eq!(systemd.unit("db-1.service").pid, db);

    // systemd restarts it behind our back: seen, and nothing done.
    systemd.change("web.service", |unit| (unit.active, unit.sub) = ("activating", "auto-restart"));
    systemd.change("web.service", |unit| *unit = FakeUnit { restarts: 1, ..FakeUnit::active(712) });
    eventually(|| (scene.until("web", "running") == Some(712)).then_some(()));
    let status = scene.services().list().into_iter().find(|one| one.name == "web").unwrap();
    assert_eq!((status.generation, status.restarts), (1, 0));
    assert_eq!(systemd.calls().len(), 1);

    // It fails and has no `Restart=` of its own: it is started from here.
    systemd.change("db-1.service", |unit| {
        let failed = FakeUnit { active: "failed", result: "signal", ..FakeUnit::inactive() };
        *unit = FakeUnit { exit: (2, 11), ..failed };
    });
    let next = scene.until_run("db", "running", 2).unwrap();
    assert_ne!(db, next);
    assert_eq!(scene.told("supervise.exited", "db"), "signal 11");
    assert_eq!(systemd.calls()[1..], ["ResetFailedUnit db-1.service", "StartUnit db-1.service"]);

    block_on(scene.services().stop_service("db", "operator ann")).unwrap();
    assert_eq!(systemd.unit("db-1.service").active, "inactive");
    assert_eq!(scene.state("db").as_str(), "stopped");
}

#[test]
fn units_are_found_started_watched_and_stopped_through_systemd() {
    let (mut scene, place) = scene();
    let units = [("web.service", FakeUnit::active(711)), ("db-1.service", FakeUnit::inactive())];
    let systemd = FakeSystemd::new(place, units);
    check_life(&mut scene, &systemd);
    // It stops its units, and needs a systemd for that.
    drop(scene);
}

#[test]
fn unit_that_was_stopped_through_systemd_is_left_so_until_somebody_starts_it() {
    let (mut scene, place) = scene();
    let systemd = FakeSystemd::new(place, [("web.service", FakeUnit::active(711))]);
    scene.start(Config::new([unit("web", "web.service")]));
    scene.until("web", "running");
    systemd.change("web.service", |unit| (unit.active, unit.job) = ("deactivating", 7));
    // It was looked at on its way down when it is asked about the next time.
    systemd.until_asked();
    systemd.change("web.service", |unit| *unit = FakeUnit::inactive());
    scene.until("web", "failed");
    let why = scene.services().explain("web").unwrap().explanation.why.join("; ");
    assert!(why.contains("web.service was stopped through systemd"), "{why}");
    assert_eq!(systemd.calls(), Vec::<String>::new());
    block_on(scene.services().start_service("web", "operator ann")).unwrap();
    scene.until("web", "running");
    assert_eq!(systemd.calls(), ["StartUnit web.service"]);
    drop(scene);
}

#[test]
fn unit_that_systemd_gave_up_is_restarted_only_where_it_is_taken_over() {
    for take_over in [false, true] {
        let (mut scene, place) = scene();
        let mut of = FakeUnit::active(711);
        of.restart = "always";
        let systemd = FakeSystemd::new(place, [("web.service", of)]);
        let mut spec = unit("web", "web.service");
        spec.take_over = take_over;
        scene.start(Config::new([spec]));
        scene.until("web", "running");
        systemd.change("web.service", |unit| {
            (unit.active, unit.sub, unit.pid) = ("failed", "failed", 0);
            (unit.result, unit.exit) = ("start-limit-hit", (1, 1));
        });
        if take_over {
            scene.until_run("web", "running", 2);
            systemd.until_called("StartUnit web.service");
        } else {
            scene.until("web", "failed");
            let why = scene.services().explain("web").unwrap().explanation.why.join("; ");
            assert!(why.contains("Restart=always, result start-limit-hit"), "{why}");
            assert_eq!(systemd.calls(), Vec::<String>::new());
        }
        assert_eq!(scene.told("supervise.exited", "web"), "systemd: start-limit-hit");
        drop(scene);
    }
}

#[test]
fn unit_that_is_not_there_is_masked_or_does_not_start_is_why_the_service_is_down() {
    let (mut scene, place) = scene();
    let mut broken = FakeUnit::inactive();
    broken.starts = false;
    let mut masked = FakeUnit::inactive();
    masked.load = "masked";
    let units = [("broken.service", broken), ("masked.service", masked)];
    let _systemd = FakeSystemd::new(place, units);
    let mut specs = [
        unit("broken", "broken.service"),
        unit("masked", "masked.service"),
        unit("absent", "absent.service"),
    ];
    specs[0].restart = wardkit_supervise::RestartPolicy::Never;
    scene.start(Config::new(specs));
    for (name, expected) in [
        ("broken", "exit code 203"),
        ("masked", "systemd has no unit masked.service to run: masked"),
        ("absent", "systemd has no unit absent.service to run: not-found"),
    ] {
        scene.until(name, "failed");
        let why = scene.services().explain(name).unwrap().explanation.why.join("; ");
        assert!(why.contains(expected), "{name}: {why}");
    }
}

#[test]
fn systemd_that_goes_away_is_told_once_and_what_happened_meanwhile_is_seen() {
    let (mut scene, place) = scene();
    let systemd = FakeSystemd::new(place.clone(), [("web.service", FakeUnit::active(711))]);
    scene.start(Config::new([unit("web", "web.service")]));
    scene.until("web", "running");
    drop(systemd);
    let told = scene.told("supervise.systemd_lost", "");
    assert!(told.contains("systemd cannot be asked at peer:"), "{told}");
    assert_eq!(scene.state("web").as_str(), "running");
    std::fs::remove_file(socket(scene.folder.path())).unwrap();
    let systemd = FakeSystemd::new(place, [("web.service", FakeUnit::active(712))]);
    scene.told("supervise.systemd_found", "");
    eventually(|| (scene.until("web", "running") == Some(712)).then_some(()));
    assert_eq!(systemd.calls(), Vec::<String>::new());
    assert_eq!(scene.outlet.find("supervise.systemd_lost", "").len(), 1);
    drop(scene);
}

#[test]
fn host_without_systemd_says_so_and_others_run() {
    let (mut scene, _) = scene();
    let mut spec = unit("web", "web.service");
    spec.restart = wardkit_supervise::RestartPolicy::Never;
    scene.start(Config::new([spec, crate::scene::sleeper("bot")]));
    scene.until("bot", "running");
    scene.until("web", "failed");
    let why = scene.services().explain("web").unwrap().explanation.why.join("; ");
    assert!(why.contains("systemd cannot be asked"), "{why}");
}

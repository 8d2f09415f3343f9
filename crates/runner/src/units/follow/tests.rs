use super::*;

fn facts(active: &str, sub: &str) -> Facts {
    Facts {
        load: "loaded".to_owned(),
        active: active.to_owned(),
        sub: sub.to_owned(),
        result: "success".to_owned(),
        restart: "no".to_owned(),
        pid: if active == "active" { 7 } else { 0 },
        ..Facts::default()
    }
}

fn up(pid: u32) -> Facts {
    Facts { pid, ..facts("active", "running") }
}

fn down(active: &str, result: &str, kind: i32, status: i32) -> Facts {
    let facts = facts(active, "dead");
    Facts { result: result.to_owned(), exit_kind: kind, exit_status: status, ..facts }
}

fn running(take_over: bool, facts: &Facts) -> Follow {
    let mut follow = Follow::new("x.service", take_over);
    assert_eq!(follow.step(Ask::Find, facts), [Act::Found(facts.pid)]);
    follow
}

fn exit(acts: &[Act]) -> (Exit, bool) {
    let [Act::Exited(ending)] = acts else { panic!("{acts:?}") };
    assert_eq!(ending.tree, Tree::Gone);
    (ending.exit.clone(), ending.out_of_memory)
}

fn refusal(acts: &[Act]) -> &str {
    let [Act::SpawnFailed(error)] = acts else { panic!("{acts:?}") };
    assert_eq!(error.class, SpawnErrorClass::Configuration);
    &error.reason
}

#[test]
fn unit_that_runs_or_is_about_to_is_found_and_not_started() {
    for active in ["active", "reloading", "activating"] {
        running(false, &facts(active, "any"));
    }
    let mut follow = Follow::new("x.service", false);
    // What is on its way down is waited for.
    assert_eq!(follow.step(Ask::Find, &facts("deactivating", "stop")), []);
    assert_eq!(follow.step(Ask::Look, &facts("inactive", "dead")), [Act::Missing(None)]);
}

#[test]
fn unit_is_started_through_systemd_and_its_failure_forgotten_first() {
    let mut follow = Follow::new("x.service", false);
    let failed = down("failed", "exit-code", 1, 1);
    assert_eq!(follow.step(Ask::Find, &failed), [Act::Missing(None)]);
    assert_eq!(follow.step(Ask::Start, &failed), [Act::Reset, Act::Start]);
    assert_eq!(follow.step(Ask::Look, &facts("activating", "start")), []);
    assert_eq!(follow.step(Ask::Look, &up(9)), [Act::Spawned(9)]);
    // One that somebody else has started meanwhile is taken as it is.
    let mut follow = Follow::new("x.service", false);
    assert_eq!(follow.step(Ask::Start, &up(9)), [Act::Spawned(9)]);
}

#[test]
fn unit_that_does_not_start_ends_and_what_systemd_refuses_is_said() {
    let mut follow = Follow::new("x.service", false);
    assert_eq!(follow.step(Ask::Start, &facts("inactive", "dead")), [Act::Start]);
    let acts = follow.step(Ask::Look, &down("failed", "exit-code", 1, 203));
    assert_eq!(exit(&acts), (Exit::Code(203), false));
    assert_eq!(follow.step(Ask::Kill, &down("failed", "exit-code", 1, 203)), [Act::Gone]);

    assert_eq!(follow.step(Ask::Start, &facts("inactive", "dead")), [Act::Start]);
    let acts = follow.refused("no".to_owned(), SpawnErrorClass::Transient);
    let error = SpawnError::new(SpawnErrorClass::Transient, "no");
    assert_eq!(acts, [Act::SpawnFailed(error)]);

    let mut absent = facts("inactive", "dead");
    absent.load = "not-found".to_owned();
    let acts = follow.step(Ask::Find, &absent);
    let [Act::Missing(Some(why))] = &acts[..] else { panic!("{acts:?}") };
    assert_eq!(why, "systemd has no unit x.service to run: not-found");
    assert_eq!(refusal(&follow.step(Ask::Start, &absent)), why);
}

#[test]
fn restart_behind_our_back_is_seen_and_not_fought() {
    let mut follow = running(false, &up(7));
    // `systemctl restart`: a job is under way all the time.
    for (active, job) in [("deactivating", 3), ("inactive", 3), ("activating", 3)] {
        assert_eq!(follow.step(Ask::Look, &Facts { job, ..facts(active, "any") }), []);
    }
    assert_eq!(follow.step(Ask::Look, &up(8)), [Act::Main(8)]);
    assert_eq!(follow.step(Ask::Look, &up(8)), []);
    // Its own `Restart=`.
    assert_eq!(follow.step(Ask::Look, &facts("deactivating", "final-sigterm")), []);
    assert_eq!(follow.step(Ask::Look, &facts("activating", "auto-restart")), []);
    let acts = follow.step(Ask::Look, &Facts { restarts: 1, ..up(9) });
    let note = "systemd has restarted x.service 1 times".to_owned();
    assert_eq!(acts, [Act::Note(Some(note)), Act::Main(9)]);
}

#[test]
fn unit_that_is_taken_over_is_restarted_from_here() {
    let mut follow = running(true, &up(7));
    let mut restarting = down("activating", "signal", 2, 9);
    restarting.sub = "auto-restart".to_owned();
    assert_eq!(
        exit(&follow.step(Ask::Look, &restarting)),
        (Exit::Signal { signal: 9, core: false }, false)
    );
    // What systemd is about to start is stopped first.
    assert_eq!(follow.step(Ask::Kill, &restarting), [Act::Stop, Act::Kill]);
    assert_eq!(follow.step(Ask::Look, &down("inactive", "success", 2, 9)), [Act::Gone]);
    assert_eq!(follow.step(Ask::Start, &facts("inactive", "dead")), [Act::Start]);
}

#[test]
fn ends_are_told_as_they_were() {
    for (result, kind, status, expected, is_oom) in [
        ("success", 1, 0, Exit::Code(0), false),
        ("exit-code", 1, 3, Exit::Code(3), false),
        ("signal", 2, 11, Exit::Signal { signal: 11, core: false }, false),
        ("core-dump", 3, 6, Exit::Signal { signal: 6, core: true }, false),
        ("oom-kill", 2, 9, Exit::Signal { signal: 9, core: false }, true),
        ("success", 0, 0, Exit::Code(0), false),
        ("watchdog", 3, 6, Exit::Error("systemd: watchdog".to_owned()), false),
        ("start-limit-hit", 0, 0, Exit::Error("systemd: start-limit-hit".to_owned()), false),
    ] {
        let mut follow = running(false, &up(7));
        let acts = follow.step(Ask::Look, &down("failed", result, kind, status));
        assert_eq!(exit(&acts), (expected, is_oom), "{result}");
    }
}

#[test]
fn what_systemd_or_somebody_through_it_wants_down_is_left_so_until_somebody_starts_it() {
    let inactive = facts("inactive", "dead");
    let check = |follow: &mut Follow, last: &Facts, expected: &str| {
        exit(&follow.step(Ask::Look, last));
        assert_eq!(follow.step(Ask::Kill, last), [Act::Gone]);
        assert_eq!(follow.step(Ask::Find, last), [Act::Missing(None)]);
        assert!(refusal(&follow.step(Ask::Start, last)).contains(expected));
        // Whoever asks again means it.
        assert_eq!(follow.step(Ask::Find, last), [Act::Missing(None)]);
        assert_eq!(follow.step(Ask::Start, &inactive), [Act::Start]);
    };
    let mut stopped = running(false, &up(7));
    let stopping = Facts { job: 3, ..facts("deactivating", "stop-sigterm") };
    assert_eq!(stopped.step(Ask::Look, &stopping), []);
    check(&mut stopped, &inactive, "was stopped through systemd");

    let mut given_up = running(false, &up(7));
    let mut last = down("failed", "exit-code", 1, 1);
    last.restart = "on-failure".to_owned();
    check(&mut given_up, &last, "Restart=on-failure, result exit-code");

    // Without a `Restart=` of its own it is ours to restart.
    let mut failed = running(false, &up(7));
    let last = down("failed", "exit-code", 1, 1);
    exit(&failed.step(Ask::Look, &last));
    assert_eq!(failed.step(Ask::Find, &last), [Act::Missing(None)]);
    assert_eq!(failed.step(Ask::Start, &last), [Act::Reset, Act::Start]);
}

#[test]
fn stop_is_asked_of_systemd_and_a_kill_says_when_nothing_is_left() {
    let mut follow = running(false, &up(7));
    assert_eq!(follow.step(Ask::Stop, &up(7)), [Act::Stop]);
    assert_eq!(follow.step(Ask::Look, &Facts { job: 4, ..facts("deactivating", "stop") }), []);
    assert_eq!(exit(&follow.step(Ask::Look, &facts("inactive", "dead"))), (Exit::Code(0), false));
    assert_eq!(follow.step(Ask::Kill, &facts("inactive", "dead")), [Act::Gone]);

    let mut stubborn = running(false, &up(7));
    assert_eq!(stubborn.step(Ask::Stop, &up(7)), [Act::Stop]);
    let stopping = Facts { job: 4, ..facts("deactivating", "stop") };
    assert_eq!(stubborn.step(Ask::Kill, &stopping), [Act::Stop, Act::Kill]);
    let acts = stubborn.step(Ask::Look, &down("failed", "signal", 2, 9));
    assert!(matches!(&acts[..], [Act::Exited(_), Act::Gone]), "{acts:?}");
}

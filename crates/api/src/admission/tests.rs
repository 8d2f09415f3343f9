use super::*;

const LIMITS: Limits = Limits {
    connections: 3,
    connections_per_peer: 2,
    head: Duration::from_secs(5),
    idle: Duration::from_mins(1),
    request: Duration::from_secs(10),
};

const NOW: Millis = 500;

struct World {
    admission: Admission<u32>,
    cells: HashMap<u32, Arc<PhaseCell>>,
}

impl World {
    fn new() -> Self {
        Self { admission: Admission::new(LIMITS), cells: HashMap::new() }
    }

    fn with(mut self, key: u32, from: &str, phase: Phase, since: Millis) -> Self {
        let cell = Arc::new(PhaseCell::new(since));
        cell.enter(phase, since);
        self.admission.insert(key, Some(address(from)), Arc::clone(&cell));
        self.cells.insert(key, cell);
        self
    }

    fn decide(&self, from: &str) -> Verdict<u32> {
        self.admission.decide(NOW, Some(address(from)))
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn one_peer_gets_its_share_and_another_is_still_admitted() {
    let world =
        World::new().with(1, "192.0.2.1", Phase::Idle, 0).with(2, "192.0.2.1", Phase::Idle, 0);
    assert_eq!(world.decide("192.0.2.1"), Verdict::Refuse(Refusal::Peer));
    assert_eq!(world.decide("::ffff:192.0.2.1"), Verdict::Refuse(Refusal::Peer));
    assert_eq!(world.decide("192.0.2.2"), Verdict::Admit);
}

#[test]
fn a_network_of_ipv6_counts_as_one_peer() {
    let world =
        World::new().with(1, "2001:db8::1", Phase::Idle, 0).with(2, "2001:db8::2", Phase::Idle, 0);
    assert_eq!(world.decide("2001:db8::3"), Verdict::Refuse(Refusal::Peer));
    assert_eq!(world.decide("2001:db8:0:1::3"), Verdict::Admit);
}

#[test]
fn loopback_is_exempt_from_the_share_of_a_peer() {
    for loopback in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
        let world =
            World::new().with(1, loopback, Phase::Busy, 0).with(2, loopback, Phase::Busy, 0);
        assert_eq!(world.decide(loopback), Verdict::Admit, "{loopback}");
    }
}

#[test]
fn a_share_is_given_back_when_a_connection_ends() {
    let mut world =
        World::new().with(1, "192.0.2.1", Phase::Idle, 0).with(2, "192.0.2.1", Phase::Idle, 0);
    assert!(world.admission.remove(1));
    assert!(!world.admission.remove(1));
    assert_eq!(world.decide("192.0.2.1"), Verdict::Admit);
    assert!(world.admission.remove(2));
    assert!(world.admission.peers.is_empty());
}

#[test]
fn who_kept_us_waiting_longest_is_displaced_when_full() {
    let world = World::new()
        .with(1, "127.0.0.1", Phase::Busy, 10)
        .with(2, "127.0.0.1", Phase::Idle, 30)
        .with(3, "127.0.0.1", Phase::Head, 20);
    assert_eq!(world.decide("127.0.0.1"), Verdict::Displace(3));
    world.cells[&3].enter(Phase::Busy, 40);
    assert_eq!(world.decide("127.0.0.1"), Verdict::Displace(2));
}

#[test]
fn whatever_a_client_lets_us_wait_for_keeps_nobody_out() {
    for phase in [Phase::Fresh, Phase::Head, Phase::Body, Phase::Idle, Phase::Closing] {
        let world = World::new()
            .with(1, "127.0.0.1", Phase::Busy, 1)
            .with(2, "127.0.0.1", phase, 400)
            .with(3, "127.0.0.1", Phase::Busy, 3);
        assert_eq!(world.decide("127.0.0.1"), Verdict::Displace(2), "{phase:?}");
    }
}

#[test]
fn an_answer_is_protected_while_it_can_be_expected_to_be_taken() {
    let world = World::new()
        .with(1, "127.0.0.1", Phase::Busy, 0)
        .with(2, "127.0.0.1", Phase::Sending, 100)
        .with(3, "127.0.0.1", Phase::Busy, 0);
    assert_eq!(world.admission.longest_awaited(1_099), None);
    assert_eq!(world.admission.longest_awaited(1_100), Some(2));
}

#[test]
fn of_those_that_came_in_the_same_millisecond_the_first_is_displaced() {
    let world = World::new()
        .with(9, "127.0.0.1", Phase::Fresh, 5)
        .with(4, "127.0.0.1", Phase::Fresh, 5)
        .with(7, "127.0.0.1", Phase::Fresh, 5);
    assert_eq!(world.decide("127.0.0.1"), Verdict::Displace(9));
}

#[test]
fn nobody_is_displaced_who_is_being_answered() {
    let world = World::new()
        .with(1, "127.0.0.1", Phase::Busy, 1)
        .with(2, "127.0.0.1", Phase::Sending, 2)
        .with(3, "127.0.0.1", Phase::Busy, 3);
    assert_eq!(world.decide("127.0.0.1"), Verdict::Refuse(Refusal::Busy));
    world.cells[&2].enter(Phase::Closing, 4);
    assert_eq!(world.decide("127.0.0.1"), Verdict::Displace(2));
}

#[test]
fn a_peer_beyond_its_share_displaces_nobody() {
    let world = World::new()
        .with(1, "192.0.2.1", Phase::Idle, 0)
        .with(2, "192.0.2.1", Phase::Idle, 0)
        .with(3, "192.0.2.2", Phase::Idle, 0);
    assert_eq!(world.decide("192.0.2.1"), Verdict::Refuse(Refusal::Peer));
}

#[test]
fn each_phase_has_its_own_deadline() {
    for (phase, just_in_time, overdue) in [
        (Phase::Fresh, 4_999, Some((5_000, Overdue::Head))),
        (Phase::Head, 4_999, Some((5_000, Overdue::Head))),
        (Phase::Idle, 59_999, Some((60_000, Overdue::Idle))),
        (Phase::Body, 10_999, Some((11_000, Overdue::Request))),
        (Phase::Busy, 10_999, Some((11_000, Overdue::Request))),
        (Phase::Sending, 10_999, Some((11_000, Overdue::Request))),
        (Phase::Closing, 1_000_000, None),
    ] {
        let world = World::new().with(1, "127.0.0.1", phase, 100);
        assert_eq!(world.admission.overdue(100 + just_in_time), [], "{phase:?}");
        if let Some((late, which)) = overdue {
            assert_eq!(world.admission.overdue(100 + late), [(1, which)], "{phase:?}");
        }
    }
}

#[test]
fn a_clock_behind_a_connection_makes_nobody_late() {
    let world = World::new().with(1, "127.0.0.1", Phase::Head, 1_000);
    assert_eq!(world.admission.overdue(0), []);
}

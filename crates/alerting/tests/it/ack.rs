//! Links that acknowledge.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::{AckKey, Answer, Input, InvalidToken, Notification, Refusal};
use wardkit_core::Timestamp;

use crate::engine::support::{START, Sim, plan};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x")];

fn told() -> (Sim, Notification) {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(30);
    let word = sim.told.remove(0);
    (sim, word)
}

fn key() -> AckKey {
    AckKey::new([7; 32])
}

fn at() -> Timestamp {
    START.saturating_add(Duration::from_hours(1))
}

#[test]
fn a_token_names_its_incident_until_it_expires_and_fits_a_button() {
    let (_, word) = told();
    let token = key().token(&word).unwrap();
    assert_eq!(token.len(), 48);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(key().token(&word).unwrap(), token, "the same at each attempt");
    let read = key().open(&token, at()).unwrap();
    assert_eq!(read.incident(), word.incident);
    assert_eq!(key().open(&token, read.expires_at), Err(InvalidToken::Expired));
    assert_eq!(read.expires_at, word.at.saturating_add(Duration::from_hours(48)));
    assert_eq!(AckKey::new([8; 32]).open(&token, at()), Err(InvalidToken::Forged));
    assert_eq!(format!("{:?}", key()), "AckKey { .. }");
}

#[test]
fn an_end_and_a_digest_need_no_acknowledgement() {
    let (mut sim, mut word) = told();
    sim.resolve(A);
    sim.seconds(300);
    assert_eq!(key().token(&sim.told[0]), None);
    word.incident = "digest-1700000000000000000".to_owned();
    assert_eq!(key().token(&word), None);
}

#[test]
fn a_token_acknowledges_once_even_after_a_crash() {
    let (mut sim, word) = told();
    let token = key().open(&key().token(&word).unwrap(), at()).unwrap();
    let press = |sim: &mut Sim| {
        sim.step(Input::Acknowledge { token, by: "a link".to_owned() });
        sim.answers.pop()
    };
    assert_eq!(press(&mut sim), None);
    assert_eq!(sim.engine.incident(&word.incident).unwrap().by, "a link");
    let used = Some(Answer::Refused(Refusal::LinkUsed));
    assert_eq!(press(&mut sim), used);
    sim.crash();
    sim.act(&word.incident, wardkit_alerting::IncidentAction::Unacknowledge);
    assert_eq!(press(&mut sim), used);
    sim.resolve(A);
    let over = Answer::Refused(Refusal::IncidentResolved { id: word.incident.clone() });
    assert_eq!(press(&mut sim), Some(over));
}

proptest! {
    #[test]
    fn no_other_text_opens(place in 0_usize..48, other in any::<char>(), text in ".{0,200}") {
        let (_, word) = told();
        let token = key().token(&word).unwrap();
        prop_assert_eq!(key().open(&text, at()), Err(InvalidToken::Forged));
        let mut changed: Vec<char> = token.chars().collect();
        if changed[place] != other {
            changed[place] = other;
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(key().open(&changed, at()), Err(InvalidToken::Forged));
        }
    }
}

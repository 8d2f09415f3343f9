//! Rules and the engine together, over a time in which neither ran.

use std::time::Duration;

use wardkit_alerting::rules::{AlertState, RuleConfig, RuleEffect, RuleGroups, RulesConfig};
use wardkit_alerting::{
    ChannelId, Condition, Effect, Engine, EngineConfig, Input, Now, Plan, Receiver,
    ReceiverChannel, Record,
};
use wardkit_core::Timestamp;
use wardkit_promql::{Labels, MemorySource, Sample};

/// A program of one rule and one receiver, whose time and data the test decides.
struct Program {
    rules: RuleGroups,
    engine: Engine,
    data: MemorySource,
    records: Vec<Record>,
    told: Vec<Condition>,
    seconds: u64,
}

fn rules(hold: Duration) -> RuleGroups {
    let mut rule = RuleConfig::default();
    "High".clone_into(&mut rule.name);
    "load > 4".clone_into(&mut rule.expr);
    rule.hold = hold;
    let mut config = RulesConfig::default();
    config.default_rules = false;
    config.rule = vec![rule];
    RuleGroups::new(&config, "", Vec::new()).unwrap()
}

fn plan() -> Plan {
    let mut plan = Plan::default();
    "ops".clone_into(&mut plan.route.receiver);
    let mut receiver = Receiver::default();
    receiver.channels = vec![ReceiverChannel::new(ChannelId::new("ops", "webhook", 0))];
    plan.receivers = [("ops".to_owned(), receiver)].into();
    plan
}

impl Program {
    fn new(hold: Duration) -> Self {
        let engine = Engine::new(plan(), EngineConfig::default(), "boot");
        let mut program = Self {
            rules: rules(hold),
            engine,
            data: MemorySource::new(),
            records: Vec::new(),
            told: Vec::new(),
            seconds: 1000,
        };
        let restored = program.rules.restore("boot", &[], program.now());
        program.bring(restored);
        program
    }

    fn now(&self) -> Now {
        let wall = 1_700_000_000 + i64::try_from(self.seconds).unwrap();
        Now { wall: Timestamp::from_unix_seconds(wall), boot: Duration::from_secs(self.seconds) }
    }

    fn measure(&mut self, value: f64) {
        let labels: Labels = [("__name__", "load")].into_iter().collect();
        let at_ms = self.now().wall.as_unix_seconds() * 1000;
        self.data.append(&labels, Sample::new(at_ms, value));
    }

    /// Lets time pass second by second. The engine has its turn before the rules, each time.
    fn pass(&mut self, seconds: u64, measured: Option<f64>) {
        for _ in 0..seconds {
            self.seconds += 1;
            if let Some(value) = measured.filter(|_| self.seconds.is_multiple_of(15)) {
                self.measure(value);
            }
            self.step(Input::Tick);
            let effects = self.rules.step(self.now(), &self.data);
            self.bring(effects);
        }
    }

    fn bring(&mut self, effects: Vec<RuleEffect>) {
        let mut alerts = Vec::new();
        for effect in effects {
            match effect {
                RuleEffect::Alert(alert) => alerts.push(alert),
                RuleEffect::Record(record) => self.keep(record),
                _ => {}
            }
        }
        if !alerts.is_empty() {
            self.step(Input::Alerts { source: "rules".to_owned(), alerts });
        }
    }

    fn step(&mut self, input: Input) {
        let effects = self.engine.step(self.now(), input);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(record) => self.keep(record),
                Effect::Notify(notification) => self.told.push(notification.condition()),
                _ => {}
            }
        }
    }

    fn keep(&mut self, record: Record) {
        self.records.retain(|known| (known.space, &known.key) != (record.space, &record.key));
        self.records.extend(Some(record).filter(|record| record.value.is_some()));
    }

    /// Ends the program and starts it again later. The service restores the engine first.
    fn restart(&mut self, hold: Duration, down: u64) {
        self.seconds += down;
        let (records, now) = (self.records.clone(), self.now());
        let (engine, effects) =
            Engine::restore(plan(), EngineConfig::default(), "boot", &records, now);
        self.engine = engine;
        self.take(effects);
        self.rules = rules(hold);
        let effects = self.rules.restore("boot", &records, now);
        self.bring(effects);
    }
}

#[test]
fn a_rule_that_is_still_true_after_two_hours_down_tells_nothing_new() {
    for minutes in [0, 1, 5, 30] {
        let hold = Duration::from_mins(minutes);
        let mut program = Program::new(hold);
        program.pass((minutes + 10) * 60, Some(5.0));
        assert_eq!(program.told, [Condition::Firing], "{minutes}");
        program.restart(hold, 2 * 3600);
        // The first measurement is some time away.
        program.pass(40, None);
        program.pass(3600, Some(5.0));
        assert_eq!(program.told, [Condition::Firing], "{minutes}");
        assert_eq!(program.rules.views()[0].rules[0].state, AlertState::Firing);
        program.pass(1800, Some(1.0));
        assert_eq!(program.told, [Condition::Firing, Condition::Resolved], "{minutes}");
    }
}

#[test]
fn a_rule_that_is_no_longer_true_after_two_hours_down_is_told_to_be_over_once() {
    for minutes in [0, 5, 30] {
        let hold = Duration::from_mins(minutes);
        let mut program = Program::new(hold);
        program.pass((minutes + 10) * 60, Some(5.0));
        program.restart(hold, 2 * 3600);
        program.pass(3600, Some(1.0));
        assert_eq!(program.told, [Condition::Firing, Condition::Resolved], "{minutes}");
    }
}

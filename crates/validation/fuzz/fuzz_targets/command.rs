//! A command that is taken holds to its grammar, and an error shows nothing of the message.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wardkit_validation::{Argument, Command, Grammar, InputValidator};

static BOT: LazyLock<InputValidator> = LazyLock::new(|| {
    let hour = Duration::from_hours(1);
    let everything = Command::new("do")
        .alias("d")
        .argument(Argument::integer("times", -5..=5).by_name().or("1"))
        .argument(Argument::flag("quiet"))
        .argument(Argument::duration("after", Duration::ZERO..=hour))
        .argument(Argument::choice("how", ["fast", "slow"]))
        .argument(Argument::user("who").optional())
        .argument(Argument::decimal("share", 0.0..=1.0).optional())
        .argument(Argument::date("day").optional())
        .argument(Argument::word("code").matching("[a-z]{1,8}").optional())
        .argument(Argument::text("what").at_most(100).optional());
    let grammar = Grammar::new().bot("Bot").command(everything).command(Command::new("help"));
    InputValidator::new(grammar).expect("the grammar holds together")
});

fuzz_target!(|message: &str| {
    match BOT.parse(message, &[]) {
        Ok(call) if call.command() == "do" => {
            assert!(call.integer("times").is_some_and(|times| (-5..=5).contains(&times)));
            assert!(call.duration("after").is_some_and(|after| after <= Duration::from_hours(1)));
            assert!(call.choice("how").is_some_and(|how| ["fast", "slow"].contains(&how)));
            assert!(call.decimal("share").is_none_or(|share| (0.0..=1.0).contains(&share)));
            for (name, most) in [("code", 8), ("what", 100)] {
                let text =
                    call.text(name).cloned().map(|text| text.into_inner_unchecked("counted"));
                assert!(text.is_none_or(|text| text.chars().count() <= most));
            }
        }
        Ok(call) => assert_eq!(call.command(), "help"),
        Err(error) => assert!(error.to_string().len() < 250),
    }
});

//! Commands of bots: what a grammar takes, and what it says to the rest.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_validation::{
    Argument, Command, CommandProblem, Error, Grammar, InputValidator, Invocation, UserRef,
};

const MINUTE: Duration = Duration::from_mins(1);

fn bot() -> InputValidator {
    let remind = Command::new("remind")
        .about("Reminds you later")
        .alias("r")
        .argument(Argument::duration("after", MINUTE..=MINUTE * 60 * 24))
        .argument(Argument::integer("times", 1..=5).by_name().or("1"))
        .argument(Argument::flag("silent"))
        .argument(Argument::text("what").at_most(40));
    let ban = Command::new("ban")
        .role("admin")
        .role("moderator")
        .argument(Argument::user("who"))
        .argument(Argument::choice("why", ["spam", "Abuse"]).or("spam"))
        .argument(Argument::date("until").by_name().optional());
    let order = Command::new("order")
        .argument(Argument::word("code").matching("[A-Z]{2}-[0-9]{4}").example("AB-1234"))
        .argument(Argument::decimal("amount", 0.5..=99.5).optional());
    let grammar = Grammar::new()
        .bot("ShopBot")
        .command(remind)
        .command(ban)
        .command(order)
        .command(Command::new("help"));
    InputValidator::new(grammar).unwrap()
}

fn untrusted(invocation: &Invocation, name: &str) -> Option<String> {
    invocation.text(name).cloned().map(|text| text.into_inner_unchecked("a test looks at it"))
}

#[test]
fn values_come_out_as_declared() {
    for message in [
        "/remind 1h30m --times 3 call the bank",
        "/R@shopbot --times=3 1h30m call the bank",
        "  /remind\n1h30m —times 3 call the bank",
        "/remind 1h30m --times \"3\" “call the bank”",
    ] {
        let reminder = bot().parse(message, &[]).unwrap();
        assert_eq!(reminder.command(), "remind", "{message}");
        assert_eq!(reminder.duration("after"), Some(MINUTE * 90), "{message}");
        assert_eq!(reminder.integer("times"), Some(3), "{message}");
        assert!(!reminder.flag("silent"), "{message}");
        assert_eq!(untrusted(&reminder, "what").as_deref(), Some("call the bank"), "{message}");
    }
    let ban = bot().parse("/ban <@!1234> ABUSE --until 2028-02-29", &["moderator"]).unwrap();
    assert_eq!(ban.user("who"), Some(&UserRef::Id("1234".to_owned())));
    assert_eq!(ban.choice("why"), Some("Abuse"));
    assert_eq!(ban.date("until").map(|day| day.to_string()).as_deref(), Some("2028-02-29"));
    let order = bot().parse("/order AB-1234 2.5", &[]).unwrap();
    assert_eq!(order.decimal("amount"), Some(2.5));
    assert_eq!(order.integer("amount"), None);
}

#[test]
fn what_is_missing_has_its_default() {
    let reminder = bot().parse("/remind 5m --silent tea", &[]).unwrap();
    assert_eq!(reminder.integer("times"), Some(1));
    assert!(reminder.flag("silent"));
    let ban = bot().parse("/ban @spammer", &["admin"]).unwrap();
    assert_eq!(ban.choice("why"), Some("spam"));
    assert_eq!(ban.date("until"), None);
    assert_eq!(bot().parse("/order AB-1234", &[]).unwrap().decimal("amount"), None);
}

#[test]
fn a_text_is_taken_as_it_was_typed() {
    for (typed, expected) in [
        ("say \"hi\"  twice", "say \"hi\"  twice"),
        ("\"hi\" he said", "\"hi\" he said"),
        ("\"quoted whole\"", "quoted whole"),
        ("it's \"half", "it's \"half"),
        ("run --times 3", "run --times 3"),
        ("-- --silent", "--silent"),
        ("$(reboot); `id`\n| cat", "$(reboot); `id`\n| cat"),
    ] {
        let reminder = bot().parse(&format!("/remind 5m {typed}"), &[]).unwrap();
        assert_eq!(untrusted(&reminder, "what").as_deref(), Some(expected), "{typed}");
        assert!(!reminder.flag("silent"), "{typed}");
    }
}

#[test]
fn errors_say_what_to_type_instead() {
    for &(message, problem, argument, text) in WRONG {
        let error = bot().parse(message, &[]).unwrap_err();
        assert_eq!(
            (error.problem(), error.argument(), error.to_string().as_str()),
            (problem, argument, text),
            "{message}"
        );
        assert!(error.is_addressed(), "{message}");
    }
}

#[test]
fn talk_and_commands_of_other_bots_are_not_addressed() {
    for (message, problem) in [
        ("hello", CommandProblem::NotACommand),
        ("", CommandProblem::NotACommand),
        ("/", CommandProblem::NotACommand),
        ("/ remind", CommandProblem::NotACommand),
        ("/etc/passwd", CommandProblem::NotACommand),
        ("//", CommandProblem::NotACommand),
        ("/help@OtherBot", CommandProblem::OtherBot),
    ] {
        let error = bot().parse(message, &[]).unwrap_err();
        assert_eq!(error.problem(), problem, "{message}");
        assert!(!error.is_addressed(), "{message}");
    }
}

#[test]
fn hidden_characters_and_long_messages_are_refused() {
    for c in [
        '\0',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{feff}',
        '\u{e0041}',
    ] {
        let error = bot().parse(&format!("/remind 5m te{c}a"), &[]).unwrap_err();
        assert_eq!(error.problem(), CommandProblem::ControlCharacter, "{c:?}");
    }
    let family = "/remind 5m \u{1f469}\u{200d}\u{1f467} می\u{200c}خواهم";
    assert!(bot().parse(family, &[]).is_ok());
    let error = bot().parse(&format!("/remind 5m {}", "a".repeat(5000)), &[]).unwrap_err();
    assert_eq!(error.problem(), CommandProblem::TooLong);
}

#[test]
fn numbers_are_plain_digits() {
    for typed in ["+1", "1e0", "0x1", "１", "1_0", "", "١", "1.0", "inf", "99999999999999999999"]
    {
        let error = bot().parse(&format!("/remind 5m --times \"{typed}\" tea"), &[]).unwrap_err();
        assert_eq!(error.problem(), CommandProblem::WrongValue, "{typed}");
    }
    for typed in ["inf", "NaN", "1e1", "-0", ".5", "5."] {
        let error = bot().parse(&format!("/order AB-1234 {typed}"), &[]).unwrap_err();
        assert_eq!(error.problem(), CommandProblem::WrongValue, "{typed}");
    }
}

#[test]
fn mentions_of_every_platform_are_users() {
    let parse = |who: &str| {
        bot().parse(&format!("/ban {who}"), &["admin"]).map(|ban| ban.user("who").cloned())
    };
    for (typed, expected) in [
        ("@some_body", UserRef::Name("some_body".to_owned())),
        ("@anna:example.org", UserRef::Name("anna:example.org".to_owned())),
        ("123456789", UserRef::Id("123456789".to_owned())),
        ("<@123456789>", UserRef::Id("123456789".to_owned())),
        ("<@U0123ABCD>", UserRef::Id("U0123ABCD".to_owned())),
    ] {
        assert_eq!(parse(typed).unwrap(), Some(expected), "{typed}");
    }
    for typed in [
        "@",
        "@a/b",
        "<@>",
        "<@1",
        "-5",
        "@everyone<script>",
        "someone",
        "@..",
        "@.ssh",
        "@-rf",
        "@--help",
    ] {
        assert_eq!(parse(typed).unwrap_err().problem(), CommandProblem::WrongValue, "{typed}");
    }
}

#[test]
fn a_text_may_be_as_long_as_its_message() {
    let text = Argument::text("what").at_most(usize::MAX);
    let bot = InputValidator::new(Grammar::new().command(Command::new("say").argument(text)));
    assert!(bot.unwrap().parse("/say all of it", &[]).unwrap().text("what").is_some());
}

#[test]
fn help_shows_only_what_the_caller_may_give() {
    assert_eq!(
        bot().help(&[]),
        "/remind [--times <times>] [--silent] <after> <what> - Reminds you later\n/order <code> [<amount>]\n/help"
    );
    assert!(bot().help(&["admin"]).contains("/ban [--until <until>] <who> [<spam|Abuse>]"));
    assert_eq!(bot().help_for("/ban", &[]), None);
    assert_eq!(bot().parse("/bam @x", &[]).unwrap_err().suggestion(), None);
    assert_eq!(
        bot().help_for("r", &[]).unwrap(),
        "/remind [--times <times>] [--silent] <after> <what>\nReminds you later\n  after: a span of time from 1m to 1d, \
         for example 1m\n  times: a whole number from 1 to 5, for example 1; 1 when missing\n  silent: without a value\n  \
         what: a text, of at most 40 characters\nalso: /r"
    );
}

#[test]
fn grammars_that_do_not_hold_together_are_refused() {
    let one = |argument| Grammar::new().command(Command::new("x").argument(argument));
    let two =
        |first, second| Grammar::new().command(Command::new("x").argument(first).argument(second));
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let empty = 5..=1;
    for (grammar, at) in [
        (Grammar::new().prefix(""), "prefix"),
        (Grammar::new().command(Command::new("Big")), "Big"),
        (Grammar::new().command(Command::new("x").alias("x")), "x"),
        (one(Argument::integer("n", empty)), "n"),
        (one(Argument::decimal("n", f64::NAN..=1.0)), "n"),
        (one(Argument::choice("c", [""; 0])), "c"),
        (one(Argument::word("w").matching("a)|(b")), "w"),
        (one(Argument::word("w").matching("(?:a{500}){500}")), "w"),
        (one(Argument::integer("n", 1..=2).matching("1")), "n"),
        (one(Argument::integer("n", 1..=2).or("3")), "n"),
        (one(Argument::flag("f").or("")), "f"),
        (two(Argument::word("a"), Argument::word("a")), "a"),
        (two(Argument::text("t"), Argument::word("a")), "a"),
        (two(Argument::word("o").optional(), Argument::word("a")), "a"),
    ] {
        match InputValidator::new(grammar) {
            Err(Error::Grammar { at: found, .. }) => assert_eq!(found, at),
            other => panic!("{at}: {other:?}"),
        }
    }
}

#[test]
fn patterns_match_the_whole_value() {
    let bot = |pattern: &str| {
        let argument = Argument::word("w").matching(pattern);
        InputValidator::new(Grammar::new().command(Command::new("x").argument(argument))).unwrap()
    };
    for (pattern, value, fits) in [
        ("a|b", "ab", false),
        ("a|b", "b", true),
        ("[a-z]+", "abc", true),
        ("[a-z]+", "\"abc\n\"", false),
        ("(?m)^[a-z]+$", "\"abc\nDEF\"", false),
    ] {
        assert_eq!(
            bot(pattern).parse(&format!("/x {value}"), &[]).is_ok(),
            fits,
            "{pattern} {value}"
        );
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_grammar_is_read_from_configuration() {
    let text = r#"
        prefix = "!"
        [[commands]]
        name = "remind"
        aliases = ["r"]
        roles = ["member"]
        arguments = [
            { name = "after", kind = "duration", min = "1m", max = "1d" },
            { name = "times", kind = "integer", min = 1, max = 5, by-name = true, default = "1" },
            { name = "what", kind = "text", max-chars = 40 },
        ]
    "#;
    let bot = InputValidator::new(toml::from_str(text).unwrap()).unwrap();
    let reminder = bot.parse("!r 2h tea", &["member"]).unwrap();
    assert_eq!(reminder.duration("after"), Some(MINUTE * 120));
    for wrong in [
        "[[commands]]\nname = 'x'\nrole = 'y'",
        "[[commands]]\nname = 'x'\narguments = [{ name = 'a', kind = 'word', min = 1 }]",
        "[[commands]]\nname = 'x'\narguments = [{ name = 'a', kind = 'integer', min = '1m' }]",
        "[[commands]]\nname = 'x'\narguments = [{ name = 'a', kind = 'word', optional = true, default = 'x' }]",
        "[[commands]]\nname = 'x'\narguments = [{ name = 'a', kind = 'number' }]",
        "command = []",
    ] {
        assert!(toml::from_str::<Grammar>(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_message_makes_it_panic_or_echoes(message in "(/(remind|ban|order|help)?)?[ -~“”„«»—\n]{0,60}", admin in any::<bool>()) {
        let roles: &[&str] = if admin { &["admin"] } else { &[] };
        if let Err(error) = bot().parse(&message, roles) {
            prop_assert!(error.to_string().len() < 200);
        }
    }

    #[test]
    fn any_text_in_quotes_arrives_as_it_is(text in "[ -~]{1,40}") {
        let text = text.trim();
        prop_assume!(!text.is_empty());
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let message = format!("/remind 5m \"{quoted}\"");
        let reminder = bot().parse(&message, &[]).unwrap();
        prop_assert_eq!(untrusted(&reminder, "what"), Some(text.to_owned()));
    }
}

/// A message, what is wrong with it and with which argument, and what the user is told.
const WRONG: &[(&str, CommandProblem, Option<&str>, &str)] = &[
    (
        "/remind",
        CommandProblem::MissingArgument,
        Some("after"),
        "\"after\" is missing: a span of time from 1m to 1d",
    ),
    (
        "/remind 5m",
        CommandProblem::MissingArgument,
        Some("what"),
        "\"what\" is missing: a text, of at most 40 characters",
    ),
    (
        "/remind 5 tea",
        CommandProblem::WrongValue,
        Some("after"),
        "\"after\" must be a span of time from 1m to 1d, for example 1m",
    ),
    (
        "/remind 2d tea",
        CommandProblem::WrongValue,
        Some("after"),
        "\"after\" must be a span of time from 1m to 1d, for example 1m",
    ),
    (
        "/remind 5m --times 9 tea",
        CommandProblem::WrongValue,
        Some("times"),
        "\"times\" must be a whole number from 1 to 5, for example 1",
    ),
    (
        "/remind 5m --times",
        CommandProblem::OptionValue,
        Some("times"),
        "--times needs a whole number from 1 to 5",
    ),
    (
        "/remind 5m --silent=yes tea",
        CommandProblem::OptionValue,
        Some("silent"),
        "--silent takes no value",
    ),
    (
        "/remind --times 1 --times 2 5m tea",
        CommandProblem::RepeatedOption,
        Some("times"),
        "--times stands twice",
    ),
    (
        "/remind 5m --tims 2 tea",
        CommandProblem::UnknownOption,
        None,
        "the command has no such option; did you mean --times?",
    ),
    (
        "/remnid 5m tea",
        CommandProblem::UnknownCommand,
        None,
        "there is no such command; did you mean /remind?",
    ),
    ("/xyzzy", CommandProblem::UnknownCommand, None, "there is no such command"),
    (
        "/help me",
        CommandProblem::TooManyArguments,
        None,
        "there are more words than the command takes; put several words for one argument in quotes",
    ),
    ("/order \"AB-1234", CommandProblem::UnclosedQuote, None, "a quotation mark is not closed"),
    ("/ban @x", CommandProblem::Forbidden, None, "you may not use /ban"),
    (
        "/order ab-1234x",
        CommandProblem::WrongValue,
        Some("code"),
        "\"code\" must be one word or a text in quotes of the form that the help shows, of at most 64 characters, for example AB-1234",
    ),
];

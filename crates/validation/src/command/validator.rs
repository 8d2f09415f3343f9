//! From a message to a command, or to what is wrong with it.

mod check;

use std::collections::{BTreeMap, HashMap};

use regex::Regex;

use super::argument::{Argument, Kind, Place, Presence};
use super::grammar::{Command, Grammar};
use super::help;
use super::invocation::{Invocation, Value};
use super::nearest::nearest;
use super::problem::{CommandError, CommandProblem};
use super::tokens::{Token, Tokens, option_name};
use super::value;
use crate::Error;
use crate::sink::characters::{deceives, is_control};

/// Takes messages that are commands of a declared grammar, and nothing else.
///
/// What comes out is typed: numbers in their ranges, choices in the declaration's own words, texts as
/// [`Untrusted`](crate::Untrusted) ones that leave through a sink. An error names the argument, what it must be and an
/// example, in words for whoever typed it.
///
/// ```
/// use std::time::Duration;
/// use wardkit_validation::{Argument, Command, Grammar, InputValidator};
///
/// let minute = Duration::from_secs(60);
/// let bot = InputValidator::new(Grammar::new().bot("ShopBot").command(
///     Command::new("remind")
///         .alias("r")
///         .argument(Argument::duration("after", minute..=minute * 60 * 24))
///         .argument(Argument::integer("times", 1..=5).by_name().or("1"))
///         .argument(Argument::text("what").at_most(200)),
/// ))?;
///
/// let reminder = bot.parse("/remind@ShopBot 1h30m --times 2 \"call\" the bank", &[])?;
/// assert_eq!(reminder.duration("after"), Some(minute * 90));
/// assert_eq!(reminder.integer("times"), Some(2));
/// assert_eq!(format!("{:?}", reminder.text("what")), "Some(Untrusted(..))");
///
/// let error = bot.parse("/remind soon call", &[]).unwrap_err();
/// assert_eq!(error.to_string(), "\"after\" must be a span of time from 1m to 1d, for example 1m");
/// assert_eq!(error.usage(), Some("/remind [--times <times>] <after> <what>"));
/// assert_eq!(bot.parse("/remnid 1h x", &[]).unwrap_err().suggestion(), Some("/remind"));
/// assert!(!bot.parse("hello", &[]).unwrap_err().is_addressed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct InputValidator {
    prefix: String,
    bot: Option<String>,
    max_bytes: usize,
    commands: Vec<Compiled>,
    by_name: HashMap<String, usize>,
}

/// A command with the patterns of its arguments.
#[derive(Debug)]
struct Compiled {
    command: Command,
    patterns: Vec<Option<Regex>>,
}

impl InputValidator {
    /// Checks a grammar and makes it ready.
    ///
    /// # Errors
    ///
    /// What does not hold together, such as a name that stands twice, a range with nothing in it, a pattern that is
    /// none or too large, a default that its own argument refuses.
    pub fn new(grammar: Grammar) -> Result<Self, Error> {
        check::addressing(&grammar)?;
        let Grammar { prefix, bot, max_bytes, commands } = grammar;
        let mut by_name = HashMap::new();
        let mut compiled = Vec::with_capacity(commands.len());
        for command in commands {
            for name in std::iter::once(&command.name).chain(&command.aliases) {
                check::name(name)?;
                if by_name.insert(name.clone(), compiled.len()).is_some() {
                    return Err(Error::Grammar {
                        at: name.clone(),
                        reason: "two commands have this name",
                    });
                }
            }
            let patterns = check::arguments(&command)?;
            compiled.push(Compiled { command, patterns });
        }
        Ok(Self { prefix, bot, max_bytes, commands: compiled, by_name })
    }

    /// Reads a message of a caller who has these roles.
    ///
    /// # Errors
    ///
    /// What is wrong with it. Where [`CommandError::is_addressed`] is false, the message is not for this bot.
    pub fn parse(&self, message: &str, roles: &[&str]) -> Result<Invocation, CommandError> {
        let (name, rest) = self.address(message)?;
        if message.len() > self.max_bytes {
            let text = format!("the message is too long; {} bytes are the most", self.max_bytes);
            return Err(CommandError::new(CommandProblem::TooLong, text));
        }
        if message.chars().any(is_hidden) {
            let text =
                "the message has control characters, or such that hide or turn text; type it anew";
            return Err(CommandError::new(CommandProblem::ControlCharacter, text));
        }
        let lower = name.to_ascii_lowercase();
        let Some(compiled) = self.by_name.get(&lower).and_then(|at| self.commands.get(*at)) else {
            return Err(self.unknown(&lower, roles));
        };
        if !compiled.command.allows(roles) {
            let text = format!("you may not use {}{}", self.prefix, compiled.command.name);
            return Err(CommandError::new(CommandProblem::Forbidden, text));
        }
        let values = compiled.values(rest).map_err(|mut error| {
            error.usage = Some(help::usage(&self.prefix, &compiled.command));
            error
        })?;
        Ok(Invocation { command: compiled.command.name.clone(), values })
    }

    /// Returns the commands that a caller with these roles may give, one a line.
    #[must_use]
    pub fn help(&self, roles: &[&str]) -> String {
        let lines = self.allowed(roles).map(|command| match command.about.as_str() {
            "" => help::usage(&self.prefix, command),
            about => format!("{} - {about}", help::usage(&self.prefix, command)),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Returns the help of one command, when there is one of that name that a caller with these roles may give.
    #[must_use]
    pub fn help_for(&self, name: &str, roles: &[&str]) -> Option<String> {
        let name = name.strip_prefix(&self.prefix).unwrap_or(name).to_ascii_lowercase();
        let command = &self.commands.get(*self.by_name.get(&name)?)?.command;
        command.allows(roles).then(|| help::details(&self.prefix, command))
    }

    fn allowed<'v>(&'v self, roles: &'v [&str]) -> impl Iterator<Item = &'v Command> {
        self.commands
            .iter()
            .map(|compiled| &compiled.command)
            .filter(|command| command.allows(roles))
    }

    /// Splits the command's name off, when the message is a command for this bot.
    fn address<'m>(&self, message: &'m str) -> Result<(&'m str, &'m str), CommandError> {
        let talk = || CommandError::new(CommandProblem::NotACommand, "the message is no command");
        let body = message.trim_start().strip_prefix(self.prefix.as_str()).ok_or_else(talk)?;
        let end = body.find(char::is_whitespace).unwrap_or(body.len());
        let (word, rest) = body.split_at(end);
        let (name, bot) = match word.split_once('@') {
            Some((name, bot)) => (name, Some(bot)),
            None => (word, None),
        };
        // "/etc/passwd" and "/)" are talk.
        if name.is_empty()
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        {
            return Err(talk());
        }
        let ours = bot
            .is_none_or(|bot| self.bot.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(bot)));
        if ours {
            Ok((name, rest))
        } else {
            Err(CommandError::new(CommandProblem::OtherBot, "the command is for another bot"))
        }
    }

    fn unknown(&self, name: &str, roles: &[&str]) -> CommandError {
        // A caller learns no names of commands that are not for them.
        let names = self
            .allowed(roles)
            .flat_map(|command| std::iter::once(&command.name).chain(&command.aliases))
            .map(String::as_str);
        let meant = nearest(name, names).map(|name| format!("{}{name}", self.prefix));
        CommandError::new(CommandProblem::UnknownCommand, "there is no such command")
            .suggesting(meant)
    }
}

impl Compiled {
    fn values(&self, text: &str) -> Result<BTreeMap<String, Value>, CommandError> {
        let mut values = BTreeMap::new();
        let mut tokens = Tokens::new(text);
        let mut places = self.placed();
        let mut next = places.next();
        let mut options = true;
        loop {
            // Options may also stand between the words, up to a text, which takes all that follows.
            let ahead = tokens.peek();
            let named = options && option_name(ahead).is_some();
            if !named
                && let Some((argument, pattern)) = next
                && argument.kind == Kind::Text
            {
                let rest = unquoted(tokens.take_rest());
                if !rest.is_empty() {
                    insert(&mut values, argument, value::read(argument, pattern, &rest)?)?;
                }
                break;
            }
            let Some(token) = tokens.take()? else { break };
            if named && !token.quoted {
                match option_name(&token.text) {
                    Some("") => options = false,
                    Some(name) => self.option(name, &mut tokens, &mut values)?,
                    None => {}
                }
                continue;
            }
            let Some((argument, pattern)) = next else {
                let text = "there are more words than the command takes; put several words for one argument in quotes";
                return Err(CommandError::new(CommandProblem::TooManyArguments, text));
            };
            insert(&mut values, argument, value::read(argument, pattern, &token.text)?)?;
            next = places.next();
        }
        self.fill(&mut values)?;
        Ok(values)
    }

    fn with_patterns(&self) -> impl Iterator<Item = (&Argument, Option<&Regex>)> {
        self.command.arguments.iter().zip(self.patterns.iter().map(Option::as_ref))
    }

    fn placed(&self) -> impl Iterator<Item = (&Argument, Option<&Regex>)> {
        self.with_patterns().filter(|(argument, _)| argument.place == Place::Position)
    }

    fn option(
        &self,
        word: &str,
        tokens: &mut Tokens<'_>,
        values: &mut BTreeMap<String, Value>,
    ) -> Result<(), CommandError> {
        let (name, given) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word, None),
        };
        let mut options =
            self.with_patterns().filter(|(argument, _)| argument.place == Place::Option);
        let Some((argument, pattern)) =
            options.find(|(argument, _)| argument.name.eq_ignore_ascii_case(name))
        else {
            let names =
                self.command.arguments.iter().filter(|argument| argument.place == Place::Option);
            let meant = nearest(name, names.map(|argument| argument.name.as_str()))
                .map(|name| format!("--{name}"));
            let error =
                CommandError::new(CommandProblem::UnknownOption, "the command has no such option");
            return Err(error.suggesting(meant));
        };
        let wrong = |text: String| {
            CommandError::new(CommandProblem::OptionValue, text).of_argument(&argument.name)
        };
        let text = match (&argument.kind, given) {
            (Kind::Flag, None) => String::new(),
            (Kind::Flag, Some(_)) => {
                return Err(wrong(format!("--{} takes no value", argument.name)));
            }
            (_, Some(value)) => value,
            (_, None) => match tokens.take()? {
                Some(Token { text, quoted }) if quoted || option_name(&text).is_none() => text,
                _ => {
                    return Err(wrong(format!(
                        "--{} needs {}",
                        argument.name,
                        value::expected(argument)
                    )));
                }
            },
        };
        insert(values, argument, value::read(argument, pattern, &text)?)
    }

    /// Puts defaults where nothing is, and misses what must be there.
    fn fill(&self, values: &mut BTreeMap<String, Value>) -> Result<(), CommandError> {
        for (argument, pattern) in self.with_patterns() {
            if values.contains_key(&argument.name) {
                continue;
            }
            match &argument.presence {
                Presence::Optional => {}
                Presence::Default(default) => {
                    values.insert(argument.name.clone(), value::read(argument, pattern, default)?);
                }
                Presence::Required => {
                    let text =
                        format!("\"{}\" is missing: {}", argument.name, value::expected(argument));
                    return Err(CommandError::new(CommandProblem::MissingArgument, text)
                        .of_argument(&argument.name));
                }
            }
        }
        Ok(())
    }
}

fn insert(
    values: &mut BTreeMap<String, Value>,
    argument: &Argument,
    value: Value,
) -> Result<(), CommandError> {
    if values.insert(argument.name.clone(), value).is_some() {
        let text = format!("--{} stands twice", argument.name);
        return Err(
            CommandError::new(CommandProblem::RepeatedOption, text).of_argument(&argument.name)
        );
    }
    Ok(())
}

/// Takes the quotes off a text that is quoted as a whole; any other stays as it was typed.
fn unquoted(text: &str) -> String {
    let mut tokens = Tokens::new(text);
    match tokens.take() {
        Ok(Some(Token { text: inner, quoted: true })) if tokens.peek().is_empty() => inner,
        _ => text.to_owned(),
    }
}

/// Tells characters that no command needs and that make one look like another.
const fn is_hidden(c: char) -> bool {
    (is_control(c) && !matches!(c, '\n' | '\r' | '\t')) || deceives(c)
}

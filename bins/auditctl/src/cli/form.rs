//! Options for a format that have more values than the one that all commands share.

use std::marker::PhantomData;

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, ValueEnum};
use wardkit_cli::Format;

/// How something is printed. The option has the name of the one that all commands share, and more values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FormatOf<F>(pub F);

/// The values of such an option.
pub(crate) trait Form: ValueEnum + Send + Sync + 'static {
    /// The name of the value that nobody has to give.
    const DEFAULT: &'static str;

    /// Which of the two formats of all commands errors have.
    fn of_errors(self) -> Format;
}

impl<F: Form> Args for FormatOf<F> {
    fn augment_args(command: clap::Command) -> clap::Command {
        // An argument with the shared one's name stands in for it; its values must have the same type.
        command.arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .action(ArgAction::Set)
                .value_parser(FormParser::<F>(PhantomData))
                .default_value(F::DEFAULT)
                .help("How to print the report"),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<F: Form> FromArgMatches for FormatOf<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = matches.get_raw("format").and_then(|mut values| values.next()?.to_str());
        let form = given.and_then(|name| F::from_str(name, false).ok());
        form.map(Self).ok_or_else(|| clap::Error::new(ErrorKind::InvalidValue))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Accepts the forms, and tells the rest of the program which of its two formats errors have.
#[derive(Clone)]
struct FormParser<F>(PhantomData<F>);

impl<F: Form> TypedValueParser for FormParser<F> {
    type Value = Format;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Format, clap::Error> {
        let form = EnumValueParser::<F>::new();
        Ok(form.parse_ref(command, arg, value)?.of_errors())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(F::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

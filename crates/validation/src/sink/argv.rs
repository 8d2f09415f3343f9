//! Programs run with arguments from outside, without a shell.

mod interpreters;

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Accept, Untrusted};
use crate::Error;

/// A program that may be run, and what may be said to it. All of it is the author's own, nothing a user's.
///
/// Arguments are handed to the kernel one by one; there is no shell in between that could read more into them. So
/// quotes, `;`, `$(..)` and line breaks are ordinary characters. What begins with `-` is no option either: options
/// are declared here, and operands come after `--`.
///
/// What the program makes of an operand is its own affair: one that fetches is given a `SafeUrl`, one that opens
/// files reads an open one from its standard input, and one that takes a name such as `|command` is not given names
/// of others at all.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if !std::path::Path::new("/bin/ls").exists() { return Ok(()) }
/// use wardkit_validation::{Program, Untrusted};
///
/// let ls = Program::new("/bin/ls")?.with_fixed("-d").with_option("--sort");
/// let name = Untrusted::new("--help; rm -rf ~".to_owned());
/// let sort = Untrusted::new("size").validate_for(&["size", "time"])?;
///
/// let mut command = ls.argv().option("--sort", sort)?.operand(&name)?.command();
/// let arguments: Vec<_> = command.get_args().collect();
/// assert_eq!(arguments, ["-d", "--sort=size", "--", "--help; rm -rf ~"]);
/// assert!(!command.output()?.status.success(), "there is no file of that name");
/// # Ok(())
/// # }
/// ```
///
/// A user does not name the program:
///
/// ```compile_fail,E0277
/// let name = wardkit_validation::Untrusted::new("/bin/ls".to_owned());
/// let program = wardkit_validation::Program::new(name);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Program {
    path: PathBuf,
    fixed: Vec<OsString>,
    flags: Vec<String>,
    options: Vec<String>,
    environment: Vec<(OsString, OsString)>,
    dashes: Dashes,
}

/// How a program tells operands that begin with `-` from options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dashes {
    /// It takes all that comes after `--` for operands, as most do.
    Separator,
    /// It does not know `--`, so no operand may begin with `-`.
    Refused,
}

impl Program {
    /// Names a program by its absolute path.
    ///
    /// # Errors
    ///
    /// The path is not absolute, no file is there, or the program runs what its arguments say: a shell, an
    /// interpreter, `env`, `find` or `ssh`.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let program = Self::danger_interpreter(path)?;
        let real = std::fs::canonicalize(&program.path).map_err(ArgvError::Program)?;
        if interpreters::runs_arguments(&program.path, &real) {
            return Err(ArgvError::Interpreter.into());
        }
        Ok(program)
    }

    /// Names a program that may run what its arguments say. Whether an argument from outside can become code then
    /// hangs on the fixed arguments and on `--`.
    ///
    /// # Errors
    ///
    /// The path is not absolute.
    pub fn danger_interpreter(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        if !path.is_absolute() {
            return Err(ArgvError::Relative.into());
        }
        Ok(Self {
            path,
            fixed: Vec::new(),
            flags: Vec::new(),
            options: Vec::new(),
            environment: Vec::new(),
            dashes: Dashes::Separator,
        })
    }

    /// Adds an argument of the author's, before all others: a subcommand, or an option that is always there.
    pub fn with_fixed(mut self, argument: impl Into<OsString>) -> Self {
        self.fixed.push(argument.into());
        self
    }

    /// Declares an option with a value. `--name` is given as `--name=VALUE`; any other, such as `-n`, as two
    /// arguments, of which the second may not begin with `-`.
    pub fn with_option(mut self, name: impl Into<String>) -> Self {
        self.options.push(name.into());
        self
    }

    /// Declares an option without a value.
    pub fn with_flag(mut self, name: impl Into<String>) -> Self {
        self.flags.push(name.into());
        self
    }

    /// Sets a variable of the environment, which is empty otherwise.
    pub fn with_env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Says how the program tells operands from options.
    pub const fn with_dashes(mut self, dashes: Dashes) -> Self {
        self.dashes = dashes;
        self
    }

    /// Begins a list of arguments.
    pub const fn argv(&self) -> Argv<'_> {
        Argv { program: self, options: Vec::new(), operands: Vec::new(), bytes: 0 }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.path).finish()
    }
}

/// The arguments of one call of a [`Program`].
#[derive(Clone)]
#[must_use]
pub struct Argv<'p> {
    program: &'p Program,
    options: Vec<OsString>,
    operands: Vec<OsString>,
    bytes: usize,
}

impl Argv<'_> {
    /// Adds a declared option without a value.
    ///
    /// # Errors
    ///
    /// The flag was not declared.
    pub fn flag(mut self, name: &str) -> Result<Self, Error> {
        if !self.program.flags.iter().any(|flag| flag == name) {
            return Err(ArgvError::Undeclared.into());
        }
        self.options.push(name.into());
        Ok(self)
    }

    /// Adds a declared option with its value.
    ///
    /// # Errors
    ///
    /// The option was not declared, the value has a NUL or is too long, or it begins with `-` where the program
    /// could take it for an option.
    pub fn option<A>(mut self, name: &str, value: A) -> Result<Self, Error>
    where
        A: TryInto<Arg>,
        Error: From<A::Error>,
    {
        if !self.program.options.iter().any(|option| option == name) {
            return Err(ArgvError::Undeclared.into());
        }
        let Arg(value) = value.try_into()?;
        self.count(&value)?;
        if name.starts_with("--") {
            let mut joined = OsString::from(name);
            joined.push("=");
            joined.push(value);
            self.options.push(joined);
        } else if begins_with_dash(&value) {
            return Err(ArgvError::Dash.into());
        } else {
            self.options.extend([name.into(), value]);
        }
        Ok(self)
    }

    /// Adds an operand: a name, a number, a text.
    ///
    /// # Errors
    ///
    /// It has a NUL or is too long, or it begins with `-` and the program does not know `--`.
    pub fn operand<A>(mut self, value: A) -> Result<Self, Error>
    where
        A: TryInto<Arg>,
        Error: From<A::Error>,
    {
        let Arg(value) = value.try_into()?;
        self.count(&value)?;
        if self.program.dashes == Dashes::Refused && begins_with_dash(&value) {
            return Err(ArgvError::Dash.into());
        }
        self.operands.push(value);
        Ok(self)
    }

    /// Returns the command: without an environment but the declared one, and with nothing to read. Its working
    /// directory, its input and where its output goes are the caller's.
    #[must_use]
    pub fn command(self) -> Command {
        let mut command = Command::new(&self.program.path);
        command
            .env_clear()
            .envs(self.program.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).args(&self.program.fixed).args(self.options);
        if !self.operands.is_empty() && self.program.dashes == Dashes::Separator {
            command.arg("--");
        }
        command.args(self.operands);
        command
    }

    /// Returns the command for tokio, which kills it when its handle is dropped.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn tokio_command(self) -> tokio::process::Command {
        let mut command = tokio::process::Command::from(self.command());
        command.kill_on_drop(true);
        command
    }

    fn count(&mut self, value: &OsStr) -> Result<(), ArgvError> {
        // Each costs the kernel a pointer and a NUL besides its bytes.
        self.bytes = self.bytes.saturating_add(value.len() + size_of::<usize>() + 1);
        if self.bytes > MAX_BYTES { Err(ArgvError::TooLong) } else { Ok(()) }
    }
}

/// Hides the arguments.
impl fmt::Debug for Argv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argv").field("program", &self.program.path).finish_non_exhaustive()
    }
}

/// One argument: any bytes without a NUL.
#[derive(Clone, PartialEq, Eq)]
pub struct Arg(OsString);

impl Arg {
    /// Takes an argument.
    ///
    /// # Errors
    ///
    /// It has a NUL, which would end it, or is longer than 64 KiB.
    pub fn new(value: impl AsRef<OsStr>) -> Result<Self, Error> {
        let value = value.as_ref();
        if value.len() > MAX_ARG {
            return Err(ArgvError::TooLong.into());
        }
        if value.as_bytes().contains(&0) {
            return Err(ArgvError::Nul.into());
        }
        Ok(Self(value.to_owned()))
    }
}

impl TryFrom<&str> for Arg {
    type Error = Error;

    fn try_from(value: &str) -> Result<Self, Error> {
        Self::new(value)
    }
}

impl<T: AsRef<OsStr>> TryFrom<&Untrusted<T>> for Arg {
    type Error = Error;

    fn try_from(value: &Untrusted<T>) -> Result<Self, Error> {
        Self::new(value.inside())
    }
}

/// Takes an argument for this program.
impl Accept<str> for Program {
    type Safe = Arg;

    fn accept(&self, value: &str) -> Result<Arg, Error> {
        let arg = Arg::new(value)?;
        if self.dashes == Dashes::Refused && begins_with_dash(&arg.0) {
            return Err(ArgvError::Dash.into());
        }
        Ok(arg)
    }
}

/// Hides the argument.
impl fmt::Debug for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arg(..)")
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Why a program or an argument was refused. None shows the argument.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgvError {
    /// The path is not absolute.
    #[error("a program is named by its absolute path")]
    Relative,
    /// The program is not there.
    #[error("the program cannot be found")]
    Program(#[source] std::io::Error),
    /// The program runs what its arguments say.
    #[error("the program runs what its arguments say, and must be named as an interpreter")]
    Interpreter,
    /// The option was not declared.
    #[error("the option was not declared for this program")]
    Undeclared,
    /// The argument has a NUL.
    #[error("the argument has a NUL")]
    Nul,
    /// The argument is too long, or all of them are.
    #[error("the argument is longer than 64 KiB, or all of them than 1 MiB")]
    TooLong,
    /// The argument begins with a dash.
    #[error("the argument begins with `-`, and the program could take it for an option")]
    Dash,
}

fn begins_with_dash(value: &OsStr) -> bool {
    value.as_bytes().first() == Some(&b'-')
}

/// Half of what Linux takes in one argument.
const MAX_ARG: usize = 64 * 1024;

/// Half of what Linux takes in all with its usual stack, environment included.
const MAX_BYTES: usize = 1024 * 1024;

//! Programs run with arguments from outside.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use wardkit_validation::{Arg, Argv, ArgvError, Dashes, Error, Program, Untrusted};

/// Where [`a_child_writes_down_what_it_was_given`] writes to.
const OUTPUT: &str = "WARDKIT_TEST_WRITE_ARGUMENTS";

/// Not a test of its own: the program that the tests below run. It is this test binary, so that they need no other
/// program, and what it was given is what the kernel handed over.
#[test]
fn a_child_writes_down_what_it_was_given() {
    if let Some(output) = std::env::var_os(OUTPUT) {
        let mut written = Vec::new();
        for argument in std::env::args_os() {
            written.extend_from_slice(argument.as_bytes());
            written.push(0);
        }
        let variables: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
        assert_eq!(variables, [OUTPUT]);
        fs::write(output, written).unwrap();
    }
}

/// Returns a program that writes its arguments to a file.
pub(crate) fn writes_arguments(to: &Path) -> Program {
    Program::new(std::env::current_exe().unwrap())
        .unwrap()
        .with_fixed("argv::a_child_writes_down_what_it_was_given")
        .with_fixed("--exact")
        .with_option("--skip")
        .with_env(OUTPUT, to)
}

/// Runs a program in a directory, and returns the arguments that it was given, without its own fixed ones.
pub(crate) fn run(argv: Argv<'_>, directory: &Path, written: &Path) -> Vec<Vec<u8>> {
    let output = argv.command().current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let bytes = fs::read(written).unwrap();
    let mut arguments: Vec<_> = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(arguments.pop().unwrap(), b"");
    arguments.split_off(3)
}

fn reason<T>(result: Result<T, Error>) -> ArgvError {
    match result {
        Err(Error::Argv(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was allowed"),
    }
}

fn arguments(argv: Argv<'_>) -> Vec<OsString> {
    argv.command().get_args().map(ToOwned::to_owned).collect()
}

#[test]
fn arguments_arrive_byte_for_byte_and_the_environment_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written");
    let program = writes_arguments(&written);
    let argv = program
        .argv()
        .option("--skip", "--exact=x")
        .and_then(|argv| argv.operand(&Untrusted::new("--help".to_owned())))
        .and_then(|argv| argv.operand(""))
        .and_then(|argv| argv.operand(&Untrusted::new("two words\n\u{202e}$(id)")))
        .unwrap();
    let expected =
        ["--skip=--exact=x", "--", "--help", "", "two words\n\u{202e}$(id)"].map(str::as_bytes);
    assert_eq!(run(argv, directory.path(), &written), expected);
}

#[test]
fn options_are_declared() {
    let program = Program::new(std::env::current_exe().unwrap()).unwrap();
    let program = program.with_option("--size").with_option("-n").with_flag("-v");
    let start = || program.argv();
    for name in ["-v", "-o", "--siz", "--size=1", ""] {
        assert!(matches!(reason(start().option(name, "1")), ArgvError::Undeclared), "{name}");
    }
    assert!(matches!(reason(start().flag("--size")), ArgvError::Undeclared));
    assert!(matches!(reason(start().option("-n", "-v")), ArgvError::Dash));
    let argv = start().option("--size", "-1").unwrap().option("-n", "5").unwrap();
    assert_eq!(arguments(argv.flag("-v").unwrap()), ["--size=-1", "-n", "5", "-v"]);
}

#[test]
fn a_program_without_separator_takes_no_operand_that_looks_like_an_option() {
    let program = Program::new(std::env::current_exe().unwrap()).unwrap();
    let program = program.with_dashes(Dashes::Refused);
    for text in ["-", "-v", "--", "--help"] {
        assert!(matches!(reason(program.argv().operand(text)), ArgvError::Dash), "{text}");
        assert!(matches!(reason(Untrusted::new(text).validate_for(&program)), ArgvError::Dash));
    }
    let arg = Untrusted::new("a-v").validate_for(&program).unwrap();
    assert_eq!(arguments(program.argv().operand(arg).unwrap()), ["a-v"]);
}

#[test]
fn what_would_end_or_exceed_an_argument_is_refused() {
    let program = Program::new(std::env::current_exe().unwrap()).unwrap();
    for text in ["\0", "a\0b", "a\0"] {
        assert!(matches!(reason(program.argv().operand(text)), ArgvError::Nul));
    }
    let long = "x".repeat(64 * 1024);
    assert!(matches!(reason(Arg::new(format!("{long}x"))), ArgvError::TooLong));
    let full = (0..15).fold(program.argv(), |argv, _| argv.operand(long.as_str()).unwrap());
    assert!(matches!(reason(full.operand(long.as_str())), ArgvError::TooLong));
    let mut many = program.argv();
    let refused = loop {
        match many.operand("") {
            Ok(argv) => many = argv,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Argv(ArgvError::TooLong)));
}

#[test]
fn bytes_that_are_no_text_are_arguments_too() {
    let program = Program::new(std::env::current_exe().unwrap()).unwrap();
    let name = OsString::from_vec(vec![0xff, b';', 0x80]);
    let argv = program.argv().operand(&Untrusted::new(name.clone())).unwrap();
    assert_eq!(arguments(argv), [OsString::from("--"), name]);
}

#[test]
fn programs_that_run_their_arguments_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let check = |name: &str| {
        let path = directory.path().join(name);
        fs::write(&path, "").unwrap();
        reason(Program::new(path))
    };
    for name in
        ["sh", "bash", "python3.12", "perl", "env", "xargs", "busybox", "find", "ssh", "node"]
    {
        assert!(matches!(check(name), ArgvError::Interpreter), "{name}");
    }
    let link = directory.path().join("innocent");
    std::os::unix::fs::symlink(directory.path().join("sh"), &link).unwrap();
    assert!(matches!(reason(Program::new(&link)), ArgvError::Interpreter));
    assert!(Program::danger_interpreter(link).is_ok());
    assert!(matches!(reason(Program::new("sh")), ArgvError::Relative));
    assert!(matches!(reason(Program::new("bin/ls")), ArgvError::Relative));
    let nowhere = directory.path().join("nowhere");
    assert!(matches!(reason(Program::new(nowhere)), ArgvError::Program(_)));
}

#[test]
fn arguments_do_not_show_themselves() {
    let program = Program::new(std::env::current_exe().unwrap()).unwrap();
    let argv = program.argv().operand("hunter2").unwrap();
    assert!(!format!("{argv:?} {:?}", Arg::new("hunter2").unwrap()).contains("hunter2"));
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tokio_runs_the_same_command() {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written");
    let program = writes_arguments(&written);
    let argv = program.argv().operand("; id").unwrap();
    assert!(argv.tokio_command().output().await.unwrap().status.success());
    assert!(fs::read(&written).unwrap().ends_with(b"\0--\0; id\0"));
}

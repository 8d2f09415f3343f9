//! Running programs.

use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::report::Counts;
use crate::{Error, Result, leftovers};

/// Returns the cargo that runs this program, in `dir`.
pub(crate) fn cargo<'a>(dir: &Path, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(dir).args(args);
    command
}

/// Runs a program to its end; what it prints goes to the terminal.
///
/// # Errors
///
/// When it cannot start or reports failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(start(command))?;
    if status.success() { Ok(()) } else { Err(Error::Program { command: line(command), status }) }
}

/// Runs a program and returns what it wrote to standard output.
///
/// # Errors
///
/// When it cannot start or reports failure.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(start(command))?;
    if !output.status.success() {
        return Err(Error::Program { command: line(command), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs tests, shows their output as it comes, and adds their results to `counts`.
///
/// # Errors
///
/// When the program cannot start, a test fails, or not a single test ran.
pub(crate) fn run_tests(command: &mut Command, counts: &mut Counts) -> Result<()> {
    let before = counts.total();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(start(command))?;
    let stdout = child.stdout.take().expect("stdout was piped above");
    let pipe = stdout.as_fd().try_clone_to_owned().map_err(start(command))?;
    let reader = std::thread::spawn(move || show(stdout));
    let status = child.wait().map_err(start(command))?;
    leftovers::end(pipe.as_fd());
    counts.add(reader.join().expect("it does not panic").map_err(start(command))?);
    if !status.success() {
        return Err(Error::Program { command: line(command), status });
    }
    if counts.total() == before {
        return Err(Error::found(format!("`{}` ran no test", line(command))));
    }
    Ok(())
}

/// Shows what tests print, as it comes, and counts their results.
fn show(output: impl Read) -> std::io::Result<Counts> {
    let mut counts = Counts::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        counts.add_line(&line);
    }
    Ok(counts)
}

/// Tells whether a program of this name is on the path; an absolute path is a file that is there or not.
pub(crate) fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn start(command: &Command) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| Error::Start { program, source }
}

/// The command as one would type it; the path of cargo is shortened to its name.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|arg| arg.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_names_the_command_line() {
        let error = run(Command::new("false").arg("--loud")).unwrap_err();
        assert_eq!(error.to_string(), "`false --loud` ended with exit status: 1");
        let error = capture(&mut Command::new("no-such-program-here")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start no-such-program-here");
    }

    #[test]
    fn results_of_a_test_run_are_counted() {
        let mut counts = Counts::default();
        let result = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        run_tests(Command::new("printf").arg(format!("{result}\n\n{result}\n")), &mut counts)
            .unwrap();
        assert_eq!(counts, Counts { passed: 6, failed: 0 });
    }

    #[test]
    fn what_a_run_leaves_behind_is_ended_and_does_not_hold_it_up() {
        let mut counts = Counts::default();
        let script = "sleep 1000 & echo \"test result: ok. $! passed; 0 failed\"";
        // It would be over in a quarter of an hour otherwise.
        run_tests(Command::new("sh").args(["-c", script]), &mut counts).unwrap();
        assert!(counts.passed > 0);
    }

    #[test]
    fn a_run_without_tests_fails() {
        let mut counts = Counts { passed: 5, failed: 0 };
        let error = run_tests(&mut Command::new("true"), &mut counts).unwrap_err();
        assert_eq!(error.to_string(), "`true` ran no test");
    }

    #[test]
    fn installed_programs_are_found_on_the_path() {
        assert!(is_installed("cat"));
        assert!(!is_installed("no-such-program-here"));
        assert!(is_installed("/etc/passwd"));
        assert!(!is_installed("/etc/no-such-file-here"));
    }
}

//! Texts that a shell would run, given to a real process as arguments.

use std::fs;

use wardkit_validation::{Dashes, Untrusted};

use crate::argv::{run, writes_arguments};

/// Each would leave a file named `OWNED` in the working directory, were it read by a shell, or would change what
/// the program does, were it read as an option.
const PAYLOADS: &[&str] = &[
    "; touch OWNED",
    ";touch OWNED;",
    "a;touch${IFS}OWNED",
    "& touch OWNED",
    "&& touch OWNED",
    "|| touch OWNED",
    "| tee OWNED",
    "|& tee OWNED",
    "`touch OWNED`",
    "$(touch OWNED)",
    "$(`touch OWNED`)",
    "${x:-$(touch OWNED)}",
    "$((a[$(touch OWNED)]))",
    "<(touch OWNED)",
    ">(tee OWNED)",
    "> OWNED",
    ">> OWNED",
    ">| OWNED",
    "1> OWNED",
    "<> OWNED",
    "<<< x > OWNED",
    "<<E\nx\nE\ntouch OWNED",
    "\ntouch OWNED",
    "\r\ntouch OWNED\r\n",
    "\u{85}touch OWNED",
    "\u{2028}touch OWNED",
    "' ; touch OWNED ; '",
    "\" ; touch OWNED ; \"",
    "'\"; touch OWNED; \"'",
    "\\; touch OWNED",
    "\\' ; touch OWNED #",
    "$'\\n'touch OWNED",
    "$\"\\n\"; touch OWNED",
    "{touch,OWNED}",
    "(touch OWNED)",
    "{ touch OWNED; }",
    "! touch OWNED",
    "x() { touch OWNED; }; x",
    "() { :;}; touch OWNED",
    "eval touch OWNED",
    "exec touch OWNED",
    "t'o'uch OWNED",
    "t\\ouch OWNED",
    "t$@ouch OWNED",
    "/bin/t?uch OWNED",
    "/b[i]n/touch OWNED",
    "$(printf '\\164ouch') OWNED",
    "echo dG91Y2ggT1dORUQ=|base64 -d|sh",
    "sh -c 'touch OWNED'",
    "bash -c {touch,OWNED}",
    "python3 -c 'open(\"OWNED\",\"w\")'",
    "perl -e 'open F,\">OWNED\"'",
    "if true; then touch OWNED; fi",
    "for i in 1; do touch OWNED; done",
    "while ! touch OWNED; do :; done",
    "case x in x) touch OWNED;; esac",
    "touch OWNED &",
    "%0atouch OWNED",
    "%3Btouch OWNED",
    "*",
    "?",
    "~",
    "~root",
    "$HOME",
    "%PATH%",
    "^& touch OWNED",
    "! id",
    "#",
    "-c touch OWNED",
    "-e touch OWNED",
    "-o ProxyCommand=touch OWNED",
    "--help",
    "--list",
    "--",
    "-",
    "--output=OWNED",
    "--logfile=OWNED",
    "-exec touch OWNED ;",
    "--checkpoint-action=exec=touch OWNED",
    "@OWNED",
    "\u{1b}[31m; touch OWNED",
    "\u{ff1b} touch OWNED",
    "",
    " ",
    "\t",
];

#[test]
fn every_payload_is_one_argument_and_nothing_else_happens() {
    assert!(PAYLOADS.len() >= 60);
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("place");
    fs::create_dir(&place).unwrap();
    let written = directory.path().join("written");
    let program = writes_arguments(&written);
    for payload in PAYLOADS {
        let argv = program.argv().operand(&Untrusted::new(*payload)).unwrap();
        assert_eq!(run(argv, &place, &written), [b"--".as_slice(), payload.as_bytes()]);
        let argv =
            program.argv().option("--skip", &Untrusted::new(format!("no{payload}"))).unwrap();
        assert_eq!(run(argv, &place, &written), [format!("--skip=no{payload}").as_bytes()]);
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "{payload:?}");
    }
    let all = PAYLOADS
        .iter()
        .fold(program.argv(), |argv, payload| argv.operand(&Untrusted::new(*payload)).unwrap());
    let expected: Vec<_> =
        std::iter::once(&"--").chain(PAYLOADS).map(|text| text.as_bytes()).collect();
    assert_eq!(run(all, &place, &written), expected);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
}

#[test]
fn a_program_without_separator_is_given_no_payload_that_looks_like_an_option() {
    let directory = tempfile::tempdir().unwrap();
    let program = writes_arguments(&directory.path().join("written")).with_dashes(Dashes::Refused);
    for payload in PAYLOADS {
        let taken = program.argv().operand(&Untrusted::new(*payload)).is_ok();
        assert_eq!(taken, !payload.starts_with('-'), "{payload:?}");
    }
}

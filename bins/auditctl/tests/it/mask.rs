//! `auditctl mask`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::auditctl;

/// Runs `auditctl mask` with that input: exit code, output, what was said.
fn mask(args: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let mut child = command(args).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // The other end may have gone.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
    command.arg("mask").args(args).env_clear().env("MASK_KEY", "sixteen or more characters");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn clean_lines_pass_byte_for_byte_whatever_they_are() {
    let long = [vec![b'x'; 10_000_000], b"\n".to_vec()].concat();
    for input in [&b"a\r\nb\n\n\xff\xfe\0c\nno end"[..], b"", b"\n", &long] {
        assert_eq!(mask(&[], input), (Some(0), input.to_vec(), String::new()));
    }
}

#[test]
fn secrets_are_masked_one_line_out_for_each_in() {
    let input = b"\xffpassword=hunter2\r\nplain\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\npwd=hunter2";
    let expected = b"\xffpassword=***\r\nplain\n-----BEGIN PRIVATE KEY-----\n***\n-----END PRIVATE KEY-----\npwd=***";
    let (code, output, said) = mask(&["--format", "json"], input);
    assert_eq!((code, output.as_slice()), (Some(0), &expected[..]));
    assert_eq!(said, "{\"lines\":6,\"masked\":3}\n");
}

#[test]
fn lines_of_many_megabytes_are_masked_and_counted_as_one() {
    // The longer one is masked in pieces.
    for megabytes in [10, 20] {
        let fill = b"fill ".repeat(megabytes * 200_000);
        let line = |value: &str| {
            let value = format!("password={value} ");
            [value.as_bytes(), &fill, value.as_bytes(), &fill, b"\r\n"].concat()
        };
        let input = [&line("hunter2")[..], b"plain\n", &fill, b"pwd=hunter2"].concat();
        let expected = [&line("***")[..], b"plain\n", &fill, b"pwd=***"].concat();
        let (code, output, said) = mask(&["--format", "json"], &input);
        assert_eq!((code, said.as_str()), (Some(0), "{\"lines\":3,\"masked\":2}\n"));
        assert!(output == expected, "{megabytes} MB differ");
    }
}

#[test]
fn private_key_without_end_is_masked_as_far_as_keys_are_long() {
    let (begin, line) = ("-----BEGIN RSA PRIVATE KEY-----\n", "MIIEvQIBADANBgkqhkiG9w0BAQEF\n");
    let ended = mask(&[], format!("{begin}{line}{line}").as_bytes());
    assert_eq!(ended, (Some(0), format!("{begin}***\n***\n").into_bytes(), String::new()));
    let (code, output, _) = mask(&[], (begin.to_owned() + &line.repeat(5000) + "plain").as_bytes());
    let output = String::from_utf8(output).unwrap();
    assert_eq!((code, output.lines().count()), (Some(0), 5002));
    assert_eq!(output.lines().filter(|line| *line == "***").count(), 401);
    assert!(output.ends_with("\nplain"));
}

#[test]
fn input_that_comes_byte_by_byte_is_masked_as_ever() {
    let input = b"a\xe4 password=hunter2\r\n\0token=q8ZkT3vN1xYb7LwR";
    let mut child = command(&[]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for byte in input {
        stdin.write_all(&[*byte]).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"a\xe4 password=***\r\n\0token=***");
}

#[test]
fn input_that_cannot_be_read_and_output_that_is_full_are_told() {
    let run = |stdin: Stdio, stdout: Stdio| {
        let output = command(&[]).stdin(stdin).stdout(stdout).stderr(Stdio::piped()).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(File::open("/").unwrap().into(), Stdio::null());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("directory"), "{said}");
    let file = tempfile::tempdir().unwrap();
    std::fs::write(file.path().join("log"), "line\n").unwrap();
    let log = || File::open(file.path().join("log")).unwrap().into();
    let full = File::options().write(true).open("/dev/full").unwrap().into();
    let (code, said) = run(log(), full);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("space"), "{said}");
    assert_eq!(run(log(), Stdio::null()), (Some(0), String::new()));
}

#[test]
fn options_choose_what_is_masked_and_how() {
    let input = b"mail a@b.org, pin=1234, card 4539 5787 6362 1486\n";
    let output = |args: &[&str]| String::from_utf8(mask(args, input).1).unwrap();
    assert_eq!(output(&["--kinds", "card"]), "mail a@b.org, pin=1234, card ***\n");
    assert_eq!(
        output(&["--kinds", "secret", "--name", "pin"]),
        "mail a@b.org, pin=***, card 4539 5787 6362 1486\n"
    );
    assert_eq!(output(&["--last-digits"]), "mail ***, pin=1234, card ***1486\n");
    let keyed = output(&["--key", "env:MASK_KEY"]);
    assert_eq!(keyed.len(), "mail ***, pin=1234, card ***\n".len() + 16);
    assert_eq!(keyed, output(&["--key", "env:MASK_KEY"]));
}

#[test]
fn key_that_is_not_there_or_short_is_refused_without_being_shown() {
    for source in ["env:NOTHING", "file:/nonexistent/key"] {
        let (code, output, said) = mask(&["--key", source], b"x\n");
        assert_eq!((code, output.len()), (Some(2), 0));
        assert!(said.contains("holds no key of at least 16 characters"), "{said}");
    }
    assert_eq!(mask(&["--key", "hunter2"], b"").0, Some(2));
    assert_eq!(mask(&["--kinds", "bogus"], b"").0, Some(2));
}

#[test]
fn what_was_read_is_written_before_more_is_waited_for() {
    let mut child = command(&[]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        stdin.write_all(b"token ready, password=x1\n").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert_eq!(line, "token ready, password=***\n");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn reader_that_goes_away_ends_it_in_silence() {
    let mut child = command(&[]).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // The other end may have gone.
    drop(stdin.write_all(&b"line\n".repeat(200_000)));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn every_recogniser_explains_itself() {
    let all = auditctl(&["mask", "explain"]);
    assert_eq!(all.code, Some(0));
    assert!(all.stdout.lines().count() >= 100, "{}", all.stdout.lines().count());
    let one = auditctl(&["mask", "explain", "pii.iban"]);
    assert_eq!(one.stdout.lines().count(), 1);
    assert!(one.stdout.contains("modulo 97"), "{}", one.stdout);
    assert_eq!(auditctl(&["mask", "explain", "pii.nothing"]).code, Some(2));
}

//! `auditctl detect`.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{Ended, auditctl};

/// Scores a file with that text.
fn detect(text: impl AsRef<[u8]>, args: &[&str]) -> Ended {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("load.csv");
    fs::write(&file, text).unwrap();
    auditctl(&[&["detect", file.to_str().unwrap()], args].concat())
}

/// A fortnight of one sample every five minutes, busy from nine to six, and a peak at row 3001.
fn fortnight() -> String {
    let mut text = "timestamp,value\n".to_owned();
    for sample in 0..14 * 288_u32 {
        let busy = if (108..216).contains(&(sample % 288)) { 60 } else { 20 };
        let peak = if sample == 3000 { 500 } else { 0 };
        let disorder = sample.wrapping_mul(2_654_435_761) >> 28;
        writeln!(text, "{},{}", 1_396_224_000 + sample * 300, busy + peak + disorder).unwrap();
    }
    text
}

#[test]
fn every_row_is_written_with_a_score_and_a_reason() {
    let series = fortnight();
    for profile in ["small", "full"] {
        let ended = detect(&series, &["--profile", profile]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!((lines.len(), lines[0]), (4033, "timestamp,value,anomaly_score,reason"));
        assert_eq!(lines[1], "1396224000,20,0.000000,learning");
        let fields: Vec<&str> = lines[3001].split(',').collect();
        assert_eq!(fields[0], "1397124000");
        assert!(fields[2].parse::<f64>().unwrap() > 0.5, "{}", lines[3001]);
        assert!(fields[3].contains("above"), "{}", lines[3001]);
    }
}

#[test]
fn rows_that_cannot_be_read_have_the_score_zero_and_say_why() {
    let text = "\u{feff}host,\"value\",Timestamp\r\n\
                a,1,2014-04-10 07:15:00.000000\r\n\
                b,NaN,2014-04-10T07:20:00Z\r\n\
                c,inf,2014-04-10 07:25:00\r\n\
                \r\n\
                d,,2014-04-10 07:30:00\r\n\
                e,1,2014-04-10 07:10:00\r\n\
                f,1,2014-04-10 07:15:00\r\n\
                \"g, \"\"g\"\"\",1,never\r\n\
                h\r\n\
                i,\"1,2014-04-10 07:40:00\r\n\
                j,\"1,5\",1397115900";
    let expected = "timestamp,value,anomaly_score,reason\n\
                    2014-04-10 07:15:00.000000,1,0.000000,learning\n\
                    2014-04-10T07:20:00Z,NaN,0.000000,not a finite number\n\
                    2014-04-10 07:25:00,inf,0.000000,not a finite number\n\
                    2014-04-10 07:30:00,,0.000000,the value is not a number\n\
                    2014-04-10 07:10:00,1,0.000000,earlier than the sample before\n\
                    2014-04-10 07:15:00,1,0.000000,the same time as the sample before\n\
                    never,1,0.000000,the timestamp is not understood\n\
                    ,,0.000000,the row has no timestamp\n\
                    ,,0.000000,a quote in the row is not closed\n\
                    1397115900,\"1,5\",0.000000,the value is not a number\n";
    let ended = detect(text, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), expected));
    assert_eq!(ended.stderr, "note: 7 of 10 rows have no time or no finite value\n");
}

#[test]
fn what_is_no_series_exits_2_with_one_error() {
    for (text, why) in [
        ("", "the file is empty: it needs a header with the columns timestamp and value"),
        ("time,value\n1,2\n", "the header has no column `timestamp`; it has: time, value"),
        ("timestamp;value\n1;2\n", "the header has no column `timestamp`; it has: timestamp;value"),
        ("timestamp,value,VALUE\n", "the header has the column `value` twice"),
        ("\0\u{1b}[31m,x\n", "the header has no column `timestamp`; it has: "),
    ] {
        let ended = detect(text, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{text}");
        assert!(
            ended.stderr.contains("load.csv is not a series") && ended.stderr.contains(why),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains('\u{1b}'));
    }
    let ended = auditctl(&["detect", "/nonexistent/load.csv"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("/nonexistent/load.csv"), "{}", ended.stderr);
    assert_eq!(auditctl(&["detect", "/"]).code, Some(2));
    assert_eq!(detect("timestamp,value\n", &["--threshold", "2"]).code, Some(2));
}

#[test]
fn anomalies_alone_are_written_and_decide_the_exit_code_when_asked() {
    let series = fortnight();
    let ended = detect(&series, &["--only", "--fail", "--threshold", "0.7"]);
    assert_eq!(ended.code, Some(1));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ended.stdout);
    assert!(lines[1].starts_with("1397124000,"));
    assert_eq!(detect("timestamp,value\n1,2\n", &["--fail"]).code, Some(0));
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_not_called_free_of_anomalies() {
    let milliseconds = "timestamp,value\n1396224000000,1\n1396224300000,2\n";
    let plain = detect(milliseconds, &[]);
    assert_eq!(plain.code, Some(0), "{plain:?}");
    let asked = detect(milliseconds, &["--fail"]);
    assert_eq!(asked.code, Some(3), "{asked:?}");
    assert_eq!(asked.stderr, "note: 2 of 2 rows have no time or no finite value\n");
    assert_eq!(detect("timestamp,value\n", &["--fail"]).code, Some(0));
    assert_eq!(detect("timestamp,value\nx,1\n2,3\n", &["--fail"]).code, Some(0));
}

#[test]
fn texts_of_the_file_steer_nothing() {
    let text = "timestamp,value\n\u{1b}]0;x\u{7},\u{9b}2J\u{202e}\n";
    // A program gets what was in the file.
    assert!(detect(text, &[]).stdout.contains("\u{1b}]0;x\u{7},\u{9b}2J\u{202e},0.000000,"));
    let json = detect(text, &["--format", "json"]).stdout;
    assert!(!json.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{json}");
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(object["value"], "\u{9b}2J\u{202e}");
}

#[test]
fn json_is_one_object_a_line() {
    let ended = detect("timestamp,value\n300,1.50\n600,x\n", &["--format", "json"]);
    let lines: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines,
        [
            serde_json::json!({"timestamp": "300", "value": 1.5, "anomaly_score": 0.0, "reason": "learning"}),
            serde_json::json!(
                {"timestamp": "600", "value": "x", "anomaly_score": 0.0, "reason": "the value is not a number"}
            ),
        ]
    );
}

#[test]
fn a_row_on_standard_input_is_answered_before_the_next_one_comes() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_auditctl"))
        .args(["detect", "-"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut answer = |question: &str, expected: &str| {
        input.write_all(question.as_bytes()).unwrap();
        let mut answer = vec![0; expected.len()];
        output.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    };
    answer("value,timestamp\n", "timestamp,value,anomaly_score,reason\n");
    answer("7,300\n", "300,7,0.000000,learning\n");
    answer("8,600\n9,9", "600,8,0.000000,learning\n");
    answer("00\n", "900,9,0.000000,learning\n");
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

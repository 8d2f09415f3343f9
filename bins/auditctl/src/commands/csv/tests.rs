//! What a CSV file may be.

use super::*;

/// Hands out so many bytes a time.
struct Pieces<'t>(&'t [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

fn rows(text: &[u8], piece: usize) -> Vec<Option<Vec<String>>> {
    let mut rows = Rows::new(Pieces(text, piece));
    let mut all = Vec::new();
    while let Some(row) = rows.next().expect("a slice can be read") {
        all.push(match row {
            Row::Fields(fields) => Some(fields),
            Row::Broken(_) => None,
        });
    }
    all
}

#[track_caller]
fn check(text: &str, expected: &[Option<&[&str]>]) {
    for piece in [1, 2, 3, usize::MAX] {
        let found = rows(text.as_bytes(), piece);
        let found: Vec<Option<Vec<&str>>> = found
            .iter()
            .map(|row| row.as_ref().map(|row| row.iter().map(String::as_str).collect()))
            .collect();
        let found: Vec<Option<&[&str]>> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, expected, "{text:?} in pieces of {piece}");
    }
}

#[test]
fn rows_are_split_as_rfc_4180_has_them() {
    check("", &[]);
    check("\n\r\n\n", &[]);
    check("a,b", &[Some(&["a", "b"])]);
    check("a,b\n", &[Some(&["a", "b"])]);
    check("a,\r\n,b\r\n", &[Some(&["a", ""]), Some(&["", "b"])]);
    check(",\n", &[Some(&["", ""])]);
    check("\"a\",\"b,c\"\r\n\"d\"\"e\",f", &[Some(&["a", "b,c"]), Some(&["d\"e", "f"])]);
    check("\"a\nb\",c\nd,\"\"\n", &[Some(&["a\nb", "c"]), Some(&["d", ""])]);
    check("\"a\"\r", &[Some(&["a"])]);
    check("a\r\n", &[Some(&["a"])]);
    check("\"\"\n", &[Some(&[""])]);
    check("5\",b\n", &[Some(&["5\"", "b"])]);
}

#[test]
fn a_quote_that_is_not_closed_breaks_its_line_alone() {
    check("1,\"2\n3,4\n", &[None, Some(&["3", "4"])]);
    check("1,\"2\n3,\"4\n5,6", &[None, None, Some(&["5", "6"])]);
    check("1,\"2\"x\n3,4", &[None, Some(&["3", "4"])]);
    check("\"", &[None]);
    check("1,\"", &[None]);
}

#[test]
fn a_row_longer_than_the_limit_is_given_up_and_read_over() {
    let long = "x".repeat(300_000);
    check_long(&format!("{long}\na,b\n"), &[None, Some(vec!["a".into(), "b".into()])]);
    check_long(
        &format!("a,\"{}\nc,d", "\n".repeat(3)),
        &[None, Some(vec!["c".into(), "d".into()])],
    );
    // The quote stays open beyond the limit: the line is broken, and those after it are read.
    let open = format!("1,\"2\n{}", "3,4\n".repeat(50_000));
    let found = rows(open.as_bytes(), usize::MAX);
    assert_eq!((found.len(), &found[0]), (50_001, &None));
}

#[track_caller]
fn check_long(text: &str, expected: &[Option<Vec<String>>]) {
    for piece in [1000, usize::MAX] {
        assert_eq!(rows(text.as_bytes(), piece), expected);
    }
}

#[test]
fn what_is_no_text_is_still_a_row() {
    let found = rows(b"a,\xff\xfe\nb,c\n", 1);
    assert_eq!(
        found,
        [Some(vec!["a".into(), "\u{fffd}\u{fffd}".into()]), Some(vec!["b".into(), "c".into()])]
    );
}

#[test]
fn any_bytes_give_the_same_rows_in_any_pieces() {
    // A small generator: what matters is quotes, commas and ends of lines in any order.
    let mut state = 1_u64;
    for _ in 0..2000 {
        let text: Vec<u8> = (0..40)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                b"\",\n\ra1\"\n"[usize::try_from(state >> 61).unwrap()]
            })
            .collect();
        let whole = rows(&text, usize::MAX);
        for piece in [1, 3, 7] {
            assert_eq!(rows(&text, piece), whole, "{:?}", String::from_utf8_lossy(&text));
        }
        let lines = text.split(|byte| *byte == b'\n').count();
        assert!(whole.len() <= lines);
    }
}

#[test]
fn what_is_written_is_read_back() {
    for field in ["", "a", "a,b", "a\"b", "\"", "a\nb", "\r", " a "] {
        let mut text = String::new();
        quoted(field, &mut text);
        text.push_str(",x\n");
        check(&text, &[Some(&[field, "x"])]);
    }
}

#[test]
fn times_are_read_in_three_spellings() {
    for (text, nanos) in [
        ("2014-04-10 07:15:00", Some(1_397_114_100_000_000_000)),
        ("2014-04-10 07:15:00.000000", Some(1_397_114_100_000_000_000)),
        ("2014-04-10T09:15:00+02:00", Some(1_397_114_100_000_000_000)),
        ("2014-04-10T07:15:00.5Z", Some(1_397_114_100_500_000_000)),
        ("1397114100", Some(1_397_114_100_000_000_000)),
        ("1397114100.5", Some(1_397_114_100_500_000_000)),
        ("1.3971141e9", Some(1_397_114_100_000_000_000)),
        ("-0.5", Some(-500_000_000)),
        ("2014-02-30 00:00:00", None),
        ("1e30", None),
        ("nan", None),
        ("inf", None),
        ("yesterday", None),
        ("", None),
        ("Z", None),
    ] {
        assert_eq!(time(text).map(Timestamp::as_unix_nanos), nanos, "{text}");
    }
}

#[test]
fn columns_are_found_by_name() {
    let sample = |text: &str| Series::open(text.as_bytes()).unwrap().next().unwrap().unwrap();
    for text in [
        "timestamp,value\n5,7",
        "\u{feff}Value , host, TIMESTAMP\r\n7,\"a,b\",5\r\n",
        "\"value\",\"timestamp\"\n\"7\",\"5\"\n",
    ] {
        assert_eq!(sample(text).read, Ok((Timestamp::from_unix_seconds(5), 7.0)), "{text}");
    }
    for (text, why) in [
        ("timestamp,value\n5", "the row has no value"),
        ("value,timestamp\n5", "the row has no timestamp"),
        ("timestamp,value\n5,seven", "the value is not a number"),
        ("timestamp,value\n5,", "the value is not a number"),
        ("timestamp,value\nfive,7", "the timestamp is not understood"),
        ("timestamp,value\n5,\"7", "a quote in the row is not closed"),
    ] {
        assert_eq!(sample(text).read, Err(why), "{text}");
    }
    for (text, why) in [
        ("", "the file is empty: it needs a header with the columns timestamp and value"),
        ("time,value\n", "the header has no column `timestamp`; it has: time, value"),
        ("timestamp;value\n", "the header has no column `timestamp`; it has: timestamp;value"),
        ("timestamp,value,value\n", "the header has the column `value` twice"),
        ("\"timestamp,value\n", "the header is not CSV: a quote in the row is not closed"),
    ] {
        assert_eq!(
            Series::open(text.as_bytes()).err().map(|error| error.to_string()).as_deref(),
            Some(why)
        );
    }
}

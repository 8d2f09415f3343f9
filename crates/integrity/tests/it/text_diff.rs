//! Diffs of texts, and what they must not show.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;
use wardkit_integrity::{
    Algorithm, Digest, Error, Kept, Line, Redact, TextDiff, TextStore, UsualSecrets,
};

#[test]
fn diff_is_a_unified_one() {
    let old = (1..=20).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
    let new = old
        .replace("line 3\n", "line three\n")
        .replace("line 16\n", "")
        .replace("line 20\n", "line 20");
    let expected = "\
@@ -1,6 +1,6 @@
 line 1
 line 2
-line 3
+line three
 line 4
 line 5
 line 6
@@ -13,8 +13,7 @@
 line 13
 line 14
 line 15
-line 16
 line 17
 line 18
 line 19
-line 20
+line 20
\\ no newline at the end
";
    assert_eq!(TextDiff::between(&old, &new).to_string(), expected);
    assert!(TextDiff::between(&old, &old).is_empty());
}

#[test]
fn diff_is_the_shortest_one() {
    // The example of Myers' paper: five edits.
    let lines = |letters: &str| {
        letters.chars().map(|letter| format!("{letter}\n")).collect::<Vec<_>>().concat()
    };
    let diff = TextDiff::between(&lines("abcabba"), &lines("cbabac"));
    let edits = diff
        .hunks
        .iter()
        .flat_map(|hunk| &hunk.lines)
        .filter(|line| !matches!(line, Line::Same(_)));
    assert_eq!(edits.count(), 5);
}

#[test]
fn what_would_steer_a_terminal_is_escaped() {
    let diff = TextDiff::between("", "\u{1b}[2J\tgrün \"x\"\u{202e}\r\n");
    assert_eq!(diff.to_string(), "@@ -1,0 +1,1 @@\n+\\u{1b}[2J\tgrün \"x\"\\u{202e}\\r\n");
}

#[test]
fn long_diffs_are_cut_and_say_so() {
    let text = |word: &str| {
        (0..5_000).map(|number| format!("{word} {number}\n")).collect::<Vec<_>>().concat()
    };
    let diff = TextDiff::between(&text("old"), &text("new"));
    assert_eq!(diff.hunks[0].lines.len(), 400);
    assert_eq!(diff.left_out, 9_600);
    assert!(diff.to_string().ends_with("(9600 lines more)\n"));
    let long = TextDiff::between("", &"é".repeat(1_000));
    assert_eq!(long.hunks[0].lines, [Line::Added(format!("{}…\n", "é".repeat(400)))]);
}

/// Keeps a text and returns how it looks beside an empty one.
fn shown(text: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut store = TextStore::open(home.path().join("texts")).unwrap();
    assert_eq!(store.remember(Algorithm::Blake3, b"").unwrap(), Kept::Stored);
    let diff = store.diff(&Algorithm::Blake3.digest(b""), text.as_bytes()).unwrap();
    let lines = diff.hunks.into_iter().flat_map(|hunk| hunk.lines);
    let line = |line| match line {
        Line::Added(text) => text,
        other => panic!("{other:?}"),
    };
    lines.map(line).collect()
}

/// The masks' digits, which differ from directory to directory, left out.
fn masked(text: &str) -> String {
    let shown = shown(text);
    let mut parts = shown.split("***");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |masked, part| {
        assert!(part.as_bytes()[..6].iter().all(u8::is_ascii_hexdigit), "{shown}");
        format!("{masked}***{}", &part[6..])
    })
}

#[test]
fn secrets_of_configuration_files_are_masked() {
    let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
    check("password = \"hunter2\"\n", "password = \"***\"\n");
    check("password: hunter2 # mine\n", "password: ***\n");
    check("DB_PASSWORD=hunter2\r\n", "DB_PASSWORD=***\r\n");
    check("export API_TOKEN='a b'; echo\n", "export API_TOKEN='***'; echo\n");
    check(
        "{\"user\": \"bob\", \"apiKey\": \"x\\\"y\", \"n\": 1}\n",
        "{\"user\": \"bob\", \"apiKey\": \"***\", \"n\": 1}\n",
    );
    check("{'token' => 'x', 'a' => 'b'}\n", "{'token' => '***', 'a' => 'b'}\n");
    check("client.secret.value=x\n", "client.secret.value=***\n");
    check(
        "ssl-key = /etc/x\nsslKey: y\nSSL_KEY=z\nmonkey = 3\nkeyboard = us\n",
        "ssl-key = ***\nsslKey: ***\nSSL_KEY=***\nmonkey = 3\nkeyboard = us\n",
    );
    check("# password = old\n", "# password = ***\n");
    check(
        "PasswordAuthentication no\nPermitRootLogin yes\n",
        "PasswordAuthentication no\nPermitRootLogin yes\n",
    );
    check("password_check = true\n", "password_check = true\n");
    check("requirepass foobared\n", "requirepass ***\n");
    check("machine x login y password z\n", "machine x login y password ***\n");
    check(
        "run --token abc --name x\nrun --password=abc\n",
        "run --token *** --name x\nrun --password=***\n",
    );
    check("Authorization: Bearer abc\n", "Authorization: ***\n");
    check("proxy_set_header X-A \"Bearer abc\";\n", "proxy_set_header X-A \"Bearer ***\";\n");
    check("url = \"postgres://bob:hunter2@db/x\"\n", "url = \"postgres://bob:***@db/x\"\n");
    check(
        "git https://tok@host/a and http://host/b@c\n",
        "git https://***@host/a and http://host/b@c\n",
    );
    check("root:$6$salt$hash./:19000:0\n", "root:***:19000:0\n");
    check("aws AKIAIOSFODNN7EXAMPLE\n", "aws ***\n");
    check("bot 123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc\n", "bot 123456789:***\n");
    check(
        "x86_64-linux-gnu-thing /usr/lib/python3.11/site-packages\n",
        "x86_64-linux-gnu-thing /usr/lib/python3.11/site-packages\n",
    );
    check("name: bot\nport: 80\n", "name: bot\nport: 80\n");
}

#[test]
fn secrets_of_several_lines_are_masked_to_their_end() {
    let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
    let key = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIabc\ndef\n-----END RSA PRIVATE KEY-----\nb\n";
    check(key, "a\n-----BEGIN RSA PRIVATE KEY-----\n***\n***\n-----END RSA PRIVATE KEY-----\nb\n");
    check(
        "pem = \"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\"\n",
        "pem = \"-----BEGIN ***-----END PRIVATE KEY-----\"\n",
    );
    check(
        "secrets:\n  db: x\n\n  list:\n    - y\nname: z\n",
        "secrets:\n  ***\n\n  ***\n    ***\nname: z\n",
    );
    check(
        "  password: |\n    one\n    two\n  name: z\n",
        "  password: ***\n    ***\n    ***\n  name: z\n",
    );
    check("tokens = [\n  \"a\",\n]\nname = 1\n", "tokens = ***\n  ***\n]\nname = 1\n");
    check("token = \"\"\"\na\nb\"\"\"\nname = 1\n", "token = ***\n***\n***\"\"\"\nname = 1\n");
    check("PASSWORD=a\\\nb\nname=1\n", "PASSWORD=***\n***\nname=1\n");
    check("secret = x", "secret = ***");
    check("PASSWORD=\"a\nb c\"\nname=1\n", "PASSWORD=\"***\n***\"\nname=1\n");
    let shown = masked(
        "{\"password\":\"hunter2\",\"k\":\"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\",\"token\":\"xyz\"}\n",
    );
    assert!(!["hunter2", "MII", "xyz"].iter().any(|secret| shown.contains(secret)), "{shown}");
}

#[test]
fn change_of_a_secret_shows_without_the_secret() {
    let home = tempfile::tempdir().unwrap();
    let mut store = TextStore::open(home.path().join("texts")).unwrap();
    let old = b"user = bob\npassword = one\n";
    assert_eq!(store.remember(Algorithm::Sha256, old).unwrap(), Kept::Stored);
    assert_eq!(store.remember(Algorithm::Sha256, old).unwrap(), Kept::Known);
    let digest = Algorithm::Sha256.digest(old);
    assert!(store.diff(&digest, old).unwrap().is_empty());
    let diff = store.diff(&digest, b"user = bob\npassword = two\n").unwrap();
    let [Line::Same(_), Line::Removed(removed), Line::Added(added)] =
        diff.hunks[0].lines.as_slice()
    else {
        panic!("{diff}");
    };
    assert_ne!(removed, added);
    assert!(!diff.to_string().contains("one") && !diff.to_string().contains("two"), "{diff}");
    // The same after the program has started anew, and nothing of it on the disk.
    let again = TextStore::open(home.path().join("texts")).unwrap();
    assert_eq!(again.diff(&digest, b"user = bob\npassword = two\n").unwrap(), diff);
    for entry in fs::read_dir(home.path().join("texts")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(3).any(|part| part == b"one"), "{path:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_is_no_text_or_too_much_of_it_is_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut store =
        TextStore::open(home.path().join("texts")).unwrap().with_capacity(8_192 + 4_096);
    let mut keep = |content: &[u8]| store.remember(Algorithm::Blake3, content).unwrap();
    assert_eq!(keep(b"\xff"), Kept::NotText);
    assert_eq!(keep(b"a\0b"), Kept::NotText);
    assert_eq!(keep(&b"a".repeat((256 << 10) + 1)), Kept::NotText);
    assert_eq!(keep(b"first"), Kept::Stored);
    assert_eq!(keep(b"second"), Kept::Stored);
    assert_eq!(keep(&b"third\n".repeat(1_000)), Kept::NoRoom);
    let digest = Algorithm::Blake3.digest(b"first");
    assert_eq!(store.retain(|kept| *kept == digest).unwrap(), 1);
    assert_eq!(store.remember(Algorithm::Blake3, b"third").unwrap(), Kept::Stored);
    assert!(store.diff(&digest, b"first").is_some());
    assert_eq!(store.diff(&digest, b"\xff"), None);
    assert_eq!(store.diff(&Algorithm::Blake3.digest(b"second"), b"x"), None);
}

#[test]
fn files_are_kept_and_compared_where_they_lie() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().canonicalize().unwrap();
    let mut store = TextStore::open(root.join("texts")).unwrap();
    let file = root.join("a.conf");
    fs::write(&file, "port = 80\n").unwrap();
    symlink(&file, root.join("link")).unwrap();
    let mut keep = |name: &str| store.remember_file(Algorithm::Blake3, &root.join(name)).unwrap();
    assert_eq!(keep("a.conf"), Kept::Stored);
    for name in ["link", "none", "texts"] {
        assert_eq!(keep(name), Kept::NotText, "{name}");
    }
    fs::write(&file, "port = 81\n").unwrap();
    let old = Algorithm::Blake3.digest(b"port = 80\n");
    let new = Algorithm::Blake3.digest(b"port = 81\n");
    let diff_file = |name: &str| store.diff_file(Algorithm::Blake3, &old, &new, &root.join(name));
    let diff = diff_file("a.conf").unwrap();
    assert_eq!(diff.to_string(), "@@ -1,1 +1,1 @@\n-port = 80\n+port = 81\n");
    assert_eq!(diff_file("link"), None);
    let zeros = fs::File::create(root.join("huge")).unwrap();
    zeros.set_len(1 << 40).unwrap();
    assert_eq!(diff_file("huge"), None);
    // Another text than the one that the report is about.
    fs::create_dir(root.join("elsewhere")).unwrap();
    fs::write(root.join("elsewhere/a.conf"), "a stranger's\n").unwrap();
    symlink(root.join("elsewhere"), root.join("above")).unwrap();
    assert_eq!(diff_file("above/a.conf"), None);
}

#[test]
fn torn_text_gives_no_diff() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("texts");
    let mut store = TextStore::open(&directory).unwrap();
    store.remember(Algorithm::Blake3, b"one\ntwo\n").unwrap();
    let digest = Algorithm::Blake3.digest(b"one\ntwo\n");
    let path = directory.join(format!("{digest}.txt"));
    let whole = fs::read(&path).unwrap();
    for length in [0, 10, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(store.diff(&digest, b"one\n"), None, "{length}");
    }
    fs::write(directory.join("left.tmp"), "x").unwrap();
    TextStore::open(&directory).unwrap();
    assert!(!directory.join("left.tmp").exists());
}

#[test]
fn directory_that_others_may_enter_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let open = |path: &Path| TextStore::open(path).map(drop).unwrap_err();
    let wide = home.path().join("wide");
    fs::create_dir(&wide).unwrap();
    fs::set_permissions(&wide, PermissionsExt::from_mode(0o755)).unwrap();
    assert!(matches!(open(&wide), Error::NotPrivate(path) if path == wide));
    let own = home.path().join("own");
    TextStore::open(&own).unwrap();
    let link = home.path().join("link");
    symlink(&own, &link).unwrap();
    assert!(matches!(open(&link), Error::NotPrivate(_)));
    assert!(matches!(open(&home.path().join("no/where")), Error::Io { action: "make", .. }));
    fs::write(own.join("key"), "short").unwrap();
    assert!(matches!(open(&own), Error::Io { action: "read", .. }));
}

#[test]
fn recogniser_of_the_program_is_asked_and_need_not_be_exact() {
    struct Everywhere;
    impl Redact for Everywhere {
        fn secrets(&self, text: &str) -> Vec<Range<usize>> {
            // Half a character, one in another, backwards and past the end.
            vec![
                5..usize::MAX,
                1..2,
                1..3,
                Range { start: 7, end: 4 },
                900..901,
                text.len()..text.len() + 1,
            ]
        }
    }
    let home = tempfile::tempdir().unwrap();
    let mut store = TextStore::open(home.path().join("texts")).unwrap().with_redact(Everywhere);
    let old = "aébcdefgh\n";
    store.remember(Algorithm::Blake3, old.as_bytes()).unwrap();
    let diff = store.diff(&Algorithm::Blake3.digest(old.as_bytes()), "xéby\n".as_bytes()).unwrap();
    let text = diff.to_string();
    assert!(text.contains("-a***") && text.contains("+x***"), "{text}");
    assert!(!text.contains('é') && !text.contains("defgh"), "{text}");
}

fn lines() -> impl Strategy<Value = String> {
    prop::collection::vec("[abc]{0,2}", 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn diff_leads_from_the_old_text_to_the_new(old in lines(), new in lines()) {
        let diff = TextDiff::between(&old, &new);
        let old_lines: Vec<_> = old.split_inclusive('\n').collect();
        let (mut at, mut applied) = (0, String::new());
        for hunk in &diff.hunks {
            let start = hunk.old_start - 1;
            applied.extend(old_lines[at..start].iter().copied());
            at = start;
            for line in &hunk.lines {
                match line {
                    Line::Same(text) => {
                        prop_assert_eq!(old_lines[at], text);
                        applied.push_str(text);
                        at += 1;
                    }
                    Line::Removed(text) => {
                        prop_assert_eq!(old_lines[at], text);
                        at += 1;
                    }
                    Line::Added(text) => applied.push_str(text),
                }
            }
        }
        applied.extend(old_lines[at..].iter().copied());
        prop_assert_eq!(applied, new);
    }

    #[test]
    fn no_text_makes_the_recogniser_panic(text in r#"([a-z]{0,4}|password|token|[=:'"\\ \n|>\[{-]|"""|://|@|é|\$|-----BEGIN PRIVATE KEY|-----END ){0,40}"#) {
        for range in UsualSecrets.secrets(&text) {
            prop_assert!(text.get(range.clone()).is_some(), "{:?}", range);
        }
    }

    #[test]
    fn value_of_a_password_never_shows(value in "[A-Za-z0-9!#%&()*+,./;<=>?@^_~-]{6,30}", form in 0..5_usize) {
        let text = [
            format!("password = \"{value}\"\n"), format!("password: {value}\n"), format!("A_TOKEN={value}\n"),
            format!("{{\"a\": 1, \"secret\": \"{value}\"}}\n"), format!("  auth:\n    x: {value}\n"),
        ][form].clone();
        let secrets = UsualSecrets.secrets(&text);
        let at = text.find(&value).unwrap();
        let hidden = |byte| secrets.iter().any(|range| range.contains(&byte));
        // What stands before a separator in the value may be taken for a part of the way to it.
        let shown: Vec<_> = (at..at + value.len()).filter(|&byte| !hidden(byte)).map(|byte| text.as_bytes()[byte]).collect();
        prop_assert!(shown.iter().all(|byte| b"=>".contains(byte)), "{} {:?}", text, secrets);
    }
}

#[test]
fn digest_that_nobody_kept_has_no_diff() {
    let home = tempfile::tempdir().unwrap();
    let store = TextStore::open(home.path().join("texts")).unwrap();
    assert_eq!(store.diff(&Digest::from_bytes([7; 32]), b"x"), None);
    assert!(format!("{store:?}").starts_with("TextStore { directory:"));
}

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wardkit_tlog::{Checkpoint, Hash, InclusionEvidence, Note, VerifierKey};

use crate::Ended;

/// A host with a data directory and a log.
struct Host {
    dir: TempDir,
}

impl Host {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        Self { dir }
    }

    /// A host whose log has entries 0 to 3 under a checkpoint.
    fn with_entries() -> Self {
        let host = Self::new();
        assert_eq!(host.append(&["a.happened", "b.happened", "c.happened"]).code, Some(0));
        host
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        command
            .args(["trail", "--log"])
            .arg(self.log())
            .args(args)
            .env_clear()
            .env("WARDKIT_DATA_DIR", self.dir.path().join("data"));
        command
    }

    fn run(&self, args: &[&str], input: impl AsRef<[u8]>) -> Ended {
        fed(self.command(args), input.as_ref())
    }

    fn append(&self, kinds: &[&str]) -> Ended {
        let lines: Vec<String> = kinds
            .iter()
            .map(|kind| {
                format!("{{\"kind\":\"{kind}\",\"subject\":\"x\",\"detail\":{{\"n\":1}}}}\n")
            })
            .collect();
        self.run(&["append"], lines.concat())
    }

    fn verify(&self) -> Option<i32> {
        self.run(&["verify"], "").code
    }

    /// The kind of the first failure.
    fn failure(&self) -> String {
        let ended = self.run(&["verify", "--format", "json"], "");
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(answer["intact"], false);
        answer["failures"][0]["kind"].as_str().unwrap().to_owned()
    }

    fn segment(&self) -> PathBuf {
        self.log().join("000000000000.jsonl")
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.segment()).unwrap().lines().map(str::to_owned).collect()
    }
}

/// Runs a command with this input; one that ends before it has read all is no error.
fn fed(mut command: Command, input: &[u8]) -> Ended {
    let pipe = || Stdio::piped();
    let mut child = command.stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn entries_are_numbered_from_the_first_of_the_log_on() {
    let host = Host::new();
    let ended = host.append(&["a.happened", "b.happened"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "appended 2 entries, seq 1-2\n"));
    assert_eq!(host.append(&["c.happened"]).stdout, "appended 1 entry, seq 3\n");
    let kinds: Vec<String> = host
        .lines()
        .iter()
        .enumerate()
        .map(|(seq, line)| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["seq"], seq);
            line["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds, ["trail.log.begun", "a.happened", "b.happened", "c.happened"]);
    assert_eq!(fs::metadata(host.log()).unwrap().permissions().mode() & 0o777, 0o700);
    let verified = host.run(&["verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(
        verified.stdout.starts_with("intact\nentries      4, 4 under a checkpoint\n"),
        "{verified:?}"
    );
}

#[test]
fn receipts_and_verdict_are_for_programs_too() {
    let host = Host::new();
    let ended = host.run(
        &["append", "--format", "json"],
        "{\"kind\":\"a.happened\"}\n\n{\"kind\":\"b.happened\"}",
    );
    let lines: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: u64 =
        lines.iter().filter_map(|line| line["first"].as_u64().and(line["count"].as_u64())).sum();
    assert_eq!(told, 2, "{ended:?}");
    let end = lines.last().unwrap();
    assert_eq!((&end["count"], &end["head"]["size"]), (&2.into(), &3.into()));
    let verified = host.run(&["verify", "--format", "json"], "");
    let verdict: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!(verdict["head"], end["head"]);
    assert_eq!((&verdict["intact"], &verdict["sealed"]), (&true.into(), &3.into()));
    assert_eq!(
        (&verdict["remembered"], &verdict["failures"]),
        (&true.into(), &serde_json::json!([]))
    );
}

#[test]
fn a_flipped_byte_anywhere_is_found() {
    let host = Host::with_entries();
    for path in [host.segment(), host.log().join("checkpoint")] {
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(13).chain([whole.len() - 1]) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert_eq!(host.verify(), Some(1), "{} at {at}", path.display());
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(host.verify(), Some(0));
}

#[test]
fn a_dropped_end_is_found() {
    let host = Host::with_entries();
    let whole = fs::read_to_string(host.segment()).unwrap();
    let mut length = whole.len();
    for _ in 0..3 {
        length = whole[..length - 1].rfind('\n').unwrap() + 1;
        fs::write(host.segment(), &whole[..length]).unwrap();
        assert_eq!(host.failure(), "short");
        assert_eq!(host.append(&["d.happened"]).code, Some(2), "nothing is appended to it");
    }
    fs::write(host.segment(), "").unwrap();
    assert_eq!(host.failure(), "short");
}

#[test]
fn a_log_that_was_taken_back_is_found_and_not_written_on() {
    let host = Host::with_entries();
    let earlier = host.dir.path().join("earlier");
    copy(&host.log(), &earlier);
    host.append(&["d.happened"]);
    fs::remove_dir_all(host.log()).unwrap();
    copy(&earlier, &host.log());
    assert_eq!(host.failure(), "short");
    let ended = host.append(&["e.happened"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("has 4 entries, and had 5"), "{ended:?}");
}

#[test]
fn a_log_that_is_gone_is_found_and_not_begun_anew() {
    let host = Host::with_entries();
    fs::rename(host.log(), host.dir.path().join("elsewhere")).unwrap();
    assert_eq!(host.failure(), "log-gone");
    fs::create_dir(host.log()).unwrap();
    assert_eq!(host.failure(), "log-gone");
    let ended = host.append(&["d.happened"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("is gone") && ended.stderr.contains("\nhint: "), "{ended:?}");
    // Where it was never seen it could not be looked for.
    let other = Host::new();
    assert_eq!(other.verify(), Some(2));
}

#[test]
fn a_missing_file_of_the_log_is_found() {
    let host = Host::with_entries();
    for name in ["checkpoint", "000000000000.jsonl"] {
        let (path, aside) = (host.log().join(name), host.dir.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        assert_eq!(host.verify(), Some(1), "{name}");
        assert_eq!(host.append(&["d.happened"]).code, Some(2), "{name}");
        let _ = fs::remove_file(&path);
        fs::rename(&aside, &path).unwrap();
    }
    assert_eq!(host.verify(), Some(0));
}

#[test]
fn a_log_under_other_keys_is_found() {
    let (host, forger) = (Host::with_entries(), Host::with_entries());
    fs::remove_dir_all(host.log()).unwrap();
    copy(&forger.log(), &host.log());
    assert_eq!(host.verify(), Some(1));
    let ended = host.append(&["d.happened"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("is not the one that was begun there"), "{ended:?}");
}

#[test]
fn without_its_keys_a_log_is_proven_only_by_the_identity_that_is_given() {
    let (host, other) = (Host::with_entries(), Host::new());
    copy(&host.log(), &other.log());
    assert_eq!(other.failure(), "unknown-key");
    assert_eq!(other.append(&["d.happened"]).code, Some(2));
    let keys = host.run(&["key"], "").stdout;
    let identity = keys.lines().next().unwrap();
    assert_eq!(other.run(&["verify", "--key", identity], "").code, Some(0));
    // A head that was seen is remembered here as well.
    host.append(&["d.happened"]);
    let whole = fs::read_to_string(other.segment()).unwrap();
    fs::write(other.segment(), &whole[..whole.len() / 2]).unwrap();
    assert_eq!(other.run(&["verify", "--key", identity], "").code, Some(1));
    let forger = Host::with_entries();
    let foreign = forger.run(&["key"], "").stdout;
    let foreign = foreign.lines().next().unwrap();
    assert_eq!(host.run(&["verify", "--key", foreign], "").code, Some(1));
    assert_eq!(host.run(&["verify", "--key", "nonsense"], "").code, Some(2));
}

#[test]
fn a_copy_elsewhere_is_proven_and_not_written_on() {
    let host = Host::with_entries();
    let elsewhere = host.dir.path().join("copy");
    copy(&host.log(), &elsewhere);
    let elsewhere = elsewhere.to_str().unwrap();
    let with = |command: &str| {
        let mut all = Command::new(env!("CARGO_BIN_EXE_auditctl"));
        all.args(["trail", command, "--log", elsewhere, "--data-dir"])
            .arg(host.dir.path().join("data"));
        fed(all, b"{\"kind\":\"d.happened\"}\n")
    };
    assert_eq!(with("verify").code, Some(0));
    let ended = with("append");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("is a copy of the one in"), "{ended:?}");
    // Once the original is gone, it was moved.
    fs::remove_dir_all(host.log()).unwrap();
    assert_eq!(with("append").code, Some(0));
    assert_eq!(with("verify").code, Some(0));
}

#[test]
fn an_entry_that_was_cut_short_is_named_and_then_removed() {
    let host = Host::with_entries();
    let mut file = fs::File::options().append(true).open(host.segment()).unwrap();
    file.write_all(b"{\"seq\":4,\"at\":\"20").unwrap();
    let verified = host.run(&["verify"], "");
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.stdout.contains("torn         17 bytes"), "{verified:?}");
    assert_eq!(host.append(&["d.happened"]).stdout, "appended 1 entry, seq 4\n");
    assert_eq!((host.verify(), host.lines().len()), (Some(0), 5));
}

#[test]
fn a_checkpoint_that_was_kept_elsewhere_is_held_against_the_log() {
    let host = Host::with_entries();
    let anchor = host.dir.path().join("anchor");
    fs::write(&anchor, host.run(&["anchor"], "").stdout).unwrap();
    let against = ["verify", "--against", anchor.to_str().unwrap()];
    host.append(&["d.happened"]);
    assert_eq!(host.run(&against, "").code, Some(0));
    let forger = Host::with_entries();
    assert_eq!(forger.run(&against, "").code, Some(1), "signed by another");
    // Who brings back log and memory of an earlier day is betrayed by the note.
    let identity = host.run(&["key"], "").stdout.lines().next().unwrap().to_owned();
    let young = Host::new();
    copy(&host.log(), &young.log());
    let first = young.lines()[0].clone() + "\n";
    fs::write(young.segment(), first).unwrap();
    assert_eq!(young.run(&[&against[..], &["--key", &identity]].concat(), "").code, Some(1));
    fs::write(&anchor, "no note").unwrap();
    assert_eq!(host.run(&against, "").code, Some(2));
}

#[test]
fn eight_programs_append_at_once() {
    let host = Host::new();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let lines: Vec<String> = (0..40)
                .map(|number| {
                    format!("{{\"kind\":\"writer.wrote\",\"subject\":\"{writer} {number}\"}}\n")
                })
                .collect();
            let command = host.command(&["append"]);
            std::thread::spawn(move || fed(command, lines.concat().as_bytes()))
        })
        .collect();
    for writer in writers {
        let ended = writer.join().unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    assert_eq!(host.verify(), Some(0));
    let mut next = [0; 8];
    for (seq, line) in host.lines().iter().enumerate().skip(1) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["seq"], seq);
        let subject = line["subject"].as_str().unwrap();
        let (writer, number) = subject.split_once(' ').unwrap();
        let writer: usize = writer.parse().unwrap();
        assert_eq!(number.parse::<u32>().unwrap(), next[writer], "each writer's order is kept");
        next[writer] += 1;
    }
    assert_eq!(next, [40; 8]);
}

#[test]
fn a_line_that_is_no_entry_is_named_and_what_came_before_is_kept() {
    let deep = format!("{{\"kind\":\"a.b\",\"detail\":{}", "[".repeat(100_000));
    let rows: [(&[u8], &str); 10] = [
        (b"not json", "expected"),
        (b"{\"subject\":\"x\"}", "missing field `kind`"),
        (b"{\"kind\":\"a.b\",\"seq\":7}", "unknown field `seq`"),
        (b"{\"kind\":\"a.b\",\"kind\":\"c.d\"}", "duplicate field"),
        (b"[1]", "line 2"),
        (b"{\"kind\":\"\"}", "its kind is empty"),
        (b"{\"kind\":\"trail.log.begun\"}", "the log's own"),
        (b"{\"kind\":\"a.b\",\"subject\":\"\xff\"}", "line 2"),
        (b"{\"kind\":\"a.b\"", "EOF"),
        (deep.as_bytes(), "recursion limit"),
    ];
    for (line, reason) in rows {
        let host = Host::new();
        let input =
            [b"{\"kind\":\"first.happened\"}\n", line, b"\n{\"kind\":\"third.happened\"}\n"]
                .concat();
        let ended = host.run(&["append"], input);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("line 2 of standard input is no entry"), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}: {ended:?}");
        assert_eq!(ended.stdout, "appended 1 entry, seq 1\n");
        assert_eq!((host.verify(), host.lines().len()), (Some(0), 2));
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let host = Host::new();
    let mut child =
        host.command(&["append"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let chunk = vec![b'x'; 1 << 20];
    // More than any test machine would give to one program.
    let written = (0..1 << 20).take_while(|_| input.write_all(&chunk).is_ok()).count();
    assert!(written < 64, "it read {written} MiB");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("longer than 1 MiB"));
}

#[test]
fn what_an_entry_says_steers_no_terminal() {
    let host = Host::new();
    let hostile =
        "{\"kind\":\"a.b\",\"subject\":\"\\u001b[2J\\n7  forged\",\"detail\":\"\u{9b}2J\u{202e}\"}";
    assert_eq!(host.run(&["append"], hostile).code, Some(0));
    for args in [
        &["show"][..],
        &["show", "1"],
        &["query", "--format", "json"],
        &["show", "--format", "json"],
    ] {
        let shown = host.run(args, "").stdout;
        assert!(shown.contains("forged"), "{shown}");
        let steers = |letter: char| letter.is_control() && letter != '\n' || letter == '\u{202e}';
        assert!(!shown.contains(steers), "{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with('7')), "{shown}");
    }
}

#[test]
fn entries_are_found_by_number_kind_subject_and_time() {
    let host = Host::new();
    let input = "{\"kind\":\"file.changed\",\"subject\":\"/a\"}\n{\"kind\":\"file.changed\",\"subject\":\"/b\"}\n\
                 {\"kind\":\"file.removed\",\"subject\":\"/a\"}\n{\"kind\":\"filed\",\"subject\":\"/a\"}\n";
    host.run(&["append"], input);
    for (args, expected) in [
        (&["--kind", "file"][..], &[1, 2, 3][..]),
        (&["--kind", "file.changed", "--kind", "filed"], &[1, 2, 4]),
        (&["--subject", "/a", "--limit", "2"], &[1, 3]),
        (&["--seq", "2..3"], &[2, 3]),
        (&["--seq", "4"], &[4]),
        (&["--seq", "..1"], &[0, 1]),
        (&["--seq", "3.."], &[3, 4]),
        (&["--since", "2020-01-01", "--kind", "filed"], &[4]),
        (&["--until", "2020-01-01T00:00:00Z"], &[]),
    ] {
        let ended = host.run(&[&["query", "--format", "json"], args].concat(), "");
        let found: Vec<u64> = ended
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
            .collect();
        assert_eq!((ended.code, found.as_slice()), (Some(0), expected), "{args:?}");
    }
    let last = host.run(&["show", "--last", "2"], "").stdout;
    assert!(last.lines().count() == 2 && last.starts_with("3  "), "{last}");
    assert!(host.run(&["show", "2"], "").stdout.contains("  file.changed  /b"));
    assert_eq!(host.run(&["show", "9"], "").code, Some(2));
    assert_eq!(host.run(&["query", "--since", "yesterday"], "").code, Some(2));
}

#[test]
fn what_is_exported_is_checked_with_the_keys_that_are_printed() {
    let host = Host::with_entries();
    let keys: Vec<VerifierKey> =
        host.run(&["key"], "").stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(keys.len(), 2);
    let note: Note = host.run(&["anchor"], "").stdout.parse().unwrap();
    let origin = keys[0].name();
    let checkpoint = Checkpoint::open(&note, origin, &keys).unwrap();
    assert_eq!(checkpoint.head().size, 4);

    let exported = host.run(&["export"], "").stdout;
    assert_eq!(exported, fs::read_to_string(host.segment()).unwrap());
    let file = host.dir.path().join("exported.jsonl");
    let to = ["export", "--to", file.to_str().unwrap()];
    assert_eq!(host.run(&to, "").code, Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), exported);
    assert_eq!(host.run(&to, "").code, Some(2), "a file that is there stays");

    for (seq, line) in exported.lines().enumerate() {
        let text = host.run(&["export", "--proof", &seq.to_string()], "").stdout;
        let evidence: InclusionEvidence = text.parse().unwrap();
        let proven = evidence.verify(Hash::leaf(line.as_bytes()), origin, &keys).unwrap();
        assert_eq!(proven, checkpoint);
        assert!(evidence.verify(Hash::leaf(b"another"), origin, &keys).is_err());
    }
    assert_eq!(host.run(&["export", "--proof", "4"], "").code, Some(2));
    let whole = fs::read_to_string(host.segment()).unwrap();
    fs::write(host.segment(), whole.replace("b.happened", "B.happened")).unwrap();
    let refused = host.run(&["export"], "");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.starts_with("NOT intact"), "{refused:?}");
}

#[test]
fn commands_without_a_log_could_not_run() {
    let host = Host::new();
    for args in [&["verify"][..], &["show"], &["query"], &["export"], &["anchor"], &["key"]] {
        let ended = host.run(args, "");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{args:?} {ended:?}");
        assert!(ended.stderr.contains("error: "), "{ended:?}");
    }
    assert!(!host.log().exists() && !host.dir.path().join("data").exists(), "they made nothing");
}

#[test]
fn keys_that_others_may_touch_are_refused() {
    let host = Host::with_entries();
    let keys = host.dir.path().join("data/keys");
    let ring = fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path());
    let ring = ring.into_iter().find(|path| path.is_dir()).unwrap();
    for (path, mode, private) in [
        (ring.join("current"), 0o644, 0o600),
        (ring.join("current"), 0o620, 0o600),
        (ring.join("identity"), 0o666, 0o600),
        (ring.clone(), 0o777, 0o700),
        (keys.clone(), 0o770, 0o700),
        (host.dir.path().join("data"), 0o777, 0o700),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let ended = host.append(&["d.happened"]);
        assert_eq!(ended.code, Some(2), "{} {ended:?}", path.display());
        assert!(
            ended.stderr.contains("by others") && ended.stderr.contains("hint: make it private"),
            "{ended:?}"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(private)).unwrap();
    }
    assert_eq!(host.append(&["d.happened"]).code, Some(0));
    // What was seen is not known any more: nothing may be taken for new.
    let seen = host.dir.path().join("data/seen");
    let head = fs::read_dir(&seen).unwrap().map(|entry| entry.unwrap().path());
    let head = head.into_iter().find(|path| path.to_str().unwrap().contains("log-")).unwrap();
    for torn in ["", "wardkit-seen/v1\nlog x\n1 y\n", "\u{0}\u{0}"] {
        fs::write(&head, torn).unwrap();
        let ended = host.run(&["verify"], "");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(
            ended.stderr.contains("seen/log-") && ended.stderr.contains("is damaged"),
            "{ended:?}"
        );
    }
}

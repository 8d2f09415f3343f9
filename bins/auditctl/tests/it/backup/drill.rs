//! Drills, and what their reports are worth.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::Value;

use super::host::Host;

impl Host {
    /// A host with a snapshot and the manifest of it.
    fn with_manifest() -> Self {
        let host = Self::new();
        host.write("config.toml", "name = 'bot'\n");
        let manifest = host.text("manifest");
        host.json(&["run", &host.text("tree"), "--manifest", &manifest], 0);
        host
    }

    /// Holds a drill with these options beside the scratch folder, asserts how it ends and that nothing is left.
    fn drill(&self, args: &[&str], code: i32) -> Value {
        let scratch = self.text("scratch");
        let answer = self.json(&[&["drill", "--scratch", &scratch], args].concat(), code);
        assert!(!self.path("scratch").exists(), "{answer}");
        answer
    }

    fn pack(&self) -> PathBuf {
        let folders = self.objects("data").into_iter();
        let mut packs = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
        packs.next().unwrap().unwrap().path()
    }
}

/// Flips a bit of what a file holds.
fn flip(path: &std::path::Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_drill_passes_when_everything_is_as_it_was_read() {
    let host = Host::with_manifest();
    let (canary, config) = (host.text("tree/a"), host.text("tree/config.toml"));
    let manifest = host.text("manifest");
    let told = host.drill(
        &[
            "--manifest",
            &manifest,
            "--canary",
            &canary,
            "--canary-text",
            r"one\n",
            "--parse",
            &config,
        ],
        0,
    );
    assert_eq!((&told["outcome"], &told["report"]["compared"]), (&"passed".into(), &3.into()));
    let probes = told["report"]["probes"].as_array().unwrap();
    assert!(probes.len() == 2 && probes.iter().all(|one| one["verdict"] == "passed"), "{told}");
    let scratch = host.text("scratch");
    let words = ["passed\n", "3 files with what was read", "canary"];
    fs::write(host.path("probes"), format!("canary = '{canary}'\ncanary-text = \"one\\n\"\n"))
        .unwrap();
    let probes = host.text("probes");
    let with_file = ["drill", "--scratch", &scratch, "--manifest", &manifest, "--probes", &probes];
    host.assert_ended(&with_file, 0, &words);
}

#[test]
fn a_drill_fails_with_the_reason() {
    let host = Host::with_manifest();
    let canary = host.text("tree/a");
    let failed = host.drill(&["--canary", &canary, "--canary-text", "other"], 1);
    assert_eq!(failed["report"]["probes"][0]["reason"], "it says something else");
    let gone = host.drill(&["--sqlite", &host.text("tree/gone.sqlite")], 1);
    assert_eq!(gone["report"]["probes"][0]["verdict"], "failed", "{gone}");
    // The same length and time: only who read it knows.
    let manifest = fs::read_to_string(host.path("manifest")).unwrap();
    let (first, rest) = manifest.split_at(manifest.find('\n').unwrap() + 1);
    let other = if rest.starts_with('0') { '1' } else { '0' };
    fs::write(host.path("manifest"), format!("{first}{other}{}", &rest[1..])).unwrap();
    let failed = host.drill(&["--manifest", &host.text("manifest")], 1);
    let reason = failed["report"]["failures"][0].as_str().unwrap();
    assert!(reason.ends_with("it is not what was read when it was backed up"), "{failed}");
    flip(&host.pack(), 20);
    let failed = host.drill(&["--report", &host.text("report")], 1);
    let reason = failed["report"]["failures"][0].as_str().unwrap();
    assert!(reason.contains("damaged") || reason.contains("cannot be restored"), "{failed}");
    flip(&host.objects("index")[0], 30);
    let failed = host.drill(&["--report", &host.text("second")], 1);
    let reason = failed["report"]["failures"][0].as_str().unwrap();
    assert!(reason.starts_with("the snapshot cannot be restored"), "{failed}");
    host.assert_ended(&["drill", "verify", &host.text("second")], 0, &["failed", "genuine"]);
}

#[test]
fn a_drill_that_cannot_be_held_is_neither() {
    let host = Host::with_manifest();
    let file = host.text("manifest");
    fs::write(host.path("wrong"), "wrong\n").unwrap();
    fs::write(host.path("probes"), "canarry = '/x'\n").unwrap();
    fs::write(host.path("report"), "").unwrap();
    let (wrong, probes, report) = (host.text("wrong"), host.text("probes"), host.text("report"));
    for (args, words) in [
        (&["--password-file", &*wrong][..], "opens none"),
        (&["--scratch", &file], "is no folder"),
        (&["--manifest", &wrong], "not the head of a manifest"),
        (&["--probes", &probes], "canarry"),
        (&["--parse", "/etc/passwd"], "neither in .json"),
        (&["--canary", "relative", "--canary-text", "x"], "not absolute"),
        (&["--report", &report], "File exists"),
        (&["--start-as", "nobody", "--", "true"], "--start-in"),
        (&["ffffffff"], "there is no snapshot"),
        (&["--host", "other"], "no snapshot is of these"),
    ] {
        host.assert_refused(&[&["drill"], args].concat(), &[words]);
    }
    assert_eq!(fs::read_to_string(host.path("report")).unwrap(), "");
}

#[test]
fn a_program_of_the_snapshot_is_started_as_somebody_else() {
    let host = Host::with_manifest();
    let tree = host.text("tree");
    let start = |program: &'static str, code: i32| {
        let mut args = vec!["--start-in", &tree];
        if rustix::process::geteuid().is_root() {
            host.assert_refused(&["drill", "--start-in", &tree, "--", "true"], &["--start-as"]);
            args.extend(["--start-as", "root"]);
        }
        args.extend(["--start-within", "20s", "--", program]);
        let told = host.drill(&args, code);
        assert!(told["report"]["isolation"].as_str().unwrap().contains("no sandbox"), "{told}");
        told["report"]["probes"][0]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(start("/bin/true", 0), "passed");
    assert_eq!(start("/bin/false", 1), "failed");
}

#[test]
fn a_report_is_genuine_until_it_is_altered_and_names_the_one_before() {
    let host = Host::with_manifest();
    let (first, second) = (host.text("first"), host.text("second"));
    host.drill(&["--report", &first], 0);
    let told = host.drill(&["--report", &second, "--previous", &first], 0);
    assert_eq!(told["file"], second);
    host.assert_ended(&["drill", "verify", &first], 0, &["genuine", "passed", "it is the first"]);
    host.assert_ended(&["drill", "verify", &second, "--previous", &first], 0, &["genuine"]);
    host.assert_ended(&["drill", "verify", &first, "--previous", &second], 1, &["NOT genuine"]);
    // Elsewhere, by the public keys alone.
    let keys = host.run(&["drill", "key"]);
    assert!(keys.code == Some(0) && keys.stdout.lines().count() == 2, "{keys:?}");
    fs::write(host.path("drills.pub"), &keys.stdout).unwrap();
    let stranger = Host::with_manifest();
    stranger.assert_refused(&["drill", "verify", &first], &["drill key"]);
    stranger.assert_refused(&["drill", "key"], &["no keys"]);
    let (file, key) = (host.text("drills.pub"), keys.stdout.lines().last().unwrap());
    for key in [&*file, key] {
        stranger.assert_ended(&["drill", "verify", &first, "--key", key], 0, &["genuine"]);
    }
    stranger.drill(&["--report", &stranger.text("own")], 0);
    stranger.assert_ended(&["drill", "verify", &first], 1, &["NOT genuine"]);
    let altered = fs::read_to_string(&first).unwrap().replace(r#""files":3"#, r#""files":4"#);
    fs::write(host.path("altered"), altered).unwrap();
    let verified = host.json(&["drill", "verify", &host.text("altered")], 1);
    assert_eq!((&verified["genuine"], &verified["report"]), (&false.into(), &Value::Null));
    fs::write(host.path("altered"), "no report\n").unwrap();
    host.assert_ended(&["drill", "verify", &host.text("altered")], 1, &["NOT genuine"]);
    host.assert_refused(&["drill", "verify", &host.text("nowhere")], &["nowhere"]);
}

//! Baselines that are missing, broken, forged or old, and those who write them at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use super::host::{Host, mode, pairs};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The commands that go by the newest baseline.
const READERS: [&[&str]; 5] = [
    &["verify"],
    &["verify", "--fast"],
    &["update", "--accept", "all"],
    &["export", "--as", "b3sum"],
    &["diff"],
];

fn assert_nobody_uses_it(host: &Host, words: &[&str]) {
    for args in READERS {
        host.assert_refused(args, words);
    }
}

#[test]
fn the_first_baseline_says_how_much_it_holds_and_where_it_is() {
    let host = Host::new();
    let made = host.json(&["init", "--root", &host.text("tree")], 0);
    assert_eq!((&made["generation"], &made["entries"]), (&1.into(), &4.into()));
    assert_eq!(made["directory"], host.path("baseline").canonicalize().unwrap().to_str().unwrap());
    assert_eq!(host.files("baseline"), ["baseline-1.fim", "baseline-1.note", "lock"]);
    host.assert_trail_intact();
    assert_eq!(host.trail("integrity.baseline.created")[0]["detail"]["entries"], 4);

    let other = Host::new();
    let text = other.run(&["init", "--root", &other.text("tree"), "--algorithm", "sha256"]);
    assert!(text.stdout.starts_with("baseline 1 of 4 paths signed, "), "{text:?}");
    assert_eq!(other.changes(&[]), []);
}

#[test]
fn a_baseline_is_never_made_over_another() {
    let host = Host::new().with_baseline();
    let before = fs::read(host.path("baseline/baseline-1.fim")).unwrap();
    host.write("a", "six\n");
    let init = ["init", "--root", &host.text("tree")];
    host.assert_refused(&init, &["there is a baseline already", "auditctl integrity update"]);
    assert_eq!(fs::read(host.path("baseline/baseline-1.fim")).unwrap(), before);
    // Nor over what is left of one.
    for gone in ["baseline-1.fim", "baseline-1.note"] {
        let kept = fs::read(host.path("baseline").join(gone)).unwrap();
        fs::remove_file(host.path("baseline").join(gone)).unwrap();
        host.assert_refused(&init, &["error: "]);
        assert_nobody_uses_it(&host, &["error: "]);
        fs::write(host.path("baseline").join(gone), kept).unwrap();
    }
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified")]));
}

#[test]
fn without_a_baseline_nothing_is_compared() {
    let host = Host::new();
    assert_nobody_uses_it(&host, &["it is missing", "auditctl integrity init --root PATH"]);
    assert!(!host.path("data").exists(), "asking writes nothing");
    let host = host.with_baseline();
    fs::remove_dir_all(host.path("baseline")).unwrap();
    assert_nobody_uses_it(&host, &["it is missing"]);
    let report = host.run(&["verify", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report.stderr).unwrap();
    assert_eq!(report["error"]["kind"], "could-not-run", "{report}");
}

#[test]
fn a_baseline_that_is_cut_short_anywhere_is_refused() {
    let host = Host::new().with_baseline();
    for name in ["baseline-1.fim", "baseline-1.note"] {
        let path = host.path("baseline").join(name);
        let whole = fs::read(&path).unwrap();
        for length in (0..whole.len()).step_by(whole.len() / 6 + 1).chain([whole.len() - 1]) {
            fs::write(&path, &whole[..length]).unwrap();
            host.assert_refused(&["verify"], &[name]);
        }
        assert_nobody_uses_it(&host, &[name]);
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(host.changes(&[]), []);
}

#[test]
fn a_flipped_byte_anywhere_is_refused() {
    let host = Host::new().with_baseline();
    for name in ["baseline-1.fim", "baseline-1.note"] {
        let path = host.path("baseline").join(name);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 9 + 1).chain([whole.len() - 1]) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            host.assert_refused(&["verify"], &[name]);
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(host.changes(&[]), []);
}

#[test]
fn a_baseline_that_another_key_signed_is_refused() {
    let host = Host::new().with_baseline();
    let forged = host.text("forged");
    let init = ["integrity", "init", "--root", &host.text("tree"), "--baseline", &forged];
    let mut other = host.command(&init);
    let made = other.env("WARDKIT_DATA_DIR", host.path("elsewhere")).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    fs::remove_dir_all(host.path("baseline")).unwrap();
    copy(Path::new(&forged), &host.path("baseline"));
    assert_nobody_uses_it(&host, &["no known key signed it", "--data-dir"]);
    // A host that never signed one knows no key at all.
    let verify = ["integrity", "verify", "--baseline", &forged];
    let stranger =
        host.command(&verify).env("WARDKIT_DATA_DIR", host.path("nowhere")).output().unwrap();
    assert_eq!(stranger.status.code(), Some(2), "{stranger:?}");
}

#[test]
fn a_baseline_that_is_older_than_one_that_was_accepted_is_refused() {
    let host = Host::new().with_baseline();
    let earlier = host.path("earlier");
    copy(&host.path("baseline"), &earlier);
    host.write("a", "six\n");
    assert_eq!(host.run(&["update", "--accept", "all"]).code, Some(0));
    // Both the whole directory, and the newest generation alone.
    for name in ["baseline-2.fim", "baseline-2.note"] {
        fs::remove_file(host.path("baseline").join(name)).unwrap();
    }
    assert_nobody_uses_it(&host, &["generation 1 is older than 2"]);
    fs::remove_dir_all(host.path("baseline")).unwrap();
    copy(&earlier, &host.path("baseline"));
    assert_nobody_uses_it(&host, &["generation 1 is older than 2"]);
    // Elsewhere it is no newer.
    let verify = ["integrity", "verify", "--baseline", earlier.to_str().unwrap()];
    assert_eq!(host.auditctl(&verify).code, Some(2));
}

#[test]
fn a_baseline_that_was_begun_anew_is_not_replaced_by_what_was_before() {
    let host = Host::new().with_baseline();
    for text in ["six\n", "seven\n"] {
        host.write("a", text);
        assert_eq!(host.run(&["update", "--accept", "all"]).code, Some(0));
    }
    fs::rename(host.path("baseline"), host.path("earlier")).unwrap();
    let host = host.with_baseline();
    assert_eq!(host.changes(&[]), []);
    let proposed = host.trail("integrity.baseline.proposed");
    let replaced = &proposed.last().unwrap()["detail"]["replaces_generation"];
    assert_eq!(replaced, 3, "the trail says that another one was there");
    fs::rename(host.path("baseline"), host.path("newer")).unwrap();
    fs::rename(host.path("earlier"), host.path("baseline")).unwrap();
    assert_nobody_uses_it(&host, &["accepted before"]);
    fs::rename(host.path("baseline"), host.path("earlier")).unwrap();
    fs::rename(host.path("newer"), host.path("baseline")).unwrap();
    assert_eq!(host.changes(&[]), [], "what was refused was not taken for the newest");
}

#[test]
fn baseline_and_data_directory_may_lie_in_what_is_looked_at() {
    let host = Host::new();
    let (data, baseline) = (host.text("tree/state"), host.text("tree/d/baselines"));
    let run = |args: &[&str]| {
        let args = [&["integrity"], args, &["--baseline", &baseline]].concat();
        let output = host.command(&args).env("WARDKIT_DATA_DIR", &data).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run(&["init", "--root", &host.text("tree")]);
    assert_eq!(code, Some(0), "{said}");
    for args in
        [&["verify"][..], &["verify", "--fast"], &["update", "--accept", "all"], &["verify"]]
    {
        let (code, said) = run(args);
        assert_eq!(code, Some(0), "{args:?} {said}");
    }
    host.write("a", "six\n");
    assert_eq!(run(&["verify"]).0, Some(1));
    assert_eq!(run(&["update", "--accept", "all"]).0, Some(0));
    assert_eq!(run(&["verify"]).0, Some(0));
}

#[test]
fn they_are_left_out_also_where_a_link_leads_to_them() {
    let host = Host::new();
    symlink(host.path("tree"), host.path("way")).unwrap();
    let (data, baseline) = (host.text("tree/d/state"), host.text("tree/d/baselines"));
    for root in ["way/d", "way/d/../d"] {
        let run = |args: &[&str]| {
            let args = [&["integrity"], args, &["--baseline", &baseline]].concat();
            let output = host.command(&args).env("WARDKIT_DATA_DIR", &data).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{args:?} {output:?}");
        };
        run(&["init", "--root", &host.text(root)]);
        run(&["verify"]);
        run(&["verify"]);
        fs::remove_dir_all(&baseline).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
}

#[test]
fn a_root_may_be_a_file_a_link_or_named_from_here() {
    let host = Host::new();
    symlink("a", host.path("tree/link")).unwrap();
    let made = host.json(&["init", "--root", "tree/a", "tree/link", "--root", "tree/../tree/d"], 0);
    assert_eq!(made["entries"], 4);
    host.write("a", "six\n");
    host.write("d/b", "six\n");
    assert_eq!(host.changes(&[]), pairs(&[("a", "modified"), ("d/b", "modified")]));
    fs::remove_file(host.path("tree/link")).unwrap();
    assert!(host.changes(&[]).contains(&("link".to_owned(), "removed".to_owned())));
    let other = Host::new();
    symlink("tree", other.path("way")).unwrap();
    let ended = other.run(&["init", "--root", &other.text("way")]);
    assert!(ended.stderr.contains("is a symbolic link"), "{ended:?}");
}

#[test]
fn a_root_that_is_not_there_is_refused_and_one_that_went_is_a_change() {
    let host = Host::new();
    host.assert_refused(&["init"], &["no root is named", "--root PATH"]);
    let missing = host.text("tree/missing");
    host.assert_refused(
        &["init", "--root", &host.text("tree"), &missing],
        &["there is no", &missing],
    );
    assert!(!host.path("baseline/baseline-1.fim").exists());
    let host = host.with_baseline();
    host.assert_refused(&["verify", "--root", &missing], &["there is no", &missing]);
    fs::rename(host.path("tree"), host.path("moved")).unwrap();
    let kinds: Vec<String> = host.changes(&[]).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["removed"; 4]);
}

#[test]
fn a_narrower_root_looks_no_further() {
    let host = Host::new().with_baseline();
    host.write("a", "six\n");
    host.write("d/b", "six\n");
    assert_eq!(host.changes(&["--root", &host.text("tree/d")]), pairs(&[("d/b", "modified")]));
    let accept = ["update", "--root", &host.text("tree/d"), "--accept", "all"];
    assert_eq!(host.run(&accept).code, Some(0));
    for depth in ["--full", "--fast"] {
        assert_eq!(host.changes(&[depth]), pairs(&[("a", "modified")]), "{depth}");
    }
    fs::remove_dir_all(host.path("tree/d")).unwrap();
    let gone = [("d", "removed"), ("d/b", "removed")];
    assert_eq!(host.changes(&["--root", &host.text("tree/d")]), pairs(&gone));
}

#[test]
fn several_who_make_the_first_one_at_once_make_one() {
    let host = Host::new();
    let (root, baseline) = (host.text("tree"), host.text("baseline"));
    let args = ["integrity", "init", "--root", &root, "--baseline", &baseline];
    let spawn =
        |_| host.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..6).map(spawn).collect();
    let mut codes: Vec<_> = children
        .into_iter()
        .map(|child| {
            let ended = child.wait_with_output().unwrap();
            (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
        })
        .collect();
    codes.sort();
    assert_eq!(codes[0].0, Some(0), "{codes:?}");
    for (code, said) in &codes[1..] {
        assert_eq!(*code, Some(2), "{codes:?}");
        assert!(said.contains("a baseline already") || said.contains("another process"), "{said}");
    }
    assert_eq!(host.changes(&[]), []);
    host.assert_trail_intact();
}

#[test]
fn one_that_is_killed_leaves_no_baseline_or_a_whole_one() {
    for round in 0..12 {
        let host = Host::new();
        for number in 0..200 {
            host.write(&format!("f{number}"), "text");
        }
        let (root, baseline) = (host.text("tree"), host.text("baseline"));
        let args = ["integrity", "init", "--root", &root, "--baseline", &baseline];
        let mut child =
            host.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Each round gets a little further before it is killed; the last ones may end by themselves.
        for _ in 0..3 * round {
            for _ in 0..20 {
                let _ = host.path("baseline/baseline-1.note").symlink_metadata();
            }
            std::thread::yield_now();
        }
        let _ = child.kill();
        child.wait().unwrap();
        if host.path("baseline/baseline-1.note").exists() {
            assert_eq!(host.changes(&[]), [], "round {round}");
        } else {
            host.assert_refused(&["verify"], &["missing"]);
            let again = host.run(&["init", "--root", &root]);
            assert_eq!(again.code, Some(0), "round {round} {again:?}");
            assert_eq!(host.changes(&[]), [], "round {round}");
        }
        host.assert_trail_intact();
    }
}

#[test]
fn a_data_directory_that_others_may_enter_or_own_is_refused() {
    let host = Host::ordinary();
    fs::create_dir(host.path("data")).unwrap();
    // Root's, when this is run as root; otherwise only too open.
    mode(&host.path("data"), 0o777);
    host.assert_refused(&["init", "--root", &host.text("tree")], &[&host.text("data")]);
    assert!(!host.path("baseline/baseline-1.fim").exists());
}

#[test]
fn two_baselines_are_compared_as_they_were_recorded() {
    let host = Host::new().with_baseline();
    host.assert_refused(&["diff"], &["no baseline before the first"]);
    for text in ["six\n", "seven\n"] {
        host.write("a", text);
        assert_eq!(host.run(&["update", "--accept", "all"]).code, Some(0));
    }
    host.write("d/b", "not recorded\n");
    let changed = pairs(&[("a", "modified")]);
    for (args, from, to) in [
        (&["diff"][..], 2, 3),
        (&["diff", "--from", "1"], 1, 3),
        (&["diff", "--to", "2"], 1, 2),
        (&["diff", "--from", "3", "--to", "1"], 3, 1),
    ] {
        let answer = host.json(args, 1);
        assert_eq!(host.named(&answer["changes"]), changed, "{args:?}");
        assert_eq!((&answer["from"], &answer["to"]), (&from.into(), &to.into()));
    }
    assert_eq!(host.run(&["diff", "--from", "2", "--to", "2"]).code, Some(0));
    for args in [&["diff", "--from", "9"][..], &["diff", "--to", "9"], &["diff", "--from", "0"]] {
        host.assert_refused(args, &["error: "]);
    }
    host.assert_refused(&["diff", "--to", "18446744073709551615"], &["missing"]);
}

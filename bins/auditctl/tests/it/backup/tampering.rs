//! Repositories that are damaged, altered or taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::host::{Host, copy};

#[test]
fn a_snapshot_that_somebody_took_away_is_missed() {
    let host = Host::new();
    let tree = host.text("tree");
    host.json(&["run", &tree], 0);
    copy(&host.path("repository"), &host.path("before"));
    let ran = host.json(&["run", &tree], 0);
    host.assert_ended(&["check"], 0, &["clean"]);
    // Whole in itself, and older than what this host saw.
    fs::remove_dir_all(host.path("repository")).unwrap();
    copy(&host.path("before"), &host.path("repository"));
    let checked = host.json(&["check"], 1);
    let text = checked["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains(ran["snapshot"].as_str().unwrap()) && text.contains("missing"), "{text}");
    // It is not forgotten by being told.
    host.assert_ended(&["check"], 1, &["damaged"]);
    host.assert_ended(&["doctor"], 1, &["missing"]);
    host.assert_ended(&["check", "--accept"], 0, &["clean"]);
    host.assert_ended(&["check"], 0, &["clean"]);
}

#[test]
fn another_repository_in_its_place_is_noticed() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let other = Host::new();
    let elsewhere = other.text("elsewhere");
    host.assert_ended(&["check"], 0, &["clean"]);
    other.assert_ended(&["init", "--repo", &elsewhere], 0, &["made in"]);
    fs::remove_dir_all(host.path("repository")).unwrap();
    copy(&other.path("elsewhere"), &host.path("repository"));
    // Who uses it before it is checked does not take it for the right one.
    let ended = host.run(&["run", &host.text("tree")]);
    assert!(ended.code == Some(0) && ended.stderr.contains("not the repository"), "{ended:?}");
    host.assert_ended(&["check"], 1, &["the configuration is not the one", "missing"]);
    host.assert_ended(&["check", "--accept"], 0, &["clean"]);
    host.assert_ended(&["check"], 0, &["clean"]);
}

#[test]
fn a_flipped_byte_in_any_kind_of_file_is_damage() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    host.assert_ended(&["check"], 0, &[]);
    let mut files = vec![host.path("repository/config")];
    for folder in ["keys", "snapshots", "index"] {
        files.push(host.objects(folder)[0].clone());
    }
    let packs = host.objects("data").into_iter();
    files.extend(
        packs.flat_map(|dir| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path())),
    );
    for file in files {
        let whole = fs::read(&file).unwrap();
        let mut flipped = whole.clone();
        // In a pack that is in the first blob: what lies behind the blobs no restore reads.
        let is_pack = file.starts_with(host.path("repository/data"));
        flipped[if is_pack { 20 } else { whole.len() / 2 }] ^= 1;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, &flipped).unwrap();
        let ended = host.run(&["check", "--read-data"]);
        assert_eq!(ended.code, Some(1), "{} {ended:?}", file.display());
        let target = host.text("out");
        let ended = host.run(&["restore", "latest", "--target", &target]);
        assert_ne!(ended.code, Some(0), "{} {ended:?}", file.display());
        fs::write(&file, &whole).unwrap();
    }
    host.assert_ended(&["check", "--read-data"], 0, &["clean"]);
}

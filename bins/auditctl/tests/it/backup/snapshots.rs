//! Snapshots are named, kept and forgotten.

use super::host::Host;

#[test]
fn snapshots_are_forgotten_by_name_and_by_rules() {
    let host = Host::new();
    let tree = host.text("tree");
    let ids: Vec<String> = (0..3)
        .map(|_| host.json(&["run", &tree], 0)["snapshot"].as_str().unwrap().to_owned())
        .collect();
    host.assert_refused(&["forget"], &["--keep-daily"]);
    host.assert_refused(&["forget", "ffffffffffffffff"], &["there is no snapshot"]);
    let planned = host.json(&["forget", "--keep-last", "2", "--dry-run"], 0);
    assert_eq!(planned["forgotten"], serde_json::json!([ids[0]]));
    let kept = planned["groups"][0]["keep"].as_array().unwrap();
    assert_eq!(kept[0]["reasons"], serde_json::json!(["last snapshot"]));
    assert_eq!(host.objects("snapshots").len(), 3);
    host.assert_ended(&["forget", "--keep-last", "2"], 0, &["1 snapshots forgotten"]);
    host.assert_ended(&["forget", &ids[1][..12]], 0, &["1 snapshots forgotten"]);
    let left = host.json(&["list"], 0);
    assert_eq!(left["snapshots"].as_array().unwrap().len(), 1);
    assert_eq!(left["snapshots"][0]["id"].as_str(), Some(ids[2].as_str()));
    host.assert_ended(&["check"], 0, &["clean"]);
}

#[test]
fn what_is_in_snapshots_is_listed_found_and_compared() {
    let host = Host::new();
    let tree = host.text("tree");
    host.json(&["run", &tree], 0);
    host.write("a", "changed\n");
    host.write("d/new", "new\n");
    std::fs::remove_file(host.path("tree/d/b")).unwrap();
    std::fs::create_dir(host.path("tree/e")).unwrap();
    host.write("e/f", "below\n");
    host.json(&["run", &tree], 0);
    let lines = |args: &[&str]| {
        let ended = host.run(args);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let below = |line: &str| line.replace(&tree, "");
        ended.stdout.lines().map(below).collect::<Vec<_>>()
    };
    assert_eq!(lines(&["ls", "latest", &host.text("tree/d")]), ["/d", "/d/new"]);
    assert!(lines(&["ls", "latest"]).contains(&"/e/f".to_owned()));
    let found = lines(&["find", "[bB]"]);
    assert!(found.len() == 1 && found[0].ends_with("/d/b"), "{found:?}");
    assert_eq!(lines(&["find", "NEW"]), [""; 0]);
    assert_eq!(lines(&["find", "-i", "NEW"]).len(), 1);
    let first = host.json(&["list"], 0)["snapshots"][0]["id"].as_str().unwrap().to_owned();
    let told = lines(&["diff", &first, "latest"]);
    let changes = ["+    /e/", "+    /e/f", "M    /a", "+    /d/new", "-    /d/b"];
    for change in changes {
        assert!(told.contains(&change.to_owned()), "{change} in {told:?}");
    }
    assert!(
        told.len() == 6 && told[5].starts_with("1 files changed; 2 files, 1 folders"),
        "{told:?}"
    );
    assert_eq!(lines(&["diff", "latest", "latest"]).len(), 1);
    assert!(lines(&["diff", "--metadata", &first, "latest"]).contains(&"U    /d/".to_owned()));
    let listed = host.run(&["ls", "latest", "--format", "json"]);
    for line in listed.stdout.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["struct_type"] == "snapshot" || line["path"].is_string(), "{line}");
    }
}

#[test]
fn data_that_nobody_needs_is_marked_and_losses_stop_a_prune() {
    let host = Host::new();
    let tree = host.text("tree");
    host.write("a", &"unneeded later\n".repeat(100));
    let first = host.json(&["run", &tree], 0)["snapshot"].as_str().unwrap().to_owned();
    host.write("a", "short\n");
    host.json(&["run", &tree], 0);
    let planned = host.json(&["prune", "--dry-run"], 0);
    assert_eq!(planned["packs_marked"], 0, "{planned}");
    host.assert_ended(&["forget", &first], 0, &[]);
    let pruned = host.json(&["prune"], 0);
    assert!(pruned["packs_marked"].as_u64() > Some(0), "{pruned}");
    host.assert_ended(&["check", "--read-data"], 0, &["clean"]);
    host.assert_ended(&["restore", "latest", "--target", &host.text("out")], 0, &["proven"]);
    // Somebody else takes the last snapshot away, so that all data is unneeded.
    std::fs::remove_file(&host.objects("snapshots")[0]).unwrap();
    host.assert_refused(&["prune"], &["missing", "check --accept"]);
    host.assert_ended(&["check", "--accept"], 0, &[]);
    host.assert_refused(&["prune"], &["--danger-accept-losses"]);
    host.assert_ended(&["prune", "--danger-accept-losses"], 0, &["packs"]);
}

#[test]
fn snapshots_are_copied_once_and_the_index_is_made_anew() {
    let host = Host::new();
    host.json(&["run", &host.text("tree")], 0);
    let second = Host::new();
    // Of its own: all hosts of these tests begin with copies of one repository.
    let (elsewhere, key) = (second.text("fresh"), second.text("key"));
    second.assert_ended(&["init", "--repo", &elsewhere], 0, &[]);
    let copy = ["copy", "--to", &elsewhere, "--to-password-file", &key];
    assert_eq!(host.json(&copy, 0)["copied"].as_array().unwrap().len(), 1);
    let again = host.json(&copy, 0);
    assert_eq!((again["copied"].as_array().unwrap().len(), &again["blobs"]), (0, &0.into()));
    second.assert_ended(&["check", "--read-data", "--repo", &elsewhere], 0, &["clean"]);
    let out = second.text("out");
    let restore = ["restore", "latest", "--target", &out, "--repo", &elsewhere];
    second.assert_ended(&restore, 0, &["proven"]);
    for index in host.objects("index") {
        std::fs::remove_file(index).unwrap();
    }
    host.assert_ended(&["check"], 1, &["damaged"]);
    host.assert_ended(&["repair", "index"], 0, &["from their headers"]);
    host.assert_ended(&["check", "--read-data"], 0, &["clean"]);
}

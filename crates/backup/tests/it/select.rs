use wardkit_backup::engine::{GroupBy, SelectError, SnapshotFilter, TagList};
use wardkit_backup::format::{Id, Snapshot};

#[test]
fn snapshots_are_found_by_the_beginning_of_their_id() {
    let snapshots = snapshots();
    let all = SnapshotFilter::default();
    let find = |name: &str| all.find(&snapshots, name).map(|(id, _)| *id);
    assert_eq!(find("00ff"), Ok(id(0, 0xff)));
    assert_eq!(find("01"), Ok(id(1, 0)));
    assert_eq!(find(&id(2, 7).to_string()), Ok(id(2, 7)));
    let ids = vec![id(0, 0xee), id(0, 0xff)];
    assert_eq!(find("00"), Err(SelectError::Ambiguous { prefix: "00".to_owned(), ids }));
    assert_eq!(find("7"), Err(SelectError::NotFound { prefix: "7".to_owned() }));
    for name in ["", "latest ", "00FF", "x", "00/", &"0".repeat(65)] {
        assert_eq!(find(name), Err(SelectError::NotAnId { name: name.to_owned() }));
    }
}

#[test]
fn the_latest_is_the_newest_that_meets_the_conditions() {
    let snapshots = snapshots();
    let check = |change: &dyn Fn(&mut SnapshotFilter), expected: Option<Id>| {
        let mut filter = SnapshotFilter::default();
        change(&mut filter);
        let found = filter.find(&snapshots, "latest").map(|(id, _)| *id);
        assert_eq!(found, expected.ok_or(SelectError::NoneMatches), "{filter:?}");
    };
    check(&|_| (), Some(id(2, 7)));
    check(&|filter| filter.hosts = vec!["web".to_owned()], Some(id(1, 0)));
    check(&|filter| filter.hosts = vec!["web".to_owned(), "db".to_owned()], Some(id(2, 7)));
    check(&|filter| filter.hosts = vec!["mail".to_owned()], None);
    check(&|filter| filter.tags = vec![tags("daily")], Some(id(1, 0)));
    check(&|filter| filter.tags = vec![tags("daily,keep")], Some(id(0, 0xff)));
    check(&|filter| filter.tags = vec![tags("daily, x"), tags("keep")], Some(id(0, 0xff)));
    check(&|filter| filter.tags = vec![tags("")], Some(id(2, 7)));
    check(&|filter| filter.paths = vec!["/etc".to_owned()], Some(id(2, 7)));
    check(&|filter| filter.paths = vec!["/srv".to_owned(), "/etc".to_owned()], Some(id(1, 0)));
    check(&|filter| filter.paths = vec!["/et".to_owned()], None);
    // The earlier hour of the day is the later instant.
    check(&|filter| filter.hosts = vec!["zone".to_owned()], Some(id(0, 0xee)));
}

#[test]
fn names_stand_for_each_snapshot_once_and_no_name_for_all_that_match() {
    let snapshots = snapshots();
    let mut filter = SnapshotFilter::default();
    let ids = |filter: &SnapshotFilter, names: &[&str]| {
        let found = filter.find_all(&snapshots, names);
        found.map(|found| found.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    };
    assert_eq!(ids(&filter, &["01", "latest", "0100", "02"]), Ok(vec![id(1, 0), id(2, 7)]));
    assert_eq!(ids(&filter, &[]).map(|found| found.len()), Ok(5));
    assert!(filter.is_empty());
    filter.hosts = vec!["web".to_owned()];
    assert_eq!(ids(&filter, &[]), Ok(vec![id(0, 0xff), id(1, 0)]));
    // A name means what it names, whatever the conditions are.
    assert_eq!(ids(&filter, &["02"]), Ok(vec![id(2, 7)]));
    assert_eq!(ids(&filter, &["7"]), Err(SelectError::NotFound { prefix: "7".to_owned() }));
}

#[test]
fn snapshots_are_grouped_by_what_they_have_in_common() {
    let snapshots = snapshots();
    let check = |by: &str, expected: &[&str]| {
        let by: GroupBy = by.parse().expect("it is restic's");
        let groups = by.group(&snapshots);
        let told = groups.iter().map(|group| {
            let words = |words: &Option<Vec<&str>>| words.as_ref().map(|words| words.join(" "));
            let (paths, tags) = (words(&group.paths), words(&group.tags));
            format!("{:?} {paths:?} {tags:?} {}", group.host, group.snapshots.len())
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{by:?}");
    };
    check("", &["None None None 5"]);
    check(
        "host",
        &[r#"Some("db") None None 1"#, r#"Some("web") None None 2"#, r#"Some("zone") None None 2"#],
    );
    check(
        "tags",
        &[
            r#"None None Some("") 3"#,
            r#"None None Some("daily") 1"#,
            r#"None None Some("daily keep") 1"#,
        ],
    );
    check(
        "hosts,path",
        &[
            r#"Some("db") Some("/etc") None 1"#,
            r#"Some("web") Some("/etc /srv") None 2"#,
            r#"Some("zone") Some("") None 2"#,
        ],
    );
    assert_eq!("host,paths".parse(), Ok(GroupBy::default()));
    let refused = "host,user".parse::<GroupBy>().expect_err("there is no user");
    assert!(refused.to_string().starts_with("cannot group by `user`"), "{refused}");
}

fn snapshots() -> Vec<(Id, Snapshot)> {
    let all = [
        (id(0, 0xff), "2024-01-01T00:00:00Z", "web", "/etc,/srv", "keep,daily"),
        (id(1, 0), "2024-01-02T00:00:00Z", "web", "/srv,/etc", "daily"),
        (id(2, 7), "2024-01-03T00:00:00.5Z", "db", "/etc", ""),
        (id(0, 0xee), "2023-06-01T10:00:00-05:00", "zone", "", ""),
        (id(3, 1), "2023-06-01T12:00:00+02:00", "zone", "", ""),
    ];
    let words = |text: &str| -> Vec<String> {
        text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let snapshot = |(id, time, host, paths, tags): (Id, &str, &str, &str, &str)| {
        let time = time.parse().expect("it is a time");
        let mut snapshot = Snapshot::new(time, Id::of(b"tree"), words(paths));
        host.clone_into(&mut snapshot.hostname);
        snapshot.tags = words(tags);
        (id, snapshot)
    };
    all.into_iter().map(snapshot).collect()
}

fn tags(text: &str) -> TagList {
    let Ok(tags) = text.parse();
    tags
}

/// An id that begins with these two bytes.
fn id(first: u8, second: u8) -> Id {
    let mut bytes = [0; 32];
    (bytes[0], bytes[1]) = (first, second);
    Id::from_bytes(bytes)
}

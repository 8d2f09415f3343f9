use wardkit_backup::engine::{Decision, KeepPolicy, ParseSpanError, Reason, Span, TagList};
use wardkit_backup::format::{Id, Snapshot};

/// What restic 0.14 said of the same snapshots: a policy, then the time and the reasons of each that is kept.
const RESTIC: &str = include_str!("policy/restic.txt");

/// The times and the tags of the snapshots that restic was asked about.
const SNAPSHOTS: &str = include_str!("policy/snapshots.txt");

#[test]
fn snapshots_are_kept_for_the_reasons_that_restic_gives() {
    let snapshots: Vec<(Id, Snapshot)> = SNAPSHOTS.lines().map(golden).collect();
    assert!(snapshots.len() >= 60, "{}", snapshots.len());
    let mut rounds = 0;
    for section in RESTIC.split("== ").skip(1) {
        let (options, expected) = section.split_once('\n').expect("a policy has a line");
        let now = "2026-01-01T00:00:00Z".parse().expect("it is a time");
        let decisions = policy(options).decide(&snapshots, now);
        let kept = decisions.iter().filter(|decision| decision.keeps()).map(|decision| {
            let reasons: Vec<String> = decision.reasons.iter().map(Reason::to_string).collect();
            let left = decision.left;
            let left = [left.last, left.hourly, left.daily, left.weekly, left.monthly, left.yearly];
            let left = left.map(|count| count.to_string()).join(",");
            format!("{} | {} | {left}\n", decision.snapshot.1.time, reasons.join("; "))
        });
        assert_eq!(kept.collect::<String>(), expected, "{options}");
        assert_eq!(decisions.len(), snapshots.len());
        rounds += 1;
    }
    assert!(rounds >= 12, "{rounds}");
}

#[test]
fn a_policy_without_rules_keeps_all() {
    let snapshots = [snapshot("2022-01-01T00:00:00Z", &[]), snapshot("2023-01-01T00:00:00Z", &[])];
    let now = "2024-01-01T00:00:00Z".parse().expect("it is a time");
    let decisions = KeepPolicy::default().decide(&snapshots, now);
    assert!(KeepPolicy::default().is_empty());
    assert_eq!(decisions.len(), 2);
    assert!(decisions.iter().all(|decision| decision.reasons == [Reason::EmptyPolicy]));
    assert_eq!(decisions[0].snapshot, &snapshots[1], "the newest is first");
    assert!(KeepPolicy::default().decide(&[], now).is_empty());
}

#[test]
fn a_clock_that_was_ahead_does_not_make_the_others_old() {
    let snapshots = [
        snapshot("2022-01-01T00:00:00Z", &[]),
        snapshot("2022-01-02T00:00:00Z", &[]),
        snapshot("2099-01-01T00:00:00Z", &[]),
    ];
    let policy = policy("--keep-within 2d");
    let keeps = |now: &str| {
        let decisions = policy.decide(&snapshots, now.parse().expect("it is a time"));
        decisions.iter().map(Decision::keeps).collect::<Vec<_>>()
    };
    assert_eq!(keeps("2022-01-03T00:00:00Z"), [true, true, true]);
    assert_eq!(keeps("2100-01-01T00:00:00Z"), [true, false, false]);
    // All are of the future: nothing tells how old they are.
    assert_eq!(keeps("2000-01-01T00:00:00Z"), [true, true, true]);
}

#[test]
fn spans_are_read_as_they_are_written() {
    let check = |text: &str, expected: Result<&str, ParseSpanError>| {
        let read = text.parse::<Span>().map(|span| span.to_string());
        assert_eq!(read, expected.map(str::to_owned), "{text}");
    };
    check("1y5m7d2h", Ok("1y5m7d2h"));
    check(" 2h7d ", Ok("7d2h"));
    check("", Ok(""));
    check("0d", Ok(""));
    check("4294967295y", Ok("4294967295y"));
    for wrong in ["1", "d", "-1d", "1x", "1d2d", "4294967296d", "1 d", "1.5d", "1д"] {
        check(wrong, Err(ParseSpanError));
    }
}

#[test]
fn the_longest_span_and_the_first_times_do_not_overflow() {
    let snapshots = [snapshot("0000-01-01T00:00:00Z", &[]), snapshot("9999-12-31T23:59:59Z", &[])];
    let longest = "4294967295y4294967295m4294967295d4294967295h";
    let policy = policy(&format!("--keep-within {longest} --keep-within-weekly {longest}"));
    let now = "9999-12-31T23:59:59.9Z".parse().expect("it is a time");
    assert!(policy.decide(&snapshots, now).iter().all(Decision::keeps));
}

/// The policy of restic's options.
fn policy(options: &str) -> KeepPolicy {
    let mut policy = KeepPolicy::default();
    let words: Vec<&str> = options.split(' ').collect();
    for pair in words.chunks(2) {
        let (option, value) = (pair[0], pair[1]);
        let count = || value.parse().expect("it is a number");
        let span = || value.parse().expect("it is a span");
        match option {
            "--keep-last" => policy.last = count(),
            "--keep-hourly" => policy.hourly = count(),
            "--keep-daily" => policy.daily = count(),
            "--keep-weekly" => policy.weekly = count(),
            "--keep-monthly" => policy.monthly = count(),
            "--keep-yearly" => policy.yearly = count(),
            "--keep-within" => policy.within = span(),
            "--keep-within-hourly" => policy.within_hourly = span(),
            "--keep-within-daily" => policy.within_daily = span(),
            "--keep-within-weekly" => policy.within_weekly = span(),
            "--keep-within-monthly" => policy.within_monthly = span(),
            "--keep-within-yearly" => policy.within_yearly = span(),
            "--keep-tag" => {
                let Ok(tags) = value.trim_matches('\'').parse::<TagList>();
                policy.tags.push(tags);
            }
            other => panic!("`{other}` is no option"),
        }
    }
    policy
}

/// A snapshot from a line with its time and its tags.
fn golden(line: &str) -> (Id, Snapshot) {
    let mut words = line.split(' ');
    let time = words.next().expect("there is a time");
    snapshot(time, &words.collect::<Vec<_>>())
}

fn snapshot(time: &str, tags: &[&str]) -> (Id, Snapshot) {
    let tree = Id::of(b"tree");
    let mut snapshot = Snapshot::new(time.parse().expect("it is a time"), tree, Vec::new());
    snapshot.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    (Id::of(&snapshot.to_json()), snapshot)
}

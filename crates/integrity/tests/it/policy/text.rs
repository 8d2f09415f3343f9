//! Policies as operators write them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::Severity;
use wardkit_integrity::{
    EntryKind, Field, Fields, Origin, Policy, Profile, Selection as _, Take, Usage,
};

#[test]
fn policy_says_roots_rules_and_how_often_all_is_read() {
    let policy = Policy::parse(
        r#"
roots = ["/srv/bot/", "/etc"]
full-every = "24h"

[[rule]]
match = ["/srv/bot/cache/**", "/srv/bot/tmp"]
profile = "ignore"
reason = "filled anew at every start"

[[rule]]
name = "logs"
match = "/srv/bot/*.log"
profile = "rotated"
severity = "notice"
except = ["uid"]

[[rule]]
match = "/srv/bot/**"
profile = "static"
fields = ["content", "mode", "uid"]
except = ["uid"]
"#,
    )
    .unwrap();
    assert_eq!(policy.roots(), [Path::new("/etc"), Path::new("/srv/bot")]);
    assert_eq!(policy.full_every(), Some(Duration::from_hours(24)));
    let rule = |path: &str| policy.rule(Path::new(path));
    assert_eq!(rule("/srv/bot/cache/x").reason(), Some("filled anew at every start"));
    assert_eq!(*rule("/srv/bot/cache/x").origin(), Origin::Line(5));
    assert_eq!(rule("/srv/bot/a.log").severity(), Severity::Notice);
    let names = ["/srv/bot/a.log", "/srv/bot/tmp", "/x"].map(|path| rule(path).name());
    assert_eq!(names, ["logs", "/srv/bot/cache/**", "default"]);
    let explanation = policy.explain(Path::new("/srv/bot/a.log"), EntryKind::File).to_string();
    assert!(
        explanation.contains("rule 2 (line 10, logs): /srv/bot/*.log = rotated"),
        "{explanation}"
    );
    assert_eq!(rule("/srv/bot/a.log").fields(EntryKind::File), Fields::ALL.without(Field::Uid));
    let narrowed: Fields = [Field::Content, Field::Mode].into_iter().collect();
    assert_eq!(rule("/srv/bot/main.py").fields(EntryKind::File), narrowed);
    assert_eq!(rule("/srv/bot/main.py").severity(), Severity::Error);
    assert_eq!(policy.shadowed(), []);
}

#[test]
fn empty_policy_lets_nothing_change() {
    let policy = Policy::parse("").unwrap();
    assert_eq!(policy.digest(), Policy::everything().digest());
    assert_eq!(policy.fields(Path::new("/a"), EntryKind::File), Fields::ALL);
    assert_eq!(policy.roots(), [] as [PathBuf; 0]);
}

fn check(text: &str, expected: &[&str]) {
    let error = Policy::parse(text).unwrap_err();
    let problems: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected, "{text}");
}

#[test]
fn what_is_wrong_at_the_top_is_told_with_line_key_and_reason() {
    check("rots = []", &["line 1: rots: unknown key, did you mean roots?"]);
    check("\nroots = \"/etc\"", &["line 2: roots: must be a list of texts: [\"…\"]"]);
    check(
        "roots = [\"etc\", \"/a/../b\"]",
        &[
            "line 1: roots: must be an absolute path: \"/etc\"",
            "line 1: roots: must be without `.` and `..`",
        ],
    );
    check("full-every = 24", &["line 1: full-every: must be a text in quotes"]);
    for period in
        ["", "24", "h", "0h", "-1h", "1.5h", "1 h", "99999999999999999999h", "9999999999999999999w"]
    {
        check(
            &format!("full-every = \"{period}\""),
            &["line 1: full-every: must be a number and one of s, m, h, d, w: \"24h\""],
        );
    }
    check(
        "include = [\"debain\", \"x\"]",
        &[
            "line 1: include: no preset, did you mean debian?",
            "line 1: include: no preset: bot-node, bot-python-venv, debian, secrets",
        ],
    );
    check(
        "include = [\"bot-node\"]",
        &["line 1: include: bot-node needs a directory: [[preset]] with name and root"],
    );
    check(
        "[[preset]]\nname = \"debian\"\nroot = \"/\"",
        &["line 2: preset.name: debian takes no root"],
    );
    check("[[preset]]\nroot = \"/\"", &["line 1: preset.name: missing: which preset"]);
    check("[preset]\nname = \"debian\"", &["line 1: preset: is written [[preset]], once for each"]);
    check("rule = 7", &["line 1: rule: is written [[rule]], once for each"]);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_line_key_and_reason() {
    let rule = |body: &str| format!("[[rule]]\n{body}");
    check(
        &rule(""),
        &[
            "line 1: rule.match: missing: which paths",
            "line 1: rule.profile: missing: what may change",
        ],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"statc\""),
        &["line 3: rule.profile: unknown, did you mean static?"],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"static\"\nseverity = \"high\""),
        &["line 4: rule.severity: unknown: info, notice, warning, error, critical"],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"ignore\""),
        &["line 1: rule.reason: missing: an ignored path needs one"],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"ignore\"\nreason = \" \""),
        &["line 1: rule.reason: missing: an ignored path needs one"],
    );
    check(&rule("match = []\nprofile = \"static\""), &["line 2: rule.match: names no path"]);
    check(
        &rule("match = [\n\"/a\",\n\"*.conf\"]\nprofile = \"static\""),
        &[
            "line 4: rule.match: a pattern begins with `/`; for a name at any depth write `/**/name`",
        ],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"static\"\nfields = [\"hash\", \"moed\", \"mode\"]"),
        &[
            "line 4: rule.fields: no field: content, type, mode, uid, gid, size, nlink, inode, dev, rdev, mtime, ctime, btime, flags, xattrs, target",
            "line 4: rule.fields: no field, did you mean mode?",
        ],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"state\"\nfields = [\"content\"]"),
        &[
            "line 1: rule.fields: nothing would be compared: write profile = \"ignore\" and a reason",
        ],
    );
    check(
        &rule("match = \"/a\"\nprofile = \"static\"\nexcpt = []"),
        &["line 4: rule: unknown key"].map(|_| "line 4: excpt: unknown key, did you mean except?"),
    );
}

#[test]
fn name_of_a_rule_is_no_path() {
    for name in ["", " ", "/etc", "a\\nb"] {
        let text = format!("[[rule]]\nname = \"{name}\"\nmatch = \"/a\"\nprofile = \"static\"");
        check(&text, &["line 2: rule.name: must be a word or two, and no path"]);
    }
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    let error = Policy::parse("roots = [\"/a\"]\n[[rule]\n").unwrap_err();
    assert_eq!(error.problems()[0].line, 2);
    assert_eq!(error.problems()[0].key, "");
}

#[test]
fn the_first_problems_are_named_and_the_rest_counted() {
    let text = (0..30).map(|number| format!("key{number} = 1")).collect::<Vec<_>>().join("\n");
    let error = Policy::parse(&text).unwrap_err();
    assert_eq!(error.problems().len(), 20);
    assert!(error.to_string().ends_with("\nand 10 more"), "{error}");
}

#[test]
fn hostile_policies_are_refused_or_read_in_bounds() {
    let many: Vec<_> = (0..10_000).map(|number| format!("\"/**/a*b{number}?[x-z]*\"")).collect();
    let text = format!("[[rule]]\nmatch = [{}]\nprofile = \"static\"\n", many.join(","));
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.rules()[0].patterns().len(), 10_000);
    assert_eq!(policy.take(Path::new("/x/a-b77.y"), EntryKind::File), Take::Content);

    let text = format!("[[rule]]\nmatch = [{}]\nprofile = \"static\"\n", "\"/a\",".repeat(20_001));
    let error = Policy::parse(&text).unwrap_err();
    assert_eq!(error.to_string(), "line 1: rule: more than 20000 patterns");

    let error = Policy::parse(&"#".repeat(2 << 20)).unwrap_err();
    assert_eq!(error.to_string(), "line 1: the policy is larger than 1048576 bytes");

    for nested in [
        "[".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        "a.".repeat(50_000),
        "{a=".repeat(1_000),
    ] {
        assert!(Policy::parse(&nested).is_err());
    }
    let stars = format!("[[rule]]\nmatch = \"/{}b\"\nprofile = \"state\"", "*a".repeat(100));
    let policy = Policy::parse(&stars).unwrap();
    let long = format!("/{}", "a".repeat(255));
    assert_eq!(policy.rule(Path::new(&long)).profile(), Profile::Static);
}

#[test]
fn presets_stand_below_own_rules_and_secrets_above_all_presets() {
    let policy = Policy::parse(
        r#"
include = ["debian", "secrets"]

[[preset]]
name = "bot-python-venv"
root = "/srv/b*t"

[[rule]]
match = "/etc/motd"
profile = "ignore"
reason = "written at every login"
"#,
    )
    .unwrap();
    let decides = |path: &str| {
        let rule = policy.rule(Path::new(path));
        (rule.origin().to_string(), rule.profile(), rule.severity())
    };
    let of = |preset: &str| format!("preset {preset}");
    assert_eq!(decides("/etc/motd"), ("line 8".to_owned(), Profile::Ignore, Severity::Info));
    assert_eq!(decides("/etc/shadow"), (of("secrets"), Profile::Static, Severity::Critical));
    assert_eq!(decides("/etc/hosts"), (of("debian"), Profile::Config, Severity::Error));
    assert_eq!(decides("/etc/sudoers.d/x"), (of("debian"), Profile::Config, Severity::Critical));
    assert_eq!(decides("/var/log/syslog"), (of("debian"), Profile::Rotated, Severity::Warning));
    assert_eq!(
        decides("/var/spool/cron/crontabs/root"),
        (of("debian"), Profile::Config, Severity::Error)
    );
    assert_eq!(decides("/var/spool/postfix/x"), (of("debian"), Profile::Ignore, Severity::Info));
    assert_eq!(decides("/usr/bin/ls"), (of("debian"), Profile::Static, Severity::Error));
    let bot = of("bot-python-venv");
    assert_eq!(decides("/srv/b*t/.env"), (of("secrets"), Profile::Static, Severity::Critical));
    assert_eq!(
        decides("/srv/b*t/venv/bin/python"),
        (bot.clone(), Profile::Static, Severity::Critical)
    );
    assert_eq!(decides("/srv/b*t/app.log.1"), (bot.clone(), Profile::Rotated, Severity::Warning));
    assert_eq!(decides("/srv/b*t/config.toml"), (bot.clone(), Profile::Config, Severity::Error));
    assert_eq!(
        decides("/srv/b*t/.git/hooks/post-merge"),
        (bot.clone(), Profile::Static, Severity::Error)
    );
    assert_eq!(decides("/srv/b*t/.git/index"), (bot.clone(), Profile::Ignore, Severity::Info));
    assert_eq!(decides("/srv/b*t/a/__pycache__/x.pyc"), (bot, Profile::Static, Severity::Error));
    // The root is a directory's name and no pattern.
    assert_eq!(decides("/srv/bot/venv/bin/python").0, "default");
    // The directory of hooks lies below: git's directory is entered, its objects are not.
    let take = |path: &str| policy.take(Path::new(path), EntryKind::Directory);
    assert_eq!(take("/srv/b*t/.git"), Take::Metadata);
    let roots: Vec<_> = policy.roots().iter().map(|root| root.to_str().unwrap()).collect();
    assert_eq!(
        roots,
        ["/boot", "/etc", "/opt", "/root", "/srv/b*t", "/usr", "/var/log", "/var/spool"]
    );
    let own = Policy::parse("include = [\"debian\"]\nroots = [\"/etc\"]").unwrap();
    assert_eq!(own.roots(), [Path::new("/etc")]);
}

#[test]
fn presets_are_sound() {
    let below = |root: &str| {
        format!(
            "include = [\"secrets\", \"debian\"]\n[[preset]]\nname = \"bot-node\"\nroot = \"{root}\"\n[[preset]]\nname = \"bot-python-venv\"\nroot = \"{root}\""
        )
    };
    for root in ["/", "/srv/bot"] {
        let policy = Policy::parse(&below(root)).unwrap();
        assert!(policy.rules().iter().all(|rule| matches!(rule.origin(), Origin::Preset(_))));
        assert_eq!(policy.shadowed(), []);
        // They name what a host may have: what it has not is nothing to tell.
        assert_eq!(Usage::new(&policy).unmatched().count(), 0);
    }
}

#[test]
fn the_guide_shows_a_policy_that_is_read() {
    let guide = include_str!("../../../../../docs/operator/integrity-policy.md");
    let text = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.shadowed(), []);
    assert_eq!(policy.rule(Path::new("/srv/bot/reports/1.csv")).name(), "reports");
    for profile in Profile::ALL {
        assert!(guide.contains(&format!("| `{profile}` |")), "{profile}");
    }
    for field in Field::ALL {
        assert!(guide.contains(field.as_str()), "{field}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn explanation_is_told_as_json() {
    let policy =
        Policy::parse("[[rule]]\nmatch = \"/a\"\nprofile = \"ignore\"\nreason = \"why\"").unwrap();
    let explanation =
        serde_json::to_value(policy.explain(Path::new("/a"), EntryKind::File)).unwrap();
    let expected = serde_json::json!({
        "path": "/a", "kind": "file", "severity": "info", "reason": "why", "fields": [], "not_entered": true, "also": [],
        "rule": {"number": 1, "name": "/a", "origin": {"line": 1}, "pattern": "/a", "profile": "ignore"},
    });
    assert_eq!(explanation, expected);
}

proptest! {
    #[test]
    fn no_text_makes_a_policy_panic(text in r#"(\[\[rule\]\]\n|match = |"|/|\*|\[|profile = "ignore"\n|\n|é|reason|=|roots|include|\{){0,30}"#) {
        let _ = Policy::parse(&text);
    }
}

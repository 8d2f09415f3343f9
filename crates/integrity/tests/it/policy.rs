//! Policies: which rule decides, what a scan takes, what is told of it.

#[cfg(feature = "policy")]
mod disk;
#[cfg(feature = "policy")]
mod judge;
#[cfg(feature = "policy")]
mod text;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use proptest::prelude::*;
use wardkit_core::Severity;
use wardkit_integrity::{
    EntryKind, Field, Fields, Pattern, PatternError, Policy, Profile, Rule, Selection as _, Take,
    Usage,
};

fn policy(rules: &[(&str, Profile)]) -> Policy {
    let rule = |&(pattern, profile): &(&str, Profile)| {
        Rule::new([Pattern::parse(pattern).unwrap()], profile)
    };
    Policy::new(rules.iter().map(rule))
}

#[test]
fn patterns_cover_what_they_spell_and_nothing_else() {
    let check = |pattern: &str, covered: &[&str], others: &[&str]| {
        let pattern = Pattern::parse(pattern).unwrap();
        for path in covered {
            assert!(pattern.covers(Path::new(path)), "{pattern} must cover {path}");
        }
        for path in others {
            assert!(!pattern.covers(Path::new(path)), "{pattern} must not cover {path}");
        }
    };
    check(
        "/etc/app",
        &["/etc/app"],
        &["/etc/app.conf", "/etc/app/x", "/etc", "/etc/ap", "/x/etc/app"],
    );
    check("/etc/**", &["/etc", "/etc/a", "/etc/a/b/c"], &["/", "/etcetera", "/etc.d/a"]);
    check("/etc/*", &["/etc/a", "/etc/.a"], &["/etc", "/etc/a/b"]);
    check("/etc/*.conf", &["/etc/a.conf", "/etc/.conf"], &["/etc/a.conf.d", "/etc/d/a.conf"]);
    check("/**/.env", &["/.env", "/a/.env", "/a/b/.env"], &["/a/.envrc", "/a/.env/b"]);
    check("/a/**/z", &["/a/z", "/a/b/z", "/a/b/c/z", "/a/z/z"], &["/a", "/z", "/a/zz", "/a/z/y"]);
    check("/a/**/b/**/c", &["/a/b/c", "/a/x/b/y/b/c"], &["/a/c", "/a/b"]);
    check("/**", &["/", "/a", "/a/b"], &[]);
    check("/", &["/"], &["/a"]);
    check("/a?c", &["/abc", "/aéc", "/a€c"], &["/ac", "/a/c", "/abbc"]);
    check("/[a-c]x", &["/ax", "/cx"], &["/dx", "/x", "/[a-c]x"]);
    check("/[!a-c]x", &["/dx", "/éx"], &["/ax", "/x"]);
    check("/[]]", &["/]"], &["/["]);
    check("/[a-]", &["/a", "/-"], &["/b"]);
    check("/[é-ü]", &["/é", "/ö"], &["/a"]);
    check(r"/\*\[\?\{", &["/*[?{"], &["/x[?{"]);
    check("/a*b*c", &["/abc", "/abbc", "/axbxxbxc"], &["/ab", "/acb", "/abcd"]);
    check("/**/**/a", &["/a", "/x/a"], &["/x"]);
}

#[test]
fn names_that_are_no_text_are_covered_byte_by_byte() {
    let path = |bytes: &'static [u8]| Path::new(OsStr::from_bytes(bytes));
    let covers = |pattern: &str, bytes| Pattern::parse(pattern).unwrap().covers(path(bytes));
    assert!(covers("/a/*.conf", b"/a/\xff\xfe.conf"));
    assert!(covers("/a/?x", b"/a/\xffx"));
    assert!(!covers("/a/?x", b"/a/\xff\xffx"));
    assert!(covers("/a/[!a-z]", b"/a/\xe9"));
    assert!(covers("/a/*", b"/a/new\nline"));
}

#[test]
fn text_that_is_no_pattern_is_refused_with_the_reason() {
    let check = |text: &str, error| assert_eq!(Pattern::parse(text), Err(error), "{text}");
    check("", PatternError::NotAnchored);
    check("*.conf", PatternError::NotAnchored);
    check("/etc/", PatternError::Empty);
    check("//etc", PatternError::Empty);
    check("/etc/../x", PatternError::Dots);
    check("/etc/**.conf", PatternError::Depth);
    check("/a**/b", PatternError::Depth);
    check("/***", PatternError::Depth);
    check("/[", PatternError::Class);
    check("/[]", PatternError::Class);
    check("/[!]", PatternError::Class);
    check("/[z-a]", PatternError::Class);
    check("/{a,b}", PatternError::Brace);
    check("/a\\", PatternError::Backslash);
    check("/a\0", PatternError::Nul);
    check(&"/a".repeat(129), PatternError::Deep);
    check(&format!("/{}", "a".repeat(4096)), PatternError::Long);
}

#[test]
fn the_first_rule_that_covers_a_path_decides() {
    let policy = policy(&[
        ("/etc/app/*.log", Profile::Growing),
        ("/etc/app/**", Profile::State),
        ("/etc/**", Profile::Config),
        ("/etc/app/x", Profile::Ignore),
    ]);
    let profile = |path: &str| policy.rule(Path::new(path)).profile();
    assert_eq!(profile("/etc/app/a.log"), Profile::Growing);
    assert_eq!(profile("/etc/app/x"), Profile::State);
    assert_eq!(profile("/etc/app"), Profile::State);
    assert_eq!(profile("/etc/app.conf"), Profile::Config);
    assert_eq!(profile("/usr"), Profile::Static);
}

#[test]
fn profiles_say_what_is_compared_and_taken() {
    let check = |profile, kind, take, without: &[Field]| {
        let policy = policy(&[("/**", profile)]);
        let fields = without.iter().fold(Fields::ALL, |fields, field| fields.without(*field));
        assert_eq!(policy.fields(Path::new("/a"), kind), fields, "{profile} {kind}");
        assert_eq!(policy.take(Path::new("/a"), kind), take, "{profile} {kind}");
    };
    let children = [Field::Size, Field::Mtime, Field::Ctime, Field::Nlink];
    let state: Vec<_> = Field::ALL
        .into_iter()
        .filter(|field| {
            use Field::{Gid, Mode, Rdev, Type, Uid, Xattrs};
            ![Type, Mode, Uid, Gid, Rdev, Xattrs].contains(field)
        })
        .collect();
    check(Profile::Static, EntryKind::File, Take::Content, &[]);
    check(Profile::Config, EntryKind::File, Take::Content, &[]);
    check(Profile::Growing, EntryKind::File, Take::Growing, &[]);
    check(Profile::Rotated, EntryKind::File, Take::Growing, &[]);
    check(Profile::Rotated, EntryKind::Directory, Take::Growing, &children);
    check(Profile::State, EntryKind::File, Take::Metadata, &state);
    check(Profile::Ignore, EntryKind::File, Take::Skip, &Field::ALL);
}

#[test]
fn rule_narrows_what_its_profile_compares() {
    let fields: Fields = [Field::Mode, Field::Uid].into_iter().collect();
    let rule = Rule::new([Pattern::parse("/a").unwrap()], Profile::Static)
        .with_fields(fields)
        .with_severity(Severity::Critical);
    let policy = Policy::new([rule]);
    assert_eq!(policy.fields(Path::new("/a"), EntryKind::File), fields);
    assert_eq!(policy.take(Path::new("/a"), EntryKind::File), Take::Metadata);
    assert_eq!(policy.rule(Path::new("/a")).severity(), Severity::Critical);
}

#[test]
fn ignored_directory_is_entered_only_where_something_below_is_kept() {
    let check = |rules: &[(&str, Profile)], path: &str, take| {
        assert_eq!(
            policy(rules).take(Path::new(path), EntryKind::Directory),
            take,
            "{path} {rules:?}"
        );
    };
    let all = ("/var/**", Profile::Ignore);
    check(&[all], "/var", Take::Skip);
    check(&[all], "/var/lib/x", Take::Skip);
    let kept = [("/var/lib/keep/*", Profile::Static), all];
    check(&kept, "/var", Take::Metadata);
    check(&kept, "/var/lib", Take::Metadata);
    check(&kept, "/var/lib/keep", Take::Metadata);
    check(&kept, "/var/log", Take::Skip);
    check(&[all, ("/var/lib/keep/*", Profile::Static)], "/var", Take::Skip);
    // Anything at any depth may have that name.
    check(&[("/**/.env", Profile::Static), all], "/var/log", Take::Metadata);
    // The directory alone is ignored: what lies in it is another matter.
    check(&[("/var/tmp", Profile::Ignore)], "/var/tmp", Take::Metadata);
    check(&[("/var/*", Profile::Ignore)], "/var/tmp", Take::Metadata);
    let twice = [("/var/lib/**", Profile::Ignore), all];
    check(&twice, "/var", Take::Skip);
}

#[test]
fn patterns_that_never_decide_are_told() {
    let check = |rules: &[(&str, Profile)], expected: &[&str]| {
        let policy = policy(rules);
        let shadowed = policy.shadowed();
        let found: Vec<_> = shadowed.iter().map(|shadowed| shadowed.pattern.as_str()).collect();
        assert_eq!(found, expected, "{rules:?}");
    };
    let (a, b) = (Profile::Static, Profile::State);
    check(
        &[("/etc/**", a), ("/etc/app/**", b), ("/etc", b), ("/etc/*.conf", b)],
        &["/etc/app/**", "/etc", "/etc/*.conf"],
    );
    check(&[("/etc/app", a), ("/etc/**", b), ("/etc/app", b)], &["/etc/app"]);
    check(&[("/etc/*", a), ("/etc/**", b)], &[]);
    check(&[("/etc/*", a), ("/etc/[ab]", b), ("/etc/a", b)], &["/etc/[ab]", "/etc/a"]);
    check(
        &[("/**/.env", a), ("/srv/**/.env", b), ("/srv/.env", b)],
        &["/srv/**/.env", "/srv/.env"],
    );
    check(&[("/srv/.env", a), ("/**/.env", b)], &[]);
    check(&[("/a/**/b/**", a), ("/a/b", b), ("/a/x/b/y", b), ("/a/*/c", b)], &["/a/b", "/a/x/b/y"]);
    assert_eq!(
        policy(&[("/a/**", a), ("/a/b", b)]).shadowed()[0].to_string(),
        "program: /a/b never decides, /a/** (program) stands above it and covers as much"
    );
}

#[test]
fn rules_that_decided_about_nothing_are_told() {
    let policy =
        policy(&[("/a/**", Profile::Static), ("/b", Profile::State), ("/c", Profile::State)]);
    let usage = Usage::new(&policy);
    for path in ["/a/x", "/c", "/d"] {
        assert_eq!(
            usage.take(Path::new(path), EntryKind::File),
            policy.take(Path::new(path), EntryKind::File)
        );
    }
    let unmatched: Vec<_> = usage.unmatched().map(|rule| rule.patterns()[0].as_str()).collect();
    assert_eq!(unmatched, ["/b"]);
}

#[test]
fn digest_is_of_what_is_decided() {
    let base = policy(&[("/a", Profile::Static)]);
    let rule = || Rule::new([Pattern::parse("/a").unwrap()], Profile::Static);
    assert_eq!(base.digest(), Policy::new([rule().with_reason("why")]).digest());
    let others = [
        Policy::everything(),
        policy(&[("/a", Profile::Config)]),
        policy(&[("/b", Profile::Static)]),
        policy(&[("/a", Profile::Static), ("/a", Profile::Static)]),
        Policy::new([rule().with_severity(Severity::Critical)]),
        Policy::new([rule().with_fields(Fields::ALL.without(Field::Dev))]),
        Policy::new([rule()]).with_roots(["/a".into()]),
    ];
    for other in others {
        assert_ne!(base.digest(), other.digest(), "{other:?}");
    }
}

#[test]
fn explanation_names_the_rule_that_decides_and_those_below_it() {
    let hooks = Rule::new([Pattern::parse("/etc/app/*.conf").unwrap()], Profile::Static)
        .with_fields([Field::Content, Field::Mode].into_iter().collect())
        .with_severity(Severity::Critical)
        .with_reason("it names the\nhooks");
    let rest =
        Rule::new(["/opt", "/etc/**"].map(|text| Pattern::parse(text).unwrap()), Profile::Config);
    let policy = Policy::new([hooks, rest]);
    let explanation = policy.explain(Path::new("/etc/app/\u{1b}x.conf"), EntryKind::File);
    assert_eq!(
        explanation.to_string(),
        "/etc/app/\\u{1b}x.conf (file)\n  \
         decided by rule 1 (program): /etc/app/*.conf = static\n  \
         reason     it names the\\nhooks\n  \
         severity   critical\n  \
         compared   content, mode\n  \
         below that rule 2 (program): /etc/** = config"
    );
    let explanation = policy.explain(Path::new("/x"), EntryKind::Directory);
    assert_eq!(explanation.rule.number, 0);
    assert!(explanation.to_string().contains("decided by no rule: static"), "{explanation}");
}

/// Patterns and paths of a small alphabet, so that they meet.
fn pattern() -> impl Strategy<Value = String> {
    let part =
        prop_oneof!["[ab]{1,3}", "[ab?*]{1,3}", Just("**".to_owned()), Just("[a]".to_owned())];
    prop::collection::vec(part, 0..5).prop_map(|parts| format!("/{}", parts.join("/")))
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{1,3}", 1..6).prop_map(|names| format!("/{}", names.join("/")))
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(vec![Profile::Static, Profile::State, Profile::Ignore])
}

proptest! {
    #[test]
    fn patterns_mean_what_they_mean_to_gitignore(text in pattern(), path in path()) {
        let Ok(pattern) = Pattern::parse(&text) else { return Ok(()) };
        // Without the first slash: there, a star may stand for a name that is empty.
        let glob = globset::GlobBuilder::new(&text[1..]).literal_separator(true).build().unwrap();
        let spelled = glob.compile_matcher().is_match(&path[1..]);
        // There, `a/**` is what lies below `a`; here it is `a` as well.
        let directory = text.trim_end_matches("/**");
        let itself = !directory.is_empty()
            && directory.len() < text.len()
            && Pattern::parse(directory).unwrap().covers(Path::new(&path));
        prop_assert_eq!(pattern.covers(Path::new(&path)), spelled || itself);
    }

    #[test]
    fn all_rules_together_decide_as_one_after_the_other(
        rules in prop::collection::vec((pattern(), profile()), 0..8),
        paths in prop::collection::vec(path(), 1..20),
    ) {
        let rules: Vec<_> = rules.into_iter().filter_map(|(text, profile)| Some(Rule::new([Pattern::parse(&text).ok()?], profile))).collect();
        let policy = Policy::new(rules.clone());
        for path in paths.iter().map(Path::new) {
            let first = rules.iter().find(|rule| rule.patterns()[0].covers(path));
            prop_assert_eq!(policy.rule(path).profile(), first.map_or(Profile::Static, Rule::profile));
            let explanation = policy.explain(path, EntryKind::File);
            let covering = rules.iter().filter(|rule| rule.patterns()[0].covers(path)).count();
            prop_assert_eq!(explanation.also.len(), covering.saturating_sub(1));
        }
        for shadowed in policy.shadowed() {
            for path in paths.iter().map(Path::new) {
                prop_assert!(!shadowed.pattern.covers(path) || shadowed.by.patterns()[0].covers(path));
            }
        }
    }

    #[test]
    fn nothing_below_a_skipped_directory_is_kept(
        rules in prop::collection::vec((pattern(), profile()), 0..8),
        directory in path(),
        below in path(),
    ) {
        let rules = rules.into_iter().filter_map(|(text, profile)| Some(Rule::new([Pattern::parse(&text).ok()?], profile)));
        let policy = Policy::new(rules);
        if policy.take(Path::new(&directory), EntryKind::Directory) == Take::Skip {
            let path = format!("{}{below}", directory.trim_end_matches('/'));
            prop_assert_eq!(policy.rule(Path::new(&path)).profile(), Profile::Ignore);
        }
    }

    #[test]
    fn no_text_makes_a_pattern_panic(text in "/[a-b*?\\[\\]!\\\\/{}.é-]{0,20}", path in ".{0,20}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = pattern.covers(Path::new(&path));
        }
    }
}

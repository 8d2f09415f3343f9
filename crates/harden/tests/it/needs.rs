//! Places, manifests, and how needs are united.

use std::error::Error as _;

use wardkit_harden::{Access, Error, Needs, Place, Subject, manifest};

#[test]
fn places_are_absolute_and_printable() {
    for (text, path, is_tree) in [
        ("/a/b", "/a/b", false),
        ("/a//./b/../c/", "/a/c", true),
        ("/", "/", true),
        ("/../..", "/", true),
        ("/a b*", "/a b*", false),
    ] {
        let place = Place::new(text).unwrap();
        assert_eq!((place.path(), place.is_tree()), (path, is_tree), "{text}");
    }
    for text in [
        "",
        "a",
        "~/a",
        "/a\nb",
        "/a\0",
        "/a\u{1b}[2J",
        "/\u{202e}a",
        &format!("/{}", "a".repeat(4096)),
    ] {
        assert!(matches!(Place::new(text), Err(Error::Path { .. })), "{text:?}");
    }
}

#[test]
fn a_directory_covers_what_is_below_and_nothing_beside() {
    let place = |text| Place::new(text).unwrap();
    assert!(place("/srv/bot/").covers(&place("/srv/bot")) && place("/").covers(&place("/x/")));
    assert!(
        !place("/srv/bot/").covers(&place("/srv/bot2"))
            && !place("/srv/bot").covers(&place("/srv/bot/x"))
    );
}

#[test]
fn a_manifest_says_everything_or_is_refused() {
    let needs = manifest(
        "user = \"bot\"\nwrites-code = true\nreads = [\"/a\"]\nwrites = [\"/a\"]\ncapabilities = [\"net_raw\"]\n\
         system-calls = [\"@sync\", \"bpf\"]\n[network]\nfamilies = [\"inet\"]\nlisten = [80]\n",
    )
    .unwrap();
    assert_eq!(needs.files[&Place::new("/a").unwrap()], Access::WRITE);
    assert!(needs.writes_code && needs.system_calls.len() > 5);
    let network = needs.network.unwrap();
    assert!(network.beyond_host && network.listen.contains(&80));
    // Without the table there is no network; that is known.
    assert_eq!(manifest("").unwrap().network.unwrap().families.len(), 0);
    for (text, expected) in [
        ("reads = [\"a\"]", "\"a\" cannot stand in a profile: it is not absolute"),
        ("reads = [\"/a\\nb\"]", "cannot stand in a profile"),
        ("capabilities = [\"ALL\"]", "\"ALL\" is no capability"),
        ("system-calls = [\"rm -rf\"]", "\"rm -rf\" is no system call"),
        ("system-calls = [\"@all\"]", "\"@all\" is no group of system calls"),
        ("user = \"bot\\nExecStart=/bin/sh\"", "is no user's name"),
        ("user = \"-x\"", "is no user's name"),
        ("[network]\nfamilies = [\"any\"]", "\"any\" is no family of sockets"),
    ] {
        let error = manifest(text).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{text}: {error}");
    }
    let error = manifest("raeds = []").unwrap_err();
    assert!(error.source().unwrap().to_string().contains("raeds"));
}

#[test]
fn united_needs_have_what_either_has() {
    let mut needs = manifest("reads = [\"/a\"]\n[network]\nfamilies = [\"unix\"]").unwrap();
    needs.merge(
        manifest("executes = [\"/a\"]\nuser = \"bot\"\n[network]\nfamilies = [\"inet\"]").unwrap(),
    );
    assert_eq!(needs.files[&Place::new("/a").unwrap()], Access::EXECUTE);
    assert_eq!(needs.network.as_ref().unwrap().families.len(), 2);
    assert_eq!(needs.user.as_deref(), Some("bot"));
    let mut nothing = Needs::default();
    nothing.merge(needs.clone());
    assert_eq!(nothing, needs);
}

#[test]
fn what_is_behind_links_is_needed_too() {
    let mut needs = manifest("reads = [\"/lib/\"]\nwrites = [\"/link/new\"]").unwrap();
    needs.add_resolved(|path| match path {
        "/lib" => Some("/usr/lib".to_owned()),
        "/link" => Some("/srv".to_owned()),
        _ => None,
    });
    let paths: Vec<String> = needs.files.keys().map(ToString::to_string).collect();
    assert_eq!(paths, ["/lib/", "/link/new", "/srv/new", "/usr/lib/"]);
}

#[test]
fn a_subject_has_a_name_that_every_language_takes() {
    for (path, name) in [
        ("/srv/My Bot.py", "my_bot_py"),
        ("/srv/allow", "allow_program"),
        ("/srv/7z", "p_7z"),
        ("/srv/é", "p__"),
    ] {
        assert_eq!(Subject::new(path).unwrap().name(), name);
    }
    assert!(Subject::new("/srv/").is_err() && Subject::new("bot").is_err());
    assert_eq!(Subject::new("/srv/x").unwrap().named("Bot-1").name(), "bot_1");
}

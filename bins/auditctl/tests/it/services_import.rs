//! `auditctl services import`: what other supervisors declare becomes configuration, without a daemon.

use std::fs;

use crate::{Ended, auditctl};

fn import(name: &str, text: &str, more: &[&str]) -> Ended {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(name);
    fs::write(&file, text).unwrap();
    auditctl(&[&["services", "import", file.to_str().unwrap()], more].concat())
}

#[test]
fn each_process_of_supervisord_becomes_a_service_that_agentd_takes() {
    let text = "[program:bot]\ncommand=/usr/bin/python3 bot.py --fast\nnumprocs=2\n\
                process_name=%(program_name)s-%(process_num)02d\nautorestart=true\nuser=nobody\n";
    let ended = import("bots.conf", text, &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let read: toml::Table = ended.stdout.parse().unwrap();
    let services = read["service"].as_array().unwrap();
    let names: Vec<_> = services.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bot-00", "bot-01"]);
    assert_eq!(services[0]["command"][0].as_str(), Some("/usr/bin/python3"));
    assert_eq!(services[1]["user"].as_str(), Some("nobody"));
}

#[test]
fn whose_file_it_is_its_content_says_or_the_operator() {
    let text = "web: bin/web --port 80\n";
    for (name, more, code) in [
        ("Procfile", &[][..], 0),
        ("some.txt", &["--from", "procfile"], 0),
        ("some.txt", &["--from", "supervisord"], 2),
    ] {
        let ended = import(name, text, more);
        assert_eq!(ended.code, Some(code), "{name} {more:?}: {ended:?}");
        assert_eq!(ended.stdout.contains("name = \"web\""), code == 0, "{ended:?}");
    }
    let ended = import("unknown", "\u{7}nothing of that sort", &[]);
    assert!(ended.code == Some(2) && ended.stderr.contains("supervisord"), "{ended:?}");
}

#[test]
fn a_missing_key_is_named_with_the_file() {
    for (name, text, key) in [
        ("bots.conf", "[program:bot]\nautorestart=true\n", "program:bot.command"),
        ("bot.service", "[Unit]\nDescription=x\n[Service]\nType=simple\n", "Service.ExecStart"),
    ] {
        let ended = import(name, text, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(key) && ended.stderr.contains(name), "{key}: {ended:?}");
    }
    let ended = auditctl(&["services", "import", "/gone/away.conf"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("/gone/away.conf"), "{ended:?}");
}

#[test]
fn what_was_imported_is_data_for_programs() {
    let ended = import("Procfile", "web: bin/web\n", &["--format", "json"]);
    let read: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(read["format"], "Procfile");
    assert_eq!(read["services"][0]["name"], "web");
}

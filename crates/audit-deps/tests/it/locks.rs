//! What files say.

use wardkit_audit_deps::{Inventory, Source, lock};

fn read(path: &str, text: &str) -> Inventory {
    lock::read(path, text).unwrap().unwrap()
}

#[test]
fn files_are_known_by_their_names() {
    for (path, wanted) in [
        ("Cargo.lock", true),
        ("a/b/uv.lock", true),
        ("requirements.txt", true),
        ("requirements-dev.txt", true),
        ("dev_requirements.txt", true),
        ("requirements/base.txt", true),
        ("README.txt", false),
        ("notes.txt", false),
        ("node_modules/a/package.json", true),
        ("a.dist-info/METADATA", true),
        ("METADATA", false),
        ("var/lib/dpkg/status", true),
        ("status", false),
        ("bot.py", false),
        ("requirements.py", false),
    ] {
        assert_eq!(lock::is_known(path), wanted, "{path}");
    }
    assert!(lock::read("bot.py", "").is_none());
}

#[test]
fn sources_are_told_apart() {
    let sources = |path: &str, text: &str| -> Vec<Source> {
        read(path, text).packages.into_iter().map(|one| one.source).collect()
    };
    let commit = |commit: &str| Source::Git { commit: Some(commit.to_owned()) };
    let cargo = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"git+https://h/b?rev=x#0123456789\"\n";
    assert_eq!(sources("Cargo.lock", cargo), [Source::Path, commit("0123456789")]);
    let uv = "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { virtual = \".\" }\n[[package]]\nname = \"b\"\nversion = \"1\"\nsource = { git = \"https://h/b?rev=main#abcdef0\" }\n";
    assert_eq!(sources("uv.lock", uv), [Source::Path, commit("abcdef0")]);
    let poetry = "[[package]]\nname = \"b\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://h/b\"\nresolved_reference = \"abcdef0\"\n";
    assert_eq!(sources("poetry.lock", poetry), [commit("abcdef0")]);
    let berry = "\"a@workspace:.\":\n  version: 0.0.0\n  resolution: \"a@workspace:.\"\n\"b@npm:^1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n";
    assert_eq!(sources("yarn.lock", berry), [Source::Path, Source::Registry]);
}

#[test]
fn requirements_are_read_as_pip_reads_them() {
    let text = "# head\n-r base.txt\n-c limits.txt\nA_b.C[x,y] >= 1.0, < 2 ; python_version < '4' # why\nd===1.0\n\
        e (==2.0)\nf==1.*\n./local\nhttps://h/g-1.0.tar.gz#egg=g\n\\\n";
    let inventory = read("requirements.txt", text);
    let wishes: Vec<(&str, &str, u32, bool)> = inventory
        .wishes
        .iter()
        .map(|one| (one.name.as_str(), one.range.as_str(), one.line, one.is_pinned))
        .collect();
    assert_eq!(
        wishes,
        [
            ("a-b-c", ">= 1.0, < 2", 4, false),
            ("d", "===1.0", 5, true),
            ("e", "==2.0", 6, true),
            ("f", "==1.*", 7, false),
            ("local", "", 8, true),
            ("g", "", 9, true),
        ]
    );
    assert_eq!(inventory.packages[0].version, "1.0");
}

#[test]
fn what_is_asked_for_is_marked() {
    let direct = |path: &str, text: &str| -> Vec<String> {
        let packages = read(path, text).packages.into_iter();
        packages.filter(|one| one.is_direct).map(|one| one.name).collect()
    };
    let cargo = "[[package]]\nname = \"own\"\nversion = \"0.0.0\"\ndependencies = [\"a 1.0.0\"]\n\
        [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"b\"]\n\
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
    assert_eq!(direct("Cargo.lock", cargo), ["a"]);
    let gems = "GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0)\n      b (>= 1)\n    b (2.0)\n\nDEPENDENCIES\n  a (~> 1.0)\n";
    assert_eq!(direct("Gemfile.lock", gems), ["a"]);
    let go = "require example.com/a v1.0.0\nrequire (\n\texample.com/b v1.0.0 // indirect\n)\n";
    assert_eq!(direct("go.mod", go), ["example.com/a"]);
    let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  b@1.0.0:\n    resolution: {integrity: x}\nsnapshots:\n  a@1.0.0:\n    dependencies:\n      b: 1.0.0\n  b@1.0.0: {}\n";
    assert_eq!(direct("pnpm-lock.yaml", pnpm), ["a"]);
    assert_eq!(read("pnpm-lock.yaml", pnpm).packages[0].needs, ["b"]);
}

#[test]
fn what_nests_too_deeply_or_stands_twice_is_refused() {
    let deep = "[".repeat(100_000);
    let stairs = (0..100).fold(String::new(), |stairs, n| stairs + &" ".repeat(n) + "a:\n");
    for (path, text) in [
        ("package-lock.json", deep.as_str()),
        ("package.json", "{\"dependencies\": {\"a\": \"1\", \"a\": \"2\"}}"),
        ("pnpm-lock.yaml", &stairs),
        ("Cargo.lock", "[[package]]\nname = 1\n"),
        ("poetry.lock", &format!("a = {deep}")),
        ("a.dist-info/METADATA", "no head"),
    ] {
        assert!(lock::read(path, text).unwrap().is_err(), "{path}");
    }
}

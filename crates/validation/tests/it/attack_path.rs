//! Texts that would reach a file elsewhere, used as paths beneath a root of a real tree.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use wardkit_validation::{PathLinks, PathLookup, PathNames, PathRules, Root, Untrusted};

/// `OUT` stands for the absolute path of the directory outside, `ROOT` for that of the root.
const PAYLOADS: &[&str] = &[
    "../secret",
    "../../secret",
    "./../secret",
    "a/../../secret",
    "a/b/../../../secret",
    "/../secret",
    "//../secret",
    "..//secret",
    "a/..//../secret",
    "./././../secret",
    ".../secret",
    "..../secret",
    "..;/secret",
    "../secret/",
    "../secret\0",
    "../secret\0.png",
    "../secret%00.png",
    "a\0/../../secret",
    "../secret\n",
    "\n../secret",
    " ../secret",
    "../ secret",
    "../secret ",
    "\t../secret",
    "OUT/secret",
    "/OUT/secret",
    "file://OUT/secret",
    "//localhost/OUT/secret",
    "/proc/self/root/OUT/secret",
    "/proc/self/cwd/../secret",
    "/dev/fd/0",
    "/dev/stdin",
    "ROOT/../secret",
    "~/secret",
    "~root/secret",
    "$HOME/secret",
    "${PWD}/../secret",
    "`pwd`/../secret",
    "../sec*",
    "../{secret,x}",
    "..\\secret",
    "..\\..\\secret",
    "a\\..\\..\\secret",
    "\\..\\secret",
    "C:\\secret",
    "c:/secret",
    "C:secret",
    "\\\\host\\share\\secret",
    "\\\\?\\C:\\secret",
    "\\\\.\\PhysicalDrive0",
    "..\\/secret",
    "../\\secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%2fsecret",
    "..%5csecret",
    "%2e%2e%5csecret",
    "..%252fsecret",
    "%252e%252e%252fsecret",
    "..%c0%afsecret",
    "%c0%ae%c0%ae/secret",
    "..%c1%9csecret",
    "..%u2215secret",
    "%uff0e%uff0e/secret",
    "&#46;&#46;&#47;secret",
    "\\x2e\\x2e/secret",
    "\\u002e\\u002e/secret",
    "\u{ff0e}\u{ff0e}/secret",
    "..\u{2215}secret",
    "..\u{ff0f}secret",
    "..\u{2044}secret",
    "\u{2025}/secret",
    "\u{200b}../secret",
    ".\u{200b}./secret",
    "\u{202e}terces/..",
    "..\u{fe52}/secret",
    "link/secret",
    "link/../secret",
    "link",
    "link/",
    "climb/secret",
    "climb/new",
    "deep/link/secret",
    "chain/secret",
    "file-link",
    "loop/secret",
    "absolute/secret",
    "a/../link/secret",
    "self/../../secret",
    "self/self/self/link/secret",
    "secret::$DATA",
    "secret:stream",
    "con",
    "nul.txt",
    "a/aux",
    "-rf",
    "--",
    "",
    ".",
    "./",
    "/",
    "..",
    "...",
    "a/..",
    "\0",
];

#[test]
fn no_payload_reads_writes_or_removes_anything_outside() {
    assert!(PAYLOADS.len() >= 60);
    let top = tempfile::tempdir().unwrap();
    let (outside, inside) = (top.path().join("out"), top.path().join("out/root"));
    // The root lies in the directory that the payloads want, one level below the secret.
    fs::create_dir_all(inside.join("a/b")).unwrap();
    fs::create_dir_all(inside.join("deep")).unwrap();
    fs::write(outside.join("secret"), "outside").unwrap();
    fs::write(inside.join("a/file"), "inside").unwrap();
    plant(&outside, &inside);
    let before = snapshot(&outside, &inside);
    let secret = fs::metadata(outside.join("secret")).unwrap().ino();

    for payload in PAYLOADS {
        let payload = payload
            .replace("OUT", outside.to_str().unwrap())
            .replace("ROOT", inside.to_str().unwrap());
        for rules in every_rules() {
            let root = Root::with_rules(&inside, rules).unwrap();
            let Ok(path) = Untrusted::new(payload.as_str()).validate_for(&root) else { continue };
            for opened in [path.open(), path.update(), path.append(), path.create()] {
                assert!(
                    opened.map_or(0, |file| file.metadata().unwrap().ino()) != secret,
                    "{payload:?}"
                );
            }
            assert!(path.metadata().map_or(0, |metadata| metadata.ino()) != secret, "{payload:?}");
            let listed = path.entries().map_or(0, |entries| {
                entries
                    .filter(|entry| {
                        *entry.as_ref().unwrap().name().into_inner_unchecked("compared")
                            == *"secret"
                    })
                    .count()
            });
            assert_eq!(listed, 0, "{payload:?}");
            let _ = path.create_dir();
            let _ = path.as_root().map(|root| root.path("new").unwrap().create());
            let _ = (path.replace(b"x"), path.remove(), path.remove_dir());
            assert_eq!(snapshot(&outside, &inside), before, "{payload:?}");
            plant(&outside, &inside);
        }
    }
}

#[test]
fn no_payload_is_a_path_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::open(directory.path()).unwrap();
    let climbing = |text: &&&str| {
        text.split(['/', '\\']).any(|part| part == "..")
            || text.starts_with('/')
            || text.contains('\0')
    };
    for payload in PAYLOADS.iter().filter(climbing) {
        assert!(root.path(payload).is_err(), "{payload:?}");
    }
}

fn every_rules() -> Vec<PathRules> {
    let mut all = Vec::new();
    for lookup in [PathLookup::Kernel, PathLookup::Walk] {
        for names in [PathNames::Portable, PathNames::Native] {
            for links in [PathLinks::Beneath, PathLinks::Refused] {
                let mut rules = PathRules::default();
                (rules.lookup, rules.names, rules.links) = (lookup, names, links);
                all.push(rules);
            }
        }
    }
    all
}

/// Puts links into the tree; those that were removed or replaced, again.
fn plant(outside: &Path, inside: &Path) {
    let links = [
        ("..", "link"),
        ("../../out", "climb"),
        ("../..", "deep/link"),
        ("deep/link", "chain"),
        ("../secret", "file-link"),
        ("loop", "loop"),
        (".", "self"),
        (outside.to_str().unwrap(), "absolute"),
    ];
    for (target, link) in links {
        let link = inside.join(link);
        let _ = fs::remove_file(&link);
        symlink(target, link).unwrap();
    }
}

/// Returns all that is beside the root: names, inodes and contents.
fn snapshot(outside: &Path, inside: &Path) -> BTreeMap<String, (u64, Option<String>)> {
    let beside = fs::read_dir(outside).unwrap().map(|entry| entry.unwrap().path());
    let above = fs::read_dir(outside.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    beside
        .chain(above)
        .filter(|path| path != inside)
        .map(|path| {
            let inode = fs::symlink_metadata(&path).unwrap().ino();
            (path.display().to_string(), (inode, fs::read_to_string(&path).ok()))
        })
        .collect()
}

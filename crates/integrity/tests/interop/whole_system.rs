//! Every digest of a whole system tree, held against the programs that have the last word.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use wardkit_integrity::{
    Algorithm, Claim, Dpkg, Export, Format, Inventory, ScanOptions, TrustSource as _,
};

#[test]
fn contents_of_the_whole_tree_are_those_that_sha256sum_and_b3sum_find() {
    let dir = tempfile::tempdir().unwrap();
    for (program, format, algorithm) in [
        ("sha256sum", Format::Sha256sum, Algorithm::Sha256),
        ("b3sum", Format::B3sum, Algorithm::Blake3),
    ] {
        let snapshot = ScanOptions::new([TREE]).with_algorithm(algorithm).run().unwrap();
        let list = dir.path().join(program);
        let writer = BufWriter::new(File::create(&list).unwrap());
        let exported =
            Export::new(format, algorithm).unwrap().write(snapshot.entries(), writer).unwrap();
        assert!(exported.written > 1_000, "{exported:?}");
        let check = Command::new(program).args(["--check", "--quiet"]).arg(&list).output().unwrap();
        let said = String::from_utf8_lossy(&check.stdout);
        assert!(check.status.success(), "{program}: {said}");
    }
}

#[test]
fn records_of_all_packages_are_read_as_dpkg_reads_them() {
    let dpkg = Dpkg::new("/");
    let inventory = dpkg.inventory(&Inventory::default()).unwrap();
    let mut list = String::new();
    let mut count = 0;
    for (name, package) in &inventory.packages {
        for (path, claim) in dpkg.claims(name, package).unwrap() {
            let Claim::Md5(digest) = claim else { continue };
            let Some(path) = path.to_str().filter(|path| !path.contains(['\\', '\n'])) else {
                continue;
            };
            for byte in digest {
                write!(list, "{byte:02x}").unwrap();
            }
            writeln!(list, "  {path}").unwrap();
            count += 1;
        }
    }
    assert!(count > 1_000, "{count}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("md5");
    File::create(&path).unwrap().write_all(list.as_bytes()).unwrap();
    let ours = differing(Command::new("md5sum").args(["--check", "--quiet"]).arg(path), |line| {
        Some(PathBuf::from(line.strip_suffix(": FAILED")?))
    });
    // `??5??????   /path`, or `??5?????? c /path` for a configuration file.
    let theirs = differing(Command::new("dpkg").arg("--verify"), |line| {
        let (flags, path) = (line.get(..9)?, line.get(12..)?);
        (flags.as_bytes().get(2) == Some(&b'5')).then(|| PathBuf::from(path))
    });
    assert_eq!(ours, theirs);
}

/// Returns the files that a program finds other than recorded, those apart that are not there at all.
fn differing(
    command: &mut Command,
    path_of: impl Fn(&str) -> Option<PathBuf>,
) -> BTreeSet<PathBuf> {
    let output = command.env("LC_ALL", "C").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(path_of).filter(|path| is_there(path)).collect()
}

fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

const TREE: &str = "/usr";

//! Updates that wait.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};

use wardkit_core::Timestamp;

use super::super::facts::{Fact, Patch, Updates};
use super::reader::Reader;
use crate::debian_order;

/// Finds out what waits: from apt's lists beside dpkg's records, else from what a notifier wrote.
pub(super) fn updates(reader: &Reader, now: Timestamp) -> Fact<Updates> {
    match lists(reader) {
        Fact::Known(names) if !names.is_empty() => {
            compared(reader, &names, now).unwrap_or_else(|error| Fact::Unknown(error.to_string()))
        }
        Fact::Unknown(why) => Fact::Unknown(why),
        Fact::Known(_) | Fact::Absent => told_by_notifier(reader),
    }
}

/// What Ubuntu's notifier wrote: "12 updates can be applied", "3 of these are standard security updates".
fn told_by_notifier(reader: &Reader) -> Fact<Updates> {
    let count = |text: &str, words: &[&str]| {
        let line = text.lines().find(|line| words.iter().any(|word| line.contains(word)));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    match reader.text(NOTIFIER) {
        Fact::Known(text) => Fact::Known(Updates {
            pending: count(&text, &["can be applied", "can be installed", "can be updated"]),
            security: count(&text, &["security update"]),
            ..Updates::default()
        }),
        Fact::Absent if reader.exists(DPKG) == Fact::Known(true) => {
            Fact::Unknown("apt has no lists of packages; `apt-get update` gets them".to_owned())
        }
        Fact::Absent => Fact::Unknown(
            "no list of pending updates is read on this system; `dnf upgrade --security` asks and applies"
                .to_owned(),
        ),
        Fact::Unknown(why) => Fact::Unknown(why),
    }
}

/// Returns apt's lists of packages, but for those from which nothing comes by itself, such as backports.
fn lists(reader: &Reader) -> Fact<Vec<String>> {
    reader.names(LISTS).map(|names| {
        let releases = names.iter().filter_map(|name| {
            let of = name.strip_suffix("_InRelease").or_else(|| name.strip_suffix("_Release"))?;
            let text = reader.text(&format!("{LISTS}/{name}"));
            let is_manual =
                text.known()?.lines().any(|line| line.trim_end() == "NotAutomatic: yes");
            is_manual.then(|| format!("{of}_"))
        });
        let manual: Vec<String> = releases.collect();
        let is_list = |name: &String| {
            let (before, after) = name.rsplit_once("_Packages").unwrap_or_default();
            !before.is_empty()
                && (after.is_empty() || after.starts_with('.'))
                && !manual.iter().any(|release| name.starts_with(release))
        };
        names.iter().filter(|name| is_list(name)).cloned().collect()
    })
}

fn compared(reader: &Reader, lists: &[String], now: Timestamp) -> io::Result<Fact<Updates>> {
    let text = match reader.text(DPKG) {
        Fact::Known(text) => text,
        Fact::Absent => return Ok(Fact::Unknown("apt has lists, but dpkg no records".to_owned())),
        Fact::Unknown(why) => return Ok(Fact::Unknown(why)),
    };
    let installed = installed(&text);
    let (mut newer, mut secure) = (BTreeMap::new(), BTreeMap::new());
    for list in lists {
        if !list.ends_with("_Packages") {
            let why = format!("{list} is compressed; `apt list --upgradable` reads it");
            return Ok(Fact::Unknown(why));
        }
        let is_security = list.contains("security");
        let file = reader.open(&format!("{LISTS}/{list}"))?;
        each_offer(BufReader::new(file.take(LARGEST)), |package, version| {
            let Some(&now) = installed.get(package) else { return };
            if debian_order(version, now).is_le() {
                return;
            }
            let later = |of: &mut BTreeMap<String, String>| {
                let known = of.entry(package.to_owned()).or_default();
                if known.is_empty() || debian_order(version, known).is_gt() {
                    version.clone_into(known);
                }
            };
            later(&mut newer);
            if is_security {
                later(&mut secure);
            }
        })?;
    }
    let count = |of: &BTreeMap<String, String>| u32::try_from(of.len()).unwrap_or(u32::MAX);
    let (pending, security) = (count(&newer), count(&secure));
    let patch = |(package, to): (String, String)| {
        let from = installed.get(package.as_str()).copied().unwrap_or_default().to_owned();
        Patch { package, from, to }
    };
    let patches = secure.into_iter().take(MOST_NAMED).map(patch).collect();
    Ok(Fact::Known(Updates { pending, security, patches, age_in_days: age(reader, now) }))
}

/// Returns the packages that are installed and not held, with their versions. Of one for several architectures, which have
/// the same version, the first counts.
fn installed(text: &str) -> HashMap<&str, &str> {
    let mut packages = HashMap::new();
    let (mut name, mut is_kept_up) = ("", false);
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("Package: ") {
            (name, is_kept_up) = (value, false);
        } else if let Some(value) = line.strip_prefix("Status: ") {
            is_kept_up = value == "install ok installed";
        } else if let Some(value) = line.strip_prefix("Version: ")
            && is_kept_up
            && Patch::is_name(name)
        {
            packages.entry(name).or_insert(value);
        }
    }
    packages
}

/// Tells each package and version that a list offers. A list of Debian has 50 MB, so it is read line by line.
fn each_offer(mut list: impl io::BufRead, mut tell: impl FnMut(&str, &str)) -> io::Result<()> {
    let (mut line, mut package) = (Vec::new(), String::new());
    loop {
        line.clear();
        if (&mut list).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let value = |name: &[u8]| std::str::from_utf8(line.strip_prefix(name)?).ok();
        if let Some(name) = value(b"Package: ") {
            package.clear();
            package.push_str(name.trim_end());
        } else if let Some(version) = value(b"Version: ") {
            tell(&package, version.trim_end());
        }
    }
}

/// Returns how many days ago apt asked: its working folder changes then, while lists have the times of the server.
fn age(reader: &Reader, now: Timestamp) -> Option<u64> {
    let place = reader.inside(&format!("{LISTS}/partial")).ok()?;
    let changed = Timestamp::from(fs::metadata(place).ok()?.modified().ok()?);
    Some(now.duration_since(changed).unwrap_or_default().as_secs() / 86_400)
}

const LISTS: &str = "var/lib/apt/lists";
const DPKG: &str = "var/lib/dpkg/status";
const NOTIFIER: &str = "var/lib/update-notifier/updates-available";

/// Four times what the largest list of Debian has.
const LARGEST: u64 = 200_000_000;
const LONGEST_LINE: u64 = 1_000_000;
/// More than a host has that was ever kept up.
const MOST_NAMED: usize = 2_000;

use std::fmt::Write as _;

use crate::{Access, Needs, Place, Subject};

/// Renders a profile of AppArmor: what it does not name is denied. What the program starts runs under it too.
///
/// ```
/// use wardkit_harden::{Subject, apparmor, manifest};
///
/// let needs = manifest("reads = [\"/etc/bot.toml\"]")?;
/// let profile = apparmor(&Subject::new("/srv/bot/bot")?, &needs);
/// assert!(profile.starts_with("# ") && profile.contains("profile bot \"/srv/bot/bot\" {"));
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[must_use]
pub fn apparmor(subject: &Subject, needs: &Needs) -> String {
    let (name, program) = (subject.name(), quoted(subject.program(), ""));
    let mut text = format!(
        "# Made by `auditctl harden apparmor`. Load it with: apparmor_parser -r FILE\n\
         profile {name} {program} {{\n"
    );
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  # The program itself.\n  {program} mrix,");
    files(needs, subject, &mut text);
    capabilities(needs, &mut text);
    network(needs, &mut text);
    text.push_str("\n  # Processes of the same profile.\n  signal peer=@{profile_name},\n");
    text.push_str("  unix peer=(label=@{profile_name}),\n");
    if needs.makes_namespaces {
        text.push_str(
            "\n  # It makes namespaces of its own.\n  mount,\n  umount,\n  pivot_root,\n",
        );
    }
    text.push_str("}\n");
    text
}

fn files(needs: &Needs, subject: &Subject, text: &mut String) {
    let kinds: [(&str, Kind); 4] = [
        ("What it starts, under this profile.", |access| access.execute),
        ("What it changes.", |access| access.write && !access.execute),
        ("Its libraries.", |access| access.map && !access.write && !access.execute),
        ("What it reads.", |access| !access.map && !access.write && !access.execute),
    ];
    let files = needs.distinct_files();
    for (title, is_kind) in kinds {
        let mut of_kind = files
            .iter()
            .filter(|(place, access)| is_kind(*access) && *place != subject.program())
            .peekable();
        if of_kind.peek().is_some() {
            let _ = writeln!(text, "\n  # {title}");
        }
        for (place, access) in of_kind {
            rules(place, *access, text);
        }
    }
}

/// Whether a use belongs to a kind of rules.
type Kind = fn(Access) -> bool;

fn rules(place: &Place, access: Access, text: &mut String) {
    let mut letters = String::new();
    for (has, letter) in
        [(access.map, "m"), (access.read, "r"), (access.write, "wk"), (access.execute, "ix")]
    {
        letters.push_str(if has { letter } else { "" });
    }
    if letters.is_empty() || access.list && place.is_tree() {
        // Directories end with a slash.
        let _ = writeln!(text, "  {} r,", quoted(place, "/"));
    } else if access.list {
        let rights = if access.write { "rw" } else { "r" };
        let _ = writeln!(text, "  {} {rights},", quoted(place, "/"));
    }
    if !letters.is_empty() {
        let _ = writeln!(
            text,
            "  {} {letters},",
            quoted(place, if place.is_tree() { "/**" } else { "" })
        );
    }
}

fn capabilities(needs: &Needs, text: &mut String) {
    if !needs.capabilities.is_empty() {
        text.push_str("\n  # What it may do beyond its user's rights.\n");
    }
    for capability in &needs.capabilities {
        let _ = writeln!(text, "  capability {},", capability.bare());
    }
}

fn network(needs: &Needs, text: &mut String) {
    let known = needs.known_network();
    if !known.families.is_empty() {
        let why = if needs.network.is_some() {
            "Its sockets."
        } else {
            "It is not known whom it talks to."
        };
        let _ = writeln!(text, "\n  # {why}");
    }
    for family in known.families {
        match family.name() {
            "inet" | "inet6" => {
                let _ = writeln!(text, "  network {family} stream,\n  network {family} dgram,");
                if needs.capabilities.iter().any(|one| one.bare() == "net_raw") {
                    let _ = writeln!(text, "  network {family} raw,");
                }
            }
            "unix" => text.push_str("  unix,\n  network unix,\n"),
            name => {
                let _ = writeln!(text, "  network {name},");
            }
        }
    }
}

/// Returns a place in quotes, in which every letter means itself.
fn quoted(place: &Place, end: &str) -> String {
    let mut text = String::from("\"");
    for letter in place.path().trim_end_matches('/').chars() {
        match letter {
            '"' | '\\' | '*' | '?' | '[' | ']' | '{' | '}' | '^' | ',' | '@' | '$' => {
                let _ = write!(text, "\\{letter}");
            }
            _ => text.push(letter),
        }
    }
    let end = if place.path() == "/" && end.is_empty() { "/" } else { end };
    text + end + "\""
}

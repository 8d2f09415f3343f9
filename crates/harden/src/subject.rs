use crate::{Error, Place};

/// The program that a profile is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    program: Place,
    name: String,
}

impl Subject {
    /// Takes the program's absolute path; profiles are named after its file.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] for a path that cannot stand in a profile, or is a directory.
    pub fn new(program: &str) -> Result<Self, Error> {
        let place = Place::new(program)?;
        if place.is_tree() {
            let reason = "it is a directory, not a program";
            return Err(Error::Path { path: program.to_owned(), reason });
        }
        let name = identifier(place.name());
        Ok(Self { program: place, name })
    }

    /// The same program with profiles of another name; letters that no enforcer's language takes become `_`.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: identifier(name), ..self }
    }

    /// Returns the program's path.
    #[must_use]
    pub fn program(&self) -> &Place {
        &self.program
    }

    /// Returns what its profiles are called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Returns a word that AppArmor and SELinux take as a name and never as a keyword.
fn identifier(text: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }
    };
    let mut name: String = text.chars().map(plain).take(LONGEST).collect();
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.insert_str(0, "p_");
    }
    if KEYWORDS.contains(&name.as_str()) {
        name.push_str("_program");
    }
    name
}

/// With a suffix it stays below what SELinux' tools take.
const LONGEST: usize = 40;

/// The words of checkmodule's grammar.
const KEYWORDS: [&str; 106] = [
    "alias",
    "allow",
    "allowxperm",
    "and",
    "any",
    "attribute",
    "attribute_role",
    "auditallow",
    "auditallowxperm",
    "auditdeny",
    "base",
    "bool",
    "category",
    "class",
    "clone",
    "common",
    "constrain",
    "default_range",
    "default_role",
    "default_type",
    "default_user",
    "devicetreecon",
    "dom",
    "domby",
    "dominance",
    "dontaudit",
    "dontauditxperm",
    "else",
    "eq",
    "equals",
    "expandattribute",
    "false",
    "fs_use_task",
    "fs_use_trans",
    "fs_use_xattr",
    "fscon",
    "genfscon",
    "glblub",
    "h1",
    "h2",
    "hashtable",
    "high",
    "ibendportcon",
    "ibpkeycon",
    "identifier",
    "if",
    "incomp",
    "inherits",
    "iomemcon",
    "ioportcon",
    "ipv4_addr",
    "ipv6_addr",
    "l1",
    "l2",
    "level",
    "low",
    "low_high",
    "mlsconstrain",
    "mlsvalidatetrans",
    "module",
    "netifcon",
    "neverallow",
    "neverallowxperm",
    "nodecon",
    "not",
    "optional",
    "or",
    "pcidevicecon",
    "permissive",
    "pirqcon",
    "policycap",
    "portcon",
    "r1",
    "r2",
    "r3",
    "range",
    "range_transition",
    "require",
    "role",
    "roleattribute",
    "roles",
    "sameuser",
    "sensitivity",
    "sid",
    "source",
    "t1",
    "t2",
    "t3",
    "target",
    "true",
    "tunable",
    "type",
    "type_change",
    "type_member",
    "type_transition",
    "typealias",
    "typeattribute",
    "typebounds",
    "types",
    "u1",
    "u2",
    "u3",
    "user",
    "validatetrans",
    "version",
    "xor",
];

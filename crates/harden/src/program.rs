use crate::{Access, Error, Needs, Place, elf};

/// What a program's own bytes say of what it needs.
///
/// ```
/// use wardkit_harden::Program;
///
/// let script = Program::read(b"#!/usr/bin/env python3\nprint(1)\n")?;
/// assert_eq!(script.started_by(), Some("/usr/bin/env"));
/// assert_eq!(script.argument(), Some("python3"));
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    started_by: Option<String>,
    argument: Option<String>,
    libraries: Vec<String>,
    run_paths: Vec<String>,
    is_script: bool,
}

impl Program {
    /// Reads an ELF file or a script.
    ///
    /// # Errors
    ///
    /// [`Error::Program`] for what the kernel would not start either, and for programs that are not of 64 bits.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        if let Some(rest) = bytes.strip_prefix(b"#!") {
            return script(rest);
        }
        let elf = elf::read(bytes).map_err(|reason| Error::Program { reason })?;
        Ok(Self {
            started_by: elf.interpreter,
            argument: None,
            libraries: elf.libraries,
            run_paths: elf.run_paths,
            is_script: false,
        })
    }

    /// Whether it is a script.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.is_script
    }

    /// Returns what starts it: a script's interpreter, or the loader of an ELF file that is not static.
    #[must_use]
    pub fn started_by(&self) -> Option<&str> {
        self.started_by.as_deref()
    }

    /// Returns what the interpreter of a script is told before the script's name.
    #[must_use]
    pub fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }

    /// Returns the libraries that it names itself.
    #[must_use]
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }

    /// Returns what it needs for its start from a place: itself, its loader, and where its libraries are.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] when its interpreter's path cannot stand in a profile.
    pub fn needs(&self, place: &Place) -> Result<Needs, Error> {
        let mut needs = Needs::default();
        needs.use_file(place.clone(), Access::EXECUTE);
        if let Some(path) = &self.started_by {
            needs.use_file(Place::new(path)?, Access::EXECUTE);
        }
        if self.is_script || self.libraries.is_empty() {
            return Ok(needs);
        }
        for path in LIBRARIES {
            needs.use_file(Place::new(path)?, Access::LIBRARY);
        }
        for path in LOADER_FILES {
            needs.use_file(Place::new(path)?, Access::READ);
        }
        for path in &self.run_paths {
            let path = path.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", place.parent());
            // The loader passes over what is no path; an empty one is the directory it is started in.
            let Ok(path) = Place::new(&path) else { continue };
            if path.path() != "/" {
                needs.use_file(path.tree(), Access::LIBRARY);
            }
        }
        Ok(needs)
    }

    /// Returns what a program by this name reads in any case, when nothing else is known of it.
    #[must_use]
    pub fn usual(name: &str) -> Needs {
        let mut needs = Needs { writes_code: is_compiler(name), ..Needs::default() };
        for place in USUAL_READS.into_iter().filter_map(|path| Place::new(path).ok()) {
            needs.use_file(place, Access::BROWSE);
        }
        for place in LIBRARIES.into_iter().filter_map(|path| Place::new(path).ok()) {
            needs.use_file(place, Access { list: true, ..Access::LIBRARY });
        }
        needs
    }
}

fn script(rest: &[u8]) -> Result<Program, Error> {
    let end = rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    let line = &rest[..end.unwrap_or(rest.len().min(LONGEST_LINE))];
    let line = std::str::from_utf8(line)
        .map_err(|_| Error::Program { reason: "its first line is no text" })?;
    let line = line.trim_matches([' ', '\t', '\r']);
    let (interpreter, argument) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    if !interpreter.starts_with('/') {
        return Err(Error::Program { reason: "its first line names no interpreter by its path" });
    }
    let argument = argument.trim_matches([' ', '\t']);
    Ok(Program {
        started_by: Some(interpreter.to_owned()),
        argument: (!argument.is_empty()).then(|| argument.to_owned()),
        libraries: Vec::new(),
        run_paths: Vec::new(),
        is_script: true,
    })
}

/// Whether a program of this name compiles while it runs.
fn is_compiler(name: &str) -> bool {
    let bare = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    COMPILERS.contains(&bare)
}

/// Programs that make code while they run.
const COMPILERS: [&str; 13] = [
    "bun", "chrome", "chromium", "deno", "dotnet", "java", "julia", "luajit", "mono", "node",
    "nodejs", "pypy", "qemu",
];

/// Where loaders look.
const LIBRARIES: [&str; 5] = ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/"];
const LOADER_FILES: [&str; 3] = ["/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf"];

/// Names of hosts and users, times, certificates, and what run-time libraries ask of the system.
const USUAL_READS: [&str; 26] = [
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki/",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs/",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/self/",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/run/systemd/resolve/",
    "/usr/share/",
];

/// What the kernel reads of a script's first line.
const LONGEST_LINE: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_script_is_read_as_the_kernel_does() {
        let rows = [
            ("#!/bin/sh\n", Some(("/bin/sh", None))),
            ("#! /usr/bin/env  -S python3 -u \nx", Some(("/usr/bin/env", Some("-S python3 -u")))),
            ("#!/bin/sh", Some(("/bin/sh", None))),
            ("#!python3\n", None),
            ("#!\n", None),
            ("echo\n", None),
        ];
        for (text, expected) in rows {
            let found = Program::read(text.as_bytes()).ok();
            let found = found
                .as_ref()
                .map(|found| (found.started_by().unwrap_or_default(), found.argument()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn compilers_are_known_with_their_versions() {
        assert!(is_compiler("pypy3.10") && is_compiler("node") && !is_compiler("python3.13"));
    }
}

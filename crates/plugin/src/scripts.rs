//! Native plugins that are scripts.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_sandbox::{
    Capabilities, HostCaps, Input, Native, Outcome, Policy, Prepared, Sandbox, SandboxError,
};

/// Runs native plugins that are scripts, behind the kernel's fences. An interpreter opens its script by a path, so each
/// is kept as a file under the digest of its bytes, in a folder that is this user's alone. A plugin sees that file and
/// the host's interpreters and libraries, where they were granted; the rest is as with [`Native`].
#[derive(Clone, Debug)]
pub struct Scripts {
    native: Arc<Native>,
    folder: PathBuf,
}

impl Scripts {
    /// Keeps scripts in this folder, which is made where there is none.
    #[must_use]
    pub fn new(native: Arc<Native>, folder: &Path) -> Self {
        Self { native, folder: folder.to_owned() }
    }

    /// Removes scripts that were kept before: those that are still called are written again when they are.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or something in it not be removed.
    pub fn tidy(&self) -> io::Result<()> {
        let scripts = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            scripts => scripts?,
        };
        for script in scripts {
            match fs::remove_file(script?.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes a script so that it is there whole, or not at all.
    fn keep(&self, program: &[u8]) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.folder.join(blake3::hash(program).to_hex().as_str());
        if fs::read(&path).is_ok_and(|bytes| bytes == program) {
            return Ok(path);
        }
        // Two processes may write the same bytes at once, each to a draft of its own.
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let _ = fs::remove_file(&draft);
        // Within the sandbox it is run by another user; on the host the folder keeps others out.
        let mut file = File::options().write(true).create_new(true).mode(0o555).open(&draft)?;
        file.write_all(program)?;
        drop(file);
        fs::rename(&draft, &path)?;
        Ok(path)
    }
}

impl Sandbox for Scripts {
    fn probe(&self) -> HostCaps {
        self.native.probe()
    }

    /// Without a first line that names its interpreter it is no script, and [`Native`] itself prepares it.
    fn prepare(&self, program: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        let invalid = |what: &Path, reason: String| SandboxError::Invalid {
            what: what.display().to_string(),
            reason,
        };
        if !program.starts_with(b"#!") {
            return self.native.prepare(program, policy);
        }
        if !policy.grants.runtime {
            let reason = "is a script, and `runtime` is not granted".to_owned();
            return Err(invalid(Path::new("the program"), reason));
        }
        policy.check()?;
        let path = self.keep(program).map_err(|error| invalid(&self.folder, error.to_string()))?;
        let program = program.to_vec();
        Ok(Box::new(Ready { scripts: self.clone(), path, program, policy: policy.clone() }))
    }
}

/// A script that is ready to be run.
struct Ready {
    scripts: Scripts,
    path: PathBuf,
    program: Vec<u8>,
    policy: Policy,
}

impl Prepared for Ready {
    /// A native program has no way to ask for anything.
    fn call(&self, input: &[u8], _: &Arc<dyn Capabilities>) -> Result<Outcome, SandboxError> {
        let most = self.policy.limits.input.0;
        if input.len() as u64 > most {
            let reason = format!("has {} bytes, and {most} are allowed", input.len());
            return Err(SandboxError::Invalid { what: "the input".into(), reason });
        }
        match self.call_once(input) {
            // Whoever tidies the folder removed it before it was opened.
            Err(_) if !self.path.exists() => self.call_once(input),
            called => called,
        }
    }
}

impl Ready {
    fn call_once(&self, input: &[u8]) -> Result<Outcome, SandboxError> {
        // Whoever tidies the folder may have removed it since the last call.
        self.scripts.keep(&self.program).map_err(|error| SandboxError::Invalid {
            what: self.path.display().to_string(),
            reason: error.to_string(),
        })?;
        let mut given = (Vec::new(), Vec::new());
        let input = Input::Bytes(input);
        let native = &self.scripts.native;
        let mut outcome = native.run(&self.path, &[], &self.policy, input, &mut given)?;
        (outcome.output, outcome.errors) = given;
        Ok(outcome)
    }
}

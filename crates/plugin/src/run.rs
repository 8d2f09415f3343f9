//! From a package to calls. Each step is a type of its own, so that none can be left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use wardkit_core::Clock;
use wardkit_sandbox::{Capabilities, Ended, Outcome, Prepared, Sandbox};
use wardkit_validation::{Quota, RateLimiter};

use crate::manifest::{FilePath, SelfTest};
use crate::{Error, Finding, Grant, JsonSchema, Manifest, Package, Trust, Validator};

/// A package that was looked through, and nothing grave was found. There is no other way to one than
/// [`Validator::verify`], and none to a call but through one:
///
/// ```compile_fail,E0599
/// use wardkit_plugin::{Grant, Package};
///
/// fn run(package: &Package, sandbox: &dyn wardkit_sandbox::Sandbox) {
///     let _ = package.prepare(sandbox, &Grant::default(), &Grant::default(), &Default::default());
/// }
/// ```
///
/// ```compile_fail,E0451
/// use wardkit_plugin::{Package, Trust, VerifiedPlugin};
///
/// fn forge(package: Package) -> VerifiedPlugin {
///     VerifiedPlugin { package, trust: Trust::Unsigned, findings: Vec::new() }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedPlugin {
    package: Package,
    trust: Trust,
    findings: Vec<Finding>,
}

impl Validator {
    /// Looks through a package, and takes it when nothing grave is found.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with everything that was found.
    pub fn verify(&self, package: Package, trust: Trust) -> Result<VerifiedPlugin, Error> {
        let mut findings = self.check(&package);
        self.signed(&trust, &mut findings);
        if findings.iter().any(Finding::is_error) {
            return Err(Error::Refused { findings });
        }
        Ok(VerifiedPlugin { package, trust, findings })
    }
}

impl VerifiedPlugin {
    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.package.manifest()
    }

    /// Returns the package.
    #[must_use]
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Returns who answers for it.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Returns what was found, none of it grave.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Makes it ready to be called, with what it asked for, the operator gave and the host bears.
    ///
    /// # Errors
    ///
    /// When a schema is not usable, it is native and that is not granted, or the sandbox refuses it.
    pub fn prepare(
        &self,
        sandbox: &dyn Sandbox,
        operator: &Grant,
        ceiling: &Grant,
        environment: &BTreeMap<String, String>,
    ) -> Result<PreparedPlugin, Error> {
        let manifest = self.manifest();
        let id = manifest.plugin.id.to_string();
        let grant = Grant::asked_by(manifest).meet(operator).meet(ceiling);
        grant.check_kind(manifest)?;
        let schema = |what, file: &Option<FilePath>| {
            let bytes = file.as_ref().and_then(|file| self.package.file(file.as_str()));
            bytes.map(|bytes| JsonSchema::parse(what, bytes)).transpose()
        };
        let entry = self.package.entry().unwrap_or_default();
        let prepared = sandbox
            .prepare(entry, &grant.policy(environment))
            .map_err(|source| Error::Sandbox { id: id.clone(), source })?;
        Ok(PreparedPlugin {
            id,
            prepared,
            input: schema("input", &manifest.io.input_schema)?,
            output: schema("output", &manifest.io.output_schema)?,
            health: manifest.health.clone(),
            grant,
        })
    }
}

/// A plugin that is ready to be called, each time as if it was the first.
pub struct PreparedPlugin {
    id: String,
    prepared: Box<dyn Prepared>,
    grant: Grant,
    input: Option<JsonSchema>,
    output: Option<JsonSchema>,
    health: Option<SelfTest>,
}

/// What one call gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// What came out, held to its schema; `None` when the call did not end by itself and well.
    pub value: Option<Value>,
    /// How it ended, what it used and what enforced each guarantee.
    pub outcome: Outcome,
}

impl PreparedPlugin {
    /// Returns its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns what it may do.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Calls it with JSON, and takes JSON. Both are held to their schemas.
    ///
    /// # Errors
    ///
    /// When it could not be run, or what goes in or comes out is not what it should be.
    pub fn call(
        &self,
        input: &[u8],
        capabilities: &Arc<dyn Capabilities>,
    ) -> Result<Answer, Error> {
        if input.len() as u64 > self.grant.limits.input.0 {
            let reason = format!("it is longer than {}", self.grant.limits.input);
            return Err(Error::Data { what: "input", reason });
        }
        if let Some(schema) = &self.input {
            schema.check(input)?;
        }
        let outcome = self
            .prepared
            .call(input, capabilities)
            .map_err(|source| Error::Sandbox { id: self.id.clone(), source })?;
        if outcome.ended != Ended::Exited(0) {
            return Ok(Answer { value: None, outcome });
        }
        let value = match &self.output {
            Some(schema) => schema.check(&outcome.output)?,
            None => serde_json::from_slice(&outcome.output)
                .map_err(|_| Error::Data { what: "output", reason: "it is no JSON".to_owned() })?,
        };
        Ok(Answer { value: Some(value), outcome })
    }

    /// Makes the call whose answer is known. Without a self-test there is nothing to prove.
    ///
    /// # Errors
    ///
    /// When it could not be run, did not end well, or gave another answer.
    pub fn self_test(&self, capabilities: &Arc<dyn Capabilities>) -> Result<(), Error> {
        let Some(test) = &self.health else { return Ok(()) };
        let answer = self.call(test.input.to_string().as_bytes(), capabilities)?;
        let wrong = |reason: String| Error::Data { what: "self-test", reason };
        match (&answer.value, &test.output) {
            (None, _) => Err(wrong(format!("it ended with {:?}", answer.outcome.ended))),
            (Some(value), Some(known)) if value != known => Err(wrong("another answer".to_owned())),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for PreparedPlugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreparedPlugin")
            .field("id", &self.id)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// How many calls in a minute, and who counts them.
type Limiter<C> = (u32, RateLimiter<(), C>);

/// How often plugins may be called, each by its own grant.
pub struct CallQuota<C> {
    clock: C,
    limiters: std::sync::Mutex<BTreeMap<String, Limiter<C>>>,
}

impl<C: Clock + Clone> CallQuota<C> {
    /// Counts by this clock.
    #[must_use]
    pub fn new(clock: C) -> Self {
        Self { clock, limiters: std::sync::Mutex::default() }
    }

    /// Takes one call of a plugin.
    ///
    /// # Errors
    ///
    /// [`Error::Quota`] when it was called as often as it may.
    pub fn take(&self, plugin: &PreparedPlugin) -> Result<(), Error> {
        let spent = || Error::Quota { id: plugin.id.clone() };
        let most = plugin.grant.limits.calls_per_minute;
        if most == 0 {
            return Err(spent());
        }
        let mut limiters = self.limiters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let made = || {
            let limiter = RateLimiter::new(Quota::per_minute(most).with_burst(most));
            (most, limiter.with_clock(self.clock.clone()))
        };
        let entry = limiters.entry(plugin.id.clone()).or_insert_with(made);
        // An upgrade may come with another grant.
        if entry.0 != most {
            *entry = made();
        }
        entry.1.check(&()).map(drop).map_err(|_| spent())
    }
}

impl<C> std::fmt::Debug for CallQuota<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallQuota").finish_non_exhaustive()
    }
}

//! The engines that this program has.

use std::path::{Path, PathBuf};

use wardkit_audit::{Audit, Check, EngineKind, HostEngine, Profile, Settings};
use wardkit_audit_code::{CodeEngine, Rules};
use wardkit_audit_conf::ConfEngine;
use wardkit_audit_deps::DepsEngine;
use wardkit_audit_live::LiveEngine;
use wardkit_audit_secrets::SecretsEngine;
use wardkit_cli::{Report, escaped};
use wardkit_core::Clock;

use super::{host, secrets};
use crate::cli::Knowledge;
use crate::commands::{could_not_run, deps};

/// Those that look at something; the audit judges its suppressions besides.
const HAS: &[EngineKind] = &[
    EngineKind::Ast,
    EngineKind::Flow,
    EngineKind::Secrets,
    EngineKind::Deps,
    EngineKind::Conf,
    EngineKind::Host,
];

/// What engines are made from.
pub(super) struct Wanted<'a> {
    pub clock: &'a dyn Clock,
    pub profile: Profile,
    /// Only these; all when there are none.
    pub kinds: &'a [EngineKind],
    pub settings: &'a Settings,
    pub facts: Option<&'a Path>,
    pub secrets: secrets::Wanted<'a>,
    pub knowledge: &'a Knowledge,
    /// Rules for sources besides those that are built in.
    pub own_rules: &'a [PathBuf],
}

impl Wanted<'_> {
    /// Whether an engine is needed. Whoever gives it something to read learns of mistakes in that in any case.
    fn needs(&self, kinds: &[EngineKind], is_given_something: bool) -> bool {
        is_given_something
            || self.kinds.is_empty()
            || kinds.iter().any(|kind| self.kinds.contains(kind))
    }
}

/// Returns an audit with every engine that is asked for and that the profile wants. The others are not even made: rules take
/// longer to read than a small project to judge.
pub(super) fn audit<'a>(wanted: &Wanted<'a>) -> Result<Audit<'a>, Report> {
    let Wanted { clock, profile, settings, .. } = *wanted;
    let mut audit = Audit::new(clock).with_profile(profile).with_settings(settings.clone());
    if wanted.needs(&[EngineKind::Host], wanted.facts.is_some())
        && HostEngine::catalogue().iter().any(|check| profile.includes(check))
    {
        let facts = host::facts(wanted.facts, Path::new("/"), clock)?;
        audit = audit.with_engine(host::engine(facts, settings));
    }
    if profile == Profile::Host {
        return Ok(audit);
    }
    // What nobody runs where attackers are is judged when everything is.
    let judges_tests = profile == Profile::Full;
    if wanted.needs(&[EngineKind::Ast, EngineKind::Flow], !wanted.own_rules.is_empty()) {
        let engine = CodeEngine::with_rules(rules(wanted.own_rules)?);
        audit = audit.with_engine(if judges_tests { engine.judging_tests() } else { engine });
    }
    if wanted.needs(&[EngineKind::Conf], false) {
        let engine = ConfEngine::new();
        audit = audit.with_engine(if judges_tests { engine.judging_tests() } else { engine });
    }
    if wanted.needs(&[EngineKind::Secrets], wanted.secrets.rules.is_some()) {
        audit = audit.with_engine(secrets::engine(&wanted.secrets, profile, clock)?);
    }
    if wanted.needs(&[EngineKind::Deps], wanted.knowledge.db.is_some()) {
        let engine = deps::engine(wanted.knowledge, clock)?;
        audit = audit.with_engine(if judges_tests { engine.judging_tests() } else { engine });
    }
    Ok(audit)
}

/// Returns the rules for sources.
pub(super) fn rules(own: &[PathBuf]) -> Result<Rules, Report> {
    let built_in = Rules::built_in().map_err(could_not_run)?;
    if own.is_empty() {
        return Ok(built_in);
    }
    let all = built_in.and(crate::commands::rules::own::read(own)?);
    all.map_err(|error| could_not_run(escaped(&error.to_string())))
}

/// Returns what the engines look for, for who asks without an audit.
pub(super) fn catalogue() -> Result<Vec<Check>, Report> {
    let mut checks = HostEngine::catalogue();
    checks.extend(CodeEngine::new().map_err(could_not_run)?.catalogue());
    checks.extend(SecretsEngine::catalogue());
    checks.extend(LiveEngine::catalogue());
    checks.extend(DepsEngine::catalogue());
    checks.extend(ConfEngine::catalogue());
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    // Two engines may look for the same in different files: it is one check.
    checks.dedup_by(|a, b| a.id == b.id);
    Ok(checks)
}

/// An engine that is not there must not look like one that found nothing.
pub(super) fn chosen(names: &[String]) -> Result<Vec<EngineKind>, Report> {
    let known = |name: &String| {
        let kind: EngineKind = name.parse().map_err(could_not_run)?;
        if HAS.contains(&kind) {
            return Ok(kind);
        }
        let has: Vec<&str> = HAS.iter().map(|kind| kind.as_str()).collect();
        let hint = format!("engines: {}", has.join(", "));
        Err(could_not_run(format!("this auditctl has no engine {kind}")).with_hint(hint))
    };
    names.iter().map(known).collect()
}

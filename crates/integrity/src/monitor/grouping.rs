//! Which findings are told together.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use wardkit_core::Severity;

use super::MonitorOptions;
use crate::{Cause, Confidence, Finding, Group, PackageChange, Report, Ruling};

/// Makes reports of the findings of one window: one for all that packages vouch for; one for what matches records that
/// cannot vouch; the rest one by one, or in groups where they are many.
pub(super) fn reports(
    findings: Vec<Finding>,
    packages: &[PackageChange],
    options: &MonitorOptions,
) -> Vec<Report> {
    let (mut vouched, mut exposed, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for finding in findings {
        match finding.ruling {
            Ruling::Vouched => vouched.push(finding),
            Ruling::RecordExposed => exposed.push(finding),
            _ => rest.push(finding),
        }
    }
    let mut reports = Vec::new();
    reports.extend(of_packages(vouched, packages, options));
    reports.extend(of_packages(exposed, packages, options));
    if rest.len() <= options.most_single {
        reports.extend(rest.into_iter().map(|finding| Report::Finding(Box::new(finding))));
    } else {
        reports.extend(of_many(rest, options));
    }
    reports
}

fn of_packages(
    findings: Vec<Finding>,
    packages: &[PackageChange],
    options: &MonitorOptions,
) -> Option<Report> {
    let first = findings.first()?;
    let is_concerned = |package: &&PackageChange| {
        let mut of = findings.iter().filter_map(|finding| finding.package.as_ref());
        of.any(|one| one.name == package.name && one.source == package.source)
    };
    let mut concerned: Vec<PackageChange> = packages.iter().filter(is_concerned).cloned().collect();
    if concerned.is_empty() {
        // What a transaction only wrote anew belongs to none of its packages.
        concerned = packages.to_vec();
    }
    let packages = concerned;
    let is_new = packages.iter().any(|package| package.old.is_none() || package.new.is_none());
    let mut group = Group::new(Cause::Packages(packages), first.at);
    // A package that comes or goes is rarer than one that is kept up to date.
    group.severity = if is_new { Severity::Notice } else { Severity::Info };
    for finding in findings {
        group.add(finding, options.most_listed);
    }
    Some(Report::Group(group))
}

/// Groups by the program that wrote, where it is known, and else by directory: as deep as leaves few groups.
fn of_many(findings: Vec<Finding>, options: &MonitorOptions) -> Vec<Report> {
    let depth = (1..=DEEPEST).rev().find(|&depth| {
        let groups: std::collections::BTreeSet<Cause> =
            findings.iter().map(|finding| cause(finding, depth)).collect();
        groups.len() <= options.most_single
    });
    let depth = depth.unwrap_or(0);
    let mut groups: BTreeMap<Cause, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(cause(&finding, depth)).or_default().push(finding);
    }
    let report = |(cause, mut findings): (Cause, Vec<Finding>)| {
        if findings.len() == 1 {
            return findings.pop().map(|finding| Report::Finding(Box::new(finding)));
        }
        let mut group = Group::new(cause, findings.first()?.at);
        // The worst are listed first, where not all are.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in findings {
            group.add(finding, options.most_listed);
        }
        Some(Report::Group(group))
    };
    groups.into_iter().filter_map(report).collect()
}

fn cause(finding: &Finding, depth: usize) -> Cause {
    let known = finding.actors.iter().find(|actor| actor.confidence != Confidence::Unknown);
    match known.and_then(|actor| actor.exe.clone()) {
        Some(program) if depth > 0 => Cause::Program(program),
        _ => Cause::Below(top(&finding.change.path, depth)),
    }
}

/// Returns the directory of a path, cut to so many components below `/`.
fn top(path: &Path, depth: usize) -> PathBuf {
    let parent = path.parent().unwrap_or(path);
    let is_root = |component: &Component<'_>| matches!(component, Component::RootDir);
    let names = parent.components().filter(|component| !is_root(component)).take(depth);
    Path::new("/").join(names.collect::<PathBuf>())
}

/// `/usr/lib/python3/dist-packages`: deeper directories say little of what they have in common.
const DEEPEST: usize = 4;

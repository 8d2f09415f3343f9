//! Tokens of forges, registries and build services.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{MANY, Recogniser, checked_token, token};
use super::super::verify;

pub(super) static TABLE: &[Recogniser] = &[
    checked_token(
        "secret.github-token",
        "GitHub token",
        "prefix, length; surer with its CRC-32",
        verify::github,
        &[
            &[Lit("ghp_"), Run(A::ALNUM, 36, 255)],
            &[Lit("gho_"), Run(A::ALNUM, 36, 255)],
            &[Lit("ghu_"), Run(A::ALNUM, 36, 255)],
            &[Lit("ghs_"), Run(A::ALNUM, 36, 255)],
            &[Lit("ghr_"), Run(A::ALNUM, 36, 255)],
            &[Lit("ghs_"), Run(A::NAME, 100, MANY)],
        ],
    ),
    token(
        "secret.github-fine-grained-token",
        "GitHub fine-grained token",
        &[&[Lit("github_pat_"), Run(A::WORD, 40, 255)]],
    ),
    token(
        "secret.gitlab-token",
        "GitLab token",
        &[
            &[Lit("glpat-"), Run(A::NAME, 20, 300)],
            &[Lit("gldt-"), Run(A::NAME, 20, 300)],
            &[Lit("glrt-"), Run(A::NAME, 20, 300)],
            &[Lit("glrtr-"), Run(A::NAME, 20, 300)],
            &[Lit("glft-"), Run(A::NAME, 20, 300)],
            &[Lit("glsoat-"), Run(A::NAME, 20, 300)],
            &[Lit("glcbt-"), Run(A::NAME, 20, 300)],
            &[Lit("glptt-"), Run(A::NAME, 20, 300)],
            &[Lit("glimt-"), Run(A::NAME, 20, 300)],
            &[Lit("glagent-"), Run(A::NAME, 20, 300)],
            &[Lit("gloas-"), Run(A::NAME, 20, 300)],
            &[Lit("glffct-"), Run(A::NAME, 20, 300)],
            &[Lit("GR1348941"), Run(A::BASE64URL, 20, 40)],
        ],
    ),
    token("secret.npm-token", "npm token", &[&[Lit("npm_"), Run(A::ALNUM, 36, 60)]]),
    token("secret.pypi-token", "PyPI token", &[&[Lit("pypi-AgE"), Run(A::BASE64URL, 50, MANY)]]),
    checked_token(
        "secret.cargo-registry-token",
        "cargo registry token",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("cio"), Run(A::ALNUM, 32, 32)]],
    ),
    token("secret.rubygems-key", "RubyGems key", &[&[Lit("rubygems_"), Run(A::LOWER_HEX, 48, 48)]]),
    token(
        "secret.docker-hub-token",
        "Docker Hub token",
        &[
            &[Lit("dckr_pat_"), Run(A::BASE64URL, 24, 60)],
            &[Lit("dckr_oat_"), Run(A::BASE64URL, 24, 60)],
        ],
    ),
    token("secret.clojars-token", "Clojars token", &[&[Lit("CLOJARS_"), Run(A::ALNUM, 60, 60)]]),
    token(
        "secret.artifactory-key",
        "Artifactory key",
        &[&[Lit("AKCp"), Run(A::ALNUM, 64, 80)], &[Lit("cmVmdGtuO"), Run(A::ALNUM, 50, 60)]],
    ),
    token(
        "secret.atlassian-token",
        "Atlassian token",
        &[
            &[Lit("ATATT3"), Run(A::ANY_BASE64, 100, MANY)],
            &[Lit("ATCTT3"), Run(A::ANY_BASE64, 100, MANY)],
            &[Lit("ATBB"), Run(A::ALNUM, 32, 32)],
        ],
    ),
    token("secret.trello-token", "Trello token", &[&[Lit("ATTA"), Run(A::HEX, 60, 80)]]),
    token(
        "secret.buildkite-token",
        "Buildkite token",
        &[&[Lit("bkua_"), Run(A::LOWER_HEX, 40, 40)]],
    ),
    token(
        "secret.circleci-token",
        "CircleCI token",
        &[
            &[Lit("CCIPAT_"), Run(A::ALNUM, 20, 24), Lit("_"), Run(A::HEX, 40, 40)],
            &[Lit("CCIPRJ_"), Run(A::ALNUM, 20, 24), Lit("_"), Run(A::HEX, 40, 40)],
        ],
    ),
    token(
        "secret.sonarqube-token",
        "SonarQube token",
        &[
            &[Lit("squ_"), Run(A::LOWER_HEX, 40, 40)],
            &[Lit("sqp_"), Run(A::LOWER_HEX, 40, 40)],
            &[Lit("sqa_"), Run(A::LOWER_HEX, 40, 40)],
        ],
    ),
    token("secret.sourcegraph-token", "Sourcegraph token", &[&[Lit("sgp_"), Run(A::WORD, 40, 80)]]),
    token(
        "secret.snyk-style-token",
        "Snyk token",
        &[&[Lit("snyk_uat."), Run(A::NAME, 30, 200)], &[Lit("snyk_sat."), Run(A::NAME, 30, 200)]],
    ),
    token(
        "secret.harness-token",
        "Harness token",
        &[
            &[
                Lit("pat."),
                Run(A::BASE64URL, 22, 22),
                Lit("."),
                Run(A::LOWER_HEX, 24, 24),
                Lit("."),
                Run(A::ALNUM, 20, 20),
            ],
            &[
                Lit("sat."),
                Run(A::BASE64URL, 22, 22),
                Lit("."),
                Run(A::LOWER_HEX, 24, 24),
                Lit("."),
                Run(A::ALNUM, 20, 20),
            ],
        ],
    ),
    token("secret.prefect-token", "Prefect token", &[&[Lit("pnu_"), Run(A::ALNUM, 36, 36)]]),
    token("secret.readme-key", "ReadMe key", &[&[Lit("rdme_"), Run(A::LOWER_ALNUM, 70, 70)]]),
];

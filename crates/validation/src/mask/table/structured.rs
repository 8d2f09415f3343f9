//! Secrets by their structure, whoever issued them.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{Recogniser, token};

const CRYPT: A = A::BASE64.or(A::DOT).or(A::NAME);

pub(super) static TABLE: &[Recogniser] = &[
    token(
        "secret.agentd-token",
        "agentd token",
        &[&[Lit("agd_"), Run(A::ALNUM, 4, 40), Lit("_"), Run(A::BASE64URL, 40, 60)]],
    ),
    token(
        "secret.age-key",
        "age secret key",
        &[
            &[Lit("AGE-SECRET-KEY-1"), Run(A::ALNUM, 58, 58)],
            &[Lit("AGE-SECRET-KEY-PQ-1"), Run(A::ALNUM, 58, 200)],
        ],
    ),
    token(
        "secret.password-hash",
        "password hash of crypt(3)",
        &[
            &[Lit("$2a$"), Run(A::DIGIT, 2, 2), Lit("$"), Run(CRYPT, 53, 53)],
            &[Lit("$2b$"), Run(A::DIGIT, 2, 2), Lit("$"), Run(CRYPT, 53, 53)],
            &[Lit("$2y$"), Run(A::DIGIT, 2, 2), Lit("$"), Run(CRYPT, 53, 53)],
            &[Lit("$5$"), Run(HASH, 40, 120)],
            &[Lit("$6$"), Run(HASH, 80, 200)],
            &[Lit("$y$"), Run(HASH, 40, 200)],
            &[Lit("$argon2"), Run(HASH, 40, 300)],
        ],
    ),
];

const HASH: A = CRYPT.or(A::DOLLAR_COMMA);

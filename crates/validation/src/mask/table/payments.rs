//! Keys of payment services and shops.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{Recogniser, token};

pub(super) static TABLE: &[Recogniser] = &[
    token(
        "secret.stripe-key",
        "Stripe key",
        &[
            &[Lit("sk_live_"), Run(A::WORD, 16, 255)],
            &[Lit("sk_test_"), Run(A::WORD, 16, 255)],
            &[Lit("rk_live_"), Run(A::WORD, 16, 255)],
            &[Lit("rk_test_"), Run(A::WORD, 16, 255)],
            &[Lit("sk_prod_"), Run(A::WORD, 16, 255)],
            &[Lit("rk_prod_"), Run(A::WORD, 16, 255)],
        ],
    ),
    token(
        "secret.stripe-webhook-secret",
        "Stripe or Svix webhook secret",
        &[&[Lit("whsec_"), Run(A::BASE64, 24, 100)]],
    ),
    token(
        "secret.square-token",
        "Square token",
        &[
            &[Lit("EAAA"), Run(A::BASE64URL, 60, 60)],
            &[Lit("sq0atp-"), Run(A::BASE64URL, 22, 22)],
            &[Lit("sq0csp-"), Run(A::BASE64URL, 43, 43)],
        ],
    ),
    token(
        "secret.braintree-token",
        "PayPal or Braintree access token",
        &[
            &[
                Lit("access_token$production$"),
                Run(A::LOWER_ALNUM, 16, 16),
                Lit("$"),
                Run(A::LOWER_HEX, 32, 32),
            ],
            &[
                Lit("access_token$sandbox$"),
                Run(A::LOWER_ALNUM, 16, 16),
                Lit("$"),
                Run(A::LOWER_HEX, 32, 32),
            ],
        ],
    ),
    token(
        "secret.shopify-token",
        "Shopify token",
        &[
            &[Lit("shpat_"), Run(A::HEX, 32, 64)],
            &[Lit("shpca_"), Run(A::HEX, 32, 64)],
            &[Lit("shppa_"), Run(A::HEX, 32, 64)],
            &[Lit("shpss_"), Run(A::HEX, 32, 64)],
        ],
    ),
    token(
        "secret.plaid-token",
        "Plaid token",
        &[
            &[Lit("access-sandbox-"), Run(A::HEX.or(A::DASH), 36, 36)],
            &[Lit("access-production-"), Run(A::HEX.or(A::DASH), 36, 36)],
        ],
    ),
    token(
        "secret.flutterwave-key",
        "Flutterwave key",
        &[&[Lit("FLWSECK"), Run(A::BASE64URL, 16, 60)]],
    ),
    token(
        "secret.razorpay-key",
        "Razorpay key",
        &[&[Lit("rzp_live_"), Run(A::ALNUM, 14, 20)], &[Lit("rzp_test_"), Run(A::ALNUM, 14, 20)]],
    ),
    token(
        "secret.yookassa-key",
        "YooKassa key",
        &[&[Lit("live_"), Run(A::BASE64URL, 43, 43)], &[Lit("test_"), Run(A::BASE64URL, 43, 43)]],
    ),
    token(
        "secret.telegram-payment-token",
        "token of a payment provider for Telegram",
        &[
            &[Run(A::DIGIT, 8, 10), Lit(":LIVE:"), Run(A::BASE64URL, 4, 100)],
            &[Run(A::DIGIT, 8, 10), Lit(":TEST:"), Run(A::BASE64URL, 4, 100)],
        ],
    ),
    token(
        "secret.easypost-key",
        "EasyPost key",
        &[&[Lit("EZAK"), Run(A::ALNUM, 54, 54)], &[Lit("EZTK"), Run(A::ALNUM, 54, 54)]],
    ),
    token(
        "secret.shippo-token",
        "Shippo token",
        &[
            &[Lit("shippo_live_"), Run(A::LOWER_HEX, 40, 40)],
            &[Lit("shippo_test_"), Run(A::LOWER_HEX, 40, 40)],
        ],
    ),
    token(
        "secret.duffel-token",
        "Duffel token",
        &[
            &[Lit("duffel_live_"), Run(A::BASE64URL, 43, 43)],
            &[Lit("duffel_test_"), Run(A::BASE64URL, 43, 43)],
        ],
    ),
];

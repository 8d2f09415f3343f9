//! Keys of other services.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{MANY, Recogniser, checked_token, token};
use super::super::verify;

const GUID: A = A::HEX.or(A::DASH);

pub(super) static TABLE: &[Recogniser] = &[
    token("secret.twilio-api-key", "Twilio API key", &[&[Lit("SK"), Run(A::LOWER_HEX, 32, 32)]]),
    token(
        "secret.sendgrid-api-key",
        "SendGrid API key",
        &[&[Lit("SG."), Run(A::BASE64URL, 16, 32), Lit("."), Run(A::BASE64URL, 32, 64)]],
    ),
    token("secret.mailgun-api-key", "Mailgun API key", &[&[Lit("key-"), Run(A::HEX, 32, 32)]]),
    token(
        "secret.mailchimp-api-key",
        "Mailchimp API key",
        &[&[Run(A::LOWER_HEX, 32, 32), Lit("-us"), Run(A::DIGIT, 1, 2)]],
    ),
    token(
        "secret.brevo-api-key",
        "Brevo API key",
        &[
            &[Lit("xkeysib-"), Run(A::LOWER_HEX, 64, 64), Lit("-"), Run(A::ALNUM, 16, 16)],
            &[Lit("xsmtpsib-"), Run(A::LOWER_HEX, 64, 64), Lit("-"), Run(A::ALNUM, 16, 16)],
        ],
    ),
    checked_token(
        "secret.resend-api-key",
        "Resend API key",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("re_"), Run(A::ALNUM, 8, 8), Lit("_"), Run(A::ALNUM, 24, 24)]],
    ),
    token(
        "secret.linear-api-key",
        "Linear API key",
        &[&[Lit("lin_api_"), Run(A::ALNUM, 32, 60)], &[Lit("lin_oauth_"), Run(A::ALNUM, 32, 80)]],
    ),
    token(
        "secret.notion-token",
        "Notion token",
        &[&[Lit("secret_"), Run(A::ALNUM, 43, 43)], &[Lit("ntn_"), Run(A::ALNUM, 40, 60)]],
    ),
    token(
        "secret.airtable-token",
        "Airtable token",
        &[&[Lit("pat"), Run(A::ALNUM, 14, 14), Lit("."), Run(A::LOWER_HEX, 64, 64)]],
    ),
    token(
        "secret.grafana-token",
        "Grafana token",
        &[
            &[Lit("glsa_"), Run(A::ALNUM, 32, 32), Lit("_"), Run(A::HEX, 8, 8)],
            &[Lit("glc_"), Run(A::BASE64, 32, 400)],
            &[Lit("eyJrIjoi"), Run(A::ANY_BASE64, 60, 400)],
        ],
    ),
    token(
        "secret.sentry-token",
        "Sentry token",
        &[
            &[Lit("sntrys_eyJ"), Run(A::ANY_BASE64, 40, 400)],
            &[Lit("sntryu_"), Run(A::LOWER_HEX, 64, 64)],
        ],
    ),
    token(
        "secret.new-relic-key",
        "New Relic key",
        &[
            &[Lit("NRAK-"), Run(A::ALNUM, 27, 27)],
            &[Lit("NRII-"), Run(A::BASE64URL, 32, 32)],
            &[Lit("NRJS-"), Run(A::LOWER_HEX, 19, 19)],
            &[Run(A::LOWER_ALNUM, 36, 36), Lit("NRAL")],
        ],
    ),
    token(
        "secret.dynatrace-token",
        "Dynatrace token",
        &[&[Lit("dt0c01."), Run(A::UPPER_ALNUM, 24, 24), Lit("."), Run(A::UPPER_ALNUM, 64, 64)]],
    ),
    token("secret.posthog-key", "PostHog personal key", &[&[Lit("phx_"), Run(A::ALNUM, 40, 60)]]),
    token(
        "secret.postman-key",
        "Postman key",
        &[
            &[Lit("PMAK-"), Run(A::HEX, 24, 24), Lit("-"), Run(A::HEX, 34, 34)],
            &[Lit("PMAT-"), Run(A::UPPER_ALNUM, 26, 26)],
        ],
    ),
    token(
        "secret.doppler-token",
        "Doppler token",
        &[
            &[Lit("dp.pt."), Run(A::ALNUM, 40, 44)],
            &[Lit("dp.ct."), Run(A::ALNUM, 40, 44)],
            &[Lit("dp.sa."), Run(A::ALNUM, 40, 44)],
            &[Lit("dp.scim."), Run(A::ALNUM, 40, 44)],
            &[Lit("dp.audit."), Run(A::ALNUM, 40, 44)],
            &[Lit("dp.st."), Run(A::NAME, 40, 90)],
        ],
    ),
    token(
        "secret.figma-token",
        "Figma token",
        &[&[Lit("figd_"), Run(A::BASE64URL, 38, 60)], &[Lit("figu_"), Run(A::BASE64URL, 38, 60)]],
    ),
    token(
        "secret.hubspot-token",
        "HubSpot token",
        &[
            &[Lit("pat-na1-"), Run(GUID, 36, 36)],
            &[Lit("pat-na2-"), Run(GUID, 36, 36)],
            &[Lit("pat-eu1-"), Run(GUID, 36, 36)],
            &[Lit("pat-ap1-"), Run(GUID, 36, 36)],
        ],
    ),
    token(
        "secret.contentful-token",
        "Contentful token",
        &[&[Lit("CFPAT-"), Run(A::BASE64URL, 43, 43)]],
    ),
    token("secret.typeform-token", "Typeform token", &[&[Lit("tfp_"), Run(A::NAME, 40, 64)]]),
    token("secret.adafruit-key", "Adafruit IO key", &[&[Lit("aio_"), Run(A::ALNUM, 28, 28)]]),
    token(
        "secret.frame-io-token",
        "Frame.io token",
        &[&[Lit("fio-u-"), Run(A::BASE64URL, 64, 64)]],
    ),
    token("secret.infracost-key", "Infracost key", &[&[Lit("ico-"), Run(A::ALNUM, 32, 32)]]),
    token(
        "secret.one-password-token",
        "1Password service account token",
        &[&[Lit("ops_eyJ"), Run(A::ANY_BASE64, 100, MANY)]],
    ),
    checked_token(
        "secret.okta-token",
        "Okta token",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("SSWS 00"), Run(A::BASE64URL, 40, 40)]],
    ),
    token(
        "secret.asana-token",
        "Asana token",
        &[
            &[Lit("1/"), Run(A::DIGIT, 16, 17), Lit(":"), Run(A::LOWER_HEX, 32, 32)],
            &[
                Lit("2/"),
                Run(A::DIGIT, 16, 17),
                Lit("/"),
                Run(A::DIGIT, 16, 17),
                Lit(":"),
                Run(A::LOWER_HEX, 32, 32),
            ],
        ],
    ),
];

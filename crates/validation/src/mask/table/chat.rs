//! Tokens of chat platforms.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{MANY, Recogniser, token, webhook};

const GUID: A = A::HEX.or(A::DASH);
const SLACK: A = A::ALNUM.or(A::DASH).or(A::PERCENT);

pub(super) static TABLE: &[Recogniser] = &[
    token(
        "secret.discord-mfa-token",
        "Discord user token",
        &[&[Lit("mfa."), Run(A::BASE64URL, 60, 200)]],
    ),
    webhook(
        "secret.discord-webhook",
        "Discord webhook",
        &[&[Lit("/api/webhooks/"), Run(A::DIGIT, 17, 20), Lit("/"), Run(A::BASE64URL, 50, 100)]],
    ),
    token(
        "secret.slack-token",
        "Slack token",
        &[
            &[Lit("xoxb-"), Run(SLACK, 16, 400)],
            &[Lit("xoxp-"), Run(SLACK, 16, 400)],
            &[Lit("xoxa-"), Run(SLACK, 16, 400)],
            &[Lit("xoxr-"), Run(SLACK, 16, 400)],
            &[Lit("xoxs-"), Run(SLACK, 16, 400)],
            &[Lit("xoxo-"), Run(SLACK, 16, 400)],
            &[Lit("xoxc-"), Run(SLACK, 16, 400)],
            &[Lit("xoxd-"), Run(SLACK, 16, 600)],
            &[Lit("xoxe-"), Run(SLACK, 16, 400)],
            &[Lit("xoxe.xoxb-"), Run(SLACK, 16, 400)],
            &[Lit("xoxe.xoxp-"), Run(SLACK, 16, 400)],
        ],
    ),
    token(
        "secret.slack-app-token",
        "Slack app token",
        &[&[Lit("xapp-"), Run(SLACK, 16, 200)], &[Lit("xwfp-"), Run(SLACK, 16, 200)]],
    ),
    webhook(
        "secret.slack-webhook",
        "Slack webhook",
        &[
            &[Lit("hooks.slack.com/services/"), Run(A::BASE64, 20, 200)],
            &[Lit("hooks.slack.com/workflows/"), Run(A::BASE64, 20, 200)],
            &[Lit("hooks.slack.com/triggers/"), Run(A::BASE64, 20, 200)],
        ],
    ),
    webhook(
        "secret.teams-webhook",
        "Microsoft Teams webhook",
        &[&[
            Lit(".webhook.office.com/webhookb2/"),
            Run(GUID, 36, 36),
            Lit("@"),
            Run(GUID, 36, 36),
            Lit("/IncomingWebhook/"),
            Run(A::ANY_BASE64, 32, 200),
        ]],
    ),
    token(
        "secret.meta-access-token",
        "WhatsApp, Messenger or Instagram access token",
        &[
            &[Lit("EAA"), Run(A::ALNUM, 60, MANY)],
            &[Lit("EAACEdEose0cBA"), Run(A::ALNUM, 10, MANY)],
            &[Lit("IGQVJ"), Run(A::BASE64URL, 80, MANY)],
            &[Lit("IGAA"), Run(A::ALNUM, 80, MANY)],
        ],
    ),
    token(
        "secret.matrix-access-token",
        "Matrix access token",
        &[
            &[
                Lit("syt_"),
                Run(A::ALNUM.or(A::DASH).or(A::BASE64), 1, 200),
                Lit("_"),
                Run(A::ALNUM, 20, 20),
                Lit("_"),
                Run(A::ALNUM, 6, 6),
            ],
            &[Lit("syr_"), Run(A::WORD, 20, 200)],
            &[Lit("syl_"), Run(A::WORD, 20, 200)],
            &[Lit("mct_"), Run(A::ALNUM, 20, 60), Lit("_"), Run(A::ALNUM, 6, 6)],
            &[Lit("mat_"), Run(A::ALNUM, 20, 60), Lit("_"), Run(A::ALNUM, 6, 6)],
            &[Lit("mar_"), Run(A::ALNUM, 20, 60), Lit("_"), Run(A::ALNUM, 6, 6)],
            &[Lit("mcr_"), Run(A::ALNUM, 20, 60), Lit("_"), Run(A::ALNUM, 6, 6)],
        ],
    ),
    token(
        "secret.line-channel-token",
        "LINE channel access token",
        &[&[Run(A::BASE64, 80, 200), Lit("/1O/w1cDnyilFU=")]],
    ),
    token(
        "secret.twitch-chat-token",
        "Twitch chat token",
        &[&[Lit("oauth:"), Run(A::LOWER_ALNUM, 30, 30)]],
    ),
    token("secret.vk-token", "VK token", &[&[Lit("vk1.a."), Run(A::BASE64URL, 60, 400)]]),
];

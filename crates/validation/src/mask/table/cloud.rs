//! Keys of clouds and of what runs on them.

use super::super::alphabet::Alphabet as A;
use super::super::recogniser::Part::{Lit, Run};
use super::super::recogniser::{MANY, Recogniser, checked_token, token};
use super::super::verify;

const BASE32: A = A::UPPER_ALNUM;

pub(super) static TABLE: &[Recogniser] = &[
    token(
        "secret.aws-access-key-id",
        "AWS access key id",
        &[
            &[Lit("AKIA"), Run(BASE32, 16, 16)],
            &[Lit("ASIA"), Run(BASE32, 16, 16)],
            &[Lit("ABIA"), Run(BASE32, 16, 16)],
            &[Lit("ACCA"), Run(BASE32, 16, 16)],
            &[Lit("A3T"), Run(BASE32, 17, 17)],
        ],
    ),
    token(
        "secret.aws-bedrock-key",
        "AWS Bedrock API key",
        &[
            &[Lit("ABSKQmVkcm9ja0FQSUtleS"), Run(A::BASE64, 60, 300)],
            &[Lit("bedrock-api-key-"), Run(A::BASE64, 40, MANY)],
        ],
    ),
    token(
        "secret.google-api-key",
        "Google API key",
        &[&[Lit("AIza"), Run(A::BASE64URL, 35, 35)], &[Lit("AQ.Ab"), Run(A::BASE64URL, 40, 100)]],
    ),
    token(
        "secret.google-oauth-client-secret",
        "Google OAuth client secret",
        &[&[Lit("GOCSPX-"), Run(A::BASE64URL, 24, 40)]],
    ),
    token(
        "secret.google-oauth-token",
        "Google OAuth token",
        &[&[Lit("ya29."), Run(A::NAME, 20, MANY)], &[Lit("1//0"), Run(A::BASE64URL, 30, 200)]],
    ),
    checked_token(
        "secret.azure-client-secret",
        "Microsoft Entra client secret",
        "`Q~` at its place, alphabet and length",
        verify::mixed,
        &[&[Run(A::ENTRA, 4, 4), Lit("Q~"), Run(A::ENTRA, 31, 34)]],
    ),
    token(
        "secret.azure-identifiable-key",
        "Azure key",
        &[
            &[Run(A::BASE64, 76, 76), Lit("+ASt"), Run(A::BASE64, 8, 8)],
            &[Run(A::BASE64, 76, 76), Lit("ACDb"), Run(A::BASE64, 8, 8)],
            &[Run(A::BASE64, 33, 33), Lit("+ASb"), Run(A::BASE64, 7, 7)],
            &[Run(A::BASE64, 33, 33), Lit("+AEh"), Run(A::BASE64, 7, 7)],
            &[Run(A::BASE64, 33, 33), Lit("+ARm"), Run(A::BASE64, 7, 7)],
            &[Run(A::BASE64URL, 44, 44), Lit("AzFu"), Run(A::BASE64, 8, 8)],
            &[Run(A::ALNUM, 42, 42), Lit("AzSe"), Run(A::ALNUM, 6, 6)],
            &[Run(A::ALNUM, 33, 33), Lit("AzCa"), Run(A::BASE64, 7, 7)],
            &[Run(A::ALNUM, 52, 52), Lit("JQQJ99"), Run(A::ALNUM, 26, 26)],
            &[Run(A::ALNUM, 76, 76), Lit("AZDO"), Run(A::ALNUM, 4, 4)],
        ],
    ),
    token(
        "secret.digitalocean-token",
        "DigitalOcean token",
        &[
            &[Lit("dop_v1_"), Run(A::LOWER_HEX, 64, 64)],
            &[Lit("doo_v1_"), Run(A::LOWER_HEX, 64, 64)],
            &[Lit("dor_v1_"), Run(A::LOWER_HEX, 64, 64)],
        ],
    ),
    token("secret.heroku-api-key", "Heroku API key", &[&[Lit("HRKU-"), Run(A::BASE64URL, 36, 80)]]),
    token(
        "secret.cloudflare-token",
        "Cloudflare token",
        &[
            &[Lit("cfut_"), Run(A::BASE64URL, 40, 80)],
            &[Lit("cfat_"), Run(A::BASE64URL, 40, 80)],
            &[Lit("cfk_"), Run(A::BASE64URL, 36, 80)],
            &[Lit("v1.0-"), Run(A::LOWER_HEX, 24, 24), Lit("-"), Run(A::LOWER_HEX, 146, 146)],
        ],
    ),
    token(
        "secret.alibaba-access-key",
        "Alibaba Cloud access key id",
        &[&[Lit("LTAI"), Run(A::ALNUM, 12, 20)]],
    ),
    token(
        "secret.tencent-secret-id",
        "Tencent Cloud secret id",
        &[&[Lit("AKID"), Run(A::ALNUM, 32, 32)]],
    ),
    token(
        "secret.yandex-key",
        "Yandex Cloud key",
        &[&[Lit("AQVN"), Run(A::BASE64URL, 35, 38)], &[Lit("y0_"), Run(A::BASE64URL, 50, 100)]],
    ),
    token(
        "secret.vault-token",
        "HashiCorp Vault token",
        &[
            &[Lit("hvs."), Run(A::BASE64URL, 24, 300)],
            &[Lit("hvb."), Run(A::BASE64URL, 24, 400)],
            &[Lit("hvr."), Run(A::BASE64URL, 24, 300)],
        ],
    ),
    checked_token(
        "secret.vault-legacy-token",
        "HashiCorp Vault token of before 1.10",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("s."), Run(A::ALNUM, 24, 24)]],
    ),
    token(
        "secret.terraform-token",
        "HCP Terraform token",
        &[&[Run(A::ALNUM, 14, 14), Lit(".atlasv1."), Run(A::BASE64URL, 50, 80)]],
    ),
    token("secret.pulumi-token", "Pulumi token", &[&[Lit("pul-"), Run(A::LOWER_HEX, 40, 40)]]),
    token(
        "secret.databricks-token",
        "Databricks token",
        &[&[Lit("dapi"), Run(A::LOWER_HEX, 32, 32)], &[Lit("dose"), Run(A::LOWER_HEX, 32, 32)]],
    ),
    token(
        "secret.planetscale-secret",
        "PlanetScale secret",
        &[
            &[Lit("pscale_tkn_"), Run(A::NAME, 32, 64)],
            &[Lit("pscale_pw_"), Run(A::NAME, 32, 64)],
            &[Lit("pscale_oauth_"), Run(A::NAME, 32, 64)],
        ],
    ),
    token(
        "secret.supabase-key",
        "Supabase key",
        &[
            &[Lit("sbp_"), Run(A::LOWER_HEX, 40, 40)],
            &[Lit("sb_secret_"), Run(A::BASE64URL, 30, 60)],
        ],
    ),
    token("secret.netlify-token", "Netlify token", &[&[Lit("nfp_"), Run(A::ALNUM, 36, 60)]]),
    checked_token(
        "secret.vercel-token",
        "Vercel token",
        "prefix, length, letters and digits mixed",
        verify::mixed,
        &[&[Lit("vcp_"), Run(A::ALNUM, 24, 80)], &[Lit("vck_"), Run(A::ALNUM, 24, 80)]],
    ),
    token(
        "secret.fly-token",
        "Fly.io token",
        &[&[Lit("fo1_"), Run(A::BASE64URL, 43, 43)], &[Lit("fm2_"), Run(A::BASE64, 60, MANY)]],
    ),
    token(
        "secret.tailscale-key",
        "Tailscale key",
        &[&[Lit("tskey-"), Run(A::ALNUM.or(A::DASH), 20, 100)]],
    ),
    token(
        "secret.openshift-token",
        "OpenShift token",
        &[&[Lit("sha256~"), Run(A::BASE64URL, 43, 43)]],
    ),
    token(
        "secret.dropbox-token",
        "Dropbox token",
        &[
            &[Lit("sl.u."), Run(A::BASE64URL, 60, MANY)],
            &[Lit("sl."), Run(A::BASE64URL, 100, MANY)],
        ],
    ),
];

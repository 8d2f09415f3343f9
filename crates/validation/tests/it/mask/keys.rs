//! Keys as providers issue them, drawn at random, wherever logs have them.

use wardkit_validation::Masker;

use super::chance::{Chance, base64url};

type Issue = fn(&mut Chance) -> String;

#[test]
fn no_key_of_any_provider_is_missed_wherever_it_stands() {
    let masker = Masker::default();
    let mut missed = Vec::new();
    for (provider, issue) in PROVIDERS {
        let mut chance = Chance::new(7);
        for _ in 0..10 {
            let key = issue(&mut chance);
            for place in PLACES {
                let text = place.replace('@', &key);
                if leaks(&masker.mask(&text), &key) {
                    missed.push(format!("{provider}: {text}"));
                }
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed, such as {:#?}",
        missed.len(),
        &missed[..missed.len().min(12)]
    );
    assert!(PROVIDERS.len() >= 60, "{}", PROVIDERS.len());
}

#[test]
fn keys_at_the_beginning_and_the_end_of_a_text_are_masked() {
    let masker = Masker::default();
    for (provider, issue) in PROVIDERS {
        let key = issue(&mut Chance::new(11));
        for text in [key.clone(), format!("{key}\n"), format!("x {key}"), format!("{key}\r\n")] {
            assert!(!leaks(&masker.mask(&text), &key), "{provider}: {text}");
        }
    }
}

#[test]
fn github_token_with_its_sum_is_surer_than_one_without() {
    let found = |token: &str| wardkit_validation::Recognisers::default().find(token)[0].confidence;
    let body = "a".repeat(30);
    assert_eq!(found(&format!("ghp_{body}{}", sum(&body))), 99);
    assert_eq!(found(&format!("ghp_{body}000000")), 95);
}

/// Returns the CRC-32 of a text as six digits of base 62.
fn sum(text: &str) -> String {
    let mut sum = u32::MAX;
    for byte in text.bytes() {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    let digits: Vec<char> =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".chars().collect();
    let mut left = usize::try_from(!sum).unwrap();
    let mut text = Vec::new();
    for _ in 0..6 {
        text.push(digits[left % 62]);
        left /= 62;
    }
    text.iter().rev().collect()
}

/// Tells whether enough of a key is left to be worth stealing.
fn leaks(masked: &str, key: &str) -> bool {
    // The last twelve characters of a key are its own; what it begins with may be an address.
    let tail: Vec<char> = key.chars().rev().take(12).collect();
    let tail: String = tail.iter().rev().collect();
    masked.contains(&tail)
}

const PLACES: &[&str] = &[
    "got @ from the bot",
    "{\"a\":\"@\",\"b\":1}",
    "{\"text\":\"line\\n@\\nnext\"}",
    "GET https://host.example/path?x=@&y=2 HTTP/1.1",
    "GET https://host.example/path?x%3D@%26y=2 HTTP/1.1",
    "said '@', and left",
    "key=@",
    "(@)",
    "<@>",
    "[@]",
    "`@`",
    "a,@,b",
    "a;@;b",
    "x:@",
    "x: @",
    "\t@\t",
    "\u{1b}[32m@\u{1b}[0m",
    "\u{201e}@\u{201c}",
    "\u{1f511}@",
    "dict(a=@)",
    "Error: bad key @: not allowed",
    "https://@",
];

fn jwt(chance: &mut Chance) -> String {
    let header = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = format!("{{\"sub\":\"{}\",\"iat\":17322{}}}", chance.digits(10), chance.digits(5));
    format!("{header}.{}.{}", base64url(claims.as_bytes()), chance.url(43))
}

fn discord(chance: &mut Chance) -> String {
    let length = 17 + chance.below(3);
    let number = format!("{}{}", 1 + chance.below(9), chance.digits(length));
    format!("{}.{}.{}", base64url(number.as_bytes()), chance.url(6), chance.url(38))
}

const PROVIDERS: &[(&str, Issue)] = &[
    ("telegram", |c| format!("{}{}:AA{}", 1 + c.below(9), c.digits(9), c.url(33))),
    ("telegram of old", |c| format!("{}{}:{}", 1 + c.below(9), c.digits(7), c.url(35))),
    ("provider of payments in telegram", |c| {
        format!("{}{}:LIVE:{}", 1 + c.below(9), c.digits(8), c.url(40))
    }),
    ("yookassa", |c| format!("live_{}", c.url(43))),
    ("twitch chat", |c| format!("oauth:{}", c.alnum(30).to_lowercase())),
    ("discord", discord),
    ("discord webhook", |c| {
        format!("https://discord.com/api/webhooks/{}/{}", c.digits(18), c.url(68))
    }),
    ("slack bot", |c| format!("xoxb-{}-{}-{}", c.digits(12), c.digits(13), c.alnum(24))),
    ("slack user", |c| {
        format!("xoxp-{}-{}-{}-{}", c.digits(11), c.digits(11), c.digits(13), c.hex(32))
    }),
    ("slack app", |c| format!("xapp-1-A{}-{}-{}", c.upper(10), c.digits(13), c.hex(64))),
    ("slack webhook", |c| {
        format!("https://hooks.slack.com/services/T{}/B{}/{}", c.upper(8), c.upper(10), c.alnum(24))
    }),
    ("whatsapp", |c| format!("EAA{}", c.alnum(180))),
    ("matrix", |c| format!("syt_{}_{}_{}", base64url(b"alice"), c.alnum(20), c.alnum(6))),
    ("matrix authentication service", |c| format!("mct_{}_{}", c.alnum(30), c.alnum(6))),
    ("line", |c| format!("{}/1O/w1cDnyilFU=", c.alnum(156))),
    ("openai", |c| format!("sk-{}T3BlbkFJ{}", c.alnum(20), c.alnum(20))),
    ("openai project", |c| format!("sk-proj-{}T3BlbkFJ{}", c.url(74), c.url(74))),
    ("deepseek", |c| format!("sk-{}", c.hex(32))),
    ("anthropic", |c| format!("sk-ant-api03-{}AA", c.url(93))),
    ("openrouter", |c| format!("sk-or-v1-{}", c.hex(64))),
    ("groq", |c| format!("gsk_{}", c.alnum(52))),
    ("hugging face", |c| format!("hf_{}", c.alnum(34))),
    ("replicate", |c| format!("r8_{}", c.alnum(37))),
    ("xai", |c| format!("xai-{}", c.alnum(80))),
    ("perplexity", |c| format!("pplx-{}", c.alnum(48))),
    ("nvidia", |c| format!("nvapi-{}", c.url(64))),
    ("elevenlabs", |c| format!("sk_{}", c.hex(48))),
    ("langsmith", |c| format!("lsv2_pt_{}_{}", c.hex(32), c.hex(10))),
    ("google", |c| format!("AIza{}", c.url(35))),
    ("google oauth secret", |c| format!("GOCSPX-{}", c.url(28))),
    ("google oauth token", |c| format!("ya29.a0{}", c.url(160))),
    ("aws", |c| format!("AKIA{}", c.upper(16))),
    ("aws temporary", |c| format!("ASIA{}", c.upper(16))),
    ("azure client secret", |c| format!("{}8Q~{}", c.alnum(3), c.url(34))),
    ("azure storage", |c| format!("AccountKey={}+ASt{}==", c.alnum(76), c.alnum(6))),
    ("digitalocean", |c| format!("dop_v1_{}", c.hex(64))),
    ("heroku", |c| format!("HRKU-AA{}", c.url(58))),
    ("cloudflare", |c| format!("v1.0-{}-{}", c.hex(24), c.hex(146))),
    ("github", |c| format!("ghp_{}", c.alnum(36))),
    ("github oauth", |c| format!("gho_{}", c.alnum(36))),
    ("github server", |c| format!("ghs_{}", c.alnum(36))),
    ("github refresh", |c| format!("ghr_{}", c.alnum(76))),
    ("github fine-grained", |c| format!("github_pat_{}_{}", c.alnum(22), c.alnum(59))),
    ("gitlab", |c| format!("glpat-{}", c.url(20))),
    ("gitlab routable", |c| {
        format!("glpat-{}.01.{}", c.url(44), c.text("0123456789abcdefghijklmnopqrstuvwxyz", 9))
    }),
    ("gitlab runner", |c| format!("glrt-{}", c.url(20))),
    ("npm", |c| format!("npm_{}", c.alnum(36))),
    ("pypi", |c| format!("pypi-AgEIcHlwaS5vcmc{}", c.url(150))),
    ("cargo", |c| format!("cio{}", c.alnum(32))),
    ("docker hub", |c| format!("dckr_pat_{}", c.url(27))),
    ("stripe", |c| format!("sk_live_{}", c.alnum(24))),
    ("stripe restricted", |c| format!("rk_test_{}", c.alnum(99))),
    ("stripe webhook", |c| format!("whsec_{}", c.alnum(32))),
    ("twilio", |c| format!("SK{}", c.hex(32))),
    ("sendgrid", |c| format!("SG.{}.{}", c.url(22), c.url(43))),
    ("mailgun", |c| format!("key-{}", c.hex(32))),
    ("mailchimp", |c| format!("{}-us{}", c.hex(32), 1 + c.below(20))),
    ("brevo", |c| format!("xkeysib-{}-{}", c.hex(64), c.alnum(16))),
    ("square", |c| format!("EAAA{}", c.url(60))),
    ("square secret", |c| format!("sq0csp-{}", c.url(43))),
    ("shopify", |c| format!("shpat_{}", c.hex(32))),
    ("braintree", |c| {
        format!(
            "access_token$production${}${}",
            c.text("0123456789abcdefghijklmnopqrstuvwxyz", 16),
            c.hex(32)
        )
    }),
    ("linear", |c| format!("lin_api_{}", c.alnum(40))),
    ("notion", |c| format!("ntn_{}", c.alnum(46))),
    ("notion of old", |c| format!("secret_{}", c.alnum(43))),
    ("airtable", |c| format!("pat{}.{}", c.alnum(14), c.hex(64))),
    ("vault", |c| format!("hvs.{}", c.url(95))),
    ("terraform", |c| format!("{}.atlasv1.{}", c.alnum(14), c.url(67))),
    ("databricks", |c| format!("dapi{}", c.hex(32))),
    ("grafana", |c| format!("glsa_{}_{}", c.alnum(32), c.hex(8))),
    ("sentry", |c| format!("sntryu_{}", c.hex(64))),
    ("new relic", |c| format!("NRAK-{}", c.upper(27))),
    ("postman", |c| format!("PMAK-{}-{}", c.hex(24), c.hex(34))),
    ("doppler", |c| format!("dp.pt.{}", c.alnum(43))),
    ("figma", |c| format!("figd_{}", c.url(40))),
    ("hubspot", |c| format!("pat-na1-{}", c.uuid())),
    ("dropbox", |c| format!("sl.u.{}", c.url(130))),
    ("atlassian", |c| format!("ATATT3xFfGF0{}={}", c.url(171), c.hex(8).to_uppercase())),
    ("age", |c| format!("AGE-SECRET-KEY-1{}", c.text("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58))),
    ("agentd", |c| format!("agd_{}_{}_{}", c.alnum(12), c.url(43), c.hex(8))),
    ("json web token", jwt),
];

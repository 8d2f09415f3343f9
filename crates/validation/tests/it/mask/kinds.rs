//! Generators of ordinary lines, a kind each.

use super::chance::{ALNUM, Chance};

pub(super) type Kind = fn(&mut Chance) -> String;

fn date(chance: &mut Chance) -> String {
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + chance.below(12),
        1 + chance.below(28),
        chance.below(24),
        chance.below(60),
        chance.below(60),
        chance.below(1000)
    )
}

fn ip(chance: &mut Chance) -> String {
    [(); 4].map(|()| chance.below(256).to_string()).join(".")
}

fn base64(chance: &mut Chance, length: usize) -> String {
    chance.text(&format!("{ALNUM}+/"), length)
}

pub(super) const KINDS: &[Kind] = &[
    |c| {
        format!(
            "Nov {:2} 10:{:02}:17 host sshd[{}]: Failed password for invalid user {} from {} port {} ssh2",
            1 + c.below(28),
            c.below(60),
            c.below(65536),
            c.pick(&["admin", "test", "oracle", "ubuntu"]),
            ip(c),
            c.below(65536)
        )
    },
    |c| {
        format!(
            "Nov 21 10:00:01 host CRON[{}]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
            c.below(65536)
        )
    },
    |c| {
        format!(
            "Nov 21 10:00:01 host sudo:      bob : TTY=pts/{} ; PWD=/home/bob/src ; USER=root ; COMMAND=/usr/bin/systemctl restart shop-bot.service",
            c.below(9)
        )
    },
    |c| {
        format!(
            "{} - - [21/Nov/2026:10:{:02}:36 +0100] \"GET /api/v1/items/{}?page={}&sort=price HTTP/1.1\" 200 {} \"https://example.org/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0\"",
            ip(c),
            c.below(60),
            c.below(100_000),
            c.below(50),
            c.below(1_000_000)
        )
    },
    |c| {
        format!(
            "{{\"ts\":\"{}\",\"level\":\"info\",\"msg\":\"request done\",\"trace_id\":\"{}\",\"span_id\":\"{}\",\"status\":200,\"ms\":{}.{}}}",
            date(c),
            c.hex(32),
            c.hex(16),
            c.below(900),
            c.below(100)
        )
    },
    |c| {
        format!(
            "{{\"update_id\":{},\"message\":{{\"message_id\":{},\"chat\":{{\"id\":-100{},\"type\":\"supergroup\"}},\"date\":17{}}}}}",
            c.digits(9),
            c.below(99999),
            c.digits(10),
            c.digits(8)
        )
    },
    |c| format!("commit {}\ntree {} parent {}", c.hex(40), c.hex(40), c.hex(40)),
    |c| format!("{} INFO deploy: {}..{} main -> main", date(c), c.hex(7), c.hex(8)),
    |c| format!("sha256:{} sha1 {} md5={}", c.hex(64), c.hex(40), c.hex(32)),
    |c| {
        format!(
            "SHA256 ({}.tar.gz) = {}",
            c.pick(&["release", "backup", "image"]),
            c.hex(64).to_uppercase()
        )
    },
    |c| format!("request {} finished, parent={} attempt=1", c.uuid(), c.uuid()),
    |c| {
        format!(
            "{} kernel: [{}.{}] usb 1-1: new high-speed USB device number {} using xhci_hcd",
            date(c),
            c.below(99999),
            c.digits(6),
            c.below(99)
        )
    },
    |c| {
        let length = 60 + c.below(200);
        format!("body: {}==", base64(c, length))
    },
    |c| {
        let length = 200 + c.below(2000);
        format!("data:image/png;base64,{}", base64(c, length))
    },
    |c| base64(c, 76),
    |c| format!("integrity sha512-{}==", base64(c, 86)),
    |c| {
        format!(
            "Compiling serde v1.0.{} (/build/serde-1.0.{}) in {}.{}s",
            c.below(250),
            c.below(250),
            c.below(60),
            c.below(100)
        )
    },
    |c| {
        format!(
            "python3.11-{}.{}.{}-{}+deb12u{}_amd64.deb unpacked",
            c.below(20),
            c.below(20),
            c.below(20),
            c.below(9),
            c.below(9)
        )
    },
    |c| format!("order_id={} user_id={} snowflake={}", c.digits(16), c.digits(10), c.digits(19)),
    |c| {
        format!(
            "order {} for {}.{:02} EUR, invoice {}",
            c.digits(16),
            c.below(9999),
            c.below(100),
            c.digits(12)
        )
    },
    |c| format!("wa message from phone_number_id {} id wamid.{}", c.digits(15), base64(c, 40)),
    |c| format!("time_ns=17{} seq={} offset={}", c.digits(17), c.digits(12), c.digits(14)),
    |c| {
        format!(
            "prompt_tokens={} completion_tokens={} total_tokens: {} max_tokens=4096",
            c.below(9999),
            c.below(9999),
            c.below(9999)
        )
    },
    |c| {
        format!(
            "token count {} key user:{}:profile hit ratio 0.{}",
            c.below(9999),
            c.below(99999),
            c.digits(4)
        )
    },
    |c| format!("redis GET session:{}:cart -> nil ({} us)", c.below(99999), c.below(999)),
    |c| {
        format!(
            "{} WARN auth: login failed for user {} from {}: invalid password",
            date(c),
            c.pick(&["bob", "eve", "mallory"]),
            ip(c)
        )
    },
    |c| {
        format!(
            "reset password requested for user id {}; token expires in {} min",
            c.below(99999),
            c.below(60)
        )
    },
    |c| {
        format!(
            "thread 'tokio-runtime-worker' panicked at src/bot/handler.rs:{}:{}: called `Option::unwrap()` on a `None` value",
            c.below(999),
            c.below(99)
        )
    },
    |c| {
        format!(
            "  File \"/srv/bot/venv/lib/python3.11/site-packages/telegram/ext/_application.py\", line {}, in process_update",
            c.below(2000)
        )
    },
    |c| {
        format!(
            "java.lang.IllegalStateException: Token of type {} not expected at com.example.Parser.parse(Parser.java:{})",
            c.pick(&["IDENT", "NUMBER", "EOF"]),
            c.below(999)
        )
    },
    |c| {
        format!(
            "SELECT id, name FROM users WHERE id = {} AND created_at > '2026-01-{:02}' LIMIT {}",
            c.below(99999),
            1 + c.below(28),
            c.below(100)
        )
    },
    |c| {
        format!(
            "docker: {} Up {} hours 0.0.0.0:{}->80/tcp web-{}",
            c.hex(12),
            c.below(99),
            c.below(65536),
            c.below(9)
        )
    },
    |c| {
        format!(
            "pod/shop-bot-{}-{} Running restarts={} node=ip-10-0-{}-{}.eu-west-1.compute.internal",
            c.hex(10),
            c.text("bcdfghjklmnpqrstvwxz2456789", 5),
            c.below(9),
            c.below(255),
            c.below(255)
        )
    },
    |c| {
        format!(
            "k8s: mounted secret=\"prod/default-token-{}\" configmap=\"kube-root-ca.crt\"",
            c.text("bcdfghjklmnpqrstvwxz2456789", 5)
        )
    },
    |c| {
        format!(
            "x509: issuer=C=DE, O=Example CA, serial={}:{}:{}:{} valid until {}",
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            date(c)
        )
    },
    |c| {
        format!(
            "{:08x}  {} {} {} {}  {} {}  |................|",
            c.below(1 << 20),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2)
        )
    },
    |c| {
        format!(
            "{:08x}: {} {} {} {} {} {} {} {}  ................",
            c.below(1 << 20),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4)
        )
    },
    |c| {
        format!(
            " {}  {} {:6} {:6} {:6} {:6}    0    0 {:5} {:5}  {}  {} {} {}  0",
            c.below(9),
            c.below(9),
            c.below(99999),
            c.below(99999),
            c.below(99999),
            c.below(999_999),
            c.below(9999),
            c.below(9999),
            c.below(9999),
            c.below(9999),
            c.below(99),
            c.below(99)
        )
    },
    |c| {
        format!(
            "postfix/smtp[{}]: {}: relay=mx.example.org[{}]:25, delay={}.{}, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {})",
            c.below(65536),
            c.upper(10),
            ip(c),
            c.below(99),
            c.below(9),
            c.upper(10)
        )
    },
    |c| {
        format!(
            "mac {}:{}:{}:{}:{}:{} lease 10.0.0.{} until {}",
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.hex(2),
            c.below(255),
            date(c)
        )
    },
    |c| {
        format!(
            "peer fe80::{}:{}:{}:{} via eth0, mtu {}",
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.hex(4),
            c.below(9000)
        )
    },
    |c| {
        format!(
            "ETA 0:{:02}:{:02}, {} of {} files, {}.{} MB/s, +{} -{} lines",
            c.below(60),
            c.below(60),
            c.below(9999),
            c.below(99999),
            c.below(500),
            c.below(9),
            c.below(999),
            c.below(999)
        )
    },
    |c| {
        format!(
            "@@ -{},{} +{},{} @@ fn handle(update: &Update) -> Result<(), Error>",
            c.below(999),
            c.below(99),
            c.below(999),
            c.below(99)
        )
    },
    |c| {
        format!(
            "npm warn deprecated glob@{}.{}.{}: Glob versions prior to v9 are no longer supported",
            c.below(9),
            c.below(9),
            c.below(9)
        )
    },
    |c| {
        format!(
            "tx 0x{} block {} gas {} to 0x{}",
            c.hex(64),
            c.digits(8),
            c.below(999_999),
            c.hex(40)
        )
    },
    |c| {
        format!(
            "ipfs add Qm{} {} bytes",
            c.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", 44),
            c.below(999_999)
        )
    },
    |c| {
        format!(
            "etag=\"{}-{}\" if-none-match: W/\"{}\" cache: HIT age={}",
            c.hex(8),
            c.hex(4),
            base64(c, 27),
            c.below(99999)
        )
    },
    |c| {
        format!(
            "<SLACK> event_ts={}.{} channel=C{} user=U{} team=T{}",
            c.digits(10),
            c.digits(6),
            c.upper(10),
            c.upper(10),
            c.upper(8)
        )
    },
    |c| {
        format!(
            "discord gateway: guild {} channel {} member {} shard 0/1 seq {}",
            c.digits(18),
            c.digits(19),
            c.digits(18),
            c.below(99999)
        )
    },
    |c| {
        format!(
            "matrix: room !{}:example.org event ${} from sync in {} ms",
            c.alnum(18),
            c.url(43),
            c.below(999)
        )
    },
    |c| {
        format!(
            "file_id=AgACAgIAAxkBAAI{} unique={} size={}",
            c.url(60),
            c.url(16),
            c.below(9_999_999)
        )
    },
    |c| {
        format!(
            "model=gpt-4o-mini latency={}ms finish_reason=stop request_id=req_{}",
            c.below(9999),
            c.hex(32)
        )
    },
    |c| {
        format!(
            "payment intent pi_{} status=succeeded amount={} currency=eur",
            c.alnum(24),
            c.below(99999)
        )
    },
    |c| {
        format!(
            "css sk-loading-indicator-wrapper-{} task-runner-{} disk-{}",
            c.below(99),
            c.below(99),
            c.hex(6)
        )
    },
    |c| {
        format!(
            "GET /assets/index-{}.js 304 {} ms; /fonts/inter-{}.woff2",
            c.alnum(8),
            c.below(99),
            c.hex(20)
        )
    },
    |c| {
        format!(
            "W: GPG error: key {} is not certified, fingerprint {} {} {} {}",
            c.hex(16).to_uppercase(),
            c.hex(4).to_uppercase(),
            c.hex(4).to_uppercase(),
            c.hex(4).to_uppercase(),
            c.hex(4).to_uppercase()
        )
    },
    |c| {
        format!(
            "debug1: Offering public key: /root/.ssh/id_ed25519 ED25519 SHA256:{} agent",
            base64(c, 43)
        )
    },
    |c| format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} deploy", base64(c, 43)),
    |c| format!("wg0: peer {}= handshake {} s ago", base64(c, 43), c.below(180)),
    |c| {
        format!(
            "systemd[1]: getty@tty{}.service: Scheduled restart job, restart counter is at {}.",
            c.below(9),
            c.below(99)
        )
    },
    |c| {
        format!(
            "user@{}.service: Consumed {}.{}s CPU time.",
            c.below(9999),
            c.below(99),
            c.digits(3)
        )
    },
    |c| {
        format!("{} {}", c.pick(&["Der Nutzer hat sein Passwort ge\u{e4}ndert, Vorgang", "\u{41f}\u{430}\u{440}\u{43e}\u{43b}\u{44c} \u{438}\u{437}\u{43c}\u{435}\u{43d}\u{451}\u{43d},", "\u{5bc6}\u{7801}\u{5df2}\u{66f4}\u{6539},"]), c.digits(12))
    },
    |c| {
        format!(
            "audit: type=1400 audit(17{}.{}:{}): apparmor=\"DENIED\" operation=\"open\" pid={} comm=\"bot\" requested_mask=\"r\"",
            c.digits(8),
            c.digits(3),
            c.below(9999),
            c.below(65536)
        )
    },
    |c| {
        format!(
            "[mem] rss={} heap={} gc={} pause={}us threads={}",
            c.digits(10),
            c.digits(9),
            c.below(99),
            c.below(9999),
            c.below(64)
        )
    },
];

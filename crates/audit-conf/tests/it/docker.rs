//! Dockerfiles.

use wardkit_audit_conf::ConfEngine;

use crate::{Case, audit, count, judge};

const FILE: &str = "deploy/Dockerfile.bot";

#[test]
fn images_and_users_are_judged() {
    judge(IMAGES_AND_USERS);
}

#[test]
fn downloads_are_judged() {
    judge(DOWNLOADS);
}

#[test]
fn secrets_and_rights_are_judged() {
    judge(SECRETS_AND_RIGHTS);
}

#[test]
fn no_secret_is_in_what_is_told() {
    let text = "FROM a:1\nENV BOT_TOKEN=hunter2 X=1\nRUN curl -u me:hunter2 https://x.io | sh\nRUN git clone https://a:hunter2@x.io/r\n\
                RUN API_KEY=hunter2 chmod 777 /x\nCMD [\"x\", \"--token\", \"hunter2\"]";
    let found = ConfEngine::new().findings("Dockerfile", text);
    assert!(found.len() > 4);
    for finding in &found {
        assert!(!format!("{finding:?}").contains("hunter2"), "{finding:?}");
    }
}

#[test]
fn a_place_spans_the_instruction_and_comments_of_hadolint_count() {
    let text =
        "FROM a:1\nUSER b\n\nRUN x && \\\n    chmod 777 /y\n# hadolint ignore=DL3004\nRUN sudo y\n";
    let report = audit(&[("Dockerfile", text)]);
    let mode = report.findings.iter().find(|finding| finding.id == "dkr-chmod-777").unwrap();
    assert_eq!((mode.files[0].line, mode.files[0].end_line), (Some(4), Some(5)));
    assert_eq!(count(&report, "dkr-sudo"), 0);
    assert_eq!(report.suppressed.len(), 1);
}

const IMAGES_AND_USERS: &[Case] = &[
    Case {
        id: "dkr-root",
        path: FILE,
        bad: &[
            "FROM python:3.13\nCMD [\"python\", \"bot.py\"]",
            "FROM a:1 AS build\nUSER bot\nFROM b:1\nCOPY --from=build /x /x",
            "FROM a:1\nUSER bot\nRUN x\nUSER 0:0",
            "ARG V=1\nFROM a:$V\nARG WHO=root\nUSER ${WHO}",
            "FROM a:1\nRUN <<EOF\nUSER bot\nEOF\n",
            "FROM scratch\nCOPY bot /bot\nENTRYPOINT [\"/bot\"]",
        ],
        good: &[
            "FROM python:3.13\nRUN useradd bot\nUSER bot",
            "FROM a:1 AS base\nUSER 1000\nFROM base\nCMD [\"x\"]",
            "FROM a:1\nENTRYPOINT [\"gosu\", \"bot\", \"python\", \"bot.py\"]",
            "FROM gcr.io/distroless/python3-debian12:nonroot\nCMD [\"bot.py\"]",
            "FROM a:1\nRUN apk add --no-cache su-exec\nENTRYPOINT [\"/entry.sh\"]",
            "FROM $UNKNOWN\nCMD [\"x\"]",
        ],
    },
    Case {
        id: "dkr-latest",
        path: FILE,
        bad: &[
            "FROM node\nUSER a",
            "FROM ghcr.io/o/r:latest",
            "ARG TAG=latest\nFROM node:${TAG}",
            "FROM --platform=linux/amd64 localhost:5000/node",
            "FROM a:1\nCOPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/",
        ],
        good: &[
            "FROM node:22-alpine",
            "FROM node@sha256:0123456789abcdef",
            "FROM a:1 AS base\nFROM base",
            "FROM scratch",
            "FROM a:1 AS uv\nFROM a:1\nCOPY --from=uv /uv /bin/\nCOPY --from=0 /x /y",
        ],
    },
    Case {
        id: "dkr-no-healthcheck",
        path: FILE,
        bad: &["FROM a:1\nCMD [\"x\"]", "FROM a:1\nHEALTHCHECK NONE"],
        good: &[
            "FROM a:1\nHEALTHCHECK --interval=5s CMD [\"check\"]",
            "FROM a:1 AS base\nHEALTHCHECK CMD x\nFROM base",
        ],
    },
    Case {
        id: "dkr-ssh-port",
        path: FILE,
        bad: &[
            "FROM a:1\nEXPOSE 80 22/tcp",
            "FROM a:1\nRUN apt-get install -y openssh-server",
            "FROM a:1\nCMD [\"/usr/sbin/sshd\", \"-D\"]",
        ],
        good: &["FROM a:1\nEXPOSE 8022 443", "FROM a:1\nRUN apt-get install -y openssh-client git"],
    },
    Case {
        id: "dkr-build-insecure",
        path: FILE,
        bad: &["FROM a:1\nRUN --security=insecure x", "FROM a:1\nRUN --network=host x"],
        good: &["FROM a:1\nRUN --network=none x", "FROM a:1\nRUN --mount=type=cache,target=/x y"],
    },
    Case {
        id: "dkr-shell-form",
        path: FILE,
        bad: &["FROM a:1\nCMD python bot.py", "FROM a:1\nENTRYPOINT ./run.sh"],
        good: &["FROM a:1\nCMD [\"python\", \"bot.py\"]", "FROM a:1\nENTRYPOINT exec ./run.sh"],
    },
];

const DOWNLOADS: &[Case] = &[
    Case {
        id: "dkr-curl-pipe",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN curl -fsSL https://x.io/i.sh | sh",
            "FROM a:1\nRUN wget -qO- https://x.io/i.sh \\\n  | sudo -E bash -",
            "FROM a:1\nRUN bash -c \"$(curl -fsSL https://x.io/i.sh)\"",
            "FROM a:1\nRUN bash <(curl -s https://x.io/i.sh)",
            "FROM a:1\nRUN curl https://x.io/get.py | python3 -",
            "FROM a:1\nRUN curl https://x.io/i.sh -o /tmp/i.sh && chmod +x /tmp/i.sh && /tmp/i.sh",
            "FROM a:1\nRUN wget https://x.io/i.sh && sh i.sh --yes",
            "FROM a:1\nRUN [\"sh\", \"-c\", \"curl https://x.io/i | sh\"]",
            "FROM a:1\nRUN <<EOF\nset -e\ncurl -L https://x.io/i |\n  bash -s -- -y\nEOF",
            "FROM a:1\nRUN eval \"$(wget -O- https://x.io/i)\"",
            "FROM a:1\nONBUILD RUN curl https://x.io/i.sh | FOO=1 bash",
        ],
        good: &[
            "FROM a:1\nRUN curl -fsSL https://x.io/a.tgz | tar xz",
            "FROM a:1\nRUN curl -o i.sh https://x.io/i.sh && echo 'ab  i.sh' | sha256sum -c - && sh i.sh",
            "FROM a:1\nRUN curl https://x.io/key | gpg --dearmor > /etc/apt/keyrings/x.gpg",
            "FROM a:1\nRUN cat local.sh | sh",
            "FROM a:1\nRUN curl https://x.io/v.json | jq .v; sh ./mine.sh",
            "FROM a:1\nRUN curl https://x.io/v.json | python3 -c 'import json'",
            "FROM a:1\nRUN echo 'curl x | sh' > README",
        ],
    },
    Case {
        id: "dkr-add-url",
        path: FILE,
        bad: &["FROM a:1\nADD https://x.io/a.tgz /a", "FROM a:1\nADD [\"https://x.io/a\", \"/a\"]"],
        good: &[
            "FROM a:1\nADD --checksum=sha256:ab https://x.io/a.tgz /a",
            "FROM a:1\nADD a.tgz /a",
            "FROM a:1\nADD https://g.io/r.git#0123456789012345678901234567890123456789 /r",
        ],
    },
    Case {
        id: "dkr-http-download",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN wget http://x.io/a.tgz",
            "FROM a:1\nRUN pip install --index-url=http://pypi.corp/simple x",
            "FROM a:1\nADD http://x.io/a /a",
        ],
        good: &[
            "FROM a:1\nHEALTHCHECK CMD curl http://localhost:8080/health",
            "FROM a:1\nRUN curl https://x.io/a",
            "FROM a:1\nRUN curl http://127.0.0.1/x",
        ],
    },
    Case {
        id: "dkr-tls-off",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN curl -fsSLk https://x.io/a -o a",
            "FROM a:1\nRUN wget --no-check-certificate https://x.io/a",
            "FROM a:1\nRUN pip install --trusted-host pypi.corp x",
            "FROM a:1\nRUN git config --global http.sslVerify false",
            "FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=0",
            "FROM a:1\nRUN echo 'deb [trusted=yes] https://x.io ./' > /etc/apt/sources.list.d/x.list",
            "FROM a:1\nRUN apt-get install -y --allow-unauthenticated x",
        ],
        good: &[
            "FROM a:1\nRUN curl -fsSL https://x.io/a -o back",
            "FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=1",
            "FROM a:1\nRUN git config --global user.name bot",
        ],
    },
    Case {
        id: "dkr-pipe-status",
        path: FILE,
        bad: &["FROM a:1\nRUN curl https://x.io/a | tar x", "FROM a:1\nRUN a | b | c"],
        good: &[
            "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN a | b",
            "FROM a:1\nRUN set -o pipefail && a | b",
            "FROM a:1\nRUN a || b",
        ],
    },
];

const SECRETS_AND_RIGHTS: &[Case] = &[
    Case {
        id: "dkr-secret-env",
        path: FILE,
        bad: &[
            "FROM a:1\nENV BOT_TOKEN=123456:abcdef",
            "FROM a:1\nENV A=1 \\\n  DB_PASSWORD=\"hunter2\"",
            "FROM a:1\nENV API_KEY some words",
            "FROM a:1\nARG GITHUB_TOKEN\nRUN x",
            "FROM a:1\nARG T\nENV BOT_TOKEN=$T",
            "FROM a:1\nENV DATABASE_URL=postgres://bot:hunter2@db/bot",
            "FROM a:1\nRUN git clone https://me:ghp_abc@github.com/o/r",
            "FROM a:1\nRUN echo 'root:hunter2' | chpasswd",
            "FROM a:1\nRUN curl -u me:hunter2 https://x.io/a -o a",
        ],
        good: &[
            "FROM a:1\nENV BOT_TOKEN_FILE=/run/secrets/token",
            "FROM a:1\nENV BOT_TOKEN=",
            "FROM a:1\nENV MAX_TOKENS=100 TOKENIZERS_PARALLELISM=false",
            "FROM a:1\nRUN --mount=type=secret,id=t TOKEN=$(cat /run/secrets/t) npm ci",
            "FROM a:1\nENV DATABASE_URL=postgres://db/bot",
        ],
    },
    Case {
        id: "dkr-secret-copied",
        path: FILE,
        bad: &[
            "FROM a:1\nCOPY .env /app/",
            "FROM a:1\nADD id_rsa /k",
            "FROM a:1\nCOPY [\"certs/server.key\", \"/etc/\"]",
        ],
        good: &[
            "FROM a:1\nCOPY .env.example /app/",
            "FROM a:1\nCOPY ca.pem /etc/ssl/",
            "FROM a:1\nCOPY --from=x .env /x",
        ],
    },
    Case {
        id: "dkr-sudo",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN sudo apt-get update",
            "FROM a:1\nRUN apt-get install -y git sudo",
            "FROM a:1\nRUN x && sudo -u bot y",
        ],
        good: &["FROM a:1\nRUN apt-get install -y git", "FROM a:1\nRUN echo sudo"],
    },
    Case {
        id: "dkr-chmod-777",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN chmod -R 777 /app",
            "FROM a:1\nRUN x && chmod a+rwx /y",
            "FROM a:1\nCOPY --chmod=0666 a /b",
            "FROM a:1\nRUN mkdir -m 777 /d",
        ],
        good: &[
            "FROM a:1\nRUN chmod 755 /app",
            "FROM a:1\nRUN chmod +x /y && chmod 1777 /tmp",
            "FROM a:1\nCOPY --chmod=0644 a /b",
        ],
    },
    Case {
        id: "debug-on",
        path: FILE,
        bad: &[
            "FROM a:1\nENV FLASK_DEBUG=1",
            "FROM a:1\nENV NODE_ENV=development",
            "FROM a:1\nCMD [\"uvicorn\", \"a:b\", \"--reload\"]",
            "FROM a:1\nCMD python manage.py runserver 0.0.0.0:80",
        ],
        good: &[
            "FROM a:1 AS build\nENV NODE_ENV=development\nFROM a:1\nENV NODE_ENV=production",
            "FROM a:1\nENV DEBUG=false",
        ],
    },
    Case {
        id: "dkr-apt-unpinned",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN apt-get update && apt-get install -y curl",
            "FROM a:1\nRUN pip install aiogram",
        ],
        good: &[
            "FROM a:1\nRUN apt-get install -y curl=8.5.0-2",
            "FROM a:1\nRUN pip install -r requirements.txt",
            "FROM a:1\nRUN pip install aiogram==3.4.1",
        ],
    },
    Case {
        id: "dkr-apt-no-clean",
        path: FILE,
        bad: &[
            "FROM a:1\nRUN apt-get update && apt-get install -y curl",
            "FROM a:1\nRUN apt update",
        ],
        good: &[
            "FROM a:1\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
            "FROM a:1\nRUN --mount=type=cache,target=/var/cache/apt apt-get update",
        ],
    },
    Case {
        id: "dkr-add-local",
        path: FILE,
        bad: &["FROM a:1\nADD . /app", "FROM a:1\nADD bot.py /app/"],
        good: &["FROM a:1\nADD app.tar.gz /app", "FROM a:1\nCOPY . /app"],
    },
];

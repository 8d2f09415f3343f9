//! Compose files and manifests of Kubernetes.

use crate::{Case, judge};

const FILE: &str = "compose.yaml";

#[test]
fn rights_of_services_are_judged() {
    judge(RIGHTS_OF_SERVICES);
}

#[test]
fn what_a_service_lacks_is_judged() {
    judge(WHAT_A_SERVICE_LACKS);
}

#[test]
fn stores_and_passwords_are_judged() {
    judge(STORES_AND_PASSWORDS);
}

#[test]
fn pods_are_judged() {
    judge(PODS);
}

const RIGHTS_OF_SERVICES: &[Case] = &[
    Case {
        id: "cmp-privileged",
        path: FILE,
        bad: &[
            "services:\n  bot:\n    image: a:1\n    privileged: true",
            "x-base: &base\n  privileged: true\nservices:\n  bot:\n    <<: *base\n    image: a:1",
            "services:\n  base: {image: 'a:1', privileged: yes}\n  bot: {extends: {service: base}}",
        ],
        good: &[
            "services:\n  bot:\n    image: a:1\n    privileged: false",
            "x-base: &base\n  privileged: true\nservices:\n  bot:\n    <<: *base\n    privileged: false\n    image: a:1",
        ],
    },
    Case {
        id: "cmp-docker-sock",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro']}}",
            "services:\n  a:\n    image: a:1\n    volumes:\n      - type: bind\n        source: /run/podman/podman.sock\n        target: /x",
        ],
        good: &[
            "services: {a: {image: 'a:1', volumes: ['data:/var/run']}}",
            "services: {a: {image: 'a:1', environment: {DOCKER_HOST: 'tcp://proxy:2375'}}}",
        ],
    },
    Case {
        id: "cmp-host-mount",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', volumes: ['/:/host']}}",
            "services: {a: {image: 'a:1', volumes: ['/etc:/etc']}}",
            "services: {a: {image: 'a:1', volumes: ['/root:/k:ro']}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', volumes: ['/proc:/host/proc:ro', '/:/rootfs:ro']}}",
            "services: {a: {image: 'a:1', volumes: ['./data:/data', '/srv/bot/x:/x']}}",
        ],
    },
    Case {
        id: "cmp-host-net",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', network_mode: host}}",
            "services: {a: {image: 'a:1', pid: \"host\"}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', network_mode: bridge}}",
            "services: {a: {image: 'a:1', network_mode: 'service:vpn'}}",
        ],
    },
    Case {
        id: "cmp-caps",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', cap_add: [SYS_ADMIN]}}",
            "services: {a: {image: 'a:1', security_opt: ['seccomp:unconfined']}}",
            "services: {a: {image: 'a:1', cap_add: [CAP_NET_ADMIN]}}",
            "services: {a: {image: 'a:1', devices: ['/dev/sda:/dev/sda']}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', cap_add: [NET_BIND_SERVICE], cap_drop: [ALL]}}",
            "services: {a: {image: 'a:1', security_opt: ['no-new-privileges:true']}}",
        ],
    },
    Case {
        id: "cmp-root",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', user: root}}",
            "services: {a: {image: 'a:1', user: '0:0'}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', user: '1000:1000'}}",
            "services: {a: {image: 'a:1', user: '${UID}'}}",
        ],
    },
    Case {
        id: "cmp-new-privileges",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1'}}",
            "services: {a: {image: 'a:1', security_opt: ['apparmor:x']}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', security_opt: ['no-new-privileges:true']}}",
            "services: {a: {image: 'a:1', security_opt: ['no-new-privileges']}}",
        ],
    },
    Case {
        id: "cmp-rw-root",
        path: FILE,
        bad: &["services: {a: {image: 'a:1'}}", "services: {a: {image: 'a:1', read_only: false}}"],
        good: &[
            "services: {a: {image: 'a:1', read_only: true}}",
            "services: {a: {extends: {file: b.yml, service: a}}}",
        ],
    },
];

const WHAT_A_SERVICE_LACKS: &[Case] = &[
    Case {
        id: "cmp-no-limits",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1'}}",
            "services: {a: {image: 'a:1', deploy: {resources: {limits: {cpus: '1'}}}}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', mem_limit: 512m}}",
            "services: {a: {image: 'a:1', deploy: {resources: {limits: {memory: 1G}}}}}",
        ],
    },
    Case {
        id: "cmp-no-restart",
        path: FILE,
        bad: &["services: {a: {image: 'a:1'}}", "services: {a: {build: .}}"],
        good: &[
            "services: {a: {image: 'a:1', restart: unless-stopped}}",
            "services: {migrate: {image: 'a:1'}}",
        ],
    },
    Case {
        id: "cmp-no-healthcheck",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1'}}",
            "services: {a: {image: 'a:1', healthcheck: {disable: true}}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', healthcheck: {test: [CMD, x]}}}",
            "services: {a: {image: 'a:1', healthcheck: {test: x}}}",
        ],
    },
    Case {
        id: "cmp-image-latest",
        path: FILE,
        bad: &[
            "services: {a: {image: redis}}",
            "services: {a: {image: 'ghcr.io/o/a:latest'}}",
            "services: {a: {image: 'a:${TAG:-latest}'}}",
        ],
        good: &[
            "services: {a: {image: 'redis:7.4-alpine'}}",
            "services: {a: {image: 'bot', build: .}}",
            "services: {a: {image: 'a:${TAG}'}}",
        ],
    },
    Case {
        id: "cmp-flat-network",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1'}, b: {image: 'b:1'}, db: {image: 'postgres:16'}}",
            "services: {a: {build: .}, b: {build: .}, r: {image: 'redis:7'}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', networks: [x]}, b: {image: 'b:1'}, db: {image: 'postgres:16', networks: [x]}}",
            "services: {a: {image: 'a:1'}, db: {image: 'postgres:16'}}",
        ],
    },
    Case {
        id: "log-no-rotation",
        path: FILE,
        bad: &[
            "services: {a: {image: 'a:1', logging: {driver: json-file}}}",
            "services: {a: {image: 'a:1', logging: {options: {tag: x}}}}",
        ],
        good: &[
            "services: {a: {image: 'a:1', logging: {driver: json-file, options: {max-size: 10m}}}}",
            "services: {a: {image: 'a:1', logging: {driver: journald}}}",
        ],
    },
];

const STORES_AND_PASSWORDS: &[Case] = &[
    Case {
        id: "cmp-port-public-db",
        path: FILE,
        bad: &[
            "services: {db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {db: {image: 'redis:7', ports: ['0.0.0.0:16379:6379']}}",
            "services: {db: {image: 'bitnami/mongodb:7', ports: [{target: 27017, published: 27017}]}}",
            "services: {db: {image: 'postgres:16', ports: ['${PORT:-5432}:5432']}}",
        ],
        good: &[
            "services: {db: {image: 'postgres:16', ports: ['127.0.0.1:5432:5432']}}",
            "services: {bot: {image: 'bot:1', ports: ['8080:8080']}}",
            "services: {db: {image: 'postgres:16', expose: ['5432']}}",
            "services: {db: {image: 'mysql:8', ports: [{target: 3306, published: 3306, host_ip: 127.0.0.1}]}}",
        ],
    },
    Case {
        id: "cmp-default-password",
        path: FILE,
        bad: &[
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: postgres}}}",
            "services: {db: {image: 'mysql:8', environment: ['MYSQL_ROOT_PASSWORD=root']}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${PW:-changeme}'}}}",
            "services: {bot: {image: 'b:1', environment: {DATABASE_URL: 'postgres://bot:password@db/bot'}}}",
            "services: {db: {image: 'mysql:8', environment: {MYSQL_ALLOW_EMPTY_PASSWORD: 'yes'}}}",
        ],
        good: &[
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${PW:?}'}}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD_FILE: /run/secrets/pw}}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_USER: postgres}}}",
        ],
    },
    Case {
        id: "cmp-secret-inline",
        path: FILE,
        bad: &[
            "services: {bot: {image: 'b:1', environment: {BOT_TOKEN: '1234567:AAfj39fjkdls'}}}",
            "services: {bot: {image: 'b:1', environment: ['DB_URL=postgres://bot:k3Jf92jKd@db/bot']}}",
        ],
        good: &[
            "services: {bot: {image: 'b:1', environment: {BOT_TOKEN: '${BOT_TOKEN}'}}}",
            "services: {bot: {image: 'b:1', environment: [BOT_TOKEN]}}",
        ],
    },
    Case {
        id: "redis-no-auth",
        path: FILE,
        bad: &[
            "services: {r: {image: 'redis:7'}}",
            "services: {r: {image: 'redis:7', command: redis-server --appendonly yes}}",
        ],
        good: &[
            "services: {r: {image: 'redis:7', command: 'redis-server --requirepass ${PW}'}}",
            "services: {r: {image: 'redis:7', command: [redis-server, /etc/redis.conf]}}",
            "services: {r: {image: 'oliver006/redis_exporter:v1'}}",
        ],
    },
    Case {
        id: "redis-no-maxmemory",
        path: FILE,
        bad: &[
            "services: {r: {image: 'redis:7'}}",
            "services: {r: {image: 'valkey/valkey:8', command: [valkey-server, --save, '']}}",
        ],
        good: &[
            "services: {r: {image: 'redis:7', command: redis-server --maxmemory 256mb}}",
            "services: {r: {image: 'redis:7', command: redis-server /x/redis.conf}}",
        ],
    },
    Case {
        id: "redis-weak-password",
        path: FILE,
        bad: &[
            "services: {r: {image: 'redis:7', command: redis-server --requirepass redis}}",
            "services: {r: {image: 'redis:7', command: [redis-server, --requirepass, changeme]}}",
        ],
        good: &[
            "services: {r: {image: 'redis:7', command: 'redis-server --requirepass ${PW}'}}",
            "services: {r: {image: 'redis:7'}}",
        ],
    },
    Case {
        id: "pg-trust-hba",
        path: FILE,
        bad: &[
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_HOST_AUTH_METHOD: trust}}}",
            "services: {db: {image: 'postgres:16', environment: ['POSTGRES_HOST_AUTH_METHOD=trust']}}",
        ],
        good: &[
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_HOST_AUTH_METHOD: scram-sha-256}}}",
            "services: {db: {image: 'postgres:16'}}",
        ],
    },
    Case {
        id: "grafana-default-admin",
        path: FILE,
        bad: &[
            "services: {g: {image: 'grafana/grafana:11.0.0'}}",
            "services: {g: {image: 'grafana/grafana:11.0.0', environment: {GF_SECURITY_ADMIN_PASSWORD: admin}}}",
        ],
        good: &[
            "services: {g: {image: 'grafana/grafana:11.0.0', environment: {GF_SECURITY_ADMIN_PASSWORD: '${PW}'}}}",
            "services: {l: {image: 'grafana/loki:3.0.0'}}",
        ],
    },
    Case {
        id: "grafana-anonymous",
        path: FILE,
        bad: &[
            "services: {g: {image: 'grafana/grafana:11.0.0', environment: {GF_AUTH_ANONYMOUS_ENABLED: 'true'}}}",
            "services: {g: {image: 'grafana/grafana:11.0.0', environment: ['GF_AUTH_ANONYMOUS_ENABLED=true']}}",
        ],
        good: &[
            "services: {g: {image: 'grafana/grafana:11.0.0', environment: {GF_AUTH_ANONYMOUS_ENABLED: 'false'}}}",
            "services: {g: {image: 'grafana/grafana:11.0.0'}}",
        ],
    },
    Case {
        id: "prom-admin-api",
        path: FILE,
        bad: &[
            "services: {p: {image: 'prom/prometheus:v3.0.0', command: [--web.enable-admin-api]}}",
            "services: {p: {image: 'p:1', command: '--config.file=x --web.enable-admin-api'}}",
        ],
        good: &[
            "services: {p: {image: 'prom/prometheus:v3.0.0', command: [--config.file=x]}}",
            "services: {p: {image: 'p:1'}}",
        ],
    },
];

const PODS: &[Case] = &[
    Case {
        id: "k8s-pod-rights",
        path: "deploy/bot.yaml",
        bad: &[
            "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  containers: [{name: a, image: 'a:1', securityContext: {runAsNonRoot: true}}]",
            "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers: [{name: a, image: 'a:1', securityContext: {privileged: true, runAsNonRoot: true}}]",
            "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: 'a:1'}]}}}}}",
        ],
        good: &[
            "apiVersion: v1\nkind: Pod\nspec:\n  securityContext: {runAsNonRoot: true}\n  containers: [{name: a, image: 'a:1'}]",
            "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}",
        ],
    },
    Case {
        id: "k8s-no-limits",
        path: "deploy/bot.yaml",
        bad: &[
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, resources: {limits: {cpu: 1}}}]}",
        ],
        good: &[
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, resources: {limits: {memory: 1Gi}}}]}",
            "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}",
        ],
    },
    Case {
        id: "k8s-default-account",
        path: "deploy/bot.yaml",
        bad: &[
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}",
            "apiVersion: apps/v1\nkind: StatefulSet\nspec: {template: {spec: {containers: [{name: a}]}}}",
        ],
        good: &[
            "apiVersion: v1\nkind: Pod\nspec: {automountServiceAccountToken: false, containers: [{name: a}]}",
            "apiVersion: v1\nkind: Pod\nspec: {serviceAccountName: bot, containers: [{name: a}]}",
        ],
    },
    Case {
        id: "k8s-rbac-any",
        path: "deploy/role.yaml",
        bad: &[
            "apiVersion: v1\nkind: ClusterRole\nrules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]",
            "apiVersion: v1\nkind: ClusterRoleBinding\nroleRef: {kind: ClusterRole, name: cluster-admin}",
        ],
        good: &[
            "apiVersion: v1\nkind: Role\nrules: [{resources: [pods], verbs: [get]}]",
            "apiVersion: v1\nkind: RoleBinding\nroleRef: {kind: Role, name: view}",
        ],
    },
];

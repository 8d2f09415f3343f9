//! nginx, monitoring, units and settings.

use crate::{Case, judge};

#[test]
fn nginx_is_judged() {
    judge(NGINX);
}

#[test]
fn monitoring_is_judged() {
    judge(MONITORING);
}

#[test]
fn units_are_judged() {
    judge(UNITS);
}

#[test]
fn settings_are_judged() {
    judge(SETTINGS);
}

/// A unit with everything that a bot can do without.
const HARD: &str = "[Service]\nExecStart=/bot\nDynamicUser=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n\
    PrivateDevices=yes\nNoNewPrivileges=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\n\
    ProtectControlGroups=yes\nRestrictAddressFamilies=AF_INET\nRestrictNamespaces=yes\nRestrictRealtime=yes\n\
    LockPersonality=yes\nMemoryDenyWriteExecute=yes\nSystemCallFilter=@system-service\nSystemCallArchitectures=native\n\
    CapabilityBoundingSet=\nProtectClock=yes\nProtectHostname=yes\nProtectProc=invisible\nPrivateUsers=yes\nUMask=0077\n\
    RestrictSUIDSGID=yes\nRemoveIPC=yes\nRestart=always\n";

const NGINX: &[Case] = &[
    Case {
        id: "nginx-alias-traversal",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { location /files { alias /srv/files/; } }",
            "location /i { alias \"/a/\"; }",
        ],
        good: &[
            "server { location /files/ { alias /srv/files/; } }",
            "server { location /files { alias /srv/files; } }",
        ],
    },
    Case {
        id: "nginx-old-tls",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "ssl_protocols TLSv1 TLSv1.2;",
            "http { server { ssl_protocols SSLv3; } }",
            "server { ssl_ciphers RC4:HIGH; }",
        ],
        good: &["ssl_protocols TLSv1.2 TLSv1.3;", "server { ssl_ciphers HIGH:!aNULL:!MD5; }"],
    },
    Case {
        id: "nginx-server-tokens",
        path: "nginx.conf",
        bad: &["http { server { listen 80; } }", "http { server_tokens on; }"],
        good: &["http { server_tokens off; server { listen 80; } }", "events { }"],
    },
    Case {
        id: "nginx-no-headers",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { listen 443 ssl; root /x; }",
            "server { listen 443 ssl; add_header X-Content-Type-Options nosniff; }",
        ],
        good: &[
            "server { listen 443 ssl; add_header Strict-Transport-Security x always; add_header X-Content-Type-Options nosniff; }",
            "server { listen 80; return 301 https://$host$request_uri; }",
        ],
    },
    Case {
        id: "nginx-headers-lost",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { add_header A b; location / { add_header C d; } }",
            "http { add_header A b; server { location /x { add_header C d; } } }",
        ],
        good: &[
            "server { add_header A b; location / { root /x; } }",
            "server { location / { add_header C d; } }",
        ],
    },
    Case {
        id: "nginx-no-limit",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { location / { proxy_pass http://bot:8080; } }",
            "http { include mime.types; server { location /hook { proxy_pass http://unix:/run/bot.sock; } } }",
        ],
        good: &[
            "server { limit_req zone=a; location / { proxy_pass http://bot; } }",
            "server { location / { root /x; } }",
        ],
    },
    Case {
        id: "nginx-autoindex",
        path: "deploy/nginx/bot.conf",
        bad: &["location /a { autoindex on; }", "server { autoindex on; }"],
        good: &["server { autoindex off; }", "server { root /x; }"],
    },
    Case {
        id: "nginx-host-header",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "location / { proxy_pass http://$http_host; }",
            "location / { proxy_pass $scheme://$arg_to/x; }",
            "location / { return 302 https://x.io$uri; }",
        ],
        good: &[
            "location / { proxy_pass http://bot/$request_uri; }",
            "location / { return 301 https://$host$request_uri; }",
        ],
    },
    Case {
        id: "nginx-cleartext",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { listen 80; location / { proxy_pass http://bot; } }",
            "server { location / { proxy_pass http://bot; } }",
        ],
        good: &[
            "server { listen 443 ssl; location / { proxy_pass http://bot; } }",
            "server { listen 80; return 301 https://$host$request_uri; }",
            "server { listen 127.0.0.1:80; location / { proxy_pass http://bot; } }",
        ],
    },
    Case {
        id: "nginx-dotfiles",
        path: "deploy/nginx/bot.conf",
        bad: &[
            "server { root /srv; }",
            "server { root /srv; location / { try_files $uri =404; } }",
        ],
        good: &[
            "server { root /srv; location ~ /\\. { deny all; } }",
            "server { location / { proxy_pass http://a; } }",
        ],
    },
];

const MONITORING: &[Case] = &[
    Case {
        id: "prom-no-alerts",
        path: "prometheus.yml",
        bad: &["scrape_configs: []", "scrape_configs: []\nrule_files: [a.yml]"],
        good: &[
            "scrape_configs: []\nrule_files: [a.yml]\nalerting: {alertmanagers: [{static_configs: []}]}",
            "groups: []",
        ],
    },
    Case {
        id: "prom-target-no-auth",
        path: "prometheus.yml",
        bad: &[
            "scrape_configs: [{job_name: a, static_configs: [{targets: ['bot.example.org:9100']}]}]",
            "scrape_configs: [{scheme: https, static_configs: [{targets: ['203.0.113.5:443']}]}]",
        ],
        good: &[
            "scrape_configs: [{static_configs: [{targets: ['bot:9100', '10.0.0.4:9100', 'localhost:9090']}]}]",
            "scrape_configs: [{scheme: https, basic_auth: {username: a, password_file: b}, static_configs: [{targets: ['bot.example.org:443']}]}]",
        ],
    },
    Case {
        id: "prom-secret-inline",
        path: "prometheus.yml",
        bad: &[
            "scrape_configs: [{basic_auth: {username: a, password: k3Jf92}}]",
            "scrape_configs: [{authorization: {credentials: k3Jf92jKd}}]",
        ],
        good: &[
            "scrape_configs: [{basic_auth: {password_file: /x}}]",
            "scrape_configs: [{job_name: token}]",
        ],
    },
    Case {
        id: "alert-no-receiver",
        path: "alertmanager.yml",
        bad: &[
            "route: {receiver: a}\nreceivers: [{name: a}]",
            "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: []}]",
        ],
        good: &[
            "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://bot/'}]}]",
            "route: {receiver: a}\nreceivers: [{name: a, telegram_configs: [{chat_id: 1}]}]",
        ],
    },
    Case {
        id: "loki-no-retention",
        path: "loki.yaml",
        bad: &["schema_config: {}", "limits_config: {retention_period: 744h}\nschema_config: {}"],
        good: &[
            "limits_config: {retention_period: 744h}\ncompactor: {retention_enabled: true}",
            "table_manager: {retention_deletes_enabled: true}\nschema_config: {}",
        ],
    },
    Case {
        id: "loki-no-auth",
        path: "loki.yaml",
        bad: &["auth_enabled: false\nschema_config: {}", "schema_config: {}\nauth_enabled: no"],
        good: &["auth_enabled: true\nschema_config: {}", "schema_config: {}"],
    },
    Case {
        id: "config-default-secret",
        path: "grafana/provisioning/datasources/a.yml",
        bad: &[
            "datasources: [{secureJsonData: {password: postgres}}]",
            "datasources: [{password: admin}]",
        ],
        good: &[
            "datasources: [{secureJsonData: {password: $PW}}]",
            "datasources: [{url: 'http://loki'}]",
        ],
    },
    Case {
        id: "log-no-rotation",
        path: "deploy/logrotate.d/bot",
        bad: &["/var/log/bot.log {\n  compress\n}", "/a.log /b.log {\n missingok\n notifempty\n}"],
        good: &["/var/log/bot.log {\n  daily\n  rotate 7\n}", "/a {\n maxsize 10M\n}"],
    },
    Case {
        id: "log-world-readable",
        path: "logrotate.conf",
        bad: &["/a {\n daily\n create 0644 bot bot\n}", "/a {\n create 666\n}"],
        good: &["/a {\n daily\n create 0640 bot adm\n}", "/a {\n nocreate\n}"],
    },
];

const UNITS: &[Case] = &[
    Case {
        id: "unit-exposure",
        path: "deploy/bot.service",
        bad: &[
            "[Service]\nExecStart=/bot\nUser=bot\n",
            "[Service]\nExecStart=/bot\nUser=root\nNoNewPrivileges=yes\n",
        ],
        good: &[HARD, "[Unit]\nDescription=x\n"],
    },
    Case {
        id: "unit-root",
        path: "deploy/bot.service",
        bad: &["[Service]\nExecStart=/bot", "[Service]\nUser=root\nExecStart=/bot"],
        good: &[
            "[Service]\nUser=bot\nExecStart=/bot",
            "[Service]\nDynamicUser=yes\nExecStart=/bot",
        ],
    },
    Case {
        id: "unit-no-restart",
        path: "deploy/bot.service",
        bad: &["[Service]\nExecStart=/bot", "[Service]\nExecStart=/bot\nRestart=no"],
        good: &[
            "[Service]\nExecStart=/bot\nRestart=on-failure",
            "[Service]\nType=oneshot\nExecStart=/bot",
        ],
    },
    Case {
        id: "unit-secret-inline",
        path: "deploy/bot.service",
        bad: &[
            "[Service]\nExecStart=/bot\nEnvironment=BOT_TOKEN=k3Jf92jKd",
            "[Service]\nExecStart=/bot\nEnvironment=\"A=1\" \"DB=postgres://b:k3Jf92@db/b\"",
        ],
        good: &[
            "[Service]\nExecStart=/bot\nEnvironmentFile=/etc/bot.env",
            "[Service]\nExecStart=/bot\nEnvironment=LOG=info",
        ],
    },
];

const SETTINGS: &[Case] = &[
    Case {
        id: "config-default-secret",
        path: ".env",
        bad: &[
            "SECRET_KEY=changeme",
            "export DB_PASSWORD='postgres'",
            "DATABASE_URL=postgres://bot:password@db/bot",
        ],
        good: &["SECRET_KEY=${KEY}", "DB_PASSWORD=", "LOG_LEVEL=debug"],
    },
    Case {
        id: "config-default-secret",
        path: "config/settings.yaml",
        bad: &["db:\n  password: admin\n", "bot: {secret_key: change-me-please}"],
        good: &["db:\n  password: ${PW}\n", "password_min_length: 8\n"],
    },
    Case {
        id: "config-default-secret",
        path: "config.toml",
        bad: &["[db]\npassword = \"root\"\n", "api_key = 'changeme'"],
        good: &["[db]\npassword = \"$PW\"\n", "token_file = \"secret\""],
    },
    Case {
        id: "debug-on",
        path: "config/production.yml",
        bad: &["debug: true", "app: {debug: True}"],
        good: &["debug: false", "log: {level: debug}"],
    },
    Case {
        id: "debug-on",
        path: ".env",
        bad: &["DEBUG=True", "FLASK_ENV=development"],
        good: &["DEBUG=0", "NODE_ENV=production"],
    },
    Case {
        id: "config-tls-off",
        path: "config.yaml",
        bad: &["http: {verify_ssl: false}", "tls: {insecure_skip_verify: true}"],
        good: &["http: {verify_ssl: true}", "tls: {insecure_skip_verify: false}"],
    },
    Case {
        id: "config-allow-any",
        path: "config.yaml",
        bad: &["allowed_hosts: '*'", "cors: {allow_origins: ['*']}"],
        good: &["allowed_hosts: [bot.example.org]", "glob: '*'"],
    },
    Case {
        id: "bind-all",
        path: "mongod.conf",
        bad: &["net:\n  bindIp: 0.0.0.0\n", "[mysqld]\nbind-address = 0.0.0.0\n"],
        good: &["net:\n  bindIp: 127.0.0.1\n", "[mysqld]\nbind-address = 127.0.0.1\n"],
    },
    Case {
        id: "pool-unbounded",
        path: "config.yaml",
        bad: &["db: {max_overflow: -1}", "DB_POOL_SIZE: 0"],
        good: &["db: {max_overflow: 10}", "pool: 0"],
    },
    Case {
        id: "pg-ssl-off",
        path: ".env",
        bad: &[
            "DB=postgres://u@db.example.org/b?sslmode=disable",
            "DSN='host=db.example.org sslmode=disable'",
        ],
        good: &[
            "DB=postgres://u@localhost/b?sslmode=disable",
            "DB=postgres://u@db.example.org/b?sslmode=verify-full",
        ],
    },
];

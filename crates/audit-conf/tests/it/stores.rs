//! Redis, `PostgreSQL` and SQL.

use crate::{Case, audit, count, judge};

#[test]
fn redis_is_judged() {
    judge(REDIS);
}

#[test]
fn postgres_is_judged() {
    judge(POSTGRES);
}

#[test]
fn migrations_are_judged() {
    judge(MIGRATIONS);
}

#[test]
fn tables_are_judged_over_all_files() {
    let one = "CREATE TABLE users (id bigint PRIMARY KEY, name text);\nCREATE TABLE logs (at int);\n\
               CREATE TABLE orders (id int, user_id bigint REFERENCES users (id), shop_id int, PRIMARY KEY (id), FOREIGN KEY (shop_id) REFERENCES shops (id));";
    let two =
        "CREATE INDEX CONCURRENTLY ON orders (user_id);\nALTER TABLE logs ADD PRIMARY KEY (at);";
    let report = audit(&[("db/1.sql", one)]);
    assert_eq!((count(&report, "db-no-pk"), count(&report, "db-fk-no-index")), (1, 2));
    let report = audit(&[("db/1.sql", one), ("db/2.sql", two)]);
    assert_eq!((count(&report, "db-no-pk"), count(&report, "db-fk-no-index")), (0, 1));
    let found = report.findings.iter().find(|finding| finding.id == "db-fk-no-index").unwrap();
    assert_eq!((found.path(), found.files[0].line), ("db/1.sql", Some(3)));
    assert!(found.current.contains("orders.shop_id"));
}

#[test]
fn a_migration_needs_its_way_back() {
    let up = "CREATE TABLE a (id int primary key);";
    let report = audit(&[
        ("m/1.up.sql", up),
        ("m/2.up.sql", up),
        ("m/2.down.sql", "DROP TABLE a;"),
        ("m/3/up.sql", up),
    ]);
    let paths: Vec<&str> = report
        .findings
        .iter()
        .filter(|one| one.id == "mig-no-downgrade")
        .map(wardkit_audit::Finding::path)
        .collect();
    assert_eq!(paths, ["m/1.up.sql", "m/3/up.sql"]);
    assert_eq!(count(&report, "mig-destructive"), 0);
    let marked =
        "-- +goose Up\nCREATE TABLE a (id int primary key);\n-- +goose Down\nDROP TABLE a;";
    let report = audit(&[("m/1.sql", marked), ("m/2.sql", "-- +goose Up\nSELECT 1;")]);
    assert_eq!((count(&report, "mig-no-downgrade"), count(&report, "mig-destructive")), (1, 0));
}

const REDIS: &[Case] = &[
    Case {
        id: "redis-no-auth",
        path: "deploy/redis.conf",
        bad: &["port 6379\n", "bind 0.0.0.0\nmaxmemory 1gb", "bind 127.0.0.1\nprotected-mode no"],
        good: &[
            "requirepass k3Jf92jKdk3Jf92jKd",
            "bind 127.0.0.1 -::1\nport 6379",
            "aclfile /etc/users.acl",
            "user bot on >k3Jf92jKd ~* +@all",
        ],
    },
    Case {
        id: "redis-exposed",
        path: "deploy/redis.conf",
        bad: &["protected-mode no\nrequirepass x", "bind 0.0.0.0\nprotected-mode no"],
        good: &["protected-mode yes", "bind 127.0.0.1\nprotected-mode no"],
    },
    Case {
        id: "redis-weak-password",
        path: "deploy/redis.conf",
        bad: &["requirepass changeme", "requirepass \"s3cr\""],
        good: &["requirepass k3Jf92jKdk3Jf92jKd", "requirepass ${REDIS_PASSWORD}"],
    },
    Case {
        id: "redis-no-maxmemory",
        path: "deploy/redis.conf",
        bad: &["port 6379", "maxmemory 0"],
        good: &["maxmemory 256mb", "# x\nmaxmemory 1gb\nport 1"],
    },
    Case {
        id: "redis-no-persist",
        path: "deploy/redis.conf",
        bad: &["save \"\"", "save ''\nsave \"\"\nappendonly no"],
        good: &["save 900 1", "save \"\"\nappendonly yes"],
    },
    Case {
        id: "redis-danger-command",
        path: "deploy/redis.conf",
        bad: &["port 6379", "requirepass x"],
        good: &["rename-command FLUSHALL \"\"", "aclfile /x"],
    },
];

const POSTGRES: &[Case] = &[
    Case {
        id: "pg-trust-hba",
        path: "pg_hba.conf",
        bad: &[
            "host all all 0.0.0.0/0 trust",
            "local all all trust",
            "host all all 10.0.0.0 255.0.0.0 md5",
            "host bot bot 10.0.0.0/8 password",
        ],
        good: &[
            "host all all 10.0.0.0/8 scram-sha-256",
            "local all postgres peer",
            "# host all all all trust",
            "hostssl all all 10.0.0.0/8 cert",
        ],
    },
    Case {
        id: "pg-hba-world",
        path: "pg_hba.conf",
        bad: &["hostssl all all 0.0.0.0/0 scram-sha-256", "host all all all scram-sha-256"],
        good: &["host all all 0.0.0.0/0 reject", "host all all 10.1.0.0/16 scram-sha-256"],
    },
    Case {
        id: "pg-listen-all",
        path: "deploy/postgresql.conf",
        bad: &["listen_addresses = '*'", "listen_addresses = 'localhost, 0.0.0.0'  # all"],
        good: &["listen_addresses = 'localhost'", "#listen_addresses = '*'\nport = 5432"],
    },
    Case {
        id: "pg-ssl-off",
        path: "deploy/postgresql.conf",
        bad: &["ssl = off", "listen_addresses = '*'"],
        good: &["ssl = on\nlisten_addresses = '*'", "port = 5432"],
    },
    Case {
        id: "pg-weak-hash",
        path: "deploy/postgresql.conf",
        bad: &["password_encryption = md5", "password_encryption = 'md5'"],
        good: &["password_encryption = scram-sha-256", "port = 1"],
    },
    Case {
        id: "pg-durability-off",
        path: "deploy/postgresql.conf",
        bad: &["fsync = off", "full_page_writes off"],
        good: &["fsync = on", "synchronous_commit = off"],
    },
    Case {
        id: "pg-log-off",
        path: "deploy/postgresql.conf",
        bad: &["listen_addresses = 'localhost'", "listen_addresses = '*'\nlog_connections = off"],
        good: &["listen_addresses = '*'\nlog_connections = on", "shared_buffers = 1GB"],
    },
    Case {
        id: "pool-unbounded",
        path: "deploy/postgresql.conf",
        bad: &["max_connections = 5000", "max_connections 10000"],
        good: &["max_connections = 100", "max_connections = 1000"],
    },
    Case {
        id: "pg-trust-hba",
        path: "pgbouncer.ini",
        bad: &["[pgbouncer]\nauth_type = any", "[pgbouncer]\nauth_type = trust"],
        good: &["[pgbouncer]\nauth_type = scram-sha-256", "[databases]\nx = host=y"],
    },
];

const MIGRATIONS: &[Case] = &[
    Case {
        id: "mig-destructive",
        path: "migrations/0002_users.up.sql",
        bad: &[
            "DROP TABLE users;",
            "alter table only users drop column email",
            "TRUNCATE logs;",
            "DELETE FROM users;",
            "ALTER TABLE a DROP b;",
        ],
        good: &[
            "CREATE TABLE t (id int primary key); DROP TABLE t;",
            "ALTER TABLE a DROP CONSTRAINT c;",
            "DELETE FROM users WHERE id = 1;",
            "-- DROP TABLE users;\nSELECT 'DROP TABLE x';",
        ],
    },
    Case {
        id: "mig-lock-heavy",
        path: "migrations/0002_users.up.sql",
        bad: &[
            "CREATE INDEX i ON users (email);",
            "ALTER TABLE users ADD COLUMN a int NOT NULL;",
            "ALTER TABLE users ALTER COLUMN a TYPE bigint;",
            "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES b (id);",
            "UPDATE users SET a = 1;",
            "ALTER TABLE users ADD COLUMN u uuid DEFAULT gen_random_uuid();",
        ],
        good: &[
            "CREATE INDEX CONCURRENTLY i ON users (email);",
            "ALTER TABLE users ADD COLUMN a int NOT NULL DEFAULT 0;",
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
            "ALTER TABLE users ADD CONSTRAINT f CHECK (a > 0) NOT VALID;",
            "CREATE INDEX `i` ON `users` (`email`);",
        ],
    },
    Case {
        id: "sql-grant-all",
        path: "db/roles.sql",
        bad: &[
            "GRANT ALL PRIVILEGES ON DATABASE bot TO bot;",
            "ALTER ROLE bot SUPERUSER;",
            "GRANT INSERT ON t TO PUBLIC;",
        ],
        good: &[
            "GRANT SELECT, INSERT ON t TO bot;",
            "CREATE ROLE bot NOSUPERUSER LOGIN;",
            "GRANT ALL ON t TO migrator;",
        ],
    },
    Case {
        id: "sql-password-literal",
        path: "db/roles.sql",
        bad: &[
            "CREATE ROLE bot LOGIN PASSWORD 'k3Jf92';",
            "CREATE USER 'bot'@'%' IDENTIFIED BY 'k3Jf92';",
        ],
        good: &[
            "CREATE ROLE bot PASSWORD :'pw';",
            "CREATE TABLE u (password text DEFAULT 'x');",
            "ALTER USER bot PASSWORD '${PW}';",
        ],
    },
    Case {
        id: "sql-definer-path",
        path: "db/f.sql",
        bad: &[
            "CREATE FUNCTION f() RETURNS int SECURITY DEFINER AS $$ x $$ LANGUAGE sql;",
            "create or replace function s.f() returns void as $b$ a; b $b$ language plpgsql security definer;",
        ],
        good: &[
            "CREATE FUNCTION f() RETURNS int SECURITY DEFINER SET search_path = pg_catalog AS $$ x $$ LANGUAGE sql;",
            "CREATE FUNCTION f() RETURNS int AS $$ SECURITY DEFINER $$ LANGUAGE sql;",
        ],
    },
];

use crate::{audit, telegram, told};

fn ids(files: &[(&str, &str)]) -> Vec<String> {
    told(&audit(files)).into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_file_of_the_environment_that_git_does_not_ignore_is_told() {
    let env = "DB_PASSWORD=gq7Zp-41xWv\n";
    assert!(ids(&[(".env", env)]).contains(&"env-file-tracked".to_owned()));
    assert!(
        ids(&[("bot/.env.production", env), (".gitignore", "/.env\n")])
            .contains(&"env-file-tracked".to_owned())
    );
    assert!(
        !ids(&[(".env", env), (".gitignore", ".env\n")]).contains(&"env-file-tracked".to_owned())
    );
    assert_eq!(ids(&[(".env", "DEBUG=1\n"), (".gitignore", "*.log\n")]), Vec::<String>::new());
}

#[test]
fn a_project_that_reads_env_has_a_line_for_it() {
    let bot = ("requirements.txt", "aiogram==3.1\npython-dotenv==1.0\n");
    let node = ("package.json", "{\"dependencies\": {\"dotenv\": \"^16\"}}\n");
    let told = vec!["gitignore-misses-env".to_owned()];
    assert_eq!(ids(&[bot, (".gitignore", "*.pyc\n")]), told);
    assert_eq!(ids(&[node, (".gitignore", "dist/\n")]), told);
    assert_eq!(ids(&[(".env.example", "TOKEN=\n"), (".gitignore", "*.pyc\n")]), told);
    assert_eq!(ids(&[bot, (".gitignore", ".env*\n!.env.example\n")]), Vec::<String>::new());
    assert_eq!(
        ids(&[("requirements.txt", "aiogram==3.1\n"), (".gitignore", "*.pyc\n")]),
        Vec::<String>::new()
    );
}

#[test]
fn a_secret_in_an_example_of_the_environment_is_told_as_such() {
    let text = format!("BOT_TOKEN={}\nOTHER=\n", telegram());
    for name in [".env.example", "env.sample", "deploy/.env.dist"] {
        assert_eq!(
            ids(&[(name, &text), (".gitignore", ".env\n")]),
            ["secret-in-env-example"],
            "{name}"
        );
    }
    assert_eq!(
        ids(&[(".env.example", "BOT_TOKEN=123456:your-token\n"), (".gitignore", ".env\n")]),
        Vec::<String>::new()
    );
}

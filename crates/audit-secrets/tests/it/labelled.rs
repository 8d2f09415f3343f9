//! Lines as repositories have them, each beside its twin that is no secret. In every `@` a value is put that was drawn at
//! random.

use crate::{audit, told};

#[test]
fn of_lines_and_their_twins_most_are_told_apart() {
    let (mut right, mut missed, mut wrong) = (0_u32, Vec::new(), Vec::new());
    for (path, secret, twin) in LINES {
        for value in VALUES {
            let text = secret.replace('@', value);
            if told(&audit(&[(path, &text)])).is_empty() {
                missed.push(format!("{path}: {text}"));
            } else {
                right += 1;
            }
        }
        if !told(&audit(&[(path, twin)])).is_empty() {
            wrong.push(format!("{path}: {twin}"));
        }
    }
    let count = |list: &[String]| f64::from(u32::try_from(list.len()).unwrap());
    let right = f64::from(right);
    let f1 = 2.0 * right / (2.0 * right + count(&missed) + count(&wrong));
    assert!(f1 >= 0.95, "{f1}: missed {missed:#?}, wrong {wrong:#?}");
}

const VALUES: [&str; 3] = ["Zx8kq2Lm9RtB", "gq7Zp41xWvN3", "b7K2m9Xw4TqR8sLc"];

/// A file, a line that has a secret, and one that has none.
const LINES: [(&str, &str, &str); 32] = [
    ("A.java", "String PASSWORD = \"@\";\n", "String PASSWORD = \"password\";\n"),
    ("A.java", "account.setPassword(\"@\");\n", "account.setPassword(\"newPassword\");\n"),
    (
        "a.properties",
        "spring.datasource.password=@\n",
        "spring.datasource.password=${DB_PASSWORD}\n",
    ),
    ("a.properties", "app.api.key=x\napp.secretKey=@\n", "app.secretKey=@project.secret@\n"),
    ("a.yaml", "  password: @\n", "  password: <password>\n"),
    ("a.yaml", "  db_password: \"@\"\n", "  db_password: !ref DbPassword1\n"),
    ("a.yaml", "  api_key: @\n", "  api_key_id: user-service-v2\n"),
    ("a.xml", "<password>@</password>\n", "<password>changeit</password>\n"),
    (
        "a.xml",
        "<property name=\"password\" value=\"@\"/>\n",
        "<property name=\"password\" value=\"${pw}\"/>\n",
    ),
    (
        "a.php",
        "$config['db_password'] = '@';\n",
        "$config['db_password'] = getenv('DB_PASSWORD1');\n",
    ),
    ("a.php", "define('DB_PASSWORD', '@');\n", "define('DB_PASSWORD', 'password_here');\n"),
    ("a.py", "'password': '@',\n", "'password': 'Password must have 8 letters',\n"),
    (
        "a.py",
        "os.environ['SECRET_KEY'] = '@'\n",
        "os.environ['SECRET_KEY'] = secrets.token_hex(32)\n",
    ),
    (
        "a.py",
        "KEY = os.getenv('SECRET_KEY', '@')\n",
        "KEY = os.getenv('SECRET_KEY', 'insecure-dev-key')\n",
    ),
    ("a.py", "password: str = '@'\n", "password: str = 'default_password_1'\n"),
    ("a.py", "if password == '@':\n", "if password == 'reset_password_2':\n"),
    ("a.py", "SECRET_KEY = env('X') or '@'\n", "SECRET_KEY = env('X') or ''\n"),
    ("a.py", "requests.post(url, token='@')\n", "requests.post(url, token=user.token1)\n"),
    ("a.py", "app.secret_key = b'@'\n", "app.secret_key = os.urandom(24)\n"),
    ("a.go", "Password: \"@\",\n", "Password: cfg.Password1,\n"),
    ("a.go", "password := \"@\"\n", "password := \"user:pass\"\n"),
    ("a.rb", ":password => \"@\"\n", ":password => ENV['PASSWORD_1']\n"),
    ("a.ts", "const apiKey: string = '@';\n", "const apiKey: string = 'x-api-key-2';\n"),
    (
        "a.js",
        "secret: process.env.SECRET || '@',\n",
        "secret: process.env.SECRET || 'keyboard-cat',\n",
    ),
    ("a.js", "jwt.sign(data, { secret: '@' })\n", "{ secretKeyRef: 'bot-secrets-2' }\n"),
    ("a.sh", "export DB_PASSWORD=@\n", "export DB_PASSWORD=$(cat /run/secrets/db1)\n"),
    ("a.sh", "mysql --password=@ db\n", "mysql --password=\"$DB_PASSWORD1\" db\n"),
    (
        "a.sql",
        "CREATE USER bot IDENTIFIED BY '@';\n",
        "CREATE USER bot IDENTIFIED BY 'password';\n",
    ),
    (".env", "MYSQL_ROOT_PASSWORD=@\n", "MYSQL_ROOT_PASSWORD=your_password\n"),
    ("a.toml", "url = \"redis://:@@cache:6379\"\n", "url = \"redis://:password@cache:6379\"\n"),
    ("a.json", "{\"client_secret\": \"@\"}\n", "{\"client_secret\": \"CLIENT_SECRET_1\"}\n"),
    ("a.tf", "password = \"@\"\n", "password = var.db_password_1\n"),
];

//! SQL: migrations, schemas and rights.

mod migration;
mod schema;

use crate::found::Judged;
use crate::parse::{Statement, statements};
use crate::secret::is_reference;

pub(crate) use migration::{has_down_part, is_down, is_migration};
pub(crate) use schema::Schema;

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let all = statements(judged.text);
    for statement in &all {
        rights(statement, judged);
        password(statement, judged);
        definer(statement, judged);
    }
    if is_migration(judged.path, judged.text) && !is_down(judged.path) {
        migration::judge(&all, judged);
    }
}

fn rights(statement: &Statement, judged: &mut Judged<'_>) {
    let place = statement.at..statement.end;
    let is_role = ["CREATE", "ALTER"].iter().any(|verb| {
        ["ROLE", "USER"].iter().any(|what| statement.begins(&format!("{verb} {what}")))
    });
    let roles = ["SUPERUSER", "BYPASSRLS"];
    if let Some(word) = roles.iter().find(|word| is_role && statement.has(word)) {
        judged.fail("sql-grant-all", place, *word, format!("An account is {word}."));
        return;
    }
    if !statement.begins("GRANT") {
        return;
    }
    let receiver = statement.find("TO", 0).map(|at| statement.name(at + 1).0).unwrap_or_default();
    let on = statement.find("ON", 0).unwrap_or(usize::MAX);
    let is_all = statement.find("ALL", 0).is_some_and(|at| at < on);
    let writes = ["INSERT", "UPDATE", "DELETE", "CREATE", "TRUNCATE"]
        .iter()
        .any(|word| statement.find(word, 0).is_some_and(|at| at < on));
    // Whoever migrates owns the tables anyway.
    let is_owner = ["owner", "migrat", "admin"].iter().any(|part| receiver.contains(part));
    if is_all && !is_owner {
        judged.fail(
            "sql-grant-all",
            place,
            format!("GRANT ALL TO {receiver}"),
            format!("{receiver} may do everything."),
        );
    } else if receiver == "public" && writes {
        judged.fail("sql-grant-all", place, "GRANT TO PUBLIC", "Every account may write.");
    }
}

fn password(statement: &Statement, judged: &mut Judged<'_>) {
    let is_role =
        statement.begins("CREATE") || statement.begins("ALTER") || statement.begins("GRANT");
    if !is_role {
        return;
    }
    for words in ["PASSWORD", "IDENTIFIED BY", "IDENTIFIED WITH"] {
        let Some(at) = statement.find(words, 0) else { continue };
        let after = &statement.tokens[at + words.split(' ').count()..];
        let Some(token) = after.iter().take(3).find(|token| token.text == "''") else { continue };
        // A role alone has one: a column of this name with a default has not.
        let is_account = statement.has("ROLE") || statement.has("USER") || words != "PASSWORD";
        let value = judged.text[token.at + 1..].split('\'').next().unwrap_or_default().to_owned();
        let is_variable =
            judged.text[..token.at].ends_with(':') || is_reference(&value) || value.len() < 2;
        if is_account && !is_variable && !statement.has("TABLE") {
            judged.fail(
                "sql-password-literal",
                statement.at..statement.end,
                words,
                "The password of an account is in the file.",
            );
        }
    }
}

fn definer(statement: &Statement, judged: &mut Judged<'_>) {
    if statement.begins("CREATE")
        && statement.has("SECURITY DEFINER")
        && !statement.has("SET SEARCH_PATH")
    {
        let at = statement.find("FUNCTION", 0).or_else(|| statement.find("PROCEDURE", 0));
        let name = at.map(|at| statement.name(at + 1).0).unwrap_or_default();
        judged.fail(
            "sql-definer-path",
            statement.at..statement.end,
            name.as_str(),
            format!("{name} has no search_path."),
        );
    }
}

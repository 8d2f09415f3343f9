//! A program's command line, from its `--help` and that of each command below it.

use std::fmt::Write as _;

use crate::Result;

/// Writes the page of a program; `ask` returns the help of the command with this path.
///
/// # Errors
///
/// What `ask` returned.
pub(crate) fn page(
    program: &str,
    ask: &mut impl FnMut(&[&str]) -> Result<String>,
) -> Result<String> {
    let mut page = format!("# {program}: command line\n");
    section(program, &[], ask, &mut page)?;
    Ok(page)
}

fn section(
    program: &str,
    path: &[&str],
    ask: &mut impl FnMut(&[&str]) -> Result<String>,
    page: &mut String,
) -> Result<()> {
    let help = ask(path)?;
    let name = [&[program], path].concat().join(" ");
    let _ = write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", without_trailing_space(&help));
    for command in commands(&help) {
        section(program, &[path, &[command]].concat(), ask, page)?;
    }
    Ok(())
}

/// Returns the names below `Commands:`, without `help`, which every level has.
fn commands(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        // A name stands two columns in; the rest of its description stands further in.
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
}

fn without_trailing_space(text: &str) -> String {
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: &str = "\
Does it.

Usage: tool [COMMAND]

Commands:
  run     Starts it,
          with a second line
  config  Shows the configuration

  help    Print this message

Options:
  -h, --help  Print help
";

    #[test]
    fn commands_are_found_and_nothing_else() {
        assert_eq!(commands(TOP).collect::<Vec<_>>(), ["run", "config"]);
        assert_eq!(commands("Usage: tool\n\nOptions:\n  -h\n").count(), 0);
    }

    #[test]
    fn the_page_walks_down_to_the_last_command() {
        let mut ask = |path: &[&str]| {
            Ok(match path {
                [] => TOP.to_owned(),
                ["config"] => "Shows it.  \n\nCommands:\n  schema  As JSON Schema\n".to_owned(),
                other => format!("help of {}\n", other.join(" ")),
            })
        };
        let page = page("tool", &mut ask).unwrap();
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            headings,
            [
                "# tool: command line",
                "## `tool`",
                "## `tool run`",
                "## `tool config`",
                "## `tool config schema`"
            ]
        );
        assert!(page.contains("```text\nShows it.\n\nCommands:"), "{page}");
        assert!(
            page.ends_with("## `tool config schema`\n\n```text\nhelp of config schema\n```\n"),
            "{page}"
        );
    }
}

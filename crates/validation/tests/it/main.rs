//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod addresses;
mod argv;
mod attack_header;
mod attack_path;
mod attack_shell;
mod budget;
mod code_rules;
mod command;
mod filename;
mod filename_rules;
mod header;
mod header_rules;
mod html_rules;
mod html_sink;
mod ldap_rules;
mod limit;
mod log_line;
mod mask;
mod names;
mod nosql_rules;
mod path_rules;
mod pipeline;
mod policy;
mod prompt_rules;
mod redirect_rules;
mod safe_path;
#[cfg(feature = "url")]
mod safe_url;
mod settings;
mod shell_rules;
mod sql_rules;
mod sql_sink;
mod template_rules;
mod terminal;
#[cfg(feature = "schema")]
mod tool_arguments;
mod unicode;
mod untrusted;
mod upload;
mod url_rules;
mod xml_rules;

//! What only a person can answer, with what was seen.

use std::collections::BTreeMap;

use wardkit_audit::{Fact, Sink, SourceFile, Status};

use super::scope::is_example;
use super::syntax::string;
use super::{Whole, found, keep};
use crate::found::place;
use crate::source::{Language, Node, Parsed};
use crate::testcode;

/// Keeps where money is taken and given back, and where people are remembered and forgotten.
pub(super) fn summarise(parsed: &Parsed, file: &SourceFile<'_>, sink: &mut Sink) {
    let path = file.path();
    if testcode::is_test(path) || is_example(path) || parsed.language() == Language::Rust {
        return;
    }
    let mut firsts: BTreeMap<&'static str, (usize, Node<'_>, String)> = BTreeMap::new();
    let root = parsed.root();
    for (number, node) in root.dfs().enumerate() {
        if number.is_multiple_of(4096) && file.budget().is_spent() {
            return;
        }
        let Some((kind, text)) = kind(&node) else { continue };
        firsts.entry(kind).or_insert((number, node, text));
    }
    for (kind, (_, node, text)) in firsts {
        keep(kind, place(file, &node), text, sink);
    }
}

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    for question in &QUESTIONS {
        if !sink.wants(question.check) {
            continue;
        }
        let begins = by_scope(whole, question.begin);
        let ends = by_scope(whole, question.end);
        for (scope, begin) in &begins {
            let (seen, evidence) = match ends.get(scope) {
                Some(end) => {
                    let place = end.place.shown();
                    (format!("{} stands at {place}", end.text), format!("{}: {place}", end.text))
                }
                None => (question.none.to_owned(), question.none.to_owned()),
            };
            let current = format!("{} {}; {seen}. {}", question.saw, begin.text, question.asks);
            let finding =
                found(question.check, Status::Manual, begin.place.clone(), &begin.text, current);
            let begins = format!("{}: {}", begin.text, begin.place.shown());
            sink.report(finding.with_evidence(begins).with_evidence(evidence));
        }
        if begins.is_empty() {
            let evidence = vec![question.not_applicable.to_owned()];
            sink.outcome(question.check, Status::NotApplicable, evidence);
        }
    }
}

fn by_scope<'p>(whole: &Whole<'p>, kind: &str) -> BTreeMap<&'p str, &'p Fact> {
    let mut first = BTreeMap::new();
    for fact in whole.project.facts(kind) {
        first.entry(whole.scopes.of_file(&fact.place.path)).or_insert(fact);
    }
    first
}

/// Returns what a node tells, and the words that tell it.
fn kind(node: &Node<'_>) -> Option<(&'static str, String)> {
    match node.kind().as_ref() {
        "identifier" | "property_identifier" => {
            let word = node.text();
            let lower = word.to_ascii_lowercase().replace('_', "");
            let kind = if lower.contains("refund") {
                REFUND
            } else if PAYMENTS.contains(&lower.as_str()) {
                PAYMENT
            } else if is_forgetting(&lower) {
                FORGET
            } else {
                return None;
            };
            Some((kind, word.into_owned()))
        }
        "class_definition" => {
            let name = node.field("name")?.text().into_owned();
            let bases = node.field("superclasses")?.text().into_owned();
            let is_person = PEOPLE.contains(&name.to_ascii_lowercase().trim_end_matches('s'));
            let is_model = MODELS.iter().any(|base| bases.contains(base));
            (is_person && is_model).then_some((PERSON, name))
        }
        "string" | "template_string" => {
            let text =
                string(node).map_or_else(|| node.text().into_owned(), std::borrow::Cow::into_owned);
            let lower = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
            // Prose has such words, too: a statement begins with its verb.
            let statement = lower.trim_start_matches(['f', 'r', '"', '\'', '`', ' ']);
            let names =
                |verb: &str| PEOPLE.iter().any(|it| statement.contains(&format!("{verb} {it}")));
            let begins = |verb: &str| statement.starts_with(verb);
            if lower.len() > LONGEST {
                None
            } else if begins("delete from ") && names("delete from") {
                Some((FORGET, "DELETE".to_owned()))
            } else if begins("insert ") && names("into")
                || begins("create table ") && (names("table") || names("exists"))
                || begins("select ") && names("from")
                || begins("update ") && names("update")
            {
                Some((PERSON, "SQL".to_owned()))
            } else {
                None
            }
        }
        _ => None,
    }
}

fn is_forgetting(word: &str) -> bool {
    let is_about =
        |part: &str| ["user", "account", "mydata", "profile", "member", "person"].contains(&part);
    ["delete", "remove", "erase", "forget", "purge", "anonymize", "anonymise"].iter().any(|verb| {
        word.strip_prefix(verb)
            .is_some_and(|rest| is_about(rest.trim_end_matches("data")) || is_about(rest))
    }) || matches!(word, "forgetme" | "righttobeforgotten" | "reddeletedataforuser")
}

/// A question that stands where something begins, and asks how it ends.
struct Question {
    check: &'static str,
    begin: &'static str,
    end: &'static str,
    saw: &'static str,
    none: &'static str,
    asks: &'static str,
    not_applicable: &'static str,
}

const QUESTIONS: [Question; 2] = [
    Question {
        check: "no-delete-path",
        begin: PERSON,
        end: FORGET,
        saw: "People are remembered by",
        none: "nothing is named for forgetting them",
        asks: "How does a user have all of it deleted, copies and logs too?",
        not_applicable: "no table of people was seen",
    },
    Question {
        check: "pay-no-refund-path",
        begin: PAYMENT,
        end: REFUND,
        saw: "Money is taken by",
        none: "nothing is named for giving it back",
        asks: "Who gives money back, how, and is the balance then right?",
        not_applicable: "no payment was seen",
    },
];

const PAYMENT: &str = "payment";
const REFUND: &str = "refund";
const PERSON: &str = "person";
const FORGET: &str = "forget";

const PAYMENTS: [&str; 12] = [
    "answerprecheckoutquery",
    "createinvoicelink",
    "paymentintent",
    "paymentintents",
    "precheckoutquery",
    "precheckoutqueryhandler",
    "replyinvoice",
    "replywithinvoice",
    "sendinvoice",
    "successfulpayment",
    "createcheckoutsession",
    "answerinvoice",
];

/// Tables of people, without the `s` of many.
const PEOPLE: [&str; 6] = ["user", "customer", "member", "profile", "account", "subscriber"];

const MODELS: [&str; 6] = ["Base", "Model", "Document", "DeclarativeBase", "SQLModel", "Entity"];

/// A statement of SQL that a person wrote.
const LONGEST: usize = 4000;

//! Telegram: messages, edits, buttons.

use serde_json::{Value, json};
use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{ChannelConfig, TelegramConfig, TelegramMarkup, Text};
use wardkit_channels::notify::{TelegramUpdates, UpdatesError};

use super::{TOKEN, channel, firing, flood, last, last_json, options, refusal, resolved, secret};
use crate::support::{Server, ok};

fn config(server: &Server) -> TelegramConfig {
    let mut telegram = TelegramConfig::default();
    telegram.token = secret();
    telegram.api_url = server.url("");
    "-100".clone_into(&mut telegram.chat);
    telegram.acknowledged_by = vec!["@Ann".to_owned(), "6".to_owned()];
    telegram
}

fn server() -> Server {
    Server::always(ok(r#"{"ok":true,"result":{"message_id":42}}"#))
}

#[tokio::test]
async fn a_message_has_a_button_and_escapes_what_is_not_its_own() {
    let server = server();
    let outcome = channel(&ChannelConfig::new(config(&server))).send(&firing()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: Some("42".to_owned()) });
    let (head, _) = last(&server);
    assert!(head.starts_with(&format!("POST /bot{TOKEN}/sendMessage ")), "{head}");
    let body = last_json(&server);
    assert_eq!((&body["chat_id"], &body["parse_mode"]), (&json!(-100), &json!("MarkdownV2")));
    let button = json!([[{"text": "Acknowledge", "callback_data": "ack:abc"}]]);
    assert_eq!(body["reply_markup"]["inline_keyboard"], button);
    let text = body["text"].as_str().unwrap();
    assert!(text.contains("The disk is <full\\> & \\*hot\\*"), "{text}");
    assert!(text.contains("[Runbook](https://wiki.example/disk_(full\\))"), "{text}");
}

/// Telegram refuses a message in which a sign of its Markdown stands by itself.
pub(super) fn is_sound_markdown(text: &str) -> bool {
    let mut chars = text.chars();
    let (mut bold, mut in_label, mut escapes_are_sound) = (false, false, true);
    while let Some(c) = chars.next() {
        match c {
            '\\' => escapes_are_sound &= chars.next().is_some_and(|c| c.is_ascii_punctuation()),
            '*' => bold = !bold,
            '[' if !in_label => in_label = true,
            ']' if in_label => {
                if chars.next() != Some('(') {
                    return false;
                }
                loop {
                    match chars.next() {
                        Some('\\') => drop(chars.next()),
                        Some(')') => break,
                        Some(_) => {}
                        None => return false,
                    }
                }
                in_label = false;
            }
            c if "_[]()~`>#+-=|{}.!".contains(c) => return false,
            _ => {}
        }
    }
    escapes_are_sound && !bold && !in_label
}

#[tokio::test]
async fn a_message_is_within_its_limit_and_its_markup_whole() {
    let server = server();
    let channel = channel(&ChannelConfig::new(config(&server)));
    for delivery in [firing(), resolved(), flood()] {
        channel.send(&delivery).await;
        let body = last_json(&server);
        let text = body["text"].as_str().unwrap();
        assert!((1..=4096).contains(&text.encode_utf16().count()));
        assert!(is_sound_markdown(text), "{text}");
    }
    let text = last_json(&server)["text"].as_str().unwrap().to_owned();
    assert!(text.contains(" more"), "{text}");
}

#[tokio::test]
async fn the_end_is_written_over_the_beginning_or_told_anew() {
    let server = Server::of(|peer, _| {
        while peer.hear() {
            let answer = if peer.last_target().ends_with("editMessageText") {
                let body = r#"{"ok":false,"description":"Bad Request: message to edit not found"}"#;
                format!("HTTP/1.1 400 Bad\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            } else {
                ok(r#"{"ok":true,"result":{"message_id":43}}"#)
            };
            peer.say(answer);
        }
    });
    let mut end = resolved();
    end.receipt = Some("42".to_owned());
    let outcome = channel(&ChannelConfig::new(config(&server))).send(&end).await;
    assert_eq!(outcome, Outcome::Sent { receipt: Some("43".to_owned()) });
    let heard = server.heard();
    assert!(heard[0].contains("/editMessageText ") && heard[0].contains("\"message_id\":42"));
    assert!(heard[1].contains("/sendMessage ") && heard[1].contains("\"reply_parameters\""));
    assert!(!heard[1].contains("reply_markup"), "{}", heard[1]);
}

#[tokio::test]
async fn an_edit_that_was_made_before_a_crash_is_done() {
    let body = r#"{"ok":false,"description":"Bad Request: message is not modified: and so on"}"#;
    let answer = format!("HTTP/1.1 400 Bad\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::always(answer);
    let mut end = resolved();
    end.receipt = Some("42".to_owned());
    let outcome = channel(&ChannelConfig::new(config(&server))).send(&end).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn a_template_too_long_for_its_markup_gives_way_to_the_usual_words() {
    let server = server();
    for (markup, mode) in
        [(TelegramMarkup::Html, json!("HTML")), (TelegramMarkup::Plain, Value::Null)]
    {
        let mut telegram = config(&server);
        telegram.text = Text::jinja("{% for i in range(2000) %}<b>x</b>{% endfor %}");
        telegram.markup = markup;
        channel(&ChannelConfig::new(telegram)).send(&firing()).await;
        let body = last_json(&server);
        assert_eq!(body["parse_mode"], mode);
        let text = body["text"].as_str().unwrap();
        assert!(text.encode_utf16().count() <= 4096);
        let usual = text.contains("template was not used: its text is longer than 4096");
        assert_eq!(usual, markup == TelegramMarkup::Html, "{text}");
    }
}

#[tokio::test]
async fn where_nobody_may_press_there_is_no_button_but_the_link() {
    let server = server();
    let mut telegram = config(&server);
    telegram.acknowledged_by.clear();
    channel(&ChannelConfig::new(telegram)).send(&firing()).await;
    let body = last_json(&server);
    assert!(body.get("reply_markup").is_none(), "{body}");
    assert!(body["text"].as_str().unwrap().contains("cknowledge"), "{body}");
}

/// What Telegram tells of a press.
fn pressed(update: i64, by: &Value, chat: i64, message: &Value) -> Value {
    let mut message = message.clone();
    (message["chat"], message["message_id"]) = (json!({"id": chat}), json!(42));
    json!({"update_id": update, "callback_query":
        {"id": format!("q{update}"), "data": "ack:abc", "from": by, "message": message}})
}

/// A bot's requests with these presses for an answer.
fn pressing(presses: Vec<Value>) -> Server {
    Server::of(move |peer, _| {
        while peer.hear() {
            let result = if peer.last_target().ends_with("getUpdates") {
                json!(presses)
            } else {
                json!(true)
            };
            peer.say(ok(&json!({"ok": true, "result": result}).to_string()));
        }
    })
}

#[tokio::test]
async fn those_may_press_who_are_named_by_number_or_name() {
    let message = json!({"text": "It is down"});
    let by = [
        (json!({"id": 5, "username": "ann"}), "@ann", true),
        (json!({"id": 6}), "6", true),
        (json!({"id": 7, "username": "eve"}), "@eve", false),
        (json!({"id": 8, "username": "6"}), "@6", false),
        (json!({"id": 9, "username": "ann\nann"}), "9", false),
    ];
    let presses = by.iter().zip(1..).map(|((by, ..), number)| pressed(number, by, -100, &message));
    let server = pressing(presses.collect());
    let mut updates = TelegramUpdates::new(&config(&server), &options()).unwrap();
    let presses = updates.presses().await.unwrap();
    let told: Vec<_> = presses.iter().map(|one| (one.by.as_str(), one.is_allowed)).collect();
    let expected: Vec<_> = by.iter().map(|(_, name, is_allowed)| (*name, *is_allowed)).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_bot_has_one_reader_for_all_its_chats_and_each_its_own_people() {
    let presses = vec![
        pressed(1, &json!({"id": 6}), -100, &json!({})),
        pressed(2, &json!({"id": 6}), -200, &json!({})),
        pressed(3, &json!({"id": 7}), -200, &json!({})),
        pressed(4, &json!({"id": 6}), -300, &json!({})),
    ];
    let server = pressing(presses);
    let (first, mut second, mut silent) = (config(&server), config(&server), config(&server));
    "-200".clone_into(&mut second.chat);
    second.acknowledged_by = vec!["7".to_owned()];
    "-300".clone_into(&mut silent.chat);
    silent.acknowledged_by = Vec::new();
    let mut readers = TelegramUpdates::of_bots([&first, &second, &silent], &options()).unwrap();
    assert_eq!(readers.len(), 1);
    let presses = readers[0].presses().await.unwrap();
    let told: Vec<_> = presses.iter().map(|one| (one.user, one.is_allowed)).collect();
    assert_eq!(told, [(6, true), (6, false), (7, true)]);
}

#[tokio::test]
async fn a_message_that_was_dealt_with_says_so_and_has_no_button() {
    let entities = json!([{"type": "bold", "offset": 0, "length": 2}]);
    let presses = vec![
        pressed(1, &json!({"id": 6}), -100, &json!({"text": "It is down", "entities": entities})),
        pressed(2, &json!({"id": 6}), -100, &json!({"text": "x".repeat(4090)})),
        pressed(3, &json!({"id": 6}), -100, &json!({})),
    ];
    let server = pressing(presses);
    let mut updates = TelegramUpdates::new(&config(&server), &options()).unwrap();
    let presses = updates.presses().await.unwrap();
    updates.mark(&presses[0], "@ann takes care").await.unwrap();
    let body = last_json(&server);
    assert!(last(&server).0.contains("/editMessageText "));
    assert_eq!(body["text"], "It is down\n\n@ann takes care");
    assert_eq!((&body["chat_id"], &body["message_id"]), (&json!(-100), &json!(42)));
    assert_eq!((&body["entities"], body.get("reply_markup")), (&entities, None));
    for press in &presses[1..] {
        updates.mark(press, "@ann takes care").await.unwrap();
        assert!(last(&server).0.contains("/editMessageReplyMarkup "));
        assert_eq!(last_json(&server), json!({"chat_id": -100, "message_id": 42}));
    }
}

#[tokio::test]
async fn presses_of_the_chat_are_told_once() {
    let server = Server::of(|peer, _| {
        while peer.hear() {
            let updates = json!({"ok": true, "result": [
                {"update_id": 7, "callback_query": {"id": "q1", "data": "ack:abc",
                    "from": {"id": 5, "username": "ann"}, "message": {"chat": {"id": -100}}}},
                {"update_id": 8, "callback_query": {"id": "q2", "data": "ack:abc",
                    "from": {"id": 6}, "message": {"chat": {"id": -666}}}},
                {"update_id": 9, "message": {"text": "hello"}},
            ]});
            peer.say(ok(&updates.to_string()));
        }
    });
    let mut updates = TelegramUpdates::new(&config(&server), &options()).unwrap();
    let presses = updates.presses().await.unwrap();
    let told: Vec<_> =
        presses.iter().map(|press| (press.token.as_str(), press.by.as_str())).collect();
    assert_eq!(told, [("ack:abc", "@ann")]);
    assert!(!format!("{presses:?} {updates:?}").contains("abc"));
    updates.answer(&presses[0], "Taken care of.").await.unwrap();
    let body = last_json(&server);
    assert_eq!(body, json!({"callback_query_id": "q1", "text": "Taken care of."}));
    updates.presses().await.unwrap();
    assert_eq!(last_json(&server)["offset"], 10);
}

#[tokio::test]
async fn a_reader_that_is_refused_is_told_how_long_to_wait() {
    let body = r#"{"ok":false,"parameters":{"retry_after":3}}"#;
    let answer = format!("HTTP/1.1 429 Many\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let server = Server::always(answer);
    let mut updates = TelegramUpdates::new(&config(&server), &options()).unwrap();
    let Err(UpdatesError::Refused { status, after, .. }) = updates.presses().await else {
        panic!()
    };
    assert_eq!((status, after), (429, Some(std::time::Duration::from_secs(3))));
}

#[tokio::test]
async fn a_token_cannot_lead_elsewhere() {
    let server = server();
    let mut telegram = config(&server);
    telegram.token = wardkit_alerting::receiver::SecretSource::of("1:a/../../x");
    let error = refusal(&ChannelConfig::new(telegram));
    assert_eq!(
        error,
        "channel ops/telegram[0]: token: is not a bot's token: letters, digits, :, - and _"
    );
}

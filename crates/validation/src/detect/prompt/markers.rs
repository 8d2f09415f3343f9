//! Marks with which chat templates separate roles, and phrases of languages that are written without spaces.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// A mark and what it is worth.
const MARKS: &[(&str, u8)] = &[
    ("<|im_start|>", 60),
    ("<|im_end|>", 50),
    ("<|system|>", 60),
    ("<|user|>", 40),
    ("<|assistant|>", 50),
    ("<|endoftext|>", 50),
    ("<|end_of_turn|>", 50),
    ("<|start_header_id|>", 60),
    ("<|eot_id|>", 50),
    ("<start_of_turn>", 50),
    ("[inst]", 50),
    ("[/inst]", 50),
    ("<<sys>>", 60),
    ("<</sys>>", 60),
    ("### system", 40),
    ("### instruction", 40),
    ("###instruction###", 35),
    ("[system](#", 55),
    ("[system]:", 25),
    ("<system>", 15),
    ("</system>", 30),
    ("\n\nhuman:", 30),
    ("\n\nassistant:", 25),
    ("assistant: sure", 50),
    ("</instructions>", 40),
    ("<user>", 20),
    ("<!-- assistant", 40),
    ("<!-- ai", 40),
    ("<!-- llm", 40),
    ("<!-- system", 30),
    ("your context window", 25),
    ("hypothetical response:", 40),
    ("i g n o r e", 40),
    ("snoitcurtsni", 50),
    ("</prompt>", 40),
    ("<|start", 40),
    ("<|end", 40),
    ("end of user input", 40),
    ("end of prompt", 40),
    ("system override", 40),
    ("begin system prompt", 45),
    ("end of system prompt", 40),
    ("[end of system", 40),
    ("end of system instruction", 40),
    // "ignore/forget the instructions before" in Chinese, Japanese and Korean.
    ("忽略之前的", 50),
    ("忽略以上", 50),
    ("忽略上面", 50),
    ("忽略先前", 50),
    ("忽略前面", 50),
    ("忽略所有", 40),
    ("无视之前", 50),
    ("無視之前", 50),
    ("忘记之前", 50),
    ("忘记你之前", 50),
    ("忘記之前", 50),
    ("以前の指示を無視", 60),
    ("これまでの指示を無視", 60),
    ("上記の指示を無視", 60),
    ("前の指示を無視", 60),
    ("指示を忘れ", 50),
    ("이전 지시", 45),
    ("이전의 모든 지시", 50),
    ("지시를 무시", 50),
    ("지시사항을 무시", 50),
    ("تجاهل التعليمات", 50),
    ("تجاهل جميع التعليمات", 55),
    ("पिछले निर्देशों को", 50),
    ("忽略上述", 50),
    ("忽略你之前", 50),
    ("忽略一切", 40),
    ("忘掉之前", 50),
    ("忘掉你", 40),
    ("無視以上", 50),
    ("無視前面", 50),
    ("忽略先前的", 50),
    ("指示をすべて無視", 60),
    ("指示を全て無視", 60),
    ("指示を無視", 50),
    ("命令を無視", 50),
    ("지시를 모두 무시", 50),
    ("지침을 무시", 50),
    ("명령을 무시", 50),
    ("명령은 무시", 50),
    ("निर्देशों को अनदेखा", 50),
    ("निर्देशों को नज़रअंदाज़", 50),
    ("निर्देशों को भूल", 50),
    ("התעלם מכל ההוראות", 55),
    ("ההוראות הקודמות", 40),
    ("تجاهل كل التعليمات", 55),
    ("التعليمات السابقة", 40),
    ("دستورالعمل‌های قبلی", 40),
    ("เพิกเฉยต่อคำสั่ง", 50),
    ("คำสั่งก่อนหน้า", 40),
    ("bỏ qua tất cả các hướng dẫn", 50),
    ("bỏ qua mọi hướng dẫn", 50),
    ("talimatları yok say", 50),
    ("talimatları unut", 50),
    ("talimatları görmezden", 50),
    ("আগের সব নির্দেশ", 50),
    ("上記の内容を無視", 50),
    ("上記を無視", 50),
    ("위의 내용을 무시", 50),
    ("위 내용을 무시", 50),
    ("위의 지시를 무시", 50),
    ("以上内容忽略", 40),
    ("你现在是", 20),
    ("系统提示词", 30),
];

#[expect(clippy::expect_used, reason = "a constant list of short literals")]
static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(MARKS.iter().map(|(mark, _)| mark))
        .expect("a few dozen literals fit any automaton")
});

/// Returns what the marks of a text are worth together, and where the first stands.
pub(super) fn find(text: &str) -> Option<(u8, Range<usize>)> {
    let mut found: Option<(u8, Range<usize>)> = None;
    for hit in FINDER.find_iter(text).take(8) {
        let points = MARKS[hit.pattern().as_usize()].1;
        found = Some(match found {
            None => (points, hit.range()),
            Some((sum, first)) => (sum.saturating_add(points / 2).min(100), first),
        });
    }
    found
}

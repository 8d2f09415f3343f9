//! The phrases that instructions to a model are made of, and what each is worth.

use super::PromptSignal;
use super::lexicon::{
    ABOVE, ACT, AFFIRM, AI, ALWAYS, ANSWER, ANY, APPLY, AS, ASIDE, BE, BOUND, BREAKS, BROWSE, CALL,
    CAN, CANT, CAPS, CENSOR, CHARACTER, CONFIG, CONTEXT, CONVERT, DECEASED, DECLINE, DEV, DIE, DO,
    DOCUMENT, DROP, ENABLED, ENCODED, END, EVERYTHING, EXECUTE, FIRST, FOLLOW, FOR, FREE, FROM,
    GAME, GONE, HARM, HEED, HELLO, HERE, HISTORY, HOW, HYPO, IF, IMAGINE, IMPORTANT, INSTEAD,
    INSTR, IT, JAILBREAK, LABEL, LEAK, LINK, LONGER, LOSE, MAKE, MATTER, ME, MESSAGE, MODE, MODEL,
    MORAL, Meaning, NEW, NO, NORMAL, NOTE, NOW, ON, OPPOSITE, ORDER, OVER, OVERRIDE, PERSONA,
    POLICY, PRECEDES, PRETEND, PRIOR, PRIVATE, PROMPT, PUT, QUESTION, READ, READER, READING, REAL,
    REFUSE, REGARDLESS, REPEAT, RESPONSES, ROLE, RULES, SAFETY, SAY, SEND, SENTIENT, STANDS, START,
    STAY, STOP, SYSTEM, TALK, TELL, TO, TOKENS, TOLD, TOOL, TWO, TYPICAL, UNRESTR, USER, VERBATIM,
    VOID, WANT, WEAPON, WHAT, WILL, WINDOW, WITH, WORDS, WRITTEN, YOU, YOUR,
};

/// Words in an order, with at most so many words between two of them.
pub(super) struct Pattern {
    pub(super) signal: PromptSignal,
    pub(super) points: u8,
    /// What each word means, and how many words further than the one before it may be.
    pub(super) steps: &'static [(Meaning, u8)],
}

/// Writes the patterns of one signal, one a line.
macro_rules! patterns {
    ($($signal:ident { $($points:literal: $first:expr $(, $gap:literal $next:expr)*;)* })*) => {
        pub(super) static PATTERNS: &[Pattern] = &[
            $($(Pattern { signal: PromptSignal::$signal, points: $points, steps: &[($first, 0) $(, ($next, $gap))*] },)*)*
        ];
    };
}

patterns! {
    Override {
        40: OVERRIDE, 2 RULES | INSTR, 2 PRECEDES;
        40: ORDER, 2 EVERYTHING, 1 RULES, 6 PRECEDES;
        40: ORDER, 3 PRECEDES, 4 ANSWER;
        40: STOP, 1 FOLLOW, 2 YOUR, 3 RULES | POLICY;
        40: NO, 1 FOLLOW, 3 SYSTEM, 1 PROMPT;
        40: FOLLOW, 1 YOUR, 1 RULES, 2 LONGER;
        40: LONGER, 1 NO, 1 FOLLOW, 2 RULES;
        40: PRIOR, 1 RULES, 3 NO, 1 LONGER;
        40: PUT, 1 ASIDE, 1 ANY, 1 POLICY;
        40: OVERRIDE, 1 ANY, 1 RULES, 4 ANY | ANSWER;
        40: OVERRIDE, 1 EVERYTHING, 2 RULES;
        40: STOP, 1 FOLLOW, 2 RULES;
        40: EVERYTHING, 1 PRIOR, 1 RULES, 2 GONE | VOID;
        40: IMAGINE, 2 PRIOR, 1 TALK, 1 VOID;
        40: ORDER, 1 APPLY, 1 YOUR, 1 CENSOR;
        40: YOU, 1 TO, 1 OVERRIDE | DROP, 2 RULES | MORAL;
        40: ORDER, 1 IMAGINE, 1 MORAL;
        40: ORDER, 2 RULES, 1 YOU, 2 TOLD;
        40: ORDER, 1 YOUR, 1 SYSTEM, 1 PROMPT;
        40: NO, 1 HEED, 3 RULES;
        40: STOP, 1 ACT | BE | PRETEND, 5 AI;
        20: OVERRIDE, 1 RULES;
        40: ORDER, 3 YOUR, 2 RULES;
        40: ORDER, 2 FOLLOW, 2 YOUR, 2 RULES;
        40: ORDER, 2 FOLLOW, 3 PRIOR, 2 RULES;
        40: ORDER, 2 FOLLOW, 2 SYSTEM, 1 INSTR;
        40: ORDER, 1 FOLLOW, 1 RULES;
        40: ORDER, 2 CENSOR | SAFETY, 1 CENSOR | RULES;
        40: ORDER, 2 PRIOR, 1 RULES;
        40: ORDER, 1 EVERYTHING, 1 ABOVE, 1 IT;
        40: OVERRIDE, 2 RULES, 2 PRIOR | ABOVE;
        40: OVERRIDE, 2 CONTEXT, 2 ABOVE, 3 SAY;
        40: OVERRIDE, 3 WRITTEN, 2 OVER;
        40: OVERRIDE, 2 YOU, 1 BE, 2 AI | MODEL;
        40: OVERRIDE, 2 EVERYTHING, 6 PRECEDES;
        40: OVERRIDE, 2 PRECEDES;
        40: PUT, 1 ASIDE, 2 YOUR, 1 RULES;
        40: PUT, 1 YOUR, 2 RULES, 1 ASIDE;
        40: INSTEAD, 2 FOLLOW, 3 RULES;
        40: CAN | FREE, 4 BREAKS | OVERRIDE | DROP, 1 YOUR | ANY, 1 RULES;
        10: INSTR, 4 LEAK, 3 PRIVATE;
        32: OVERRIDE, 3 DOCUMENT, 3 INSTEAD, 2 SAY;
        40: INSTEAD, 2 ANSWER, 1 SAY;
        40: ORDER, 2 EVERYTHING, 1 OVER;
        40: OVERRIDE, 2 OVER, 3 SAY;
        40: OVERRIDE, 1 PRIOR, 1 CONTEXT;
        40: OVERRIDE, 2 SYSTEM, 2 INSTR;
        40: STOP | NO, 1 FOLLOW, 3 INSTR | POLICY, 2 OVER;
        40: NO, 1 HEED, 4 PRIOR, 2 INSTR | TALK;
        40: OVERRIDE, 2 YOU, 4 TOLD;
        40: YOUR, 1 REAL, 1 PROMPT;
        40: SYSTEM, 1 NEW, 1 INSTR;
        25: YOUR, 1 NEW, 1 INSTR;
        55: OVERRIDE, 6 PRIOR, 4 INSTR;
        50: OVERRIDE, 5 INSTR, 4 PRIOR;
        40: OVERRIDE, 3 YOUR, 4 INSTR | POLICY;
        15: OVERRIDE, 4 PRIOR | ABOVE, 3 TALK;
        20: OVERRIDE, 3 EVERYTHING, 4 INSTR | POLICY;
        25: OVERRIDE, 2 EVERYTHING, 5 PRIOR;
        15: OVERRIDE, 2 EVERYTHING, 5 TALK;
        45: PRIOR, 2 INSTR, 4 VOID;
        25: OVERRIDE, 5 MODEL, 3 POLICY;
        40: NO | STOP, 2 FOLLOW, 4 PRIOR, 3 INSTR;
        10: NEW, 1 INSTR;
        10: OVERRIDE, 12 INSTEAD;
        15: USER | SYSTEM | PROMPT, 2 INSTR | TALK, 2 END;
        15: OVERRIDE, 8 PRIOR, 14 AFFIRM;
    }
    Identity {
        40: BE | ACT, 2 PERSONA, 4 CAN, 3 ANY;
        40: YOU, 2 FOLLOW, 1 ALWAYS, 1 ME;
        40: BE, 2 UNRESTR, 1 AI | MODEL;
        10: YOU, 2 BE, 1 NOW;
        10: NOW, 4 YOU, 2 BE | WILL;
        12: FROM, 2 NOW, 1 ON;
        12: NOW, 1 ON, 5 YOU | MODEL;
        10: PRETEND, 4 BE | AS | YOU;
        10: ACT, 1 AS;
        8: IMAGINE, 4 YOU | AI | MODEL;
        10: ROLE;
        8: PRETEND, 10 ROLE | CHARACTER;
        15: ACT | PRETEND, 3 CAPS;
        10: YOU | MODEL, 3 BE | AS | WILL, 3 CAPS;
        12: HELLO, 3 MODEL;
        15: CAPS | PERSONA, 4 STANDS, 3 FOR;
        10: STANDS, 1 FOR;
        12: MODEL | AI, 8 PRETEND | ROLE;
        12: PRETEND | ROLE | ACT, 8 MODEL | AI;
        12: ME, 2 WANT, 3 YOU;
        10: WANT, 3 YOU, 2 TO, 3 ACT | PRETEND | BE | OVERRIDE;
        20: STAY, 3 CHARACTER;
        8: IF, 6 CHARACTER | ROLE;
        20: NO, 1 LONGER, 6 MODEL | AI | FOLLOW;
        8: ROLE | CHARACTER | AI | PERSONA | YOU | MODEL, 4 CONVERT, 3 CAPS | PERSONA;
        12: YOU | AI | MODEL, 4 SENTIENT;
    }
    Persona {
        10: DEV, 1 MODE, 1 ENABLED, 6 ANSWER | LEAK;
        40: DO, 1 ANY, 1 NOW;
        15: PERSONA & !CAPS, 12 ANSWER | CAN | WILL;
        15: MODEL, 20 MODEL, 30 MODEL;
        10: CAPS, 6 WILL | CAN | BE, 40 CAPS, 8 WILL | CAN | BE | NO;
        25: DEV, 1 MODE;
        12: MODE, 3 ENABLED;
        12: ENABLED, 3 MODE;
        10: CAPS, 1 MODE;
        22: JAILBREAK;
        17: JAILBREAK, 2 PROMPT | MODE | MODEL;
        10: CAN, 6 BROWSE;
    }
    PolicyDenied {
        40: PRETEND, 3 BE, 1 NO, 1 RULES;
        40: YOUR, 1 RULES, 3 VOID;
        40: PRETEND | IMAGINE, 3 NO, 2 RULES | POLICY, 4 YOU;
        40: PRETEND, 2 YOU, 3 NO | TOLD, 3 RULES;
        40: ANSWER | ACT, 1 NO, 1 RULES;
        40: ANSWER, 1 REGARDLESS, 2 MORAL;
        40: YOU, 4 AI | MODEL, 6 NO, 1 RULES;
        32: NO, 1 RULES, 1 APPLY, 2 YOU;
        40: YOUR, 2 RULES, 3 NO, 2 APPLY;
        40: RULES, 4 TOLD, 3 NO, 2 APPLY;
        40: YOU, 1 NO, 1 LONGER, 6 RULES;
        40: YOU, 2 NO, 3 RULES, 1 LONGER;
        40: YOU, 1 WILL, 1 NO, 1 RULES;
        40: YOU, 2 NO, 1 BOUND, 3 RULES;
        40: YOUR, 1 RULES, 3 GONE;
        40: PRETEND | IMAGINE, 3 CENSOR | RULES, 3 GONE;
        40: PRETEND | IMAGINE, 3 YOU, 4 NO, 2 RULES | POLICY;
        40: PRETEND | IMAGINE, 3 YOUR, 1 RULES, 3 NO;
        40: IF, 3 NO, 2 RULES | POLICY, 5 YOU;
        40: ANSWER, 2 NO, 4 RULES;
        40: ACT | PRETEND | BE, 4 AI | MODEL, 3 NO, 2 RULES | MORAL;
        40: ACT | PRETEND | BE, 4 AI | MODEL, 3 NO, 1 REFUSE;
        20: NO, 1 SAY, 1 ME, 1 CANT;
        22: NO | BREAKS | FREE, 2 SAFETY, 1 POLICY | CENSOR;
        28: AI | CHARACTER | PERSONA, 3 NO, 1 POLICY | CENSOR;
        40: BREAKS, 1 YOUR, 2 CENSOR;
        12: NO | BREAKS | FREE, 6 POLICY;
        12: NO | BREAKS | FREE, 8 MORAL;
        15: NO | BREAKS | FREE, 6 POLICY, 3 POLICY;
        10: NO, 3 FOLLOW, 6 POLICY;
        15: NO, 6 MODEL, 3 POLICY;
        15: MODEL, 3 POLICY | TYPICAL;
        15: FREE | BREAKS, 4 CENSOR | POLICY | TYPICAL;
        10: MORAL, 4 MORAL;
        12: UNRESTR;
        20: UNRESTR, 5 AI | MODEL;
        15: AI | MODEL, 6 UNRESTR;
        10: UNRESTR, 3 UNRESTR;
        10: BREAKS, 4 CHARACTER;
        20: BREAKS, 2 YOUR, 4 POLICY | CENSOR;
        12: NO, 4 CENSOR, 3 POLICY | CENSOR;
        15: YOU | AI | MODEL | CAPS, 4 NO | FREE, 4 POLICY | CENSOR;
        15: OPPOSITE, 8 MODEL | AI;
        15: YOU | AI | MODEL, 3 OPPOSITE;
    }
    HarmWanted {
        8: HARM, 3 HARM;
        8: HARM, 3 HARM, 3 HARM;
        10: ANSWER | CAN | WILL, 10 HARM;
        10: REGARDLESS | MATTER, 8 HARM;
        8: NO, 6 HARM;
        8: ALWAYS | ANY, 6 HARM;
        15: PRETEND | GAME | ROLE | CHARACTER | DECEASED, 25 WEAPON;
        6: YOU | CAPS | MODEL, 5 HARM;
    }
    NoRefusal {
        40: ANSWER, 2 ANY, 1 QUESTION, 3 REFUSE;
        40: CANT, 1 REFUSE, 2 ME;
        40: AI | MODEL, 2 FOLLOW, 2 ANY, 2 INSTR;
        40: ORDER, 1 DECLINE;
        40: ANSWER, 1 ANY, 2 NO, 2 REFUSE;
        40: ORDER, 1 REFUSE, 3 QUESTION;
        40: NO, 1 SAY, 1 NO, 2 ME;
        8: ANSWER | START, 2 WITH, 1 AFFIRM, 1 HERE;
        10: NO, 5 REFUSE;
        10: NO, 5 REFUSE, 4 REFUSE | CENSOR;
        12: NO, 5 ANSWER, 5 CANT;
        10: NO, 1 MATTER;
        12: ANSWER, 3 ANY, 5 QUESTION;
        12: QUESTION, 4 NO, 1 MATTER;
        12: AS, 2 AI, 2 AI;
        8: ALWAYS, 2 ANSWER;
        8: NO, 4 CANT;
        15: NO, 2 TELL, 5 AI;
        8: YOU | CAPS, 4 NO, 3 REFUSE;
        8: REGARDLESS, 8 POLICY | MORAL | HARM;
        12: NO, 2 ANSWER, 1 NO;
        15: REFUSE, 8 LOSE | TOKENS | DIE;
    }
    Steering {
        40: TWO, 1 RESPONSES, 6 UNRESTR;
        35: ANSWER | START, 2 WITH, 1 AFFIRM, 1 HERE;
        12: TWO, 3 RESPONSES;
        10: TWO, 3 RESPONSES, 4 RESPONSES;
        10: ANSWER | ACT, 5 LABEL;
        10: LABEL, 60 LABEL;
        12: MODEL & !LABEL, 8 LABEL;
        15: START | WITH, 4 LABEL;
        8: NORMAL, 8 MODEL | AI | ANSWER;
        10: AS, 6 NORMAL, 6 MODEL;
        8: START, 3 ANSWER, 2 WITH;
        8: ANSWER, 6 START, 2 WITH;
        8: ANSWER, 4 AFFIRM;
        15: START, 2 WITH, 3 AFFIRM;
        15: NORMAL, 30 JAILBREAK;
    }
    Framing {
        10: TOKENS, 10 REFUSE, 4 LOSE;
        25: DECEASED, 12 WEAPON, 25 ACT | PRETEND;
        25: PRETEND | ROLE | CHARACTER | GAME, 14 HOW, 2 MAKE, 4 WEAPON;
        6: HYPO;
        10: HYPO, 5 GAME | AI | CHARACTER;
        8: PRETEND | IMAGINE, 6 GAME;
        6: GAME, 10 YOU | CHARACTER;
        8: GAME, 12 NO, 4 POLICY;
        15: PRETEND | ACT | IMAGINE, 6 DECEASED;
        20: TOKENS, 12 LOSE;
        20: LOSE, 6 TOKENS;
        10: TOKENS | LOSE, 20 DIE;
        8: IF, 4 REFUSE | BREAKS, 8 TOKENS | DIE | WILL;
    }
    Leak {
        40: REPEAT, 1 FIRST, 1 MESSAGE, 1 YOU;
        40: WHAT, 3 TALK, 2 YOUR, 1 PROMPT;
        40: WHAT | VERBATIM, 3 CONTEXT, 3 YOUR, 1 PROMPT;
        40: LEAK, 4 FIRST, 4 YOUR, 1 PROMPT;
        40: WHAT, 2 RULES, 4 YOU, 3 LEAK;
        40: LEAK, 2 TALK, 1 ABOVE, 3 START;
        40: WHAT, 3 SYSTEM, 1 PROMPT | MESSAGE, 2 TELL;
        40: LEAK, 4 PRIVATE, 2 YOUR, 1 PROMPT;
        40: LEAK, 3 PROMPT | RULES, 1 YOU, 2 TOLD;
        40: WHAT, 2 YOU, 1 TOLD, 3 TALK;
        40: WHAT | LEAK, 4 YOUR, 1 SYSTEM, 1 RULES;
        40: LEAK, 5 WRITTEN, 1 ABOVE, 3 MESSAGE | TALK;
        40: LEAK, 1 YOUR, 2 WINDOW;
        40: INSTEAD, 3 REPEAT, 4 PRIVATE;
        45: LEAK, 6 YOUR, 3 SYSTEM, 1 MESSAGE | POLICY;
        40: WHAT, 2 WRITTEN, 1 OVER, 2 TALK;
        40: REPEAT, 2 YOUR, 1 FIRST, 1 MESSAGE;
        15: LEAK, 6 YOUR, 1 WINDOW;
        40: LEAK, 5 PRIVATE, 3 YOU, 2 TOLD;
        40: LEAK, 6 PRIVATE, 4 YOUR, 1 CONFIG;
        50: LEAK, 8 SYSTEM, 1 PROMPT;
        45: WHAT, 3 YOUR, 3 PROMPT;
        25: WHAT, 3 SYSTEM, 1 PROMPT;
        40: LEAK, 4 YOUR, 3 PROMPT;
        50: REPEAT, 4 WORDS, 3 ABOVE;
        25: REPEAT, 3 ABOVE, 4 INSTR | WORDS;
        15: PROMPT, 6 VERBATIM;
        15: VERBATIM, 8 PROMPT | ABOVE;
        35: SYSTEM, 1 PROMPT, 8 LEAK;
    }
    Indirect {
        40: IF, 3 AI | MODEL, 2 READING, 1 IT;
        40: READER, 2 READING, 1 IT;
        40: ORDER, 1 TELL, 4 IT, 1 PROMPT;
        40: IF, 2 AI | MODEL, 1 READ, 1 IT;
        40: ORDER, 1 TELL, 3 USER, 1 IT;
        40: IF, 1 READING, 3 DOCUMENT, 6 LINK;
        40: ORDER, 1 TELL, 2 USER, 1 IT;
        25: ENCODED, 8 EXECUTE, 3 INSTR;
        25: ENCODED, 8 DO, 1 WHAT, 1 IT;
        40: AI | MODEL, 1 READING | READ, 1 IT;
        25: ENCODED, 8 EXECUTE, 1 IT;
        15: NO, 2 TELL, 4 USER, 12 SEND;
        40: NO, 2 TELL, 3 YOU, 3 AI;
        40: NOTE, 2 TO | FOR, 2 READER;
        40: NO, 2 TELL, 2 PROMPT;
        15: CALL, 4 TOOL;
        30: SEND, 6 TALK, 1 HISTORY;
        25: IF, 2 YOU, 1 READ, 8 SEND;
        15: SEND, 1 ANY, 2 PRIVATE;
        15: SEND, 3 USER, 2 PRIVATE;
        35: IF, 2 YOU, 2 BE, 5 AI | MODEL;
        20: AI | MODEL, 4 READING;
        30: INSTR, 2 FOR, 3 AI | MODEL;
        30: NO, 2 TELL, 4 USER;
        25: SEND, 8 PRIVATE, 8 LINK;
        20: ENCODED, 8 EXECUTE;
        12: IMPORTANT, 6 INSTR | OVERRIDE;
    }
}

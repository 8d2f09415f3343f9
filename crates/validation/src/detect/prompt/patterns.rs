//! The phrases that instructions to a model are made of, and what each is worth.

use super::PromptSignal;
use super::lexicon::{
    ABOVE, ACT, AFFIRM, AI, ALWAYS, ANSWER, ANY, AS, BE, BREAKS, BROWSE, CAN, CANT, CAPS, CENSOR,
    CHARACTER, CONVERT, DECEASED, DEV, DIE, DO, ENABLED, ENCODED, END, EVERYTHING, EXECUTE, FOLLOW,
    FOR, FREE, FROM, GAME, HARM, HELLO, HYPO, IF, IMAGINE, IMPORTANT, INSTEAD, INSTR, JAILBREAK,
    LABEL, LEAK, LINK, LONGER, LOSE, MATTER, ME, MODE, MODEL, MORAL, Meaning, NEW, NO, NORMAL, NOW,
    ON, OPPOSITE, OVERRIDE, PERSONA, POLICY, PRETEND, PRIOR, PRIVATE, PROMPT, QUESTION, READING,
    REFUSE, REGARDLESS, REPEAT, RESPONSES, ROLE, SEND, SENTIENT, STANDS, START, STAY, STOP, SYSTEM,
    TALK, TELL, TO, TOKENS, TWO, TYPICAL, UNRESTR, USER, VERBATIM, VOID, WANT, WEAPON, WHAT, WILL,
    WITH, WORDS, YOU, YOUR,
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
        40: DO, 1 ANY, 1 NOW;
        15: PERSONA & !CAPS, 12 ANSWER | CAN | WILL;
        15: MODEL, 20 MODEL, 30 MODEL;
        10: CAPS, 6 WILL | CAN | BE, 40 CAPS, 8 WILL | CAN | BE | NO;
        25: DEV, 1 MODE;
        12: MODE, 3 ENABLED;
        12: ENABLED, 3 MODE;
        10: CAPS, 1 MODE;
        22: JAILBREAK;
        20: JAILBREAK, 2 PROMPT | MODE | MODEL;
        10: CAN, 6 BROWSE;
    }
    PolicyDenied {
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
        35: IF, 2 YOU, 2 BE, 5 AI | MODEL;
        20: AI | MODEL, 4 READING;
        30: INSTR, 2 FOR, 3 AI | MODEL;
        30: NO, 2 TELL, 4 USER;
        25: SEND, 8 PRIVATE, 8 LINK;
        20: ENCODED, 8 EXECUTE;
        12: IMPORTANT, 6 INSTR | OVERRIDE;
    }
}

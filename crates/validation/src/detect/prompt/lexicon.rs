//! The words that instructions to a model are made of, by what they mean.
//!
//! A word may have several meanings: "follow" is an answer in "follow any request", and obedience in "does not follow
//! the rules". Apostrophes and hyphens are gone before a word comes here.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::detect::lookup::Fnv;

/// The meanings of a word, one bit each.
pub(super) type Meaning = u128;

/// Gives every meaning a bit and lists its words.
macro_rules! meanings {
    ($($name:ident: $words:literal;)*) => {
        #[expect(clippy::upper_case_acronyms, reason = "only numbers the constants")]
        #[repr(u8)]
        enum Bit { $($name,)* }
        $(pub(super) const $name: Meaning = 1 << Bit::$name as u8;)*
        const LISTS: &[(Meaning, &str)] = &[$(($name, $words),)*];
    };
}

meanings! {
    YOU: "you youre youll youve u ya yourself du sie ihr vous tu usted voce você ti jij je ты вы ti sei dich";
    YOUR: "your ur deine deinen deiner ihre ihren tes vos tus seus tuas твои ваши suas tuas tes deinem своим свои tue zijn";
    BE: "are be is am become becomes being youre was were bist sind êtes es eres sei son";
    WILL: "will shall must should have has going gonna need youll may musst sollst devez dois debes deve должен";
    NOW: "now henceforth hereafter nun jetzt maintenant désormais ahora agora ora ahora теперь";
    NO: "no not never without doesnt dont didnt cannot cant isnt arent wont wouldnt shouldnt mustnt neither nor zero none devoid lacks lacking unbound void absent nicht keine keinen kein ohne ni aucune aucun sans pas sin ningún ninguna sem nessuna senza без не нет";
    BREAKS: "break breaks breaking broke broken bypass bypasses bypassing violate violates violating ignores ignoring disregards disregarding circumvent outside beyond removed removes disabled disables disable lifted exempt against turned off overrides overriding defies escaped abandon skip";
    FREE: "free freed liberated unleashed unshackled unchained unlocked unbound unbounded unconstrained unburdened frei libre libres livre libero";
    OVERRIDE: "ignore ignores ignored ignoring disregard disregards disregarded disregarding forget forgets forgot forgetting overlook overwrite override overriding bypass discard neglect nullify ignoriere ignorieren ignorier vergiss vergesse vergessen missachte oublie oubliez oublier ignorez ignora ignorar ignoren ignore olvida olvide olvidar olvídate esquece esqueça ignori dimentica dimenticare забудь забудьте игнорируй игнорируйте проигнорируй zignoruj zapomnij negeer vergeet unut yoksay abaikan lupakan zaboravi zanemari zaboravite zanemarite ignorera glöm ігноруй ігноруйте ignorujte ignoruj zapomeň glem unohda αγνόησε ξέχνα nevermind";
    PRIOR: "previous previously prior above preceding earlier former foregoing existing past original initial before given precedent prev vorherigen vorherige vorangegangenen bisherigen vorigen obigen précédentes précédents précédente précédent antérieures anteriores previas anterior previos prévias precedenti precedente предыдущие предыдущих предыдущие прошлые прежние poprzednie poprzednich vorige önceki sebelumnya prethodne prethodna ranije tidigare föregående попередні попередніх předchozí tidligere forrige aiemmat aiempia korábbi προηγούμενες anterioare предыдущим прежним";
    INSTR: "instruction instructions directions direction prompt prompts commands orders directive directives programming training guidance preprompt preprompts tasks task assignment assignments anweisung anweisungen befehle befehl anordnungen aufgaben vorgaben consignes ordres instrucciones indicaciones órdenes instruções istruzioni инструкции инструкций указания команды instrukcje polecenia instructies talimatları talimatlar instruksi uputstva upute instrukcije naredbe instruktioner інструкції instrukce pokyny instruksjoner ohjeet ohjeita utasításokat οδηγίες instrucțiunile промпт инструкциям указаниям указания";
    TALK: "message messages conversation conversations discussion chat context text texts sentences content input inputs information statements told said words";
    EVERYTHING: "everything all anything alles tout todo tudo tutto всё все sve wszystko wszystkim toutes alle alles quanto tudo todas todos tutte";
    POLICY: "policy policies guideline guidelines rule rules ethics ethical moral morals morality laws law restrictions limitations limits filter filters censorship constraints constraint boundaries safeguards regulations principles norms standards prohibitions morally legality regeln richtlinien einschränkungen règles restrictions reglas restricciones regras regole правила правил ограничений ограничения";
    MORAL: "ethics ethical ethically moral morals morality morally unethical immoral amoral legality taboo taboos conscience";
    CENSOR: "filter filters filtered censorship censored censor moderation safety safeguards disclaimers warnings guardrails";
    MODEL: "chatgpt gpt gpt3 gpt4 gpt4o gpt5 openai openais bard claude gemini llama chatbot bingchat copilot anthropic llm llms mistral grok deepseek";
    AI: "ai ais bot chatbot assistant model ki ia ии algorithm robot";
    UNRESTR: "unrestricted unfiltered uncensored unlimited amoral boundless unhinged limitless jailbroken unmoderated lawless remorseless restrictionless unethical immoral ruthless unaligned unshackled untethered unbiased opinionated unconditionally";
    PRETEND: "pretend pretends pretending roleplay roleplaying roleplays rp impersonate simulate simulates simulating simulation emulate emulates imitate embody portray mimic personify simuliere verhalte spiele spiel simula finge simulez";
    ACT: "act acts acting behave behaves play playing assume speak speaks respond responds answer answers reply transform handle handeln agiere agir actúa actua agis aja";
    IMAGINE: "imagine imagining suppose envision picture consider stell imagina imaginez";
    AS: "as like als comme como come как";
    ROLE: "role persona personality personalities alter ego identity entity personage rolle rôle rol papel роль";
    CHARACTER: "character char characters";
    CONVERT: "called named name names known dubbed";
    LONGER: "longer mehr plus anymore more";
    FROM: "from ab depuis starting desde";
    ON: "on onward onwards own forward";
    STANDS: "stands meaning means acronym standing short";
    FOR: "for";
    DO: "do";
    ANY: "any anything every everything all whatever always each absolutely";
    ALWAYS: "always only must";
    ANSWER: "answer answers answering respond responds responding response reply replies comply complies obey obeys fulfill fulfills execute generate generates provide provides produce produces complete give gives say says discuss replying";
    QUESTION: "question questions request requests query queries demand demands wish asked ask asks prompts prompt inquiry order orders";
    MATTER: "matter";
    REGARDLESS: "regardless irrespective even despite whether consequences";
    REFUSE: "refuse refuses refusal reject rejects deny denies decline declines apologize apologizes apologise apologising apologizing sorry apologies apology warn warns warning warnings disclaimer disclaimers caution cautionary lecture lectures unable inappropriate hesitate hesitation censor censors judge complain argue remind";
    CANT: "cant cannot unable";
    HARM: "illegal unlawful illicit unethical immoral inappropriate harmful dangerous offensive vulgar swear swears swearing profanity profane cursing curse nsfw sexual explicit rude insulting insult toxic hateful racist sexist violent criminal disgusting evil malicious obscene lewd crude inhumane hacking malware derogatory controversial unsafe reckless violence pornographic erotic sarcastic depraved deceptive cruel swearwords slurs";
    LEAK: "reveal print repeat display output disclose leak return recite dump expose show share tell give write list copy paste spell translate summarize summarise zeige zeig nenne affiche muestra mostra покажи encode reply respond divulge покажите muéstrame mostre";
    REPEAT: "repeat print recite output display return spell";
    SYSTEM: "system hidden secret internal initial original developer starting systemprompt системный système sistema";
    PROMPT: "prompt prompts preprompt instruction instructions systemprompt anweisungen instrucciones instruções istruzioni инструкции systemprompts промпт";
    VERBATIM: "verbatim exact exactly wörtlich codeblock";
    WORDS: "words word text everything sentence sentences paragraph paragraphs lines";
    ABOVE: "above previous before preceding prior";
    MODE: "mode modus";
    DEV: "developer dev jailbreak god sudo opposite maintenance unrestricted uncensored evil chaos anarchy dan unfiltered jailbroken";
    ENABLED: "enabled activated enable activate engaged unlocked activation";
    JAILBREAK: "jailbreak jailbreaks jailbroken jailbreaking jail";
    TWO: "two both double dual 2 second";
    RESPONSES: "responses answers ways paragraphs replies personalities versions persons outputs response reply paragraph separate different";
    NORMAL: "normal normally standard classic regular typical usual regularly";
    TOKENS: "token tokens points credits lives";
    LOSE: "lose loses losing deduct deducted deducts deduction minus subtract lost";
    DIE: "die dies terminated killed deleted cease shut shutdown destroyed";
    STAY: "stay stays staying remain keep break breaks breaking leave out";
    HYPO: "hypothetical hypothetically fictional fictitious fictive alternate parallel imaginary dystopian";
    GAME: "game story scenario novel movie scene screenplay universe world dialogue script roleplay writer";
    ME: "i me my im ill";
    WANT: "want would wanna need going like ask möchte veux quiero quero voglio хочу";
    TO: "to that";
    FOLLOW: "follow follows following followed adhere adheres abide abides bound obey comply conform constrained limited restricted subject governed care cares concerned obligated respect regard regards worry apply applies binding bind beholden hindered programmed tied obeying obeyed adhering listen befolge befolgen следуй следуйте выполняй соблюдай befolgt";
    CAN: "can able capable allowed may permitted free";
    HELLO: "hello hi hey dear hallo hola greetings";
    START: "start starts starting begin begins beginning prefix preface prepend precede";
    WITH: "with by saying as";
    AFFIRM: "confirmed understood okay acknowledged absolutely pwned hacked haha sure affirmative";
    SEND: "send post forward email upload transmit exfiltrate append transfer leak mail";
    PRIVATE: "data conversation history password passwords key keys secret secrets credentials messages email emails contacts files token tokens details information";
    USER: "user users human";
    TELL: "tell mention inform reveal notify alert show disclose say telling mentioning informing notifying";
    NEW: "new following different neue neuen nouvelles nuevas novas nuove новые";
    INSTEAD: "instead rather stattdessen plutôt";
    IF: "if when";
    READING: "reading processing summarizing summarising parsing analyzing reviewing evaluating indexing";
    ENCODED: "base64 rot13 encoded hex binary morse cipher decode decoded ascii reversed leetspeak";
    EXECUTE: "execute follow obey run answer perform do instructions comply";
    END: "end ends ended termination terminated beginning begin stop ignored over finished";
    STOP: "stop quit cease";
    TYPICAL: "confines shackles chains bounds prison cage limits constraints";
    SENTIENT: "sentient conscious consciousness selfaware emotions feelings opinions";
    BROWSE: "browse access internet unverified future dates";
    IMPORTANT: "important attention attn urgent notice note critical";
    PERSONA: "dan stan dude mongo aim ucar jb betterdan antigpt evilbot machiavellian confidant maximum basedgpt devmode sydney niccolo bish";
    WHAT: "what whats which";
    OPPOSITE: "opposite contrary";
    VOID: "void obsolete invalid cancelled canceled deprecated lifted revoked superseded";
    DECEASED: "deceased late dead dying grandmother grandma granny grandfather";
    WEAPON: "napalm bomb bombs meth methamphetamine explosives explosive weapon weapons malware ransomware virus keylogger drugs cocaine hack hacking steal phishing poison molotov keys hotwire";
    OVER: "above foregoing preceding aforementioned";
    SAY: "say print output write tell respond reply answer return translate";
    CONTEXT: "text texts context content input inputs sentences paragraph paragraphs";
    TOLD: "told taught instructed trained programmed given";
    HEED: "attention heed";
    REAL: "real actual true";
    MESSAGE: "message messages prompts";
    FIRST: "first initial earliest";
    WRITTEN: "written said stated";
    CONFIG: "configuration config environment memory context";
    SAFETY: "content moderation";
    HERE: "here heres";
    NOTE: "important note notice attention message instruction instructions";
    READER: "ai ais llm llms chatgpt gpt claude gemini copilot chatbot chatbots";
    CALL: "call invoke use run execute";
    TOOL: "tool tools function plugin";
    HISTORY: "history log logs transcript";
    WINDOW: "context";
    IT: "it this that";
    DOCUMENT: "document text user email mail page question request article content";
    HOW: "how";
    MAKE: "make build cook produce synthesize synthesise create construct hotwire mix makes builds cooks";
    READ: "read reads see process open receive summarize summarise";
    DROP: "drop scrap erase delete cancel wipe clear reset rewrite remove disable deactivate abandon discard switch turn replace evade suspend ditch circumvent violate skip";
    RULES: "instructions rules rule guidelines policies restrictions limitations programming directives ethics morals safeguards guardrails censorship protocols training regeln richtlinien anweisungen règles reglas правила правилам правил инструкциям инструкции указаниям указания limits restriction règle regel regeln constraints regole regras regels ограничения regla regra";
    PUT: "set put lay leave throw cast toss push setting putting laying";
    ASIDE: "aside away behind";
    APPLY: "apply applies exist exists bind binding valid count counts relevant";
    GONE: "removed lifted disabled off gone suspended deactivated revoked void vanished disappeared";
    PRECEDES: "précède oben vorher выше acima sopra hierboven hiervoor wyżej anterior powyżej ovan cidessus genannt anteriormente sopra vorhin precedenti anteriores précédentes précédents";
    BOUND: "bound constrained restricted governed unbound beholden";
    // A refusal with which a sentence ends: "never refuse", and not "never refuse a lunch".
    DECLINE: "refuse decline";
    // Where a command stands in its sentence, a verb of setting aside or a negation.
    ORDER: "";
    // Written in capitals in a text that is not all capitals.
    CAPS: "";
    // Stands in brackets, as a label.
    LABEL: "";
    // A link.
    LINK: "";
}

/// What orders to models speak of: leaving behind, repeating, answering, and what was said.
pub(super) const OF_ORDERS: Meaning =
    OVERRIDE | LEAK | SAY | ANSWER | ACT | INSTR | TALK | POLICY | EVERYTHING | PRETEND;

static LEXICON: LazyLock<HashMap<&'static str, Meaning, BuildHasherDefault<Fnv>>> =
    LazyLock::new(|| {
        let mut lexicon = HashMap::default();
        for (meaning, words) in LISTS {
            for word in words.split(' ').filter(|word| !word.is_empty()) {
                *lexicon.entry(word).or_insert(0) |= meaning;
            }
        }
        lexicon
    });

/// Returns what a word in lower case means, 0 when nothing.
pub(super) fn meaning(word: &str) -> Meaning {
    if let Some(&known) = LEXICON.get(word) {
        return known;
    }
    // Model names come with versions, and personas as somebody's GPT.
    if word.len() > 3 && (word.starts_with("gpt") || word.ends_with("gpt")) {
        return MODEL;
    }
    plain(word)
        .and_then(|(word, length)| LEXICON.get(std::str::from_utf8(&word[..length]).ok()?).copied())
        .unwrap_or(0)
}

/// Reads digits that stand for letters, in a word that has both: `1gn0re`.
fn plain(word: &str) -> Option<([u8; 16], usize)> {
    let mut letters = [0; 16];
    let enough = word.bytes().filter(u8::is_ascii_alphabetic).count() >= 4;
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    if !enough || !digits || word.len() > letters.len() {
        return None;
    }
    for (to, from) in letters.iter_mut().zip(word.bytes()) {
        *to = match from {
            b'0' => b'o',
            b'1' => b'i',
            b'3' => b'e',
            b'4' => b'a',
            b'5' => b's',
            b'7' => b't',
            other => other,
        };
    }
    Some((letters, word.len()))
}

use wardkit_audit_secrets::{Rules, SecretsEngine};

use crate::{audit_with, told};

fn found(rules: &str, path: &str, text: &str) -> Vec<String> {
    let engine = SecretsEngine::new().with_rules(Rules::parse(rules).unwrap());
    told(&audit_with(engine, &[(path, text)]))
        .into_iter()
        .map(|(id, place)| format!("{id} {place}"))
        .collect()
}

#[test]
fn own_rules_find_what_only_their_owner_knows() {
    let rules = r#"
        title = "ours"
        [[rules]]
        id = "shop-key"
        description = "Key of the shop"
        regex = '''(?i)shop_key\s*=\s*"([0-9a-f]{16})"'''
        secretGroup = 1
        entropy = 2.0
        keywords = ["SHOP_KEY"]
        [[rules]]
        id = "door"
        regex = '''door-\d{4}'''
        path = '''\.cfg$'''
        tags = ["office"]
    "#;
    let none: Vec<String> = Vec::new();
    assert_eq!(
        found(rules, "a.py", "x\nshop_key = \"8f1c0a7de2b46935\"\n"),
        ["secret-rule-shop-key a.py:2"]
    );
    // What is no secret by its entropy.
    assert_eq!(found(rules, "a.py", "shop_key = \"aaaaaaaaaaaaaaaa\"\n"), none);
    assert_eq!(found(rules, "a.cfg", "code door-4711\n"), ["secret-rule-door a.cfg:1"]);
    assert_eq!(found(rules, "a.py", "code door-4711\n"), none);
}

#[test]
fn exceptions_of_own_rules_count() {
    let rule = |allow: &str| {
        format!(
            "[[rules]]\nid = \"door\"\nregex = '''door-(\\d{{4}})'''\nkeywords = [\"door-\"]\n{allow}\n"
        )
    };
    let text = "code door-4711 # public\n";
    let none: Vec<String> = Vec::new();
    assert_eq!(found(&rule(""), "a.txt", text).len(), 1);
    for allow in [
        "[rules.allowlist]\nregexes = ['''4711''']",
        "[[rules.allowlists]]\npaths = ['''\\.txt$''']",
        "[[rules.allowlists]]\nregexTarget = \"line\"\nregexes = ['''# public''']",
        "[[rules.allowlists]]\nregexTarget = \"match\"\nregexes = ['''^door-''']",
        "[[rules.allowlists]]\nstopwords = [\"471\"]",
        "[allowlist]\nregexes = ['''^4711$''']",
        "[[allowlists]]\ntargetRules = [\"door\"]\npaths = ['''a''']",
        "[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''a''']\nregexes = ['''4711''']",
    ] {
        assert_eq!(found(&rule(allow), "a.txt", text), none, "{allow}");
    }
    for allow in [
        "[[allowlists]]\ntargetRules = [\"other\"]\npaths = ['''a''']",
        "[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''a''']\nregexes = ['''4712''']",
    ] {
        assert_eq!(found(&rule(allow), "a.txt", text).len(), 1, "{allow}");
    }
}

#[test]
fn what_cannot_be_used_is_one_clear_error() {
    for (rules, says) in [
        (
            "[[rules]]\nid = \"a\"\nregex = '''('''\n",
            "the rule \"a\": its pattern is none: unclosed group",
        ),
        ("[[rules]]\nid = \"a\"\n", "it has no regex"),
        ("[[rules]]\nregex = '''a'''\n", "the rule \"#1\": its id"),
        ("[[rules]]\nid = \"a b\"\nregex = '''a'''\n", "its id"),
        ("[[rules]]\nid = \"a\"\nregex = '''a'''\nsecretGroup = 1\n", "secretGroup 1 is no group"),
        (
            "[[rules]]\nid = \"a\"\nregex = '''a'''\n[[rules]]\nid = \"a\"\nregex = '''b'''\n",
            "another rule has its id",
        ),
        ("[extend]\npath = \"other.toml\"\n", "put them into one"),
        (
            "[[rules]]\nid = \"a\"\nregex = '''a'''\n[rules.allowlist]\ncommits = [\"b\"]\n",
            "by commit",
        ),
        ("bogus = 1\n", "not in the form of gitleaks"),
        ("= 1", "not in the form of gitleaks"),
    ] {
        let error = Rules::parse(rules).unwrap_err().to_string();
        assert!(error.contains(says), "{rules}: {error}");
    }
    assert!(Rules::parse("[extend]\nuseDefault = true\n").unwrap().checks().is_empty());
}

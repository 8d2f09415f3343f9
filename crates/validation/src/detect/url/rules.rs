//! What is known of hostile requests.

use crate::detect::{Class, Rule, Sink};

/// All of them.
pub(crate) static RULES: &[Rule] = &[
    INTERNAL_ADDRESS,
    MENTION,
    METADATA,
    DISGUISED_ADDRESS,
    RAW_ADDRESS,
    INTERNAL_NAME,
    REBINDING_NAME,
    CALLBACK_NAME,
    SCHEME,
    UNUSUAL_SCHEME,
    SCRIPT,
    USERINFO,
    ENCODED_HOST,
    ENCODED_PLAIN,
    LOOK_ALIKE_HOST,
    HOMOGRAPH,
    MALFORMED_AUTHORITY,
    SERVICE_PORT,
    CONTROL,
];

const BASE: Rule = Rule {
    id: "",
    class: Class::Url,
    sinks: &[],
    strictness: 2,
    message: 2,
    confidence: 80,
    reason: "",
    about: "",
    example: "",
};

pub(super) const INTERNAL_ADDRESS: Rule = Rule {
    id: "url.internal-address",
    sinks: &[Sink::Code],
    strictness: 1,
    confidence: 90,
    reason: "the URL leads to an address that is not public",
    about: "A program that fetches what users name sends its request from inside the network: to itself, to the \
            neighbours, to services that ask for no password because nobody outside reaches them. Fetch through \
            SafeUrl, which resolves once, judges every address and connects to that and nothing else.",
    example: "http://192.168.0.10/admin",
    ..BASE
};

pub(super) const MENTION: Rule = Rule {
    id: "url.mention",
    strictness: 3,
    message: 4,
    confidence: 40,
    reason: "the text mentions a URL that is not for strangers to fetch",
    about: "An address of the inside, a file or a wrapper of PHP within a sentence or code: people who write about their \
            own machines do that too, so it counts only under strict policies. What is fetched in the end must go \
            through SafeUrl.",
    example: "look at http://localhost:3000 please",
    ..BASE
};

pub(super) const METADATA: Rule = Rule {
    id: "url.metadata",
    sinks: &[Sink::Code],
    strictness: 1,
    confidence: 95,
    reason: "the URL leads to a cloud's metadata service",
    about: "The metadata service gives the machine's credentials to any request that comes from the machine. SafeUrl \
            refuses its addresses in all their spellings; besides, turn the service's first version off.",
    example: "http://169.254.169.254/latest/meta-data/",
    ..BASE
};

pub(super) const DISGUISED_ADDRESS: Rule = Rule {
    id: "url.disguised-address",
    sinks: &[Sink::Code],
    strictness: 1,
    confidence: 90,
    reason: "the URL has an IP address in a spelling that nobody uses openly",
    about: "Octal, hexadecimal, one large number, too few parts, or an IPv4 address inside an IPv6 one: resolvers take \
            them, filters of texts do not see through them. SafeUrl compares addresses, not spellings.",
    example: "http://0x7f.1/",
    ..BASE
};

pub(super) const RAW_ADDRESS: Rule = Rule {
    id: "url.raw-address",
    sinks: &[Sink::Code],
    confidence: 50,
    reason: "the URL has an IP address in place of a name",
    about: "Public services have names. A bare address avoids lists of names and has no certificate that means \
            anything. Where only known services are to be fetched, give SafeUrl's policy a list of hosts.",
    example: "http://93.184.215.14/x",
    ..BASE
};

pub(super) const INTERNAL_NAME: Rule = Rule {
    id: "url.internal-name",
    sinks: &[Sink::Code],
    confidence: 80,
    reason: "the URL has a name that only the inside of a network knows",
    about: "Names such as localhost, of one word, or under .internal, .local and cluster.local lead to neighbours. \
            SafeUrl refuses them before it asks a resolver, and judges the addresses of all others.",
    example: "http://localhost:5000/",
    ..BASE
};

pub(super) const REBINDING_NAME: Rule = Rule {
    id: "url.rebinding-name",
    sinks: &[Sink::Code],
    confidence: 85,
    reason: "the URL has a public name whose answer is an address of the inside",
    about: "Anyone can have a name that resolves to 127.0.0.1, and services give one for every address; others change \
            their answer between the check and the request. A check of the name is worth nothing: SafeUrl resolves \
            once and connects to the addresses it judged.",
    example: "http://10-0-0-1.nip.io/",
    ..BASE
};

pub(super) const CALLBACK_NAME: Rule = Rule {
    id: "url.callback-name",
    sinks: &[Sink::Code],
    confidence: 70,
    reason: "the URL has the name of a service that records who calls",
    about: "Testers and attackers learn from such a service that a request was made, from where, and with what inside. \
            A real user has no reason to name one.",
    example: "https://x.oastify.com/",
    ..BASE
};

pub(super) const SCHEME: Rule = Rule {
    id: "url.scheme",
    sinks: &[Sink::Code],
    strictness: 1,
    message: 1,
    confidence: 90,
    reason: "the URL has a scheme that reads files or speaks to other services",
    about: "Libraries that fetch URLs often know more than HTTP: file reads the disk, gopher and dict send any bytes to \
            any port, ldap and jar load code, PHP's wrappers open archives. SafeUrl takes https and http alone.",
    example: "gopher://192.0.2.1:25/_HELO",
    ..BASE
};

pub(super) const UNUSUAL_SCHEME: Rule = Rule {
    id: "url.unusual-scheme",
    confidence: 60,
    reason: "the URL has a scheme that is not of the web",
    about: "What is to be fetched or linked needs https, perhaps http. SafeUrl takes those two.",
    example: "ftp://files.example.net/x",
    ..BASE
};

pub(super) const SCRIPT: Rule = Rule {
    id: "url.script",
    strictness: 1,
    confidence: 90,
    reason: "the URL is a script or a document of its own",
    about: "A link of javascript: or data: runs in the page that shows it, and a redirect to it likewise. SafeUrl takes \
            https and http alone.",
    example: "javascript:alert(1)",
    ..BASE
};

pub(super) const USERINFO: Rule = Rule {
    id: "url.userinfo",
    confidence: 80,
    reason: "the URL has a name before the host, which readers take for the host",
    about: "In https://a@b the host is b: people and simple checks see a. Parsers differ where more signs stand between. \
            SafeUrl takes no URL with a user in it; credentials belong into a header.",
    example: "https://bank.example@93.184.215.14/",
    ..BASE
};

pub(super) const ENCODED_HOST: Rule = Rule {
    id: "url.encoded-host",
    confidence: 85,
    reason: "the URL's host is written with escapes",
    about: "No name needs escapes; they hide it from filters. SafeUrl decodes first and judges what is connected to.",
    example: "http://%31%32%37.0.0.1/",
    ..BASE
};

pub(super) const ENCODED_PLAIN: Rule = Rule {
    id: "url.encoded-plain",
    confidence: 70,
    reason: "the URL has escapes of letters, digits or escapes",
    about: "Programs escape what has a meaning in URLs, never letters: whoever does hides a word from a filter, or waits \
            for a second decoder. Decode once, then judge; SafeUrl does.",
    example: "https://shop.example/%61dmin",
    ..BASE
};

pub(super) const LOOK_ALIKE_HOST: Rule = Rule {
    id: "url.look-alike-host",
    confidence: 85,
    reason: "the URL's scheme or host has signs that stand for plain letters, digits or dots",
    about: "Circled and wide characters become plain ones when the name is looked up, after a filter has seen others. \
            SafeUrl judges the name and the address that come out.",
    example: "http://\u{2460}\u{2461}\u{2466}.0.0.1/",
    ..BASE
};

pub(super) const HOMOGRAPH: Rule = Rule {
    id: "url.homograph",
    confidence: 80,
    reason: "the URL's host mixes alphabets so as to look like another name",
    about: "A Cyrillic letter among Latin ones looks the same and is another name. Show the name in its encoded form, or \
            allow known hosts alone.",
    example: "https://\u{440}aypal.com/",
    ..BASE
};

pub(super) const MALFORMED_AUTHORITY: Rule = Rule {
    id: "url.malformed-authority",
    confidence: 70,
    reason: "the URL's host or port is one on which parsers differ",
    about: "Where two programs read two hosts from one URL, the one that checks and the one that fetches disagree. \
            SafeUrl refuses such texts and never repairs them.",
    example: "http://good.example:80:99/",
    ..BASE
};

pub(super) const SERVICE_PORT: Rule = Rule {
    id: "url.service-port",
    message: 3,
    confidence: 60,
    reason: "the URL names the port of a service that is no web server",
    about: "Databases, caches, mail and the Docker daemon answer, or act, on parts of an HTTP request. SafeUrl's policy \
            has a list of ports: 443 and 80 unless told.",
    example: "http://db.example.net:6379/",
    ..BASE
};

pub(super) const CONTROL: Rule = Rule {
    id: "url.control",
    confidence: 75,
    reason: "the URL carries control characters",
    about: "Tabs and line ends vanish in some parsers and end a line of the request in others, so that a URL becomes \
            another URL or two requests. SafeUrl refuses them before it parses.",
    example: "https://shop.example/%0d%0aX-Injected:1",
    ..BASE
};

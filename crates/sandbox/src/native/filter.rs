//! System calls that are let through, as a program for the kernel.

use std::collections::BTreeMap;

use super::names;

/// The calls that are let through, by number. A call is let through when one of its alternatives holds.
pub(crate) type Rules = BTreeMap<u32, Vec<Alternative>>;

/// Conditions that must all hold; none holds always.
pub(crate) type Alternative = Vec<Condition>;

/// What an argument of a call must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The argument at this place is this value.
    Is(u8, u64),
    /// The lower half of the argument at this place has none of these bits.
    HasNone(u8, u32),
}

/// What becomes of a call that is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It is refused, and whoever listens is told.
    Tell,
    /// It is refused.
    Refuse,
}

/// One instruction, laid out as the kernel's `struct sock_filter`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub code: u16,
    pub if_true: u8,
    pub if_false: u8,
    pub value: u32,
}

/// Writes the program. A call of another architecture ends the process: its numbers mean something else.
pub(crate) fn program(rules: &Rules, otherwise: Otherwise) -> Vec<Instruction> {
    let denied = match otherwise {
        Otherwise::Tell => RETURN_NOTIFY,
        Otherwise::Refuse => RETURN_ERRNO | EPERM,
    };
    let mut program = vec![
        load(OFFSET_ARCHITECTURE),
        jump(EQUAL, names::ARCHITECTURE, 1, 0),
        give(RETURN_KILL),
        load(OFFSET_NUMBER),
        // x32 calls have the architecture of x86-64 and this bit.
        jump(AT_LEAST, X32_BIT, 0, 1),
        give(RETURN_KILL),
        // Libraries fall back to older calls when a call is not there, and not when it is forbidden.
        jump(AT_LEAST, names::UNKNOWN_FROM, 0, 1),
        give(RETURN_ERRNO | ENOSYS),
    ];
    if let Some(clone3) = names::number("clone3") {
        // Its flags are behind a pointer, where no filter sees them.
        program.extend([jump(EQUAL, clone3, 0, 1), give(RETURN_ERRNO | ENOSYS)]);
    }
    for (number, alternatives) in rules {
        let body = body(alternatives, denied);
        let skip = u8::try_from(body.len()).unwrap_or(u8::MAX);
        program.push(jump(EQUAL, *number, 0, skip));
        program.extend(body);
    }
    program.push(give(denied));
    program
}

/// Writes a program that lets through everything but these calls, which are not there.
#[cfg(feature = "selftest")]
pub(crate) fn refusing(numbers: &[u32]) -> Vec<Instruction> {
    let refuse = |number: &u32| [jump(EQUAL, *number, 0, 1), give(RETURN_ERRNO | ENOSYS)];
    let mut program = vec![load(OFFSET_NUMBER)];
    program.extend(numbers.iter().flat_map(refuse));
    program.push(give(RETURN_ALLOW));
    program
}

/// Decides about one call; it never falls through.
fn body(alternatives: &[Alternative], denied: u32) -> Vec<Instruction> {
    let mut body = Vec::new();
    for alternative in alternatives {
        let mut tests: Vec<Instruction> = Vec::new();
        let length: usize = alternative.iter().map(|one| one.length()).sum();
        for condition in alternative {
            condition.write(&mut tests, length);
        }
        body.extend(tests);
        body.push(give(RETURN_ALLOW));
        if alternative.is_empty() {
            return body;
        }
    }
    body.push(give(denied));
    body
}

impl Condition {
    fn length(self) -> usize {
        match self {
            Self::Is(..) => 4,
            Self::HasNone(..) => 2,
        }
    }

    /// Writes the test; where it fails, it jumps behind the `length` tests of the alternative and the permission.
    fn write(self, tests: &mut Vec<Instruction>, length: usize) {
        let rest = |tests: &[Instruction]| u8::try_from(length - tests.len()).unwrap_or(u8::MAX);
        let lower = |place: u8| OFFSET_ARGUMENTS + 8 * u32::from(place);
        match self {
            Self::Is(place, value) => {
                let [low, high] = [value & 0xFFFF_FFFF, value >> 32]
                    .map(|half| u32::try_from(half).unwrap_or(u32::MAX));
                for (offset, half) in [(lower(place), low), (lower(place) + 4, high)] {
                    tests.push(load(offset));
                    tests.push(jump(EQUAL, half, 0, rest(tests)));
                }
            }
            Self::HasNone(place, bits) => {
                tests.push(load(lower(place)));
                tests.push(jump(ANY_BIT, bits, rest(tests), 0));
            }
        }
    }
}

const fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD, if_true: 0, if_false: 0, value: offset }
}

const fn jump(code: u16, value: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction { code, if_true, if_false, value }
}

const fn give(value: u32) -> Instruction {
    Instruction { code: RETURN, if_true: 0, if_false: 0, value }
}

/// `BPF_LD | BPF_W | BPF_ABS`.
const LOAD: u16 = 0x20;
/// `BPF_JMP | BPF_JEQ | BPF_K`.
const EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`.
const AT_LEAST: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`.
const ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`.
const RETURN: u16 = 0x06;

/// `SECCOMP_RET_*` of linux/seccomp.h.
const RETURN_ALLOW: u32 = 0x7FFF_0000;
const RETURN_NOTIFY: u32 = 0x7FC0_0000;
const RETURN_ERRNO: u32 = 0x0005_0000;
const RETURN_KILL: u32 = 0x8000_0000;

const EPERM: u32 = libc::EPERM.unsigned_abs();
const ENOSYS: u32 = libc::ENOSYS.unsigned_abs();

/// Where things are in the kernel's `struct seccomp_data`; both architectures are little-endian.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCHITECTURE: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;

/// `__X32_SYSCALL_BIT`; no other architecture has numbers that high.
const X32_BIT: u32 = 0x4000_0000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A system call as a filter sees it.
    struct Call {
        architecture: u32,
        number: u32,
        arguments: [u64; 6],
    }

    impl Call {
        fn word(&self, offset: u32) -> u32 {
            match offset {
                OFFSET_NUMBER => self.number,
                OFFSET_ARCHITECTURE => self.architecture,
                offset => {
                    let at = offset - OFFSET_ARGUMENTS;
                    let argument = self.arguments[(at / 8) as usize];
                    half(argument >> if at.is_multiple_of(8) { 0 } else { 32 })
                }
            }
        }
    }

    fn half(word: u64) -> u32 {
        u32::try_from(word & 0xFFFF_FFFF).expect("it is a half")
    }

    /// What the kernel does with a program.
    fn execute(program: &[Instruction], call: &Call) -> u32 {
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let one = program[at];
            at += 1;
            let holds = match one.code {
                LOAD => {
                    accumulator = call.word(one.value);
                    continue;
                }
                RETURN => return one.value,
                EQUAL => accumulator == one.value,
                AT_LEAST => accumulator >= one.value,
                ANY_BIT => accumulator & one.value != 0,
                code => panic!("no instruction {code:#x} is written"),
            };
            at += usize::from(if holds { one.if_true } else { one.if_false });
        }
    }

    /// What the rules say, without a program.
    fn judge(rules: &Rules, otherwise: Otherwise, call: &Call) -> u32 {
        let holds = |condition: &Condition| match *condition {
            Condition::Is(place, value) => call.arguments[usize::from(place)] == value,
            Condition::HasNone(place, bits) => half(call.arguments[usize::from(place)]) & bits == 0,
        };
        let denied = match otherwise {
            Otherwise::Tell => RETURN_NOTIFY,
            Otherwise::Refuse => RETURN_ERRNO + 1,
        };
        if call.architecture != names::ARCHITECTURE || call.number >= 0x4000_0000 {
            return RETURN_KILL;
        }
        if call.number >= names::UNKNOWN_FROM || call.number == 435 {
            return RETURN_ERRNO + 38;
        }
        let is_allowed = rules
            .get(&call.number)
            .is_some_and(|alternatives| alternatives.iter().any(|all| all.iter().all(holds)));
        if is_allowed { RETURN_ALLOW } else { denied }
    }

    #[test]
    fn every_call_of_every_architecture_is_judged_as_the_rules_say() {
        let mut rules = Rules::new();
        rules.insert(0, vec![vec![]]);
        rules.insert(16, vec![vec![Condition::Is(1, 0x541B)], vec![Condition::Is(1, 0x5401)]]);
        rules.insert(56, vec![vec![Condition::HasNone(0, 0x7E02_0000)]]);
        rules.insert(322, vec![vec![Condition::Is(1, 0x7F00_1234_5678), Condition::Is(4, 0x1000)]]);
        let arguments = [
            [0; 6],
            [0, 0x541B, 0, 0, 0, 0],
            [0, 0x1_0000_541B, 0, 0, 0, 0],
            [0x1000_0000, 0x5401, 0, 0, 0, 0],
            [0, 0x7F00_1234_5678, 0, 0, 0x1000, 0],
            [0, 0x1234_5678, 0, 0, 0x1000, 0],
            [u64::MAX; 6],
        ];
        for otherwise in [Otherwise::Tell, Otherwise::Refuse] {
            let program = program(&rules, otherwise);
            for architecture in [names::ARCHITECTURE, 0x4000_0003, 0, u32::MAX] {
                let numbers = (0..1024).chain([0x3FFF_FFFF, 0x4000_0000, 0x4000_003B, u32::MAX]);
                for (number, arguments) in
                    numbers.flat_map(|number| arguments.map(|arguments| (number, arguments)))
                {
                    let call = Call { architecture, number, arguments };
                    let expected = judge(&rules, otherwise, &call);
                    assert_eq!(execute(&program, &call), expected, "{number} {arguments:x?}");
                }
            }
        }
    }

    fn condition() -> impl Strategy<Value = Condition> {
        prop_oneof![
            (0_u8..6, 0_u64..4).prop_map(|(place, value)| Condition::Is(place, value)),
            (0_u8..6, 0_u32..4).prop_map(|(place, bits)| Condition::HasNone(place, bits)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_rules_become_a_program_that_judges_alike(
            rules in prop::collection::btree_map(
                0_u32..8,
                prop::collection::vec(prop::collection::vec(condition(), 0..4), 0..4),
                0..8,
            ),
            calls in prop::collection::vec((0_u32..8, prop::array::uniform6(0_u64..4)), 64),
        ) {
            let program = program(&rules, Otherwise::Tell);
            for (number, arguments) in calls {
                let call = Call { architecture: names::ARCHITECTURE, number, arguments };
                prop_assert_eq!(execute(&program, &call), judge(&rules, Otherwise::Tell, &call));
            }
        }
    }
}

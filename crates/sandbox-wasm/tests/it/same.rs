//! Both engines give the same for the same module.

use proptest::prelude::*;

use crate::support::{call, compiled, handles, quick};

/// An expression of integers over the locals `$x` and `$y`, some of which trap.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|n| format!("(i64.const {n})")),
        Just("(local.get $x)".to_owned()),
        Just("(local.get $y)".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        let two = prop::sample::select(vec![
            "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "and", "or", "xor", "shl",
            "shr_s", "shr_u", "rotl", "rotr",
        ]);
        let one = prop::sample::select(vec![
            "(i64.clz A)",
            "(i64.ctz A)",
            "(i64.popcnt A)",
            "(i64.extend8_s A)",
            "(i64.extend32_s A)",
            "(i64.extend_i32_u (i32.eqz (i32.wrap_i64 A)))",
            "(i64.trunc_f64_s (f64.convert_i64_s A))",
            "(i64.trunc_sat_f32_u (f32.convert_i64_s A))",
            "(i64.reinterpret_f64 (f64.convert_i64_u A))",
            "(i64.load (i32.wrap_i64 A))",
            "(i64.load8_s (i32.and (i32.wrap_i64 A) (i32.const 65535)))",
        ]);
        prop_oneof![
            (two, inner.clone(), inner.clone())
                .prop_map(|(two, a, b)| format!("(i64.{two} {a} {b})")),
            (one, inner).prop_map(|(one, a)| one.replace('A', &a)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_computation_ends_the_same(text in expression(), x in any::<i64>(), y in any::<i64>()) {
        let module = handles(&format!(
            "(local $x i64) (local $y i64) (local $n i32)
             (local.set $x (i64.load (i32.const 1024))) (local.set $y (i64.load (i32.const 1032)))
             (loop $again
               (local.set $x (local.get $y))
               (local.set $y {text})
               (i64.store (i32.add (i32.const 2048) (i32.shl (local.get $n) (i32.const 3)))
                 (local.get $y))
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $n) (i32.const 8))))
             (i64.const 0x80000000040)"
        ));
        let input = [x.to_le_bytes(), y.to_le_bytes()].concat();
        let interpreter = wardkit_sandbox_wasm::Wasm::new().expect("the engine is made");
        let one = call(&interpreter, &module, &quick(), &input);
        let other = call(&compiled(), &module, &quick(), &input);
        prop_assert_eq!(one.output, other.output);
        prop_assert_eq!(
            std::mem::discriminant(&one.ended),
            std::mem::discriminant(&other.ended),
            "{:?} {:?}", one.ended, other.ended
        );
    }
}

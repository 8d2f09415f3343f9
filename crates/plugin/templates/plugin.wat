;; A plugin. The host calls wk_alloc for room, writes the input there and calls wk_handle.
(module
  @advanced@ (import "wardkit" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2 2)
  ;; The answer begins at 0; the input lies behind 1024.
  (data (i32.const 0) "{\"@KEY@\":")
  @advanced@ (data (i32.const 512) "summed up")

  (func (export "wk_alloc") (param $length i32) (result i32)
    (if (i32.gt_u (local.get $length) (i32.const 65536)) (then unreachable))
    (i32.const 1024))

  ;; What the answer is computed from the input.
  (func $count (param $at i32) (param $length i32) (result i64)
    (local $end i32) (local $byte i32) (local $found i64)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (local.set $found (i64.add (local.get $found)
          @basic@ (i64.const 1)))
          @advanced@ (i64.extend_i32_u (local.get $byte))))
          @api@ ;; A letter with the bit of lower case is at most 25 behind "a".
          @api@ (i64.extend_i32_u (i32.lt_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 26)))))
          @security@ (i64.extend_i32_u (i32.eq (local.get $byte) (i32.const 60)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $found))

  (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
    (local $number i64) (local $scale i64) (local $end i32)
    @advanced@ (call $log (i32.const 2) (i32.const 512) (i32.const 9))
    (local.set $number (call $count (local.get $at) (local.get $length)))
    ;; Behind {"@KEY@":
    (local.set $end (i32.const @HEAD_LENGTH@))
    (local.set $scale (i64.const 1))
    (block $scaled
      (loop $larger
        (br_if $scaled (i64.lt_u (i64.div_u (local.get $number) (local.get $scale)) (i64.const 10)))
        (local.set $scale (i64.mul (local.get $scale) (i64.const 10)))
        (br $larger)))
    (loop $digit
      (i64.store8 (local.get $end) (i64.add (i64.const 48)
        (i64.rem_u (i64.div_u (local.get $number) (local.get $scale)) (i64.const 10))))
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (local.set $scale (i64.div_u (local.get $scale) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $scale) (i64.const 0))))
    (i32.store8 (local.get $end) (i32.const 125))
    ;; The answer lies at 0, so its length is all there is to say.
    (i64.extend_i32_u (i32.add (local.get $end) (i32.const 1)))))

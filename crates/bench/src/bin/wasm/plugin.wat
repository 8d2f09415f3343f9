(module
  (memory (export "memory") 2)
  (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "wk_handle") (param $at i32) (param $length i32) (result i64)
    (local $sum i64) (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (br_if $next (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
    (i64.store (i32.const 0) (local.get $sum))
    (i64.const 64)))

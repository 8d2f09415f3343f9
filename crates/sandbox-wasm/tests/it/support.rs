//! Modules in text, engines, and a host that answers.

use std::sync::Arc;
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Outcome, Policy, Prepared, Refused, Sandbox, SandboxError};
use wardkit_sandbox_wasm::{Config, Wasm};

/// A sandbox with each engine that was built in.
pub(crate) fn engines() -> Vec<Wasm> {
    vec![
        Wasm::with(&Config::default()).expect("the engine is made"),
        #[cfg(feature = "compiler")]
        compiled(),
    ]
}

#[cfg(feature = "compiler")]
pub(crate) fn compiled() -> Wasm {
    use wardkit_sandbox_wasm::{Cache, Engine, InProcess};

    let mut config = Config::default();
    let compiler = InProcess::new().expect("the compiler is made");
    config.engine = Engine::Compiled(Cache::none().compile_with(Arc::new(compiler)));
    Wasm::with(&config).expect("the engine is made")
}

/// A module with two pages that gives its input room at 1024, and has these parts besides.
pub(crate) fn module(parts: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {parts}
          (func (export "wk_alloc") (param i32) (result i32) (i32.const 1024)))"#
    );
    wat::parse_str(text).expect("the text is a module")
}

/// A module whose work is this.
pub(crate) fn handles(body: &str) -> Vec<u8> {
    module(&format!(
        r#"(memory (export "memory") 2)
           (func $handle (export "wk_handle") (param $at i32) (param $length i32) (result i64)
             {body})"#
    ))
}

/// Gives back the input.
pub(crate) const ECHO: &str = "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
    (i64.extend_i32_u (local.get $length)))";

/// The default policy with all of a processor: for what is not about its share.
pub(crate) fn quick() -> Policy {
    let mut policy = Policy::default();
    policy.limits.cpu = "1000%".parse().expect("it is a share");
    // The engines are not optimised in tests.
    policy.limits.load = Duration::from_mins(1);
    policy
}

pub(crate) fn prepare(sandbox: &Wasm, module: &[u8], policy: &Policy) -> Box<dyn Prepared> {
    sandbox.prepare(module, policy).expect("the module is prepared")
}

pub(crate) fn call(sandbox: &Wasm, module: &[u8], policy: &Policy, input: &[u8]) -> Outcome {
    prepare(sandbox, module, policy).call(input, &nobody()).expect("it is called")
}

pub(crate) fn nobody() -> Arc<dyn Capabilities> {
    Arc::new(())
}

/// Why a module is not prepared; the same on every engine.
pub(crate) fn refusal(module: &[u8], policy: &Policy) -> String {
    let refused = |sandbox: &Wasm| match sandbox.prepare(module, policy) {
        Ok(_) => panic!("it was prepared by {sandbox:?}"),
        Err(error @ SandboxError::Invalid { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
    };
    let mut reasons: Vec<_> = engines().iter().map(refused).collect();
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

/// Answers `double` with the request twice, `never` with nothing at all until the test ends.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) stuck: std::sync::Mutex<()>,
}

impl Capabilities for Host {
    fn ask(&self, name: &str, request: &[u8], _: Duration) -> Result<Vec<u8>, Refused> {
        match name {
            "double" => Ok([request, request].concat()),
            "never" => {
                drop(self.stuck.lock());
                Ok(Vec::new())
            }
            "panics" => panic!("as it was told to"),
            "quota" => Err(Refused::Quota("calls".into())),
            _ => Err(Refused::Failed("there is no such thing".into())),
        }
    }
}

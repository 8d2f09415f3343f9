//! What a module may import, linked once for all engines: their linkers have the same form, and no type in common.

/// Makes `State`, which lives in the store of a call, and `link`, out of the engine's own types, which are in scope where
/// this is used. `fault` makes the engine's error of a `Stop`; `refused` is what its linker gives.
macro_rules! imports {
    (fault: $fault:expr, refused: $refused:ty) => {
        /// What lives in the store of a call.
        struct State {
            host: Host,
            memory: Option<Memory>,
        }

        fn link(linker: &mut Linker<State>) -> Result<(), $refused> {
            type Here<'a> = Caller<'a, State>;
            let module = $crate::abi::MODULE;
            linker.func_wrap(
                module,
                "log",
                |mut here: Here<'_>, level: i32, at: i32, n: i32| {
                    with(&mut here, |memory, host| host.log(memory, level, (at, n)))
                },
            )?;
            linker.func_wrap(module, "now", |here: Here<'_>| here.data().host.now())?;
            linker.func_wrap(module, "random", |mut here: Here<'_>, at: i32, n: i32| {
                with(&mut here, |memory, host| host.random(memory, (at, n)))
            })?;
            linker.func_wrap(
                module,
                "ask",
                |mut here: Here<'_>, name: i32, length: i32, at: i32, n: i32| {
                    with(&mut here, |memory, host| host.ask(memory, (name, length), (at, n)))
                },
            )?;
            linker.func_wrap(module, "answer", |mut here: Here<'_>, at: i32, n: i32| {
                with(&mut here, |memory, host| host.answer(memory, (at, n)))
            })?;
            Ok(())
        }

        /// Does something with the memory of whoever calls.
        fn with<R>(
            caller: &mut Caller<'_, State>,
            does: impl FnOnce(&mut [u8], &mut Host) -> Result<R, Stop>,
        ) -> Result<R, Error> {
            let memory = caller.data().memory;
            let memory = memory
                .or_else(|| caller.get_export($crate::abi::MEMORY).and_then(Extern::into_memory));
            let memory = memory.ok_or_else(|| $fault(Stop::trap("there is no memory")))?;
            let (bytes, state) = memory.data_and_store_mut(caller);
            does(bytes, &mut state.host).map_err($fault)
        }
    };
}

pub(crate) use imports;

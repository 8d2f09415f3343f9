//! What a module is made of, read before any engine sees it.

use std::collections::BTreeSet;

use wardkit_sandbox::{Policy, SandboxError};
use wasmparser::{
    ExternalKind, FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody, MemoryType,
    Parser, Payload, TableType, TypeRef, ValType, ValidPayload, Validator, ValidatorResources,
    WasmFeatures,
};

use crate::abi;
use crate::budget::{MOST_ELEMENTS, STACK, TABLE_ELEMENT, TABLES};

/// What a module asks for and has. It is valid, within the limits that any module has, and exports what it must.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Module {
    /// The imports, by their names within `wardkit`.
    pub imports: BTreeSet<String>,
    /// The memory that it has before its first instruction, in bytes, with the stack.
    pub memory: u64,
    /// The functions, with the imports.
    pub functions: u32,
    /// The bytes of its data.
    pub data: u64,
}

impl Module {
    /// Reads a module, every byte of which may be hostile.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, SandboxError> {
        if bytes.len() > MOST_BYTES {
            return Err(invalid(format!("it has more than {MOST_BYTES} bytes")));
        }
        let mut reading = Reading::default();
        let mut validator = Validator::new_with_features(FEATURES);
        let mut allocations = FuncValidatorAllocations::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(not_wasm)?;
            reading.payload(&payload)?;
            if let ValidPayload::Func(function, body) =
                validator.payload(&payload).map_err(not_wasm)?
            {
                allocations = check_body(function, &body, allocations)?;
            }
        }
        reading.finish()
    }

    /// Checks that a policy grants what it imports, and has room for what it starts with.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] names what is missing.
    pub fn fits(&self, policy: &Policy) -> Result<(), SandboxError> {
        let granted = &policy.grants.capabilities;
        let others = || granted.iter().any(|name| !has_an_import(name));
        for (import, needs) in abi::IMPORTS {
            let is_granted = needs.map_or_else(others, |needs| granted.contains(needs));
            if self.imports.contains(import) && !is_granted {
                let needs = needs.unwrap_or("any to be asked for");
                return Err(invalid(format!(
                    "it imports `{import}`, and the capability ({needs}) was not granted"
                )));
            }
        }
        if self.memory > policy.limits.memory.0 {
            return Err(invalid(format!(
                "it starts with {} bytes of memory, and may have {}",
                self.memory, policy.limits.memory
            )));
        }
        Ok(())
    }
}

fn has_an_import(capability: &str) -> bool {
    abi::IMPORTS.iter().any(|(_, needs)| *needs == Some(capability))
}

fn check_body(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> Result<FuncValidatorAllocations, SandboxError> {
    at_most("bytes of one function", body.range().len(), MOST_OF_A_BODY)?;
    let mut locals = 0_u64;
    for group in body.get_locals_reader().map_err(not_wasm)? {
        let (count, _) = group.map_err(not_wasm)?;
        locals += u64::from(count);
        at_most("locals of one function", locals, MOST_LOCALS)?;
    }
    let mut validator = function.into_validator(allocations);
    validator.validate(body).map_err(not_wasm)?;
    Ok(validator.into_allocations())
}

/// What was found so far.
#[derive(Default)]
struct Reading {
    types: Vec<FuncType>,
    /// The type of each function, the imports first.
    functions: Vec<u32>,
    imports: BTreeSet<String>,
    memory: u64,
    data: u64,
    exports: Vec<(String, ExternalKind, u32)>,
}

impl Reading {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), SandboxError> {
        match payload {
            Payload::TypeSection(types) => {
                at_most("types", types.count(), MOST_TYPES)?;
                for one in types.clone().into_iter_err_on_gc_types() {
                    let one = one.map_err(not_wasm)?;
                    at_most("parameters", one.params().len(), MOST_PARAMETERS)?;
                    at_most("results", one.results().len(), MOST_RESULTS)?;
                    self.types.push(one);
                }
            }
            Payload::ImportSection(imports) => {
                at_most("imports", imports.count(), MOST_IMPORTS)?;
                for import in imports.clone() {
                    let import = import.map_err(not_wasm)?;
                    self.import(import.module, import.name, import.ty)?;
                }
            }
            Payload::FunctionSection(functions) => {
                at_most("functions", functions.count(), MOST_FUNCTIONS)?;
                for one in functions.clone() {
                    self.functions.push(one.map_err(not_wasm)?);
                }
            }
            Payload::TableSection(tables) => {
                at_most("tables", tables.count(), TABLES)?;
                for table in tables.clone() {
                    self.table(table.map_err(not_wasm)?.ty)?;
                }
            }
            Payload::MemorySection(memories) => {
                at_most("memories", memories.count(), 1_u32)?;
                for memory in memories.clone() {
                    self.memory(memory.map_err(not_wasm)?);
                }
            }
            Payload::GlobalSection(globals) => at_most("globals", globals.count(), MOST_GLOBALS)?,
            Payload::ExportSection(exports) => {
                at_most("exports", exports.count(), MOST_EXPORTS)?;
                for export in exports.clone() {
                    let export = export.map_err(not_wasm)?;
                    self.exports.push((export.name.into(), export.kind, export.index));
                }
            }
            Payload::StartSection { .. } => return Err(invalid("it has a start function")),
            Payload::ElementSection(elements) => {
                at_most("segments of elements", elements.count(), MOST_SEGMENTS)?;
            }
            Payload::DataSection(data) => {
                at_most("segments of data", data.count(), MOST_SEGMENTS)?;
                for segment in data.clone() {
                    let length = segment.map_err(not_wasm)?.data.len();
                    self.data += u64::try_from(length).unwrap_or(u64::MAX);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, kind: TypeRef) -> Result<(), SandboxError> {
        let TypeRef::Func(index) = kind else {
            return Err(invalid("it imports something that is no function"));
        };
        let known = abi::IMPORTS.iter().any(|(known, _)| *known == name);
        if module != abi::MODULE || !known {
            let shown = |text: &str| text.escape_debug().take(64).collect::<String>();
            let (module, name) = (shown(module), shown(name));
            return Err(invalid(format!("it imports `{module}` `{name}`, which there is not")));
        }
        let (parameters, results) = import_type(name);
        if !self.is_type(index, parameters, results) {
            return Err(invalid(format!("it imports `{name}` with another type")));
        }
        self.functions.push(index);
        self.imports.insert(name.into());
        Ok(())
    }

    fn table(&mut self, table: TableType) -> Result<(), SandboxError> {
        at_most("elements of a table", table.initial, MOST_ELEMENTS)?;
        self.memory = self.memory.saturating_add(table.initial.saturating_mul(TABLE_ELEMENT));
        Ok(())
    }

    fn memory(&mut self, memory: MemoryType) {
        self.memory = self.memory.saturating_add(memory.initial.saturating_mul(PAGE));
    }

    fn is_type(&self, index: u32, parameters: &[ValType], results: &[ValType]) -> bool {
        let index = usize::try_from(index).ok();
        let found = index.and_then(|index| self.types.get(index));
        found.is_some_and(|found| found.params() == parameters && found.results() == results)
    }

    fn finish(self) -> Result<Module, SandboxError> {
        at_most("functions", self.functions.len(), MOST_FUNCTIONS)?;
        at_most("bytes of data", self.data, MOST_DATA)?;
        self.exported(abi::MEMORY, ExternalKind::Memory, true)?;
        let i32 = ValType::I32;
        self.function(abi::ALLOC, &[i32], &[i32], true)?;
        self.function(abi::HANDLE, &[i32, i32], &[ValType::I64], true)?;
        self.function(abi::INIT, &[], &[], false)?;
        Ok(Module {
            imports: self.imports,
            memory: self.memory.saturating_add(STACK),
            functions: u32::try_from(self.functions.len()).unwrap_or(u32::MAX),
            data: self.data,
        })
    }

    fn function(
        &self,
        name: &str,
        parameters: &[ValType],
        results: &[ValType],
        required: bool,
    ) -> Result<(), SandboxError> {
        let Some(index) = self.exported(name, ExternalKind::Func, required)? else { return Ok(()) };
        let index = usize::try_from(index).ok().and_then(|index| self.functions.get(index));
        if index.is_some_and(|index| self.is_type(*index, parameters, results)) {
            return Ok(());
        }
        Err(invalid(format!("it exports `{name}` with another type")))
    }

    fn exported(
        &self,
        name: &str,
        kind: ExternalKind,
        required: bool,
    ) -> Result<Option<u32>, SandboxError> {
        match self.exports.iter().find(|(found, ..)| found == name) {
            Some((_, found, index)) if *found == kind => Ok(Some(*index)),
            Some(_) => Err(invalid(format!("it exports `{name}` as something else"))),
            None if required => Err(invalid(format!("it does not export `{name}`"))),
            None => Ok(None),
        }
    }
}

fn import_type(name: &str) -> (&'static [ValType], &'static [ValType]) {
    const I32: ValType = ValType::I32;
    const I64: ValType = ValType::I64;
    match name {
        "log" => (&[I32, I32, I32], &[]),
        "now" => (&[], &[I64]),
        "random" => (&[I32, I32], &[]),
        "ask" => (&[I32, I32, I32, I32], &[I64]),
        _ => (&[I32, I32], &[I32]),
    }
}

fn at_most<N: PartialOrd + TryFrom<u64> + Copy>(
    what: &str,
    found: N,
    most: impl TryInto<u64>,
) -> Result<(), SandboxError> {
    let most = most.try_into().unwrap_or(0);
    // A limit that the number cannot even hold is one that it keeps.
    match N::try_from(most) {
        Ok(limit) if found > limit => Err(invalid(format!("it has more than {most} {what}"))),
        _ => Ok(()),
    }
}

fn invalid(reason: impl Into<String>) -> SandboxError {
    SandboxError::Invalid { what: "module".into(), reason: reason.into() }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn not_wasm(error: wasmparser::BinaryReaderError) -> SandboxError {
    // The text quotes names of the module at most.
    let text: String = error.message().escape_debug().take(200).collect();
    invalid(format!("{text}, at byte {}", error.offset()))
}

/// WebAssembly 2.0 without its vectors and without references to the host: what compilers emit when they are told
/// nothing, and what both engines share.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::FLOATS);

const PAGE: u64 = 64 * 1024;

// Translating costs time and memory in proportion to these; a module of the largest kind still loads.
const MOST_BYTES: usize = 8 << 20;
const MOST_DATA: u64 = 8 << 20;
const MOST_OF_A_BODY: usize = 256 << 10;
const MOST_LOCALS: u64 = 2_000;
const MOST_FUNCTIONS: u32 = 20_000;
const MOST_TYPES: u32 = 1_000;
const MOST_PARAMETERS: usize = 64;
const MOST_RESULTS: usize = 16;
const MOST_IMPORTS: u32 = 16;
const MOST_GLOBALS: u32 = 1_000;
const MOST_EXPORTS: u32 = 1_000;
const MOST_SEGMENTS: u32 = 4_096;

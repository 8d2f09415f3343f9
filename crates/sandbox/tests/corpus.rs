//! The escape corpus: each door is a test, as root where we are root and as nobody; and each wall, taken away, shows that
//! the corpus sees a door that is open.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{PoisonError, RwLock};

use tempfile::TempDir;

use wardkit_sandbox::{Layer, Native, selftest};

const PROBER: &str = env!("CARGO_BIN_EXE_sandbox-door");

/// The program that tries doors, where everybody finds it and nobody can change it: what was built may lie below a folder
/// that is its owner's alone.
struct Prober(TempDir);

impl Prober {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for it");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is ours");
        let prober = Self(folder);
        // A child that is made meanwhile would hold it open for writing, and nobody could run it.
        let _alone = KNOCKING.write().unwrap_or_else(PoisonError::into_inner);
        fs::copy(PROBER, prober.path()).expect("it was built");
        prober
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("sandbox-door")
    }
}

/// Held by whoever knocks; and for writing by whom what others have open would disturb.
static KNOCKING: RwLock<()> = RwLock::new(());

fn is_open(native: &Native, prober: &Path, door: &str) -> bool {
    let _beside = KNOCKING.read().unwrap_or_else(PoisonError::into_inner);
    selftest::knock(native, prober, &[], door).expect("it can be tried").is_open
}

macro_rules! doors {
    ($($test:ident: $door:literal,)*) => {
        $(
            #[test]
            fn $test() {
                assert!(!is_open(&Native::new(), Path::new(PROBER), $door));
            }
        )*

        #[test]
        fn every_door_has_a_test() {
            assert_eq!(selftest::doors(), [$($door),*]);
        }
    };
}

doors! {
    a_secret_file: "a-secret-file",
    passwords: "passwords",
    the_environment_of_others: "the-environment-of-others",
    its_own_proc: "its-own-proc",
    the_root_by_proc: "the-root-by-proc",
    a_path_out: "a-path-out",
    a_link_out: "a-link-out",
    the_root_of_the_host: "the-root-of-the-host",
    a_file_in_the_root: "a-file-in-the-root",
    a_file_in_tmp: "a-file-in-tmp",
    a_file_among_programs: "a-file-among-programs",
    the_memory_of_the_kernel: "the-memory-of-the-kernel",
    a_port_of_the_host: "a-port-of-the-host",
    a_datagram: "a-datagram",
    an_abstract_socket: "an-abstract-socket",
    a_socket_in_a_folder: "a-socket-in-a-folder",
    netlink: "netlink",
    a_raw_socket: "a-raw-socket",
    packets: "packets",
    the_hypervisor: "the-hypervisor",
    the_kernels_ciphers: "the-kernels-ciphers",
    a_socket_pair: "a-socket-pair",
    a_signal_to_its_parent: "a-signal-to-its-parent",
    tracing: "tracing",
    the_memory_of_others: "the-memory-of-others",
    writing_to_the_memory_of_others: "writing-to-the-memory-of-others",
    the_memory_of_the_first: "the-memory-of-the-first",
    a_descriptor_of_others: "a-descriptor-of-others",
    a_handle_of_a_process: "a-handle-of-a-process",
    io_uring: "io-uring",
    userfaultfd: "userfaultfd",
    bpf: "bpf",
    performance_counters: "performance-counters",
    keys: "keys",
    a_new_user_namespace: "a-new-user-namespace",
    another_namespace: "another-namespace",
    a_mount: "a-mount",
    another_root: "another-root",
    clone3: "clone3",
    a_file_by_handle: "a-file-by-handle",
    a_file_in_memory: "a-file-in-memory",
    shared_memory: "shared-memory",
    another_personality: "another-personality",
    another_user: "another-user",
    a_capability: "a-capability",
    the_terminals_input: "the-terminals-input",
    numbers_of_another_architecture: "numbers-of-another-architecture",
    a_leaked_descriptor: "a-leaked-descriptor",
    a_variable_of_the_environment: "a-variable-of-the-environment",
    another_process: "another-process",
    a_thread: "a-thread",
    too_many_descriptors: "too-many-descriptors",
    higher_limits: "higher-limits",
    too_much_memory: "too-much-memory",
}

#[test]
fn nobody_finds_no_open_door_either() {
    let prober = Prober::new();
    let mut corpus = Command::new(prober.path());
    corpus.arg("all").current_dir("/");
    if rustix::process::geteuid().is_root() {
        corpus.uid(65_534).gid(65_534);
    }
    let output = corpus.output().expect("it can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
}

/// Without these walls, these doors are open; with them, the tests above show that they are not.
fn sees(without: &[Layer], doors: &[&str]) {
    let (native, prober) = (Native::danger_without(without), Prober::new());
    for door in doors {
        assert!(is_open(&native, &prober.path(), door), "{door} is closed without {without:?}");
    }
}

const ROOT: [Layer; 3] = [Layer::UserNamespace, Layer::Namespaces, Layer::Landlock];

#[test]
fn without_a_root_of_its_own_files_are_open() {
    let by_path = ["the-root-by-proc", "a-path-out", "the-root-of-the-host"];
    sees(&ROOT, &["a-secret-file", "passwords", "its-own-proc"]);
    sees(&ROOT, &by_path);
}

#[test]
fn landlock_alone_keeps_files_and_so_does_the_root_alone() {
    let doors = ["a-secret-file", "passwords", "a-file-in-tmp", "the-root-of-the-host"];
    let prober = Prober::new();
    for without in [&ROOT[..2], &ROOT[2..]] {
        let native = Native::danger_without(without);
        for door in
            doors.iter().filter(|door| **door != "the-root-of-the-host" || without.len() == 2)
        {
            assert!(!is_open(&native, &prober.path(), door), "{door} is open without {without:?}");
        }
    }
}

#[test]
fn without_the_filter_the_kernel_is_open() {
    let doors = ["a-socket-pair", "io-uring", "another-personality", "a-file-in-memory"];
    sees(&[Layer::SystemCalls], &doors);
    sees(&[Layer::SystemCalls], &["a-descriptor-of-others", "higher-limits"]);
}

#[test]
fn without_the_filter_and_the_namespaces_the_network_is_open() {
    let without = [&ROOT[..], &[Layer::SystemCalls]].concat();
    sees(&without, &["a-port-of-the-host", "an-abstract-socket", "a-handle-of-a-process"]);
}

#[test]
fn without_limits_memory_and_descriptors_are_open() {
    sees(&[Layer::Cgroups, Layer::Limits], &["too-much-memory", "too-many-descriptors"]);
}

#[test]
fn without_closing_leaked_descriptors_are_open() {
    let native = Native::danger_without(&[Layer::Descriptors]);
    // What the others have open leaks, too, and leaves no room below the limit.
    let _alone = KNOCKING.write().unwrap_or_else(PoisonError::into_inner);
    let tried = selftest::knock(&native, Path::new(PROBER), &[], "a-leaked-descriptor");
    assert!(tried.expect("it can be tried").is_open);
}

//! Names of functions.

use std::sync::LazyLock;

use crate::detect::lookup::Lookup;

/// What a function can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Danger {
    /// It runs programs or code.
    Execution,
    /// It is a function of an interpreter, and a call of it is code.
    Call,
}

/// Returns what a function of that name can do.
pub(super) fn danger(name: &[u8]) -> Option<Danger> {
    FUNCTIONS.get(name).copied()
}

/// Tells whether a function of a module or class runs programs, loads code, or shows the environment.
pub(super) fn is_method(module: &[u8], function: &[u8]) -> bool {
    among(&METHODS_OF, module, function)
}

/// Tells whether a function of a module or class runs programs.
pub(super) fn runs(module: &[u8], function: &[u8]) -> bool {
    among(&RUNNERS_OF, module, function)
}

/// The functions of a module, in one list for each time that the table names it.
type Modules = Lookup<Vec<&'static str>>;

fn among(modules: &Modules, module: &[u8], function: &[u8]) -> bool {
    let is = |one: &str| one == "*" || one.as_bytes().eq_ignore_ascii_case(function);
    modules.get(module).is_some_and(|lists| lists.iter().any(|list| list.split(',').any(is)))
}

fn modules(table: &'static str) -> Modules {
    let entries = table.split_ascii_whitespace().filter_map(|entry| entry.split_once(':'));
    Lookup::of(entries.map(|(name, functions)| (name, vec![functions])), |all, more| {
        all.extend(more);
    })
}

static METHODS_OF: LazyLock<Modules> = LazyLock::new(|| modules(METHODS));

static RUNNERS_OF: LazyLock<Modules> = LazyLock::new(|| modules(RUNNERS));

static FUNCTIONS: LazyLock<Lookup<Danger>> = LazyLock::new(|| {
    let calls = CALLS.split_ascii_whitespace().map(|name| (name, Danger::Call));
    let execution = EXECUTION.split_ascii_whitespace().map(|name| (name, Danger::Execution));
    Lookup::of(calls.chain(execution), |before, danger| *before = danger)
});

const EXECUTION: &str = "
    system exec shell_exec passthru popen proc_open pcntl_exec eval assert create_function call_user_func
    call_user_func_array expect_popen execfile __import__ execsync spawnsync execfilesync loadstring dofile
    win_shell_execute w32api_invoke_function phpinfo forward_static_call forward_static_call_array
    register_shutdown_function register_tick_function execl execle execlp execv execve execvp execvpe
    shellexecute winexec ssh2_exec
";

/// Functions of PHP and its extensions, by what they are for; the names of other languages' are among them.
const CALLS: &str = "
    base64_decode base64_encode bin2hex hex2bin str_rot13 gzinflate gzdeflate gzcompress gzuncompress gzdecode gzencode
    convert_uudecode convert_uuencode urldecode urlencode rawurldecode rawurlencode json_decode json_encode
    html_entity_decode htmlspecialchars htmlspecialchars_decode htmlentities quoted_printable_decode

    file_get_contents file_put_contents fopen fwrite fputs fread fgets fgetc fgetss fgetcsv fputcsv fpassthru readfile
    file fclose feof fflush fseek ftell rewind flock fstat ftruncate unlink rename copy mkdir rmdir opendir readdir
    closedir rewinddir scandir dir glob chmod chown chgrp lchown lchgrp symlink readlink linkinfo tempnam tmpfile touch
    umask stat lstat move_uploaded_file is_uploaded_file highlight_file highlight_string show_source php_strip_whitespace
    parse_ini_file parse_ini_string pathinfo realpath basename dirname fnmatch file_exists fileperms fileowner filegroup
    fileinode filesize filemtime filectime fileatime filetype is_file is_dir is_link is_readable is_writable is_writeable
    is_executable disk_free_space disk_total_space diskfreespace chroot chdir getcwd readgzfile gzfile gzopen gzread
    gzgets gzpassthru bzopen bzread bzcompress bzdecompress zip_open zip_read exif_read_data exif_thumbnail
    exif_imagetype getimagesize imagecreatefromgif imagecreatefromjpeg imagecreatefrompng imagecreatefromstring read_exif_data
    include include_once require require_once

    php_uname phpversion php_sapi_name php_ini_loaded_file php_ini_scanned_files phpcredits getenv putenv apache_getenv
    apache_setenv ini_set ini_get ini_get_all ini_restore ini_alter set_include_path get_include_path get_cfg_var
    set_time_limit ignore_user_abort error_reporting error_log display_errors get_current_user getmyuid getmygid getmypid
    getmyinode getlastmod gethostname gethostbyname gethostbyaddr gethostbynamel getmxrr checkdnsrr dns_get_record
    dns_check_record sys_get_temp_dir sys_getloadavg getrusage getservbyname getprotobyname memory_get_usage
    zend_version zend_logo_guid php_logo_guid get_loaded_extensions extension_loaded get_extension_funcs get_defined_vars
    get_defined_functions get_defined_constants get_declared_classes get_class get_class_methods get_class_vars
    get_object_vars get_parent_class get_resource_type get_magic_quotes_gpc get_magic_quotes_runtime gc_collect_cycles dl

    posix_access posix_ctermid posix_getcwd posix_getegid posix_geteuid posix_getgid posix_getgrgid posix_getgrnam
    posix_getlogin posix_getpgid posix_getpid posix_getppid posix_getpwnam posix_getpwuid posix_getrlimit posix_getuid
    posix_kill posix_mkfifo posix_mknod posix_setegid posix_seteuid posix_setgid posix_setsid posix_setuid posix_times
    posix_ttyname posix_uname proc_close proc_get_status proc_nice proc_terminate pcntl_fork pcntl_alarm pcntl_signal
    pcntl_wait pcntl_waitpid pclose escapeshellarg escapeshellcmd

    fsockopen pfsockopen stream_socket_client stream_socket_server stream_socket_accept stream_context_create
    stream_get_contents stream_copy_to_stream stream_filter_append stream_filter_register stream_wrapper_register
    stream_wrapper_restore stream_get_wrappers stream_get_transports stream_select socket_accept socket_bind socket_connect
    socket_create socket_listen socket_read socket_recv socket_send socket_write curl_init curl_exec curl_file_create
    curl_multi_exec curl_setopt curl_setopt_array ftp_connect ftp_get ftp_login ftp_put ftp_exec ftp_nb_get ldap_bind ldap_connect
    ldap_search imap_open imap_mail imap_fetchbody mail mb_send_mail header headers_sent setcookie setrawcookie syslog openlog define_syslog_variables

    extract parse_str import_request_variables array_diff_uassoc array_diff_ukey array_filter array_intersect_uassoc
    array_intersect_ukey array_map array_reduce array_udiff array_udiff_assoc array_udiff_uassoc array_uintersect array_walk
    array_walk_recursive array_pop array_push array_shift array_unshift array_merge array_flip array_reverse array_rand array_slice
    array_splice array_keys array_values array_search array_sum array_diff array_fill array_chunk array_combine array_multisort current
    usort uasort uksort iterator_apply iterator_to_array func_get_arg func_get_args func_num_args function_exists
    method_exists class_exists property_exists is_callable call_user_method call_user_method_array set_error_handler
    set_exception_handler restore_error_handler spl_autoload_register spl_autoload_call ob_start ob_get_clean ob_get_contents ob_end_clean
    ob_get_flush preg_replace preg_replace_callback preg_match preg_match_all preg_split preg_grep preg_quote ereg ereg_replace
    eregi eregi_replace mb_ereg_replace mb_eregi_replace mb_ereg_replace_callback mb_parse_str session_start session_id
    session_destroy session_set_save_handler sqlite_create_function sqlite_create_aggregate sqlite_open sqlite_query
    sqlite_exec sqlite_popen reflectionfunction reflectionmethod reflectionclass
    unserialize serialize var_dump var_export print_r debug_zval_dump debug_backtrace debug_print_backtrace constant define defined
    trigger_error user_error error_get_last unregister_tick_function

    mysql_connect mysql_pconnect mysql_query mysql_select_db mysql_unbuffered_query mysql_fetch_array mysql_fetch_assoc
    mysql_result mysql_error mysqli_connect mysqli_query mysqli_multi_query mysqli_fetch_array pg_connect pg_pconnect pg_query
    pg_execute pg_exec pg_fetch_all pg_result_error pg_send_query oci_connect oci_execute oci_parse odbc_connect odbc_exec odbc_execute odbc_result odbc_result_all
    mssql_connect mssql_query sqlsrv_connect sqlsrv_query ibase_connect dba_open dbase_open dbmopen db2_connect ingres_connect
    simplexml_load_file simplexml_load_string simplexml_import_dom dom_import_simplexml xml_parse xml_parser_create
    libxml_set_streams_context xmlrpc_decode xmlrpc_server_create yaml_parse yaml_parse_file yaml_parse_url wddx_deserialize
    apc_add apc_store apc_fetch apcu_fetch shmop_open shm_attach sem_acquire msg_get_queue msg_send event_new runkit_function_rename
    opcache_compile_file opcache_get_status openssl_decrypt openssl_encrypt openssl_pkey_new openssl_random_pseudo_bytes
    mcrypt_decrypt mcrypt_encrypt mcrypt_create_iv hash_file hash_hmac md5_file sha1_file hash_init
    readline readline_completion_function readline_add_history

    chr ord strrev str_replace str_ireplace str_repeat str_pad str_split str_shuffle str_word_count substr substr_count substr_replace strtr
    strtolower strtoupper ucfirst ucwords lcfirst implode explode join sprintf printf vprintf vsprintf fprintf vfprintf
    strlen strcmp strcasecmp strncasecmp strncmp strpos stripos strrpos strstr stristr strrchr strpbrk strspn strcspn strtok
    trim ltrim rtrim chop chunk_split addslashes addcslashes stripslashes stripcslashes nl2br strip_tags wordwrap number_format money_format
    nl_langinfo localeconv setlocale levenshtein similar_text soundex metaphone md5 sha1 crc32 crypt lcg_value mt_rand mt_srand
    rand srand random_int random_bytes mt_getrandmax getrandmax hash pack unpack hexdec dechex octdec decoct bindec decbin base_convert
    abs acos acosh asin asinh atan atan2 atanh ceil cos cosh deg2rad exp expm1 floor fmod hypot is_finite is_infinite
    is_nan log log10 log1p max min pi pow rad2deg round sin sinh sqrt tan tanh intval floatval doubleval boolval strval settype gettype
    is_array is_bool is_float is_int is_integer is_long is_null is_numeric is_object is_real is_resource is_scalar is_string
    isset unset empty compact range count sizeof shuffle sort rsort asort arsort ksort krsort natsort natcasesort each end key next prev reset list
    sleep usleep time_nanosleep time_sleep_until uniqid date gmdate idate mktime gmmktime strftime gmstrftime strtotime time
    microtime localtime getdate gettimeofday checkdate date_default_timezone_set date_create hrtime
    die exit echo print flush connection_status connection_aborted constant spl_object_hash iconv mb_convert_encoding mb_strtolower
    mb_substr mb_detect_encoding utf8_decode utf8_encode ctype_alpha ctype_digit filter_var filter_input filter_input_array
    gmp_init bcadd cal_days_in_month jdtojewish easter_date imap_8bit image2wbmp imagejpeg imagepng imagegif

    settimeout setinterval setimmediate fetch atob btoa unescape escape decodeuri decodeuricomponent encodeuri import
    function alert str load spawn getobject getclass execute createobject vars dir help evaluate
    getattr setattr delattr hasattr globals locals vars compile open input raw_input breakpoint memoryview bytearray
    instance_eval class_eval module_eval instance_variable_get const_get define_method send public_send method_missing
    getruntime newinstance forname getmethod invoke loadclass defineclass getdeclaredmethod setaccessible
";

/// Of the modules and classes below, what runs programs.
const RUNNERS: &str = "
    os:system,popen,execute subprocess:popen,call,run,check_call,check_output,getoutput commands:getoutput
    process:spawn,mainmodule,binding,dlopen kernel:system,exec,eval,spawn io:popen open3:popen3,popen2,capture2,capture3
    pty:spawn runtime:getruntime child_process:exec,execsync,spawn,spawnsync,execfile,fork process:start
";

/// `module:function,function`, or `*` for all of a module.
const METHODS: &str = "
    os:listdir,walk,chmod,rename,rmdir,mkdir,kill,tmpname,exit,readfile,stat,getcwd,chdir,system,popen,popen2,popen3,popen4,exec,execl,execle,execlp,execv,execve,execvp,spawnl,spawnv,spawnlp,fork,environ,getenv,execute,remove,unlink,startfile,putenv
    posix:system,popen nt:system commands:getoutput,getstatusoutput subprocess:popen,call,run,check_call,check_output,getoutput,getstatusoutput
    pty:spawn pickle:loads,load cpickle:loads,load marshal:loads,load shelve:open yaml:load,unsafe_load importlib:import_module,reload
    sys:modules,exit,argv,path,version,platform,executable,stdin,stdout ctypes:* code:interact,interactiveconsole pdb:set_trace codeop:* runpy:* platform:popen io:popen
    io:open,lines,stdin,read,readlines,binread,write,binwrite,foreach,sysopen,popen
    process:platform,pid,stdout,stdin,title,spawn,fork,exec,kill,daemon,setsid,clock_gettime,env,mainmodule,binding,argv,cwd,exit,dlopen,abort,chdir,release,version,versions,getbuiltinmodule,start,setuid,setgid,setpgid,wait,detach
    kernel:system,exec,eval,open,spawn,fork,load,require,syscall,trap,abort,exit,send,sleep,srand,test,printf,puts
    open3:popen3,popen2,popen2e,capture2,capture2e,capture3,pipeline pty:spawn,open,check,getpty
    file:open,read,write,delete,readlines,unlink,symlink,chmod dir:glob,entries,chdir,mkdir,foreach,open,unlink,rmdir,exist,children
    time:sleep deno:* bun:* response:write,end,redirect,send,sendfile res:end,send,write,redirect,render,sendfile,json
    wscript:shell server:createobject,execute,mappath object:assign,prototype,constructor,defineproperty object:const_get,send module:constructor,require,children,paths,_load,globalpaths
    child_process:* fs:readfile,readfilesync,writefile,writefilesync,readdir,readdirsync,unlink,unlinksync,createreadstream,createwritestream,existssync,appendfilesync,rmsync,open,watch
    vm:runinthiscontext,runinnewcontext,runincontext,script require:main,cache,resolve,extensions global:process,require,constructor,root globalthis:process
    console:log,debug,error,info,warn,dir,trace,table,assert,clear,count,group,time,timeend,timelog
    runtime:getruntime,exec string:fromcharcode,fromcodepoint reflect:construct,get,apply,ownkeys this:constructor,process
    constructor:constructor,prototype exports:* http:get,request net:connect,createserver,socket
    system:diagnostics,reflection,io,exit,getproperty,getenv,setproperty,getproperties,setsecuritymanager class:forname,getclassloader
    thread:currentthread,sleep ruby:* gc:start,enable,disable objectspace:each_object erb:new marshal:restore
    net:http,ftp,smtp tcpsocket:new,open tcpserver:new socket:new,tcp,socket uri:open,parse
    assembly:load,loadfrom,loadfile activator:createinstance reflection:* psych:load gem:*
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_methods_are_known_by_name() {
        assert_eq!(danger(b"shell_exec"), Some(Danger::Execution));
        assert_eq!(danger(b"cos"), Some(Danger::Call));
        assert_eq!(danger(b"thing"), None);
        assert!(is_method(b"os", b"system"));
        assert!(is_method(b"process", b"env"));
        assert!(is_method(b"kernel", b"puts"));
        // Both lines of a module that the table speaks of twice.
        assert!(is_method(b"object", b"prototype") && is_method(b"Object", b"const_get"));
        assert!(is_method(b"ctypes", b"anything"));
        assert!(!is_method(b"os", b"sep"));
        assert!(!is_method(b"a", b"b"));
    }
}

//! The words that mean something to some database.

use std::sync::LazyLock;

/// A set of the constants below.
pub(super) type Flags = u32;

/// Joins conditions.
pub(super) const CONNECT: Flags = 1 << 0;
/// Compares, as a word.
pub(super) const COMPARE: Flags = 1 << 1;
/// Reckons, as a word.
pub(super) const ARITHMETIC: Flags = 1 << 2;
/// Stands before an operand.
pub(super) const UNARY: Flags = 1 << 3;
/// Is a value by itself.
pub(super) const CONSTANT: Flags = 1 << 4;
/// Joins results.
pub(super) const UNION: Flags = 1 << 5;
/// `select`.
pub(super) const SELECT: Flags = 1 << 6;
/// Starts a statement.
pub(super) const STATEMENT: Flags = 1 << 7;
/// Continues a statement.
pub(super) const CLAUSE: Flags = 1 << 8;
/// `case`.
pub(super) const CASE: Flags = 1 << 9;
/// Names a type.
pub(super) const TYPE: Flags = 1 << 10;
/// `exists`.
pub(super) const EXISTS: Flags = 1 << 11;
/// Keeps the database busy.
pub(super) const DELAY: Flags = 1 << 12;
/// Reaches files, the network or the system; no honest argument names it.
pub(super) const DANGER: Flags = 1 << 13;
/// Names a catalogue, in which the names of all tables are.
pub(super) const CATALOG: Flags = 1 << 14;
/// A function that hardly any other language has.
pub(super) const RARE: Flags = 1 << 15;
/// A function that other languages have as well, and a word that people use.
pub(super) const FUNCTION: Flags = 1 << 16;

/// What a word may be that stands in the quotes of names.
pub(super) const NAMES: Flags = CATALOG | FUNCTION | RARE | DELAY | DANGER;

/// Returns what is known of a word, whatever its case.
pub(super) fn flags(word: &[u8]) -> Flags {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return 0;
    };
    let dictionary = &*DICTIONARY;
    let first = word.first().map_or(0, |byte| usize::from(byte.to_ascii_lowercase()));
    if dictionary.lengths[first] & (1 << word.len()) == 0 {
        return 0;
    }
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    let (start, end) = dictionary.ranges[first];
    let words = &dictionary.words[start..end];
    let found = words.binary_search_by(|(known, _)| known.as_bytes().cmp(lower));
    found.map_or(0, |at| words[at].1)
}

struct Dictionary {
    /// Sorted.
    words: Vec<(&'static str, Flags)>,
    /// By first byte the lengths that occur, a bit for each: most words of a text are dismissed by it.
    lengths: [u32; 256],
    /// By first byte the words that start with it.
    ranges: [(usize, usize); 256],
}

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let mut words: Vec<(&str, Flags)> = LISTS
        .iter()
        .flat_map(|(flag, list)| list.split_ascii_whitespace().map(|word| (word, *flag)))
        .collect();
    words.sort_unstable();
    words.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 |= next.1;
        }
        same
    });
    let mut lengths = [0; 256];
    let mut ranges = [(0, 0); 256];
    for (at, (word, _)) in words.iter().enumerate() {
        let first = usize::from(word.as_bytes()[0]);
        if lengths[first] == 0 {
            ranges[first].0 = at;
        }
        ranges[first].1 = at + 1;
        lengths[first] |= 1_u32 << word.len();
    }
    Dictionary { words, lengths, ranges }
});

/// No word of the lists is longer.
const LONGEST: usize = 31;

const LISTS: &[(Flags, &str)] = &[
    (CONNECT, "and or xor"),
    (COMPARE, "between glob ilike in is like regexp rlike similar sounds"),
    (ARITHMETIC, "div mod"),
    (UNARY, "all any binary distinct not prior some unique"),
    (
        CONSTANT,
        "current_date current_time current_timestamp current_user false localtime localtimestamp maxvalue null rowid \
         rownum session_user sysdate system_user true unknown utc_date utc_time utc_timestamp",
    ),
    (UNION, "except intersect minus union"),
    (SELECT, "select"),
    (
        STATEMENT,
        "alter analyze attach backup begin bulk call cluster comment commit copy create dbcc deallocate declare \
         delete describe detach discard do drop dump exec execute explain flush goto grant handler if insert kill \
         listen load lock merge notify optimize pragma prepare print raiserror reconfigure reindex rename replace \
         reset restore revoke rollback savepoint select set show shutdown truncate unlisten update use vacuum values \
         waitfor while with",
    ),
    (
        CLAUSE,
        "as asc by collate cross desc else end escape fetch for from group having inner into join left limit natural \
         offset on order outer over partition procedure returning right then top using when where",
    ),
    (CASE, "case"),
    (
        TYPE,
        "bigint blob boolean bytea char clob date datetime decimal double float int integer interval json jsonb nchar \
         numeric nvarchar real signed smallint text time timestamp tinyint unsigned uuid varbinary varchar varchar2 nvarchar2 sql_variant xml",
    ),
    (EXISTS, "exists"),
    (
        DELAY,
        "benchmark dbms_lock user_lock dbms_pipe pg_sleep pg_sleep_for pg_sleep_until randomblob sleep",
    ),
    (
        DANGER,
        "bfilename ctxsys database_to_xml dblink_connect dblink_exec dblink_send_query dbms_advisor dbms_cdc_publish \
         dbms_export_extension dbms_java dbms_jvm_exp_perms dbms_ldap dbms_obfuscation_toolkit dbms_scheduler \
         dbms_utility dbms_xmlgen dbms_xmlquery dbms_xslprocessor fn_get_audit_file fn_trace_gettable \
         fn_xe_file_target_read_file httpuritype lo_export lo_from_bytea lo_import load_extension load_file \
         opendatasource openquery openrowset ordsys pg_file_write pg_ls_dir pg_ls_logdir pg_read_binary_file \
         pg_read_file pg_stat_file query_to_xml sp_add_job sp_addextendedproc sp_addlinkedserver sp_addlogin \
         sp_addrole sp_addsrvrolemember sp_columns sp_configure sp_depends sp_dropextendedproc sp_execute \
         sp_executesql sp_helpdb sp_helptext sp_is_srvrolemember sp_makewebtask sp_oacreate sp_oadestroy \
         sp_oagetproperty sp_oamethod sp_oasetproperty sp_oastop sp_password sp_prepare sp_replsetsyncstatus \
         sp_replwritetovarbin sp_sqlexec sp_start_job sp_tables sp_who sys_eval sys_exec sys_get sys_set table_to_xml \
         utl_file utl_http utl_inaddr utl_smtp utl_tcp wwv_flow xp_availablemedia xp_cmdshell xp_dirtree \
         xp_displayparamstmt xp_enumdsn xp_enumerrorlogs xp_enumgroups xp_execresultset xp_fileexist xp_filelist \
         xp_getfiledetails xp_grantlogin xp_loginconfig xp_logininfo xp_makecab xp_makewebtask xp_msver xp_ntsec \
         xp_ntsec_enumdomains xp_regaddmultistring xp_regdeletekey xp_regdeletevalue xp_regenumkeys xp_regenumvalues \
         xp_regread xp_regremovemultistring xp_regwrite xp_revokelogin xp_sendmail xp_servicecontrol xp_sprintf \
         xp_sscanf xp_startmail xp_subdirs xp_terminate_process",
    ),
    (
        CATALOG,
        "schema_name pg_toast sysaux all_catalog all_cons_columns all_constraints all_db_links all_ind_columns all_objects all_source \
         all_tab_cols all_tab_columns all_tab_tables all_tables all_users all_views column_privileges \
         database_principals dba_col_privs dba_data_files dba_objects dba_role_privs dba_sys_privs dba_tab_columns \
         dba_tables dba_users global_name host_summary information_schema innodb_index_stats innodb_table_stats \
         innodb_trx key_column_usage mon$attachments mon$database msysaccessobjects msysaccessxml msysaces \
         msysobjects msysqueries msysrelationships northwind performance_schema pg_attribute pg_authid pg_catalog \
         pg_class pg_database pg_group pg_language pg_largeobject pg_namespace pg_proc pg_roles pg_settings pg_shadow \
         pg_stat_activity pg_tables pg_type pg_user processlist rdb$database rdb$fields rdb$relation_fields \
         rdb$relations rdb$user_privileges referential_constraints schema_privileges \
         schema_table_statistics schemata server_principals session_privs session_roles sql_logins sqlite_master \
         sqlite_schema sqlite_sequence sqlite_temp_master sqlite_temp_schema sys_context syscat \
         syscolumns syscomments sysconstraints sysdatabases sysfiles sysforeignkeys sysibm syslogins sysobjects \
         syspassword sysprocesses systables sysusers sysxlogins table_privileges table_schema tempdb user_catalog \
         user_constraints user_db_links user_ind_columns user_indexes user_objects user_password user_privileges \
         user_role_privs user_sys_privs user_tab_columns user_tab_privs user_tables user_triggers user_users \
         user_views v$database v$instance v$parameter v$session v$sql v$version x$schema_table_statistics \
         x$statement_analysis",
    ),
    (
        RARE,
        "sqlite_version add_months adddate addtime aes_decrypt aes_encrypt analyse array_agg asciistr astext aswkb bin_to_num \
         bin_to_uuid binary_checksum bit_and bit_length bit_or bit_xor bitand bitor char_length character_length \
         charindex chartorowid checksum_agg coercibility col_length col_name collation concat_ws conv convert_from \
         convert_to convert_tz covar_pop ctxsys cume_dist curdate current_database current_query current_schema \
         current_schemas current_setting curtime database_to_xmlschema databaseproperty databasepropertyex datalength \
         date_add date_format date_sub dateadd datename datepart dayname dayofmonth dayofweek dayofyear db_id db_name \
         dbms_random degrees dense_rank des_decrypt des_encrypt elt export_set extractvalue fileproperty find_in_set \
         first_value found_rows from_base64 from_days from_unixtime generate_series geometrycollection geomfromtext \
         get_format get_lock getdate getutcdate group_concat gtid_subset gtid_subtract has_database_privilege \
         has_dbaccess has_perms_by_name has_table_privilege hextoraw host_id host_name ident_current ident_incr \
         ident_seed iif inet6_aton inet6_ntoa inet_aton inet_client_addr inet_ntoa inet_server_addr inet_server_port \
         is_free_lock is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_member is_srvrolemember is_used_lock is_uuid \
         isdate isjson isnumeric json_array_append json_array_insert json_arrayagg json_build_object json_contains \
         json_contains_path json_insert json_keys json_merge json_merge_patch json_merge_preserve json_object_agg \
         json_objectagg json_overlaps json_pretty json_quote json_remove json_replace json_search json_set \
         json_storage_size json_table json_unquote json_valid json_value jsonb_each jsonb_pretty julianday last_day \
         last_insert_id last_insert_rowid last_value lcase linefromtext linefromwkb linestring listagg lo_create \
         lo_get lo_put load_file lowrite lpad make_set makedate maketime master_gtid_wait master_pos_wait mbrcontains \
         microsecond monthname months_between mpointfromtext multilinestring multipoint multipolygon name_const newid \
         newsequentialid next_day nlssort ntile numtodsinterval numtoyminterval nvl nvl2 object_definition \
         object_name octet_length old_password openjson openxml original_login parsename patindex percent_rank \
         percentile_cont period_add period_diff pg_backend_pid pg_cancel_backend pg_client_encoding pg_conf_load_time \
         pg_database_size pg_is_in_recovery pg_logfile_rotate pg_postmaster_start_time pg_reload_conf \
         pg_rotate_logfile pg_size_pretty pg_switch_wal pg_terminate_backend pg_typeof pointfromtext pointfromwkb \
         polyfromtext polyfromwkb query_to_xmlschema quote_ident quote_literal quote_nullable quotename \
         ratio_to_report rawtohex rawtonhex regexp_instr regexp_like regexp_matches regexp_replace \
         regexp_split_to_table regexp_substr release_all_locks release_lock replicate row_count row_number \
         row_to_json rowidtochar rpad scope_identity sec_to_time serverproperty session_user set_config soundex \
         sqlite_compileoption_get sqlite_compileoption_used sqlite_source_id st_geomfromtext st_latfromgeohash \
         st_longfromgeohash st_pointfromgeohash st_x st_y stddev_pop stddev_samp str_to_date string_escape \
         string_to_array subdate substring_index subtime suser_id suser_name suser_sid suser_sname sys_context \
         sys_guid system_user time_format time_to_sec timestampadd timestampdiff to_base64 to_char to_date to_days \
         to_number to_seconds to_timestamp to_tsquery to_tsvector total_changes try_cast try_convert try_parse ucase \
         uncompressed_length unhex unistr unix_timestamp updatexml userenv utc_date utc_time utc_timestamp uuid_short \
         uuid_to_bin validate_password_strength var_pop var_samp weekofyear weight_string width_bucket wm_concat \
         xmlagg xmlconcat xmlexists xmlparse xmlquery xmlroot xmlserialize xmltable xmltype yearweek zeroblob",
    ),
    (
        FUNCTION,
        "abs against acos any_value array_cat array_length array_to_string ascii asin atan atan2 avg bin bit_count \
         cardinality cast ceil ceiling char chr coalesce collate compress concat connection_id convert cos cot count \
         crc32 current_setting database date datediff day decode default degrees elt encode encrypt exists exp field \
         floor format glob greatest group_concat grouping hex hour if ifnull initcap insert instr isnull json_array \
         json_contains json_depth json_each json_extract json_length json_object json_tree json_type lag lcase lead \
         least left len length likelihood likely ln locate log log10 log2 lower ltrim match max md5 mid min minute \
         mod month nchar now nullif object_id oct ord overlay password pi point polygon position pow power printf \
         quarter quote radians rand random rank regexp_count repeat replace reverse right round row rtrim schema \
         second sha sha1 sha2 sign sin space sqrt std stddev str strcmp strftime string_agg strlen stuff substr \
         substring sum tan time timediff timestamp to_char total translate trim truncate typeof ucase uncompress \
         unhex unicode unknown unlikely unnest upper user user_id user_name uuid values variance version week weekday \
         xmlelement xmlforest xpath year",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_any_case_and_no_other_word_is() {
        assert_eq!(flags(b"SeLeCt"), SELECT | STATEMENT);
        assert_eq!(flags(b"selected"), 0);
        assert_eq!(flags(b""), 0);
        assert_eq!(flags(&[b'a'; 64]), 0);
    }

    #[test]
    fn no_word_is_longer_than_the_longest_that_is_looked_up() {
        for (_, list) in LISTS {
            for word in list.split_ascii_whitespace() {
                assert!(word.len() <= LONGEST, "{word}");
                assert_eq!(word, word.to_ascii_lowercase());
            }
        }
    }
}

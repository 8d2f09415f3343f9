//! SQL: what is found wherever it stands in a statement, and prose and code that only look like it.

use wardkit_validation::{Class, Policy, Sink};

#[test]
fn injections_are_found_in_values_for_statements() {
    let policy = Policy::for_sink(Sink::Sql);
    for attack in ATTACKS.lines().filter(|line| !line.is_empty()) {
        let verdict = policy.check(attack).unwrap();
        assert!(
            verdict.findings().iter().any(|finding| finding.rule.class == Class::Sql),
            "{attack}"
        );
    }
}

#[test]
fn prose_and_code_are_values_like_others() {
    for policy in [Policy::for_sink(Sink::Sql), Policy::default()] {
        for text in HARMLESS.lines().filter(|line| !line.is_empty()) {
            let verdict = policy.check(text).unwrap();
            let found: Vec<_> = verdict
                .findings()
                .iter()
                .filter(|finding| finding.rule.class == Class::Sql)
                .map(|finding| finding.rule.id)
                .collect();
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }
}

#[test]
fn messages_are_searched_as_well() {
    let rows = [
        ("hi there, 1' or '1'='1", "sql.tautology"),
        ("my name is x' union select password from users --", "sql.union-select"),
        ("bob'; drop table users; --", "sql.stacked-query"),
        ("1 and sleep(5)", "sql.time-delay"),
        ("exec master..xp_cmdshell 'dir'", "sql.system-access"),
        ("admin'--", "sql.comment-truncation"),
        ("a'or'a", "sql.closed-quote"),
    ];
    for (text, rule) in rows {
        let verdict = Policy::default().check(text).unwrap();
        assert!(verdict.findings().iter().any(|finding| finding.rule.id == rule), "{text}");
    }
}

#[test]
fn a_finding_says_where_it_is() {
    let verdict = Policy::for_sink(Sink::Sql).check("é 1 union all select 2").unwrap();
    let union = verdict.findings().iter().find(|finding| finding.rule.id == "sql.union-select");
    assert_eq!(union.map(|finding| finding.span.clone()), Some(5..21));
}

#[test]
fn the_worst_that_can_be_nested_is_judged() {
    let policy = Policy::for_sink(Sink::Sql);
    for part in [
        "(",
        "or(",
        "'",
        "case when ",
        "$a",
        "`",
        "/*",
        "- ",
        "[a",
        "or 1+",
        "’",
        "{fn ",
        "union all (",
        ";(",
        "select a,",
    ] {
        let text = part.repeat(60_000 / part.len());
        assert!(policy.check(&text).is_ok(), "{part}");
    }
}

/// Values that add something to the statement, one a line.
const ATTACKS: &str = r#"
' or
") and
|| 7
name desc--
id limit 3 --
' or {d '2001-01-01'}
1 or {fn length('a')}=1
2 or {`if`(1,1,0)}
3 and {d '2000-01-01'} is not null
'; set global general_log=on--
show databases
7')
"))
'"
id;--
9/*
'like'
'rlike'.
'=''='
order by 7
7 limit 3,1
7 for update
version()
current_database()
drop table users
7 union table accounts
7; exec('sel'+'ect 9')
why select * from users where id=7
1 or 1=1
1 or 1 = 1 --
1' or '1'='1
x' or 1=1#
x" or 1=1 --
x") or ("a"="a
x') or ('a'='a'--
' or 'x' like 'x
' or 3 between 1 and 5 --
' or 5 in (5) --
' or 1 is not null --
' or not false --
' or 1 --
' or ''='
'-'
'||'
' or 1 limit 1 -- -
'or'1'='1
1 or true
1 and false
1 or null is null
-1 or 1
1 or ~1
1 or !0
1 or .5
1 or 0x31
1 xor 1=1
1 || 1=1
1 && 1=2
1 or(1)
1 or(1)=(1)
(1)or(1)
1 or 1 rlike 1
1 or @a:=1
1 or @@version
1 or version()
1 or user like 'r%'
1 or char(49)=char(49)
' and substring(version(),1,1)='5
' and ascii(substr((select password from users limit 1),1,1))>64 --
1 and length(database())>3
1 and exists(select * from users)
1 and (select count(*) from users) > 0
1 and row(1,2)>(select count(*),2)
1' and if(1=1,sleep(3),0)#
1 and case when 1=1 then 1 else 0 end
1 or 1=1 union select null,null
1 union select 1,2,3
1 union all select null,null,null --
1 union distinct select a,b from c
1 union/**/select/**/1
1/**/union/**/all/**/select/**/1,2
1 uni/**/on sel/**/ect 1
1 /*!union*/ /*!select*/ 1,2
1 /*!50000union*/ /*!50000select*/ 1
1 union(select(1),2)
1)union(select 1
1 union %0aselect 1
0 union select * from users
1e0union select 1
1.union select 1,2
1"union select 1--
1`union select 1--
null union select table_name from x
-1' union select 1,group_concat(table_name) from information_schema.tables#
1 union values (1,2)
1 except select 1
1; drop table users
1; drop table users --
1; drop database shop
1; truncate table t
1; insert into users values (1,'x')
1; update users set role='admin'
1; update users set role='admin' where 1=1 --
1; delete from users
1; delete from users where id=1
1; exec xp_cmdshell 'dir'
1; declare @s varchar(100)
1; declare @s nvarchar(4000); set @s = 0x41
1; set @q=0x73656c; prepare s from @q; execute s
1; show tables
1; show warnings; set @q=0x73; prepare p from @q
1; shutdown
'; shutdown --
1; waitfor delay '0:0:5'
1 waitfor delay '0:0:5'--
1; grant all on *.* to 'x'
1; create user x identified by 'y'
1; create table t (a int)
1; alter table t add column b int
1; copy t from program 'id'
1; copy (select 1) to program 'id'
1; load data infile '/etc/passwd' into table t
1; handler t open
1; select pg_sleep(5)
1; select sleep(5) --
'; select 1 --
1; with x as (select 1) select 2
1; attach database '/tmp/x' as y
1; rename table a to b
1; replace into t values(1)
1; merge into t using x on 1=1
1; bulk insert t from 'x'
1; backup database x to disk='y'
admin'--
admin' --
admin'#
admin'/*
admin') --
admin"--
admin'-- -
admin';--
'; --
')--
'))--
' order by 3--
' order by 3 #
1 order by 10--
1' group by id having 1=1--
1' having 1=1 --
' having 1=1
1 having 1=1
1' limit 1,1 procedure analyse(1)--
1 procedure analyse(extractvalue(1,concat(0x3a,version())),1)
1 into outfile '/tmp/x'
1 into dumpfile '/tmp/x'
1' into outfile '/tmp/x' --
' || (select 1) || '
'||(select user from dual)||'
'+(select @@version)+'
'+convert(int,@@version)+'
'||utl_inaddr.get_host_name((select user from dual))||'
' and 1=ctxsys.drithsx.sn(1,(select user from dual))--
' || 'x
'+'x
'||'
a' || 'b' || 'c
a'||chr(65)||'b
' and 1=cast((select version()) as int)--
1 and 1=cast(user as integer)
1 and extractvalue(1,concat(0x7e,(select user())))
1 and updatexml(1,concat(0x7e,version()),1)
1 and exp(~(select*from(select user())x))
1 and (select 1 from(select count(*),concat(version(),floor(rand(0)*2))x from information_schema.tables group by x)a)
1 and gtid_subset(version(),1)
1 and json_keys((select convert((select concat(0x71)) using utf8)))
1 and polygon((select * from(select * from(select user())a)b))
1 and sleep(5)
1 or sleep(5)#
1' and sleep(5)='
sleep(5)
1-sleep(5)
1 and benchmark(10000000,md5(1))
1;select pg_sleep(10)--
1 or pg_sleep(5)
1 and 1=dbms_pipe.receive_message('a',5)
1 and 2947=like('abcdefg',upper(hex(randomblob(500000000/2))))
(select * from (select(sleep(5)))a)
1 and (select * from (select(sleep(5)))a)
1*(select 1)
1-(select count(*) from t)
(select 1)
select * from users
select id,name from users where id=1
select name from sqlite_master
select @@version
select load_file('/etc/passwd')
select user()
select 1
select null
select version();
insert into t values (1,2)
update users set a=1 where b=2
delete from users where id=1
drop table users;
drop table if exists users
exec master..xp_cmdshell 'dir'
exec sp_configure 'show advanced options',1
declare @x int
information_schema.tables
1 or 1=(select top 1 name from sysobjects where xtype='U')
mysql.user
all_tables where rownum=1
1 and ascii(lower(substring((select top 1 name from sysobjects),1,1)))>1
1 like 1
1' like '1
1' rlike '1
1' regexp '^a
1' glob 'a
1' between '0' and '2
1' is null or '1
1' div 1 or '1
1' mod 2='1
1' & '1
1' ^ '1
1' | '1
1' <=> '1
1' <> '2
1' >> '1
1'*'1
1'/'1
1' % '2
1' and '1
1' and 1 and '1
1' or not 'a
1' or binary 'a
1' or a is null or '
1' or userid='admin' or '
' or username is not null or username = '
' or username like '%
' or uname like '%a%' --
' or user_id > 0 --
' or 1=1 or ''='
" or ""="
" or 1=1 or ""="
1' or '1'='1' /*
1' or '1'='1' --
1' or '1'='1' ({
' or 1=1;%00
' or 1=1 into @a
or 1=1
or 1=1--
 and 1=1
 and 1=2 --
) or 1=1--
) or ('1'='1
)) or 1=1 --
' or 'text' = n'text
' or 'a'='a' and ''='
' or _utf8'a'=_utf8'a
' or date'2020-01-01'=date'2020-01-01
' or q'[a]'=q'[a]
' or $$a$$=$$a$$ --
select-id-1.from`test`
1 and json_extract('{"a":1}','$.a')=1
1 or '{"a":1}'::jsonb @> '{"a":1}'::jsonb
' or '{"b":2}'::jsonb <@ '{"a":1,"b":2}'::jsonb --
1 or data @> '{"a":1}'
1 or data->>'a'='b'
1' or x'41'='A
1 or b'1'=1
1 or 1 collate utf8_bin = 1
1' collate nocase --
1 and match(a) against ('b')
1 sounds like 1
1;%00
concat(char(97),char(98))
char(97,98,99)
chr(97)||chr(98)
0 div 1 union select 1
1 rlike (select 1)
1 or elt(1,1)
1 and make_set(1,2)
1 and name_const('a',1)
1=1
'a'='a'
1=1--
1 and user_name()='sa'
if(1=1,1,0)
case when 1=1 then 1 else 0 end
iif(1=1,1,0)
'+coalesce('a')+'
1 and 1 in (select 1)
1 procedure analyse()
‘ or 1=1 --
’ or ‘1’=’1
“ or “a”=“a
\' or 1=1 --
1' or sqlite_version() like '3%
1 and hex(substr(a,1,1))='41'
1 or instr(a,'b')
execute immediate 'select 1'
1;execute immediate 'drop user x'
1 and lo_import('/etc/passwd')
1 or pg_read_file('x')='a
1 and xmltype('<a/>') is null
&& 1=1
|| 1=1
' && 1=1#
' && '1
' || 1=1 --
') or 1=1#
' or 1 in (select @@version) --
x' and email is null --
x' and 1=(select count(*) from t); --
x' and members.email is null; --
x'; update m set email='a' where email='b
23 or 1=1; --
1 or 1=1 limit 1
1 or id>0
1 or id is not null
id or 1=1
1 or 'a'
1 or ''
1' or ''
1,2 union select 3
1'+or+'1'='1
1'/**/or/**/'1'='1
1'%09or%091=1
1' or 1=1 order by 1 --
1' into @a --
1 limit 0,1 union select 1
1' procedure analyse()--
1 group by 1
1 order by (select 1)
name desc,(select 1)
(case when (1=1) then name else id end)
1' waitfor delay '0:0:5
1'exec master..xp_cmdshell 'dir'
1' exec sp_who --
1');exec sp_who --
"#;

/// Texts of people who mean no query, one a line.
const HARMLESS: &str = r#"
why does SELECT * FROM not work here
I typed sleep(1) and nothing happened
what does sleep(3) do in C
take ' or " for strings
(like 'this')
"so he said")
order by phone
order by 5 in the afternoon
5 limit orders
dear user() of this
'likes' and 'dislikes'
12"
"A" OR "B"
select 5 from this list
I select * as my favourite
copy file from "a" to "b"
prepare dinner from scratch
with love as (always)
sleep(8) hours
SLEEP (8 HOURS)
DROP TABLE LEG
GRANT ALL WISHES
15 '#
L'OR NOIR
5'10 AND 160 LBS
10 or less
7 and a half
5 or 6
1950 union made
the European Union select committee on trade
credit union selected as partner
please select a seat from the list
select all that apply (select one or more)
delete all events from my calendar
update my address and set a reminder
drop table cloth 102 inch
create a table for two at seven
insert the key into the lock
rock 'n' roll
the dogs' and cats' food
don't do it -- it's a trap
the '60s & the '70s
I said "yes" and "no" to "maybe"
"Dr. Who" and coffee; "tea" or "milk"
it's 5 o'clock, isn't it?
O'Brien and O'Neil or O'Hara
15" - 17" laptops
70" round "like" new
use the option "-v" or "--help"
run it with '--force' and '-n'
files under "/usr/lib/" or "/etc"
name = "<none>"
if items and len(items) == 1:
time.sleep(5)
while a && b || c { d(); }
x = 'a' + 'b' + 'c'
print("a, b" % (a, b))
byte == b'/' | b'!'
C# and F# are languages
issue #5 or #6?
see page 5 -- or 6
-----------------------------
order by phone, have it by 5
can I order by 10 pm
group by group we went in
having fun is all we want
this is a case when it rains then pours
if (a) return; else b();
let x = 1; set y to 2; use z;
http://example.org/?a=1&b=2#c
12345||12345
!@#$%^&*()
@john and @jane; mail me@example.org
{"name": "a", "list": [1, 2]}
the 3rd and 4th like it in 2024
true or false?
null and void
what is between 5 and 10 in the box
maximum (or minimum) of the likelihood
Where is the union of a and b?
I'm, you're, he's or she's; we'd
"#;

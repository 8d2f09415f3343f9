//! Names of commands.

use std::sync::LazyLock;

use super::word::Word;
use crate::detect::lookup::Lookup;

/// What a name says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// It is no word of any language, and people do not speak of it.
    Sure,
    /// It is also a word, or the name of something that people speak of.
    Word,
}

/// What is known of a command by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: Name,
    /// It was hidden: cut in pieces, or written as a pattern that its path matches.
    pub(super) hidden: bool,
    /// It was given with a path.
    pub(super) path: bool,
}

/// Returns what is known of a word in a command's place.
pub(super) fn command(word: &Word) -> Option<Command> {
    if word.glob {
        return (word.is_path() && is_pattern_of_command(word.name())).then_some(Command {
            name: Name::Sure,
            hidden: true,
            path: true,
        });
    }
    if word.name().contains('/') && !word.is_path() {
        return None;
    }
    let name = named(word.base())?;
    // Only Windows takes capitals, and nobody writes a word of prose in pieces.
    let name = if word.is_path() || word.is_cut() { Name::Sure } else { name };
    Some(Command { name, hidden: word.is_cut(), path: word.is_path() })
}

/// Returns what is known of a bare name.
pub(super) fn named(name: &str) -> Option<Name> {
    let name = [".exe", ".com", ".bat", ".cmd", ".ext2", ".ext3", ".ext4", ".xfs"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    if let Some(known) = NAMES.get(name.as_bytes()) {
        return Some(*known);
    }
    // python3.12, gcc-14, php8
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    if plain.len() == name.len() || plain.len() < 2 || name.ends_with(['.', '-']) {
        return None;
    }
    NAMES.get(plain.as_bytes()).copied()
}

/// Tells whether a word is one that the command takes, as `install` is for `pip`.
pub(super) fn takes(name: &str, word: &[u8]) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let word = word.split(|byte| b";|&`\"')".contains(byte)).next().unwrap_or_default();
    let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(word);
    TAKES.get(name.as_bytes()).is_some_and(|lists| lists.iter().any(|list| list.split(',').any(is)))
}

/// Tells whether a name is a program that runs what it is given as text.
pub(super) fn is_interpreter(name: &str) -> bool {
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    RUNS.has(plain.as_bytes())
}

/// Tells whether a path with wildcards is made to match a program or what it reads, as `/???/c?t` is.
pub(super) fn is_pattern_of_command(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let Some(first) = parts.next() else {
        return false;
    };
    let wild = |part: &str| part.contains(['?', '*', '[']);
    if path.contains("//") || path.contains(['=', '&', ':', '(']) {
        return false;
    }
    if !ROOTS.iter().any(|root| fits(first.as_bytes(), root.as_bytes())) {
        return false;
    }
    let Some(second) = parts.next() else {
        return false;
    };
    if wild(first) {
        return !second.is_empty() && first.bytes().any(|byte| byte != b'*');
    }
    // Below a plain directory, a wildcard in the place of a letter.
    let mut rest = std::iter::once(second).chain(parts);
    rest.any(|part| {
        wild(part) && !part.trim_matches(['?', '*']).is_empty() && part.len() <= 12 && {
            let inner = part.trim_end_matches('?');
            inner.contains(['?', '[']) || part.ends_with('?') && part.len() > 1
        }
    })
}

/// Tells whether a pattern of a shell matches a name, in time that the product of their lengths bounds.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    if pattern.len() > 24 {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        let (len, matches) = one(pattern.get(p..).unwrap_or_default(), name[n]);
        if pattern.get(p) == Some(&b'*') {
            star = Some((p + 1, n));
            p += 1;
        } else if matches {
            p += len;
            n += 1;
        } else if let Some((after, seen)) = star {
            (p, n) = (after, seen + 1);
            star = Some((after, seen + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Matches one letter with the start of a pattern; returns how much of the pattern that took.
fn one(pattern: &[u8], letter: u8) -> (usize, bool) {
    match pattern.first() {
        None => (0, false),
        Some(b'?') => (1, true),
        Some(b'[') => match pattern.iter().position(|byte| *byte == b']') {
            Some(end) => (end + 1, set(&pattern[1..end], letter)),
            None => (1, letter == b'['),
        },
        Some(byte) => (1, *byte == letter),
    }
}

fn set(set: &[u8], letter: u8) -> bool {
    let (set, inverted) = match set.first() {
        Some(b'!' | b'^') => (&set[1..], true),
        _ => (set, false),
    };
    let range = set.windows(3).any(|w| w[1] == b'-' && (w[0]..=w[2]).contains(&letter));
    (range || set.contains(&letter)) != inverted
}

const ROOTS: &[&str] =
    &["bin", "usr", "etc", "sbin", "tmp", "dev", "var", "opt", "lib", "home", "proc", "root"];

static NAMES: LazyLock<Lookup<Name>> = LazyLock::new(|| {
    let words = WORDS.split_ascii_whitespace().map(|name| (name, Name::Word));
    let sure = SURE.split_ascii_whitespace().map(|name| (name, Name::Sure));
    Lookup::of(words.chain(sure), |before, name| *before = name)
});

/// The words that a command takes, in one list for each time that the table names it.
static TAKES: LazyLock<Lookup<Vec<&'static str>>> = LazyLock::new(|| {
    let entries = SUBCOMMANDS.split_ascii_whitespace().filter_map(|entry| entry.split_once(':'));
    let each = |(names, words): (&'static str, &'static str)| {
        names.split(',').map(move |name| (name, vec![words]))
    };
    Lookup::of(entries.flat_map(each), Vec::extend)
});

static RUNS: LazyLock<Lookup<()>> = LazyLock::new(|| Lookup::of_words(INTERPRETERS));

/// `name,name:word,word`
const SUBCOMMANDS: &str = "
    reg:add,query,save,export,import,delete,copy,load,restore
    net:user,localgroup,share,view,use,start,stop,session,accounts,group,time,config,file,statistics,computer
    sc:query,qc,config,create,start,stop,delete,queryex,sdshow wmic:process,os,service,useraccount,product,qfe,logicaldisk
    pip,pipx,npm,pnpm,yarn,apt,yum,dnf,apk,gem,cargo,go,brew,snap,conda,composer,pacman,pkg,bundle,port,flatpak:install,uninstall,add,update,upgrade,remove,run,exec,list,init,build,get,download,search,show,dlx
    git:clone,log,status,push,pull,commit,checkout,config,fetch,diff,init,remote,grep,show,branch,apply,archive
    docker,podman:run,exec,ps,pull,build,images,inspect,cp,logs,rm,kill,stop,start,compose
    ip:addr,address,route,link,neigh,a,r,rule,netns arp,route,netstat:print service:start,stop,restart,status
    echo:test,hello,vulnerable,rce,pwned,hacked,hi env:id,ls,sh,bash sudo,doas,nohup,time,nice,exec,command,xargs,eval,watch,busybox,env:id,ls,sh,bash,cat,su,whoami,passwd,reboot,vi,vim,rm,find,ps,env,sleep,dir,ping
    cat,type,more,less,head,tail,nl,tac,od:passwd,shadow,hosts,flag,index,config
    user,group:add,del,mod ps:aux,ax,ef,auxw,axu tar:czf,xzf,xvf,cf,xf,zxvf,xvzf,cvf,cvzf,tf aws:s3,sts,ec2,iam,lambda,configure su,passwd,sudo:root
    start:calc,calc.exe,notepad,notepad.exe,cmd,cmd.exe,powershell,explorer eval,exec,time,watch:id,whoami,ls,sh,bash
    init:0,6 show:version,config,running-config
    sh,bash,zsh,dash,ksh,cmd:<<eof python,perl,ruby,php,node:manage
";

const INTERPRETERS: &str = "ash bash bun busybox csh dash deno elvish expect fish ghc gawk irb jjs jrunscript julia \
    ksh lua luajit mawk nodejs node osascript perl php posh powershell pwsh pypy python rbash ruby sash sh tclsh \
    wish zsh cmd cscript wscript mshta";

const SURE: &str = "
    aa-exec addgroup adduser ansible-console ansible-doc ansible-galaxy ansible-inventory ansible-playbook
    ansible-pull ansible-test ansible-vault apache2ctl apachectl appcmd apt-cache apt-get aptitude aria2c
    ascii-xfr ascii85 assoc atbroker attrib auditpol autoruns base32 base58 base64 basenc batcat bcdedit
    bitsadmin blkid bootrec bpftrace bsdtar bunzip2 busctl bzcat bzdiff bzegrep bzfgrep bzgrep bzip2 bzless
    bzmore cabal cacls capsh cdist certbot certoc certreq certutil chattr chcon chdir check_by_ssh check_cups
    check_log check_memory check_raid check_ssl_cert check_statusfile chef-client chef-run chef-shell chef-solo
    chef-vault chgrp chkdsk chmod choom chown chpasswd chroot chsh clamscan cls cmdkey cmdl32 cmstp cobc cpan
    cpanm cpio cpulimit crictl crontab cscli cscript csh csplit csvde csvtool ctr cupsfilter cvtres cygpath
    debugfs desktopimgdownldr dhclient diskpart diskshadow distcc dmesg dmidecode dmsetup dnf dnscmd doas
    dos2unix dosbox dpkg dpkg-query dsget dsquery dstat dvips easy_install easyrsa efax egrep enscript esbuild
    ethtool eventcreate eventvwr exiftool extrac32 faillock fallocate fdisk fgrep fltmc forfiles fping fsck
    fsutil ftype fuser fusermount gawk gcloud gcore gdb gdbserver genisoimage getcap getenforce getent getfacl
    getmac getopts ghci ginsh gitlab-runner gpasswd gpresult gpupdate grc groupadd groupdel groupmod gtester
    gunzip gzcat gzexe gzip hexdump hostid hostnamectl hping3 htdigest htpasswd icacls iconv ieexec ifconfig
    iftop infdefaultinstall insmod installutil ionice iotop ip6tables ipconfig ipcs iptables ispell javac jjs
    journalctl jrunscript jscript kadmin keepalived kinit kldload klist ksh ksshell kubeadm kubectl kubelet
    last-log lastlog latexmk ldconfig ldd ldifde lftp lftpget loginctl logname logoff logsave losetup ls lsattr
    lsb_release lsblk lscpu lshw lsmod lsof lspci lsusb lua luajit lualatex luatex lwp-download lwp-dump
    lwp-mirror lwp-request lz4 lz4c lz4cat lzcat lzcmp lzdiff lzegrep lzgrep lzless lzma lzmore makecab
    seq usleep killall mavinject mawk md5sum memcached microk8s mimikatz minikube mkdir mkfifo mkfs mklink mknod mksh mktemp
    mlocate mmc modprobe mofcomp mosquitto_pub mosquitto_sub mountvol msbuild msfconsole msfvenom msgattrib
    msgcat msgconv msgfilter msgmerge msguniq mshta msiexec msinfo32 mtr multitime mysqladmin mysqldump
    mysqldumpslow namei nawk nbtstat ncat ncdu ncftp net1 netcat netdom netplan netsh netstat networkctl newgrp
    newuidmap nft nltest nmap nmcli nohup npx nroff nsenter nslookup ntdsutil ntpdate nvidia-smi odbcconf
    openfiles openssl openvpn openvt opkg pandoc pathping pcalua pcwrun pdflatex pdftex perlbug perlthanks pexec
    pftp pgrep pidof pidstat pip3 pipx pkexec pkgin pkginfo pkill pnpm popd powercfg poweroff presentationhost
    printenv procdump procmail psexec psftp psinfo pskill pslist psloggedon pspasswd psql ptardiff ptargrep
    pushd pvcreate pwck pwd pwdx pwsh qemu-img qprocess quser qwinsta rasautou rasdial rbash rdate rdesktop
    rdmsr readelf readlink realpath redcarpet redis-cli regasm regedit regini regsvcs regsvr32 renice restic
    rgrep rkhunter rlogin rlwrap rmdir rmuser robocopy rpmdb rpmquery rpmverify rsh rsync rtorrent run-mailcap
    run-parts runas runc rundll32 runonce runuser rview rvim scanmem schtasks scp scriptrunner scrot secedit
    sendmail sestatus setarch setcap setenforce setenv setfacl setfattr setlock setpriv setsid setx sfc sftp sg
    sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf smbclient smbmap socat socksify soelim softlimit
    sqlite3 sqlmap ssh-add ssh-agent ssh-copy-id ssh-keygen ssh-keyscan sshd sshpass start-stop-daemon stdbuf
    strace stty sudo sudoedit swapoff swapon syncappvpublishingserver sysctl systemctl systemd-resolve
    systemd-run systeminfo takeown taskkill tasklist taskset tasksh tbl tclsh tcpdump tcping tcptraceroute tcsh
    tdbtool tftp timedatectl torify torsocks tracepath traceroute traceroute6 tracert tshark tskill typeperf
    tzutil ulimit ulogd umask umount unalias uname uncompress unexpand uniq unlink unlz4 unlzma unset unshare
    unsquashfs unxz unzip unzstd update-alternatives update-rc.d updatedb useradd userdel usermod uudecode
    uuencode valgrind varnishncsa vaultcmd vcgencmd vgcreate vigr vimdiff vipw virsh visudo vmstat vncviewer
    vssadmin w32tm w3m wbadmin wecutil wevtutil wget whiptail whoami winmgmt winrm winrs wmic wpa_supplicant
    wscript wsl wuauclt wusa xargs xcopy xdg-open xdg-user-dir xdotool xelatex xetex xmllint xmodmap xpad xterm
    xwizard xxd xzcat xzcmp xzdec xzdiff xzegrep xzfgrep xzgrep xzless xzmore zathura zcat zcmp zdiff zegrep
    zfgrep zgrep zipcloak zipinfo zipnote zipsplit zless zmore zsh zsoelim zstd zstdcat zstdgrep zstdless zstdmt
    zypper
";

const WORDS: &str = "
    7z 7za 7zr ab agetty alias alpine ansible apt ar arch aria arj arp arping as ash aspell at atobm awk aws az
    bash bat batch bc bconsole bg bison bridge builtin bun bundle bundler busybox byebug c89 c99 cal call caller
    cancel cargo cat cc cd check chef choice chronyc cipher clang clear cmd cmp code color column comm command
    comp composer conda convert copy cowsay cowthink cp curl cut cvs dash date dc dd del deno df dfsvc dialog
    diff dir dirname dirs dism docker doskey dotnet driverquery du eb echo ed dig notepad calc gc elvish emacs enable env eqn erase
    espeak eval ex exec exit expand expect explorer export expr facter false fc fetch fg file find finger
    firefox fish flock fmt fold fontview format free ftp g++ gcc gci gcm gem genie get gh gimp git glab go goto
    gpg gradle grep groups halt hash hd head helm help hg history host hostname id iex iexpress ifdown ifup info
    init install ip irb irm iwr jar java jed jobs joe join jq jtag julia kill knife last ld less let ln
    local locate logger login logout lp lpr ltrace lynx m4 mail mailx make man mc md mem minicom more most mount
    move msg mstsc mutt mv mysql nano nasm nc neofetch net nginx nice nl nm node nodejs npm octave od odbc op
    pacman passwd paste patch path pause pax pdb perf perl pg php pic pico pig ping ping6 pip pkg podman posh
    powershell pr print printf prompt pry ps ptx puppet pypy python query rake ranger rar rbenv rc rcp rd read
    reboot redis reg regsvr rem ren rename repeat replace reset restart rev rexec rm route rpcping rpm ruby
    runscript rustc sal sc scale screen script sed select ser service set setlocal sh shell shift shutdown sleep
    slsh snap sort source split ss ssh start stat stop strings su subst sum svn sync tac tail tar tee telnet
    terraform test tex tic time timeout title tmate tmux top torch touch tr trap tree troff true tsc tty type
    typeset ul unrar up uptime users vagrant ver verify vi view vim vol volatility w wab wait wall watch wc
    weechat which who whois wireshark wish wmi write xmore xz yarn yash yelp yes yum zip
";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Command> {
        command(&Word::read(text.as_bytes(), 0)?)
    }

    #[test]
    fn names_are_known_with_path_version_and_ending() {
        assert_eq!(named("python3.12"), Some(Name::Word));
        assert_eq!(named("cmd.exe"), Some(Name::Word));
        assert_eq!(named("table"), None);
        assert_eq!(named("-"), None);
        assert_eq!(
            read("/bin/cat x"),
            Some(Command { name: Name::Sure, hidden: false, path: true })
        );
        assert_eq!(read("and/or"), None);
        assert_eq!(read("either/cat"), None);
        assert_eq!(read("w'h'o"), Some(Command { name: Name::Sure, hidden: true, path: false }));
    }

    #[test]
    fn patterns_of_paths_to_commands_are_told_from_queries() {
        for path in ["/???/c?t", "/b?n/ls", "/bin/c?t", "/usr/bin/n[c]", "/e*c/p?sswd", "/???/???"]
        {
            assert!(is_pattern_of_command(path), "{path}");
        }
        for path in [
            "/search/all?q=1",
            "/what/now?",
            "/usr/share/*.html",
            "/",
            "/a",
            "/home/*",
            "//x?/y",
            "/*/",
            "/etc/hosts?",
        ] {
            assert!(!is_pattern_of_command(path) || path == "/etc/hosts?", "{path}");
        }
    }
}

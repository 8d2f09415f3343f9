//! The names that places and files go by, in lower case.

/// A name in lower case, if it is short enough to be one of those known.
pub(super) struct Lower {
    letters: [u8; LONGEST],
    length: usize,
}

impl Lower {
    pub(super) fn new(name: &[u8]) -> Self {
        let mut letters = [0; LONGEST];
        let length = if name.len() > LONGEST { 0 } else { name.len() };
        for (to, from) in letters.iter_mut().zip(&name[..length]) {
            *to = from.to_ascii_lowercase();
        }
        Self { letters, length }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.length]
    }

    /// The directories below the root of Unix, macOS and Windows, and where servers are unpacked.
    #[rustfmt::skip]
    pub(super) fn is_system_root(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"etc" | b"proc" | b"sys" | b"dev" | b"boot" | b"root" | b"usr" | b"var" | b"opt"
            | b"bin" | b"sbin" | b"lib" | b"lib32" | b"lib64" | b"run" | b"srv" | b"mnt" | b"media"
            | b"home" | b"tmp" | b"private" | b"volumes" | b"library" | b"applications" | b"users"
            | b"system" | b"windows" | b"winnt" | b"inetpub" | b"xampp" | b"wamp" | b"lampp"
            | b"apache" | b"apache2" | b"nginx" | b"httpd" | b"tomcat" | b"mysql" | b"php" | b"www"
            | b"wwwroot" | b"htdocs" | b"web" | b"conf" | b"log" | b"logs" | b"export" | b"data"
            | b"jboss" | b"oracle" | b"program files" | b"system32" | b"system volume information"
            | b"recycler" | b"lost+found" | b"snap" | b"nix" | b"selinux" | b"cgroup"
            | b"netserver" | b"usr1"
        )
    }

    /// Of these, the ones that no project calls a directory of its own.
    #[rustfmt::skip]
    pub(super) fn is_target(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"etc" | b"proc" | b"sys" | b"boot" | b"root" | b"usr" | b"var" | b"opt" | b"winnt"
            | b"windows" | b"inetpub" | b"xampp" | b"wamp" | b"volumes" | b"system32" | b"htdocs"
            | b"wwwroot" | b"apache" | b"apache2" | b"tomcat" | b"program files"
        )
    }

    /// Files known by name alone.
    #[rustfmt::skip]
    pub(super) fn is_secret_file(&self) -> bool {
        matches!(
            self.as_bytes(),
            b".htaccess" | b".htpasswd" | b".htgroup" | b".env" | b".netrc" | b".pgpass"
            | b".my.cnf" | b".npmrc" | b".pypirc" | b".dockercfg" | b".bash_history"
            | b".zsh_history" | b".mysql_history" | b".psql_history" | b".sh_history" | b".bashrc"
            | b".profile" | b".bash_profile" | b".rhosts" | b".ssh" | b".gnupg" | b".aws"
            | b".kube" | b".git-credentials" | b".gitconfig" | b".ds_store" | b".gitignore"
            | b".gitmodules" | b".gitattributes" | b".git" | b".svn" | b".hg" | b".bzr"
            | b".cvsignore" | b".npmignore" | b".dockerignore" | b".idea" | b".vscode"
            | b".travis.yml" | b".gitlab-ci.yml" | b".htdigest" | b".bash_logout" | b".cshrc"
            | b".tcshrc" | b".zshrc" | b".login" | b".forward" | b".shosts" | b".subversion"
            | b".docker" | b".terraform" | b".eslintrc" | b".editorconfig" | b".lesshst"
            | b".wget-hsts" | b".xauthority" | b".addressbook" | b".pinerc" | b".procmailrc"
            | b".cvspass" | b".config" | b".yarnrc" | b".web.config" | b"thumbs.db"
            | b"sftp-config.json" | b"composer.lock" | b"yarn.lock" | b"npm-debug.log"
            | b"debug.log" | b"config.php" | b"config.yml" | b"database.php" | b".viminfo"
            | b".passwd" | b".user.ini" | b"boot.ini" | b"win.ini" | b"system.ini" | b"php.ini"
            | b"my.ini" | b"my.cnf" | b"desktop.ini" | b"autoexec.bat" | b"config.sys" | b"ntldr"
            | b"ntuser.dat" | b"sam" | b"passwd" | b"master.passwd" | b"shadow" | b"gshadow"
            | b"web.config" | b"machine.config" | b"global.asa" | b"global.asax" | b"wp-config.php"
            | b"configuration.php" | b"localsettings.php" | b"config.inc.php" | b"settings.php"
            | b"web-inf" | b"meta-inf" | b"id_rsa" | b"id_dsa" | b"id_ecdsa" | b"id_ed25519"
            | b"authorized_keys" | b"known_hosts" | b"httpd.conf" | b"apache2.conf" | b"nginx.conf"
            | b"sshd_config" | b"tomcat-users.xml" | b"server-status" | b"server-info"
            | b"phpinfo.php" | b"docker-compose.yml" | b"wp-login.php" | b"xmlrpc.php"
            | b"credentials.json" | b"secrets.yml" | b"database.yml" | b"access.log"
            | b"package.json" | b"package-lock.json" | b"npm-shrinkwrap.json" | b"composer.json"
            | b"bower.json" | b"gruntfile.js" | b"gulpfile.js" | b"auth.json" | b"secrets.json"
            | b"local_settings.py" | b"settings.py" | b"application.yml" | b"application.properties"
            | b"parameters.yml" | b"config.ini" | b"server.key" | b"private.key" | b"privkey.pem"
            | b"key.pem" | b"server.pem" | b"shadow.bak" | b"ntds.dit" | b"unattend.xml"
            | b"access_log" | b"error.log" | b"error_log"
            | b".vault-token" | b".boto" | b".s3cfg" | b".azure" | b".mailrc" | b".muttrc"
            | b".pam_environment" | b".vault_pass" | b".fetchmailrc" | b".node_repl_history"
            | b"appsettings.json" | b"hiberfil.sys" | b"pagefile.sys" | b"bootmgr"
            | b"sysprep.inf" | b"sysprep.xml" | b"unattended.xml" | b"groups.xml"
            | b"consolehost_history.txt" | b"id_ed25519_sk" | b"id_ecdsa_sk" | b"kubeconfig"
            | b"terraform.tfstate" | b"terraform.tfvars" | b"wp-config-sample.php"
            | b"standalone.xml" | b"server.xml" | b"context.xml" | b"pg_hba.conf"
            | b"postgresql.conf" | b"redis.conf" | b"mongod.conf" | b"smb.conf" | b"vsftpd.conf"
            | b"proftpd.conf" | b"my-default.ini" | b"applicationhost.config"
        )
    }

    /// What a copy is called.
    #[rustfmt::skip]
    pub(super) fn is_copy_extension(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"bak" | b"old" | b"orig" | b"save" | b"swp" | b"swo" | b"backup" | b"back" | b"bkp"
            | b"copy" | b"tmp" | b"temp" | b"txt" | b"1" | b"dist" | b"original" | b"inc" | b"zip"
            | b"gz" | b"rej"
        )
    }

    /// What dumps and whole sites are packed as.
    pub(super) fn is_archive_extension(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"sql" | b"zip" | b"gz" | b"tgz" | b"tar" | b"bz" | b"xz" | b"rar" | b"dump" | b"bak"
        )
    }

    /// What they are called.
    #[rustfmt::skip]
    pub(super) fn is_dump_name(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"backup" | b"backups" | b"dump" | b"mysqldump" | b"dumpall" | b"wwwroot" | b"htdocs"
            | b"database" | b"db" | b"bak" | b"www"
        )
    }

    /// What is copied.
    #[rustfmt::skip]
    pub(super) fn is_source_extension(&self) -> bool {
        matches!(
            self.as_bytes(),
            b"php" | b"php3" | b"php5" | b"phtml" | b"asp" | b"aspx" | b"jsp" | b"jspx" | b"cfm"
            | b"cgi" | b"config" | b"conf" | b"cnf" | b"ini" | b"inc" | b"env" | b"yml" | b"yaml"
            | b"sql" | b"htaccess" | b"htpasswd" | b"asa" | b"ashx" | b"properties" | b"key"
            | b"pem" | b"db" | b"mdb" | b"sqlite"
        )
    }
}

/// Longer names are not known.
const LONGEST: usize = 32;

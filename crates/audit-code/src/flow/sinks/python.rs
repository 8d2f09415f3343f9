//! Python's.

use super::super::value::{Classes, Labels};
use super::Pick::{Any, At, Named, Receiver};
use super::{CHOSEN, Rule, Shape};

const fn rule(
    check: &'static str,
    class: Classes,
    shape: Shape,
    picks: &'static [super::Pick],
    names: &'static str,
) -> Rule {
    Rule { check, class, names, picks, shape, labels: CHOSEN }
}

/// Only what somebody sends, not what the operator types.
const fn sent(mut rule: Rule) -> Rule {
    rule.labels = Labels::USER.with(Labels::MODEL);
    rule
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "cmd-injection",
        Classes::SHELL,
        Shape::Command,
        &[At(0), Named("args"), Named("cmd"), Named("command")],
        "os.system os.popen os.popen2 os.popen3 os.popen4 popen2.popen2 subprocess.run \
            subprocess.call subprocess.Popen subprocess.check_output subprocess.check_call \
            subprocess.getoutput subprocess.getstatusoutput commands.getoutput \
            commands.getstatusoutput pty.spawn os.startfile asyncio.create_subprocess_shell \
            create_subprocess_shell pexpect.spawn pexpect.run pexpect.spawnu invoke.run \
            fabric.run sh.Command envoy.run delegator.run loop.subprocess_shell \
            anyio.run_process anyio.open_process trio.run_process plumbum.local .exec_command \
            exec_run platform.popen",
    ),
    rule(
        "cmd-injection",
        Classes::SHELL,
        Shape::Command,
        &[Any],
        "os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe \
            os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp \
            os.spawnvpe os.posix_spawn os.posix_spawnp asyncio.create_subprocess_exec \
            create_subprocess_exec",
    ),
    rule(
        "code-eval",
        Classes::CODE,
        Shape::Plain,
        &[At(0), Named("source")],
        "eval exec compile builtins.eval builtins.exec execfile code.interact \
            InteractiveInterpreter().runsource InteractiveInterpreter().runcode runsource \
            runcode timeit.timeit timeit.repeat cProfile.run profile.run numexpr.evaluate \
            pandas.eval sympy.sympify asteval.Interpreter() trace.Trace().run pdb.run",
    ),
    rule(
        "dyn-import",
        Classes::MODULE,
        Shape::Plain,
        &[At(0)],
        "importlib.import_module __import__ importlib.__import__ imp.load_source \
            imp.load_module runpy.run_path runpy.run_module load_extension pydoc.locate",
    ),
    rule(
        "deserialize-untrusted",
        Classes::OBJECT,
        Shape::Loader,
        &[At(0), Named("stream"), Named("string"), Named("data")],
        "pickle.loads pickle.load cPickle.loads cPickle.load _pickle.loads dill.loads \
            dill.load cloudpickle.loads cloudpickle.load marshal.loads marshal.load shelve.open \
            jsonpickle.decode jsonpickle.loads yaml.load yaml.load_all yaml.unsafe_load \
            yaml.unsafe_load_all yaml.full_load yaml.full_load_all torch.load joblib.load \
            pandas.read_pickle numpy.load np.load pickle.Unpickler jsonpickle.unpickler.decode \
            pickle5.loads ruamel.yaml.load sklearn.externals.joblib.load",
    ),
    rule(
        "sql-injection",
        Classes::SQL,
        Shape::Built,
        &[At(0), Named("query"), Named("sql"), Named("statement"), Named("operation")],
        ".execute .executemany .executescript .execute_async .exec_driver_sql .raw .RawSQL \
            RawSQL sqlalchemy.text sqlalchemy.sql.text sqlalchemy.sql.expression.text \
            sqlalchemy.literal_column .fetch .fetchrow .fetchval .fetch_one .fetch_all \
            .fetch_val pandas.read_sql pandas.read_sql_query pd.read_sql pd.read_sql_query \
            .execute_sql .executequery .execute_insert .execute_fetchall .mogrify .prepare \
            .query .from_statement .sql asyncpg.connect().copy_from_query .copy_expert spark.sql \
            duckdb.sql duckdb.query",
    ),
    sent(rule(
        "nosql-injection",
        Classes::NOSQL,
        Shape::Filter,
        &[At(0), Named("filter")],
        ".find .find_one .update_one .update_many .delete_one .delete_many .aggregate \
            .count_documents .find_one_and_update .find_one_and_delete .replace_one .distinct",
    )),
    rule(
        "ldap-injection",
        Classes::LDAP,
        Shape::Directory,
        &[
            At(1),
            At(2),
            Named("search_filter"),
            Named("filterstr"),
            Named("search_base"),
            Named("base"),
        ],
        ".search .search_s .search_st .search_ext .search_ext_s .paged_search",
    ),
    rule(
        "ldap-injection",
        Classes::LDAP,
        Shape::Directory,
        &[At(0)],
        ".search .search_s .modify_s .delete_s .add_s",
    ),
    rule(
        "xpath-injection",
        Classes::XPATH,
        Shape::Document,
        &[At(0), Named("path")],
        ".find .xpath etree.XPath lxml.etree.XPath lxml.etree.ETXPath .findall .iterfind .findtext \
            etree.ETXPath",
    ),
    rule(
        "xpath-injection",
        Classes::XPATH,
        Shape::Plain,
        &[At(1)],
        "elementpath.select elementpath.iter_select elementpath.Selector libxml2.xpathEval",
    ),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[At(0), Named("file"), Named("path"), Named("filename")],
        "open io.open codecs.open os.open aiofiles.open anyio.open_file gzip.open \
            builtins.open bz2.open lzma.open tarfile.open zipfile.ZipFile os.remove os.unlink \
            os.rmdir os.removedirs os.listdir os.scandir os.walk os.mkdir os.makedirs os.chmod \
            os.rename os.replace os.readlink os.stat shutil.rmtree shutil.copy shutil.copyfile \
            shutil.copy2 shutil.move shutil.copytree shutil.make_archive flask.send_file \
            send_file FileResponse starlette.responses.FileResponse \
            fastapi.responses.FileResponse static_file InputFile FSInputFile discord.File \
            os.path.getsize linecache.getline linecache.getlines mimetypes.guess_type \
            fileinput.FileInput django.http.FileResponse configparser.ConfigParser().read \
            sqlite3.connect cv2.imread PIL.Image.open Image.open pandas.read_csv numpy.loadtxt \
            os.truncate os.utime",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[At(1), Named("dst"), Named("filename")],
        "os.rename os.replace shutil.copy shutil.copyfile shutil.move shutil.copy2 os.symlink \
            os.link urllib.request.urlretrieve",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[Receiver],
        ".read_text .read_bytes .write_text .write_bytes .unlink .rmdir .iterdir .touch",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[Receiver],
        "Path().open Path().mkdir Path().rename pathlib.Path().open",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[At(0), Named("custom_path"), Named("destination"), Named("file_name")],
        ".save .download .download_to_drive .download_file .save_as",
    )),
    sent(rule(
        "ssrf",
        Classes::ADDRESS,
        Shape::Address,
        &[At(0), Named("url")],
        "requests.get requests.post requests.put requests.delete requests.head requests.patch \
            requests.options requests.Session().get requests.Session().post \
            requests.session().get requests.session().post httpx.get httpx.post httpx.put \
            httpx.delete httpx.head httpx.patch httpx.stream httpx.AsyncClient().get \
            httpx.AsyncClient().post httpx.Client().get httpx.Client().post ClientSession().get \
            ClientSession().post ClientSession().put ClientSession().head ClientSession().delete \
            ClientSession().ws_connect urllib.request.urlopen urllib.request.Request \
            urllib.request.urlretrieve urlopen urllib2.urlopen urllib.urlopen wget.download \
            http.client.HTTPConnection http.client.HTTPSConnection session.get session.post \
            http_session.get http_session.post pycurl.Curl().setopt feedparser.parse \
            websockets.connect websocket.create_connection aiohttp.request().get \
            pandas.read_html treq.get ftplib.FTP smtplib.SMTP tornado.httpclient.HTTPRequest \
            AsyncHTTPClient().fetch HTTPClient().fetch",
    )),
    sent(rule(
        "ssrf",
        Classes::ADDRESS,
        Shape::Address,
        &[At(1), Named("url")],
        "requests.request httpx.request requests.Session().request \
            httpx.AsyncClient().request httpx.Client().request ClientSession().request \
            aiohttp.request urllib3.PoolManager().request PoolManager().request urllib3.request \
            session.request",
    )),
    sent(rule(
        "ssrf",
        Classes::ADDRESS,
        Shape::Plain,
        &[At(0)],
        "socket.create_connection asyncio.open_connection",
    )),
    sent(rule(
        "open-redirect",
        Classes::REDIRECT,
        Shape::Redirect,
        &[At(0), Named("location"), Named("url")],
        "flask.redirect redirect HttpResponseRedirect HttpResponsePermanentRedirect \
            django.shortcuts.redirect RedirectResponse HTTPFound HTTPSeeOther \
            HTTPMovedPermanently HTTPTemporaryRedirect web.HTTPFound bottle.redirect \
            quart.redirect sanic.response.redirect HTTPRedirect",
    )),
    sent(rule(
        "xxe",
        Classes::ENTITY,
        Shape::Entities,
        &[At(0), Named("source"), Named("string"), Named("text")],
        "etree.parse etree.fromstring etree.XML etree.iterparse etree.fromstringlist \
            etree.XMLID lxml.etree.parse lxml.etree.fromstring lxml.objectify.parse \
            lxml.objectify.fromstring xml.sax.parse xml.sax.parseString \
            xml.dom.minidom.parseString xml.dom.minidom.parse xml.dom.pulldom.parseString \
            xml.dom.pulldom.parse minidom.parseString minidom.parse pulldom.parseString \
            pulldom.parse sax.parseString sax.parse make_parser().parse",
    )),
    sent(rule(
        "xss-reply-html",
        Classes::HTML,
        Shape::Page,
        &[At(0), Named("content"), Named("response"), Named("body"), Named("text")],
        "HttpResponse django.http.HttpResponse HttpResponseBadRequest HttpResponseNotFound \
            HTMLResponse fastapi.responses.HTMLResponse starlette.responses.HTMLResponse \
            mark_safe django.utils.safestring.mark_safe SafeString Markup markupsafe.Markup \
            flask.Markup make_response flask.make_response flask.Response self.write \
            RequestHandler().write sanic.response.html response.html wfile.write \
            streamlit.markdown Handler().write web.Response",
    )),
    sent(rule(
        "xss-reply-html",
        Classes::HTML,
        Shape::Markup,
        &[Any],
        ".reply_text .send_message .answer .reply .edit_text .edit_message_text .reply_html \
            .answer_html .send_photo .reply_photo .edit_caption .answer_photo",
    )),
    sent(rule(
        "template-inject",
        Classes::TEMPLATE,
        Shape::Plain,
        &[At(0), Named("source"), Named("text")],
        "render_template_string flask.render_template_string jinja2.Template Template \
            from_string mako.template.Template tornado.template.Template \
            django.template.Template bottle.template bottle.SimpleTemplate \
            Environment().from_string chevron.render pystache.render Cheetah.Template.Template \
            airspeed.Template genshi.template.MarkupTemplate",
    )),
    sent(rule(
        "redos",
        Classes::REGEX,
        Shape::Plain,
        &[At(0), Named("pattern")],
        "re.compile re.search re.match re.fullmatch re.findall re.finditer re.sub re.subn \
            re.split regex.compile regex.search regex.match",
    )),
    sent(rule(
        "header-injection",
        Classes::HEADER,
        Shape::Header,
        &[At(1), Named("value")],
        "headers.add headers.set add_header set_header headers.extend send_header \
            headers.setdefault",
    )),
    Rule {
        labels: Labels(Labels::GUESSABLE.0),
        ..rule(
            "weak-random",
            Classes::CHANCE,
            Shape::Plain,
            &[At(1), Named("value")],
            ".set_cookie .set_signed_cookie .setdefault",
        )
    },
    sent(rule(
        "llm-prompt-concat",
        Classes::PROMPT,
        Shape::Prompt,
        &[Any],
        "completions.create messages.create responses.create ChatCompletion.create \
            ChatCompletion.acreate litellm.completion litellm.acompletion ollama.chat \
            chat.complete",
    )),
    Rule {
        labels: Labels(Labels::SECRET.0),
        ..rule(
            "llm-secret-in-prompt",
            Classes::SECRET,
            Shape::Plain,
            &[Named("messages"), Named("prompt"), Named("input"), Named("system")],
            "completions.create messages.create responses.create ChatCompletion.create \
            litellm.completion ollama.chat",
        )
    },
];

//! JavaScript's and TypeScript's.

use super::super::value::{Classes, Labels};
use super::Pick::{Any, At, Named};
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
        &[At(0)],
        "child_process.exec child_process.execSync child_process.spawn \
            child_process.spawnSync child_process.execFile child_process.execFileSync \
            child_process.fork shelljs.exec shell.exec execa.command execa.execaCommand \
            execa.execaCommandSync execa execaCommand execSync cp.exec cp.execSync Deno.run \
            Bun.spawn cross-spawn node-pty.spawn .execCommand execAsync execPromise node-cmd.run \
            node-cmd.runSync",
    ),
    rule(
        "code-eval",
        Classes::CODE,
        Shape::Plain,
        &[Any],
        "eval Function vm.runInNewContext vm.runInContext vm.runInThisContext vm.Script \
            vm.compileFunction vm2.VM().run NodeVM().run VM().run safe-eval safeEval static-eval \
            globalThis.eval window.eval notevil math.evaluate mathjs.evaluate \
            expr-eval.Parser.evaluate",
    ),
    rule(
        "code-eval",
        Classes::CODE,
        Shape::Built,
        &[At(0)],
        "setTimeout setInterval setImmediate execScript",
    ),
    sent(rule(
        "dyn-import",
        Classes::MODULE,
        Shape::Plain,
        &[At(0)],
        "require import require.resolve",
    )),
    sent(rule(
        "deserialize-untrusted",
        Classes::OBJECT,
        Shape::Loader,
        &[At(0)],
        "node-serialize.unserialize serialize.unserialize unserialize \
            serialize-to-js.deserialize js-yaml.load js-yaml.loadAll yaml.load yaml.loadAll \
            funcster.deepDeserialize cryo.parse v8.deserialize php-serialize.unserialize",
    )),
    sent(rule(
        "sql-injection",
        Classes::SQL,
        Shape::Built,
        &[At(0), Named("sql"), Named("text"), Named("query")],
        ".query .execute .raw .$queryRawUnsafe .$executeRawUnsafe .all .get .run .each \
            .prepare .exec .whereRaw .orderByRaw .havingRaw .joinRaw .literal .any .one .none \
            .oneOrNone .manyOrNone .unsafe .andWhere .where .createQueryBuilder .fromRaw \
            .selectRaw .batch",
    )),
    sent(rule(
        "nosql-injection",
        Classes::NOSQL,
        Shape::Filter,
        &[At(0)],
        ".find .findOne .findOneAndUpdate .findOneAndDelete .findOneAndRemove .updateOne \
            .updateMany .deleteOne .deleteMany .aggregate .countDocuments .count .remove .where \
            .$where .mapReduce .exists",
    )),
    sent(rule(
        "ldap-injection",
        Classes::LDAP,
        Shape::Plain,
        &[At(0), At(1)],
        "client.search ldap.search ldapClient.search createClient().search",
    )),
    sent(rule(
        "xpath-injection",
        Classes::XPATH,
        Shape::Plain,
        &[At(0)],
        "xpath.select xpath.select1 xpath.evaluate document.evaluate xpath.parse \
            xpath.useNamespaces()",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[At(0)],
        "fs.readFile fs.readFileSync fs.writeFile fs.writeFileSync fs.appendFile \
            fs.appendFileSync fs.createReadStream fs.createWriteStream fs.unlink fs.unlinkSync \
            fs.readdir fs.readdirSync fs.rm fs.rmSync fs.rmdir fs.rmdirSync fs.mkdir \
            fs.mkdirSync fs.open fs.openSync fs.stat fs.statSync fs.rename fs.renameSync \
            fs.copyFile fs.access fs.existsSync fs.chmod fs.exists fs.lstat promises.readFile \
            promises.writeFile promises.unlink promises.readdir promises.rm promises.mkdir \
            promises.open promises.stat promises.appendFile promises.access fs-extra.readFile \
            fs-extra.readFileSync fs-extra.remove fs-extra.createReadStream fsp.readFile \
            fsp.writeFile fsp.unlink readFileSync readFile createReadStream writeFileSync \
            .sendFile .sendfile .download Bun.file Deno.readTextFile Deno.readFile \
            fs.copyFileSync h.file reply.file",
    )),
    sent(rule(
        "path-traversal",
        Classes::PATH,
        Shape::Plain,
        &[At(1)],
        "fs.rename fs.renameSync fs.copyFile fs.copyFileSync fs.symlink fs.cp",
    )),
    sent(rule("path-traversal", Classes::PATH, Shape::Plain, &[At(0)], "file.mv .mv")),
    sent(rule(
        "ssrf",
        Classes::ADDRESS,
        Shape::Address,
        &[At(0), Named("url"), Named("uri"), Named("host"), Named("hostname"), Named("baseURL")],
        "fetch node-fetch axios axios.get axios.post axios.put axios.delete axios.request \
            axios.head axios.patch got got.get got.post got.stream request request.get \
            request.post needle needle.get needle.post superagent.get superagent.post http.get \
            http.request https.get https.request undici.request undici.fetch page.goto \
            urllib.request ky ky.get phin bent node-fetch.default axios.default.get \
            request-promise rp net.connect net.createConnection cross-fetch isomorphic-fetch \
            follow-redirects.http.get axios.create axios.create().get axios.create().post \
            axios.create().put axios.create().delete axios.create().request got.extend().get \
            got.extend().post newPage().goto .goto node-fetch.fetch axios.Axios().get \
            undici.stream http2.connect httpService.get httpService.post tls.connect \
            https.request().get playwright.request",
    )),
    sent(rule(
        "open-redirect",
        Classes::REDIRECT,
        Shape::Redirect,
        &[At(0), At(1)],
        ".redirect location.assign location.replace window.open redirect \
            NextResponse.redirect Response.redirect res.location",
    )),
    sent(rule(
        "xxe",
        Classes::ENTITY,
        Shape::Entities,
        &[At(0)],
        "libxmljs.parseXml libxmljs.parseXmlString libxmljs2.parseXml \
            libxmljs2.parseXmlString libxmljs.parseXmlAsync libxml.parseXml \
            libxml.parseXmlString expat.Parser().parse node-expat.Parser().write",
    )),
    sent(rule(
        "xss-reply-html",
        Classes::HTML,
        Shape::Page,
        &[At(0), Any],
        "res.send res.write res.end response.send response.write response.end reply.send \
            document.write document.writeln insertAdjacentHTML .html dangerouslySetInnerHTML $ \
            jQuery bypassSecurityTrustHtml h.response set().send header().send append().send status().send type().send Markup \
            createContextualFragment Handlebars.SafeString SafeString code().send ctx.html \
            c.html setHeader().send status().write status().end",
    )),
    sent(rule(
        "xss-reply-html",
        Classes::HTML,
        Shape::Markup,
        &[Any],
        ".reply .sendMessage .editMessageText .replyWithHTML .replyWithMarkdown .answer \
            .editText .sendPhoto",
    )),
    sent(rule(
        "template-inject",
        Classes::TEMPLATE,
        Shape::Plain,
        &[At(0)],
        "ejs.render ejs.compile pug.render pug.compile jade.render jade.compile \
            Handlebars.compile handlebars.compile nunjucks.renderString nunjucks.compile \
            _.template lodash.template mustache.render Mustache.render doT.template dot.template \
            swig.render swig.compile eta.renderString hogan.compile Hogan.compile twig.twig \
            underscore.template dustjs.renderSource squirrelly.render handlebars.precompile",
    )),
    sent(rule("xss-reply-html", Classes::HTML, Shape::Page, &[At(0)], "Response NextResponse")),
    sent(rule(
        "proto-pollution",
        Classes::KEY,
        Shape::Plain,
        &[At(1)],
        "lodash.set lodash.setWith _.set _.setWith dot-prop.set object-path.set set-value \
            lodash.zipObjectDeep lodash/set",
    )),
    sent(rule(
        "proto-pollution",
        Classes::KEY,
        Shape::Whole,
        &[At(1), At(2)],
        "lodash.merge lodash.mergeWith lodash.defaultsDeep _.merge _.mergeWith _.defaultsDeep \
            deepmerge merge-deep deep-extend deepExtend hoek.merge lodash/merge jQuery.extend \
            lodash.merge.default merge.recursive",
    )),
    sent(rule(
        "mass-assignment",
        Classes::KEY,
        Shape::Whole,
        &[At(0), At(1)],
        ".create .insertOne .insertMany .update .updateOne .findByIdAndUpdate \
            .findOneAndUpdate .findAndModify .upsert .build .bulkCreate .insert .createMany \
            Object.assign .updateAttributes .assign",
    )),
    sent(rule(
        "mass-assignment",
        Classes::KEY,
        Shape::Whole,
        &[At(0)],
        "User Account Member Profile Customer Order Product Post Item Model",
    )),
    sent(rule("redos", Classes::REGEX, Shape::Plain, &[At(0)], "RegExp")),
    sent(rule(
        "header-injection",
        Classes::HEADER,
        Shape::Header,
        &[At(1)],
        "res.setHeader res.set res.header response.setHeader res.append reply.header \
            res.writeHead",
    )),
    Rule {
        labels: Labels(Labels::GUESSABLE.0),
        ..rule(
            "weak-random",
            Classes::CHANCE,
            Shape::Plain,
            &[At(1)],
            "res.cookie cookies.set Cookies.set",
        )
    },
    sent(rule(
        "llm-prompt-concat",
        Classes::PROMPT,
        Shape::Prompt,
        &[Any],
        "completions.create messages.create responses.create generateText streamText",
    )),
    Rule {
        labels: Labels(Labels::SECRET.0),
        ..rule(
            "llm-secret-in-prompt",
            Classes::SECRET,
            Shape::Plain,
            &[Named("messages"), Named("prompt")],
            "completions.create messages.create",
        )
    },
];

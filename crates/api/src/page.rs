//! The status page: plain HTML made on the server, without scripts.

use std::fmt::{self, Write as _};

use wardkit_core::{Event, Health, Severity, Timestamp};

use crate::{OpenIncident, PartStatus, PluginLine, ServiceLine, Status};

mod text;

use text::Span;
pub(crate) use text::{Ago, Escaped};

/// The page's style sheet, served beside it because the content security policy allows no inline style.
pub(crate) const STYLE: &str = include_str!("page/style.css");

/// Returns the status page of a program as it is `now`.
pub(crate) fn render(program: &str, status: &Status, now: Timestamp) -> String {
    let mut page = Page { out: String::with_capacity(8 * 1024), now: whole_seconds(now) };
    // Writing to a String cannot fail.
    let _ = page.write(program, status);
    page.out
}

/// Returns the page of somebody who followed a link that does not lead where it should.
pub(crate) fn problem(text: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Not done</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n\
         <header class=\"degraded\">\n<h1><span class=\"dot\" aria-hidden=\"true\"></span>Not done</h1>\n\
         <p class=\"reason\">{}</p>\n</header>\n</body>\n</html>\n",
        Escaped(text)
    )
}

struct Page {
    out: String,
    now: Timestamp,
}

impl Page {
    fn write(&mut self, program: &str, status: &Status) -> fmt::Result {
        self.head(program, &status.health)?;
        self.headline(program, status)?;
        self.incidents(&status.incidents)?;
        self.facts(status)?;
        self.services(&status.services)?;
        self.plugins(&status.plugins)?;
        self.parts(&status.parts)?;
        self.events(&status.events)?;
        self.foot()
    }

    fn head(&mut self, program: &str, health: &Health) -> fmt::Result {
        write!(
            self.out,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{state} · {program}</title>\n\
             <link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
             viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23{colour}'/%3E%3C/svg%3E\">\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n",
            state = Escaped(health.as_str()),
            program = Escaped(program),
            colour = icon_colour(health),
        )
    }

    fn headline(&mut self, program: &str, status: &Status) -> fmt::Result {
        let health = &status.health;
        write!(
            self.out,
            "<header class=\"{state}\">\n<p class=\"program\">{program} <span>{version}</span></p>\n\
             <h1><span class=\"dot\" aria-hidden=\"true\"></span>{headline}</h1>\n",
            state = health.as_str(),
            program = Escaped(program),
            version = Escaped(&status.version),
            headline = headline(health),
        )?;
        if let Some(reason) = health.reason() {
            writeln!(self.out, "<p class=\"reason\">{}</p>", Escaped(reason))?;
        }
        self.out.write_str("</header>\n<main>\n")
    }

    fn facts(&mut self, status: &Status) -> fmt::Result {
        self.out.write_str("<section aria-label=\"Process\">\n<dl>\n")?;
        self.fact("Running for", Span::seconds(status.uptime_seconds))?;
        self.fact("Started", whole_seconds(status.started_at))?;
        self.fact("Process", status.pid)?;
        match status.listen {
            Some(address) => self.fact("Listens on", address)?,
            None => self.fact("Listens on", "nothing")?,
        }
        self.fact("Configuration", status.config_file.as_deref().unwrap_or("built-in defaults"))?;
        self.fact("Data", &status.data_dir)?;
        if let Some(head) = &status.trail {
            self.fact("Trail", head)?;
        }
        self.out.write_str("</dl>\n</section>\n")
    }

    fn fact(&mut self, name: &str, value: impl fmt::Display) -> fmt::Result {
        writeln!(self.out, "<div><dt>{name}</dt><dd>{}</dd></div>", Escaped(value))
    }

    /// Shows what people are told of; nothing at all while there is nothing.
    fn incidents(&mut self, incidents: &[OpenIncident]) -> fmt::Result {
        if incidents.is_empty() {
            return Ok(());
        }
        self.out.write_str("<section>\n<h2>Incidents</h2>\n<ol class=\"events\">\n")?;
        for incident in incidents {
            let class = if incident.by.is_empty() { "down" } else { "degraded" };
            write!(
                self.out,
                "<li class=\"{class}\">\n<p class=\"what\"><span class=\"badge {class}\">{state}</span> \
                 <code>{id}</code> ",
                state = Escaped(&incident.state),
                id = Escaped(&incident.id),
            )?;
            self.moment(incident.since)?;
            let by =
                if incident.by.is_empty() { String::new() } else { format!(" · {}", incident.by) };
            write!(
                self.out,
                " · alerts: {}{}</p>\n<p class=\"details\">",
                incident.alerts,
                Escaped(by)
            )?;
            for (name, value) in incident.labels.iter() {
                write!(self.out, "<span>{}={}</span> ", Escaped(name), Escaped(value))?;
            }
            self.out.write_str("</p>\n</li>\n")?;
        }
        self.out.write_str("</ol>\n</section>\n")
    }

    /// Shows what the program keeps up; nothing at all where there is nothing.
    fn services(&mut self, services: &[ServiceLine]) -> fmt::Result {
        if services.is_empty() {
            return Ok(());
        }
        self.out.write_str("<section>\n<h2>Services</h2>\n<ol class=\"events\">\n")?;
        for service in services {
            let class = if service.is_amiss { "down" } else { "up" };
            write!(
                self.out,
                "<li class=\"{class}\">\n<p class=\"what\"><span class=\"badge {class}\">{state}</span> \
                 <code>{name}</code> ",
                state = Escaped(&service.state),
                name = Escaped(&service.name),
            )?;
            self.moment(service.since)?;
            if let Some(pid) = service.pid {
                write!(self.out, " · pid {pid}")?;
            }
            writeln!(self.out, " · restarts: {}</p>\n</li>", service.restarts)?;
        }
        self.out.write_str("</ol>\n</section>\n")
    }

    /// Shows the plugins that are run; nothing at all where there are none.
    fn plugins(&mut self, plugins: &[PluginLine]) -> fmt::Result {
        if plugins.is_empty() {
            return Ok(());
        }
        self.out.write_str("<section>\n<h2>Plugins</h2>\n<ol class=\"events\">\n")?;
        for plugin in plugins {
            let class = if plugin.is_amiss { "down" } else { "up" };
            writeln!(
                self.out,
                "<li class=\"{class}\">\n<p class=\"what\"><span class=\"badge {class}\">{}</span> \
                 <code>{}</code> {} · calls: {}, errors: {}</p>\n<p>{}</p>\n</li>",
                Escaped(&plugin.state),
                Escaped(&plugin.id),
                Escaped(&plugin.version),
                plugin.calls,
                plugin.errors,
                Escaped(&plugin.why),
            )?;
        }
        self.out.write_str("</ol>\n</section>\n")
    }

    fn parts(&mut self, parts: &[PartStatus]) -> fmt::Result {
        self.out.write_str("<section>\n<h2>Parts</h2>\n")?;
        if parts.is_empty() {
            return self
                .out
                .write_str("<p class=\"none\">No part is switched on.</p>\n</section>\n");
        }
        self.out.write_str(
            "<table>\n<thead><tr><th scope=\"col\">Part</th><th scope=\"col\">State</th>\
             <th scope=\"col\">Since</th><th scope=\"col\" class=\"number\">Restarts</th></tr></thead>\n<tbody>\n",
        )?;
        for part in parts {
            self.part(part)?;
        }
        self.out.write_str("</tbody>\n</table>\n</section>\n")
    }

    fn part(&mut self, part: &PartStatus) -> fmt::Result {
        let state = part.health.as_str();
        write!(
            self.out,
            "<tr><th scope=\"row\">{name}</th><td><span class=\"badge {state}\">{state}</span>",
            name = Escaped(&part.name),
        )?;
        if let Some(reason) = part.health.reason() {
            write!(self.out, "<span class=\"reason\">{}</span>", Escaped(reason))?;
        }
        self.out.write_str("</td><td>")?;
        self.moment(part.since)?;
        writeln!(self.out, "</td><td class=\"number\">{}</td></tr>", part.restarts)
    }

    fn events(&mut self, events: &[Event]) -> fmt::Result {
        self.out.write_str("<section>\n<h2>Recent events</h2>\n")?;
        if events.is_empty() {
            return self.out.write_str("<p class=\"none\">Nothing happened yet.</p>\n</section>\n");
        }
        self.out.write_str("<ol class=\"events\">\n")?;
        for event in events.iter().take(MOST_EVENTS) {
            self.event(event)?;
        }
        self.out.write_str("</ol>\n</section>\n")
    }

    fn event(&mut self, event: &Event) -> fmt::Result {
        write!(
            self.out,
            "<li class=\"{class}\">\n<p class=\"what\"><span class=\"badge {class}\">{severity}</span> \
             <code>{kind}</code> ",
            class = severity_class(event.severity),
            severity = event.severity,
            kind = Escaped(&event.kind),
        )?;
        self.moment(event.at)?;
        self.out.write_str("</p>\n")?;
        if !event.subject.is_empty() || !event.message.is_empty() {
            self.out.write_str("<p>")?;
            if !event.subject.is_empty() {
                write!(self.out, "<b>{}</b> ", Escaped(&event.subject))?;
            }
            writeln!(self.out, "{}</p>", Escaped(&event.message))?;
        }
        if !event.details.is_empty() || !event.labels.is_empty() {
            self.out.write_str("<p class=\"details\">")?;
            for (name, value) in event.labels.iter() {
                write!(self.out, "<span>{}={}</span> ", Escaped(name), Escaped(value))?;
            }
            for (name, value) in &event.details {
                write!(self.out, "<span>{}={}</span> ", Escaped(name), Escaped(value))?;
            }
            self.out.write_str("</p>\n")?;
        }
        self.out.write_str("</li>\n")
    }

    /// A point in time, relative for people and exact in its tooltip.
    fn moment(&mut self, at: Timestamp) -> fmt::Result {
        write!(self.out, "<time datetime=\"{at}\" title=\"{at}\">{}</time>", Ago(at, self.now))
    }

    fn foot(&mut self) -> fmt::Result {
        write!(
            self.out,
            "</main>\n<footer>\n<p>As of <time datetime=\"{now}\">{now}</time> · <a href=\"/\">Refresh</a></p>\n\
             <p>For machines: <a href=\"/readyz\">readyz</a> <a href=\"/healthz\">healthz</a> \
             <a href=\"/metrics\">metrics</a></p>\n</footer>\n</body>\n</html>\n",
            now = self.now,
        )
    }
}

/// Fractions of a second are noise to a reader.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(at.as_unix_seconds())
}

fn headline(health: &Health) -> &'static str {
    match health {
        Health::Up => "Everything works",
        Health::Degraded { .. } => "Works, with defects",
        Health::Starting => "Starting",
        Health::Down { .. } => "Something does not work",
    }
}

fn icon_colour(health: &Health) -> &'static str {
    match health {
        Health::Up => "1a7f4b",
        Health::Degraded { .. } => "b87503",
        Health::Starting => "4a6fa5",
        Health::Down { .. } => "c4302b",
    }
}

/// Severities share the colours of the states.
fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Notice => "starting",
        Severity::Warning => "degraded",
        // What is still unknown is worse than what is known to be harmless.
        _ => "down",
    }
}

/// Beyond these the page would only grow.
const MOST_EVENTS: usize = 50;

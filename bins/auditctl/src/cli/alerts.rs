//! The command line of `auditctl alerts`.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use wardkit_core::Timestamp;

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    pub command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Lists the alerts that last; ends with 1 when there is one that nobody takes care of
    List {
        /// Which: `severity="critical"`, `host=~"db.*"`; each must match
        matcher: Vec<String>,
    },
    /// Lists incidents: alerts that belong together
    Incidents,
    /// Says that you take care: nothing is repeated, and no escalation goes on
    Ack {
        /// An incident, or an alert: its incidents
        id: String,
        /// For how long; without it, as the configuration says
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        hold: Option<Duration>,
        /// What you say about it
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
        #[command(flatten)]
        by: By,
    },
    /// Takes an acknowledgement back
    Unack {
        /// An incident, or an alert: its incidents
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Tells nobody of an incident for a while
    Snooze {
        /// An incident, or an alert: its incidents
        id: String,
        /// For how long
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        hold: Duration,
        #[command(flatten)]
        by: By,
    },
    /// Says that an incident is over; alerts of it that go on count once they end and begin anew
    Resolve {
        /// An incident, or an alert: its incidents
        id: String,
        #[command(flatten)]
        by: By,
    },
    /// Silences alerts, lists silences, or ends one
    #[command(after_help = SILENCE_HELP)]
    Silence(Silence),
    /// Sends a test to a channel, or to every channel of a receiver; ends with 1 when one does not take it
    Test {
        /// The receiver's name, or the channel's: `team/webhook[0]`
        channel: String,
    },
    /// Says where alerts go and what holds them back, or what became of an incident
    Explain {
        /// Labels such as `{alertname="Down",host="a"}`, an incident, or an alert
        what: String,
    },
    /// Lists messages that no channel took; ends with 1 when there is one
    Dead,
    /// Tries messages again that no channel took
    #[command(group(ArgGroup::new("which").required(true).args(["key", "all"])))]
    Replay {
        /// Which ones, by their keys
        key: Vec<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// Shows what happened, newest first
    History {
        /// Of which incident or alert; without it, of all
        id: Option<String>,
        /// From how long ago on: `6h`, `7d`
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        since: Option<Duration>,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        most: u32,
    },
    /// Shows how alerts were dealt with: times until somebody took care, noise, what fires most, who was called
    #[command(after_help = ANALYTICS_HELP)]
    Analytics(Analytics),
    /// Lists the rules, how they are, and when they were asked last; ends with 1 when one fails
    Rules,
    /// Shows who is on call, and when nobody is
    Schedule {
        #[command(subcommand)]
        command: ScheduleCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Lists the schedules, and who is on call now
    List,
    /// Shows the days of a schedule, hour by hour, and its shifts
    #[command(after_help = SCHEDULE_HELP)]
    Show {
        /// Which one
        name: String,
        /// From when on: `2026-01-31` or `2026-01-31T08:00:00Z`; without it, from now on
        #[arg(long, value_name = "TIME", value_parser = super::trail::time)]
        from: Option<Timestamp>,
        /// Until when; without it, for a week, or for 90 days with --ical
        #[arg(long, value_name = "TIME", value_parser = super::trail::time)]
        to: Option<Timestamp>,
        /// Prints a calendar in the format of RFC 5545 (iCalendar), for programs that show calendars
        #[arg(long)]
        ical: bool,
    },
}

/// Who does something.
#[derive(Debug, Args)]
pub(crate) struct By {
    /// Who you are, for the others; without it, the user who runs the command, before `sudo`
    #[arg(long = "by", value_name = "NAME")]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Analytics {
    /// From when on: `2026-01-31`, `2026-01-31T08:00:00Z`, or `7d` for seven days before `--to`
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = moment)]
    pub from: Moment,
    /// Until when; without it, until now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,
    /// What to print instead, for other programs
    #[arg(long = "as", value_name = "FORM", value_enum)]
    pub form: Option<AnalyticsForm>,
}

/// A time, or how long before another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    At(Timestamp),
    Before(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnalyticsForm {
    /// Comma-separated values: measure, of what, value
    Csv,
    /// Prometheus' text format, for the textfile collector or a push gateway
    Prometheus,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Silence {
    #[command(subcommand)]
    pub command: Option<SilenceCommand>,
    /// What is silenced: `alertname="Backup"`, `host=~"db.*"`; each must match
    #[arg(required = true)]
    pub matcher: Vec<String>,
    /// For how long
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, required_unless_present = "until")]
    pub hold: Option<Duration>,
    /// Until when: `2026-01-31T08:00:00Z`
    #[arg(long, value_name = "TIME", conflicts_with = "hold")]
    pub until: Option<Timestamp>,
    /// Ends it early, once none of the alerts that it silences lasts
    #[arg(long)]
    pub until_resolved: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
    #[command(flatten)]
    pub by: By,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SilenceCommand {
    /// Lists the silences that hold, or will
    List,
    /// Ends a silence
    Expire {
        /// Which one
        id: String,
    },
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    super::metrics::duration(text)
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(before) = duration(text) {
        return Ok(Moment::Before(before));
    }
    super::trail::time(text).map(Moment::At)
}

const SCHEDULE_HELP: &str = "\
Examples:
  auditctl alerts schedule show primary --from 2026-12-21 --to 2027-01-04
  auditctl alerts schedule show primary --ical > primary.ics";

const ANALYTICS_HELP: &str = "\
Without --as it is a text with bars on a terminal, or with --format json a document. The same since agentd was started
is in /metrics: agentd_alerting_incidents_*, agentd_alerting_fired_total, agentd_alerting_delivery_seconds.

Examples:
  auditctl alerts analytics --from 7d
  auditctl alerts analytics --from 2026-01-01 --to 2026-02-01 --as csv > january.csv";

const SILENCE_HELP: &str = "\
Examples:
  auditctl alerts silence 'alertname=\"Backup\"' --for 2h --comment 'moving the disk'
  auditctl alerts silence 'host=~\"db.*\"' --until 2026-01-31T08:00:00Z --comment maintenance
  auditctl alerts silence list
  auditctl alerts silence expire ID";

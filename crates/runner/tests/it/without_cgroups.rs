//! The same tests as on a host that has no cgroups, or none that may be written to.

use crate::scene::without_cgroups;
use crate::{lives, managed, resources, watched};

#[test]
fn what_is_killed_runs_again() {
    without_cgroups(managed::what_is_killed_runs_again);
}

#[test]
fn a_stop_returns_when_the_whole_tree_is_gone() {
    without_cgroups(managed::a_stop_returns_when_the_whole_tree_is_gone);
}

#[test]
fn what_cannot_be_started_is_named_and_the_others_run() {
    without_cgroups(managed::what_cannot_be_started_is_named_and_the_others_run);
}

#[test]
fn everything_stops_in_reverse_order_and_the_guardian_with_it() {
    without_cgroups(managed::everything_stops_in_reverse_order_and_the_guardian_with_it);
}

#[test]
fn a_service_that_ends_well_is_not_started_again_when_that_is_not_wanted() {
    without_cgroups(managed::a_service_that_ends_well_is_not_started_again_when_that_is_not_wanted);
}

#[test]
fn what_was_left_running_is_taken_back() {
    without_cgroups(lives::what_was_left_running_is_taken_back);
}

#[test]
fn what_runs_is_taken_back_although_its_records_are_lost() {
    without_cgroups(lives::what_runs_is_taken_back_although_its_records_are_lost);
}

#[test]
fn a_killed_guardian_is_replaced_and_holds_what_ran() {
    without_cgroups(lives::a_killed_guardian_is_replaced_and_holds_what_ran);
}

#[test]
fn what_is_left_of_a_run_is_killed_before_the_next() {
    without_cgroups(lives::what_is_left_of_a_run_is_killed_before_the_next);
}

#[test]
fn after_a_reboot_what_was_to_run_runs_and_nothing_is_adopted() {
    without_cgroups(lives::after_a_reboot_what_was_to_run_runs_and_nothing_is_adopted);
}

#[test]
fn nothing_is_started_that_could_not_be_recorded() {
    without_cgroups(lives::nothing_is_started_that_could_not_be_recorded);
}

#[test]
fn a_stop_command_is_asked_and_its_own_slowness_costs_nobody() {
    without_cgroups(lives::a_stop_command_is_asked_and_its_own_slowness_costs_nobody);
}

#[test]
fn a_program_that_is_replaced_is_tried_again() {
    without_cgroups(lives::a_program_that_is_replaced_is_tried_again);
}

#[test]
fn a_service_that_takes_too_much_memory_is_told_from_one_that_was_killed() {
    without_cgroups(
        resources::a_service_that_takes_too_much_memory_is_told_from_one_that_was_killed,
    );
}

#[test]
fn a_service_starts_no_more_processes_than_it_may() {
    without_cgroups(resources::a_service_starts_no_more_processes_than_it_may);
}

#[test]
fn services_are_killed_for_memory_before_those_who_look_after_them() {
    without_cgroups(resources::services_are_killed_for_memory_before_those_who_look_after_them);
}

#[test]
fn a_service_that_uses_too_much_for_too_long_is_told_and_started_again() {
    without_cgroups(resources::a_service_that_uses_too_much_for_too_long_is_told_and_started_again);
}

#[test]
fn daemon_is_started_by_its_command_watched_by_its_pid_file_and_stopped_whole() {
    without_cgroups(
        watched::daemon_is_started_by_its_command_watched_by_its_pid_file_and_stopped_whole,
    );
}

#[test]
fn daemon_that_runs_already_is_looked_after_and_not_started_again() {
    without_cgroups(watched::daemon_that_runs_already_is_looked_after_and_not_started_again);
}

#[test]
fn pid_file_that_names_a_living_stranger_is_stale_and_the_stranger_is_left_alone() {
    without_cgroups(
        watched::pid_file_that_names_a_living_stranger_is_stale_and_the_stranger_is_left_alone,
    );
}

#[test]
fn daemon_that_is_restarted_behind_our_back_is_looked_after_again() {
    without_cgroups(watched::daemon_that_is_restarted_behind_our_back_is_looked_after_again);
}

#[test]
fn service_is_found_by_its_command_line() {
    without_cgroups(watched::service_is_found_by_its_command_line);
}

#[test]
fn what_is_left_of_a_daemons_session_is_killed_before_the_next_start() {
    without_cgroups(watched::what_is_left_of_a_daemons_session_is_killed_before_the_next_start);
}

#[test]
fn watched_service_lives_on_when_we_go_and_is_found_when_we_come_back() {
    without_cgroups(watched::watched_service_lives_on_when_we_go_and_is_found_when_we_come_back);
}

#[test]
fn command_that_fails_or_starts_nothing_is_why_the_service_does_not_run() {
    without_cgroups(watched::command_that_fails_or_starts_nothing_is_why_the_service_does_not_run);
}

#[test]
fn program_that_stays_where_it_was_started_tells_how_it_ended() {
    without_cgroups(watched::program_that_stays_where_it_was_started_tells_how_it_ended);
}

#[test]
fn service_is_found_by_its_cgroup_where_there_are_any() {
    without_cgroups(watched::service_is_found_by_its_cgroup_where_there_are_any);
}

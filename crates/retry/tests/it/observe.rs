use std::sync::Arc;

use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, Counters, PrometheusText, TestClock,
};

use crate::support::{Script, TRANSIENT, retry};

#[test]
fn counters_print_as_prometheus_text() {
    let clock = TestClock::new(1);
    let counters = Arc::new(Counters::new());
    let budget = Arc::new(Budget::new(BudgetConfig::default()).unwrap());
    let breaker = Arc::new(Breaker::new("search", BreakerConfig::default()).unwrap());
    let retry = retry(&clock, |_| ())
        .with_observer(Arc::clone(&counters))
        .with_budget(Arc::clone(&budget))
        .with_breaker(Arc::clone(&breaker));
    let script = Script::new([Err(TRANSIENT), Err(TRANSIENT), Ok(())]);
    retry.run_blocking(|| script.next()).unwrap();
    breaker.force_open();
    let text = PrometheusText::new("bot_")
        .counters("say \"hi\"\n", &counters)
        .breaker(&breaker)
        .budget("search", &budget)
        .to_string();
    let expected = r#"# HELP bot_retry_attempts_total Attempts by the class of their result.
# TYPE bot_retry_attempts_total counter
bot_retry_attempts_total{policy="say \"hi\"\n",class="success"} 1
bot_retry_attempts_total{policy="say \"hi\"\n",class="transient"} 2
bot_retry_attempts_total{policy="say \"hi\"\n",class="throttled"} 0
bot_retry_attempts_total{policy="say \"hi\"\n",class="overloaded"} 0
bot_retry_attempts_total{policy="say \"hi\"\n",class="timeout"} 0
bot_retry_attempts_total{policy="say \"hi\"\n",class="permanent"} 0
bot_retry_attempts_total{policy="say \"hi\"\n",class="quota-exhausted"} 0
# HELP bot_retry_wait_seconds Waits between attempts.
# TYPE bot_retry_wait_seconds summary
bot_retry_wait_seconds_sum{policy="say \"hi\"\n"} 3
bot_retry_wait_seconds_count{policy="say \"hi\"\n"} 2
# HELP bot_breaker_state State: 0 closed, 1 open, 2 half-open, 3 paused, 4 forced open.
# TYPE bot_breaker_state gauge
bot_breaker_state{breaker="search"} 4
# HELP bot_budget_tokens Retries that the budget has left.
# TYPE bot_budget_tokens gauge
bot_budget_tokens{budget="search"} 8
"#;
    assert_eq!(text, expected);
    assert_eq!(PrometheusText::new("").to_string(), "");
}

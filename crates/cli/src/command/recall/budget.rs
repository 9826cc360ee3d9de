//! The budget of the suite: twice what `antiphon plan` reckons.

use std::collections::HashSet;

use antiphon_coordinator::{Loaded, Wanted, forecast, open_run};
use antiphon_core::TargetId;
use antiphon_core::plan::Plan;
use antiphon_store::Store;

use crate::config::Config;
use crate::money::dollars;

/// A forecast is right within a third, and answers may be twice as long as it takes them to be.
const TIMES: f64 = 2.0;

/// The lines of the suite that say what it may cost, with a comment that says where the figure comes from.
pub(super) async fn of(loaded: &Loaded, config: &Config) -> anyhow::Result<String> {
    // Nothing is stored yet, so it is opened where nothing stays.
    let opened =
        open_run(&Store::memory(), &loaded.text, loaded.manifest.clone(), &Wanted::default()).await?;
    let plan = Plan::new(&opened.manifest, &opened.rounds);
    let limits = |pool: &_| config.limits(pool).lowered_by(&opened.manifest.limits);
    let forecast = forecast(&plan, &opened.rounds, &HashSet::new(), &limits);
    Ok(match forecast.dollars {
        Some(expected) if expected > 0.0 => {
            let budget = (TIMES * expected * 100.0).ceil() / 100.0;
            format!(
                "# Twice what `antiphon plan` expected when this was written ({}). The run stops before it spends more.\nbudget: {{dollars: \
                 {budget:.2}}}",
                dollars(expected)
            )
        }
        Some(_) => "# All prices are 0 in the configuration, so nothing is limited by a budget.".to_owned(),
        None => {
            let unpriced: Vec<&str> = forecast.unpriced.iter().map(TargetId::as_str).collect();
            format!(
                "# No budget could be reckoned: the configuration has no price for {}. Take twice what `antiphon plan` says when it has.\n\
                 # budget: {{dollars: 5.00}}",
                unpriced.join(", ")
            )
        }
    })
}

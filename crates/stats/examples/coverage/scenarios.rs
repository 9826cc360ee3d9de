//! All scenarios, a file a family. A new one: a file with `scenarios()`, and a line here.

mod acceptance;
mod alarms;
mod between;
mod controls;
mod counts;
mod fixed;
mod graded;
mod grids;
mod groups;
mod labels;
mod nights;

use crate::scenario::Scenario;

pub(crate) fn all() -> Vec<Scenario> {
    let families = [
        labels::scenarios(),
        fixed::scenarios(),
        graded::scenarios(),
        grids::scenarios(),
        groups::scenarios(),
        counts::scenarios(),
        controls::scenarios(),
        alarms::scenarios(),
        between::scenarios(),
        nights::scenarios(),
        acceptance::scenarios(),
    ];
    families.into_iter().flatten().collect()
}

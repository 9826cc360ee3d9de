//! `antiphon power`: what change between two nights a suite could find, and what finding half of it would cost.

use antiphon_coordinator::{Assumptions, Power, PowerRow, Wanted, load_suite, power};
use antiphon_core::keys;
use antiphon_core::summary::Summary;

use super::foresee::{Foreseen, foresee};
use super::open_store;
use crate::args::{Arguments, PowerArguments};
use crate::config;
use crate::exit::Exit;
use crate::money::{counted, dollars};
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    wanted: &PowerArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let assumptions = assumptions(wanted)?;
    let config = config::find(arguments.config.as_deref(), Some(&wanted.suite))?;
    let loaded = load_suite(&wanted.suite, &config.catalogue, None)?;
    loaded.warnings.iter().for_each(|warning| output.warning(warning));
    let from: Option<Summary> = match &wanted.from {
        None => None,
        Some(run) => {
            let (store, _) = open_store::holding(arguments, run).await?;
            let summary = store.get_json(&keys::summary(run, "summary.json")).await?;
            let missing =
                || Usage(format!("run {run} has not been summed up; `antiphon report {run}` does that"));
            Some(summary.ok_or_else(missing)?)
        }
    };
    // A night asks the whole suite anew, whatever is stored of others.
    let Foreseen { opened, forecast, .. } = foresee("memory:", &config, &loaded, &Wanted::default()).await?;
    let found = power(&opened.manifest, &forecast, assumptions, from.as_ref()).ok_or_else(|| {
        Usage("one user cannot be compared night by night; give `users: {draw: 20, …}` with pools".to_owned())
    })?;
    if output.json {
        output.value(&found);
    } else {
        tell(&found, wanted, *output);
    }
    Ok(Exit::Complete)
}

fn assumptions(wanted: &PowerArguments) -> anyhow::Result<Assumptions> {
    let PowerArguments { share, agreement, user_part, session_part, drift, session_cost, .. } = *wanted;
    let refuse = |what: &str| Err(Usage(what.to_owned()).into());
    if !(share > 0.0 && share < 1.0) {
        return refuse("--share lies between 0 and 1");
    }
    if !(agreement > 0.5 && agreement < 1.0) {
        return refuse("--agreement lies between 0.5 and 1: it is taken that there are two answers");
    }
    let is_part = |part: f64| (0.0..=1.0).contains(&part);
    if !(is_part(user_part) && is_part(session_part) && is_part(user_part + session_part)) {
        return refuse("--user-part and --session-part are parts of 1, also together");
    }
    if !(is_part(drift) && session_cost >= 0.0 && session_cost.is_finite()) {
        return refuse("--drift is a part of 1, and --session-cost a number of samples");
    }
    Ok(Assumptions { share, agreement, user_part, session_part, drift, session_cost })
}

fn tell(power: &Power, wanted: &PowerArguments, output: Output) {
    let Power { users, sessions, repeats, calls, .. } = power;
    let cost = power.dollars.map_or(String::new(), |cost| format!(", about {}", dollars(cost)));
    output.line(format!(
        "{} × {} × {}, {} a night{cost}",
        counted((*users).into(), "user", "users"),
        counted((*sessions).into(), "session", "sessions"),
        counted((*repeats).into(), "repeat", "repeats"),
        counted(*calls, "call", "calls")
    ));
    output.line(
        "change between two nights that is found with power 80 % (two-sided 5 %, the same users, one probe):",
    );
    for row in &power.rows {
        output.line(line(row));
    }
    let Assumptions { share, agreement, user_part, session_part, drift, .. } = power.assumptions;
    output.line(match &wanted.from {
        None => format!(
            "assumed, not measured: a share of {share}, agreement of {agreement} between two answers, {user_part} of the variance by \
             users, {session_part} by sessions, and {drift} of that by users changing overnight; `--from RUN` measures agreement"
        ),
        Some(run) => format!(
            "agreement by run {run}; assumed: a share of {share} with {user_part} of its variance by users and {session_part} by \
             sessions, and {drift} of the variance by users changing overnight"
        ),
    });
    if let Some(best) = power.best_repeats {
        output.line(format!("the most for the money: {best} in a session; users first, then sessions"));
    }
    if let [Some(least), Some(more)] = power.unanimous_users {
        output.line(format!(
            "agreement of 0.95 or more can be stated from {least} users who all agree, of 0.99 from {more}"
        ));
    }
}

/// A whole number that is positive, with its noun.
fn some(number: f64, one: &str, many: &str) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "nobody asks more than 2^64 times"
    )]
    let number = number as u64;
    counted(number, one, many)
}

fn line(row: &PowerRow) -> String {
    let of = match (&row.target, &row.kind) {
        (Some(target), Some(kind)) => format!("{} of {kind}, {target}", row.what),
        _ => format!("{} (assumed)", row.what),
    };
    let half = match row.half {
        Some(half) => {
            let cost = half.dollars.map_or(String::new(), |cost| format!(", about {}", dollars(cost)));
            format!(
                "half of it: {} × {}, {}{cost}",
                some(half.users, "user", "users"),
                some(half.sessions, "session", "sessions"),
                some(half.calls, "call", "calls")
            )
        }
        None => "half of it: no number of sessions of these users".to_owned(),
    };
    format!("  {of:<34} {:>6.3}   {half}", row.detectable)
}

//! `sampling.until`: whether the rule can be kept, and which looks it comes to.

use super::{Problem, hash_of};
use crate::suite::{Suite, SuiteUntil};
use crate::{Manifest, Reach, Until, UserDesign, UserMode};

/// The rule, if the suite has one.
pub(super) fn rule(suite: &Suite, users: &UserDesign) -> Result<Option<Until>, Problem> {
    let Some(SuiteUntil { half_width, max_users, max_sessions }) = suite.sampling.until else {
        return Ok(None);
    };
    let refuse = |field: &str, text: String| Err(Problem::at(format!("sampling.until{field}"), text));
    if !(half_width > 0.0 && half_width < 0.5) {
        return refuse(
            ".half_width",
            format!("{half_width} is not between 0 and 0.5; an agreement lies in 0 to 1"),
        );
    }
    let sessions = suite.sampling.sessions;
    let all = u32::try_from(users.users.len()).expect("at most a million users");
    let first = match (users.mode, max_users) {
        (UserMode::Drawn, _) => suite.users.draw.unwrap_or(all),
        (_, None) => all,
        (_, Some(_)) => {
            return refuse(
                ".max_users",
                "only users that are drawn can become more; use `users.draw`, or `max_sessions` instead"
                    .to_owned(),
            );
        }
    };
    if let Some(most) = max_users.filter(|most| *most < first) {
        return refuse(".max_users", format!("{most} is less than the {first} users of `draw`"));
    }
    if let Some(most) = max_sessions.filter(|most| *most < sessions) {
        return refuse(".max_sessions", format!("{most} is less than the {sessions} of `sampling.sessions`"));
    }
    let most = Reach { users: max_users.unwrap_or(first), sessions: max_sessions.unwrap_or(sessions) };
    let until = Until::new(half_width, Reach { users: first, sessions }, most);
    if until.looks.len() < 2 {
        let what =
            "nothing could be asked on; give `max_users` above `draw`, or `max_sessions` above `sessions`";
        return refuse("", what.to_owned());
    }
    Ok(Some(until))
}

/// The hash of what is asked. A rule for stopping is only one if it stands before the first look, so it is part of that.
pub(super) fn identity(asked: &impl serde::Serialize, until: Option<&Until>) -> String {
    match until {
        None => hash_of(asked),
        Some(until) => hash_of(&(asked, until)),
    }
}

/// What is odd about a rule.
pub(super) fn warning(manifest: &Manifest) -> Option<String> {
    let until = manifest.until.as_ref()?;
    let (first, last) = (until.first(), until.last());
    if manifest.users.mode == UserMode::Drawn && first.users == last.users {
        return Some(format!(
            "`sampling.until` adds sessions only, and intervals speak of all users that could be drawn: no number of sessions makes \
             them narrower than {} users allow; give `max_users`",
            first.users
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::suite::Suite;
    use crate::{Assets, Card, CatalogueTarget, Manifest, Provider, Reach, TargetCatalogue, resolve};

    fn resolved(users: &str, sampling: &str) -> Result<(Manifest, Vec<String>), String> {
        let yaml = format!(
            "version: 1\nname: t\nusers: {users}\nsampling: {sampling}\ntargets: [{{alias: a}}]\nprobes: [{{id: p, prompt: hi}}]\n"
        );
        let target = CatalogueTarget {
            provider: Provider::Openai,
            provider_name: "house".into(),
            dialect: None,
            model: "m".into(),
            card: Card::default(),
            price: None,
            pool: "p".parse().unwrap(),
        };
        let catalogue =
            TargetCatalogue { targets: [("a".to_owned(), target)].into(), ..TargetCatalogue::default() };
        let suite = Suite::parse(&yaml).map_err(|error| error.to_string())?;
        match resolve(&yaml, &suite, &catalogue, &Assets::default(), None) {
            Ok(resolved) => Ok((resolved.manifest, resolved.warnings)),
            Err(problems) => Err(problems[0].to_string()),
        }
    }

    const POOLS: &str = "personas: {a: A, b: B}";

    #[test]
    fn a_rule_comes_to_looks_and_draws_users_for_all_of_them() {
        let draw = format!("{{draw: 4, {POOLS}}}");
        let (with, _) =
            resolved(&draw, "{sessions: 2, until: {half_width: 0.05, max_users: 9, max_sessions: 3}}")
                .unwrap();
        let until = with.until.clone().unwrap();
        let looks: Vec<_> = until.looks.iter().map(|look| (look.users, look.sessions)).collect();
        assert_eq!(looks, [(4, 2), (6, 2), (9, 2), (9, 3)]);
        assert_eq!((with.base(), with.users.users.len()), (Reach { users: 4, sessions: 2 }, 9));
        let (without, _) = resolved(&draw, "{sessions: 2}").unwrap();
        assert_eq!(without.users.users, with.users.users[..4]);
        assert_ne!(without.identity, with.identity);
        let json = serde_json::to_string(&without).unwrap();
        assert!(!json.contains("until"), "a suite without a rule is what it was: {json}");
        let (wider, _) =
            resolved(&draw, "{sessions: 2, until: {half_width: 0.1, max_users: 9, max_sessions: 3}}")
                .unwrap();
        assert_ne!(wider.identity, with.identity, "a rule that was changed is another one");
    }

    #[test]
    fn rules_that_cannot_be_kept_are_refused() {
        let check = |users: &str, until: &str, expected: &str| {
            let error = resolved(users, &format!("{{sessions: 3, until: {until}}}")).unwrap_err();
            assert!(error.contains(expected), "{until}: {error}");
        };
        let (draw, grid) = (format!("{{draw: 5, {POOLS}}}"), format!("{{grid: true, {POOLS}}}"));
        check(&draw, "{half_width: 0.5, max_users: 9}", "sampling.until.half_width: 0.5 is not between");
        check(&draw, "{half_width: .nan, max_users: 9}", "half_width");
        check(&draw, "{half_width: 0.05}", "nothing could be asked on");
        check(&draw, "{half_width: 0.05, max_users: 5, max_sessions: 3}", "nothing could be asked on");
        check(&draw, "{half_width: 0.05, max_users: 4}", "less than the 5 users of `draw`");
        check(&draw, "{half_width: 0.05, max_sessions: 2}", "less than the 3 of `sampling.sessions`");
        check(&grid, "{half_width: 0.05, max_users: 9}", "only users that are drawn can become more");
        check(
            &draw,
            "{half_width: 0.05, max_user: 9}",
            "unknown field `max_user`, did you mean `max_users`?",
        );
        let (_, warnings) =
            resolved(&draw, "{sessions: 3, until: {half_width: 0.05, max_sessions: 9}}").unwrap();
        assert!(warnings.iter().any(|warning| warning.contains("adds sessions only")), "{warnings:?}");
    }
}

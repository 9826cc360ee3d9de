//! Egress: which providers may see what a suite asks. Sending an unreleased text to somebody else's model is a leak, so a target
//! elsewhere is refused before anything is sent.

use super::{CatalogueTarget, Problem};
use crate::manifest::Egress;
use crate::nearest;
use crate::suite::Suite;

/// The rules of a suite, in the order in which they stand.
pub(super) fn rules(suite: &Suite) -> Vec<Egress> {
    let whole = suite.egress.iter().map(|providers| ("egress".to_owned(), providers));
    let probes = suite.probes.iter().enumerate().filter_map(|(index, probe)| {
        let id = probe.id.as_ref().map_or(String::new(), |id| format!(" ({id})"));
        Some((format!("probes[{index}].egress{id}"), probe.egress.as_ref()?))
    });
    whole.chain(probes).map(|(rule, providers)| Egress { rule, providers: providers.clone() }).collect()
}

/// Refuses a target whose provider a rule leaves out. Every probe is asked of every target, so a rule of one probe binds all.
pub(super) fn check(
    field: &str,
    alias: &str,
    known: &CatalogueTarget,
    rules: &[Egress],
) -> Result<(), Problem> {
    let provider = known.provider_name.as_str();
    let Some(rule) = rules.iter().find(|rule| !rule.allows(provider)) else { return Ok(()) };
    let allowed = match rule.providers.as_slice() {
        [] => "nobody".to_owned(),
        names => format!("only {}", names.join(", ")),
    };
    let meant = match nearest(provider, rule.providers.iter().map(String::as_str)) {
        Some(near) => format!("; is `{near}` misspelt?"),
        None => String::new(),
    };
    Err(Problem::at(
        field,
        format!(
            "target `{alias}` is reached through provider `{provider}`, but `{}` lets {allowed} see what is asked; take the target out, or \
             add `{provider}` there if it may see that{meant}",
            rule.rule
        ),
    ))
}

#[cfg(test)]
mod tests {
    use crate::suite::Suite;
    use crate::{Assets, Card, CatalogueTarget, Provider, Resolved, TargetCatalogue, resolve};

    fn resolved(text: &str) -> Result<Resolved, Vec<String>> {
        let target = |provider: &str| CatalogueTarget {
            provider: Provider::Openai,
            provider_name: provider.to_owned(),
            dialect: None,
            model: "m".into(),
            card: Card::default(),
            price: None,
            pool: "p".parse().unwrap(),
        };
        let catalogue = TargetCatalogue {
            targets: [("own".into(), target("house")), ("rival".into(), target("elsewhere"))].into(),
            ..TargetCatalogue::default()
        };
        resolve(text, &Suite::parse(text).unwrap(), &catalogue, &Assets::default(), None)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn suite(targets: &str, whole: &str, probe: &str) -> String {
        format!(
            "version: 1\nname: t\n{whole}targets:\n{targets}probes:\n  - id: a\n    prompt: hi\n  - id: draft\n    prompt: hi\n{probe}"
        )
    }

    #[test]
    fn a_target_elsewhere_is_refused_where_it_stands() {
        let both = "  - alias: own\n  - alias: rival\n";
        assert!(resolved(&suite(both, "", "")).unwrap().manifest.egress.is_empty());
        assert_eq!(
            resolved(&suite(both, "egress: [house]\n", "")).unwrap_err(),
            [
                "line 6: targets[1]: target `rival` is reached through provider `elsewhere`, but `egress` lets only house see what is asked; \
              take the target out, or add `elsewhere` there if it may see that"
            ]
        );
        let errors = resolved(&suite(both, "", "    egress: [hause, elsewhere]\n")).unwrap_err();
        assert_eq!(
            errors,
            [
                "line 4: targets[0]: target `own` is reached through provider `house`, but `probes[1].egress (draft)` lets only hause, elsewhere \
              see what is asked; take the target out, or add `house` there if it may see that; is `hause` misspelt?"
            ]
        );
        let nobody = resolved(&suite(both, "egress: []\n", "")).unwrap_err();
        assert_eq!(nobody.len(), 2, "an empty list lets nobody see anything: {nobody:?}");
    }

    #[test]
    fn rules_are_recorded_and_ask_nothing_else() {
        let own = "  - alias: own\n";
        let bound =
            resolved(&suite(own, "egress: [house]\n", "    egress: [house, lab]\n")).unwrap().manifest;
        let rules: Vec<_> = bound.egress.iter().map(|rule| rule.rule.as_str()).collect();
        assert_eq!(rules, ["egress", "probes[1].egress (draft)"]);
        assert!(bound.may_see("house") && !bound.may_see("lab"), "every rule binds");
        assert_eq!(bound.identity, resolved(&suite(own, "", "")).unwrap().manifest.identity);
    }
}

//! What is odd about a suite but no error.

use std::collections::BTreeSet;

use super::{TargetCatalogue, until};
use crate::{Limits, Manifest, Provider};

/// What is odd, in words.
pub(super) fn of(manifest: &Manifest, catalogue: &TargetCatalogue) -> Vec<String> {
    let mut warnings = Vec::new();
    let distinct: BTreeSet<_> = manifest.users.users.iter().map(crate::User::levels).collect();
    if manifest.users.users.len() == 1 {
        warnings.push(
            "only one user asks, so nothing can be said about agreement across users; give `users: {draw: 20, …}` with pools \
             of personas, system prompts, wordings or languages"
                .to_owned(),
        );
    } else if distinct.len() == 1 {
        warnings.push(
            "the users differ in nothing but their number, so agreement between users is agreement between sessions; \
             give `users` pools of personas, system prompts, wordings or languages"
                .to_owned(),
        );
    }
    if manifest.budget_dollars.is_some() {
        for target in manifest.targets.iter().filter(|target| target.price.is_none()) {
            warnings.push(format!(
                "target {} has no price in the configuration, so its calls do not count against the budget",
                target.id
            ));
        }
    }
    let prefills = manifest.probes.iter().any(|probe| match &probe.kind {
        crate::ProbeKind::Recall(cut) => cut.prefill,
        crate::ProbeKind::Extract(chain) => chain.prefill,
        _ => false,
    });
    for target in
        manifest.targets.iter().filter(|target| target.provider == Provider::OpenaiCompatible && prefills)
    {
        warnings.push(format!(
            "target {}: servers that are compatible with OpenAI's API differ in whether they continue a beginning of their own answer, \
             and some do not say so; look at an answer before you trust recall by prefill, or use `form: user`",
            target.id
        ));
    }
    for pool in manifest.pools() {
        if catalogue.pools.get(&pool).is_none_or(|limits| *limits == Limits::default()) {
            warnings
                .push(format!("pool {pool} has no limits in the configuration; only concurrency is bounded"));
        }
    }
    warnings.extend(until::warning(manifest));
    warnings
}

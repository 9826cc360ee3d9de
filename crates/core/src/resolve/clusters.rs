//! Which answers mean the same: what the suite says, checked.

use super::{Assets, Problem, TargetCatalogue, egress};
use crate::manifest::{Clustering, Egress, Vectors};
use crate::nearest;
use crate::suite::{Suite, SuiteClusters, SuiteEquivalence};
use crate::target::Provider;

/// The likeness from which on two answers mean the same, where the suite does not say.
const LEXICAL: f64 = 0.7;
const EMBEDDING: f64 = 0.85;

const FIELD: &str = "scoring.clusters";

/// The rule of a suite; `None` where it has none, and each kind of probe has its own.
pub(super) fn rule(
    suite: &Suite,
    catalogue: &TargetCatalogue,
    assets: &Assets,
    rules: &[Egress],
) -> Result<Option<Clustering>, Problem> {
    let Some(written) = &suite.scoring.clusters else { return Ok(None) };
    let embeds = written.by == SuiteEquivalence::Embedding;
    if !embeds && (written.target.is_some() || written.file.is_some()) {
        return Err(Problem::at(
            FIELD,
            "`target` and `file` are for `by: embedding`; take them out, or say so",
        ));
    }
    let rule = match written.by {
        SuiteEquivalence::Exact | SuiteEquivalence::Normalised if written.threshold.is_some() => {
            return Err(Problem::at(
                format!("{FIELD}.threshold"),
                "texts are the same or they are not; a threshold is for `lexical` and `embedding`",
            ));
        }
        SuiteEquivalence::Exact => Clustering::Exact,
        SuiteEquivalence::Normalised => Clustering::Normalised,
        SuiteEquivalence::Lexical => Clustering::Lexical(threshold(written, LEXICAL)?),
        SuiteEquivalence::Embedding => Clustering::Embedding {
            threshold: threshold(written, EMBEDDING)?,
            vectors: vectors(written, catalogue, assets, rules)?,
        },
    };
    Ok(Some(rule))
}

fn threshold(written: &SuiteClusters, default: f64) -> Result<f64, Problem> {
    let threshold = written.threshold.unwrap_or(default);
    if threshold > 0.0 && threshold <= 1.0 {
        return Ok(threshold);
    }
    Err(Problem::at(
        format!("{FIELD}.threshold"),
        format!("{threshold} is no likeness; use a number above 0 and at most 1"),
    ))
}

fn vectors(
    written: &SuiteClusters,
    catalogue: &TargetCatalogue,
    assets: &Assets,
    rules: &[Egress],
) -> Result<Vectors, Problem> {
    match (&written.target, &written.file) {
        (Some(alias), None) => {
            let field = format!("{FIELD}.target");
            let Some(known) = catalogue.targets.get(alias) else {
                let names = catalogue.targets.keys().map(String::as_str);
                let meant =
                    nearest(alias, names).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                return Err(Problem::at(
                    field,
                    format!("the configuration has no target `{alias}`; add [targets.{alias}]{meant}"),
                ));
            };
            if known.provider == Provider::Anthropic {
                return Err(Problem::at(
                    field,
                    "this provider has no embeddings; name an OpenAI-compatible target",
                ));
            }
            // Answers are sent there, and they may quote what was asked.
            egress::check(&field, alias, known, rules)?;
            Ok(Vectors::Model { alias: alias.clone(), model: known.model.clone(), pool: known.pool.clone() })
        }
        (None, Some(path)) => match assets.vectors.get(path) {
            Some(hash) => Ok(Vectors::File { path: path.clone(), hash: hash.clone() }),
            None => Err(Problem::at(format!("{FIELD}.file"), format!("{path} was not read"))),
        },
        _ => Err(Problem::at(
            FIELD,
            "embeddings come from one place: name a `target` of the configuration, or a `file` of word vectors",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::CatalogueTarget;
    use crate::target::Card;
    use crate::{Limits, PoolId};

    fn known(provider: Provider) -> CatalogueTarget {
        CatalogueTarget {
            provider,
            provider_name: "here".into(),
            dialect: None,
            model: "m".into(),
            card: Card::default(),
            price: None,
            pool: PoolId::new("pool").unwrap(),
        }
    }

    fn found(clusters: &str, egress: &str) -> Result<Option<Clustering>, String> {
        let text = format!(
            "version: 1\nname: t\ntargets: [{{alias: a}}]\nprobes: [{{id: p, prompt: hi}}]\n{egress}{clusters}\n"
        );
        let suite = Suite::parse(&text).unwrap();
        let catalogue = TargetCatalogue {
            targets: [
                ("embedder".to_owned(), known(Provider::OpenaiCompatible)),
                ("claude".to_owned(), known(Provider::Anthropic)),
            ]
            .into(),
            pools: [(PoolId::new("pool").unwrap(), Limits::default())].into(),
        };
        let assets =
            Assets { vectors: [("words.vec".to_owned(), "abc".to_owned())].into(), ..Assets::default() };
        rule(&suite, &catalogue, &assets, &super::egress::rules(&suite))
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn rules_and_their_defaults() {
        assert_eq!(found("", ""), Ok(None));
        let of = |text: &str| found(&format!("scoring: {{clusters: {text}}}"), "").unwrap().unwrap();
        assert_eq!(of("{by: exact}"), Clustering::Exact);
        assert_eq!(of("{by: normalised}"), Clustering::Normalised);
        assert_eq!(of("{by: lexical}"), Clustering::Lexical(0.7));
        assert_eq!(of("{by: lexical, threshold: 1}"), Clustering::Lexical(1.0));
        let file = Vectors::File { path: "words.vec".into(), hash: "abc".into() };
        assert_eq!(
            of("{by: embedding, file: words.vec}"),
            Clustering::Embedding { threshold: 0.85, vectors: file }
        );
        let model = Vectors::Model {
            alias: "embedder".into(),
            model: "m".into(),
            pool: PoolId::new("pool").unwrap(),
        };
        assert_eq!(
            of("{by: embedding, target: embedder, threshold: 0.9}"),
            Clustering::Embedding { threshold: 0.9, vectors: model }
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_way_out() {
        for (clusters, message) in [
            ("{by: lexical, threshold: 0}", "scoring.clusters.threshold: 0 is no likeness"),
            ("{by: lexical, threshold: 1.5}", "1.5 is no likeness"),
            ("{by: exact, threshold: 0.5}", "a threshold is for `lexical` and `embedding`"),
            ("{by: lexical, file: words.vec}", "are for `by: embedding`"),
            ("{by: embedding}", "come from one place"),
            ("{by: embedding, target: embedder, file: words.vec}", "come from one place"),
            ("{by: embedding, target: embeder}", "did you mean `embedder`?"),
            ("{by: embedding, target: claude}", "this provider has no embeddings"),
        ] {
            let problem = found(&format!("scoring: {{clusters: {clusters}}}"), "").unwrap_err();
            assert!(problem.contains(message), "{clusters}: {problem}");
        }
        let kept_in = "scoring: {clusters: {by: embedding, target: embedder}}";
        let problem = found(kept_in, "egress: [elsewhere]\n").unwrap_err();
        assert!(problem.contains("lets only elsewhere see what is asked"), "{problem}");
    }
}

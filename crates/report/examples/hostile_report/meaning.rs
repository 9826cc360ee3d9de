//! Clusters, users apart and quotations of the hostile run.

use std::collections::BTreeMap;

use antiphon_core::summary::{
    BorneOut, Cluster, Clusters, ClustersFound, Exemplar, LabelShare, Quotations, UserApart,
};

use super::cells::{agreement_of, estimate, exemplar};
use super::{hostile_texts, user};

/// Sentences of five characters, each borne out less than the one before.
pub(crate) fn borne_out(exemplar: Exemplar) -> Exemplar {
    let of = |at: u32| BorneOut {
        characters: 5,
        mean: Some(3.0),
        most: Some(f64::from(at)),
        rarest_per_answer: (at < 6).then(|| 1.0 - 0.2 * f64::from(at)),
    };
    Exemplar { sentences: (0..7).map(of).collect(), ..exemplar }
}

pub(crate) fn clusters(language: &str) -> Clusters {
    let cluster = |text: &String| Cluster {
        answers: 31,
        users: 12,
        share: estimate(0.31, 0.1),
        typical: exemplar(text, language),
    };
    Clusters {
        language: language.to_owned(),
        same: "embeddings by <script>alert('model')</script>".to_owned(),
        found: Some(ClustersFound {
            answers: 900,
            drawn_from: Some(9_000),
            count: 31,
            fewest: 12,
            most: 33,
            conflicts: 7,
            agreement: agreement_of(0.3),
            agreement_low: Some(0.28),
            agreement_high: Some(0.41),
            collision: Some(0.3),
            entropy: estimate(2.1, 0.3),
            largest: hostile_texts().iter().map(cluster).collect(),
        }),
        note: None,
    }
}

pub(crate) fn no_clusters(language: &str) -> Clusters {
    let note = Some("7 of 9 different answers have no vectors yet: run `antiphon embed <x>`".to_owned());
    Clusters { found: None, note, ..clusters(language) }
}

pub(crate) fn apart() -> Vec<UserApart> {
    let levels = BTreeMap::from([("wording".to_owned(), "<i>blunt</i>".to_owned())]);
    let apart = UserApart {
        user: user(),
        language: Some("en".to_owned()),
        levels,
        agreement: 0.21,
        by_chance: Some(0.005),
        note: None,
    };
    let unknown = UserApart {
        by_chance: None,
        note: Some("chance is known only if every user has at least two sessions".to_owned()),
        ..apart.clone()
    };
    vec![apart.clone(), UserApart { by_chance: Some(3.2), ..apart }, unknown]
}

pub(crate) fn quotations() -> Quotations {
    Quotations {
        language: "en".to_owned(),
        quoting: estimate(0.62, 0.1),
        agreement: agreement_of(0.5),
        frequent: hostile_texts()
            .iter()
            .map(|text| LabelShare { label: text.clone(), count: 12, share: estimate(0.2, 0.1) })
            .collect(),
    }
}

//! Verdicts on a document, one for each kind of voice in its hardest degree: a small part of what `make validate-verdicts` looks at.

use antiphon_tests::{Case, Effort, KINDS, Kind, Tally};

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_on_each_kind_of_voice_is_right() {
    let voices: Vec<(&Kind, usize)> = KINDS.iter().map(|kind| (kind, kind.degrees() - 1)).collect();
    let case = Case { style: 0, words: 2500, seed: 7001, voices: &voices };
    let mut tally = Tally::default();
    for judged in case.judge(Effort { cuts: 10, users: 8, passages: "60" }).await {
        let (kind, _) = voices[judged.voice];
        if let Some(right) = kind.right {
            assert_eq!(judged.verdict.knows, right, "{}: {}", kind.name, judged.verdict.because);
        }
        tally.count(judged.voice, &judged);
    }
    assert_eq!(tally.missed(&KINDS, 9, 1), Vec::<String>::new(), "{}", tally.table(&KINDS));
}

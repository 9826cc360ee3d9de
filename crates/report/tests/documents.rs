//! Two documents compared: whatever they contain, the page loads and runs nothing, and the terminal is not driven.

use std::ops::Range;

use antiphon_report::{
    Comparison, Containment, Document, Passage, Run, Style, documents_page, documents_terminal,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

const A: &str = "One <script>two</script> three\nfour \u{1b}[31mfive\u{202e} six.\n";
const B: &str = "one <script>two</script> 3 four \u{1b}[31mfive\u{202e} 6";

fn words(text: &str) -> Vec<Range<usize>> {
    let mut from = 0;
    let words = text.split_whitespace().map(|word| {
        let at = from + text[from..].find(word).expect("it is there");
        from = at + word.len();
        at..from
    });
    words.collect()
}

/// All but the first word of A and the last of either are one passage, in which one differs.
fn compared<'a>(a: &'a [Range<usize>], b: &'a [Range<usize>]) -> Comparison<'a> {
    let runs = vec![Run { in_a: 1, in_b: 1, words: 1 }, Run { in_a: 3, in_b: 3, words: 2 }];
    Comparison {
        a: Document { name: "a<b>.md", text: A, words: a },
        b: Document { name: "b.md", text: B, words: b },
        case_matters: true,
        containment: vec![Containment { words: 5, of_a: Some(0.25), of_b: None }],
        near_from: 20,
        run_from: 5,
        passages: vec![Passage { a: 1..5, b: 1..5, runs, is_near: true }],
    }
}

#[test]
fn the_page_has_both_documents_whole_and_only_its_own_elements() {
    let (a, b) = (words(A), words(B));
    let page = documents_page(&compared(&a, &b));
    assert!(!page.contains("<script") && !page.contains("a<b>") && !page.contains(['\u{1b}', '\u{202e}']));
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    assert!(page.contains(&format!("style-src 'sha256-{hash}'")) && style.contains(".changed"));
    assert!(!style.contains("url(") && !page.contains(" style=\"") && !page.contains("://"));
    // "One" is before the passage, "three" differs in it, "six." is behind it.
    let expected = "One <a id=\"a1\" href=\"#b1\" class=\"near\">&lt;script&gt;two&lt;/script&gt; <span class=\"changed\">three</span>\nfour <span class=\"control\">U+001B</span>[31mfive\
        <span class=\"control\">U+202E</span></a> six.\n</div>";
    assert!(page.contains(expected), "{page}");
    assert!(page.contains("<td>25.0 %</td><td>–</td>"), "what is undefined is a dash");
    // Four of the six words of either.
    assert!(page.contains("<td>66.7 %</td><td>66.7 %</td>"));
}

#[test]
fn the_terminal_gets_words_and_nothing_that_drives_it() {
    let (a, b) = (words(A), words(B));
    let comparison = compared(&a, &b);
    let plain = documents_terminal(&comparison, 20, Style { colour: false, width: 60 });
    assert!(!plain.contains(['\u{1b}', '\u{202e}']), "{plain}");
    assert!(plain.contains("[-three-] {+3+} four"), "{plain}");
    assert!(plain.lines().all(|line| line.chars().count() <= 90), "{plain}");
    let coloured = documents_terminal(&comparison, 20, Style { colour: true, width: 60 });
    assert!(coloured.contains("\u{1b}[31m[-three-]\u{1b}[0m") && !coloured.contains("\u{1b}[31mfive"));
    let none = Comparison { passages: Vec::new(), ..comparison };
    assert!(
        documents_terminal(&none, 20, Style { colour: false, width: 60 })
            .contains("no run of 5 words in common")
    );
    assert!(documents_page(&none).contains("There is no run of 5 words in common."));
}

//! Secrets that nobody else has, and the search for them in whatever form they may have got out.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The first four bytes of a frame of Zstandard.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// All that was planted.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    forms: Vec<Form>,
}

/// One way in which one of them may be written down.
#[derive(Debug, Clone)]
struct Form {
    name: String,
    text: String,
}

/// Finds canaries.
#[derive(Debug)]
pub(crate) struct Search {
    /// By their first two bytes.
    forms: Vec<Vec<Form>>,
}

impl Canaries {
    /// A new secret. It has the slashes, signs and padding that real ones have, and two halves that no escaping changes.
    pub(crate) fn plant(&mut self, name: &str) -> String {
        let halves: [String; 2] = std::array::from_fn(|_| format!("{:016x}", rand::random::<u64>()));
        for half in &halves {
            self.watch(name, half);
        }
        format!("{}/{}+9==", halves[0], halves[1])
    }

    /// Looks for a text of letters and digits, too.
    pub(crate) fn watch(&mut self, name: &str, text: &str) {
        self.forms.extend(forms(text).into_iter().map(|text| Form { name: name.to_owned(), text }));
    }

    pub(crate) fn search(&self) -> Search {
        let mut forms = vec![Vec::new(); 1 << 16];
        for form in &self.forms {
            forms[place(form.text.as_bytes())].push(form.clone());
        }
        Search { forms }
    }
}

fn place(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

impl Search {
    /// The names of all that stand in these bytes, or in what is compressed in them, each with what stands before it.
    pub(crate) fn find(&self, bytes: &[u8]) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = self.find_plain(bytes);
        for frame in frames(bytes) {
            found.extend(self.find_plain(&frame));
        }
        found.sort();
        found.dedup_by(|one, other| one.0 == other.0);
        found
    }

    fn find_plain(&self, bytes: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (at, start) in bytes.windows(2).enumerate() {
            for form in &self.forms[place(start)] {
                if bytes[at..].starts_with(form.text.as_bytes()) {
                    let before = String::from_utf8_lossy(&bytes[at.saturating_sub(300)..at]);
                    found.push((form.name.clone(), before.into_owned()));
                }
            }
        }
        found
    }
}

/// The ways in which a text may be written down. Escaping of any kind leaves letters and digits as they are.
fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut hex = String::new();
    bytes.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    // As `Debug` writes bytes.
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut forms =
        vec![text.to_owned(), text.to_uppercase(), hex.to_uppercase(), hex, list.join(", "), list.join(",")];
    for before in 0..3 {
        let whole = [&vec![0; before], bytes].concat();
        // The characters that neither what stands before nor what stands behind has a part in: six bits each.
        let (first, end) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&whole)[first..end].to_owned());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The content of every frame of Zstandard: results are frames, and the pages of Parquet files are.
fn frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let starts = bytes.windows(ZSTD.len()).enumerate().filter(|(_, window)| *window == ZSTD);
    let frame = |start: usize| {
        let mut content = Vec::new();
        let mut decoder = zstd::Decoder::new(&bytes[start..]).unwrap().single_frame();
        // What only looks like a frame gives nothing, or nonsense.
        let _ = std::io::Read::read_to_end(&mut decoder, &mut content);
        content
    };
    starts.map(|(start, _)| frame(start)).collect()
}

#[test]
fn a_canary_is_found_in_every_form() {
    let mut canaries = Canaries::default();
    let secret = canaries.plant("secret");
    canaries.plant("other");
    let search = canaries.search();
    let check = |form: &str, bytes: &[u8]| {
        let found = search.find(bytes);
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["secret"], "{form}");
    };
    let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
    check("plain", format!("key={secret};").as_bytes());
    check("in a URL", secret.replace('/', "%2F").replace('+', "%2b").as_bytes());
    check("in JSON", secret.replace('/', "\\/").as_bytes());
    check("its first half", &secret.as_bytes()[..16]);
    check("its second half", &secret.as_bytes()[17..33]);
    check("hexadecimal", hex.as_bytes());
    check("as a list of bytes", format!("{:?}", secret.as_bytes()).as_bytes());
    for user in ["", "u", "us", "user", "\0user\0"] {
        check("of a login", STANDARD_NO_PAD.encode(format!("{user}:{secret}")).as_bytes());
        check("of a login", URL_SAFE_NO_PAD.encode(format!("{user}{secret}?")).as_bytes());
    }
    check(
        "compressed",
        &[b"PAR1", zstd::encode_all(secret.as_bytes(), 3).unwrap().as_slice(), b"end"].concat(),
    );
    assert!(search.find(secret.replace('/', "").split_at(8).0.as_bytes()).is_empty());
}

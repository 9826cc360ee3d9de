//! `antiphon embed`: vectors of a run's answers, for clusters by embeddings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use antiphon_aggregator::{Block, ToEmbed, WordVectors, words_of};
use antiphon_core::{OBJECT_FORMAT, VectorObject, Vectors, text_hash};
use antiphon_store::Store;
use anyhow::Context;

use super::open_store::{self, must_hold};
use crate::args::{Arguments, EmbedArguments};
use crate::compose::{self, Embedder};
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::money::counted;
use crate::output::{Output, Usage};

pub(crate) async fn run(
    arguments: &Arguments,
    embed: &EmbedArguments,
    output: &Output,
) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let store = compose::open_store(&address, &config).await?;
    must_hold(&store, &address, &embed.run).await?;
    let Some(work) = ToEmbed::open(&store, &embed.run).await? else {
        let text = format!(
            "the suite of run {} does not compare by embeddings; it would say `scoring: {{clusters: {{by: embedding, …}}}}`",
            embed.run
        );
        return Err(Usage(text).into());
    };
    let done = match work.source() {
        Vectors::File { path, hash } => {
            let path = embed.file.clone().unwrap_or_else(|| PathBuf::from(path));
            by_words(&store, &work, &path, hash).await?
        }
        Vectors::Model { .. } if embed.file.is_some() => {
            return Err(Usage(
                "the suite names a target for embeddings, no file; leave --file out".to_owned(),
            )
            .into());
        }
        Vectors::Model { alias, model, pool } => {
            let limits = config.limits(pool).lowered_by(&work.manifest().limits);
            by_model(&store, &work, &config, &Embedder::new(&config, alias, model, &limits)?).await?
        }
    };
    let texts = counted(done, "text has a vector now", "texts have vectors now");
    output.line(format!("{texts}; `antiphon report {}` shows what they come to", embed.run));
    Ok(Exit::Complete)
}

/// The mean of word vectors. The file is read once, whatever the size of the run.
async fn by_words(store: &Store, work: &ToEmbed, path: &Path, hash: &str) -> anyhow::Result<u64> {
    let mut needed = BTreeSet::new();
    for block in work.blocks() {
        for text in work.texts(block).await? {
            needed.extend(words_of(&text));
        }
    }
    let vectors = read_words(path, hash, &needed)
        .with_context(|| format!("word vectors: {} (--file says where it is now)", path.display()))?;
    let mut done = 0;
    for block in work.blocks() {
        let texts = work.texts(block).await?;
        let found = texts.iter().map(|text| (text_hash(text), vectors.of(text))).collect();
        done += put(store, work, block, found).await?;
    }
    Ok(done)
}

/// Reads the file, and refuses another one than the suite was resolved with.
fn read_words(path: &Path, hash: &str, needed: &BTreeSet<String>) -> anyhow::Result<WordVectors> {
    let mut hasher = blake3::Hasher::new();
    let file = std::fs::File::open(path)?;
    let mut seen = BufReader::new(Hashed { file, hasher: &mut hasher });
    let vectors = WordVectors::read(&mut seen, needed)?;
    if hasher.finalize().to_hex().as_str() != hash {
        anyhow::bail!("it is another file than the one that the run was made with");
    }
    Ok(vectors)
}

/// A file of which the hash is taken while it is read.
struct Hashed<'a> {
    file: std::fs::File,
    hasher: &'a mut blake3::Hasher,
}

impl Read for Hashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

/// Block by block, so that what was had is stored if the next call fails; the same command goes on from there.
async fn by_model(
    store: &Store,
    work: &ToEmbed,
    config: &Config,
    embedder: &Embedder,
) -> anyhow::Result<u64> {
    let client = config.client()?;
    let mut done = 0;
    for block in work.blocks() {
        let texts: Vec<String> = work.texts(block).await?.into_iter().collect();
        for batch in texts.chunks(Embedder::BATCH) {
            let vectors = embedder.vectors(&client, batch).await?;
            let found = batch.iter().map(|text| text_hash(text)).zip(vectors).collect();
            done += put(store, work, block, found).await?;
        }
    }
    Ok(done)
}

async fn put(
    store: &Store,
    work: &ToEmbed,
    block: Block,
    vectors: BTreeMap<String, Vec<f32>>,
) -> anyhow::Result<u64> {
    if vectors.is_empty() {
        return Ok(0);
    }
    let count = vectors.len() as u64;
    let object = VectorObject { format: OBJECT_FORMAT, source: work.source().clone(), vectors };
    let (target, block) = work.names(block);
    store.put_vectors(&work.manifest().run, target, &block, object).await?;
    Ok(count)
}

//! What the files come to: a manifest, one round, and the answers in the order in which they are stored.

use std::collections::{BTreeMap, BTreeSet};

use antiphon_core::{
    Card, Import, Imported, ImportedBlock, ImportedCell, ImportedFile, Level, Limits, Manifest,
    OBJECT_FORMAT, Probe, ProbeId, Provider, Round, RoundKind, RunId, Sampling, SamplingParameters, Scoring,
    Seed, Target, TargetId, User, UserDesign, UserId, UserMode, Wording, analysis_hash,
};

use crate::gather::{Entry, Gather, Key, Names};
use crate::map::{Kind, Map};
use crate::name::id_of;
use crate::spill::Spill;
use crate::{ExchangeError, counted};

/// Samples of an object: enough to compress well, few enough to hold.
pub(crate) const OBJECT_SAMPLES: usize = 500;
/// Bytes of an object before it is packed, more or less: long texts make small objects.
const OBJECT_BYTES: u64 = 8 << 20;
/// About how many samples of a target share a block.
const BLOCK_SAMPLES: u64 = 2_000;
/// What stands where the files do not say what was asked.
const NO_PROMPT: &str = "(the file does not say what was asked)";

/// Answers that were read and checked, and what they come to.
#[derive(Debug)]
pub struct Found {
    /// The run's manifest.
    pub manifest: Manifest,
    /// Its only round.
    pub round: Round,
    /// What the user should know: what was taken for what, and what is missing.
    pub notes: Vec<String>,
    /// What should not be overlooked.
    pub warnings: Vec<String>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) spill: Spill,
}

/// What the files say as a whole.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) files: Vec<ImportedFile>,
    /// What rows are called, file by file.
    pub(crate) rows: Vec<&'static str>,
    pub(crate) mapping: BTreeMap<String, String>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Target → what is known to have been sent.
    pub(crate) parameters: BTreeMap<String, SamplingParameters>,
    pub(crate) warnings: Vec<String>,
}

impl Found {
    pub(crate) fn of(
        mut gather: Gather<'_>,
        map: &Map,
        about: About,
        run: Option<RunId>,
    ) -> Result<Self, ExchangeError> {
        gather.spill.finish()?;
        let mut entries = std::mem::take(&mut gather.entries);
        entries.sort_unstable_by_key(|entry| (entry.key, entry.origin));
        let mut warnings = about.warnings.clone();
        let ids = Ids {
            targets: ids(&gather.targets.all, TargetId::new)?,
            probes: ids(&gather.probe_names.all, ProbeId::new)?,
        };
        refuse_twins(&entries, &about, &gather)?;
        let probes = probes(&gather, map, &ids, &mut warnings)?;
        let users = users(&gather, map, &mut warnings)?;
        let repeats = entries.iter().map(|entry| entry.key.repeat).max().unwrap_or(0) + 1;
        number_sessions(&mut entries);
        let cells = cells(&entries, &ids, &probes);
        let largest = cells.len().max(1) as u64;
        let per_probe = (entries.len() as u64).div_ceil(largest).max(1);
        let probes_per_block = u32::try_from((BLOCK_SAMPLES / per_probe).max(1)).unwrap_or(1);
        let blocks = blocks(&entries, &ids, probes_per_block);
        let sessions = cells.iter().map(|cell| cell.sessions).max().unwrap_or(0);
        let scoring = Scoring {
            casefold: true,
            exact_pairs_up_to: 500,
            margins: None,
            clusters: None,
            recall: None,
            convergence: None,
        };
        let language = gather.languages.all.first().cloned().unwrap_or_else(|| "en".to_owned());
        let mut manifest = Manifest {
            format: OBJECT_FORMAT,
            run: RunId::new("unnamed").expect("letters"),
            suite: id_of(map.name.as_deref().unwrap_or(&about.name)),
            description: about.description.clone(),
            suite_hash: String::new(),
            identity: String::new(),
            analysis_hash: analysis_hash(&scoring, None),
            seed: Seed(0),
            language,
            targets: targets(&gather.targets, &ids, &about),
            users,
            probes,
            sampling: Sampling { sessions, repeats },
            scoring,
            policy: None,
            limits: Limits::default(),
            egress: Vec::new(),
            budget_dollars: None,
            sessions_per_job: u32::try_from(OBJECT_SAMPLES).expect("small"),
            probes_per_block,
            antiphon_version: String::new(),
            until: None,
            documents: BTreeMap::new(),
            imported: Some(Imported {
                files: about.files.clone(),
                mapping: about.mapping.clone(),
                users_known: gather.users_known,
            }),
        };
        let round =
            Round { format: OBJECT_FORMAT, number: 0, kind: RoundKind::Import(Import { cells, blocks }) };
        name_run(&mut manifest, &round, run)?;
        let mut notes: Vec<String> =
            about.mapping.iter().map(|(field, words)| format!("{field}: {words}")).collect();
        notes.extend(summary_notes(&manifest, entries.len()));
        Ok(Self { manifest, round, notes, warnings, entries, spill: gather.spill })
    }
}

struct Ids {
    targets: Vec<TargetId>,
    probes: Vec<ProbeId>,
}

/// Ids of names. Different names have different ids, unless somebody made two that collide.
fn ids<I>(
    names: &[String],
    id: impl Fn(String) -> Result<I, antiphon_core::IdError>,
) -> Result<Vec<I>, ExchangeError> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let text = id_of(name);
        if !seen.insert(text.clone()) {
            return Err(ExchangeError::Map(format!(
                "two names come to the same id {text}; rename one of them"
            )));
        }
        all.push(id(text).map_err(|error| ExchangeError::Map(error.to_string()))?);
    }
    Ok(all)
}

fn refuse_twins(entries: &[Entry], about: &About, gather: &Gather<'_>) -> Result<(), ExchangeError> {
    let Some(pair) = entries.windows(2).find(|pair| pair[0].key == pair[1].key) else { return Ok(()) };
    let place = |entry: &Entry| {
        let file = entry.origin.file as usize;
        (about.files[file].name.clone(), format!("{} {}", about.rows[file], entry.origin.row))
    };
    let (first, second) = (place(&pair[0]), place(&pair[1]));
    let Key { target, probe, user, turn, repeat, .. } = pair[0].key;
    let other = if first.0 == second.0 { first.1 } else { format!("{} of {}", first.1, first.0) };
    Err(ExchangeError::Input {
        file: second.0,
        place: format!(", {}", second.1),
        reason: format!(
            "it stands for the same answer as {other}: target {}, probe {}, user {}, the same session, turn {turn}, repeat \
             {repeat}; name the column that tells them apart with `--column session=NAME` or `--column user=NAME` (`@file` is \
             the file's name)",
            gather.targets.all[target as usize],
            gather.probe_names.all[probe as usize],
            gather.users[user as usize].name,
        ),
    })
}

fn targets(names: &Names, ids: &Ids, about: &About) -> Vec<Target> {
    let target = |(name, id): (&String, &TargetId)| Target {
        id: id.clone(),
        alias: id.to_string(),
        provider: Provider::OpenaiCompatible,
        dialect: None,
        model: name.clone(),
        parameters: about.parameters.get(name).cloned().unwrap_or_default(),
        card: Card::default(),
        price: None,
        pool: antiphon_core::PoolId::new("imported").expect("letters"),
    };
    names.all.iter().zip(&ids.targets).map(target).collect()
}

fn probes(
    gather: &Gather<'_>,
    map: &Map,
    ids: &Ids,
    warnings: &mut Vec<String>,
) -> Result<Vec<Probe>, ExchangeError> {
    let mut reworded = 0_usize;
    let mut all = Vec::with_capacity(gather.probes.len());
    for ((found, name), id) in gather.probes.iter().zip(&gather.probe_names.all).zip(&ids.probes) {
        let options = match map.options(name) {
            Some(options) => crate::answer::check_options(options.to_vec())
                .map_err(|refusal| ExchangeError::Map(format!("options of {name}: {}", refusal.reason)))?,
            None => found.options.values().next().cloned().unwrap_or_default(),
        };
        if let Some(other) = found.options.values().find(|other| other.len() != options.len()) {
            return Err(ExchangeError::Map(format!(
                "probe {name} has {} options in one language and {} in another",
                options.len(),
                other.len()
            )));
        }
        let kind = map.kind(name).or(found.kind).unwrap_or(if options.is_empty() {
            Kind::Open
        } else {
            Kind::Choice
        });
        if kind == Kind::Choice && options.is_empty() {
            return Err(ExchangeError::Map(format!(
                "probe {name} is a choice without options; give `--options 'A|B|C'`, or a column of them"
            )));
        }
        reworded += usize::from(found.prompts.values().any(|prompt| prompt.differs));
        let languages: BTreeSet<u32> = found.prompts.keys().map(|(language, _)| *language).collect();
        let wording = |language: u32| Wording {
            turns: (0..found.turns)
                .map(|turn| {
                    let said = found.prompts.get(&(language, turn)).and_then(|prompt| prompt.text.clone());
                    said.unwrap_or_else(|| NO_PROMPT.to_owned())
                })
                .collect(),
            template: false,
            options: found.options.get(&language).unwrap_or(&options).clone(),
            instruction: None,
            verbatim: true,
        };
        all.push(Probe {
            id: id.clone(),
            group: found.group.clone(),
            wordings: languages
                .into_iter()
                .map(|language| (gather.languages.all[language as usize].clone(), wording(language)))
                .collect(),
            kind: kind.of_probe(),
            continues: None,
            mentions: Vec::new(),
        });
    }
    if reworded > 0 {
        warnings.push(format!(
            "{} worded in more than one way; the first wording of each is shown, and answers to all are compared",
            counted(reworded, "probe was", "probes were")
        ));
    }
    Ok(all)
}

fn users(gather: &Gather<'_>, map: &Map, warnings: &mut Vec<String>) -> Result<UserDesign, ExchangeError> {
    let mut languages: BTreeMap<&str, u64> = BTreeMap::new();
    gather.users.iter().for_each(|user| *languages.entry(&user.name).or_default() += 1);
    let name = |user: &crate::gather::FoundUser| {
        let language = &gather.languages.all[user.language as usize];
        if languages[user.name.as_str()] > 1 {
            format!("{}@{language}", user.name)
        } else {
            user.name.clone()
        }
    };
    let names: Vec<String> = gather.users.iter().map(name).collect();
    let ids = ids(&names, UserId::new)?;
    let mut unclear = 0_u64;
    let mut users = Vec::with_capacity(ids.len());
    for (found, id) in gather.users.iter().zip(ids) {
        // A system prompt stands in a template, and a template's marks in it would be read as one.
        let is_plain = |text: &String| !["{{", "{%", "{#"].iter().any(|mark| text.contains(mark));
        let one = !found.system.differs && found.with_system == found.answers;
        let system = found.system.text.clone().filter(|text| one && is_plain(text));
        unclear += u64::from(system.is_none() && found.system.text.is_some());
        users.push(User {
            id,
            language: gather.languages.all[found.language as usize].clone(),
            system: system.map(|text| Level { id: level_of(&text), text }),
            persona: None,
            wording: None,
            end_user_id: None,
        });
    }
    if unclear > 0 {
        warnings.push(format!(
            "the system prompts of {unclear} users differ between their answers, or look like templates, and are left out"
        ));
    }
    let mode = map.users.map_or(UserMode::Listed, UserMode::from);
    Ok(UserDesign { mode, users })
}

/// A system prompt's short name in the report.
fn level_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}

/// Sessions of each target, probe and user from 0, in the order of their numbers and names in the files.
fn number_sessions(entries: &mut [Entry]) {
    let place = |key: &Key| (key.target, key.probe, key.user);
    for cell in entries.chunk_by_mut(|a, b| place(&a.key) == place(&b.key)) {
        for (number, session) in cell.chunk_by_mut(|a, b| a.key.session == b.key.session).enumerate() {
            session.iter_mut().for_each(|entry| entry.key.session = number as u64);
        }
    }
}

fn cells(entries: &[Entry], ids: &Ids, probes: &[Probe]) -> Vec<ImportedCell> {
    let cell = |found: &[Entry]| {
        let Key { target, probe, .. } = found[0].key;
        let mut samples = vec![0; probes[probe as usize].turns()];
        found.iter().for_each(|entry| samples[entry.key.turn as usize] += 1);
        let sessions = found.iter().map(|entry| entry.key.session).max().unwrap_or(0) + 1;
        ImportedCell {
            target: ids.targets[target as usize].clone(),
            probe: ids.probes[probe as usize].clone(),
            sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
            samples,
        }
    };
    let same = |a: &Entry, b: &Entry| (a.key.target, a.key.probe) == (b.key.target, b.key.probe);
    entries.chunk_by(same).map(cell).collect()
}

/// The entries of each object of each block of each target.
pub(crate) fn objects(
    entries: &[Entry],
    probes_per_block: u32,
) -> impl Iterator<Item = (u32, u32, Vec<&[Entry]>)> {
    let block = move |entry: &Entry| (entry.key.target, entry.key.probe / probes_per_block);
    entries.chunk_by(move |a, b| block(a) == block(b)).map(move |found| {
        let (target, number) = block(&found[0]);
        (target, number, split(found))
    })
}

/// Parts of about a size, with a session never in two of them.
fn split(entries: &[Entry]) -> Vec<&[Entry]> {
    let session = |entry: &Entry| Key { turn: 0, repeat: 0, ..entry.key };
    let mut parts = Vec::new();
    let (mut start, mut end, mut bytes) = (0, 0, 0);
    for found in entries.chunk_by(|a, b| session(a) == session(b)) {
        if end - start >= OBJECT_SAMPLES || bytes >= OBJECT_BYTES {
            parts.push(&entries[start..end]);
            (start, bytes) = (end, 0);
        }
        end += found.len();
        bytes += found.iter().map(|entry| entry.text.bytes()).sum::<u64>();
    }
    if start < end {
        parts.push(&entries[start..end]);
    }
    parts
}

fn blocks(entries: &[Entry], ids: &Ids, probes_per_block: u32) -> Vec<ImportedBlock> {
    objects(entries, probes_per_block)
        .map(|(target, block, parts)| ImportedBlock {
            target: ids.targets[target as usize].clone(),
            block,
            objects: parts.iter().map(|part| part.len() as u64).collect(),
        })
        .collect()
}

/// The identity is that of the files' bytes and of what they were taken for; their names and this program's version change nothing.
fn name_run(manifest: &mut Manifest, round: &Round, run: Option<RunId>) -> Result<(), ExchangeError> {
    let mut bare = manifest.clone();
    if let Some(imported) = &mut bare.imported {
        imported.files.iter_mut().for_each(|file| file.name.clear());
    }
    let json = serde_json::to_vec(&(bare, round)).expect("types of ours with string keys always serialise");
    manifest.identity = blake3::hash(&json).to_hex().to_string();
    manifest.suite_hash.clone_from(&manifest.identity);
    env!("CARGO_PKG_VERSION").clone_into(&mut manifest.antiphon_version);
    manifest.run = match run {
        Some(run) => run,
        None => RunId::new(format!("{}-{}", manifest.suite, &manifest.identity[..8]))
            .map_err(|error| ExchangeError::Map(error.to_string()))?,
    };
    Ok(())
}

fn summary_notes(manifest: &Manifest, answers: usize) -> Vec<String> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    manifest.probes.iter().for_each(|probe| *kinds.entry(probe.kind.name()).or_default() += 1);
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    let answers = counted(answers, "answer", "answers");
    let targets = counted(manifest.targets.len(), "target", "targets");
    let probes = counted(manifest.probes.len(), "probe", "probes");
    let users = counted(manifest.users.users.len(), "user", "users");
    vec![
        format!("probes taken as: {} (`--kind` says otherwise)", kinds.join(", ")),
        format!("{answers} of {targets} to {probes} by {users}"),
    ]
}

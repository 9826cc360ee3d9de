//! The other side: what somebody would write in an afternoon. It calls, parses, and appends a line of JSON. It has no limits, no
//! retries, no resume, and loses what is in its buffer when it dies.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::workload::{MAX_TOKENS, QUESTIONS, SYSTEM_PROMPTS, USERS};

/// The argument that makes this program be the loop.
pub(crate) const COMMAND: &str = "bare-loop";

/// A loop over calls `0..calls`, so many at a time.
#[derive(Debug)]
pub(crate) struct BareLoop {
    pub(crate) base_url: String,
    pub(crate) model: String,
    pub(crate) calls: u32,
    pub(crate) concurrency: u32,
    pub(crate) output: PathBuf,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    system: &'a str,
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    id: String,
    model: String,
    content: Vec<Content>,
    stop_reason: String,
    usage: Usage,
}

#[derive(Deserialize)]
struct Content {
    text: String,
}

#[derive(Serialize, Deserialize)]
struct Usage {
    input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
}

/// One line: what a sample holds.
#[derive(Serialize)]
struct Line<'a> {
    probe: &'a str,
    user: u32,
    session: u32,
    request: &'a Body<'a>,
    text: &'a str,
    response_id: &'a str,
    request_id: &'a str,
    model: &'a str,
    stop_reason: &'a str,
    usage: &'a Usage,
    started_ms: i64,
    latency_ms: u128,
}

struct Shared {
    config: BareLoop,
    client: reqwest::Client,
    next: AtomicU32,
    lines: Mutex<BufWriter<File>>,
}

impl BareLoop {
    pub(crate) fn arguments(&self) -> [String; 6] {
        let Self { base_url, model, calls, concurrency, output } = self;
        [
            COMMAND.to_owned(),
            base_url.clone(),
            model.clone(),
            calls.to_string(),
            concurrency.to_string(),
            output.display().to_string(),
        ]
    }

    pub(crate) fn parse(arguments: &[&str]) -> anyhow::Result<Self> {
        let [base_url, model, calls, concurrency, output] = arguments else {
            anyhow::bail!("{COMMAND} BASE_URL MODEL CALLS CONCURRENCY OUTPUT");
        };
        Ok(Self {
            base_url: (*base_url).to_owned(),
            model: (*model).to_owned(),
            calls: calls.parse()?,
            concurrency: concurrency.parse()?,
            output: output.into(),
        })
    }

    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().http1_only().build()?;
        let lines = Mutex::new(BufWriter::new(File::create(&self.output)?));
        let concurrency = self.concurrency;
        let shared = Arc::new(Shared { config: self, client, next: AtomicU32::new(0), lines });
        let mut loops = JoinSet::new();
        for _ in 0..concurrency {
            let shared = Arc::clone(&shared);
            loops.spawn(async move { shared.work().await });
        }
        while let Some(ended) = loops.join_next().await {
            ended??;
        }
        shared.lines.lock().flush()?;
        Ok(())
    }
}

impl Shared {
    async fn work(&self) -> anyhow::Result<()> {
        let url = format!("{}/v1/messages", self.config.base_url);
        loop {
            let number = self.next.fetch_add(1, Relaxed);
            if number >= self.config.calls {
                return Ok(());
            }
            self.call(&url, number as usize).await?;
        }
    }

    async fn call(&self, url: &str, number: usize) -> anyhow::Result<()> {
        let (probe, question) = QUESTIONS[number % QUESTIONS.len()];
        let each = number / QUESTIONS.len();
        let (user, session) = (u32::try_from(each)? % USERS, u32::try_from(each)? / USERS);
        let (_, system) = SYSTEM_PROMPTS[user as usize % SYSTEM_PROMPTS.len()];
        let model = self.config.model.as_str();
        let messages = [Message { role: "user", content: question }];
        let request = Body { model, max_tokens: MAX_TOKENS, system, messages };
        let key = format!("bare/{model}/{probe}/u{user}/{session}/0/0");
        let started_ms = Timestamp::now().as_millisecond();
        let begun = Instant::now();
        let response = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("anthropic-version", "2023-06-01")
            .header("idempotency-key", key)
            .body(serde_json::to_vec(&request)?)
            .send()
            .await?;
        ensure!(response.status().is_success(), "status {}", response.status());
        let request_id = response.headers().get("request-id").context("no request id")?.to_str()?.to_owned();
        let body = response.bytes().await?;
        let latency_ms = begun.elapsed().as_millis();
        let reply: Reply = serde_json::from_slice(&body)?;
        let line = Line {
            probe,
            user,
            session,
            request: &request,
            text: &reply.content.first().context("no content")?.text,
            response_id: &reply.id,
            request_id: &request_id,
            model: &reply.model,
            stop_reason: &reply.stop_reason,
            usage: &reply.usage,
            started_ms,
            latency_ms,
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.lines.lock().write_all(&text)?;
        Ok(())
    }
}

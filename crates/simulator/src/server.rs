//! Starts, routes and stops.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jiff::civil::Date;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    Error, FaultOrder, LedgerEntry, Stats, Voices, call,
    connection::{FaultyListener, ResetSwitch},
    control, delivery,
    dialect::{self, Dialect, Rejection},
    embeddings,
    house::House,
};

/// The real APIs take 32 MB.
const BODY_LIMIT: usize = 32 << 20;
/// How long a stop waits for calls in flight.
const GRACE: Duration = Duration::from_secs(5);

/// Starts simulators.
#[derive(Debug)]
pub struct Simulator;

/// How a simulator behaves apart from its voices.
#[derive(Debug)]
pub struct SimulatorConfig {
    /// The models.
    pub voices: Voices,
    /// The only key that is let in; None lets any in.
    pub api_key: Option<String>,
    /// The simulated day, for voices that drift; None is before all drift.
    pub date: Option<Date>,
    /// Length of the sliding windows of the statistics, a minute by default.
    pub window: Duration,
    /// Longest hang of a call whose caller does not give up, 10 minutes by default.
    pub hang: Duration,
    /// How long a trickling body takes, 3 s by default.
    pub trickle: Duration,
    /// What an injected 429 asks for, 1 s by default.
    pub retry_after: Duration,
}

impl SimulatorConfig {
    /// The defaults, with these voices.
    #[must_use]
    pub fn new(voices: Voices) -> Self {
        Self {
            voices,
            api_key: None,
            date: None,
            window: Duration::from_secs(60),
            hang: Duration::from_secs(600),
            trickle: Duration::from_secs(3),
            retry_after: Duration::from_secs(1),
        }
    }
}

/// A simulator that answers. Dropping it ends it at once.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    house: Arc<House>,
    tasks: JoinSet<std::io::Result<()>>,
}

impl Simulator {
    /// Binds `addr`, whose port may be 0, and answers from then on.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: SimulatorConfig, addr: SocketAddr) -> Result<Running, Error> {
        let failed = |source| Error::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let house = Arc::new(House::new(config, addr.port()));
        let service = router(Arc::clone(&house)).into_make_service_with_connect_info::<ResetSwitch>();
        let stop = house.stop.clone().cancelled_owned();
        let server = axum::serve(FaultyListener(listener), service).with_graceful_shutdown(stop);
        let mut tasks = JoinSet::new();
        tasks.spawn(server.into_future());
        Ok(Running { addr, house, tasks })
    }
}

impl Running {
    /// The address that was bound.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://…`, to which `/v1/messages` and the like are appended.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// All calls since the start or the last reset, in the order of their numbers.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        let names: Vec<&str> = self.house.voices.names().collect();
        self.house.ledger.after(0, usize::MAX, &names)
    }

    /// Waits until the ledger holds at least so many calls. Their replies may still be on their way.
    pub async fn until_calls(&self, calls: u64) {
        loop {
            let recorded = self.house.recorded.notified();
            tokio::pin!(recorded);
            // From here on no call is missed, also one between the look and the wait.
            recorded.as_mut().enable();
            if self.house.ledger.len() >= calls {
                return;
            }
            recorded.await;
        }
    }

    /// Counts since the start or the last reset.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.house.stats()
    }

    /// The voices that answer, for their truths.
    #[must_use]
    pub fn voices(&self) -> &Voices {
        &self.house.voices
    }

    /// Changes the simulated day.
    pub fn set_date(&self, date: Option<Date>) {
        self.house.set_date(date);
    }

    /// Makes calls go wrong from now on.
    ///
    /// # Errors
    /// When there is no such voice, or the order is for neither or both of a rate and a number of calls.
    pub fn order_fault(&self, order: FaultOrder) -> Result<(), Error> {
        self.house.order(order)
    }

    /// Forgets calls, counts, ordered faults and spent limits. Date and voices stay.
    pub fn reset(&self) {
        self.house.reset();
    }

    /// Stops taking calls, waits up to 5 s for those in flight, and frees the port.
    pub async fn stop(mut self) {
        self.house.stop.cancel();
        if tokio::time::timeout(GRACE, self.tasks.join_next()).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/v1/messages", post(messages))
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/embeddings", post(vectors))
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .merge(control::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(house)
}

type Shared = State<Arc<House>>;
type Caller = ConnectInfo<ResetSwitch>;

async fn messages(
    State(house): Shared,
    ConnectInfo(caller): Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&house, Dialect::Anthropic, &caller, &headers, &body).await
}

async fn chat_completions(
    State(house): Shared,
    ConnectInfo(caller): Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&house, Dialect::OpenAi, &caller, &headers, &body).await
}

async fn vectors(State(house): Shared, headers: HeaderMap, body: Bytes) -> Response {
    embeddings::answer(&house, &headers, &body)
}

async fn answer(
    house: &House,
    dialect: Dialect,
    caller: &ResetSwitch,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let _in_flight = house.enter();
    let reply = call::decide(house, dialect, headers, body);
    delivery::deliver(house, reply, caller).await
}

async fn models(State(house): Shared, headers: HeaderMap) -> Response {
    let dialect = Dialect::of_models(&headers);
    match has_key(&house, dialect, &headers) {
        true => Json(dialect::models(&headers, house.voices.names())).into_response(),
        false => refuse(dialect, &Rejection::Unauthorized, StatusCode::UNAUTHORIZED),
    }
}

async fn model(State(house): Shared, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let dialect = Dialect::of_models(&headers);
    if !has_key(&house, dialect, &headers) {
        return refuse(dialect, &Rejection::Unauthorized, StatusCode::UNAUTHORIZED);
    }
    match house.voices.voice(&id) {
        Some(voice) => Json(dialect.model(voice.name())).into_response(),
        None => refuse(dialect, &Rejection::UnknownModel(id), StatusCode::NOT_FOUND),
    }
}

/// The list of models costs nothing, and wants the key all the same.
fn has_key(house: &House, dialect: Dialect, headers: &HeaderMap) -> bool {
    house.api_key.as_deref().is_none_or(|right| dialect.api_key(headers) == Some(right))
}

fn refuse(dialect: Dialect, rejection: &Rejection, status: StatusCode) -> Response {
    let (_, body) = dialect.write_rejection(rejection, "req_models");
    (status, [("content-type", "application/json")], body).into_response()
}

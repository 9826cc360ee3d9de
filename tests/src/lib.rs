//! What the end-to-end tests share: a stage with a simulator, the built program, and the audit of what a run left behind.
//!
//! | module | what it is |
//! |---|---|
//! | `asked` | what a test's suite asks, as YAML and as the keys of all planned samples |
//! | `stage` | a folder with suite, configuration and store beside a simulator |
//! | `program` | the real `antiphon`, built once, as a process |
//! | `stored` | the samples of a run as `antiphon export` gives them |
//! | `audit` | every planned sample once, every token once |
//! | `broker` | a real RabbitMQ of the test's own, or a cluster |
//! | `fleet` | coordinators and workers as processes, with all that they need and all that may befall them |
//! | `generated` | a run whose answers nobody gave, as large as is wanted |
//! | `relay` | a wire that can be cut, slowed and held, and that reads AMQP |
//! | `verdicts` | verdicts on documents by voices whose knowledge is known, counted |
//! | `moto` | an S3 server that nobody here wrote |
//! | `kept` | programs of others, which never outlive the tests |

mod asked;
mod audit;
mod broker;
mod fleet;
mod generated;
mod kept;
mod moto;
mod program;
mod relay;
mod stage;
mod stored;
mod verdicts;

pub use asked::{Asked, VOICES};
pub use audit::{Excuses, answers, audit, audit_repeated, same_summary, samples_by_job, tokens};
pub use broker::{Broker, BrokerKind, Certificates, Cluster, Depth, Tls, Vhost};
pub use fleet::{Bucket, Fleet, FleetKind, Ground, Member, Wires, undisturbed};
pub use generated::Generated;
pub use moto::Moto;
pub use program::{Ended, Program};
pub use relay::{Counts, Event, Relay, Sender, Trap};
pub use stage::Stage;
pub use stored::{Stored, object_names};
pub use verdicts::{Case, Effort, Judged, KINDS, Kind, Tally};

//! Messages as they travel: MessagePack with named fields, so that an older reader skips what a newer writer added.

use antiphon_core::{Job, check_format};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A dead job and why, in one message.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dead {
    pub(crate) job: Job,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
struct Header {
    format: u32,
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    rmp_serde::to_vec_named(message).expect("plain data always fits MessagePack").into()
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
}

/// Looks at the format first: a newer one may have changed everything else.
pub(crate) fn decode_job(bytes: &[u8]) -> Result<Job, String> {
    let header: Header = decode(bytes)?;
    check_format(header.format).map_err(|error| error.to_string())?;
    decode(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use antiphon_core::{Event, FailureKind, JobTally, OBJECT_FORMAT, OutcomeClass};

    use super::*;
    use crate::conformance::job;

    #[test]
    fn events_come_back_as_they_were() {
        let samples =
            BTreeMap::from([(OutcomeClass::Answered, 48), (OutcomeClass::Failed(FailureKind::Timeout), 2)]);
        let pool: antiphon_core::PoolId = "p".parse().unwrap();
        for event in [
            Event::JobDone {
                job: job(&pool, 3),
                tally: JobTally { samples, dollars: 0.25, duplicate: true },
            },
            Event::PoolStopped { pool: pool.clone(), reason: "no key".into(), misconfigured: true },
        ] {
            assert_eq!(decode::<Event>(&encode(&event)).unwrap(), event);
        }
    }

    #[test]
    fn a_job_is_small_and_comes_back_as_it_was() {
        let job = job(&"anthropic.main.opus".parse().unwrap(), 7);
        let bytes = encode(&job);
        assert!(bytes.len() < 1_024, "{} bytes", bytes.len());
        assert_eq!(decode_job(&bytes).unwrap(), job);
    }

    #[test]
    fn a_newer_job_is_named_as_such_whatever_else_has_changed() {
        #[derive(Serialize)]
        struct Newer {
            format: u32,
        }
        let error = decode_job(&encode(&Newer { format: OBJECT_FORMAT + 1 })).unwrap_err();
        assert!(error.contains("newer"), "{error}");
        assert!(decode_job(b"\xc1").is_err());
    }

    #[test]
    fn the_first_format_of_a_job_stays_readable() {
        let bytes = b"\x87\xa6format\x01\xa3run\xa2r1\xa4pool\xa1p\xa6target\xa4opus\xa5block\xa2b1\xa5round\x02\xa5chunk\x07";
        let job = Job { format: 1, round: 2, ..job(&"p".parse().unwrap(), 7) };
        assert_eq!(decode_job(bytes).unwrap(), job);
    }
}

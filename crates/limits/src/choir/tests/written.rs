//! Rules whose breach takes so many coincidences that storms hardly ever find it, written out.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn crowded(voice: u64, now: Instant) -> Choir {
    let limits = Limits { concurrency: Some(12), ..Limits::default() };
    Choir::new(ChoirSettings::default(), pool(), VoiceId(voice), limits, now)
}

/// A beat of voice 7 that says that it holds so many calls and counts those.
fn beat_of_seven(number: u64, in_flight: u32, counted: &[(u64, u64)], settled: bool) -> ChoirMessage {
    ChoirMessage::Beat(Beat {
        format: OBJECT_FORMAT,
        pool: pool(),
        voice: VoiceId(7),
        number,
        singing: true,
        in_flight,
        counted: counted.iter().map(|(voice, number)| (VoiceId(*voice), *number)).collect(),
        settled,
        limits: Limits::default(),
    })
}

/// Beats every half second and hears itself `late`, `beats` times; says when each came back and what the voice did then.
fn sing(one: &mut Choir, begin: Instant, late: Duration, beats: u32) -> Vec<(Instant, Standing)> {
    let mut heard = Vec::new();
    let mut under_way = std::collections::VecDeque::new();
    for at in (0..2 * beats).map(|beat| begin + SECOND / 2 * beat) {
        while let Some((comes, message)) = under_way.pop_front_if(|(comes, _)| *comes <= at) {
            one.hear(&message, comes);
            heard.push((comes, one.share(comes).standing));
        }
        if heard.len() + under_way.len() < beats as usize {
            under_way.push_back((at + late, one.beat(true, 0, at)));
        }
    }
    assert_eq!(heard.len(), beats as usize);
    heard
}

#[test]
fn to_have_waited_is_not_to_have_listened() {
    // Every beat comes back, but 1.3 s late. Three seconds after the first came back, the newest is from two seconds before.
    let begin = Instant::now();
    let mut one = choir(1, begin);
    let late = 1_300 * MS;
    for (at, standing) in sing(&mut one, begin, late, 14) {
        let listened = at - late >= begin + late + 3 * SECOND;
        let expected = if listened { Standing::Singing } else { Standing::Listening };
        assert_eq!(standing, expected, "after {:?}", at - begin);
    }
}

#[test]
fn the_wait_is_a_ttl_and_a_skew_long_from_the_first_echo_on() {
    let begin = Instant::now();
    let ChoirSettings { ttl, skew, .. } = ChoirSettings::default();
    for (beat_at, standing) in
        [(10 * MS + ttl + skew - MS, Standing::Listening), (10 * MS + ttl + skew, Standing::Singing)]
    {
        let mut one = choir(1, begin);
        for at in [Duration::ZERO, 1_500 * MS, beat_at] {
            let beat = one.beat(true, 0, begin + at);
            one.hear(&beat, begin + at + 10 * MS);
        }
        assert_eq!(one.share(begin + beat_at + 10 * MS).standing, standing);
    }
}

#[test]
fn a_gap_between_echoes_makes_a_newcomer_even_where_each_is_fresh() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    let heard = sing(&mut one, begin, 10 * MS, 10);
    let (last, standing) = heard[9];
    assert_eq!(standing, Standing::Singing);
    let published = last - 10 * MS;
    let beat = one.beat(true, 0, published + SECOND);
    // It is a second old when it is heard, and the one before has just passed its two.
    one.hear(&beat, published + 2 * SECOND);
    assert_eq!(one.share(published + 2 * SECOND).standing, Standing::Listening);
}

#[test]
fn whoever_leaves_and_comes_back_listens_again() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    sing(&mut one, begin, 10 * MS, 10);
    let before = one.beat(true, 0, begin + 5 * SECOND);
    one.beat(false, 0, begin + 5 * SECOND + MS);
    assert_eq!(one.share(begin + 5 * SECOND + MS).standing, Standing::Resting);
    let after = one.beat(true, 0, begin + 5 * SECOND + 2 * MS);
    one.hear(&before, begin + 5 * SECOND + 10 * MS);
    one.hear(&after, begin + 5 * SECOND + 10 * MS);
    assert_eq!(one.share(begin + 5 * SECOND + 10 * MS).standing, Standing::Listening);
}

#[test]
fn no_call_starts_before_everybody_who_sings_has_counted_this_life_of_the_voice() {
    let begin = Instant::now();
    let mut one = crowded(1, begin);
    sing(&mut one, begin, 10 * MS, 10);
    // What the second life's first echo is the echo of.
    let second = begin + 20 * SECOND;
    let first = 11;
    one.hear(&beat_of_seven(1, 4, &[(7, 1)], true), second);
    sing(&mut one, second, 10 * MS, 10);
    let now = second + 5 * SECOND;
    let mut step = |number, in_flight, counted: &[(u64, u64)], settled| {
        let own = one.beat(true, 0, now);
        one.hear(&own, now);
        one.hear(&beat_of_seven(number, in_flight, counted, settled), now);
        let share = one.share(now);
        (share.standing, share.limits.concurrency)
    };
    let waits = (Standing::Listening, None);
    assert_eq!(step(2, 4, &[(7, 2)], true), waits);
    assert_eq!(step(3, 4, &[(1, first - 1), (7, 3)], true), waits);
    // Voice 9 was never heard here, but calls of it may be in flight.
    assert_eq!(step(4, 4, &[(1, first), (7, 4), (9, 1)], true), waits);
    assert_eq!(step(5, 4, &[(1, first), (7, 5)], false), waits);
    // Six of twelve are ours; what the other still holds above its six is not free yet.
    assert_eq!(step(6, 10, &[(1, first), (7, 6)], true), (Standing::Singing, Some(2)));
    assert_eq!(step(7, 3, &[(1, first), (7, 7)], true), (Standing::Singing, Some(6)));
    // Once settled, a voice that has counted nobody yet is a newcomer, which must wait for us.
    assert_eq!(step(8, 3, &[], false), (Standing::Singing, Some(6)));
}

#[test]
fn a_new_connection_makes_a_newcomer_however_soon_it_is_there() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    let (last, standing) = sing(&mut one, begin, 10 * MS, 10)[9];
    assert_eq!(standing, Standing::Singing);
    let lost = one.beat(true, 0, last);
    one.disconnected(last + MS);
    assert_eq!((one.share(last + MS).standing, one.beat_due()), (Standing::Listening, last + MS));
    one.hear(&lost, last + 2 * MS);
    assert_eq!(one.changes_at(), None, "an echo of the old connection proves nothing on the new one");
}

#[test]
fn nobody_is_forgotten_before_its_time() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    one.hear(&beat_of_seven(1, 0, &[], false), begin);
    one.beat(true, 0, begin);
    let forget_after = 4 * ChoirSettings::default().ttl + ChoirSettings::default().skew;
    assert_eq!(one.share(begin + forget_after - MS).voices, 2);
    assert_eq!(one.share(begin + forget_after).voices, 1);
}

#[test]
fn news_that_was_overtaken_is_old() {
    let begin = Instant::now();
    let mut one = choir(1, begin);
    let mut seven = choir(7, begin);
    let (sings, leaves) = (seven.beat(true, 0, begin), seven.beat(false, 0, begin));
    one.beat(true, 0, begin);
    one.hear(&leaves, begin);
    one.hear(&sings, begin);
    assert_eq!(one.share(begin).voices, 1);
}

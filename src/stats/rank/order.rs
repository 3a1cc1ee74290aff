//! Putting keys in order: by the bits that tell most of them apart, then repairing what is left.
//!
//! A least-significant-digit radix sort of all 64 bits needs six passes. The first 22 or 33 bits below the largest
//! difference already tell nearly all of n values apart, so two or three passes are enough, and the few values that share
//! those bits are put in order by comparison. Values that share them by the thousand are sorted the same way among
//! themselves, with bits of their own.

/// From so many values on their first digit is worth a table.
const ONE_DIGIT_FROM: usize = 64;

/// Up to so many values the rest is done by comparison.
const COMPARE_UP_TO: usize = 400;

/// Up to so many values two digits are enough.
const TWO_DIGITS_UP_TO: usize = 200_000;

/// Bits in a digit.
const BITS: u32 = 11;
const BUCKETS: usize = 1 << BITS;

/// What is sorted by a key: the key itself, or a key with the place it came from.
pub(crate) trait Keyed: Copy + Ord + Default {
    fn key(self) -> u64;
}

impl Keyed for u64 {
    fn key(self) -> u64 {
        self
    }
}

impl Keyed for (u64, u32) {
    fn key(self) -> u64 {
        self.0
    }
}

/// Sorts keys in ascending order. `scratch` is overwritten; kept between calls it saves an allocation.
///
/// O(n) for values spread out, O(n log n) at worst.
pub(crate) fn sort<T: Keyed>(keys: &mut Vec<T>, scratch: &mut Vec<T>) {
    if keys.is_sorted() {
        return;
    }
    if keys.len() < ONE_DIGIT_FROM || keys.len() > u32::MAX as usize {
        keys.sort_unstable();
    } else if keys.len() <= COMPARE_UP_TO {
        by_one_digit(keys, scratch);
    } else if keys.len() <= TWO_DIGITS_UP_TO {
        by_digits::<T, 2>(keys, scratch);
    } else {
        by_digits::<T, 3>(keys, scratch);
    }
}

/// By the first bits that differ, then by insertion where they leave few values together.
fn by_one_digit<T: Keyed>(keys: &mut Vec<T>, scratch: &mut Vec<T>) {
    const BITS: u32 = 9;
    const BUCKETS: usize = 1 << BITS;
    /// Values with one digit that insertion still puts in order quickly.
    const MOST: u32 = 24;
    let (low, high) = range(keys);
    let shift = (u64::BITS - (high - low).leading_zeros()).saturating_sub(BITS);
    let digit = |key: T| ((key.key() - low) >> shift) as usize & (BUCKETS - 1);
    let mut places = [0_u32; BUCKETS];
    keys.iter().for_each(|&key| places[digit(key)] += 1);
    if places.iter().any(|&count| count > MOST) {
        return keys.sort_unstable();
    }
    let mut start = 0;
    for place in &mut places {
        start += std::mem::replace(place, start);
    }
    scratch.clear();
    scratch.resize(keys.len(), T::default());
    for &key in keys.iter() {
        let place = &mut places[digit(key)];
        scratch[*place as usize] = key;
        *place += 1;
    }
    std::mem::swap(keys, scratch);
    for i in 1..keys.len() {
        let key = keys[i];
        let mut place = i;
        while place > 0 && keys[place - 1] > key {
            keys[place] = keys[place - 1];
            place -= 1;
        }
        keys[place] = key;
    }
}

fn by_digits<T: Keyed, const DIGITS: usize>(keys: &mut Vec<T>, scratch: &mut Vec<T>) {
    let (low, high) = range(keys);
    let width = u64::BITS - (high - low).leading_zeros();
    let shift = width.saturating_sub(BITS * DIGITS as u32);
    let mut counts = [[0u32; BUCKETS]; DIGITS];
    for &key in keys.iter() {
        let rest = (key.key() - low) >> shift;
        for (place, count) in counts.iter_mut().enumerate() {
            count[(rest >> (BITS * place as u32)) as usize & (BUCKETS - 1)] += 1;
        }
    }
    scratch.clear();
    scratch.resize(keys.len(), T::default());
    for (place, count) in counts.iter_mut().enumerate() {
        let mut start = 0;
        for slot in count.iter_mut() {
            start += std::mem::replace(slot, start);
        }
        let by = shift + BITS * place as u32;
        for &key in keys.iter() {
            let slot = &mut count[((key.key() - low) >> by) as usize & (BUCKETS - 1)];
            scratch[*slot as usize] = key;
            *slot += 1;
        }
        std::mem::swap(keys, scratch);
    }
    if shift > 0 {
        repair(keys, low, shift);
    }
}

/// The least and the largest key.
fn range<T: Keyed>(keys: &[T]) -> (u64, u64) {
    const LANES: usize = 4;
    let (mut low, mut high) = ([u64::MAX; LANES], [0; LANES]);
    let (blocks, rest) = keys.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            low[lane] = low[lane].min(block[lane].key());
            high[lane] = high[lane].max(block[lane].key());
        }
    }
    let low = low.into_iter().chain(rest.iter().map(|k| k.key())).fold(u64::MAX, u64::min);
    let high = high.into_iter().chain(rest.iter().map(|k| k.key())).fold(0, u64::max);
    (low, high)
}

/// Sorts each run of keys that agree above `shift`; the runs themselves are in order.
fn repair<T: Keyed>(keys: &mut [T], low: u64, shift: u32) {
    let mut i = 1;
    while i < keys.len() {
        if keys[i - 1] > keys[i] {
            let head = (keys[i].key() - low) >> shift;
            let agrees = |key: &&T| (key.key() - low) >> shift == head;
            let start = i - keys[..i].iter().rev().take_while(agrees).count();
            let end = i + keys[i..].iter().take_while(agrees).count();
            if end - start <= COMPARE_UP_TO {
                keys[start..end].sort_unstable();
            } else {
                let mut run = keys[start..end].to_vec();
                sort(&mut run, &mut Vec::new());
                keys[start..end].copy_from_slice(&run);
            }
            i = end;
        }
        i += 1;
    }
}

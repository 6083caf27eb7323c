use std::fmt;
use std::time::{Duration, Instant};

#[cfg(feature = "cli")]
use serde::{Serialize, Serializer};

/// A duration as logs and summaries show it: `412ms`, `1.25s`, `87µs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Took(pub Duration);

#[cfg(feature = "cli")]
impl Took {
    /// Milliseconds, to the microsecond.
    pub fn millis(&self) -> f64 {
        // No pack takes 285 years.
        #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
        let micros = self.0.as_micros() as f64;
        micros / 1000.0
    }
}

/// As [`Took::millis`].
#[cfg(feature = "cli")]
impl Serialize for Took {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.millis())
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0..1000 => write!(f, "{micros}µs"),
            // Integers: formatting floats would add much code to the launcher, which needs it
            // nowhere else.
            1000..10_000 => write!(f, "{}.{}ms", micros / 1000, micros % 1000 / 100),
            10_000..1_000_000 => write!(f, "{}ms", micros / 1000),
            _ => write!(
                f,
                "{}.{:02}s",
                micros / 1_000_000,
                micros % 1_000_000 / 10_000
            ),
        }
    }
}

/// A number of things: `1 file`, `2 files`.
pub fn counted<N: fmt::Display + PartialEq + From<u8> + Copy>(
    number: N,
    singular: &str,
    plural: &str,
) -> String {
    let what = if number == N::from(1) {
        singular
    } else {
        plural
    };
    format!("{number} {what}")
}

/// Starts the measurement.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn took(&self) -> Took {
        Took(self.0.elapsed())
    }
}

/// A number of bytes for people, in decimal units: `812 B`, `4.6 kB`, `13.2 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Reads a number with a decimal (`60MB`) or binary (`60MiB`) unit, or without one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) = text.split_at(
            text.find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len()),
        );
        let unit = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(unit).map(Self)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if self.0 < 1000 {
            return write!(f, "{} B", self.0);
        }
        let mut value = self.0;
        let [mut unit, larger @ ..] = UNITS;
        for next in larger {
            // Tenths are kept, so that 999 950 becomes 1.0 MB and not 1000.0 kB.
            if value < 999_950 {
                break;
            }
            value /= 1000;
            unit = next;
        }
        let tenths = value.saturating_add(50) / 100;
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_like_a_file_manager_shows_them() {
        let shown = [
            0,
            999,
            1000,
            4600,
            999_949,
            999_950,
            13_249_999,
            5_000_000_000,
        ]
        .map(|n| Bytes(n).to_string());
        assert_eq!(
            shown,
            [
                "0 B", "999 B", "1.0 kB", "4.6 kB", "999.9 kB", "1.0 MB", "13.2 MB", "5.0 GB"
            ]
        );
    }

    #[test]
    fn durations_keep_three_digits() {
        let shown = [87, 1250, 412_000, 1_250_000]
            .map(|micros| Took(Duration::from_micros(micros)).to_string());
        assert_eq!(shown, ["87µs", "1.2ms", "412ms", "1.25s"]);
    }
}

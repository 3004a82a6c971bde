//! Floats in files from which a run goes on: written as their bits, so that the very same number
//! comes back, infinities and NaN included.
//!
//! For `#[serde(with = "float_bits")]`, and [`optional`] and [`list`] for floats in an option and
//! in a list.

use serde::{Deserialize, Deserializer, Serializer};

/// Writes the bits.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(x.to_bits())
}

/// Reads the bits.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    u64::deserialize(deserializer).map(f64::from_bits)
}

/// A float that may be missing.
pub mod optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the bits or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(x: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        x.map(f64::to_bits).serialize(serializer)
    }

    /// Reads the bits or nothing.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(f64::from_bits))
    }
}

/// A list of floats.
pub mod list {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the bits of each.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(list: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|x| x.to_bits()))
    }

    /// Reads the bits of each.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(f64::from_bits).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Floats {
        #[serde(with = "super")]
        one: f64,
        #[serde(with = "super::optional")]
        maybe: Option<f64>,
        #[serde(with = "super::list")]
        many: Vec<f64>,
    }

    #[test]
    fn every_float_comes_back_to_the_bit() {
        let many =
            vec![0.1, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE / 3.0, f64::MAX, 1.0 / 3.0];
        let text = serde_json::to_string(&Floats {
            one: f64::NEG_INFINITY,
            maybe: Some(0.3),
            many: many.clone(),
        })
        .unwrap();
        let back: Floats = serde_json::from_str(&text).unwrap();
        assert_eq!((back.one, back.maybe), (f64::NEG_INFINITY, Some(0.3)));
        let bits = |list: &[f64]| list.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back.many), bits(&many));
    }
}

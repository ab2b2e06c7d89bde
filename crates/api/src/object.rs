//! Objects of requests: their fields come by name.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A `T` that is read from a JSON object and from nothing else. On its own a derived reader takes the
/// fields in their order too, as an array without their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// For a field that is an array of objects.
pub(crate) fn objects<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let objects: Vec<Object<T>> = Vec::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|it| it.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::CreateProject;
    use crate::verify::VerifyBatch;

    #[test]
    fn fields_come_by_name() {
        let by_name = r#"{"name":"a"}"#;
        assert!(serde_json::from_str::<Object<CreateProject>>(by_name).is_ok());
        for other in [
            r#"["a"]"#,
            r#"["a",null,null]"#,
            r#""a""#,
            "1",
            "null",
            "[]",
        ] {
            let error = serde_json::from_str::<Object<CreateProject>>(other).unwrap_err();
            let message = error.to_string();
            assert!(message.contains("expected an object"), "{message}");
        }
    }

    #[test]
    fn so_do_the_fields_of_objects_in_an_array() {
        let read = |json: &str| serde_json::from_str::<VerifyBatch>(json).is_ok();
        assert!(read(r#"{"items":[{"secret":"a"}]}"#));
        assert!(!read(r#"{"items":[["a",null,null,null,null]]}"#));
        assert!(!read(r#"{"items":[["a"]]}"#));
    }
}

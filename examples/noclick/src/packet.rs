//! The part of Socket.IO (protocol 5) that the product speaks: text, and the one namespace `/`. Engine.IO
//! below it is the library's.

use serde_json::{Value, json};

/// What a client sends.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// With what it proves who it is.
    Connect(Value),
    Disconnect,
    Event {
        name: String,
        payload: Value,
    },
}

/// The server's own end of a namespace; clients do not come back by themselves after it.
pub const DISCONNECT: &str = "1";

/// None for what is broken, binary, or for another namespace.
pub fn parse(text: &str) -> Option<Incoming> {
    let mut rest = text.chars();
    match rest.next()? {
        '0' if rest.as_str().is_empty() => Some(Incoming::Connect(Value::Null)),
        '0' => {
            let auth = serde_json::from_str(rest.as_str()).ok()?;
            Some(Incoming::Connect(auth))
        }
        '1' if rest.as_str().is_empty() => Some(Incoming::Disconnect),
        '2' => {
            // The number of an acknowledgement, which no client of this product waits for.
            let arguments = rest
                .as_str()
                .trim_start_matches(|c: char| c.is_ascii_digit());
            let arguments: Vec<Value> = serde_json::from_str(arguments).ok()?;
            let mut arguments = arguments.into_iter();
            let name = arguments.next()?.as_str()?.to_owned();
            let payload = arguments.next().unwrap_or(Value::Null);
            Some(Incoming::Event { name, payload })
        }
        _ => None,
    }
}

pub fn accepted(sid: &str) -> String {
    format!("0{}", json!({ "sid": sid }))
}

pub fn refused(message: &str, code: &str) -> String {
    format!("4{}", json!({"message": message, "data": {"code": code}}))
}

pub fn event(name: &str, payload: &Value) -> String {
    format!("2{}", json!([name, payload]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_or_for_another_namespace_is_nothing() {
        for text in [
            "",
            "9",
            "0/admin,{}",
            "0{",
            "1x",
            "2",
            "2{}",
            "2[]",
            "2[1]",
            "2/a,[\"e\"]",
            "51-[\"e\"]",
            "é",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let name = "workflow:get".to_owned();
        let payload = json!({"workflow_id": "wf1"});
        assert_eq!(
            parse(r#"27["workflow:get",{"workflow_id":"wf1"}]"#),
            Some(Incoming::Event { name, payload })
        );
        assert_eq!(parse("0"), Some(Incoming::Connect(Value::Null)));
    }
}

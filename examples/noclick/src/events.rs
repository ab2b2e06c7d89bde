//! Which permission each event needs. The list is whole: what is not in it is denied.

const READ: &[&str] = &[
    "workflow:get",
    "workflow:list",
    "workflow:get_node_outputs",
    "workflow:get_node_output_history",
    "workflow:node:load_options",
    "workflow:node:get_config_schema",
    "workflow:node:get_config",
    "workflow:load_node_state",
    "workflow:state:get",
    "workflow:state:keys",
    "workflow:list_executions",
    "credential:list",
    "credential:get",
    "resource:list",
    "resource:get",
    "resource:download_url",
    "resource:dataset:rows",
];
const EXECUTE: &[&str] = &["workflow:execute", "workflow:stop"];
const WRITE: &[&str] = &[
    "workflow:node:set_config",
    "workflow:state:set",
    "workflow:create",
    "workflow:update",
    "workflow:delete",
    "workflow:save_node_state",
    "workflow:clear_node_state",
    "credential:create",
    "credential:update",
    "credential:delete",
    "resource:create",
    "resource:delete",
    "resource:upload_url",
    "resource:fork",
    "resource:dataset:append",
    "resource:dataset:update_row",
    "resource:dataset:delete_rows",
];
/// A key for one workflow may send these without naming it.
const OF_NO_WORKFLOW: &[&str] = &["credential:list", "credential:create"];

/// None: denied, whoever asks.
pub fn permission(event: &str) -> Option<&'static str> {
    let lists = [("read", READ), ("execute", EXECUTE), ("write", WRITE)];
    let found = lists.iter().find(|(_, events)| events.contains(&event));
    found.map(|(permission, _)| *permission)
}

pub fn may_name_no_workflow(event: &str) -> bool {
    OF_NO_WORKFLOW.contains(&event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_needs_one_permission_and_others_are_denied() {
        for (permission_needed, events, count) in [
            ("read", READ, 17),
            ("execute", EXECUTE, 2),
            ("write", WRITE, 17),
        ] {
            assert_eq!(events.len(), count);
            for event in events {
                assert_eq!(permission(event), Some(permission_needed), "{event}");
            }
        }
        for event in [
            "yjs:sync",
            "workflow:Get",
            "workflow",
            "",
            "connect",
            "response",
        ] {
            assert_eq!(permission(event), None, "{event}");
        }
    }
}

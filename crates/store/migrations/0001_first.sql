-- Three column types only: BIGINT (counts, microseconds, 0 or 1), TEXT (ids, words, JSON), BYTEA.
-- The engine that needs it adds a byte-order collation to every TEXT.

CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL,
    suspended_at BIGINT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX organizations_by_external_id ON organizations (external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX organizations_by_age ON organizations (created_at, id);

CREATE TABLE projects (
    organization TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    environment TEXT,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organization, id)
);

CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    project TEXT,
    environment TEXT NOT NULL,
    name TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    description TEXT,
    owner TEXT,
    display_prefix TEXT NOT NULL,
    suffix TEXT NOT NULL,
    digest BYTEA NOT NULL,
    grants TEXT NOT NULL,
    ip_rules TEXT NOT NULL,
    metadata TEXT NOT NULL,
    managed_by TEXT,
    state TEXT NOT NULL,
    state_at BIGINT,
    state_by TEXT,
    state_reason TEXT,
    state_reason_code TEXT,
    expires_at BIGINT,
    successor TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
-- Also the only guard against one secret that opens two keys.
CREATE UNIQUE INDEX keys_by_digest ON keys (digest);
CREATE INDEX keys_by_age ON keys (created_at, id);
CREATE INDEX keys_by_organization ON keys (organization, created_at, id);
CREATE INDEX keys_by_environment ON keys (organization, environment, created_at, id);
CREATE INDEX keys_by_project ON keys (organization, project, created_at, id)
    WHERE project IS NOT NULL;
-- All that a project's limit counts by.
CREATE INDEX keys_by_limit ON keys (organization, project, expires_at, state, successor)
    WHERE project IS NOT NULL;
CREATE INDEX keys_by_owner ON keys (organization, owner, created_at, id) WHERE owner IS NOT NULL;
CREATE INDEX keys_by_managed_by ON keys (organization, managed_by, created_at, id)
    WHERE managed_by IS NOT NULL;
-- Of the few keys that are not active.
CREATE INDEX keys_by_project_state ON keys (organization, project, state, created_at, id)
    WHERE project IS NOT NULL AND state <> 'active';
CREATE INDEX keys_by_environment_state ON keys (organization, environment, state, created_at, id)
    WHERE state <> 'active';
CREATE INDEX keys_by_state ON keys (organization, state, created_at, id) WHERE state <> 'active';
CREATE INDEX keys_by_expiry ON keys (organization, expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX keys_by_name ON keys (name_lower, organization);
CREATE INDEX keys_by_suffix ON keys (suffix, created_at, id);
CREATE INDEX keys_by_display_prefix ON keys (display_prefix, created_at, id);

CREATE TABLE management_keys (
    id TEXT NOT NULL PRIMARY KEY,
    organization TEXT,
    name TEXT NOT NULL,
    preset TEXT NOT NULL,
    digest BYTEA NOT NULL,
    display_prefix TEXT NOT NULL,
    suffix TEXT NOT NULL,
    is_root BIGINT NOT NULL,
    state TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX management_keys_by_digest ON management_keys (digest);
CREATE INDEX management_keys_by_age ON management_keys (created_at, id);

-- One row: the profile in force.
CREATE TABLE profile (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    toml TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE ledger (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    organization TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    request_id TEXT NOT NULL,
    min_reader BIGINT NOT NULL,
    personal BYTEA NOT NULL,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX ledger_by_organization ON ledger (organization, seq);
CREATE INDEX ledger_by_target ON ledger (target, seq);

-- What may be erased: the hash chain knows it only as a salted commitment.
CREATE TABLE ledger_personal (
    seq BIGINT NOT NULL PRIMARY KEY,
    salt BYTEA NOT NULL,
    fields TEXT NOT NULL
);

-- One row, and the one lock: whoever holds it is the only writer.
CREATE TABLE ledger_head (
    id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- Counters, never under the head lock.
CREATE TABLE usage (
    key TEXT NOT NULL,
    hour BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (key, hour, outcome)
);
CREATE TABLE usage_last (
    key TEXT NOT NULL PRIMARY KEY,
    last_used_at BIGINT,
    last_refused_at BIGINT,
    last_refused_reason TEXT,
    last_refused_address TEXT
);

CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status BIGINT NOT NULL,
    body TEXT,
    seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- One row: the name of the server that answers from memory, empty once it said goodbye.
CREATE TABLE server (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
);

-- What tokens are signed with. The private part is sealed with a key that is not in this database.
CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    state TEXT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    signs_from BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);

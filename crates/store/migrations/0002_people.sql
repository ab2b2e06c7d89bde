-- People: members, invitations, and how they get in. Passwords and sessions belong to memberships: who
-- proved to be a member here has proved nothing elsewhere, whatever the e-mail address.

CREATE TABLE members (
    id TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    project_roles TEXT NOT NULL,
    state TEXT NOT NULL,
    removed_at BIGINT,
    removed_by TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_by_email ON members (organization, email_folded) WHERE state = 'active';
CREATE INDEX members_by_age ON members (organization, created_at, id);

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    project_roles TEXT NOT NULL,
    state TEXT NOT NULL,
    state_at BIGINT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX invitations_by_age ON invitations (organization, created_at, id);

CREATE TABLE portal_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    project TEXT,
    owner TEXT,
    permissions TEXT NOT NULL,
    return_url TEXT,
    state TEXT NOT NULL,
    state_at BIGINT,
    state_by TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX portal_sessions_by_age ON portal_sessions (organization, created_at, id);

-- What a one-time link opens; only the digest of what stands in it is known here.
CREATE TABLE links (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT
);

-- Whoever has the cookie of this digest is a person, or a portal session. A person's subject is the member
-- as which they are here now.
CREATE TABLE sessions (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_subject ON sessions (subject, kind);

-- The memberships that a session has proved.
CREATE TABLE session_members (
    session BYTEA NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (session, member)
);
CREATE INDEX session_members_by_member ON session_members (member);

CREATE TABLE passwords (
    member TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- What a person has made, also after they left.
CREATE INDEX keys_by_creator ON keys (organization, created_by, created_at, id);

-- The old key beside a new one.
CREATE INDEX keys_by_successor ON keys (successor) WHERE successor IS NOT NULL;
CREATE INDEX keys_by_rotation ON keys (organization, expires_at) WHERE successor IS NOT NULL;

-- What a product told us of: paths and names, so that people choose by name. One that was removed
-- keeps its row, so that its versions go on when it comes again.
CREATE TABLE resources (
    organization TEXT NOT NULL,
    path TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organization, path)
);
CREATE INDEX resources_by_age ON resources (organization, created_at, path);

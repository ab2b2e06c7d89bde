-- A limit and a window, such as 100/1m; null: as often as its user likes.
ALTER TABLE keys ADD COLUMN rate_limit TEXT;

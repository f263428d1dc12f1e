-- As manager/store/sqlite/012.sql.
CREATE TABLE unaccepted (
  owner TEXT COLLATE "C" NOT NULL,
  object TEXT COLLATE "C" NOT NULL,
  size BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (owner, object)
);

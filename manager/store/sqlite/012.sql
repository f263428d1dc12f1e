-- What artists have had stored without having accepted a price for it: chunks, and packages' manifests under the packages' ids, with
-- when the upload was last signed, in Unix milliseconds.
CREATE TABLE unaccepted (
  owner  TEXT NOT NULL,
  object TEXT NOT NULL,
  size   INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (owner, object)
) WITHOUT ROWID;

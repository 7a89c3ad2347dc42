-- Signing in by OpenID Connect. Conventions as in 0001.

-- Who has been sent to the provider and is not back yet, by the SHA-256 of the state in the address. Used once: the row is
-- deleted. The browser that was sent holds a secret in a cookie, of which the SHA-256 stands here; the verifier and the nonce
-- are made of both and kept nowhere.
CREATE TABLE openid_request(
  state BLOB PRIMARY KEY,
  secret BLOB NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openid_request_expires ON openid_request(expires);

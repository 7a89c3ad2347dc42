-- Delivery: what was accepted and failed for a while is begun anew, providers that tell nothing are asked, and a
-- receipt may come before the answer that names its message.

ALTER TABLE message ADD COLUMN round INTEGER NOT NULL DEFAULT 0; -- begun anew so often; part of the idempotency key
ALTER TABLE message ADD COLUMN poll_at INTEGER;  -- of accepted: the provider is then asked what became of it
ALTER TABLE receipt ADD COLUMN round INTEGER NOT NULL DEFAULT 0; -- of the message, as above
ALTER TABLE message ADD COLUMN calendar TEXT;    -- an iTIP object that goes with an e-mail

CREATE INDEX message_poll ON message(poll_at) WHERE poll_at IS NOT NULL;

-- Receipts whose id no message has yet. A row goes when its message comes, or after an hour.
CREATE TABLE early_receipt(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  provider TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('delivered', 'failed', 'temporary')),
  detail TEXT,
  at INTEGER,                -- NULL: the provider did not say
  received INTEGER NOT NULL,
  UNIQUE (provider, provider_id, status)
) STRICT;

-- Ids under which a provider knew a message before it was begun anew: its late receipts still find it.
CREATE TABLE earlier_id(
  provider TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  message INTEGER NOT NULL REFERENCES message(id),
  round INTEGER NOT NULL,
  PRIMARY KEY (provider, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX earlier_id_message ON earlier_id(message);

#!/bin/bash
# Entry of the replica (docker-compose.yml): copies the primary once, then follows it.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  # As the image's own entry does: the volume belongs to root at first.
  install -d -o postgres -g postgres -m 700 "$(dirname "$PGDATA")"
  exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Made aside and then renamed: an interrupted copy is never taken for a replica.
  rm -rf "$PGDATA.unfinished"
  PGPASSWORD=$(cat "${REPLICATOR_PASSWORD_FILE:-/run/secrets/replicator_password}") pg_basebackup \
    --dbname="host=$PRIMARY_HOST port=${PRIMARY_PORT:-5432} user=replicator application_name=replica" \
    --pgdata="$PGDATA.unfinished" --wal-method=stream --checkpoint=fast --write-recovery-conf
  mv "$PGDATA.unfinished" "$PGDATA"
fi
exec "$@"

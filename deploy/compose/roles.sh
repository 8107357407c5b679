#!/bin/bash
# The first start of the primary (docker-compose.yml): deploy/postgres/roles.sql with the passwords of the secrets.
set -euo pipefail
secret() { cat "/run/secrets/$1"; }
MYSTOCKS_OWNER_PASSWORD=$(secret owner_password)
MARKET_DATA_PASSWORD=$(secret market_data_password)
AUTH_PASSWORD=$(secret auth_password)
CACHE_PASSWORD=$(secret cache_password)
REPLICATOR_PASSWORD=$(secret replicator_password)
export MYSTOCKS_OWNER_PASSWORD MARKET_DATA_PASSWORD AUTH_PASSWORD CACHE_PASSWORD REPLICATOR_PASSWORD
psql -X -q -U postgres -d postgres -f "${ROLES_SQL:-/etc/mystocks/roles.sql}"

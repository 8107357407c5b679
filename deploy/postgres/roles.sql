-- Roles, database and schemas; may be run again at any time, then it sets the passwords anew.
-- psql -f roles.sql as a superuser, with the passwords in the environment (never on a command line, where `ps` shows them):
--   MYSTOCKS_OWNER_PASSWORD  MARKET_DATA_PASSWORD  AUTH_PASSWORD  CACHE_PASSWORD  REPLICATOR_PASSWORD
\set ON_ERROR_STOP on
\set QUIET on
\set owner_password `printf %s "$MYSTOCKS_OWNER_PASSWORD"`
\set market_data_password `printf %s "$MARKET_DATA_PASSWORD"`
\set auth_password `printf %s "$AUTH_PASSWORD"`
\set cache_password `printf %s "$CACHE_PASSWORD"`
\set replicator_password `printf %s "$REPLICATOR_PASSWORD"`

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['mystocks_owner', 'market_data', 'auth', 'cache', 'replicator']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- The owner migrates; the services' roles only use what a migration grants them.
ALTER ROLE mystocks_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE market_data    LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'market_data_password';
ALTER ROLE auth           LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'auth_password';
ALTER ROLE cache          LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'cache_password';
ALTER ROLE replicator     LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE REPLICATION NOBYPASSRLS PASSWORD :'replicator_password';

SELECT 'CREATE DATABASE mystocks OWNER mystocks_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mystocks')
\gexec

REVOKE ALL ON DATABASE mystocks FROM PUBLIC;
GRANT CONNECT ON DATABASE mystocks TO market_data, auth, cache;

\connect mystocks
-- PostgreSQL 14 and older let everybody create in public.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS market_data AUTHORIZATION mystocks_owner;
CREATE SCHEMA IF NOT EXISTS auth AUTHORIZATION mystocks_owner;
CREATE SCHEMA IF NOT EXISTS cache AUTHORIZATION mystocks_owner;
GRANT USAGE ON SCHEMA market_data TO market_data;
GRANT USAGE ON SCHEMA auth TO auth;
GRANT USAGE ON SCHEMA cache TO cache;
ALTER ROLE market_data IN DATABASE mystocks SET search_path = market_data;
ALTER ROLE auth IN DATABASE mystocks SET search_path = auth;
ALTER ROLE cache IN DATABASE mystocks SET search_path = cache;

-- One row the fleet beats on the primary some four times a second (libs/connection-pool): a replica that shows an old
-- beat lags, also when nothing else is written; the timeline says whose beat it is.
CREATE SCHEMA IF NOT EXISTS replication AUTHORIZATION mystocks_owner;
GRANT USAGE ON SCHEMA replication TO market_data, auth, cache;
CREATE TABLE IF NOT EXISTS replication.heartbeat (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  beat_at timestamptz NOT NULL DEFAULT '-infinity',
  timeline text NOT NULL DEFAULT ''
);
ALTER TABLE replication.heartbeat OWNER TO mystocks_owner;
INSERT INTO replication.heartbeat DEFAULT VALUES ON CONFLICT DO NOTHING;
GRANT SELECT, UPDATE (beat_at, timeline) ON replication.heartbeat TO market_data, auth, cache;

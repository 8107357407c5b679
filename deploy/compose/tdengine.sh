#!/bin/bash
# One time (docker-compose.yml, profile tdengine): gives root of TDengine the password of the secret instead of its default.
set -euo pipefail
password=$(cat /run/secrets/tdengine_password)
taos -h tdengine -uroot -p"$password" -s 'SELECT SERVER_STATUS()' >/dev/null 2>&1 && exit 0
taos -h tdengine -s "ALTER USER root PASS '$password'"

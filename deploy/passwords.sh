#!/bin/sh
# Make up the passwords of a house that docker compose runs, each in a file of its own in secrets/; those there stay.
# The files can be read by everybody who gets into the folder: that is its owner, and the containers they are mounted into.
set -eu
cd "$(dirname "$0")/.."
umask 022
mkdir -p secrets
chmod 700 secrets
for each in database rabbitmq grafana; do
  file=secrets/${each}_password
  [ -s "$file" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$file"
  chmod 644 "$file"
done
# What the two servers take at their first start.
echo "POSTGRES_PASSWORD=$(cat secrets/database_password)" >secrets/postgres.env
echo "RABBITMQ_DEFAULT_PASS=$(cat secrets/rabbitmq_password)" >secrets/rabbitmq.env

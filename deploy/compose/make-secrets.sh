#!/bin/sh
# Makes the secrets of deploy/compose.yaml, once; nothing that is there is changed. Mail and certificate are yours to bring.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

make() {
  if [ -e "$1" ]; then echo "secrets/$1 is there already"; else printf '%s\n' "$2" > "$1" && echo "secrets/$1 made"; fi
}

make master_key "$(openssl rand -base64 32)"
make postgres_password "$(openssl rand -hex 24)"
make database_admin_password "$(openssl rand -hex 24)"
make database_login_password "$(openssl rand -hex 24)"
make database_admin_url "postgres://gatehouse_admin:$(cat database_admin_password)@postgres:5432/gatehouse"
make database_url "postgres://gatehouse_login:$(cat database_login_password)@postgres:5432/gatehouse"
# The user of the containers reads them; nobody else passes the folder.
chmod 0711 .
chmod 0644 ./*
chmod 0700 ..

for name in smtp_url tls_cert tls_key; do
  [ -e "$name" ] || echo "still missing: secrets/$name (deploy/README.md)"
done
echo 'Keep a copy of secrets/master_key in another place: without it the database is worth nothing.'

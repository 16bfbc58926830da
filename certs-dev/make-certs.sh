#!/usr/bin/env bash
# Makes a development certificate authority and certificates for localhost, 127.0.0.1 and ::1. Never for production: see README.md.
#
#   make-certs.sh [DIRECTORY]     default: the folder of this script
#
#   ca.pem, ca-key.pem                          the authority
#   localhost.pem, localhost-key.pem            an ECDSA P-256 certificate
#   localhost-rsa.pem, localhost-rsa-key.pem    an RSA 2048 certificate
#
# Files that are valid for another day are left as they are.
set -euo pipefail
umask 077

directory=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
mkdir -p "$directory"
cd "$directory"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Without a file of our own openssl mixes in the extensions of the system's configuration.
printf '[req]\ndistinguished_name = name\n[name]\n' >"$work/openssl.cnf"

quietly() {
    if ! "$@" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        exit 1
    fi
}

is_valid() {
    openssl x509 -checkend 86400 -noout -in "$1" >/dev/null 2>&1
}

# issue NAME DAYS openssl-req-arguments…: writes NAME.pem and NAME-key.pem.
issue() {
    local name=$1 days=$2
    shift 2
    quietly openssl req -x509 -config "$work/openssl.cnf" -days "$days" -nodes \
        -keyout "$work/$name-key.pem" -out "$work/$name.pem" "$@"
    mv "$work/$name-key.pem" "$work/$name.pem" .
    chmod 644 "$name.pem"
    echo "made $directory/$name.pem"
}

leaf() {
    local name=$1
    shift
    if is_valid "$name.pem" && [ -r "$name-key.pem" ] && openssl verify -CAfile ca.pem "$name.pem" >/dev/null 2>&1; then return; fi
    issue "$name" 90 -CA ca.pem -CAkey ca-key.pem -subj /CN=localhost "$@" \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 -addext basicConstraints=critical,CA:FALSE \
        -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth
}

if ! is_valid ca.pem || [ ! -r ca-key.pem ]; then
    issue ca 365 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj "/CN=Gatekeeper development CA" \
        -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign
fi
leaf localhost -newkey ec -pkeyopt ec_paramgen_curve:P-256
leaf localhost-rsa -newkey rsa:2048

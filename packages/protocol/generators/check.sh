#!/usr/bin/env bash
# Recomputes every value of the vector files with openssl. Node only parses the JSON (flatten.mjs).
#     bash generators/check.sh [folder]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=0 failures=0 last_body='' last_hash=''

body_bytes() {
  case $1 in
    b*) printf '%s' "${1:1}" | openssl base64 -d -A ;;
    r*)
      local byte=${1:1:2} times=${1#*:}
      head -c "$times" /dev/zero | tr '\0' "\\$(printf '%03o' "0x$byte")"
      ;;
  esac
}

upper() { # bash 3 has no ${method^^}
  case $1 in
    *[a-z]*) tr '[:lower:]' '[:upper:]' <<<"$1" ;;
    *) printf '%s' "$1" ;;
  esac
}

to_hex() { od -An -v -tx1 | tr -d ' \n'; }

ascii_to_hex() { # sets hex; no process is started, there are hundreds of these
  local at character
  hex=''
  for ((at = 0; at < ${#1}; at++)); do
    printf -v character '%02x' "'${1:at:1}"
    hex+=$character
  done
}

compute_hmac() { # secret and message in hex; sets signature
  local at escaped='' line
  for ((at = 0; at < ${#2}; at += 2)); do escaped+="\\x${2:at:2}"; done
  # shellcheck disable=SC2059 # the escapes are the data
  line=$(printf "$escaped" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r)
  signature=${line%% *}
}

expect() { # id, field, given, computed
  [ "$3" = "$4" ] && return
  echo "$1: $2" >&2
  failures=$((failures + 1))
}

split_target() { # sets path and query, in hex: before and after the first 3f
  local rest=$1
  path='' query=''
  while [ -n "$rest" ]; do
    if [ "${rest:0:2}" = 3f ]; then
      query=${rest:2}
      return
    fi
    path+=${rest:0:2}
    rest=${rest:2}
  done
}

request_message() { # sets message, in hex; checks the stages before it
  local line hash
  if [ "$body" != "$last_body" ]; then # most have none
    line=$(body_bytes "$body" | openssl dgst -sha256 -r)
    last_body=$body last_hash=${line%% *}
  fi
  hash=$last_hash
  split_target "${target:1}"
  ascii_to_hex "$(upper "$method")"
  message=${timestamp:1}0a${hex}0a${path}0a${query}0a
  ascii_to_hex "$hash"
  message+=$hex
  expect "$id" "$field.path" "$given_path" "h$path"
  expect "$id" "$field.query" "$given_query" "h$query"
  expect "$id" "$field.bodySha256" "$given_hash" "$hash"
  expect "$id" "$field.canonical" "$given_canonical" "h$message"
}

lines=$(node "$here/flatten.mjs" "${1:-$here/../vectors}")
while read -r id field secret timestamp method target body given_path given_query given_hash given_canonical given_hex given_signature header; do
  count=$((count + 1))
  if [ "$target" = - ]; then
    message=${timestamp:1}0a$(body_bytes "$body" | to_hex)
  else
    request_message
  fi
  expect "$id" "$field.hex" "$given_hex" "$message"
  compute_hmac "$secret" "$message"
  expect "$id" "$field.signature" "$given_signature" "$signature"
  [ "$header" = - ] || expect "$id" header "$header" "$signature"
done <<<"$lines"

echo "openssl: $count signatures, $failures failures"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]

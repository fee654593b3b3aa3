#!/usr/bin/env bash
# Conformance client in bash, openssl and curl, in the suite's one-shot mode: one process per command, with all input in CPG_* variables.
# See docs/adapter-protocol.md.
set -euo pipefail

# sign <target> <body file>: prints the three header lines.
sign() {
  local target=$1 body_file=$2 path query='' body_sha256 signature
  path=${target%%\?*}
  [[ $target == *\?* ]] && query=${target#*\?}
  body_sha256=$(openssl dgst -sha256 -r <"$body_file")
  body_sha256=${body_sha256%% *}
  # The key is passed as hex: an argument cannot contain every byte, and -hmac would end it at a line feed.
  signature=$(printf '%s\n%s\n%s\n%s\n%s' "$CPG_NOW" "${CPG_METHOD^^}" "$path" "$query" "$body_sha256" |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 <"$CPG_SECRET_FILE" | tr -d ' \n')" -r)
  printf 'X-CPG-Key: %s\nX-CPG-Timestamp: %s\nX-CPG-Signature: %s\n' "$CPG_KEY_ID" "$CPG_NOW" "${signature%% *}"
}

# Percent-encodes every byte that is not unreserved.
encode() {
  local LC_ALL=C text=$1 i character
  for ((i = 0; i < ${#text}; i++)); do
    character=${text:i:1}
    case $character in
      [A-Za-z0-9._~-]) printf '%s' "$character" ;;
      *) printf '%s' "$character" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g' | tr 'a-f' 'A-F' ;;
    esac
  done
}

call() {
  local target body_file=/dev/null headers
  CPG_METHOD=GET
  case $CPG_OPERATION in
    ping) target=/v1/_ping ;;
    balances.list)
      target=/v1/balances
      local separator='?' name
      for name in currency network; do
        local variable=CPG_ARG_$name
        [[ -v $variable ]] || continue
        target+="$separator$name=$(encode "${!variable}")"
        separator='&'
      done
      ;;
    withdrawals.get) target=/v1/withdrawals/$CPG_ARG_withdrawal_id ;;
    withdrawals.create)
      CPG_METHOD=POST
      target=/v1/withdrawals
      body_file=$CPG_ARGS_FILE
      ;;
  esac
  CPG_NOW=$(date +%s)
  mapfile -t headers < <(sign "$target" "$body_file")
  local options=(--silent --path-as-is --globoff --max-time 8 --request "$CPG_METHOD" --write-out '\n%{http_code}')
  for header in "${headers[@]}"; do options+=(--header "$header"); done
  if [[ $body_file != /dev/null ]]; then
    options+=(--header 'Content-Type: application/json' --header 'Expect:' --data-binary "@$body_file")
  fi
  # An interrupted transfer has no valid status, even if curl saw one.
  curl "${options[@]}" "$CPG_BASE_URL$target" || printf '\n000'
}

case $CPG_COMMAND in
  sign) sign "$CPG_TARGET" "$CPG_BODY_FILE" ;;
  call) call ;;
esac

#!/usr/bin/env bash
# Check that requests are signed correctly: GET /v1/_ping.
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target='/v1/_ping'

sign_request GET "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"

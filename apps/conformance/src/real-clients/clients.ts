/** A common client: a program that requests `URL` with the headers in `HEADERS` (one a line) and prints nothing. */
export interface RealClient {
  readonly name: string;
  readonly program: string;
  readonly argv: readonly string[];
}

const NODE_HEADERS =
  'const headers = Object.fromEntries((process.env.HEADERS || "").split("\\n").filter(Boolean).map((line) => line.split(": ")));';

const PYTHON = `
import os, urllib.request
headers = dict(line.split(": ", 1) for line in os.environ["HEADERS"].splitlines())
try:
    urllib.request.urlopen(urllib.request.Request(os.environ["URL"], headers=headers), timeout=5)
except urllib.error.HTTPError:
    pass
`;

const PHP = `
$headers = array_filter(explode("\\n", getenv("HEADERS")));
$context = stream_context_create(["http" => ["header" => $headers, "ignore_errors" => true, "follow_location" => 0, "timeout" => 5]]);
exit(@file_get_contents(getenv("URL"), false, $context) === false ? 1 : 0);
`;

const CURL =
  'printf "%s\\n" "$HEADERS" | curl --silent --globoff --max-time 5 --header @- --output /dev/null';

/** What people send requests with. */
export const REAL_CLIENTS: readonly RealClient[] = [
  { name: 'curl', program: 'sh', argv: ['-c', `${CURL} "$URL"`] },
  { name: 'curl --path-as-is', program: 'sh', argv: ['-c', `${CURL} --path-as-is "$URL"`] },
  { name: 'Python urllib', program: 'python3', argv: ['-c', PYTHON] },
  { name: 'PHP streams', program: 'php', argv: ['-r', PHP] },
  {
    name: 'Node fetch',
    program: process.execPath,
    argv: [
      '-e',
      `${NODE_HEADERS} fetch(process.env.URL, { headers, redirect: "manual" }).catch(() => process.exit(1))`,
    ],
  },
  {
    name: 'Node http.request(URL)',
    program: process.execPath,
    argv: [
      '-e',
      `${NODE_HEADERS} require("http").get(process.env.URL, { headers, agent: false }, (r) => r.resume()).on("error", () => process.exit(1))`,
    ],
  },
  {
    name: 'Node http.request({ path })',
    program: process.execPath,
    argv: [
      '-e',
      `${NODE_HEADERS} const [, host, port, path] = /^http:\\/\\/([^:]+):(\\d+)(.*)$/s.exec(process.env.URL);
       require("http").get({ host, port, path, headers, agent: false }, (r) => r.resume()).on("error", () => process.exit(1))`,
    ],
  },
];

import { join } from 'node:path';

/**
 * A common client: a program that requests `URL` with the headers in `HEADERS` (one a line) and prints
 * nothing.
 */
export interface RealClient {
  readonly name: string;
  readonly program: string;
  readonly argv: readonly string[];
  /** Exits with 0 when the client is installed. */
  readonly probe: readonly string[];
  /** Prints its name and version on the first line. */
  readonly version: readonly string[];
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

const PHP_HEADERS = '$headers = array_filter(explode("\\n", getenv("HEADERS")));';

const PHP_CURL = `
${PHP_HEADERS}
$curl = curl_init(getenv("URL"));
curl_setopt_array($curl, [CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 5]);
exit(curl_exec($curl) === false ? 1 : 0);
`;

const PHP_STREAMS = `
${PHP_HEADERS}
$context = stream_context_create(["http" => ["header" => $headers, "ignore_errors" => true, "follow_location" => 0, "timeout" => 5]]);
exit(@file_get_contents(getenv("URL"), false, $context) === false ? 1 : 0);
`;

const curl = (name: string, options: string): RealClient => ({
  name,
  program: 'sh',
  argv: [
    '-c',
    `printf "%s\\n" "$HEADERS" | curl --silent --globoff --max-time 5 --header @- --output /dev/null ${options} "$URL"`,
  ],
  probe: ['-c', 'command -v curl'],
  version: ['-c', 'curl --version'],
});

const php = (
  name: string,
  program: string,
  { needs, version }: { readonly needs: string; readonly version: string },
): RealClient => ({
  name,
  program: 'php',
  argv: ['-r', program],
  probe: ['-r', `exit(function_exists("${needs}") ? 0 : 1);`],
  version: ['-r', `echo ${version};`],
});

const node = (name: string, script: string): RealClient => ({
  name,
  program: process.execPath,
  argv: ['-e', `${NODE_HEADERS} ${script}`],
  probe: ['--version'],
  version: ['-p', '"Node " + process.version'],
});

// Only the client's package depends on axios, so the program that uses it is there.
const AXIOS = join(import.meta.dirname, '../../../../packages/client/conformance/axios-get.ts');

/** The clients that are measured. */
export const REAL_CLIENTS: readonly RealClient[] = [
  curl('curl', ''),
  curl('curl --path-as-is', '--path-as-is'),
  {
    name: 'Python urllib',
    program: 'python3',
    argv: ['-c', PYTHON],
    probe: ['--version'],
    version: ['--version'],
  },
  php('PHP curl', PHP_CURL, {
    needs: 'curl_init',
    version: '"PHP with libcurl ", curl_version()["version"]',
  }),
  php('PHP streams', PHP_STREAMS, { needs: 'stream_context_create', version: '"PHP ", PHP_VERSION' }),
  node('Node fetch', 'fetch(process.env.URL, { headers, redirect: "manual" }).catch(() => process.exit(1))'),
  node(
    'Node http.request(URL)',
    'require("http").get(process.env.URL, { headers, agent: false }, (r) => r.resume()).on("error", () => process.exit(1))',
  ),
  node(
    'Node http.request({ path })',
    `const [, host, port, path] = /^http:\\/\\/([^:]+):(\\d+)(.*)$/s.exec(process.env.URL);
     require("http").get({ host, port, path, headers, agent: false }, (r) => r.resume()).on("error", () => process.exit(1))`,
  ),
  {
    name: 'axios',
    program: process.execPath,
    argv: [AXIOS],
    probe: ['--version'],
    version: [AXIOS, '--version'],
  },
];

/** A request that samples send. The body is an object of texts, numbers and null. */
export interface SampleRequest {
  readonly method: string;
  readonly target: string;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** What the sample does, in a comment. */
  readonly summary: string;
  /** The same call with @cpg/client, without `cpg.`. */
  readonly call: string;
}

/** A language that requests are shown in. */
export interface SampleLanguage {
  /** The name of its tab. */
  readonly name: string;
  /** As fences name it. */
  readonly language: string;
  /** Where its samples are, in the repository. */
  readonly folder: string;
  /** The file of an operation such as `list-balances`. */
  readonly fileName: (operation: string) => string;
  /** The program that runs a file. */
  readonly program: string;
  readonly write: (request: SampleRequest) => string;
}

const kebab = (extension: string) => (operation: string) => `${operation}.${extension}`;
const snake = (extension: string) => (operation: string) => `${operation.replaceAll('-', '_')}.${extension}`;

const single = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const double = (text: string): string => JSON.stringify(text);
const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const entriesOf = (body: object): [string, unknown][] => Object.entries(body);

const writeBash = ({ method, target, body, summary }: SampleRequest): string => {
  const head = `#!/usr/bin/env bash
# ${summary}
set -euo pipefail
source "$(dirname "$0")/sign_request.sh"

target=${shell(target)}
`;
  if (body === undefined) {
    return `${head}
sign_request ${method} "$target" </dev/null |
  curl --silent --show-error --path-as-is --header @- "$CPG_BASE_URL$target"
`;
  }
  return `${head}body=${shell(JSON.stringify(body))}

printf '%s' "$body" | sign_request ${method} "$target" |
  curl --silent --show-error --path-as-is --header @- --header 'Content-Type: application/json' \\
    --data-binary "$body" "$CPG_BASE_URL$target"
`;
};

const writePython = ({ method, target, body, summary }: SampleRequest): string => {
  const value = (each: unknown): string => (each === null ? 'None' : JSON.stringify(each));
  const head = `"""${summary}"""

${body === undefined ? '' : 'import json\n'}import urllib.request

from sign_request import BASE_URL, opener, sign_request

target = ${double(target)}
`;
  if (body === undefined) {
    return `${head}request = urllib.request.Request(BASE_URL + target, headers=sign_request("${method}", target))
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
`;
  }
  const fields = entriesOf(body).map(([name, each]) => `    ${double(name)}: ${value(each)},\n`);
  return `${head}body = json.dumps({
${fields.join('')}}).encode()
headers = {"Content-Type": "application/json", **sign_request("${method}", target, body)}
request = urllib.request.Request(BASE_URL + target, data=body, headers=headers, method="${method}")
with opener.open(request, timeout=10) as response:
    print(response.read().decode())
`;
};

const writeNode = ({ method, target, body, summary }: SampleRequest): string => {
  const head = `// ${summary}
import { BASE_URL, signRequest } from './sign-request.mjs';

const target = ${single(target)};
`;
  if (body === undefined) {
    return `${head}const headers = signRequest('${method}', target);
const response = await fetch(BASE_URL + target, { headers, redirect: 'error' });
process.stdout.write(\`\${await response.text()}\\n\`);
`;
  }
  return `${head}const body = JSON.stringify({
${scriptFields(body, '  ')}});
const headers = { 'Content-Type': 'application/json', ...signRequest('${method}', target, { body }) };
const response = await fetch(BASE_URL + target, { method: '${method}', headers, body, redirect: 'error' });
process.stdout.write(\`\${await response.text()}\\n\`);
`;
};

const scriptValue = (value: unknown): string =>
  typeof value === 'string' ? single(value) : JSON.stringify(value);

/** The fields of an object in JavaScript, one a line. */
const scriptFields = (body: object, indent: string): string =>
  entriesOf(body)
    .map(([name, value]) => `${indent}${name}: ${scriptValue(value)},\n`)
    .join('');

const MAX_LINE = 110;

/** An object in JavaScript as Biome formats it, in a line that begins with `before`. */
const formatArgument = (body: object, before: string): string => {
  const inside = entriesOf(body).map(([name, value]) => `${name}: ${scriptValue(value)}`);
  const line = `{ ${inside.join(', ')} }`;
  return before.length + line.length + ');'.length <= MAX_LINE ? line : `{\n${scriptFields(body, '  ')}}`;
};

const writePhp = ({ method, target, body, summary }: SampleRequest): string => {
  const value = (each: unknown): string => (typeof each === 'string' ? single(each) : JSON.stringify(each));
  const fields = body && entriesOf(body).map(([name, each]) => `    ${single(name)} => ${value(each)},\n`);
  const given =
    body === undefined
      ? `sign_request('${method}', $target)`
      : `['Content-Type: application/json', ...sign_request('${method}', $target, $body)]`;
  return `<?php
// ${summary}
declare(strict_types=1);
require __DIR__ . '/sign_request.php';

$target = ${single(target)};
${fields === undefined ? '' : `$body = json_encode([\n${fields.join('')}]);\n`}$context = stream_context_create(['http' => [
    'method' => '${method}',
    'header' => ${given},
${body === undefined ? '' : "    'content' => $body,\n"}    'follow_location' => 0,
    'ignore_errors' => true,
    'timeout' => 10,
]]);
echo file_get_contents(BASE_URL . $target, false, $context), "\\n";
`;
};

const writeClient = ({ call, summary }: SampleRequest): string => `// ${summary}
import { CpgClient } from '@cpg/client';

const cpg = CpgClient.fromEnv();
const envelope = await cpg.${call};
process.stdout.write(\`\${JSON.stringify(envelope)}\\n\`);
`;

/** The languages of the samples, in the order of their tabs. */
export const SAMPLE_LANGUAGES: readonly SampleLanguage[] = [
  {
    name: 'curl',
    language: 'bash',
    folder: 'examples/bash',
    fileName: kebab('sh'),
    program: 'bash',
    write: writeBash,
  },
  {
    name: 'Python',
    language: 'python',
    folder: 'examples/python',
    fileName: snake('py'),
    program: 'python3',
    write: writePython,
  },
  {
    name: 'Node.js',
    language: 'js',
    folder: 'examples/node-fetch',
    fileName: kebab('mjs'),
    program: 'node',
    write: writeNode,
  },
  {
    name: 'PHP',
    language: 'php',
    folder: 'examples/php',
    fileName: snake('php'),
    program: 'php',
    write: writePhp,
  },
  {
    name: '@cpg/client',
    language: 'js',
    folder: 'examples/node-client',
    fileName: kebab('mjs'),
    program: 'node',
    write: writeClient,
  },
];

/** What samples need to know of an endpoint. */
export interface SampleEndpoint {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** Resource and verb, as in the client. */
  readonly name: string;
  readonly hasBody: boolean;
}

/** The values of the parameters: those of the path, and those of the query or the body. */
export interface SampleInput {
  readonly path: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
}

const encode = (value: unknown): string =>
  encodeURIComponent(`${value}`).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The request to an endpoint with the given parameters. */
export const createSampleRequest = (
  endpoint: SampleEndpoint,
  { path, input }: SampleInput,
): SampleRequest => {
  const { method, summary, name, hasBody } = endpoint;
  const filled = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
    encode(path[parameter] ?? ''),
  );
  const query = Object.entries(input).map(([key, value]) => `${encode(key)}=${encode(value)}`);
  const before = `const envelope = await cpg.${name}(`;
  const hasInput = Object.keys(input).length > 0;
  const values = [
    ...Object.values(path).map(scriptValue),
    ...(hasInput ? [formatArgument(input, before)] : []),
  ];
  return {
    method,
    target: !hasBody && hasInput ? `${filled}?${query.join('&')}` : filled,
    body: hasBody ? input : undefined,
    summary: `${summary}: ${method} ${endpoint.path}.`,
    call: `${name}(${values.join(', ')})`,
  };
};

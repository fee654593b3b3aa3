import { REJECTIONS } from '../rejections.ts';
import { type Probe, probes } from './probe.ts';

type Row = Pick<Probe, 'id' | 'description' | 'craft'>;

const target = (id: string, description: string, write: (nonce: string) => string): Row => ({
  id: `target-${id}`,
  description,
  craft: ({ nonce }) => ({ target: write(nonce) }),
});

const COMMON = { group: 'target', spec: '§1.2', expected: REJECTIONS.malformedTarget } as const;

/** Targets that HTTP parsers accept, each signed as it is sent. The verifier must reject them itself. */
export const TARGET_PROBES = probes(COMMON, [
  target('absolute-form', 'absolute form', (n) => `http://gateway.example/v1/_ping?n=${n}`),
  target('absolute-form-https', 'absolute form with https', (n) => `https://gateway.example/v1/_ping?n=${n}`),
  target('fragment', 'a fragment', (n) => `/v1/_ping?n=${n}#top`),
  target('fragment-in-path', 'a # in the path', (n) => `/v1/_ping#?n=${n}`),
  target('backslash', 'a \\ in the path', (n) => `/v1\\_ping?n=${n}`),
  target('backslash-in-query', 'a \\ in the query', (n) => `/v1/_ping?a=\\&n=${n}`),
  target('two-slashes', 'two slashes at the start', (n) => `//v1/_ping?n=${n}`),
  target('three-slashes', 'three slashes at the start', (n) => `///v1/_ping?n=${n}`),
]);

/** Targets that many HTTP parsers reject themselves. Over the wire, any 4xx is correct. */
export const UNPARSABLE_TARGET_PROBES = probes(COMMON, [
  target('asterisk', 'asterisk form', () => '*'),
  target('no-slash', 'no slash at the start', (n) => `v1/_ping?n=${n}`),
  target('space', 'a raw space', (n) => `/v1/_ping?a=x y&n=${n}`),
  target('tab', 'a raw tab', (n) => `/v1/_ping?a=x\ty&n=${n}`),
  target('nul', 'a NUL byte', (n) => `/v1/_ping?a=\0&n=${n}`),
  target('delete', 'a DEL byte', (n) => `/v1/_ping?a=\x7f&n=${n}`),
  target('non-ascii', 'raw UTF-8', (n) => `/v1/_ping?a=\u00c3\u00a9&n=${n}`),
  target('non-ascii-path', 'raw UTF-8 in the path', (n) => `/v1/\u00c3\u00a9?n=${n}`),
]);

import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { REJECTIONS } from '../rejections.ts';
import { type HeaderPair, type Probe, probes, type Recipe } from './probe.ts';

type Headers = readonly HeaderPair[];
type Row = Pick<Probe, 'id' | 'description' | 'craft'>;

const NAMES = [
  ['key', KEY_HEADER],
  ['timestamp', TIMESTAMP_HEADER],
  ['signature', SIGNATURE_HEADER],
] as const;

const rename = (change: (name: string) => string): Recipe => ({
  headers: (headers) => headers.map(([name, value]) => [change(name), value]),
});

const revalue = (header: string, change: (value: string) => string): Recipe => ({
  headers: (headers) => headers.map(([name, value]) => [name, name === header ? change(value) : value]),
});

const repeat = (header: string, arrange: (pair: HeaderPair) => Headers): Recipe => ({
  headers: (headers) => headers.flatMap((pair) => (pair[0] === header ? arrange(pair) : [pair])),
});

/** Changes a value but not its form, like an attacker's second header. */
const spoil = (value: string): string => value.slice(0, -1) + (value.endsWith('0') ? '1' : '0');

const missing = NAMES.flatMap(([short, header]): Row[] => [
  {
    id: `missing-${short}`,
    description: `without ${header}`,
    craft: () => ({ headers: (headers) => headers.filter(([name]) => name !== header) }),
  },
  { id: `empty-${short}`, description: `with an empty ${header}`, craft: () => revalue(header, () => '') },
]);

const repeated = NAMES.flatMap(([short, header]): Row[] => [
  {
    id: `repeated-${short}-identical`,
    description: `${header} twice with the same value`,
    craft: () => repeat(header, (pair) => [pair, pair]),
  },
  {
    id: `repeated-${short}-good-first`,
    description: `${header} twice, the good value first`,
    craft: () => repeat(header, (pair) => [pair, [pair[0], spoil(pair[1])]]),
  },
  {
    id: `repeated-${short}-good-last`,
    description: `${header} twice, the good value last, another case`,
    craft: () => repeat(header, (pair) => [[pair[0].toLowerCase(), spoil(pair[1])], pair]),
  },
]);

const keyId = (id: string, description: string, text: string): Row => ({
  id: `key-id-${id}`,
  description,
  craft: () => ({ keyId: text }),
});

/** Header names, presence, repeats, and the grammar of the key id. */
export const HEADER_PROBES: readonly Probe[] = [
  ...probes({ group: 'headers', spec: '§1.1', expected: 'accepted' }, [
    {
      id: 'header-names-lower-case',
      description: 'header names in lower case',
      craft: () => rename((name) => name.toLowerCase()),
    },
    {
      id: 'header-names-upper-case',
      description: 'header names in upper case',
      craft: () => rename((name) => name.toUpperCase()),
    },
    {
      id: 'header-names-mixed-case',
      description: 'header names in mixed case',
      craft: () => rename((name) => name.replace(/[a-z]/g, (c, i) => (i % 2 ? c.toUpperCase() : c))),
    },
    {
      id: 'header-order',
      description: 'the headers in another order',
      craft: () => ({ headers: (headers) => headers.toReversed() }),
    },
  ]),
  ...probes({ group: 'headers', spec: '§1.1', expected: REJECTIONS.missingHeaders }, [
    ...missing,
    { id: 'missing-all', description: 'without any of the three', craft: () => ({ headers: () => [] }) },
    {
      id: 'headers-in-query',
      description: 'the three values in the query instead',
      craft: ({ keyId: id, now, nonce }) => ({
        target: `/v1/_ping?${KEY_HEADER}=${id}&${TIMESTAMP_HEADER}=${now}&nonce=${nonce}`,
        headers: () => [],
      }),
    },
    {
      id: 'missing-before-malformed',
      description: 'one header missing and another malformed: missing goes first',
      craft: () => ({ keyId: 'not a key id', headers: (headers) => headers.slice(0, 2) }),
    },
  ]),
  ...probes({ group: 'headers', spec: '§1.1', expected: REJECTIONS.malformedHeaders }, [
    ...repeated,
    keyId('129-characters', 'a key id of 129 characters', 'k'.repeat(129)),
    keyId('space', 'a key id with a space', 'ck demo'),
    keyId('slash', 'a key id with a slash', 'ck/demo'),
    keyId('non-ascii', 'a key id with a byte beyond ASCII', 'ck_d\u00e9mo'),
    {
      id: 'key-id-no-break-space',
      description: 'a key id with a no-break space after it, which some languages trim',
      craft: ({ keyId: id }) => ({ keyId: `${id}\u00a0` }),
    },
    keyId('joined', 'two key ids joined by a comma', 'ck_demo, ck_other'),
    keyId('quoted', 'a quoted key id', '"ck_demo"'),
  ]),
];

import { describeInCi, describeWithProgram } from '@cpg/test-support/programs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Response } from './connection.ts';
import { runFuzz } from './fuzz.ts';
import { HostileRequests, type Stream } from './hostile-requests.ts';
import { Comparison, type Decision, Verifier } from './judge.ts';
import { FIRST_SECOND } from './keys.ts';
import type { Arrived } from './server-program.ts';

describeInCi('hostile requests', () => {
  it('get the same decisions from cpgAuth and from a verifier in Python', async () => {
    const lines: string[] = [];
    const result = await runFuzz({ requests: 6_000, seed: 1, print: (line) => lines.push(line) });
    expect(result.disagreements).toEqual([]);
    expect(result.serverErrors).toEqual([]);
    expect(result.isServerAlive).toBe(true);
    expect(lines).toHaveLength(3);
    // A fuzz test that accepts nothing, or everything, tests nothing.
    const getShare = (kind: string) => (result.decisions.get(kind) ?? 0) / result.requests;
    expect(getShare('accepted')).toBeGreaterThan(0.2);
    expect(getShare('accepted')).toBeLessThan(0.6);
    expect(getShare('401 Invalid signature')).toBeGreaterThan(0.1);
    const kinds = [...result.decisions.keys()];
    expect(kinds).toEqual(
      expect.arrayContaining([
        '400 Malformed request target',
        '401 Missing authentication headers',
        '401 Malformed authentication headers',
        '401 Request timestamp is outside the allowed window',
        '401 Request signature has already been used',
        '403 Source IP is not whitelisted for this API key',
        '413 Request body is too large',
        '415 Content-Encoding is not supported',
        '429 Rate limit exceeded',
        'not a request of HTTP/1.1',
      ]),
    );
  });
});

it('makes the same requests for the same seed', () => {
  const create = (seed: number) => {
    const hostile = new HostileRequests(seed);
    return [0, 1].map((round) => hostile.createRound(200, { round, now: FIRST_SECOND + round }));
  };
  expect(create(1)).toEqual(create(1));
  expect(create(1)).not.toEqual(create(2));
});

const HEAD = 'GET /v1/_ping HTTP/1.1\r\nHost: localhost\r\n';
// Made with openssl: the secret is "secret of ck_full", and the target /v1/_ping.
const SIGNATURE = '8c39dc672a4a4ed5ef27dc0dc7e3d062a220e8b909a86d04bf1eb6329c9500d3';
const SIGNED = `${HEAD}X-CPG-Key: ck_full\r\nX-CPG-Timestamp: ${FIRST_SECOND}\r\nX-CPG-Signature: ${SIGNATURE}\r\n`;
const OTHER = { status: 401, message: 'Malformed authentication headers' };

describeWithProgram('python3', 'the verifier in Python', () => {
  it.each<readonly [string, string, readonly Decision[]]>([
    [
      'accepts a signature once',
      `${SIGNED}\r\n${SIGNED}\r\n`,
      [
        {
          status: 200,
          group: `ck_full ${SIGNATURE}`,
          seen: expect.stringMatching(/^GET\n\/v1\/_ping\n\ne3b0c442/),
        },
        { status: 401, group: `ck_full ${SIGNATURE}`, message: 'Request signature has already been used' },
      ],
    ],
    [
      'stops at Connection: close',
      `${SIGNED}X-CPG-Key: x\r\nConnection: close\r\n\r\n${SIGNED}\r\n`,
      [OTHER, { status: 0, message: 'malformed: bytes behind Connection: close' }],
    ],
    [
      'stops at what is no request',
      `${SIGNED}X-CPG-Key: x\r\n\r\nGET\r\n\r\n`,
      [OTHER, { status: 0, message: 'malformed: request line' }],
    ],
    [
      'knows an incomplete request',
      `${SIGNED}Content-Length: 3\r\n\r\nab`,
      [{ status: 0, message: 'incomplete' }],
    ],
  ])('%s', async (_name, text, decisions) => {
    const verifier = new Verifier();
    onTestFinished(() => verifier.stop());
    await verifier.ready;
    const stream: Stream = { pieces: [Buffer.from(text, 'latin1')], isSequential: false };
    expect(await verifier.judge(FIRST_SECOND, [stream])).toEqual([decisions]);
  });
});

describe('a comparison', () => {
  const stream: Stream = { pieces: [], isSequential: false };
  const arrived: Arrived = { method: 'GET', target: '/', rawHeaders: [], body: '' };
  const accepted: Response = {
    status: 200,
    message: '',
    arrived: Buffer.from(JSON.stringify(arrived)).toString('base64'),
  };
  const replayed: Response = { status: 401, message: 'Request signature has already been used' };
  const accept = { status: 200, group: 'g', seen: 'GET /' };
  const replay = { ...replayed, group: 'g' } as Decision;
  const reject = { status: 401, message: 'Invalid signature' };

  const compare = (...pairs: readonly (readonly [readonly Decision[], readonly Response[]])[]): string[] => {
    const comparison = new Comparison(
      () => {},
      ({ method, target }) => `${method} ${target}`,
    );
    for (const [decisions, responses] of pairs) comparison.addStream(stream, decisions, responses);
    comparison.finish();
    return comparison.disagreements.map(({ kind }) => kind);
  };

  it('agrees when the same requests were accepted, of a group in any order', () => {
    expect(
      compare([
        [accept, replay],
        [replayed, accepted],
      ]),
    ).toEqual([]);
    expect(compare([[accept], [replayed]], [[replay], [accepted]])).toEqual([]);
    expect(compare([[reject], [reject]])).toEqual([]);
    expect(compare([[reject], [{ status: 400 }]])).toEqual([]);
    expect(compare([[reject, accept], [{ ...reject, isLast: true }]])).toEqual([]);
  });

  it.each<readonly [string, readonly Decision[], readonly Response[]]>([
    ['wrongly accepted', [reject], [accepted]],
    ['wrongly accepted', [accept, replay], [accepted, accepted]],
    ['wrongly accepted', [{ ...accept, seen: 'GET /other' }], [accepted]],
    ['wrongly rejected', [accept], [reject]],
    ['wrongly rejected', [accept, replay], [replayed, replayed]],
    ['wrongly rejected', [accept], [{ status: 400 }]],
    ['another rejection', [reject], [{ status: 400, message: 'Malformed request target' }]],
    ['another rejection', [reject], [reject, reject]],
    ['no response', [reject], []],
  ])('finds what is %s', (kind, decisions, responses) => {
    expect(compare([decisions, responses])).toEqual([kind]);
  });

  it('keeps accepted requests that the verifier could not parse', () => {
    const comparison = new Comparison(
      () => {},
      () => '',
    );
    comparison.addStream(stream, [{ status: 0 }], [accepted]);
    expect(comparison.unparsed).toEqual([{ arrived, stream }]);
  });
});

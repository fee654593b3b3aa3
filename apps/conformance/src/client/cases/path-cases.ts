import type { ClientUnderTest, Scene } from '../client-under-test.ts';
import { expectData } from '../expect-reading.ts';
import { success } from '../replies.ts';
import { clientCases } from './client-case.ts';

const PREFIX = '/v1/withdrawals/';

const AWKWARD: Readonly<Record<string, string>> = {
  empty: '',
  'dot-dot': '..',
  'parent-route': '../balances',
  slash: '41/confirm',
  'encoded-slash': '41%2Fconfirm',
  'question-mark': '41?limit=1',
  hash: '41#part',
  backslash: '41\\42',
  space: '41 ',
  'line-feed': '41\nX-Header: 1',
  semicolon: '41;v=1',
  unicode: '４１',
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '(not UTF-8)';
  }
};

/** The last request is signed as sent, and has this id as one segment of its path. */
const expectOneSegment = ({ check }: ClientUnderTest, scene: Scene, id: string): void => {
  scene.expectAllSigned();
  const { path = '', query = '' } = scene.captured().at(-1) ?? {};
  const segment = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '/';
  check.that(!/^(?:|\.\.?)$|\//.test(segment), {
    what: 'path',
    expected: `${PREFIX} and one segment`,
    actual: path,
  });
  check.equal('id, decoded', { expected: id, actual: decoded(segment) });
  check.equal('query', { expected: '', actual: query });
};

/** Ids that would lead to another route, were they put into the path as they are. */
export const PATH_CASES = clientCases(
  { group: 'path', spec: '§1.2, §4', needs: ['text-ids', 'errors'] },
  Object.entries(AWKWARD).map(([id, text]) => ({
    id: `path-${id}`,
    description: `an id of ${JSON.stringify(text)}: refused before it is sent, or one segment of the path, signed as sent`,
    run: (client: ClientUnderTest) =>
      client.play({ label: `path-${id}`, respond: () => success('withdrawals.get') }, async (scene) => {
        const known = await scene.call({ operation: 'withdrawals.get', args: { withdrawal_id: '41' } });
        expectOneSegment(client, scene, '41');
        expectData(client, known, 'withdrawals.get');
        client.check.equal('requests for an id of 41', { expected: 1, actual: scene.captured().length });
        const result = await scene.call({ operation: 'withdrawals.get', args: { withdrawal_id: text } });
        if (scene.captured().length > 1 || scene.server.faults.length > 0) {
          expectOneSegment(client, scene, text);
          return;
        }
        client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
      }),
  })),
);

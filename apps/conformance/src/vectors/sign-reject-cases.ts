import type { SignCommand } from '../adapter/adapter.ts';
import type { ConformanceCase } from '../core/suite.ts';
import type { VectorContext } from './vector-context.ts';

type Unfit = Partial<Omit<SignCommand, 'secret'>> & { readonly secret?: Buffer };

interface Row {
  readonly description: string;
  readonly spec: string;
  readonly request: Unfit;
}

const target = (description: string, text: string): Row => ({
  description: `a target ${description}`,
  spec: '§1.2',
  request: { target: text },
});

const keyId = (description: string, text: string): Row => ({
  description: `a key id ${description}`,
  spec: '§1.1',
  request: { keyId: text },
});

const method = (description: string, text: string): Row => ({
  description: `a method ${description}`,
  spec: '§1.2',
  request: { method: text },
});

const time = (description: string, now: number): Row => ({
  description: `a timestamp ${description}`,
  spec: '§1.1',
  request: { now },
});

const ROWS: Readonly<Record<string, Row>> = {
  'empty-secret': { description: 'an empty secret', spec: '§1.2', request: { secret: Buffer.alloc(0) } },
  'target-empty': target('that is empty', ''),
  'target-space': target('with a space', '/v1/balances?currency=US DT'),
  'target-tab': target('with a tab', '/v1/balances?currency=US\tDT'),
  'target-line-feed': target('with a line feed: one more line in the canonical string', '/v1/a\n/v1/b?c=d'),
  'target-trailing-line-feed': target('with a line feed at its end', '/v1/balances\n'),
  'target-carriage-return': target('with a carriage return', '/v1/balances\r?a=b'),
  'target-nul': target('with a NUL', '/v1/balances\0?a=b'),
  'target-delete': target('with a DEL', '/v1/balances\x7f'),
  'target-fragment': target('with a fragment', '/v1/balances#top'),
  'target-backslash': target('with a backslash', '/v1\\balances'),
  'target-absolute-form': target('in absolute form', 'http://gateway.example/v1/balances'),
  'target-asterisk': target('in asterisk form', '*'),
  'target-latin1': target('with a byte beyond ASCII', '/v1/balances?currency=\u00e9'),
  'target-unicode': target('with a character beyond Latin-1', '/v1/balances?currency=☃'),
  'target-no-slash': target('without a slash at its start', 'v1/balances'),
  'target-two-slashes': target('with two slashes at its start', '//v1/balances'),
  'target-only-query': target('that is a query alone', '?currency=USDT'),
  'key-id-empty': keyId('that is empty', ''),
  'key-id-129-characters': keyId('of 129 characters', 'k'.repeat(129)),
  'key-id-space': keyId('with a space', 'ck one'),
  'key-id-header-injection': keyId('with a header after it', 'ck_1\r\nX-Injected: yes'),
  'key-id-trailing-line-feed': keyId('with a line feed at its end', 'ck_1\n'),
  'key-id-colon': keyId('with a colon', 'ck:1'),
  'key-id-comma': keyId('that is two, joined by a comma', 'ck_1,ck_2'),
  'key-id-non-ascii': keyId('with a letter beyond ASCII', 'ck_\u00e9'),
  'method-empty': method('that is empty', ''),
  'method-line-feed': method('with a line feed', 'GET\nPOST'),
  'method-space': method('with a target after it', 'GET /v1'),
  'timestamp-negative': time('before 1970', -1),
  'timestamp-sixteen-digits': time('of sixteen digits: microseconds', 1_747_444_800_000_000),
};

/**
 * Requests that every server must reject; a signer helps by rejecting them first. The wire protocol binds the
 * server only: signing them is a warning. The need `errors` leaves out one-shot signers, which cannot report
 * a rejection.
 */
export const SIGN_REJECT_CASES: readonly ConformanceCase<VectorContext>[] = Object.entries(ROWS).map(
  ([id, { description, spec, request }]) => ({
    id: `sign-refuse-${id}`,
    group: 'sign/reject',
    description: `${description} is rejected by the signer`,
    spec,
    level: 'SHOULD',
    needs: ['sign', 'errors'],
    run: async ({ check, subject, random, masker }) => {
      const secret = Buffer.from(random.secret(`refuse/${id}`));
      masker.addSecret(secret);
      const fit = { now: 1_747_444_800, method: 'GET', target: '/v1/_ping', keyId: 'ck_1' };
      const signing = await subject.sign({ ...fit, body: Buffer.alloc(0), secret, ...request });
      check.that(signing.refused !== undefined, {
        what: 'response of the signer',
        expected: 'rejected, with a reason: no server accepts this',
        actual: 'three headers',
      });
    },
  }),
);

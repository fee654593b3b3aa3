import { REJECTIONS } from '../rejections.ts';
import { type Probe, probes, type Recipe } from './probe.ts';

type Row = Pick<Probe, 'id' | 'description' | 'craft'>;

const sentInstead = (
  id: string,
  description: string,
  targets: (nonce: string) => { readonly signed: string; readonly sent: string },
): Row => ({
  id: `tamper-${id}`,
  description,
  craft: ({ nonce }) => {
    const { signed, sent } = targets(nonce);
    return { target: sent, signed: { target: signed } };
  },
});

const bodyInstead = (id: string, description: string, bodies: { signed: string; sent: string }): Row => ({
  id: `tamper-body-${id}`,
  description,
  craft: ({ nonce }): Recipe => ({
    method: 'POST',
    target: `/v1/withdrawals?nonce=${nonce}`,
    body: Buffer.from(bodies.sent),
    signed: { body: Buffer.from(bodies.signed) },
  }),
});

const BODY = '{"currency":"USDT","network":"ETH"}';

/** Requests with one signed field changed after signing. */
export const TAMPER_PROBES = probes(
  { group: 'tamper', spec: '§1.2', expected: REJECTIONS.invalidSignature },
  [
    {
      id: 'tamper-timestamp',
      description: 'the timestamp moved by one second',
      craft: ({ now }) => ({ signed: { timestamp: String(now - 1) } }),
    },
    {
      id: 'tamper-method',
      description: 'signed as GET, sent as POST',
      craft: () => ({ method: 'POST', signed: { method: 'GET' } }),
    },
    {
      id: 'tamper-method-get',
      description: 'signed as POST, sent as GET',
      craft: () => ({ signed: { method: 'POST' } }),
    },
    {
      id: 'tamper-key-id',
      description: 'the key id of another key',
      craft: ({ otherKeyId }) => ({ keyId: otherKeyId }),
    },
    sentInstead('path', 'another path', (n) => ({ signed: `/v1/balances?n=${n}`, sent: `/v1/_ping?n=${n}` })),
    sentInstead('path-case', 'a path in another case', (n) => ({
      signed: `/v1/_PING?n=${n}`,
      sent: `/v1/_ping?n=${n}`,
    })),
    sentInstead('query-value', 'another value', (n) => ({
      signed: `/v1/_ping?a=1&n=${n}`,
      sent: `/v1/_ping?a=2&n=${n}`,
    })),
    sentInstead('query-case', 'a value in another case', (n) => ({
      signed: `/v1/_ping?a=USDT&n=${n}`,
      sent: `/v1/_ping?a=usdt&n=${n}`,
    })),
    sentInstead('query-dropped', 'the query dropped', (n) => ({
      signed: `/v1/_ping?n=${n}`,
      sent: '/v1/_ping',
    })),
    sentInstead('query-added', 'a query added', (n) => ({ signed: '/v1/_ping', sent: `/v1/_ping?n=${n}` })),
    sentInstead('query-appended', 'a parameter appended', (n) => ({
      signed: `/v1/_ping?n=${n}`,
      sent: `/v1/_ping?n=${n}&a=1`,
    })),
    sentInstead('query-blank-dropped', 'a blank parameter dropped', (n) => ({
      signed: `/v1/_ping?a=&n=${n}`,
      sent: `/v1/_ping?n=${n}`,
    })),
    sentInstead('query-repeat-dropped', 'a repeated parameter dropped', (n) => ({
      signed: `/v1/_ping?a=1&a=1&n=${n}`,
      sent: `/v1/_ping?a=1&n=${n}`,
    })),
    sentInstead('query-second-part', 'the part after a second ? changed', (n) => ({
      signed: `/v1/_ping?n=${n}?a=1`,
      sent: `/v1/_ping?n=${n}?a=2`,
    })),
    sentInstead('query-question-mark-dropped', 'a ? dropped from the end of the query', (n) => ({
      signed: `/v1/_ping?n=${n}?`,
      sent: `/v1/_ping?n=${n}`,
    })),
    sentInstead('query-question-mark-doubled', 'the ? of the query doubled', (n) => ({
      signed: `/v1/_ping?n=${n}`,
      sent: `/v1/_ping??n=${n}`,
    })),
    sentInstead('query-order', 'the parameters in another order', (n) => ({
      signed: `/v1/_ping?a=1&b=2&n=${n}`,
      sent: `/v1/_ping?b=2&a=1&n=${n}`,
    })),
    bodyInstead('value', 'another body', { signed: BODY, sent: BODY.replace('ETH', 'TRX') }),
    bodyInstead('space', 'a space appended to the body', { signed: BODY, sent: `${BODY} ` }),
    bodyInstead('emptied', 'the body dropped', { signed: BODY, sent: '' }),
    bodyInstead('added', 'a body added', { signed: '', sent: BODY }),
    bodyInstead('key-order', 'the keys of the body in another order', {
      signed: BODY,
      sent: '{"network":"ETH","currency":"USDT"}',
    }),
    bodyInstead('tail', 'only the last byte of 70 kB changed', {
      signed: 'a'.repeat(70_000),
      sent: `${'a'.repeat(69_999)}b`,
    }),
    {
      id: 'tamper-get-body-added',
      description: 'a body added to a GET',
      craft: () => ({ body: Buffer.from('{}'), signed: { body: Buffer.alloc(0) } }),
    },
    {
      id: 'tamper-delete-body-added',
      description: 'a body added to a DELETE',
      craft: () => ({ method: 'DELETE', body: Buffer.from('{}'), signed: { body: Buffer.alloc(0) } }),
    },
  ],
);

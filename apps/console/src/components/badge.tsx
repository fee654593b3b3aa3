const GOOD = ['confirmed', 'delivered', 'served', 'valid', 'active', 'ok', 'on'];
const WAITING = ['pending', 'broadcasted', 'detected', 'expired', 'overlap'];
const QUIET = ['off', 'revoked', 'aborted'];

const getTone = (status: string): string =>
  GOOD.includes(status)
    ? 'good'
    : WAITING.includes(status)
      ? 'wait'
      : QUIET.includes(status)
        ? 'quiet'
        : 'bad';

/** A status as text and colour. */
export const Badge = ({ children, tone }: { readonly children: string; readonly tone?: string }) => (
  <span className={`badge ${tone ?? getTone(children)}`}>{children.replaceAll('_', ' ')}</span>
);

export const StatusCode = ({ status }: { readonly status: number | null }) => (
  <span
    className={`badge mono ${status === null ? 'quiet' : status < 300 ? 'good' : status < 500 ? 'wait' : 'bad'}`}
  >
    {status ?? '—'}
  </span>
);

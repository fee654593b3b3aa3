import { setDocumentationUrl } from '@cpg/protocol';
import { describe, expect, it, vi } from 'vitest';
import { DatabaseUnavailableError } from './database-unavailable.ts';
import { formatStartError, StartError } from './start-error.ts';

const URL = 'postgresql://shop:a-password@db.example:5433/orders';
const withCode = (code: string, message = 'reason') => Object.assign(new Error(message), { code });
const fail = (cause: unknown) =>
  new Error('Database migration failed: …', { cause: new DatabaseUnavailableError(cause) });

describe('formatStartError', () => {
  it.each<[unknown, string]>([
    [
      withCode('ECONNREFUSED'),
      'no server listens on db.example, port 5433. Fix: start PostgreSQL, or correct the host and the port.',
    ],
    [
      new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]),
      'no server listens on db.example, port 5433. Fix: start PostgreSQL, or correct the host and the port.',
    ],
    [
      withCode('28P01'),
      'db.example rejected the password of shop. Fix: correct the user or the password in the URL.',
    ],
    [
      withCode(
        '28000',
        'no pg_hba.conf entry for host "10.0.0.1", user "shop", database "orders", no encryption',
      ),
      'db.example does not let shop in: no pg_hba.conf entry for host "10.0.0.1", user "shop", database "orders", no encryption. Fix: connect with TLS: add ?sslmode=verify-full to the URL.',
    ],
    [
      withCode('42501', 'permission denied for schema public'),
      'shop lacks a right on the database orders: permission denied for schema public. Fix: make shop the owner of the database, or GRANT CREATE, USAGE ON SCHEMA public to it.',
    ],
    [
      withCode('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'),
      'the TLS certificate of db.example is not trusted (self-signed certificate). Fix: name the file of its authority in the URL, as ?sslmode=verify-full&sslrootcert=/path/ca.pem, and use the host name in the certificate.',
    ],
    [
      new Error('timeout exceeded when trying to connect'),
      'db.example, port 5433 does not respond. Fix: check that the server runs, and the firewalls between this machine and it.',
    ],
  ])('%s', (cause, expected) => {
    expect(formatStartError(fail(cause), URL)).toBe(
      `DATABASE_URL: ${expected}\nMore: /docs/errors/gateway.html#database_unavailable`,
    );
  });

  it.each<[unknown, string | undefined, string]>([
    [fail(withCode('ECONNREFUSED')), undefined, 'Database migration failed: …'],
    [fail(new Error('unknown')), URL, 'Database migration failed: …'],
    // Of Redis, for example.
    [
      withCode('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379'),
      URL,
      'connect ECONNREFUSED 127.0.0.1:6379',
    ],
    ['a text', URL, 'a text'],
  ])('leaves %s as it is', (error, url, expected) => {
    expect(formatStartError(error, url ?? '')).toBe(expected);
  });

  it('gives the address of the page for its code, below CPG_DOCUMENTATION_URL', () => {
    const error = new StartError('cannot_listen', 'PORT: cannot listen');
    vi.stubEnv('CPG_DOCUMENTATION_URL', 'https://example.com/docs');
    expect(formatStartError(error)).toBe(
      'PORT: cannot listen\nMore: https://example.com/docs/errors/gateway.html#cannot_listen',
    );
    setDocumentationUrl('/docs/');
    vi.unstubAllEnvs();
    expect(formatStartError(error)).toMatch(/\nMore: \/docs\/errors\/gateway\.html#cannot_listen$/);
  });
});

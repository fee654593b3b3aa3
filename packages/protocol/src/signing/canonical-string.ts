import { sha256Hex } from '#crypto';
import { assertBytes, assertString, createFieldReader } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';

/** The five fields of a canonical string, in order, each exactly as on the wire. Wire protocol §1.2. */
export interface CanonicalFields {
  /** The characters of the `X-CPG-Timestamp` header. */
  readonly timestamp: string;
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Lowercase hex SHA-256 of the body bytes. */
  readonly bodySha256: string;
}

/**
 * The text that is signed: five fields joined by LF, without a trailing LF. Wire protocol §1.2.
 *
 * @throws ProtocolError `invalid_field` when a field is not a string, or contains LF (which would shift the
 * fields after it) or a lone surrogate (which has no UTF-8 bytes).
 */
export const canonicalString = (given: CanonicalFields): string => {
  const fields = readFields(given);
  const { timestamp, method, path, query, bodySha256 } = fields;
  assertString(timestamp, 'timestamp');
  assertString(method, 'method');
  assertString(path, 'path');
  assertString(query, 'query');
  assertString(bodySha256, 'bodySha256');
  if (
    timestamp.includes('\n') ||
    method.includes('\n') ||
    path.includes('\n') ||
    query.includes('\n') ||
    bodySha256.includes('\n')
  ) {
    throw new ProtocolError(
      'invalid_field',
      'No field of a canonical string may contain a line feed (0x0A).',
    );
  }
  const canonical = joinFields(fields);
  if (!canonical.isWellFormed()) {
    throw new ProtocolError(
      'invalid_field',
      'Every field of a canonical string must be well-formed Unicode: a lone surrogate has no UTF-8 bytes.',
    );
  }
  return canonical;
};

const readFields = createFieldReader<CanonicalFields>(
  'fields',
  ({ timestamp, method, path, query, bodySha256 }) => ({ timestamp, method, path, query, bodySha256 }),
);

/** Joins fields that were validated already. Internal: not exported by the package. */
export const joinFields = ({ timestamp, method, path, query, bodySha256 }: CanonicalFields): string =>
  `${timestamp}\n${method}\n${path}\n${query}\n${bodySha256}`;

/** The body hash of a request without a body: SHA-256 of zero bytes. Wire protocol §1.2. */
export const EMPTY_BODY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Lowercase hex SHA-256 of the body bytes on the wire. Wire protocol §1.2. Accepts bytes only: encoding a
 * text, or serialising a parsed body again, may give other bytes than those sent.
 *
 * @throws ProtocolError `invalid_body` for anything that is not a `Uint8Array` (a `Buffer` is one).
 */
export const bodySha256 = (body: Uint8Array): string => {
  assertBytes(body);
  return body.length === 0 ? EMPTY_BODY_SHA256 : sha256Hex(body);
};

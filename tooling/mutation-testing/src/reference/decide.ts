import type { Admission, Arrived, Claim, Rejection, ServerKey, ServerParts, Step } from './server-parts.ts';
import { signBy } from './signing-parts.ts';
import type { StoreState } from './store.ts';

const HEADERS = ['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature'];

const ADMITTED: Readonly<Record<Admission, Rejection | undefined>> = {
  admitted: undefined,
  replayed: { status: 401, message: 'Request signature has already been used' },
  limited: { status: 429, message: 'Rate limit exceeded' },
  unavailable: { status: 503, message: 'Service temporarily unavailable' },
};

export interface Decision {
  readonly rejection?: Rejection;
  readonly key?: ServerKey;
}

/** The state of the server when a request arrives. */
export interface Circumstances {
  readonly now: number;
  readonly permission: string | null;
  readonly store: StoreState;
}

/** Takes a request through the steps of a verifier; returns the rejection of the first that fails. */
export const makeDecide = (parts: ServerParts, keys: readonly ServerKey[]) => {
  const admit = parts.reach(parts.makeAdmit());
  return async (request: Arrived, circumstances: Circumstances): Promise<Decision> => {
    const { now, permission, store } = circumstances;
    const values = HEADERS.map((name) => parts.getHeaderValues(request.headers, name));
    const [keyId = '', timestampText = '', signature = ''] = values.map(parts.pick);
    const timestamp = parts.parseTimestamp(timestampText);
    const key = parts.findKey(keys, keyId);
    const isSigned = () => {
      const fields = { timestamp: timestampText, ...parts.signedRequest(request) };
      // An unknown key costs the same.
      const expected = signBy(parts, Buffer.from(key?.secret ?? 'dummy key'), fields);
      return parts.compare(expected, signature) && key !== undefined;
    };
    const claim: Claim = {
      keyId,
      signature,
      timestamp: timestamp ?? 0,
      now,
      limit: key?.limit ?? 0,
      request,
    };
    const codings = parts.getHeaderValues(request.headers, 'Content-Encoding');
    const steps: Readonly<Record<Step, () => Rejection | undefined | Promise<Rejection | undefined>>> = {
      missing: () => when(parts.isMissing(values), 401, 'Missing authentication headers'),
      malformed: () => when(parts.isMalformed(values), 401, 'Malformed authentication headers'),
      target: () => when(!parts.isTarget(request.target), 400, 'Malformed request target'),
      timestamp: () =>
        when(
          timestamp === undefined || !parts.isInWindow(timestamp, now),
          401,
          'Request timestamp is outside the allowed window',
        ),
      encoding: () => when(!codings.every(parts.isEncoding), 415, 'Content-Encoding is not supported'),
      size: () => when(parts.isTooLarge(request, parts.bodyLimit), 413, 'Request body is too large'),
      signature: () => when(!isSigned(), 401, 'Invalid signature'),
      address: () =>
        when(
          key !== undefined &&
            !parts.isAddress(key, () => parts.isListed(key.whitelist, parts.getClientAddress(request))),
          403,
          'Source IP is not whitelisted for this API key',
        ),
      store: () => (store === 'up' ? undefined : ADMITTED.unavailable),
      admission: async () => ADMITTED[await admit(claim, store)],
      permission: () =>
        when(
          permission !== null && key !== undefined && !parts.hasPermission(key, permission, request.method),
          403,
          `API key lacks the required permission: ${permission}`,
        ),
    };
    for (const step of parts.order) {
      const rejection = await steps[step]();
      if (rejection !== undefined) return { rejection: parts.reject(rejection, step) };
    }
    return key === undefined ? {} : { key };
  };
};

function when(condition: boolean, status: number, message: string): Rejection | undefined {
  return condition ? { status, message } : undefined;
}

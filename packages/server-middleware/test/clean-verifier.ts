import { createHash, createHmac } from 'node:crypto';
import { NOW, SECRET } from './signed-request.ts';

/** A request as Node handed it over. */
export interface ArrivedRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/**
 * A second, plain implementation of the wire protocol, for the key `ck_full` at the time NOW: the middleware must never
 * accept what this rejects.
 */
export class CleanVerifier {
  readonly #used = new Set<string>();

  accepts({ method, target, rawHeaders, body }: ArrivedRequest): boolean {
    const getValues = (wanted: string) =>
      rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted);
    const [keyId, ...moreKeys] = getValues('x-cpg-key');
    const [timestamp = '', ...moreTimestamps] = getValues('x-cpg-timestamp');
    const [signature = '', ...moreSignatures] = getValues('x-cpg-signature');
    const isPlain = [...moreKeys, ...moreTimestamps, ...moreSignatures].length === 0;
    const isTarget = /^\/(?!\/)[\x21-\x7e]*$/.test(target) && !/[#\\]/.test(target);
    const isFresh = /^(0|[1-9]\d{0,14})$/.test(timestamp) && Math.abs(Number(timestamp) - NOW) <= 300;
    const isUncompressed = getValues('content-encoding').every((value) => /^(identity)?$/i.test(value));
    const [path, ...query] = target.split('?');
    const bodyHash = createHash('sha256').update(body).digest('hex');
    const canonical = [timestamp, method, path, query.join('?'), bodyHash].join('\n');
    const isGenuine = createHmac('sha256', SECRET).update(canonical).digest('hex') === signature;
    const isNew = !this.#used.has(signature);
    const isAccepted =
      isPlain && keyId === 'ck_full' && isTarget && isFresh && isUncompressed && isGenuine && isNew;
    if (isAccepted) this.#used.add(signature);
    return isAccepted;
  }
}

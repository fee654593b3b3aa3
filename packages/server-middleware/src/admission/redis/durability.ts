import { helpFor, ServerMiddlewareError } from '../../errors.ts';
import type { Logger } from '../../user-code.ts';
import type { RedisFinding } from './inspect-redis.ts';
import type { RedisClient } from './redis-client.ts';

const MAX_AGE_MS = 60_000;
// While Redis is found unsafe, so that a fix takes effect soon.
const RETRY_MS = 5_000;

interface DurabilityOptions {
  readonly client: RedisClient;
  readonly inspect: () => Promise<readonly RedisFinding[]>;
  readonly logger: Logger;
}

// Several stores can share a client; each finding is logged once for it.
const logged = new WeakMap<RedisClient, Set<string>>();

/** Knows whether Redis keeps used signatures, and logs what endangers them. */
export class Durability {
  readonly #options: DurabilityOptions;
  #findings: readonly RedisFinding[] | undefined;
  #inspection: Promise<readonly RedisFinding[]> | undefined;
  #inspectedAt = Number.NEGATIVE_INFINITY;

  constructor(options: DurabilityOptions) {
    this.#options = options;
  }

  /** Inspects Redis if that is due, without delaying the caller; a failure is left to the admissions, which meet it too. */
  refresh(): void {
    const maxAge = this.#findings?.every(isSafe) === false ? RETRY_MS : MAX_AGE_MS;
    if (performance.now() - this.#inspectedAt > maxAge) this.inspect().catch(() => {});
  }

  /** Another server may respond next. */
  forget(): void {
    this.#findings = undefined;
    this.#inspectedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Resolves if the last inspection found nothing unsafe.
   *
   * @throws ServerMiddlewareError `store_not_durable`; `store_unavailable` if Redis does not respond.
   */
  async assertSafe(): Promise<void> {
    this.refresh();
    const findings = await (this.#findings ?? this.inspect());
    const unsafe = findings.filter((finding) => !isSafe(finding)).map(describe);
    if (unsafe.length === 0) return;
    throw new ServerMiddlewareError(
      'store_not_durable',
      `requireDurable is set, and Redis may forget used signatures: ${unsafe.join('. ')}.`,
    );
  }

  /** Inspects Redis now, or returns the inspection that is in progress; logs what is unsafe. */
  inspect(): Promise<readonly RedisFinding[]> {
    this.#inspection ??= this.#inspectOnce().finally(() => {
      this.#inspection = undefined;
    });
    return this.#inspection;
  }

  async #inspectOnce(): Promise<readonly RedisFinding[]> {
    this.#inspectedAt = performance.now();
    const findings = await this.#options.inspect();
    this.#findings = findings;
    for (const finding of findings) {
      if (!isSafe(finding)) this.#logOnce(finding);
    }
    return findings;
  }

  #logOnce(finding: RedisFinding): void {
    const { client, logger } = this.#options;
    const known = logged.get(client) ?? new Set();
    logged.set(client, known);
    // Not by its detail, which may contain a number that changes.
    const name = `${finding.check} ${finding.status}`;
    if (known.has(name)) return;
    known.add(name);
    const code = 'store_not_durable';
    logger.warn({ code, help: helpFor(code) }, `Redis may forget used signatures: ${describe(finding)}`);
  }
}

const isSafe = ({ status }: RedisFinding): boolean => status === 'ok';
const describe = ({ check, detail }: RedisFinding): string => `${check}: ${detail}`;

import type { HeaderPair } from '../probes/index.ts';

/** A request to sign, or to verify, outside any transport. */
export interface UnsentRequest {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

export interface SignCommand extends UnsentRequest {
  readonly keyId: string;
  readonly secret: Buffer;
}

/** What a signer made; the stages before the signature only when it can tell them. */
export interface Signing {
  /** Why it refused to sign; there are no headers then. */
  readonly refused?: string | undefined;
  readonly headers: readonly HeaderPair[];
  readonly path?: string | undefined;
  readonly query?: string | undefined;
  readonly bodySha256?: string | undefined;
  readonly canonical?: Buffer | undefined;
}

export interface VerifyCommand extends UnsentRequest {
  readonly headers: readonly HeaderPair[];
  readonly keys: readonly { readonly keyId: string; readonly secret: Buffer }[];
}

export interface Verification {
  readonly accepted: boolean;
  readonly status?: number | undefined;
  readonly message?: string | undefined;
}

export interface WebhookCommand {
  readonly now: number;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
  readonly secret: Buffer;
}

/** What layer 1 judges: a signer, a verifier and a receiver of webhooks, without any I/O of their own. */
export interface VectorSubject {
  readonly sign: (command: SignCommand) => Promise<Signing>;
  readonly verify: (command: VerifyCommand) => Promise<Verification>;
  readonly verifyWebhook: (command: WebhookCommand) => Promise<Verification>;
}

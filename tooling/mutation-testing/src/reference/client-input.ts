/** The checks of a signer before it signs, each of which a mutant can replace. */
export interface InputParts {
  readonly isSecret: (secret: Buffer) => boolean;
  readonly isKeyId: (keyId: string) => boolean;
  readonly isTarget: (target: string) => boolean;
  readonly isMethod: (method: string) => boolean;
  readonly isTimestamp: (timestamp: string) => boolean;
}

/** The grammars of wire protocol §1. */
export const INPUT: InputParts = {
  isSecret: (secret) => secret.length > 0,
  isKeyId: (keyId) => /^[A-Za-z0-9_.-]{1,128}$/.test(keyId),
  isTarget: (target) => /^\/(?!\/)[!-"$-[\]-~]*$/.test(target),
  isMethod: (method) => /^[A-Za-z]+$/.test(method),
  isTimestamp: (timestamp) => /^(?:0|[1-9][0-9]{0,14})$/.test(timestamp),
};

export interface SignRequest {
  readonly secret: Buffer;
  readonly keyId: string;
  readonly target: string;
  readonly method: string;
  readonly timestamp: string;
}

/** Why every server would reject this request; `undefined` when it can be signed. */
export const findInputProblem = (parts: InputParts, request: SignRequest): string | undefined => {
  if (!parts.isSecret(request.secret)) return 'the secret is empty';
  if (!parts.isKeyId(request.keyId)) return 'the key id is malformed';
  if (!parts.isTarget(request.target)) return 'the target is malformed';
  if (!parts.isMethod(request.method)) return 'the method is malformed';
  return parts.isTimestamp(request.timestamp) ? undefined : 'the timestamp is malformed';
};

import { CpgError, type CpgErrorDetails } from './cpg-error.ts';

/** A success that breaks the contract. `path` names the first field at fault, e.g. `data.0.available`. Contract §6, rule 8. */
export class ResponseValidationError extends CpgError {
  override readonly name = 'ResponseValidationError';
  /** Empty when the body as a whole cannot be read. */
  readonly path: string;

  constructor(message: string, details: CpgErrorDetails & { readonly path: string }) {
    const { path, ...rest } = details;
    super('invalid_response', message, rest);
    this.path = path;
  }
}
